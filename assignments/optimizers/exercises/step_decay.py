"""The exercise ``step_decay``: a learning-rate schedule."""

import numpy as np

from autograder.exercise import Case

from ._schedules import calls, schedule
from ._steps import between


def drawn(rng: np.random.Generator) -> tuple[dict[str, float], float, int]:
    """A base rate, the drop, and the steps from one drop to the next (a multiple of 4)."""
    return (
        {"base_lr": between(rng, 0.01, 1.0)},
        between(rng, 0.3, 0.8),
        4 * int(rng.integers(3, 12)),
    )


def formula(rng: np.random.Generator) -> list[Case]:
    base, drop, every = drawn(rng)
    steps = [k * every + part for k in range(4) for part in (every // 4, 3 * every // 4)]
    return [
        calls("the example in the text", [29], {"base_lr": 1.0}),
        calls("between the drops", steps, base, drop=drop, every=every),
    ]


def edges(rng: np.random.Generator) -> list[Case]:
    base, drop, every = drawn(rng)
    around = [0] + [k * every + offset for k in (1, 2, 3) for offset in (-1, 0)]
    return [
        calls("the example in the text", [30, 60], {"base_lr": 1.0}),
        calls("around the drops", around, base, drop=drop, every=every),
        calls("drop and every left out", [7, 37, 67, 97], base),
        calls("only drop given", [8, 38, 68], base, drop=drop),
        calls("only every given", [every // 2, 3 * every // 2], base, every=every),
        calls("a drop at each step", [0, 1, 2, 5], base, drop=drop, every=1),
    ]


EXERCISE = schedule("step_decay", formula, edges, minutes=3, difficulty=1)
