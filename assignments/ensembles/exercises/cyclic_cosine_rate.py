"""The exercise ``cyclic_cosine_rate``: a rate that falls and starts anew."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder import sketch
from autograder.compare import RTOL, expected_and_got, kind_of
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable


def probe(cyclic_cosine_rate: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The rate at each step that a case asks for; raises Unusable for one that is no number."""
    steps, cycles, lr = inputs["steps"], inputs["cycles"], inputs["lr"]
    return {"rates": [as_float(cyclic_cosine_rate(t, steps, cycles, lr)) for t in inputs["at"]]}


def as_float(rate: Any) -> float:
    rate = rate.item() if isinstance(rate, np.ndarray) and rate.ndim == 0 else rate
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number):
        raise Unusable(f"return a number, not {kind_of(rate)}")
    return float(rate)


def judge(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The first wrong rate, with its step."""
    got, want = outputs.get("rates"), expected.get("rates")
    at, lr = case.inputs["at"], case.inputs["lr"]
    if not all(isinstance(rates, list) and len(rates) == len(at) for rates in (got, want)):
        return ["there are no rates"]
    where = "steps={steps}, cycles={cycles}, lr={lr}".format(**case.inputs)
    findings = [
        f"step {step} of {where}: {expected_and_got(b, a)}"
        for step, a, b in zip(at, got or [], want or [], strict=True)
        if not same_rate(a, b, lr)
    ]
    return findings[:1]


def curve(case: Case, outputs: Outputs, expected: Outputs) -> str:
    """The rates over the steps that were asked for."""
    title = f"The learning rate, {case.name}"
    at = case.inputs["at"]
    return sketch.curves(title, "step", at, expected["rates"], outputs["rates"])


def same_rate(a: Any, b: float, lr: float) -> bool:
    """At the scale of lr: float32, torch's default, loses digits of 1 + cos at a cycle's end."""
    if not isinstance(a, int | float):
        return False
    rtol = RTOL["float32"]
    return math.isclose(a, b, rel_tol=rtol, abs_tol=rtol * lr) or (math.isnan(a) and math.isnan(b))


def case(
    rng: np.random.Generator, name: str, steps: int, cycles: int, at: Sequence[int] | None = None
) -> Case:
    """All steps of a run are asked for, or those in ``at``."""
    lr = round(float(rng.uniform(0.05, 0.9)), 3)
    asked = list(range(steps) if at is None else at)
    return Case(name, {"steps": steps, "cycles": cycles, "lr": lr, "at": asked})


def even(rng: np.random.Generator) -> list[Case]:
    """Numbers of steps that the cycles divide."""
    length = int(rng.integers(4, 8))
    many = sorted(int(s) for s in rng.choice(1000, size=12, replace=False))
    return [
        case(rng, "three cycles", 3 * length, 3),
        case(rng, "one cycle", int(rng.integers(6, 11)), 1),
        case(rng, "a thousand steps in five cycles", 1000, 5, many),
        case(rng, "cycles of one step", 4, 4),
    ]


def uneven(rng: np.random.Generator) -> list[Case]:
    """Numbers of steps that they do not."""
    length = int(rng.integers(4, 8))
    return [
        Case(
            "the example in the text", {"steps": 10, "cycles": 3, "lr": 0.2, "at": list(range(10))}
        ),
        case(rng, "one step too many for three cycles", 3 * length + 1, 3),
        case(rng, "one step too few for four cycles", 4 * length - 1, 4),
        case(rng, "half a step too many for two cycles", 2 * length + 1, 2),
        case(rng, "fewer cycles than asked for", 9, 4),
    ]


EXERCISE = Exercise(
    "cyclic_cosine_rate",
    "cyclic_cosine_rate",
    [
        Part("cycles that divide the steps", 1, even, probe, judge, picture=curve),
        Part("cycles that do not", 1, uneven, probe, judge, picture=curve),
    ],
    minutes=8,
    difficulty=1,
)
