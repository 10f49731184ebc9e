"""Early stopping: end a training run when a score on validation data no longer improves."""

from math import inf


class EarlyStopping:
    """Remember the best score (lower is better); stop after ``patience`` checks without a better one.

    Checks count from 0. ``best_check`` is the first check that had the best score so far.
    """

    def __init__(self, patience: int):
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
