"""Search for hyperparameters: where to try, what to keep, and a measured landscape to search on.

Ranges are searched on a log scale. A *box* ``(d, 2)`` holds the lowest and the highest base-10
logarithm of each of ``d`` hyperparameters, *points* ``(k, d)`` the logarithms of ``k`` trials.
Scores are losses or error rates: lower is better.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.integrate import quad
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import norm
from torch import nn

from lab import training
from lab.data import Dataset


def log_uniform(low, high, size, rng) -> np.ndarray:
    """Values whose logarithm is uniform: low (high / low)^u with u uniform in [0, 1).

    Every decade, and every factor, gets the same share. Raises ValueError unless 0 < low < high.
    """
    if not 0 < low < high:
        raise ValueError(f"a log scale needs 0 < low < high, got {low} and {high}")
    return low * (high / low) ** rng.random(size)


def grid(box, per_axis: int) -> np.ndarray:
    """The ``per_axis ** d`` points of a grid, each in the middle of its cell of the box."""
    box = np.asarray(box, dtype=float)
    middles = (np.arange(per_axis) + 0.5) / per_axis
    ticks = [low + (high - low) * middles for low, high in box]
    return np.stack(np.meshgrid(*ticks, indexing="ij"), -1).reshape(-1, len(box))


def random_points(box, trials: int, rng) -> np.ndarray:
    """``trials`` points drawn evenly from the box."""
    low, high = np.asarray(box, dtype=float).T
    return low + (high - low) * rng.random((trials, len(low)))


class Landscape:
    """Scores measured on a fine grid, and read off between its nodes along straight lines.

    ``axes`` are the nodes' base-10 logarithms, one array a hyperparameter, ``scores`` is
    ``(n_1, .., n_d, S)``, with ``S`` seeds.
    """

    def __init__(self, axes: Sequence[np.ndarray], scores: np.ndarray):
        self.axes, self.scores = axes, scores
        self._read = RegularGridInterpolator(axes, scores)

    def at(self, points) -> np.ndarray:
        """Scores ``(..., S)`` at points ``(..., d)``. Raises ValueError outside of the axes."""
        return self._read(points)


def train_settings(
    make_model: Callable[[], nn.Module],
    data: Dataset,
    rule: Callable,
    settings: dict[str, Sequence[float]],
    **how,
) -> training.Run:
    """Train every setting with every seed in one batched run.

    ``settings`` maps ``"lr"`` and the names of further hyperparameters of the rule to their values,
    ``(settings,)``, or ``(settings, seeds)`` if each seed has settings of its own; ``how`` goes to
    ``training.train``. In the result the settings take the place of the learning rates.
    """
    values = {k: torch.as_tensor(np.asarray(v), dtype=torch.float32) for k, v in settings.items()}
    values = {k: v if v.dim() == 2 else v[:, None] for k, v in values.items()}

    def each_its_own(w, g, state, factor):
        own = {k: v.view(*v.shape, *[1] * (w.dim() - 2)) for k, v in values.items()}
        return rule(w, g, state, factor * own.pop("lr"), **own)

    factors = [1.0] * len(values["lr"])  # times the schedule
    return training.train(make_model, data, each_its_own, lr=factors, **how)


def at_edge(tried, best) -> str | None:
    """Is the best of the values tried the lowest or the highest of them? "low", "high" or None."""
    if best == np.min(tried):
        return "low"
    return "high" if best == np.max(tried) else None


def narrow_range(low, high, tried, best) -> tuple[float, float]:
    """From the value tried just below the best to the one just above it.

    Where there is none, the end of the range ``low`` .. ``high`` stays.
    """
    tried = np.asarray(tried, dtype=float)
    below, above = tried[tried < best], tried[tried > best]
    return float(below.max(initial=low)), float(above.min(initial=high))


class Halving(NamedTuple):
    """The chosen trial, the moments trained in all, and the trials that reached each rung."""

    best: int
    cost: int
    survivors: list[np.ndarray]


def successive_halving(curves, rungs: Sequence[int], factor: int = 3) -> Halving:
    """Train all a little, keep the best 1/factor, train those on, and so forth.

    ``curves`` ``(trials, T)`` are scores after moments 1 .. T of training; ``rungs`` the moments,
    increasing, at which trials are compared. At each rung but the last the best 1/factor of the
    trials (at least one) go on; a nan counts as worst. The cost counts each moment once: a trial
    that goes on is not trained again from the start. Jamieson & Talwalkar, "Non-stochastic best arm
    identification and hyperparameter optimization" (2016), https://arxiv.org/abs/1502.07943
    """
    curves = np.asarray(curves, dtype=float)
    alive, cost, trained, survivors = np.arange(len(curves)), 0, 0, []
    for rung in rungs:
        survivors.append(alive)
        cost += len(alive) * (rung - trained)
        trained = rung
        ranked = alive[np.argsort(curves[alive, rung - 1], kind="stable")]  # nan comes last
        alive = np.sort(ranked[: max(1, len(ranked) // factor)])
    return Halving(int(ranked[0]), cost, survivors)


def asha(curves, rungs: Sequence[int], budget: int, factor: int = 3) -> Halving:
    """Successive halving that never waits for a rung to fill up, on one worker.

    At each turn: train on a trial that is among the best 1/factor of those that have reached its
    rung and has not been trained on yet, taken from the highest such rung; if there is none, start
    the next trial. It ends when the next turn would exceed the ``budget`` of moments or no trial is
    left. The best of the highest rung reached is chosen; ``survivors`` are the trials that reached
    each rung. Li et al., "A system for massively parallel hyperparameter tuning" (2020),
    https://arxiv.org/abs/1810.05934
    """
    curves = np.nan_to_num(np.asarray(curves, dtype=float), nan=np.inf)
    reached: list[list[int]] = [[] for _ in rungs]
    cost = 0

    def next_turn():
        for level in reversed(range(len(rungs) - 1)):
            ranked = sorted(reached[level], key=lambda i: curves[i, rungs[level] - 1])
            for trial in ranked[: len(ranked) // factor]:
                if trial not in reached[level + 1]:
                    return trial, level + 1
        return len(reached[0]), 0

    while True:
        trial, level = next_turn()
        price = rungs[level] - (rungs[level - 1] if level else 0)
        if trial == len(curves) or cost + price > budget:
            break
        reached[level].append(trial)
        cost += price
    top = max(level for level, trials in enumerate(reached) if trials)
    best = min(reached[top], key=lambda i: curves[i, rungs[top] - 1])
    return Halving(best, cost, [np.sort(trials) for trials in reached])


def expected_maximum(k: int) -> float:
    """The mean of the largest of ``k`` independent standard normals.

    integral of x k phi(x) Phi(x)^(k-1) dx, the density of the largest order statistic.
    Raises ValueError for fewer than one.
    """
    if k < 1:
        raise ValueError(f"the largest of {k} numbers")
    return quad(lambda x: x * k * norm.pdf(x) * norm.cdf(x) ** (k - 1), -10, 10, limit=200)[0]
