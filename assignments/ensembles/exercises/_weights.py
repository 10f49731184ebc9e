"""What ``collect_snapshots`` and ``early_stopping`` share: weights that change during a run.

Both must keep copies. A run therefore changes its weights in one of three ways, which a case names.
"""

from collections.abc import Callable

import numpy as np

Weights = dict[str, np.ndarray]
Change = Callable[[Weights, Weights], Weights]  # of weights to new ones: what they are then


def in_new_arrays(weights: Weights, new: Weights) -> Weights:
    """New arrays in a new dict."""
    return {name: w.copy() for name, w in new.items()}


def in_the_same_dict(weights: Weights, new: Weights) -> Weights:
    """New arrays, put into the dict."""
    weights.update(in_new_arrays(weights, new))
    return weights


def in_place(weights: Weights, new: Weights) -> Weights:
    """The arrays themselves get other numbers."""
    for name, w in new.items():
        weights[name][...] = w
    return weights


WAYS: dict[str, Change] = {
    "new arrays": in_new_arrays,
    "same dict": in_the_same_dict,
    "in place": in_place,
}
