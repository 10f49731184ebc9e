"""The search for critical points finds all kinds of them, and says when it found none."""

import pytest
import torch

from lab.critical import find_critical_points


def test_finds_the_saddle_and_both_minima_of_a_double_well():
    def loss(w):
        return w[0] ** 2 / 2 - w[1] ** 2 / 2 + w[1] ** 4 / 4

    y = torch.tensor([0.1, -0.2, 0.9, -1.2], dtype=torch.float64)
    found = find_critical_points(loss, torch.stack([torch.ones_like(y), y], dim=1))
    expected = torch.tensor([[0, 0], [0, 0], [0, 1], [0, -1]], dtype=torch.float64)
    torch.testing.assert_close(found.w, expected, atol=1e-8, rtol=0)
    assert (found.gradient_norm < 1e-9).all()
    assert (found.eigenvalues < 0).sum(1).tolist() == [1, 1, 0, 0]
    torch.testing.assert_close(found.loss[2:], torch.full((2,), -0.25, dtype=torch.float64))


def test_says_so_where_there_is_no_critical_point():
    start = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    found = find_critical_points(lambda w: w[0] + w[1] ** 2, start)
    assert found.gradient_norm.item() == pytest.approx(1.0)


def test_refuses_single_precision():
    with pytest.raises(ValueError, match="float64"):
        find_critical_points(lambda w: w.sum(), torch.zeros(1, 2))
