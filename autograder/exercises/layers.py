"""What the exercises on layers share, in NumPy and in torch."""

from typing import Any

import numpy as np

# Where each element has a draw of its own, few pairs do; where a fixed number is dropped, all do.
EQUALLY_MANY = "share of pairs of calls that drop equally many elements"


def away_from_zero(draw: int, shape: list[int], dtype: str) -> np.ndarray:
    """Numbers of either sign, none of them near 0, so that a zero in an output was put there."""
    rng = np.random.default_rng(draw)
    return (rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)).astype(dtype)


def forward_pass(forward: Any, x: np.ndarray, *arguments: Any) -> tuple[np.ndarray, Any] | str:
    """``(out, cache)`` of a student's forward pass, or what is wrong with their form."""
    returned = forward(x, *arguments)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return "return two values: out and cache"
    out, cache = returned
    if not isinstance(out, np.ndarray) or out.shape != x.shape or out.dtype.kind != "f":
        return f"out must be an array of shape {x.shape} of floats, as x is"
    return out, cache
