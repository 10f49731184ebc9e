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
        """The mean has as many decimals as the half-width.

        ".2f" asks for two; there are at least as many as show the half-width's first digit, and none
        after its second. ".2g" asks for two digits of the half-width. For ".2f" 1.0021 ± 0.0042 is
        "1.002 ± 0.004", and 1655.5 ± 88.1 is "1656 ± 88"; no scatter, but for rounding, is "± 0".
        """
        if self.half <= 1e-9 * max(abs(self.mean), 1e-3):
            return f"{self.mean:{spec}} ± 0"
        if np.isfinite(self.half) and spec[-1:] in ("f", "g"):
            before, asked = spec[:-1].split(".")
            exponent = int(f"{self.half:.1e}".partition("e")[2])
            if spec.endswith("f"):
                shown = min(int(asked), max(0, 1 - exponent))
                while float(f"{self.half:.{shown}f}") == 0:
                    shown += 1
            else:
                shown = max(0, int(asked) - 1 - exponent)
            if shown < 8:  # else too small for decimals
                spec = f"{before}.{shown}f"
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


def welch(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> Interval:
    """Welch's t interval of the difference of two means, of samples that are not paired."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    found = stats.ttest_ind(a, b, equal_var=False).confidence_interval(level)
    return Interval(float(a.mean() - b.mean()), float((found.high - found.low) / 2))


class Share(NamedTuple):
    """``successes`` of ``trials``, and the exact 95% interval of their share, as fractions."""

    successes: int
    trials: int
    low: float
    high: float

    @property
    def mean(self) -> float:
        return self.successes / self.trials

    def __format__(self, spec: str) -> str:
        """In percent: "2 of 16 (2 to 38%)"."""
        spec = spec or ".0f"
        low, high = (f"{100 * end:{spec}}" for end in (self.low, self.high))
        return f"{self.successes} of {self.trials} ({low} to {high}%)"


def share(successes: int, trials: int, level: float = 0.95) -> Share:
    """Clopper and Pearson's exact interval: right for counts of 0, and never below 0 or above 1."""
    found = stats.binomtest(successes, trials).proportion_ci(level, method="exact")
    return Share(successes, trials, float(found.low), float(found.high))
