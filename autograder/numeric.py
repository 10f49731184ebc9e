"""Gradient checks: slopes that a gradient claims, beside slopes measured by centred differences.

Along a direction d, the slope of f at x is the sum of gradient * d. Measured, it is
(f(x + h d) - f(x - h d)) / 2h, off by a term of order h^2. For a small x the unit directions check
each element; for a large one a few random directions do, whatever the size. The directions must be
random: all ones would hide errors that cancel in the sum, such as those of a softmax's rows.
Compute in float64, and stay away from kinks (a ReLU at 0), where there is no slope to measure.
"""

from collections.abc import Callable

import numpy as np

STEP = 1e-5
FLOOR = 1e-2  # of the largest slope
TOLERANCE = 1e-6
ELEMENTWISE_UP_TO = 64
DIRECTIONS = 6


def unit_directions(shape: tuple[int, ...]) -> np.ndarray:
    """One direction for each element of an array of this shape: ``(size, *shape)``."""
    size = int(np.prod(shape))
    return np.eye(size).reshape(size, *shape)


def random_directions(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> np.ndarray:
    """Standard normal directions: ``(count, *shape)``."""
    return rng.standard_normal((count, *shape))


def directional_derivatives(
    f: Callable[[np.ndarray], float], x: np.ndarray, directions: np.ndarray, h: float = STEP
) -> np.ndarray:
    """The slopes ``(count,)`` of f at x along directions ``(count, *x.shape)``, measured.

    (f(x + h d) - f(x - h d)) / 2h. f gets float64 arrays of its own, so it may change them.
    """
    x = np.asarray(x, dtype=np.float64)
    return np.array([(float(f(x + h * d)) - float(f(x - h * d))) / (2 * h) for d in directions])


def claimed_derivatives(gradient: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The slopes ``(count,)`` along directions ``(count, *shape)`` if ``gradient`` is the gradient.

    The sum of gradient * d for each. Raises ValueError if their shapes differ.
    """
    gradient = np.asarray(gradient, dtype=np.float64)
    if gradient.shape != directions.shape[1:]:
        raise ValueError(
            f"the gradient has shape {gradient.shape}, but x has shape {directions.shape[1:]}"
        )
    return np.tensordot(directions, gradient, axes=gradient.ndim)


def relative_errors(claimed: np.ndarray, measured: np.ndarray, floor: float = FLOOR) -> np.ndarray:
    """|claimed - measured| relative to the larger of the two, for each direction.

    Slopes smaller than ``floor`` times the largest one are compared as if they were that large:
    what is left of a nearly vanishing slope after subtraction is rounding.
    """
    claimed, measured = np.asarray(claimed, np.float64), np.asarray(measured, np.float64)
    sizes = np.maximum(np.abs(claimed), np.abs(measured))
    largest = sizes.max(initial=0.0)
    return np.abs(claimed - measured) / np.maximum(sizes, floor * largest if largest else 1.0)


def gradient_error(
    f: Callable[[np.ndarray], float],
    x: np.ndarray,
    gradient: np.ndarray,
    rng: np.random.Generator | None = None,
) -> float:
    """The worst relative error of ``gradient`` as the gradient of f at x.

    A right gradient gives less than TOLERANCE. Each element is checked if x has no more than
    ELEMENTWISE_UP_TO of them, else so many random DIRECTIONS.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.size <= ELEMENTWISE_UP_TO:
        directions = unit_directions(x.shape)
    else:
        directions = random_directions(rng or np.random.default_rng(), x.shape, DIRECTIONS)
    measured = directional_derivatives(f, x, directions)
    return float(
        relative_errors(claimed_derivatives(gradient, directions), measured).max(initial=0.0)
    )
