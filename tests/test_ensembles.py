"""Scores of predictions against scikit-learn, torch and cases small enough to count by hand."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch.nn import functional as F

from lab import ensembles


@pytest.fixture
def predictions():
    """Probabilities (members 6, items 200, classes 4) and labels that they partly know."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 4, 200)
    logits = generator.normal(size=(6, 200, 4)) + 1.5 * np.eye(4)[y]
    p = np.exp(logits)
    return p / p.sum(-1, keepdims=True), y


def test_accuracy_is_scikit_learns(predictions):
    p, y = predictions
    expected = [metrics.accuracy_score(y, member.argmax(-1)) for member in p]
    np.testing.assert_allclose(ensembles.accuracy(p, y), expected)
    nested = ensembles.accuracy(p.reshape(2, 3, 200, 4), y)
    np.testing.assert_allclose(nested.ravel(), expected)


def test_negative_log_likelihood_is_scikit_learns_and_torchs(predictions):
    p, y = predictions
    ours = ensembles.negative_log_likelihood(p, y)
    np.testing.assert_allclose(ours, [metrics.log_loss(y, member) for member in p])
    torchs = [F.nll_loss(torch.tensor(m).log(), torch.tensor(y)).item() for m in p]
    np.testing.assert_allclose(ours, torchs)
    assert ensembles.negative_log_likelihood([[1.0, 0.0]], [1]) == pytest.approx(-np.log(1e-12))


def test_calibration_error_of_a_case_counted_by_hand():
    # Two items at confidence 0.9, one right: |1/2 - 0.9|; two at 0.6, both right: |1 - 0.6|.
    p = [[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6]]
    assert ensembles.calibration_error(p, [0, 0, 0, 1]) == pytest.approx(0.4)
    # In one range of confidence only the difference of the means counts: |3/4 - 0.75|.
    assert ensembles.calibration_error(p, [0, 0, 0, 1], bins=1) == pytest.approx(0.0)
    assert ensembles.calibration_error([[1.0, 0.0]], [0]) == 0.0
    assert ensembles.calibration_error([[1.0, 0.0]], [1]) == 1.0


def test_calibration_error_is_the_mean_over_the_ranges(predictions):
    p, y = predictions
    confidence, right = p[0].max(-1), p[0].argmax(-1) == y
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence >= low) & (confidence < low + 1 / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert ensembles.calibration_error(p[0], y) == pytest.approx(expected)


def test_predictions_drawn_from_their_own_probabilities_are_calibrated():
    generator = np.random.default_rng(1)
    p = generator.dirichlet(np.ones(3), 40_000)
    y = (generator.random((40_000, 1)) > p.cumsum(-1)).sum(-1)
    # With n items in a range its difference has standard deviation below 1/2 n^(-1/2); summed over
    # 15 ranges, weighted, the mean is below 1/2 (15 / 40,000)^(1/2) = 0.01.
    assert ensembles.calibration_error(p, y) < 0.015


def test_error_correlation_is_the_matthews_coefficient_of_the_errors(predictions):
    p, y = predictions
    wrong = p.argmax(-1) != y
    expected = [[metrics.matthews_corrcoef(a, b) for b in wrong] for a in wrong]
    np.testing.assert_allclose(ensembles.error_correlation(p, y), expected, atol=1e-12)


def test_a_member_that_never_errs_has_no_correlation():
    always, half = np.eye(2)[[0, 0, 1, 1]], np.eye(2)[[0, 1, 1, 0]]
    r = ensembles.error_correlation([always, half], [0, 0, 1, 1])
    assert np.isnan(r[0]).all() and r[1, 1] == pytest.approx(1.0)


def test_disjoint_groups_share_no_member(predictions):
    p, _ = predictions
    groups = ensembles.disjoint_groups(p, 4)
    assert groups.shape == (1, 4, 200, 4)
    pairs = ensembles.disjoint_groups(p, 2)
    np.testing.assert_array_equal(np.concatenate(pairs), p)
    with pytest.raises(ValueError, match="6 members do not make a group of 7"):
        ensembles.disjoint_groups(p, 7)


def test_each_step_of_the_selection_is_the_best_one(predictions):
    p, y = predictions
    chosen = ensembles.greedy_selection(p, y, 5)
    for size in range(1, 6):
        losses = [metrics.log_loss(y, p[[*chosen[: size - 1], k]].mean(0)) for k in range(6)]
        assert chosen[size - 1] == np.argmin(losses)


def test_a_pair_grown_greedily_is_no_better_than_the_best_pair(predictions):
    p, y = predictions
    grown = metrics.log_loss(y, p[ensembles.greedy_selection(p, y, 2)].mean(0))
    pairs = combinations_with_replacement(range(6), 2)
    assert grown >= min(metrics.log_loss(y, p[list(pair)].mean(0)) for pair in pairs)
