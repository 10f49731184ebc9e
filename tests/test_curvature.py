"""The Hessian of a small network agrees with torch's, with differences, and with its symmetries."""

import numpy as np
import pytest
import torch
from torch import nn

from lab.curvature import flat_loss, flat_weights, hessian, hvp
from lab.training import mlp


@pytest.fixture
def problem():
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    model = mlp(5, 4, 3, activation=nn.Tanh)
    x, y = torch.randn(20, 5, generator=generator), torch.randint(3, (20,), generator=generator)
    w = flat_weights(dict(model.named_parameters()))
    return model, x, y, w


def test_flat_loss_is_the_models_loss(problem):
    model, x, y, w = problem
    assert w.dtype == torch.float64
    expected = nn.functional.cross_entropy(model.double()(x.double()), y)
    torch.testing.assert_close(flat_loss(model, x, y)(w), expected)


def test_a_vector_of_the_wrong_length_is_refused(problem):
    model, x, y, w = problem
    with pytest.raises(RuntimeError):
        flat_loss(model, x, y)(w[:-1])


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_hessian_is_torchs(problem, chunk):
    model, x, y, w = problem
    loss = flat_loss(model, x, y)
    h = hessian(loss, w, chunk)
    assert torch.equal(h, h.T)
    torch.testing.assert_close(h, torch.func.hessian(loss)(w), rtol=1e-10, atol=1e-12)


def test_hvp_is_the_gradients_change(problem):
    model, x, y, w = problem
    loss, v, step = flat_loss(model, x, y), torch.randn(len(w)).double(), 1e-5
    g = torch.func.grad(loss)
    difference = (g(w + step * v) - g(w - step * v)) / (2 * step)
    torch.testing.assert_close(hvp(loss, w, v), difference, rtol=1e-6, atol=1e-8)


def test_the_softmax_cannot_see_a_shift_of_all_logits(problem):
    """One flat direction for each unit that feeds the logits, and one for the bias."""
    model, x, y, w = problem
    eigenvalues = torch.linalg.eigvalsh(hessian(flat_loss(model, x, y), w)).numpy()
    assert np.sum(np.abs(eigenvalues) < 1e-13) == 5
