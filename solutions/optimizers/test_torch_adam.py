"""torch_adam: its oracle is torch's AdamW, and an answer must do its own work."""

import contextlib
import sys

import numpy as np
import pytest
import torch
from torch.optim.adamw import adamw

from autograder.grading.answer import source_of
from tests.answers import answer, oracle, statement, verdict


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_the_class_is_adamw(decay):
    rng = np.random.default_rng(2)
    values = [rng.standard_normal(shape) for shape in ((), (3,), (2, 2))]
    ours, theirs = ([torch.tensor(v, requires_grad=True) for v in values] for _ in range(2))
    options = {"lr": 0.05, "betas": (0.6, 0.9), "eps": 0.1, "weight_decay": decay}

    def groups(params):
        return [{"params": params[:1], "lr": 0.2}, {"params": params[1:], "betas": (0.3, 0.8)}]

    a = oracle("torch_adam")(groups(ours), **options)
    b = torch.optim.AdamW(groups(theirs), **options)
    for step in range(10):
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            g = None if (step + i) % 4 == 0 else torch.tensor(rng.standard_normal(p.shape))
            p.grad, q.grad = g, g
        a.step()
        b.step()
        for p, q in zip(ours, theirs, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-12, atol=1e-14)


def test_example_of_the_class():
    p = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    p.grad = torch.tensor([3.0], dtype=torch.float64)
    oracle("torch_adam")([p], lr=0.1, weight_decay=0.5).step()
    assert f"so $p = {round(p.item(), 6):g}$" in statement("torch_adam")


def test_it_has_five_other_dresses():
    assert len(answer("torch_adam").alternatives) >= 5


def test_a_count_of_steps_may_be_a_tensor():
    """Its powers are those of float32, as are those of torch's own."""
    source = source_of(oracle("torch_adam")).replace("t=0,", "t=torch.zeros(()),")
    namespace = {"torch": torch}
    exec(source, namespace)
    assert verdict("torch_adam", namespace["Adam"]).status == "passed"


def test_a_parameter_must_keep_its_kind():
    class Adam(oracle("torch_adam")):
        def step(self, closure=None):
            loss = super().step(closure)
            for group in self.param_groups:
                for p in group["params"]:
                    p.data = p.data.float()
            return loss

    v = verdict("torch_adam", Adam)
    assert "a parameter must keep its dtype, device and shape" in v.message


def test_a_step_without_memory_has_no_points_for_state():
    """Nothing moves with it, so that it moves well says nothing."""
    source = source_of(oracle("torch_adam"))
    namespace = {"torch": torch}
    exec(source.replace('m_hat / (v_hat.sqrt() + group["eps"])', "p.grad"), namespace)
    v = verdict("torch_adam", namespace["Adam"])
    assert (v.parts["decoupled weight decay"], v.parts["state"]) == ((2, 2), (0, 2))
    assert "moved without its state" in " ".join(f.message for f in v.findings)


# No optimizer of torch's own.


class Inherits(torch.optim.AdamW):
    pass


class Delegates(torch.optim.Optimizer):
    """An Adam that has another optimizer do the work, and hides what that raises."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    def step(self, closure=None):
        for group in self.param_groups:
            ready = [p for p in group["params"] if p.grad is not None]
            with contextlib.suppress(Exception):
                self.update(ready)

    def update(self, ready):
        torch.optim.SGD(ready, lr=0.1).step()


class DelegatesToAFunction(Delegates):
    def update(self, ready):
        state = [torch.zeros_like(p) for p in ready]
        steps = [torch.tensor(0.0) for _ in ready]
        adamw(ready, [p.grad for p in ready], state, state, [], steps, foreach=False,
              amsgrad=False, beta1=0.9, beta2=0.9, lr=0.1, weight_decay=0.0, eps=0.1,
              maximize=False)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Inherits, "derived from torch.optim.AdamW"),
        (Delegates, "an optimizer of torch.optim"),
        (DelegatesToAFunction, "an optimizer of torch.optim"),
    ],
)
def test_an_answer_must_do_its_own_work(kind, said):
    v = verdict("torch_adam", kind)
    assert v.score == 0 and said in v.message
    previous = sys.getprofile()
    assert previous is None or "watched" not in repr(previous)
