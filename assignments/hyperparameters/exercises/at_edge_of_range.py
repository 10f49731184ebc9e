"""The exercise ``at_edge_of_range``: whether the best value lies near an end of its range."""

from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs, Part


def probe(at_edge_of_range: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The answer for each best value of a case."""
    options = {"fraction": inputs["fraction"]} if "fraction" in inputs else {}
    answers = [
        at_edge_of_range(best, inputs["low"], inputs["high"], **options) for best in inputs["best"]
    ]
    return {"answers": [a.item() if isinstance(a, np.generic) else a for a in answers]}


def judge(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Each answer by itself: the word, or None."""
    answers = outputs.get("answers")
    if not isinstance(answers, list) or len(answers) != len(case.inputs["best"]):
        return ["no answers"]
    low, high = case.inputs["low"], case.inputs["high"]
    return [
        f"best={best:.3g} in {low:.3g} .. {high:.3g}: expected {want!r}, got {got!r}"[:160]
        for best, got, want in zip(case.inputs["best"], answers, expected["answers"], strict=True)
        if type(got) is not type(want) or got != want
    ]


def drawn_range(rng: np.random.Generator) -> tuple[float, float]:
    low = float(10 ** rng.uniform(-6, -4))
    return low, low * float(10 ** rng.uniform(2, 4))


ABOVE_1 = 3.0, 3000.0


def case(name: str, bounds: tuple[float, float], where: list[float], **more: float) -> Case:
    """Best values at these positions in a range, 0 at its low end and 1 at its high end."""
    low, high = bounds
    best = [low * (high / low) ** w for w in where]
    return Case(name, {"best": best, "low": low, "high": high, **more})


def near(rng: np.random.Generator, center: float) -> float:
    return center + float(rng.uniform(-0.03, 0.03))


def own_fraction(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(0.2, 0.4)), 2)


def inside_and_outside(rng: np.random.Generator) -> list[Case]:
    inside = [near(rng, center) for center in (0.2, 0.4, 0.6, 0.8)]
    return [
        case("inside", drawn_range(rng), inside),
        case("beyond the range", drawn_range(rng), [-0.2, 0.5, 1.3]),
    ]


def low_end(rng: np.random.Generator) -> list[Case]:
    f = own_fraction(rng)
    close = [0.0, 0.005, near(rng, 0.06), near(rng, 0.15)]
    return [
        case("near the low end", drawn_range(rng), close),
        case("a range above 1", ABOVE_1, [0.035, 0.065, 0.13, 0.5]),
        case("a fraction of its own", drawn_range(rng), [f - 0.05, f + 0.05], fraction=f),
    ]


def high_end(rng: np.random.Generator) -> list[Case]:
    f = own_fraction(rng)
    close = [near(rng, 0.85), near(rng, 0.94), 0.995, 1.0]
    around = [0.95 - f, 1.05 - f]
    return [
        case("near the high end", drawn_range(rng), close),
        case("a range above 1, its high end", ABOVE_1, [0.5, 0.87, 0.935, 0.965]),
        case("a fraction of its own, high end", drawn_range(rng), around, fraction=f),
    ]


EXERCISE = Exercise(
    "at_edge_of_range",
    "at_edge_of_range",
    [
        Part("inside and outside", 1, inside_and_outside, probe, judge),
        Part("low end", 1, low_end, probe, judge),
        Part("high end", 1, high_end, probe, judge),
    ],
)
