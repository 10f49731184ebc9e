"""Outcomes that nobody's answer made: right ones, in which some are those of other cases."""

import copy
from functools import cache

from autograder import judge
from autograder.exercise import Verdict
from tests.answers import exercise, oracle, outcomes, right_answers


@cache
def _right(name: str, seed: str) -> list[dict]:
    return outcomes(name, oracle(name), right_answers(name, seed).cases)


def sent(name: str, changes: dict[str, list[str]]) -> Verdict:
    """The verdict on what a right answer brings home of hidden cases, but for some outputs of parts:
    in their place is sent what it brings home of the public cases."""
    hidden = right_answers(name)
    known, right = (copy.deepcopy(_right(name, seed)) for seed in ("public", "1"))
    for case, old, new in zip(hidden.cases, known, right, strict=True):
        for output in changes.get(case.part, ()):
            new["outputs"][output] = old["outputs"][output]
    return judge.judge(exercise(name), right, hidden)
