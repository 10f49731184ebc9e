"""The closing section of the assignment says what its text says, with every right answer."""

import re

import numpy as np
import pytest

from tests import closing


def losses(lines: list[str]) -> dict[str, float]:
    """The last loss of each rule."""
    found = (re.fullmatch(r"(\w+) +loss ([\d.]+), (\d+)% right", line) for line in lines)
    return {match[1]: float(match[2]) for match in found if match}


def says_what_its_text_says(given) -> dict[str, float]:
    lines = closing.run("optimizers", given)
    ends = losses(lines)
    assert len(ends) == 5 and all(int(n) > 95 for n in re.findall(r"(\d+)% right", str(lines)))
    assert min(ends, key=ends.__getitem__) == "nesterov_momentum"
    assert max(ends, key=ends.__getitem__) == "adagrad"
    assert re.fullmatch(r"loss 0\.0\d+, (9[5-9]|100)% right", lines[-1])
    return ends


@pytest.mark.nightly
def test_it_does_with_every_right_answer():
    for given in closing.dresses("optimizers")[1:]:
        says_what_its_text_says(given)


def test_nesterov_ends_lowest_and_adagrad_highest_and_other_rates_turn_the_ranking_around():
    said = closing.text("optimizers")
    assert "Nesterov momentum ends with the lowest loss and AdaGrad with the highest" in said
    given = closing.dresses("optimizers")[0]
    at_first = says_what_its_text_says(given)
    cell = "{sgd_momentum: 0.3, nesterov_momentum: 0.3, adagrad: 0.3, rmsprop: 0.03, adam: 0.03}"
    others = (
        "{sgd_momentum: 0.01, nesterov_momentum: 0.003, adagrad: 1, rmsprop: 0.03, adam: 0.003}"
    )
    turned = losses(closing.run("optimizers", given, (cell, others)))
    assert sorted(turned, key=turned.__getitem__) == sorted(
        at_first, key=at_first.__getitem__, reverse=True
    )


def test_no_straight_line_separates_the_spirals():
    """Lines in 90 directions, between all points: the best has a third of them on the wrong side."""
    held = closing.played("optimizers", closing.dresses("optimizers")[0])
    points, labels = held["points"], held["labels"]
    best = 0.0
    for angle in np.linspace(0, np.pi, 90, endpoint=False):
        order = np.argsort(points @ [np.cos(angle), np.sin(angle)])
        ones_below = np.cumsum(labels[order])
        right = (np.arange(1, 401) - ones_below) + (labels.sum() - ones_below)
        best = max(best, right.max() / 400, 1 - right.min() / 400)
    assert 0.5 < best < 0.7
