"""The exercise ``error_correlation``: how much the members' errors go together."""

from typing import Any

import numpy as np

from autograder.compare import RTOL, difference, numbers
from autograder.exercise import Case, Exercise, Outputs, Part


def probe(error_correlation: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"correlation": error_correlation(inputs["wrong"])}


def judge(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """At the scale of a correlation, 1, and loose enough for one that was computed in float32."""
    got, want = outputs.get("correlation"), expected.get("correlation")
    finding = difference("correlation", got, want, RTOL["float32"], scale=1.0)
    return [] if finding is None else [finding]


def judge_edges(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Between members whose errors vary any number will do: it is for the other part to judge."""
    got, want = (numbers(held.get("correlation")) for held in (outputs, expected))
    varies = case.inputs["wrong"].std(axis=1) > 0
    free = np.outer(varies, varies) & ~np.eye(len(varies), dtype=bool)
    if got is not None and want is not None and got.shape == want.shape == free.shape:
        outputs = {"correlation": np.where(free & np.isfinite(got) & np.isfinite(want), want, got)}
    return judge(case, outputs, expected)


def errors(rng: np.random.Generator, members: int, examples: int, alike: float) -> np.ndarray:
    """Each member errs as a common draw says, with probability ``alike``, else on its own.

    An array of booleans, (members, examples). No member is right on all examples or wrong on all.
    """
    hard = rng.random(examples) < 0.35
    own = rng.random((members, examples)) < rng.uniform(0.2, 0.5, (members, 1))
    wrong = np.where(rng.random((members, examples)) < alike, hard, own)
    for row in wrong:
        row[rng.permutation(examples)[:2]] = [True, False]
    return wrong


def members_that_vary(rng: np.random.Generator) -> list[Case]:
    """Members whose errors have a common cause, and have none; two that are opposites."""
    twin = errors(rng, 3, 16, 0.3)
    twin[2], twin[0] = twin[1], ~twin[1]
    return [
        Case("three members", {"wrong": errors(rng, 3, 20, 0.5)}),
        Case("five members that err much alike", {"wrong": errors(rng, 5, 30, 0.8)}),
        Case("members that err on their own", {"wrong": errors(rng, 4, 25, 0.0)}),
        Case("two equal members and their opposite", {"wrong": twin}),
        Case("more members than examples", {"wrong": errors(rng, 6, 4, 0.2)}),
    ]


def positively_correlated(rng: np.random.Generator, examples: int) -> np.ndarray:
    """Errors of two members, (2, examples), that clearly go together but are not the same.

    What becomes of a negative correlation is thus no matter of this part.
    """
    while True:
        wrong = errors(rng, 2, examples, 0.6)
        if 0.1 < np.corrcoef(wrong)[0, 1] < 0.9:
            return wrong


def edges(rng: np.random.Generator) -> list[Case]:
    """Members that are never, or always, wrong."""
    example = [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    never = np.insert(positively_correlated(rng, 40), int(rng.integers(3)), False, axis=0)
    examples = int(rng.integers(25, 35))
    constant = [np.full(examples, True), np.full(examples, False)]
    rows = [*constant, *positively_correlated(rng, examples)]
    right = np.zeros((int(rng.integers(2, 6)), int(rng.integers(5, 10))), dtype=bool)
    return [
        Case("the example in the text", {"wrong": np.array(example, dtype=bool)}),
        Case("one member is never wrong", {"wrong": never}),
        Case("one is never wrong, one always", {"wrong": np.array(rows)[rng.permutation(4)]}),
        Case("no member is ever wrong", {"wrong": right}),
        Case("a single member", {"wrong": errors(rng, 1, 9, 0.0)}),
    ]


EXERCISE = Exercise(
    "error_correlation",
    "error_correlation",
    [
        Part("correlation", 2, members_that_vary, probe, judge),
        Part("edges", 1, edges, probe, judge_edges),
    ],
    minutes=20,
    difficulty=2,
)
