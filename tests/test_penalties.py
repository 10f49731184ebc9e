"""Penalties: their gradients, and what they leave alone."""

import pytest
import torch

from lab import penalties, rules

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


def test_max_norm_shortens_long_rows_and_leaves_the_rest():
    rule = penalties.max_norm(rules.sgd)
    kernel = torch.randn(2, 3, 4, 5, 2, generator=torch.Generator().manual_seed(0))
    longest = torch.tensor([0.5, 2.0, 99.0]).view(1, 3, 1, 1, 1)
    found = rule(kernel, torch.zeros_like(kernel), {}, 0.1, longest)
    before, after = kernel.flatten(3).norm(dim=-1), found.flatten(3).norm(dim=-1)
    torch.testing.assert_close(after, before.minimum(longest[..., 0, 0]))
    directions = torch.cosine_similarity(kernel.flatten(3), found.flatten(3), dim=-1)
    torch.testing.assert_close(directions, torch.ones(2, 3, 4))
    biases = 50 * torch.ones(2, 3, 4)
    assert torch.equal(rule(biases, torch.zeros_like(biases), {}, 0.1, longest), biases)
