"""One harness for every rule: follow an update rule down a loss and keep the path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lab.rules import Rule, State


def descend(
    grad: Callable[[np.ndarray], np.ndarray],
    start: ArrayLike,
    rule: Rule,
    steps: int,
    lr: ArrayLike | Callable[[int], ArrayLike],
    *,
    noise: float = 0.0,
    seed: int = 0,
    **hyper: Any,
) -> np.ndarray:
    """Apply ``rule`` for ``steps`` steps from ``start`` and return every point visited.

    ``grad`` maps points ``(..., d)`` to gradients of the same shape; ``start`` is one point
    ``(d,)`` or a batch ``(..., d)`` that descends side by side. ``noise`` is the standard
    deviation of Gaussian noise added to each gradient entry, drawn from ``seed``. ``lr`` is a
    number, or a function of the step number (from 0) that returns one. Further keywords go to the
    rule. Returns an array ``(steps + 1, ..., d)``; a run that diverges holds inf or nan from there
    on.
    """
    rng = np.random.default_rng(seed)
    rate = lr if callable(lr) else lambda t: lr
    w = np.array(start, dtype=float)
    state: State = {}
    path = [w]
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            g = grad(w)
            if noise:
                g = g + noise * rng.standard_normal(w.shape)
            w = rule(w, g, state, rate(t), **hyper)
            path.append(w)
    return np.stack(path)


def steps_to_reach(values: ArrayLike, target: float) -> np.ndarray:
    """The first index at which ``values`` falls to ``target`` or below and stays there.

    ``values`` has time on its first axis, ``(T, ...)``; returns floats ``(...)``, nan where the
    target is never reached for good.
    """
    below = np.asarray(values) <= target
    stays = np.flip(np.logical_and.accumulate(np.flip(below, 0), 0), 0)
    return np.where(stays.any(0), stays.argmax(0).astype(float), np.nan)


def detour(path: np.ndarray) -> np.ndarray:
    """The length of a path ``(T, ..., d)`` divided by the distance between its ends: ``(...)``."""
    walked = np.linalg.norm(np.diff(path, axis=0), axis=-1).sum(0)
    return walked / np.linalg.norm(path[-1] - path[0], axis=-1)
