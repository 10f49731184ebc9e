"""The exercise ``narrow_range``: the range of the next, finer search."""

import math
from typing import Any

import numpy as np

from autograder.compare import LOOSE, numbers, require_values
from autograder.exercise import Case, Exercise, Outputs, Part

nan, inf = math.nan, math.inf


def probe(narrow_range: Any, inputs: dict[str, Any], device: str) -> Outputs:
    options = {"widen": inputs["widen"]} if "widen" in inputs else {}
    returned = narrow_range(inputs["values"], inputs["losses"], inputs["keep"], **options)
    if isinstance(returned, np.ndarray):
        returned = returned.tolist()
    low, high = require_values(returned, 2, "two values, low and high")
    return {"low": low, "high": high}


def judge(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """As ``close``, but a number near 0 is compared at its own size."""
    findings = []
    for name, want in expected.items():
        got = numbers(outputs.get(name))
        if got is None or got.size != 1:
            findings.append(f"{name}: expected {want:.6g}, got {outputs.get(name)!r}"[:120])
        elif not same_number(number := got.item(), want):
            findings.append(f"{name}: expected {want:.6g}, got {number:.6g}")
    return findings


def same_number(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=LOOSE["float64"]) or (math.isnan(a) and math.isnan(b))


def trials(
    rng: np.random.Generator, count: int, lower: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Values and losses of some trials, the best first: the farther from it, the higher the loss.

    So each trial that is kept or not moves an end of the range, whatever was drawn. The trial of
    rank ``lower`` lies below the best.
    """
    far = np.cumsum(rng.uniform(0.1, 0.4, count))
    sides = rng.choice([-1, 1], count)
    if lower is not None:
        sides[lower] = -1
    return 10 ** (rng.uniform(-3, -2) + far * sides), 0.3 + far


def case(
    rng: np.random.Generator,
    name: str,
    keep: int,
    count: int = 8,
    diverged: dict[int, float] | None = None,
    lower: int | None = None,
    **more: float,
) -> Case:
    """``diverged`` maps ranks (0 is the best) to the losses of trials that diverged.

    Of the others the worst comes first. The trial of rank ``lower`` lies below the best.
    """
    values, losses = trials(rng, count, lower)
    diverged = diverged or {}
    for rank, loss in diverged.items():
        losses[rank] = loss
    worst = max(set(range(count)) - set(diverged))
    order = rng.permutation(count)
    order = np.array([worst, *order[order != worst]])
    return Case(name, {"values": values[order], "losses": losses[order], "keep": keep, **more})


def widening(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(1.5, 4)), 2)


def best_trials(rng: np.random.Generator) -> list[Case]:
    widen = widening(rng)
    return [
        case(rng, "the best three of eight", 3, lower=2),
        case(rng, "the best two", 2, widen=widen),
        case(rng, "the best one", 1, widen=widen),
        case(rng, "no widening", 4, 12, widen=1.0),
    ]


def edges(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "keep more than there are", 20, 5, lower=4, widen=widening(rng)),
        case(rng, "two trials", 1, 2),
    ]


def diverged_trials(rng: np.random.Generator) -> list[Case]:
    """Where there are too few others, those that diverged lie beyond them."""
    values, losses = np.array([1e-4, 1e-3, 1e-2, 1e-1]), np.array([2.1, 0.9, 0.7, nan])
    example = {"values": values, "losses": losses}
    some = dict.fromkeys(rng.permutation(9)[:3].tolist(), nan)
    one = {int(rng.integers(8)): inf}
    outer = {2: nan, 3: nan, 4: nan, 5: nan}
    mixed = {1: nan, 3: inf, 5: inf, 6: inf, 7: inf}
    return [
        Case("the example in the text", {**example, "keep": 2, "widen": 2.0}),
        case(rng, "diverged trials are nan", 3, 9, some),
        case(rng, "fewer finite trials than asked for", 4, 6, outer, widen=widening(rng)),
        case(rng, "a diverged trial has loss inf", 3, 8, one),
        case(rng, "infinite losses, and fewer finite trials than asked for", 8, 8, mixed),
    ]


EXERCISE = Exercise(
    "narrow_range",
    "narrow_range",
    [
        Part("range", 2, best_trials, probe, judge),
        Part("edges", 1, edges, probe, judge),
        Part("diverged trials", 1, diverged_trials, probe, judge),
    ],
    minutes=12,
    difficulty=2,
)
