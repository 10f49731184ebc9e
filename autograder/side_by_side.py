"""What was expected and what came, in two lines below each other."""

from typing import Any

import numpy as np

from autograder.compare import RTOL


def beside_each_other(name: str, expected: Any, got: Any) -> list[str]:
    """Two short arrays in two lines with the same digits, nothing for anything longer."""
    if not all(isinstance(v, np.ndarray | float | int) for v in (expected, got)):
        return []
    want, have = np.asarray(expected, np.float64), np.asarray(got, np.float64)
    if want.shape != have.shape or not 1 <= want.size <= 8:
        return []
    with np.errstate(all="ignore"):
        if np.allclose(have, want, rtol=RTOL["float64"], atol=1e-12, equal_nan=True):
            return []
    lines = [str(expected), str(bool(got))] if isinstance(expected, bool) else _aligned(want, have)
    return [f"{name}: expected  {lines[0]}", f"{' ' * len(name)}  got       {lines[1]}"]


def _aligned(*arrays: np.ndarray) -> list[str]:
    """Each array's numbers in a line, with the same digits below each other."""
    rows = [[(v, f"{v:.7g}") for v in a.ravel()] for a in arrays]
    digits = max(
        (len(c.partition(".")[2]) for row in rows for _, c in row if "e" not in c), default=0
    )
    cells = [[c if "e" in c or "n" in c else f"{v:.{digits}f}" for v, c in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
