"""Learning-rate schedules: the factor on the learning rate at a step, counted from 0.

Each takes a step (a whole number, 0 or more) and returns a number without a unit, 1 at the full
rate. ``lab.training.train(schedule=...)`` wants a function of the step alone, so wrap one:
``lambda t: step_decay(t, every=1000)``. ``tests/test_schedules.py`` holds each equal to its
counterpart in ``torch.optim.lr_scheduler``.
"""

from math import cos, exp, pi


def step_decay(step: int, every: int, drop: float = 0.1) -> float:
    """Multiply by ``drop`` every so many steps: drop^floor(step / every)."""
    return drop ** (step // every)


def exponential_decay(step: int, rate: float) -> float:
    """Shrink by the same fraction at each step: exp(-rate step)."""
    return exp(-rate * step)


def inverse_time_decay(step: int, rate: float) -> float:
    """Fall as one over time: 1 / (1 + rate step)."""
    return 1 / (1 + rate * step)


def cosine_with_warmup(step: int, total: int, warmup: float = 0, floor: float = 0.0) -> float:
    """A line up for ``warmup`` steps, then half a cosine down to ``floor``.

    (step + 1) / warmup, then floor + (1 - floor) (1 + cos(pi p)) / 2, where p
    grows from 0 after the warm-up to 1 at step ``total``; then ``floor``. The
    cosine is from Loshchilov & Hutter, https://arxiv.org/abs/1608.03983
    """
    if step < warmup:
        return (step + 1) / warmup
    if step >= total:
        return floor
    progress = (step - warmup) / (total - warmup)
    return floor + (1 - floor) * (1 + cos(pi * progress)) / 2
