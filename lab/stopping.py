"""Early stopping: end a training run when a score on validation data no longer improves."""

from math import inf

import numpy as np
from numpy.typing import ArrayLike


class EarlyStopping:
    """Remember the best score (lower is better); stop after ``patience`` checks without a better one.

    Checks count from 0. ``best_check`` is the first check that had the best score so far.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.checks, self.best, self.best_check = 0, inf, 0

    def is_best(self, score: float) -> bool:
        """Note the score of the next check; is it the best so far? (nan never is.)"""
        self.checks += 1
        if not score < self.best:
            return False
        self.best, self.best_check = score, self.checks - 1
        return True

    @property
    def stop(self) -> bool:
        return self.checks - 1 - self.best_check >= self.patience


def stops(scores: ArrayLike, patience: int) -> tuple[np.ndarray, np.ndarray]:
    """The check whose weights are kept, and the last check made, of each curve.

    ``scores`` are ``(..., checks)``, lower is better; both results ``(...)``. A run that never
    stops makes all checks.
    """
    scores = np.asarray(scores)
    kept, last = (np.empty(scores.shape[:-1], int) for _ in range(2))
    for i in np.ndindex(kept.shape):
        stopper = EarlyStopping(patience)
        for score in scores[i]:
            stopper.is_best(score)
            if stopper.stop:
                break
        kept[i], last[i] = stopper.best_check, stopper.checks - 1
    return kept, last
