"""Searches, held against distributions, closed forms and training one setting at a time."""

import numpy as np
import pytest
from scipy import stats

from lab import search


def test_log_uniform_has_scipys_distribution():
    values = search.log_uniform(1e-4, 1e-1, 4000, np.random.default_rng(0))
    assert stats.kstest(values, stats.loguniform(1e-4, 1e-1).cdf).pvalue > 1e-6


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 1.0)])
def test_log_uniform_refuses_what_has_no_logarithm(low, high):
    with pytest.raises(ValueError, match="log scale"):
        search.log_uniform(low, high, 3, np.random.default_rng(0))


def test_a_grid_has_the_middles_of_equal_cells():
    points = search.grid([(-4, -1), (0, 6)], 3)
    assert len(points) == 9
    np.testing.assert_allclose(np.unique(points[:, 0]), [-3.5, -2.5, -1.5])
    np.testing.assert_allclose(np.unique(points[:, 1]), [1, 3, 5])
    assert len(np.unique(points, axis=0)) == 9


def test_random_points_are_even_over_the_box_and_all_different():
    box = [(-4, -1), (0, 6)]
    points = search.random_points(box, 3000, np.random.default_rng(1))
    for column, (low, high) in zip(points.T, box, strict=True):
        assert stats.kstest(column, stats.uniform(low, high - low).cdf).pvalue > 1e-6
        assert len(np.unique(column)) == 3000


def test_a_landscape_is_exact_where_it_is_bilinear_and_ends_at_its_axes():
    x, y = np.array([0.0, 1.0, 4.0]), np.array([-1.0, 0.0])
    seed_slope = np.array([1.0, 2.0])
    scores = (2 + 3 * x[:, None] + x[:, None] * y)[..., None] * seed_slope
    landscape = search.Landscape([x, y], scores)
    points = np.random.default_rng(0).uniform([0, -1], [4, 0], (5, 7, 2))
    p, q = points[..., 0], points[..., 1]
    np.testing.assert_allclose(landscape.at(points), (2 + 3 * p + p * q)[..., None] * seed_slope)
    with pytest.raises(ValueError):
        landscape.at([5.0, 0.0])


def test_the_edge_of_what_was_tried():
    tried = [1e-3, 1e-1, 1e-2]
    assert [search.at_edge(tried, t) for t in tried] == ["low", "high", None]


def test_the_narrowed_range_holds_the_best_and_no_other_trial():
    tried = np.random.default_rng(0).uniform(0, 1, 9)
    for best in tried:
        low, high = search.narrow_range(0.0, 1.0, tried, best)
        assert low < best < high
        assert ((tried > low) & (tried < high)).sum() == 1
        assert (low in tried or low == 0) and (high in tried or high == 1)


def test_halving_finds_the_best_if_the_order_never_changes():
    curves = np.random.default_rng(0).permutation(81)[:, None] + np.linspace(5, 0, 81)
    result = search.successive_halving(curves, [1, 3, 9, 27, 81])
    assert result.best == curves[:, -1].argmin()
    assert [len(s) for s in result.survivors] == [81, 27, 9, 3, 1]
    assert result.cost == 81 * 1 + 27 * 2 + 9 * 6 + 3 * 18 + 1 * 54


def test_halving_with_one_rung_trains_all_to_the_end():
    curves = np.random.default_rng(1).random((10, 7))
    result = search.successive_halving(curves, [7])
    assert (result.best, result.cost) == (curves[:, -1].argmin(), 70)


def test_halving_drops_a_slow_starter_and_a_run_without_a_number():
    fast, slow = [3.0, 2.9, 2.8], [4.0, 1.0, 0.0]
    lost = [np.nan, 0.0, 0.0]
    assert search.successive_halving([slow, fast, lost], [1, 3]).best == 1


def test_asha_without_a_limit_trains_the_best_of_each_rung_on():
    curves = np.random.default_rng(0).permutation(27)[:, None] + np.linspace(5, 0, 27)
    result = search.asha(curves, [1, 3, 9, 27], budget=10_000)
    order = curves[:, -1].argsort()
    assert result.best == order[0]
    assert len(result.survivors[0]) == 27
    for level, count in enumerate([9, 3, 1], start=1):  # early promotions may be wrong, never few
        assert set(order[:count]) <= set(result.survivors[level])
        assert set(result.survivors[level]) <= set(result.survivors[level - 1])


def test_asha_keeps_to_its_budget_and_counts_each_moment_once():
    curves = np.random.default_rng(2).random((50, 9))
    for budget in (5, 30, 100):
        result = search.asha(curves, [1, 3, 9], budget)
        n = [len(s) for s in result.survivors]
        assert result.cost == n[0] * 1 + n[1] * 2 + n[2] * 6 <= budget
        assert n[1] <= n[0] and n[2] <= n[1]


def test_the_expected_maximum_in_closed_form():
    assert search.expected_maximum(1) == pytest.approx(0, abs=1e-9)
    assert search.expected_maximum(2) == pytest.approx(1 / np.sqrt(np.pi))
    assert search.expected_maximum(3) == pytest.approx(1.5 / np.sqrt(np.pi))
    draws = np.random.default_rng(0).standard_normal((20_000, 100)).max(1)
    assert search.expected_maximum(100) == pytest.approx(draws.mean(), abs=0.02)
    with pytest.raises(ValueError):
        search.expected_maximum(0)


def test_two_landscapes_what_is_seen_and_what_others_say_it_is_worth():
    axes = [np.array([-3.0, -2.0]), np.array([0.0, 1.0, 2.0])]
    seen, worth = np.random.default_rng(0).standard_normal((2, 6, 4))
    first, second = search.landscapes(axes, seen, worth)
    np.testing.assert_allclose(first.at([[-2.0, 1.0]])[0], seen[4])
    others = [np.delete(worth[4], s).mean() for s in range(4)]
    np.testing.assert_allclose(second.at([[-2.0, 1.0]])[0], others)


def test_searches_are_replayed_at_equal_cost():
    # A setting's curve is flat, so that all searches know all at once: the best trial wins.
    rng = np.random.default_rng(0)
    worth = rng.permutation(30).astype(float)[:, None].repeat(2, 1)
    curves = np.repeat(worth[..., None], 9, -1)
    found = search.replay(curves, worth, [1, 3, 9], rng, trials=9, searches=2000)
    assert found.cost == (9 * 1 + 3 * 2 + 1 * 6) / 9
    # The smallest of k of 0 .. 29 has the mean 31 / (k + 1) - 1; the fraction is paid by chance.
    np.testing.assert_allclose(found.halving, 31 / 10 - 1, atol=0.3)
    expected = 2 / 3 * (31 / 3 - 1) + 1 / 3 * (31 / 4 - 1)  # two runs, or three
    np.testing.assert_allclose(found.random, expected, atol=0.8)
    assert (found.asha < found.random).all()
