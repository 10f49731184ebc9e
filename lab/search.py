"""Search for hyperparameters: where to try, what to keep, and a measured landscape to search on.

Ranges are searched on a log scale. A *box* ``(d, 2)`` holds the lowest and the highest base-10
logarithm of each of ``d`` hyperparameters, *points* ``(k, d)`` the logarithms of ``k`` trials.
Scores are losses or error rates: lower is better.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import norm


def log_uniform(
    low: float, high: float, size: int | tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Values whose logarithm is uniform: low (high / low)^u with u uniform in [0, 1).

    Every decade, and every factor, gets the same share. Raises ValueError unless 0 < low < high.
    """
    if not 0 < low < high:
        raise ValueError(f"a log scale needs 0 < low < high, got {low} and {high}")
    return low * (high / low) ** rng.random(size)


def grid(box: ArrayLike, per_axis: int) -> np.ndarray:
    """The ``per_axis ** d`` points of a grid, each in the middle of its cell of the box."""
    box = np.asarray(box, dtype=float)
    middles = (np.arange(per_axis) + 0.5) / per_axis
    ticks = [low + (high - low) * middles for low, high in box]
    return np.stack(np.meshgrid(*ticks, indexing="ij"), -1).reshape(-1, len(box))


def random_points(box: ArrayLike, trials: int, rng: np.random.Generator) -> np.ndarray:
    """``trials`` points drawn evenly from the box."""
    low, high = np.asarray(box, dtype=float).T
    return low + (high - low) * rng.random((trials, len(low)))


class Landscape:
    """Scores measured on a fine grid, and read off between its nodes along straight lines.

    ``axes`` are the nodes' base-10 logarithms, one array a hyperparameter, ``scores`` is
    ``(n_1, .., n_d, S)``, with ``S`` seeds.
    """

    def __init__(self, axes: Sequence[np.ndarray], scores: np.ndarray) -> None:
        self.axes, self.scores = axes, scores
        self._read = RegularGridInterpolator(axes, scores)

    def at(self, points: ArrayLike) -> np.ndarray:
        """Scores ``(..., S)`` at points ``(..., d)``. Raises ValueError outside of the axes."""
        return self._read(points)


def landscapes(
    axes: Sequence[np.ndarray], seen: np.ndarray, worth: np.ndarray
) -> tuple[Landscape, Landscape]:
    """What a search sees, and what its choice is worth, as two landscapes on the same nodes.

    ``axes`` are the nodes' base-10 logarithms, one array a hyperparameter; ``seen`` and ``worth``
    ``(n_1 * .. * n_d, S)`` are validation and test scores of all nodes, the last axis running
    fastest. What a seed's choice is worth is the mean over the *other* seeds.
    """
    shape = *map(len, axes), seen.shape[-1]
    seen, worth = seen.reshape(shape), worth.reshape(shape)
    others = (worth.sum(-1, keepdims=True) - worth) / (shape[-1] - 1)
    return Landscape(axes, seen), Landscape(axes, others)


def at_edge(tried: ArrayLike, best: float) -> str | None:
    """Is the best of the values tried the lowest or the highest of them? "low", "high" or None."""
    if best == np.min(tried):
        return "low"
    return "high" if best == np.max(tried) else None


def narrow_range(low: float, high: float, tried: ArrayLike, best: float) -> tuple[float, float]:
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


def successive_halving(curves: ArrayLike, rungs: Sequence[int], factor: int = 3) -> Halving:
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


def asha(curves: ArrayLike, rungs: Sequence[int], budget: int, factor: int = 3) -> Halving:
    """Successive halving that never waits for a rung to fill up, on one worker.

    At each turn: train on a trial that is among the best 1/factor of those that have reached its
    rung and has not been trained on yet, taken from the highest such rung; if there is none, start
    the next trial. It ends when the next turn would exceed the ``budget`` of moments or no trial is
    left. The best of the highest rung reached is chosen; ``survivors`` are the trials that reached
    each rung. Li et al., "A system for massively parallel hyperparameter tuning" (2020),
    https://arxiv.org/abs/1810.05934
    """
    scores = np.nan_to_num(np.asarray(curves, dtype=float), nan=np.inf)
    reached: list[list[int]] = [[] for _ in rungs]
    cost = 0

    def next_turn() -> tuple[int, int]:
        for level in reversed(range(len(rungs) - 1)):
            ranked = sorted(reached[level], key=lambda i: scores[i, rungs[level] - 1])
            for trial in ranked[: len(ranked) // factor]:
                if trial not in reached[level + 1]:
                    return trial, level + 1
        return len(reached[0]), 0

    while True:
        trial, level = next_turn()
        price = rungs[level] - (rungs[level - 1] if level else 0)
        if trial == len(scores) or cost + price > budget:
            break
        reached[level].append(trial)
        cost += price
    top = max(level for level, trials in enumerate(reached) if trials)
    best = min(reached[top], key=lambda i: scores[i, rungs[top] - 1])
    return Halving(best, cost, [np.sort(trials) for trials in reached])


class Replay(NamedTuple):
    """Test scores ``(S,)`` of what each search chose, on average, and the cost in complete runs."""

    halving: np.ndarray
    asha: np.ndarray
    random: np.ndarray
    cost: float


def replay(
    curves: np.ndarray,
    test: np.ndarray,
    rungs: Sequence[int],
    rng: np.random.Generator,
    trials: int = 27,
    searches: int = 100,
) -> Replay:
    """Play three searches at equal cost on curves that were measured beforehand.

    ``curves`` ``(settings, S, T)`` are validation scores after moments 1 .. T of training, of which
    the rungs and the last are read; ``test`` ``(settings, S)`` is what a setting is worth after
    all T. Each search draws its settings anew: successive halving takes ``trials`` of them, ASHA
    and a random search of complete runs as many as its cost pays for (a fraction of a run is paid
    for by chance). The means are over ``searches`` searches.
    """
    settings, S, T = curves.shape
    out = np.empty((3, S, searches))
    for s in range(S):
        for i in range(searches):
            drawn = rng.permutation(settings)
            own = curves[drawn, s]
            halved = successive_halving(own[:trials], rungs)
            eager = asha(own, rungs, halved.cost)
            runs = max(1, int(halved.cost / T + rng.random()))
            complete = own[:runs, -1].argmin()
            out[:, s, i] = test[drawn[[halved.best, eager.best, complete]], s]
    halving, eagerly, randomly = out.mean(-1)
    return Replay(halving, eagerly, randomly, halved.cost / T)


def expected_maximum(k: int) -> float:
    """The mean of the largest of ``k`` independent standard normals.

    integral of x k phi(x) Phi(x)^(k-1) dx, the density of the largest order statistic.
    Raises ValueError for fewer than one.
    """
    if k < 1:
        raise ValueError(f"the largest of {k} numbers")
    return quad(lambda x: x * k * norm.pdf(x) * norm.cdf(x) ** (k - 1), -10, 10, limit=200)[0]
