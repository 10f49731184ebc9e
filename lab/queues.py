"""Queues with several servers, simulated: who waits for whom."""

import heapq
from collections.abc import Sequence

import numpy as np


def served(arrivals: Sequence[float], seconds: Sequence[float], servers: int) -> np.ndarray:
    """When each is done, in the order of arrival: whoever came first is served first.

    ``arrivals`` are times, not falling; ``seconds`` is how long each takes, whichever of the equal
    servers it gets. With arrivals a_i and services s_i, the server that is free first, at time f,
    takes i from max(a_i, f) on. Raises ValueError for arrivals out of order.
    """
    if np.any(np.diff(arrivals) < 0):
        raise ValueError("arrivals must not fall")
    free = [0.0] * servers
    done = np.empty(len(arrivals))
    for i, (arrival, needed) in enumerate(zip(arrivals, seconds, strict=True)):
        done[i] = max(arrival, free[0]) + needed
        heapq.heapreplace(free, done[i])
    return done
