"""Contests are fair: equal tries, no edges left unsaid, and "undecided" where nothing is decided."""

import numpy as np
import pytest

from lab import contest, rivals, stats
from lab.stats import Interval


def bowl(lowest, seeds=4):
    """Losses that are lowest at one value, on a log scale, and keep a list of what was tried."""
    tried = []

    def measure(values):
        tried.extend(values)
        return np.log(np.array(values) / lowest)[:, None] ** 2 + 0.01 * np.arange(seeds)

    return measure, tried


def test_an_edge_is_widened_and_the_others_get_as_many_tries():
    (far, tried_far), (near, tried_near) = bowl(27.0), bowl(3.0)
    first = [1.0, 3.0, 9.0]
    found = contest.hold({"far": far, "near": near}, {"far": first, "near": first})
    assert tried_far == pytest.approx([1, 3, 9, 27, 81])
    assert found["far"].best == pytest.approx(27)
    assert not found["far"].edge
    assert len(tried_near) == len(tried_far) == found["near"].tries == found["far"].tries
    assert min(tried_near[3:]) > 1 and max(tried_near[3:]) < 9  # closer to its best
    assert found["near"].losses.shape == (5, 4)
    assert (np.diff(found["near"].values) > 0).all()


def test_widening_goes_down_too_and_what_stays_at_an_edge_is_said():
    (low, _), (mid, _) = bowl(1e-3), bowl(3.0)
    values = {"low": [1.0, 3.0, 9.0], "mid": [1.0, 3.0, 9.0]}
    found = contest.hold({"low": low, "mid": mid}, values, widen=2)
    assert found["low"].best == pytest.approx(1 / 9)
    assert found["low"].edge == "low"
    assert "the low edge" in contest.report(found, "loss")[1]
    assert contest.report({"mid": found["mid"]}, "loss")[1][-1] == "no"
    bounded = contest.hold({"low": low, "mid": mid}, values, limits=(0.5, 100.0))
    assert bounded["low"].tries == bounded["mid"].tries == 3


def test_what_diverges_is_never_best():
    found = contest.entry([1.0, 3.0, 9.0], [[1.0, 1.0], [0.5, 0.5], [0.0, np.nan]])
    assert found.best == 3.0
    assert np.isinf(found.losses[2, 1])


def test_a_seed_has_no_say_in_its_own_value():
    found = contest.entry([1.0, 2.0], [[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]])
    np.testing.assert_array_equal(found.chosen, [2, 2, 1])
    np.testing.assert_array_equal(found.loss, [2.0, 2.0, 9.0])


def test_unequal_tries_are_refused():
    (a, _), (b, _) = bowl(1.0), bowl(1.0)
    with pytest.raises(ValueError, match="same number of tries"):
        contest.hold({"a": a, "b": b}, {"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match="same number of tries"):
        contest.hold({"a": a}, {"a": [1.0]})
    with pytest.raises(ValueError, match="values of b"):
        contest.hold({"a": a}, {"b": [1.0, 2.0]})


def test_differences_are_paired():
    together = np.array([1.0, 5.0, 9.0])
    assert contest.difference(together + 0.1, together).half == pytest.approx(0, abs=1e-12)
    change = contest.difference_of_differences((together + 0.3, together), (together, together))
    assert change.mean == pytest.approx(0.3)
    assert change.half == pytest.approx(0, abs=1e-12)
    loose = contest.difference_of_differences(
        ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]), ([1.0, 2.0, 3.0, 4.0], [0.0] * 4), paired=False
    )
    assert loose.mean == pytest.approx(-0.5)
    assert loose.half > 1


@pytest.mark.parametrize(
    ("change", "margin", "says", "claim"),
    [
        (Interval(0.3, 0.1), 0.0, "more", "holds"),
        (Interval(-0.3, 0.1), 0.0, "less", "does not hold here"),
        (Interval(0.1, 0.3), 0.0, "undecided", "undecided"),
        (Interval(0.01, 0.02), 0.05, "same", "undecided"),
        (Interval(0.1, 0.3), 0.2, "undecided", "undecided"),
    ],
)
def test_an_interval_around_0_decides_nothing(change, margin, says, claim):
    assert contest.decide(change, margin) == says
    assert contest.outcome(change) == claim


def test_a_caveat_is_for_what_holds():
    assert contest.outcome(Interval(0.3, 0.1), caveat=True) == "holds with a caveat"
    assert contest.outcome(Interval(0.1, 0.3), caveat=True) == "undecided"


def test_the_exact_interval_of_a_share_stays_between_0_and_1():
    none, some = stats.share(0, 20), stats.share(2, 16)
    assert none.low == 0
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert f"{some}" == "2 of 16 (2 to 38%)"
    rng = np.random.default_rng(0)
    intervals = {k: stats.share(k, 30) for k in range(31)}
    drawn = [intervals[int(k)] for k in rng.binomial(30, 0.1, 2000)]
    covered = [found.low <= 0.1 <= found.high for found in drawn]
    assert np.mean(covered) > 0.95


def test_welch_covers_the_true_difference_of_samples_that_scatter_unequally():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        found = stats.welch(rng.normal(1, 3, 6), rng.normal(0, 1, 20))
        covered.append(found.low <= 1 <= found.high)
    assert 0.92 < np.mean(covered) < 0.98


def test_rivals_that_cost_nothing():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    x = rng.standard_normal((300, 2, 3)) + 3 * y[:, None, None]
    found = rivals.accuracies(x[:200], y[:200], x[200:], y[200:])
    assert found["constant answer"] < 0.5
    assert min(found["nearest neighbor"], found["logistic regression"]) > 0.9


@pytest.mark.parametrize(
    ("mean", "half", "spec", "said"),
    [
        (1.0021, 0.0042, ".2f", "1.002 ± 0.004"),
        (1.0021, 0.0052, ".2f", "1.00 ± 0.01"),
        (-0.25, 0.00031, "+.2f", "-0.2500 ± 0.0003"),
        (53.2, 0.3, ".0f", "53.2 ± 0.3"),
        (0.5, 0.12, "+.2f", "+0.50 ± 0.12"),
        (0.012361, 0.00023, ".2g", "0.01236 ± 0.00023"),
        (0.5, 0.045, ".2g", "0.500 ± 0.045"),
        (1655.5, 88.056, ".2g", "1656 ± 88"),
        (1.2e-9, 3.4e-10, ".2g", "1.2e-09 ± 3.4e-10"),
        (0.988, 1e-17, ".2f", "0.99 ± 0"),
        (0.0, 0.0, ".1f", "0.0 ± 0"),
        (1655.5, 88.056, ".3f", "1656 ± 88"),
        (1655.5, 288.06, ".3f", "1656 ± 288"),
        (0.8731, 0.21, ".3f", "0.87 ± 0.21"),
        (-9.4631, 0.996, "+.3f", "-9.5 ± 1.0"),
        (9.4631, 12.0, ".0f", "9 ± 12"),
        (2.3, np.inf, ".2f", "2.30 ± inf"),
        (np.nan, np.nan, ".2f", "nan ± nan"),
    ],
)
def test_a_half_width_shows_one_digit_and_at_most_two(mean, half, spec, said):
    assert f"{Interval(mean, half):{spec}}" == said


def test_a_report_of_steps_has_no_digits_that_the_seeds_do_not_give():
    steps = np.array([1700.0, 1500.0, 1660.0, 1762.0])
    rows = contest.report(
        {"batches of 4": contest.entry([0.1, 0.2], [steps, steps + 900])}, "steps"
    )
    assert rows[0][1] == "steps"
    assert rows[1][1] == "1656 ± 178"
