"""Inverted dropout in NumPy. ``keep`` is the probability of *keeping* a unit."""

import numpy as np


def dropout(x: np.ndarray, keep: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Inverted dropout: keep each element with probability ``keep`` and divide it by ``keep``.

    out = x m / keep, with a mask m of independent zeros and ones. Returns ``(out, mask)``, both of
    the shape of ``x``; ``mask`` holds 0 and 1 / keep. Raises ValueError unless 0 < keep <= 1.
    Srivastava et al., "Dropout" (2014), https://jmlr.org/papers/v15/srivastava14a.html
    """
    if not 0 < keep <= 1:
        raise ValueError(f"a keep probability lies in (0, 1], not {keep}")
    mask = (rng.random(x.shape) < keep) / keep
    return x * mask, mask


def dropout_backward(dout: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The gradient with respect to ``x``: what was dropped gets none, the rest is divided by keep."""
    return dout * mask
