"""The assignment on ensembles: what is sent without an answer earns nothing."""

import pytest

from autograder import judge
from tests.answers import exercise, oracle, outcomes, right_answers
from tests.forged import sent

TIED = [
    ("average_predictions", "logits left as they are", "logits"),
    ("collect_snapshots", "copies", "first"),
    ("collect_snapshots", "copies", "given"),
    ("early_stopping", "patience", "answers"),
    ("early_stopping", "diverged checks", "best_weights"),
    ("exponential_moving_average", "apart", "network after an update"),
    ("exponential_moving_average", "apart", "averages"),
    ("exponential_moving_average", "apart", "gradients"),
    ("exponential_moving_average", "apart", "output"),
    ("exponential_moving_average", "copy_to", "averages"),
    ("exponential_moving_average", "copy_to", "copy"),
    ("exponential_moving_average", "copy_to", "network"),
    ("exponential_moving_average", "copy_to", "gradients"),
    ("exponential_moving_average", "copy_to", "copy after a step"),
    ("exponential_moving_average", "copy_to", "output"),
]


@pytest.mark.parametrize(("name", "part", "output"), TIED)
def test_each_output_is_tied_to_its_case(name, part, output):
    v = sent(name, {part: [output]})
    assert {part for part, (got, of) in v.parts.items() if got < of} == {part}


def test_snapshots_of_a_run_that_began_elsewhere_are_none():
    hidden = right_answers("collect_snapshots")
    right = outcomes("collect_snapshots", oracle("collect_snapshots"), hidden.cases)
    for case, outcome in zip(hidden.cases, right, strict=True):
        if case.part == "copies":
            for name in ("first", "second", "given"):
                for weights in outcome["outputs"][name]:
                    weights["W"] = weights["W"] + 1.0
    v = judge.judge(exercise("collect_snapshots"), right, hidden)
    assert {part for part, (got, of) in v.parts.items() if got < of} == {"copies"}
