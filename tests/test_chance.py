"""Judging random answers: right ones pass however often they are drawn, wrong ones do not."""

import numpy as np
import pytest
from scipy import stats

from autograder import chance
from autograder.exercise import Case

CASE = Case("a case", {"x": np.zeros(3)})


def judged(got, want):
    return chance.close_in_distribution(CASE, {"value": got}, {"value": want})


def test_the_limit_is_as_rare_as_it_says():
    assert 2 * stats.norm.sf(chance.SIGMAS) * 100 < 1e-9


@pytest.mark.parametrize("p", [0.02, 0.5, 0.93])
def test_shares_of_one_distribution_agree_and_of_two_differ(p):
    rng = np.random.default_rng(0)
    shares = rng.binomial(4000, p, size=(20_000, 2)) / 4000
    alarms = sum(
        bool(judged({"share": a, "of": 4000}, {"share": b, "of": 4000})) for a, b in shares.tolist()
    )
    assert alarms == 0
    other = chance.share(rng.random(4000) < p + 0.1 * (1 if p < 0.5 else -1))
    assert "expected about" in judged(other, chance.share(rng.random(4000) < p))[0]


def test_the_standard_error_is_that_of_a_difference():
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((2, 3000, 500)) * 3 + 1
    apart = draws[0].mean(1) - draws[1].mean(1)
    error = chance._standard_error("mean", chance.mean(draws[0, 0]), chance.mean(draws[1, 0]))
    assert error == pytest.approx(apart.std(), rel=0.08)
    assert not judged(chance.mean(draws[0, 0]), chance.mean(draws[1, 0]))
    assert judged(chance.mean(draws[0, 0] + 2), chance.mean(draws[1, 0]))


def test_certainties_must_agree_exactly():
    assert not judged({"share": 0.0, "of": 50}, {"share": 0.0, "of": 50})
    assert judged({"share": 1.0, "of": 5000}, {"share": 0.0, "of": 5000})
    assert judged({"mean": 1.0, "sd": 0.0, "of": 50}, {"mean": 1.5, "sd": 0.0, "of": 50})


def test_an_answer_cannot_excuse_itself_with_its_own_scatter():
    assert judged({"mean": 9.0, "sd": 1e9, "of": 100}, {"mean": 0.0, "sd": 1.0, "of": 100})


@pytest.mark.parametrize(
    "odd",
    [None, 0.2, "much", [], {}, {"share": 0.2}, {"share": "much", "of": 100},
     {"share": float("nan"), "of": 100}, {"share": 0.2, "of": 1}, {"mean": 0.2, "sd": 1, "of": 100}],
)  # fmt: skip
def test_what_is_no_summary_is_wrong_and_breaks_nothing(odd):
    assert judged(odd, {"share": 0.2, "of": 100})


def test_plain_outputs_are_compared_as_ever():
    expected = {"values": np.array([0.0, 1.25]), "kept": True}
    assert not chance.close_in_distribution(CASE, expected, expected)
    assert chance.close_in_distribution(
        CASE, {"values": np.array([0.0, 1.2]), "kept": True}, expected
    )
    assert chance.close_in_distribution(CASE, {"kept": True}, expected) == ["values is missing"]


def test_what_could_not_be_looked_at_is_no_news_beside_its_cause():
    expected = {"all alike": True, "share of them": 1.0, "their mean": 2.0}
    came = {"all alike": False, "share of them": 0.25}
    assert chance.close_in_distribution(CASE, came, expected) == [
        "all alike: expected True, got False",
        "them: expected all, got 25.0% of them",
    ]
    came = {"all alike": True, "share of them": None, "their mean": 2.0}
    assert chance.close_in_distribution(CASE, came, expected) == [
        "share of them: there is nothing of which a share could be taken"
    ]


def test_what_holds_for_all_or_for_none_is_said_without_chance():
    every = {"share of out that is x": {"mean": 1.0, "sd": 0.0, "of": 300}}
    came = {"share of out that is x": {"mean": 0.25, "sd": 0.4, "of": 300}}
    said = chance.close_in_distribution(CASE, came, every)
    assert said == ["out that is x: expected all, got 25.0% of them"]
    none = {"share of out that is x": {"mean": 0.0, "sd": 0.0, "of": 300}}
    said = chance.close_in_distribution(CASE, came, none)
    assert said == ["out that is x: expected none, got 25.0% of them"]


def test_what_a_number_becomes_is_said_once():
    calls = np.array([[np.nan], [np.nan], [2.0]])
    assert chance.becomes([4.0], calls) == {"4 becomes": "2 or nan"}
