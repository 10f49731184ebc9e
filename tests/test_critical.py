"""The search for critical points finds all kinds of them, and says when it found none."""

import pytest
import torch
from torch.func import grad, vmap

from lab.critical import find_critical_points
from lab.experiments import critical


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


def test_mirror_images_are_one_point_and_only_exact_ends_count():
    ends = critical.search(1, seed=0, searches=40)
    mirrored = ends._replace(w=-ends.w, loss=vmap(critical.tiny_network)(-ends.w))
    assert critical.count(mirrored) == critical.count(ends)
    assert critical.count(ends._replace(gradient_norm=torch.ones(40))) == {}
    assert sum(critical.count(ends).values()) == (ends.gradient_norm < critical.EXACT).sum() > 20


def test_a_point_with_one_unit_more_asleep_is_a_critical_point():
    ends = critical.search(1, seed=0, searches=40)
    w = ends.w[ends.gradient_norm < critical.EXACT]
    wider = torch.stack([w, torch.zeros_like(w)], dim=2).flatten(1)  # a 0 b 0 c 0
    slope = vmap(grad(critical.tiny_network))
    assert slope(wider).norm(dim=1).max() < critical.EXACT
    torch.testing.assert_close(
        vmap(critical.tiny_network)(wider), vmap(critical.tiny_network)(w), rtol=0, atol=1e-15
    )


def test_the_points_on_record_are_those_of_their_searches():
    found = critical.found(1)
    assert found.hits.shape == (critical.CRITICAL.seeds, len(found.loss))
    now = critical.count(critical.search(1, seed=0))
    losses = [float(point.split()[0]) for point in now]
    assert sorted(losses) == pytest.approx(found.loss[found.hits[0] > 0], abs=1e-6)
    assert sum(now.values()) == pytest.approx(found.hits[0].sum(), rel=0.02)
