"""Quadratic bowls of any dimension, aligned with the coordinate axes or turned at random."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lab.rules import Rule, State


class Bowls(NamedTuple):
    """``N`` losses w' H w / 2 with a start each: ``hessian`` (N, d, d), ``start`` (N, d)."""

    hessian: np.ndarray
    start: np.ndarray


def random_bowls(kappa: float, dim: int, count: int, *, turned: bool, seed: int = 0) -> Bowls:
    """``count`` bowls with curvatures spaced evenly in logarithm from 1 to ``kappa``.

    H = Q diag(1, ..., kappa) Q' with Q a random orthogonal matrix (the identity if not
    ``turned``), and a start Q u with u of length 1 in a random direction. The same ``seed`` gives
    the same u turned or not: seen from the bowl's own axes the two tasks are one and the same.
    """
    rng = np.random.default_rng(seed)
    q, r = np.linalg.qr(rng.standard_normal((count, dim, dim)))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]  # uniform over all turns
    u = rng.standard_normal((count, dim))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    if not turned:
        q = np.broadcast_to(np.eye(dim), q.shape)
    hessian = (q * np.geomspace(1.0, kappa, dim)) @ q.transpose(0, 2, 1)
    return Bowls(hessian, np.einsum("nij,nj->ni", q, u))


def steps_to_arrive(
    bowls: Bowls,
    rule: Rule,
    rates: ArrayLike,
    max_steps: int,
    *,
    near: float = 0.01,
    for_good: bool = False,
    **hyper: Any,
) -> np.ndarray:
    """Steps until each run is within ``near`` times its first distance from the minimum.

    Every rate runs on every bowl, side by side. Returns floats ``(rates, N)``, nan for a run that
    did not arrive in ``max_steps``. With ``for_good`` a run has arrived when it stays near until
    ``max_steps``; otherwise the first visit counts, and all runs end as soon as one rate has
    brought every bowl home, which leaves slower runs nan.
    """
    rates = np.asarray(rates, dtype=float)
    w = np.repeat(bowls.start[:, None, :], len(rates), axis=1)  # (N, rates, d)
    limit = near**2 * (w**2).sum(-1)
    arrived, last_far = np.full(w.shape[:2], np.nan), np.zeros(w.shape[:2])
    state: State = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(1, max_steps + 1):
            w = rule(w, w @ bowls.hessian, state, rates[:, None], **hyper)
            close = np.einsum("nrd,nrd->nr", w, w) <= limit
            if for_good:
                last_far[~close] = t
                continue
            arrived[close & np.isnan(arrived)] = t
            if not np.isnan(arrived).any(0).all():
                break
    if for_good:
        arrived = np.where(last_far < max_steps, last_far + 1, np.nan)
    return arrived.T


def quickest_rate(steps: np.ndarray) -> int:
    """The index of the rate that brings the slowest bowl home first, from ``(rates, N)`` steps.

    Raises ValueError when no rate has brought every bowl home.
    """
    slowest = np.where(np.isnan(steps), np.inf, steps).max(1)
    if np.isinf(slowest.min()):
        raise ValueError("no rate brought every bowl home: allow more steps or more rates")
    return int(slowest.argmin())
