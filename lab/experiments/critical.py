"""Where do searches for critical points end? Thousands of them, on the loss of a tiny network."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import grad, vmap

from lab.critical import CriticalPoints, find_critical_points
from lab.experiments import Experiment, records

SEARCHES = 800  # a seed
EXACT = 1e-9  # a critical point: its gradient is no longer
ASLEEP = 1e-4  # a sleeping unit: none of its weights is larger

_x = torch.linspace(-2, 2, 40, dtype=torch.float64)
_y = torch.sin(3 * _x)


@dataclass(frozen=True)
class Found:
    """The distinct critical points that searches ended in.

    ``loss`` ``(P,)``; ``negative`` ``(P,)``, the number of negative eigenvalues; ``asleep`` ``(P,)``,
    whether a unit sleeps; ``hits`` ``(seeds, P)``, how many searches of each seed ended there.
    """

    loss: np.ndarray
    negative: np.ndarray
    asleep: np.ndarray
    hits: np.ndarray


def tiny_network(w: Tensor) -> Tensor:
    """Squared loss of k tanh units with the weights ``w`` ``(3k,)``, with a little weight decay.

    1/(2n) sum_i (sum_j c_j tanh(a_j x_i + b_j) - sin 3 x_i)^2 + 10^-3 |w|^2 / 2
    """
    a, b, c = w.reshape(3, -1)
    error = torch.tanh(_x[:, None] * a + b) @ c - _y
    return 0.5 * (error**2).mean() + 0.5e-3 * (w @ w)


def search(units: int, seed: int, searches: int = SEARCHES) -> CriticalPoints:
    """Search from points on the way of many descents, each stopped at a random step."""
    generator = torch.Generator().manual_seed(seed)
    w = 2 * torch.randn(searches, 3 * units, generator=generator, dtype=torch.float64)
    stop = torch.randint(0, 200, (searches, 1), generator=generator)
    slope = vmap(grad(tiny_network))
    for t in range(200):
        w = torch.where(t < stop, w - 0.3 * slope(w), w)
    return find_critical_points(tiny_network, w, steps=80)


def count(ends: CriticalPoints) -> dict[str, float]:
    """How many searches ended in each critical point: "loss, negative eigenvalues, sleeping units".

    Mirror images of a point (units in another order, or with another sign) have its loss.
    """
    there = ends.gradient_norm < EXACT
    negative = (ends.eigenvalues[there] < 0).sum(1)
    asleep = (ends.w[there].unflatten(1, (3, -1)).abs().amax(1) < ASLEEP).sum(1)
    points = zip(ends.loss[there], negative, asleep, strict=True)
    return dict(Counter(f"{loss:.7f} {down} {sleeping}" for loss, down, sleeping in points))


def measure(setting: dict, seed: int) -> dict[str, float]:
    """The searches of one seed that ended in each critical point."""
    return count(search(setting["units"], seed))


def found(units: int) -> Found:
    """The points on record for a network of so many units; the searches of all its seeds."""
    rows = [r["measured"] for r in records("critical") if r["setting"]["units"] == units]
    points = sorted({point for row in rows for point in row})
    loss, negative, asleep = np.array([[float(word) for word in p.split()] for p in points]).T
    hits = np.array([[row.get(point, 0) for point in points] for row in rows], dtype=int)
    return Found(loss, negative.astype(int), asleep > 0, hits)


CRITICAL = Experiment(
    name="critical",
    settings=[{"units": units} for units in (1, 2, 3, 4)],
    seeds=32,
    measure=measure,
)
