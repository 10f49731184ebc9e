"""What the exercises share: numbers that are drawn, and values that are collected step by step."""

from typing import Any

import numpy as np


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number of few digits, drawn from a range."""
    return round(float(rng.uniform(low, high)), 4)


def stacked(values: list) -> Any:
    """A value a step as one array if they are numbers of one shape, else as they are."""
    plain = all(isinstance(v, np.ndarray | float | int) for v in values)
    return np.stack(values) if plain and len({np.shape(v) for v in values}) == 1 else values
