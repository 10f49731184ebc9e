"""The exercise ``cosine_with_warmup``: a learning-rate schedule."""

import numpy as np

from autograder.exercise import Case

from ._schedules import calls, schedule
from ._steps import between


def drawn(rng: np.random.Generator) -> tuple[dict[str, float], float, int, int]:
    """The base rate beside warmup and total; a least rate; warmup and total by themselves.

    The least rate is a good part of the base rate: a cosine to 0 falls below it before its end.
    """
    base = between(rng, 0.1, 1.0)
    low = round(base * between(rng, 0.1, 0.3), 4)
    warmup, total = int(rng.integers(5, 9)), int(rng.integers(30, 60))
    return {"base_lr": base, "warmup": warmup, "total": total}, low, warmup, total


IN_THE_TEXT = {"base_lr": 0.1, "warmup": 4, "total": 12}


def formula(rng: np.random.Generator) -> list[Case]:
    """The cosine alone: a slip in the warm-up leaves its point."""
    given, low, warmup, total = drawn(rng)
    parts = (np.arange(5) + rng.uniform(0.3, 0.7, 5)) / 5  # of the way down: one in each fifth
    falling = [warmup + round(part * (total - warmup)) for part in parts.tolist()]
    return [
        calls("the example in the text", [6, 8], IN_THE_TEXT),
        calls("after the warm-up", falling, given, min_lr=low),
    ]


def edges(rng: np.random.Generator) -> list[Case]:
    given, low, warmup, total = drawn(rng)
    turns = [warmup - 1, warmup, warmup + 1]
    end = [total - 1, total, total + 1, total + int(rng.integers(5, 20))]
    middle = (warmup + total) // 2
    return [
        calls("the example in the text", [0, 1, 2, 3, 4, 12], IN_THE_TEXT),
        calls("during the warm-up", list(range(warmup - 1)), given, min_lr=low),
        calls("where the warm-up ends", turns, given, min_lr=low),
        calls("at the end and beyond", end, given, min_lr=low),
        calls("min_lr left out", [2, middle, total], given),
        calls("no warm-up", [0, 1, total // 2, total], {**given, "warmup": 0}, min_lr=low),
    ]


EXERCISE = schedule("cosine_with_warmup", formula, edges, minutes=8, difficulty=1)
