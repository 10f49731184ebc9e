"""Xavier and He sizes are torch's, and the gradients that the lab reports are autograd's."""

import numpy as np
import pytest
import torch

from lab import initialization


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (initialization.xavier, torch.nn.init.xavier_normal_),
        (initialization.he, lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu")),
    ],
)
def test_the_sizes_are_those_of_torch(ours, theirs):
    torch.manual_seed(0)
    weight = theirs(torch.empty(300, 500))  # torch stores (out, in)
    assert weight.std().item() == pytest.approx(ours(500, 300), rel=0.01)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_forward_and_backward_are_those_of_autograd(activation):
    depth, width, inputs = 3, 8, 5
    forward, backward = initialization.signal_sizes(
        activation, lambda i, o: 0.5, depth=depth, width=width, inputs=inputs, seeds=1
    )
    rng = np.random.default_rng(0)
    weights = [torch.tensor(0.5 * rng.standard_normal((width, width))) for _ in range(depth)]
    layers = [torch.tensor(rng.standard_normal((inputs, width)), requires_grad=True)]
    for w in weights:
        layers.append(getattr(torch, activation)(layers[-1] @ w))
        layers[-1].retain_grad()
    layers[-1].backward(torch.tensor(rng.standard_normal((inputs, width))))
    np.testing.assert_allclose(forward[0], [h.detach().pow(2).mean() ** 0.5 for h in layers])
    np.testing.assert_allclose(backward[0], [h.grad.pow(2).mean() ** 0.5 for h in layers])
