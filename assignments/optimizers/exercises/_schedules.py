"""What the learning-rate schedules share: schedule(step, base_lr, ...) -> the rate of a step."""

from typing import Any

import numpy as np

from autograder import sketch
from autograder.compare import difference, tolerance
from autograder.exercise import Case, Draw, Exercise, Outputs, Part

from ._steps import between


def schedule(
    name: str, formula: Draw, edges: Draw, minutes: int = 3, difficulty: int = 1
) -> Exercise:
    """The exercise for a schedule: its ordinary steps, and its first, last and turning ones."""
    return Exercise(
        name,
        name,
        [
            Part("formula", 1, formula, run_schedule, judge_schedule, picture=curve),
            Part("edges", 1, edges, run_schedule, judge_schedule, picture=curve),
        ],
        minutes=minutes,
        difficulty=difficulty,
    )


def calls(name: str, steps: list[int], given: dict[str, float], **options: float) -> Case:
    """A call for each step; what is ``given`` is passed by position, ``options`` by name."""
    made = [{"args": {"step": step, **given}} for step in steps]
    return Case(
        name, {"calls": [{**call, "options": options} if options else call for call in made]}
    )


def run_schedule(schedule: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The rate that each call gives."""
    return {
        "rates": [
            schedule(*call["args"].values(), **call.get("options", {})) for call in inputs["calls"]
        ]
    }


def judge_schedule(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Each call's rate, by itself."""
    rates = outputs.get("rates")
    made = case.inputs["calls"]
    if not isinstance(rates, list) or len(rates) != len(made):
        return ["no rates"]
    findings = []
    for call, got, want in zip(made, rates, expected["rates"], strict=True):
        given = {**call["args"], **call.get("options", {})}
        label = ", ".join(f"{name}={value:g}" for name, value in given.items())
        finding = difference(f"at {label}", got, want, tolerance(case.inputs))
        if finding is not None:
            findings.append(finding)
    return findings


def curve(case: Case, outputs: Outputs, expected: Outputs) -> str:
    """The rates over the steps that were asked for."""
    steps = [call["args"]["step"] for call in case.inputs["calls"]]
    title = f"The learning rate, {case.name}"
    return sketch.curves(title, "step", steps, expected["rates"], outputs["rates"])


# Schedules that decay at one rate.


def decaying(rng: np.random.Generator, low: float, high: float) -> dict[str, float]:
    """A base rate, and a rate of decay from a range."""
    return {"base_lr": between(rng, 0.01, 1.0), "rate": between(rng, low, high)}


def decay_formula(rng: np.random.Generator) -> list[Case]:
    steps = sorted(int(s) for s in rng.choice(np.arange(4, 40), size=5, replace=False))
    return [
        calls("the example in the text", [10], {"base_lr": 1.0, "rate": 0.1}),
        calls("a small rate", steps, decaying(rng, 0.01, 0.1)),
        calls("a large rate", [1, 2, 3], decaying(rng, 0.4, 0.9)),
    ]


def decay_edges(rng: np.random.Generator) -> list[Case]:
    late = int(rng.integers(500, 900))
    return [
        calls("the first step", [0], decaying(rng, 0.05, 0.5)),
        calls("a late step", [late], decaying(rng, 0.002, 0.004)),
        calls("rate 0", [0, 3, 50], {**decaying(rng, 0.0, 1.0), "rate": 0.0}),
    ]
