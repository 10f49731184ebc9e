"""A problem whose inputs are rare: logistic regression on fresh examples, many runs side by side."""

from collections.abc import Sequence

import numpy as np

from lab.rules import Rule, State


def logistic(
    rule: Rule,
    rates: Sequence[float],
    frequency: np.ndarray,
    seeds: int = 16,
    steps: int = 2000,
    batch: int = 8,
) -> np.ndarray:
    """Train with a rule of ``lab.rules``; the excess loss over the best possible, (rates, seeds).

    Input i is 1 with probability ``frequency[i]``, otherwise 0; labels are drawn from a logistic
    model whose weights are twice standard normal, others for each seed. Each step sees ``batch`` fresh
    examples, the same for all rates. The excess is the mean over 2,000 inputs of the
    Kullback-Leibler divergence from the true model: no label is drawn to measure it.
    """
    rng = np.random.default_rng(0)
    size = len(frequency)
    truth = 2 * rng.standard_normal((seeds, 1, size))
    w = np.zeros((seeds, len(rates), size))
    state: State = {}
    for _ in range(steps):
        x = (rng.random((seeds, batch, size)) < frequency).astype(float)
        y = rng.random((seeds, 1, batch)) < 1 / (1 + np.exp(-(truth @ x.mT)))
        g = (1 / (1 + np.exp(-(w @ x.mT))) - y) @ x / batch
        w = rule(w, g, state, np.asarray(rates)[:, None])
    x = (rng.random((2000, size)) < frequency).astype(float)
    z, best = w @ x.T, truth @ x.T
    p = 1 / (1 + np.exp(-best))
    loss = np.logaddexp(0, z) - p * z - (np.logaddexp(0, best) - p * best)
    return loss.mean(-1).T
