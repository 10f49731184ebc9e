"""What the exercises on layers share, in NumPy and in torch."""

from typing import Any

import numpy as np

from autograder.compare import equal, kind_of, require_values
from autograder.exercise import Unusable

IN_THE_TEXT = "the example in the text"
CALLS = 200  # in which each fate that an element may have comes: all but once in 1e18
# Where each element has a draw of its own, few pairs do; where a fixed number is dropped, all do.
EQUALLY_MANY = "share of pairs of calls that drop equally many elements"
# So many draws, at a probability between 0.2 and 0.85, are all alike less than once in 1e10.
FATES = 150


def away_from_zero(draw: int, shape: list[int], dtype: str) -> np.ndarray:
    """Numbers of either sign, none of them near 0, so that a zero in an output was put there."""
    rng = np.random.default_rng(draw)
    return (rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)).astype(dtype)


def low_keep_probability(rng: np.random.Generator) -> float:
    """One at which more is dropped than kept, whatever mask is compared with what."""
    return round(float(rng.uniform(0.25, 0.4)), 3)


def high_keep_probability(rng: np.random.Generator) -> float:
    """One at which more is kept than dropped."""
    return round(float(rng.uniform(0.65, 0.85)), 3)


def keep_probability(rng: np.random.Generator) -> float:
    """One at which keeping and dropping differ."""
    return float(rng.choice([low_keep_probability(rng), high_keep_probability(rng)]))


def all_alike(factors: np.ndarray, dtype: str) -> bool:
    """Whether every element was multiplied by the same factor: nothing was dropped, or all."""
    return bool(equal(factors, factors.flat[0], dtype).all())


def draws(dropped: np.ndarray, lines: tuple[str, str] = ("row", "column")) -> str:
    """Whether each element was dropped by a draw of its own, or whole lines by one: in words.

    ``lines`` says what the rows and columns of a table are."""
    if dropped.ndim > 1 and dropped.any() and not dropped.all():
        for axis in range(dropped.ndim):
            if (dropped == dropped.take([0], axis)).all():
                along = f"for all {lines[axis]}s" if dropped.ndim == 2 else f"all along axis {axis}"
                return f"the same ones {along}"
    return "one for each"


def after(now: np.ndarray, before: np.ndarray) -> str:
    """What a call did to an array that it was given."""
    return "as it was" if (now == before).all() else "changed"


def forward_pass(forward: Any, x: np.ndarray, *arguments: Any) -> tuple[np.ndarray, Any]:
    """``(out, cache)`` of a student's forward pass.

    Raises Unusable if it does not return two values, or if out has not the form of x.
    """
    out, cache = require_values(forward(x, *arguments), 2, "two values, out and cache")
    if not isinstance(out, np.ndarray) or out.shape != x.shape or out.dtype.kind != "f":
        asked = f"an array of floats of shape {x.shape}, as x is"
        raise Unusable(f"the out that you return must be {asked}, not {kind_of(out)}")
    return out, cache


def forward_pass_of(
    name: str, forward: Any, x: np.ndarray, *arguments: Any
) -> tuple[np.ndarray, Any]:
    """As ``forward_pass``, for a backward pass that is tried on its cache: says whose fault it is."""
    try:
        return forward_pass(forward, x, *arguments)
    except Unusable as objection:
        raise Unusable(f"{name}: {objection}") from None
    except NotImplementedError:
        raise Unusable(f"{name} is not answered yet, and this is tried on its cache") from None
