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


ABOVE_1 = 3.0, 3000.0
SMALL = 0.1  # the fraction that the text names
Band = tuple[float, float]  # positions in a range, 0 at its low end and 1 at its high end
INSIDE: Band = (0.15, 0.85)


def drawn_range(rng: np.random.Generator) -> Band:
    low = float(10 ** rng.uniform(-6, -4))
    return low, low * float(10 ** rng.uniform(2, 4))


def case(
    rng: np.random.Generator,
    name: str,
    bounds: Band,
    *bands: Band,
    more: int = 12,
    **options: float,
) -> Case:
    """Best values in a drawn order: one in each band of positions, and more in bands drawn.

    So neither a case's name nor the place of a value says what is right for it.
    """
    low, high = bounds
    chosen = [*bands, *(bands[i] for i in rng.integers(len(bands), size=more))]
    where = [float(rng.uniform(*chosen[i])) for i in rng.permutation(len(chosen))]
    best = [high if w == 1 else low * (high / low) ** w for w in where]
    return Case(name, {"best": best, "low": low, "high": high, **options})


def near_an_end(fraction: float) -> list[Band]:
    """Positions at the low end, near it, and beyond what counts as near; well apart from its limit."""
    return [
        (0.0, 0.0),
        (0.004, 0.006),
        (0.3 * fraction, 0.45 * fraction),
        (0.55 * fraction, 0.9 * fraction),
        (1.1 * fraction, 1.6 * fraction),
        (0.65, 0.75),
    ]


def mirrored(bands: list[Band]) -> list[Band]:
    """The same positions, seen from the high end."""
    return [(1 - b, 1 - a) for a, b in bands]


def own_fraction(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(0.2, 0.4)), 2)


def around(fraction: float) -> list[Band]:
    """Positions on both sides of a fraction, with nothing near the other end."""
    return [(fraction - 0.06, fraction - 0.03), (fraction + 0.03, fraction + 0.06)]


def in_the_text(*best: float) -> Case:
    given = {"low": 1e-4, "high": 1e-1, "fraction": SMALL}
    return Case("the example in the text", {"best": list(best), **given})


def inside_and_outside(rng: np.random.Generator) -> list[Case]:
    below, above = (-0.4, -0.1), (1.1, 1.4)
    return [
        case(rng, "inside and beyond the range", drawn_range(rng), INSIDE, below, above),
        case(rng, "inside and beyond a range above 1", ABOVE_1, INSIDE, below, above),
    ]


def low_end(rng: np.random.Generator) -> list[Case]:
    f = own_fraction(rng)
    return [
        in_the_text(0.00015, 0.0003),
        case(rng, "near the low end or not", drawn_range(rng), *near_an_end(SMALL)),
        case(rng, "a range above 1", ABOVE_1, *near_an_end(SMALL)),
        case(rng, "a fraction of its own", drawn_range(rng), *around(f), fraction=f),
    ]


def high_end(rng: np.random.Generator) -> list[Case]:
    f = own_fraction(rng)
    close, own = mirrored(near_an_end(SMALL)), mirrored(around(f))
    return [
        in_the_text(0.0003, 0.08),
        case(rng, "near the high end or not", drawn_range(rng), *close),
        case(rng, "a range above 1, its high end", ABOVE_1, *close),
        case(rng, "a fraction of its own, high end", drawn_range(rng), *own, fraction=f),
    ]


EXERCISE = Exercise(
    "at_edge_of_range",
    "at_edge_of_range",
    [
        Part("inside and outside", 1, inside_and_outside, probe, judge),
        Part("low end", 1, low_end, probe, judge),
        Part("high end", 1, high_end, probe, judge),
    ],
    minutes=10,
    difficulty=1,
)
