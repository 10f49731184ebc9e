"""The data of ``overfits_small_sample``: inputs (count, FEATURES) and labels."""

import numpy as np

from ._small_networks import CLASSES, FEATURES

SAMPLE = 20  # the default that the text names
Data = tuple[np.ndarray, np.ndarray]


def at_random(rng: np.random.Generator, count: int = 60) -> Data:
    return rng.standard_normal((count, FEATURES)), rng.integers(CLASSES, size=count)


def clusters(rng: np.random.Generator, count: int = 60, center: float = 0.0) -> Data:
    """One class, one feature, on one side of the center; which, is drawn.

    Among the first 4 n examples each class has n.
    """
    y = np.concatenate([rng.permutation(CLASSES) for _ in range(count // CLASSES + 1)])[:count]
    x = center + 0.1 * rng.standard_normal((count, FEATURES))
    feature, side = rng.permutation(FEATURES), rng.choice([-3, 3], CLASSES)
    x[np.arange(count), feature[y]] += side[y]
    return x, y


def unbalanced(rng: np.random.Generator) -> Data:
    """Labels that a constant prediction fits better than an even one: all that a bias can learn."""
    x, y = at_random(rng)
    y[:SAMPLE] = rng.permutation(np.repeat(rng.permutation(CLASSES), (11, 4, 3, 2)))
    return x, y


def turned(data: Data) -> Data:
    """The last examples are the first with other labels: who learns those unlearns these."""
    x, y = data
    x[-SAMPLE:], y[-SAMPLE:] = x[:SAMPLE], (y[:SAMPLE] + 1) % CLASSES
    return x, y


def contradicted(data: Data, one: int, other: int) -> Data:
    """Two equal inputs with two labels."""
    x, y = data
    x[other], y[other] = x[one], (y[one] + 1) % CLASSES
    return x, y
