"""Early stopping, held against its definition on whole sequences of scores."""

from math import nan

import numpy as np
import pytest

from lab.stopping import EarlyStopping, stops


def replay(scores, patience):
    """The check that is kept, and the last check that is made."""
    kept, last = stops(scores, patience)
    return int(kept), int(last)


def by_definition(scores, patience):
    """The first check with a window of ``patience`` after it in which nothing is better."""
    for last in range(len(scores)):
        kept = int(np.argmin(scores[: last + 1]))
        if last - kept >= patience:
            return kept, last
    return int(np.argmin(scores)), len(scores) - 1


@pytest.mark.parametrize("patience", [1, 2, 5, 100])
def test_random_scores(patience):
    generator = np.random.default_rng(patience)
    for _ in range(200):
        scores = generator.integers(0, 12, size=20) / 4  # ties included
        assert replay(scores, patience) == by_definition(scores, patience)


def test_only_a_lower_score_is_better():
    stopper = EarlyStopping(3)
    assert [stopper.is_best(s) for s in (2.0, 2.0, 1.0, nan, 0.5)] == [1, 0, 1, 0, 1]


def test_scores_that_are_never_numbers_end_the_run():
    assert replay([nan] * 10, 3) == (0, 3)


def test_many_curves_stop_one_by_one():
    curves = np.random.default_rng(0).standard_normal((2, 3, 20))
    kept, last = stops(curves, 4)
    for i in np.ndindex(2, 3):
        assert (kept[i], last[i]) == replay(curves[i], 4)
