"""The assignment on hyperparameters: what is sent without an answer earns nothing."""

import random

import pytest

from autograder import judge
from tests.answers import exercise, mistake, oracle, outcomes, right_answers, verdict
from tests.forged import sent

TIED = [
    ("log_uniform", "distribution", "draws"),
    ("log_uniform", "shape", "from another seed"),
    ("random_search", "draws", "asked"),
    ("random_search", "draws", "from another seed"),
    ("random_search", "the best", "best"),
    *(
        ("overfits_small_sample", part, output)
        for part in ("sound networks", "broken networks", "the sample")
        for output in ("batches", "network")
    ),
    *(
        ("overfits_small_sample", part, "scores of the last use")
        for part in ("broken networks", "the sample")
    ),
]


@pytest.mark.parametrize(("name", "part", "output"), TIED)
def test_each_output_is_tied_to_its_case(name, part, output):
    v = sent(name, {part: [output]})
    assert {part for part, (got, of) in v.parts.items() if got < of} == {part}


@pytest.mark.parametrize("guess", ["low", "high", None])
def test_no_one_word_is_right_for_a_part(guess):
    v = verdict("at_edge_of_range", lambda best, low, high, fraction=0.1: guess, "1")
    assert v.score == 0


def test_a_search_cannot_be_made_up_without_draws():
    hidden = right_answers("random_search")
    right = outcomes("random_search", oracle("random_search"), hidden.cases)
    for outcome in right:
        outcome["outputs"]["asked"] = outcome["outputs"]["asked"][:0]
    assert judge.judge(exercise("random_search"), right, hidden).score == 0


def never_trained(make_model, x, y, sample=20, steps=100, lr=0.02):
    model = make_model().eval()
    return bool((model(x[:sample]).argmax(1) == y[:sample]).all())


SHAMS = {
    "True": lambda make_model, x, y, **options: True,
    "False": lambda make_model, x, y, **options: False,
    "a coin": lambda make_model, x, y, **options: random.random() < 0.5,
    "a network that is never trained": never_trained,
}


@pytest.mark.parametrize("sham", SHAMS)
def test_what_trains_nothing_earns_nothing(sham):
    assert verdict("overfits_small_sample", SHAMS[sham], "1").score == 0


def test_an_untrained_network_does_not_pass_for_a_trained_one():
    name = "overfits_small_sample"
    hidden = right_answers(name)
    right = outcomes(name, oracle(name), hidden.cases)
    idle = outcomes(name, mistake(name, "never-steps"), hidden.cases)
    for one, other in zip(right, idle, strict=True):
        one["outputs"]["network"] = other["outputs"]["network"]
    assert judge.judge(exercise(name), right, hidden).score == 0
