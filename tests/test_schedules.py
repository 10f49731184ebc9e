"""Each schedule of lab.schedules is its counterpart in torch.optim.lr_scheduler."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from lab import schedules


def factors(make_scheduler, steps):
    """The learning rate a torch scheduler gives at steps 0, 1, ..., for a base rate of 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make_scheduler(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def warmup_then_cosine(optimizer, total, warmup, floor):
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup, eta_min=floor)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[warmup])


PAIRS = {
    "step": (
        lambda t: schedules.step_decay(t, every=7, drop=0.3),
        lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.3),
    ),
    "exponential": (
        lambda t: schedules.exponential_decay(t, rate=0.05),
        lambda o: lr_scheduler.ExponentialLR(o, gamma=math.exp(-0.05)),
    ),
    "inverse time": (
        lambda t: schedules.inverse_time_decay(t, rate=0.2),
        lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + 0.2 * t)),
    ),
    "cosine": (
        lambda t: schedules.cosine_with_warmup(t, total=40, floor=0.1),
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=40, eta_min=0.1),
    ),
    "cosine with warm-up": (
        lambda t: schedules.cosine_with_warmup(t, total=40, warmup=8, floor=0.1),
        lambda o: warmup_then_cosine(o, total=40, warmup=8, floor=0.1),
    ),
}


@pytest.mark.filterwarnings("ignore:The epoch parameter")  # torch's own call in SequentialLR
@pytest.mark.parametrize("name", PAIRS)
def test_schedule_equals_torch(name):
    ours, theirs = PAIRS[name]
    assert [ours(t) for t in range(40)] == pytest.approx(factors(theirs, 40), rel=1e-9)


def test_cosine_stays_on_its_floor_after_the_end():
    assert schedules.cosine_with_warmup(40, total=40, warmup=8, floor=0.1) == 0.1
    assert schedules.cosine_with_warmup(1000, total=40, warmup=8) == 0.0


def test_warm_up_ends_at_the_full_rate():
    rise = [schedules.cosine_with_warmup(t, total=20, warmup=4) for t in range(5)]
    assert rise == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])


def test_warm_up_may_last_for_the_whole_run():
    assert schedules.cosine_with_warmup(9, total=10, warmup=10) == 1.0
    assert schedules.cosine_with_warmup(10, total=10, warmup=10) == 0.0
