"""How signals travel through a deep network at the start, for a given size of the weights."""

from collections.abc import Callable

import numpy as np

ACTIVATION: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0.0),
}


def signal_sizes(
    activation: str,
    std: Callable[[int, int], float],
    *,
    depth: int = 15,
    width: int = 128,
    inputs: int = 100,
    seeds: int = 10,
) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square of each layer's activations, and of the gradient that reaches it.

    ``activation`` is "tanh" or "relu"; ``std(fan_in, fan_out)`` the standard deviation of the
    Gaussian weights; biases are 0. The input is standard normal, and so is the gradient of the loss
    with respect to the last layer. Returns (forward, backward), each ``(seeds, depth + 1)``, layer 0
    being the input.
    """
    f = ACTIVATION[activation]
    forward, backward = np.empty((seeds, depth + 1)), np.empty((seeds, depth + 1))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        weights = [std(width, width) * rng.standard_normal((width, width)) for _ in range(depth)]
        h = [rng.standard_normal((inputs, width))]
        for w in weights:
            h.append(f(h[-1] @ w))
        g = rng.standard_normal((inputs, width))
        grads = [g]
        for w, out in zip(reversed(weights), reversed(h[1:]), strict=True):
            slope = 1 - out**2 if activation == "tanh" else (out > 0).astype(float)
            grads.append((grads[-1] * slope) @ w.T)
        forward[seed] = [np.sqrt(np.mean(a**2)) for a in h]
        backward[seed] = [np.sqrt(np.mean(a**2)) for a in reversed(grads)]
    return forward, backward


def xavier(fan_in: int, fan_out: int) -> float:
    """Glorot and Bengio's standard deviation sqrt(2 / (fan_in + fan_out)).

    https://proceedings.mlr.press/v9/glorot10a.html
    """
    return np.sqrt(2 / (fan_in + fan_out))


def he(fan_in: int, fan_out: int) -> float:
    """He et al.'s standard deviation sqrt(2 / fan_in). https://arxiv.org/abs/1502.01852"""
    return np.sqrt(2 / fan_in)
