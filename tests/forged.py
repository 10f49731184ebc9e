"""Outcomes that nobody's answer made: right ones of other cases, sent as a whole or in part."""

import copy
from functools import cache

from autograder import judge
from autograder.exercise import Verdict
from tests.answers import exercise, oracle, outcomes, right_answers


@cache
def _right(name: str, seed: str) -> list[dict]:
    return outcomes(name, oracle(name), right_answers(name, seed).cases)


def sent(name: str, changes: dict[str, list[str]] | None = None) -> Verdict:
    """The verdict on what a right answer brings home of the public cases, sent for hidden ones.

    If ``changes`` are named (a part's outputs), on what it brings home of the hidden cases, but for
    these outputs.
    """
    hidden = right_answers(name)
    known, right = (copy.deepcopy(_right(name, seed)) for seed in ("public", "1"))
    if changes is None:
        return judge.judge(exercise(name), known, hidden)
    for case, old, new in zip(hidden.cases, known, right, strict=True):
        for output in changes.get(case.part, ()):
            new["outputs"][output] = old["outputs"][output]
    return judge.judge(exercise(name), right, hidden)
