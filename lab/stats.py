"""Means with their uncertainty."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


class Interval(NamedTuple):
    """A mean and the half-width of its confidence interval; arrays or numbers."""

    mean: Any
    half: Any

    @property
    def low(self) -> Any:
        return self.mean - self.half

    @property
    def high(self) -> Any:
        return self.mean + self.half

    def __format__(self, spec: str) -> str:
        return f"{self.mean:{spec}} ± {self.half:{spec.removeprefix('+')}}"


def interval(samples: ArrayLike, axis: int = 0, level: float = 0.95) -> Interval:
    """Student's t interval of the mean of ``samples`` along ``axis``.

    mean ± t_{(1+level)/2, n-1} s / sqrt(n), with s the sample standard deviation. Raises
    ValueError with fewer than two samples.
    """
    samples = np.asarray(samples, dtype=float)
    n = samples.shape[axis]
    if n < 2:
        raise ValueError(f"an interval needs at least two samples, got {n}")
    mean = samples.mean(axis)
    half = stats.t.ppf((1 + level) / 2, n - 1) * samples.std(axis, ddof=1) / np.sqrt(n)
    if mean.ndim == 0:
        return Interval(float(mean), float(half))
    return Interval(mean, half)
