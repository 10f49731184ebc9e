"""The simulated queue against closed forms: Erlang's waiting times, and a line with nothing random."""

import math

import numpy as np
import pytest

from lab.queues import served


def erlang_wait(load: float, servers: int) -> float:
    """Mean wait in units of the mean service, for arrivals and services without memory (M/M/c)."""
    above = load**servers / math.factorial(servers) * servers / (servers - load)
    below = sum(load**k / math.factorial(k) for k in range(servers))
    return above / (below + above) / (servers - load)


@pytest.mark.parametrize(("load", "servers"), [(0.5, 1), (1.6, 2), (6.0, 8)])
def test_the_mean_wait_is_erlangs(load, servers):
    rng = np.random.default_rng(0)
    waits = []
    for _ in range(20):
        arrivals = np.cumsum(rng.exponential(1 / load, 20_000))
        seconds = rng.exponential(1.0, 20_000)
        waits.append(np.mean(served(arrivals, seconds, servers) - arrivals - seconds))
    error = np.std(waits, ddof=1) / math.sqrt(len(waits))
    assert abs(np.mean(waits) - erlang_wait(load, servers)) < 4 * error


def test_what_comes_at_once_is_shared_out():
    assert served([0.0] * 6, [2.0] * 6, 3).tolist() == [2, 2, 2, 4, 4, 4]
    assert served([0.0, 0.0, 1.0], [5.0, 1.0, 1.0], 2).tolist() == [5, 1, 2]
    assert served([], [], 2).size == 0
    with pytest.raises(ValueError, match="must not fall"):
        served([1.0, 0.0], [1.0, 1.0], 1)
