"""Penalties: their gradients, and what they leave alone."""

import pytest
import torch

from lab import penalties

PARAMS = {
    "weight": torch.tensor([[1.5, -2.0], [0.5, 3.0]], requires_grad=True),
    "kernel": torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(0)).requires_grad_(),
    "bias": torch.tensor([4.0, 5.0], requires_grad=True),
}


@pytest.mark.parametrize(
    ("penalty", "gradient"),
    [
        (penalties.l2(0.3), lambda w: 0.3 * w),
        (penalties.l1(0.3), lambda w: 0.3 * w.sign()),
        (penalties.elastic_net(0.2, 0.3), lambda w: 0.2 * w.sign() + 0.3 * w),
    ],
)
def test_gradients(penalty, gradient):
    value = penalty(PARAMS)
    assert value.dim() == 0
    grads = torch.autograd.grad(value, list(PARAMS.values()), allow_unused=True)
    for name, grad in zip(("weight", "kernel"), grads, strict=False):
        torch.testing.assert_close(grad, gradient(PARAMS[name]).detach())
    assert grads[2] is None


def test_values():
    weight = {"weight": PARAMS["weight"]}
    assert penalties.l1(2.0)(weight).item() == pytest.approx(14.0)
    assert penalties.l2(2.0)(weight).item() == pytest.approx(15.5)
