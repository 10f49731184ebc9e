"""Answers to random_search, in NumPy."""

import numpy as np

from autograder.grading.answer import Answer


def random_search(objective, space, trials, rng):
    best, best_loss = None, np.inf
    for _ in range(trials):
        config = {}
        for name, (low, high) in space.items():
            config[name] = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        loss = objective(config)
        if np.isnan(loss):
            loss = np.inf
        if best is None or loss < best_loss:
            best, best_loss = config, loss
    return best, best_loss


ANSWER = Answer(random_search)


@ANSWER.alternative
def random_search(objective, space, trials, rng):
    """Written with all draws at once."""
    u = rng.random((trials, len(space)))
    low, high = np.array(list(space.values())).T
    draws = low * (high / low) ** u
    configs = [dict(zip(space, row.tolist())) for row in draws]  # noqa: B905
    losses = np.array([objective(config) for config in configs])
    losses[np.isnan(losses)] = np.inf
    return configs[losses.argmin()], losses.min()


@ANSWER.alternative
def random_search(objective, space, trials, rng):
    """Written with a list of trials and min()."""

    def draw():
        return {n: 10 ** rng.uniform(np.log10(a), np.log10(b)) for n, (a, b) in space.items()}

    seen = []
    for trial in range(trials):
        config = draw()
        loss = float(objective(config))
        seen.append((loss if loss == loss else float("inf"), trial, config))
    loss, _, config = min(seen)
    return config, loss


@ANSWER.alternative
def random_search(objective, space, trials, rng):
    """Written with one column of draws a hyperparameter, and nan_to_num."""
    columns = {n: np.exp(rng.uniform(*np.log(bounds), size=trials)) for n, bounds in space.items()}
    losses = []
    for i in range(trials):
        losses.append(objective({n: column[i] for n, column in columns.items()}))
    losses = np.nan_to_num(np.asarray(losses, dtype=float), nan=np.inf, posinf=np.inf)
    i = int(np.argmin(losses))
    return {n: column[i] for n, column in columns.items()}, losses[i]


ANSWER.edited(
    "linear", "draws on a linear scale",
    ("float(np.exp(rng.uniform(np.log(low), np.log(high))))", "float(rng.uniform(low, high))"),
)
ANSWER.edited(
    "exponents", "the exponents drawn, not turned into powers",
    ("float(np.exp(rng.uniform(np.log(low), np.log(high))))",
     "float(rng.uniform(np.log10(low), np.log10(high)))"),
)
ANSWER.edited(
    "own-generator", "NumPy's global generator, or a new one, instead of the one given",
    ("rng.uniform", "np.random.uniform"),
)
ANSWER.edited(
    "seeded-anew", "a generator seeded anew in each search, the one given ignored",
    ("    best, best_loss = None", "    rng = np.random.default_rng(0)\n    best, best_loss = None"),
)
ANSWER.edited(
    "one-draw-for-all", "one draw shared by all hyperparameters: points on a diagonal",
    ("        config = {}\n", "        config, u = {}, rng.random()\n"),
    ("np.exp(rng.uniform(np.log(low), np.log(high)))", "low * (high / low) ** u"),
)
ANSWER.edited(
    "drawn-once", "drawn once, before the loop: the same configuration in every trial",
    ("    for _ in range(trials):\n        config = {}\n        for name, (low, high) in space.items():\n            config[",
     "    config = {}\n    for name, (low, high) in space.items():\n        config["),
    ("        loss = objective", "    for _ in range(trials):\n        loss = objective"),
)
ANSWER.edited(
    "largest", "the largest loss instead of the smallest",
    ("best_loss = None, np.inf", "best_loss = None, -np.inf"), ("loss < best_loss", "loss > best_loss"),
    ("            loss = np.inf", "            loss = -np.inf"),
)
ANSWER.edited(
    "last", "the last trial instead of the best",
    ("if best is None or loss < best_loss:", "if True:"),
)
ANSWER.edited(
    "overwritten", "one dict for all trials: the best configuration is overwritten by later ones",
    ("    best, best_loss = None, np.inf\n", "    best, best_loss = None, np.inf\n    config = {}\n"),
    ("        config = {}\n", ""),
)
ANSWER.edited(
    "nothing-kept", "no configuration returned if all trials diverge: none is below infinity",
    ("best, best_loss = None, np.inf", "best, best_loss = {}, np.inf"),
    ("best is None or loss < best_loss", "loss < best_loss"),
    observed=True,
)
ANSWER.edited(
    "nan-takes-over", "a trial that diverges takes the lead, since no comparison with nan holds",
    ("        if np.isnan(loss):\n            loss = np.inf\n", ""),
    ("loss < best_loss", "not loss >= best_loss"),
)
ANSWER.edited(
    "nan-first", "a diverged first trial is never beaten, since no loss is smaller than nan",
    ("        if np.isnan(loss):\n            loss = np.inf\n", ""),
)
ANSWER.edited(
    "nan-wins", "a trial that diverged counts as the best, with loss 0",
    ("            loss = np.inf\n", "            loss = 0.0\n"),
)
ANSWER.edited(
    "stops-at-nan", "the search ends at the first trial that diverges",
    ("            loss = np.inf\n", "            break\n"),
)
ANSWER.edited(
    "one-too-many", "one trial too many",
    ("range(trials)", "range(trials + 1)"),
)
ANSWER.edited(
    "one-too-few", "one trial too few",
    ("range(trials)", "range(1, trials)"),
)
ANSWER.edited(
    "asked-twice", "the objective asked twice a trial",
    ("best, best_loss = config, loss", "best, best_loss = config, objective(config)"),
)
ANSWER.edited(
    "trials-for-each", "one hyperparameter varied at a time, the others in the middle",
    ("        for name, (low, high) in space.items():\n",
     "        turn = list(space)[_ % len(space)]\n        for name, (low, high) in space.items():\n"),
    ("float(np.exp(rng.uniform(np.log(low), np.log(high))))",
     "float(np.exp(rng.uniform(np.log(low), np.log(high)))) if name == turn else float(np.sqrt(low * high))"),
)
ANSWER.edited(
    "smallest-with-nan",
    "nan taken for the smallest loss, wherever it comes: np.argmin and sorting find nan first",
    ("        if np.isnan(loss):\n            loss = np.inf\n", ""),
    ("loss < best_loss", "loss < best_loss or np.isnan(loss) > np.isnan(best_loss)"),
)
