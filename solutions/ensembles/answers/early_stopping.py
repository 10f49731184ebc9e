"""Answers to early_stopping: class EarlyStopping, in NumPy."""

import numpy as np

from autograder.grading.answer import Answer


class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience = patience
        self.min_delta = min_delta
        self.best_loss = np.inf
        self.best_weights = None
        self.bad = 0

    def update(self, loss, weights):
        if loss < self.best_loss - self.min_delta:
            self.best_loss = loss
            self.best_weights = {name: w.copy() for name, w in weights.items()}
            self.bad = 0
        else:
            self.bad += 1
        return self.bad >= self.patience


ANSWER = Answer(EarlyStopping)


@ANSWER.alternative
class EarlyStopping:
    """Written with all losses kept, and the number of the best check."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.losses, self.best = [], -1
        self.best_loss, self.best_weights = float("inf"), None

    def update(self, loss, weights):
        import copy

        self.losses.append(loss)
        if self.best_loss - loss > self.min_delta:
            self.best = len(self.losses) - 1
            self.best_loss = self.losses[self.best]
            self.best_weights = copy.deepcopy(weights)
        return len(self.losses) - 1 - self.best >= self.patience


@ANSWER.alternative
class EarlyStopping:
    """Written with patience that is used up, and a property."""

    def __init__(self, patience, min_delta=0):
        self.full = self.left = patience
        self.delta = min_delta
        self.kept = (np.inf, None)

    @property
    def best_loss(self):
        return self.kept[0]

    @property
    def best_weights(self):
        return self.kept[1]

    def update(self, loss, weights):
        self.left -= 1
        if not np.isnan(loss) and loss + self.delta < self.best_loss:
            self.kept = (loss, {k: np.array(v) for k, v in weights.items()})
            self.left = self.full
        return bool(self.left <= 0)


@ANSWER.alternative
class EarlyStopping:
    """Written with NumPy booleans, and a helper."""

    def __init__(self, patience, min_delta=0.0):
        self.patience = np.int64(patience)
        self.min_delta = np.float64(min_delta)
        self.best_loss = np.float64(np.inf)
        self.best_weights = None
        self.since = np.int64(0)

    def improves(self, loss):
        return np.isfinite(loss) and np.less(loss, self.best_loss - self.min_delta)

    def update(self, loss, weights):
        self.since += 1
        if self.improves(loss):
            self.since *= 0
            self.best_loss, self.best_weights = np.float64(loss), {}
            for name in weights:
                self.best_weights[name] = weights[name] * 1.0
        return self.since >= self.patience


@ANSWER.alternative
class EarlyStopping:
    """Written with an early return, and the weights packed away."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.history = patience, min_delta, []
        self.best_loss = float("inf")
        self.best_weights = None

    def update(self, loss, weights):
        import pickle

        better = loss < self.best_loss - self.min_delta
        self.history.append(better)
        if better:
            self.best_loss = float(loss)
            self.best_weights = pickle.loads(pickle.dumps(weights))
            return False
        if len(self.history) < self.patience:
            return False
        return not any(self.history[-self.patience :])


@ANSWER.alternative
class EarlyStopping:
    """Written with a threshold that is kept, and nan made infinite."""

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.strikes = patience, min_delta, 0
        self.best_loss, self.best_weights, self.threshold = np.inf, None, np.inf

    def update(self, loss, weights):
        loss = np.inf if np.isnan(loss) else loss
        self.strikes = 0 if loss < self.threshold else self.strikes + 1
        if self.strikes == 0:
            self.best_loss, self.threshold = loss, loss - self.min_delta
            self.best_weights = {name: 1 * w for name, w in weights.items()}
        return self.strikes >= self.patience


ANSWER.edited(
    "equal-counts", "an equal loss taken as an improvement",
    ("loss < self.best_loss", "loss <= self.best_loss"),
)
ANSWER.edited(
    "one-late", "one check too late: more than patience checks without improvement",
    ("self.bad >= self.patience", "self.bad > self.patience"),
)
ANSWER.edited(
    "no-copy", "no copy: the best weights are the dict that training goes on to change",
    ("{name: w.copy() for name, w in weights.items()}", "weights"),
)
ANSWER.edited(
    "shallow-copy", "a copy of the dict, but not of its arrays",
    ("{name: w.copy() for name, w in weights.items()}", "dict(weights)"),
)
ANSWER.edited(
    "one-early", "one check too early",
    ("self.bad >= self.patience", "self.bad >= self.patience - 1 and self.bad > 0"),
)
ANSWER.edited(
    "never-reset", "the count not set back to 0 by an improvement",
    ("            self.bad = 0\n", ""),
)
ANSWER.edited(
    "previous", "compared with the previous loss instead of the best",
    ("            self.bad = 0\n        else:\n",
     "            self.bad = 0\n        else:\n            self.best_loss = loss\n"),
)
ANSWER.edited(
    "higher-is-better", "the highest loss taken as the best",
    ("loss < self.best_loss - self.min_delta", "loss > self.best_loss + self.min_delta"),
    ("self.best_loss = np.inf", "self.best_loss = -np.inf"),
)
ANSWER.edited(
    "starts-at-0", "a best loss that starts at 0, which nothing beats",
    ("self.best_loss = np.inf", "self.best_loss = 0.0"),
)
ANSWER.edited(
    "no-min-delta", "min_delta not used",
    ("self.best_loss - self.min_delta", "self.best_loss"),
)
ANSWER.edited(
    "delta-added", "min_delta added: a loss that is a little worse counts as an improvement",
    ("self.best_loss - self.min_delta", "self.best_loss + self.min_delta"),
)
ANSWER.edited(
    "delta-relative", "min_delta taken as a share of the best loss",
    ("self.best_loss - self.min_delta", "self.best_loss * (1 - self.min_delta)"),
)
ANSWER.edited(
    "slow-progress", "the best loss lowered by improvements that are too small to count",
    ("            self.bad += 1\n",
     "            self.bad += 1\n            self.best_loss = min(self.best_loss, loss)\n"),
)
ANSWER.edited(
    "small-not-counted", "a stop as if too small an improvement did not count as a check without improvement",
    ("        else:\n            self.bad += 1",
     "        elif not loss < self.best_loss:\n            self.bad += 1"),
    observed=True,
)
ANSWER.edited(
    "small-resets", "a stop as if too small an improvement set the count back to 0",
    ("        else:\n            self.bad += 1",
     "        elif loss < self.best_loss:\n            self.bad = 0\n"
     "        else:\n            self.bad += 1"),
    observed=True,
)
ANSWER.edited(
    "small-kept", "the weights kept at any lower loss, even if min_delta says it is no improvement",
    ("            self.best_weights = {name: w.copy() for name, w in weights.items()}\n", ""),
    ("        if loss <",
     "        if loss < self.best_loss:\n"
     "            self.best_weights = {name: w.copy() for name, w in weights.items()}\n"
     "        if loss <"),
)
ANSWER.edited(
    "nan-improves", "nan taken as an improvement: not (loss >= best) is true for it",
    ("loss < self.best_loss - self.min_delta", "not (loss >= self.best_loss - self.min_delta)"),
)
ANSWER.edited(
    "nan-not-counted", "a stop as if checks with nan were not counted",
    ("            self.bad += 1\n", "            self.bad += not np.isnan(loss)\n"),
    observed=True,
)
ANSWER.edited(
    "nan-stops", "stopped at the first nan",
    ("self.bad >= self.patience", "self.bad >= self.patience or bool(np.isnan(loss))"),
)
ANSWER.edited(
    "last-weights", "the last weights kept instead of the best",
    ("        return self.bad",
     "        self.best_weights = {name: w.copy() for name, w in weights.items()}\n        return self.bad"),
)
ANSWER.edited(
    "first-weights", "the weights of the first check kept for good",
    ("            self.best_weights = {", "            self.best_weights = self.best_weights or {"),
)
ANSWER.edited(
    "returns-nothing", "None returned where the answer is False",
    ("        return self.bad >= self.patience", "        if self.bad >= self.patience:\n            return True"),
)
ANSWER.edited(
    "goes-on", "the answers exchanged: True to go on, False to stop",
    ("self.bad >= self.patience", "self.bad < self.patience"),
)
ANSWER.edited(
    "stays-stopped",
    "a stop that is never taken back: once True, update goes on saying so after an improvement",
    ("        return self.bad >= self.patience",
     "        self.stop = getattr(self, 'stop', False) or self.bad >= self.patience\n        return self.stop"),
)
ANSWER.edited(
    "anew-after-a-stop",
    "the count set back to 0 when it says True: only an improvement does that",
    ("        return self.bad >= self.patience",
     "        stop = self.bad >= self.patience\n        if stop:\n            self.bad = 0\n        return stop"),
)
ANSWER.edited(
    "counted-by-the-previous",
    "the count set back to 0 by a loss below the previous one, while the best is noted rightly",
    ("        self.bad = 0\n\n", "        self.bad = 0\n        self.last = np.inf\n\n"),
    ("            self.bad = 0\n        else:\n            self.bad += 1\n",
     "        self.bad = 0 if loss < self.last - self.min_delta else self.bad + 1\n        self.last = loss\n"),
)
ANSWER.edited(
    "better-than-the-previous",
    "compared with the loss before it, where the best so far is meant",
    ("        self.bad = 0\n\n", "        self.bad = 0\n        self.last = np.inf\n\n"),
    ("loss < self.best_loss - self.min_delta", "loss < self.last - self.min_delta"),
    ("        return self.bad >= self.patience",
     "        self.last = loss\n        return self.bad >= self.patience"),
)
