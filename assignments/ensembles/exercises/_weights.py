"""What ``collect_snapshots`` and ``early_stopping`` share: weights that change during a run.

Both must keep copies. A run therefore changes its weights in one of three ways: ``new arrays`` in a
new dict, new arrays in the ``same dict``, or ``in place``.
"""

import numpy as np

Weights = dict[str, np.ndarray]


def changed(weights: Weights, new: Weights, how: str) -> Weights:
    """The weights after a change to ``new``, which is made in one of the three ways."""
    if how == "new arrays":
        return {name: w.copy() for name, w in new.items()}
    for name, w in new.items():
        if how == "in place":
            weights[name][...] = w
        else:
            weights[name] = w.copy()
    return weights
