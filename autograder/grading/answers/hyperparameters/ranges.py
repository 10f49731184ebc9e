"""Answers to expected_initial_loss, log_uniform, narrow_range and at_edge_of_range, in NumPy."""

import numpy as np

from autograder.grading.answers.base import Answer


def expected_initial_loss(num_classes, weights=(), reg=0.0):
    penalty = 0.0
    for w in weights:
        penalty += np.sum(w**2)
    return np.log(num_classes) + 0.5 * reg * penalty


INITIAL_LOSS = Answer(expected_initial_loss)


@INITIAL_LOSS.alternative
def expected_initial_loss(num_classes, weights=(), reg=0.0):
    """Written with a uniform prediction and norms."""
    p = np.full(num_classes, 1 / num_classes)
    return float(-np.log(p[0]) + reg / 2 * sum(np.linalg.norm(w.ravel()) ** 2 for w in weights))


@INITIAL_LOSS.alternative
def expected_initial_loss(num_classes, weights=None, reg=0.0):
    """Written with the math module and one long vector."""
    import math

    loss = math.log(num_classes)
    if weights:
        flat = np.concatenate([w.reshape(-1) for w in weights])
        loss += reg * float(flat @ flat) / 2
    return loss


@INITIAL_LOSS.alternative
def expected_initial_loss(num_classes, weights=(), reg=0.0):
    """Written with the softmax of zeros."""
    scores = np.zeros(num_classes)
    probabilities = np.exp(scores) / np.exp(scores).sum()
    total = sum((w * w).sum() for w in weights)
    return np.array(-np.log(probabilities).mean() + reg * total / 2)


INITIAL_LOSS.edited(
    "log2", "a logarithm to base 2",
    ("np.log(", "np.log2("),
)  # fmt: skip
INITIAL_LOSS.edited(
    "log10", "a logarithm to base 10",
    ("np.log(", "np.log10("),
)  # fmt: skip
INITIAL_LOSS.edited(
    "negative", "log(1 / C), which is negative",
    ("np.log(num_classes)", "np.log(1 / num_classes)"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "probability", "the probability 1 / C instead of minus its logarithm",
    ("np.log(num_classes)", "1 / num_classes"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "accuracy-of-chance", "1 - 1 / C, the error rate of guessing",
    ("np.log(num_classes)", "1 - 1 / num_classes"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "svm", "C - 1, the initial loss of a hinge loss",
    ("np.log(num_classes)", "num_classes - 1.0"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "no-half", "a penalty without the factor 1/2",
    ("0.5 * reg", "reg"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "penalty-forgotten", "the penalty left out",
    (" + 0.5 * reg * penalty", ""),
)  # fmt: skip
INITIAL_LOSS.edited(
    "last-layer", "the penalty of the last layer alone",
    ("penalty += np", "penalty = np"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "biases-skipped", "biases skipped: arrays of one dimension left out of the penalty",
    ("        penalty += np.sum(w**2)\n", "        if w.ndim > 1:\n            penalty += np.sum(w**2)\n"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "l1", "an L1 penalty: absolute values instead of squares",
    ("np.sum(w**2)", "np.sum(np.abs(w))"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "norm", "the norms themselves instead of their squares",
    ("np.sum(w**2)", "np.sqrt(np.sum(w**2))"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "mean-of-squares", "the mean of the squared weights instead of their sum",
    ("np.sum(w**2)", "np.mean(w**2)"),
)  # fmt: skip
INITIAL_LOSS.edited(
    "square-of-sum", "the square of the sum instead of the sum of the squares",
    ("np.sum(w**2)", "np.sum(w) ** 2"),
)  # fmt: skip


def log_uniform(low, high, size, rng):
    return np.exp(rng.uniform(np.log(low), np.log(high), size))


LOG_UNIFORM = Answer(log_uniform)


@LOG_UNIFORM.alternative
def log_uniform(low, high, size, rng):
    """Written with a power of the ratio."""
    return low * (high / low) ** rng.random(size)


@LOG_UNIFORM.alternative
def log_uniform(low, high, size, rng):
    """Written to base 10."""
    a, b = np.log10(low), np.log10(high)
    return 10 ** (a + (b - a) * rng.uniform(size=size))


@LOG_UNIFORM.alternative
def log_uniform(low, high, size, rng):
    """Written with scipy."""
    from scipy.stats import loguniform

    return loguniform(low, high).rvs(size=size, random_state=rng)


@LOG_UNIFORM.alternative
def log_uniform(low, high, size, rng):
    """Written with a loop, in float32."""
    count = int(np.prod(size))
    span = np.log2(high) - np.log2(low)
    draws = [2.0 ** (np.log2(low) + span * rng.random()) for _ in range(count)]
    return np.clip(np.array(draws), low, high).astype(np.float32).reshape(size)


LOG_UNIFORM.edited(
    "linear", "uniform on a linear scale",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))", "rng.uniform(low, high, size)"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "exponents", "the exponents returned, not the powers",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "rng.uniform(np.log10(low), np.log10(high), size)"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "mixed-bases", "natural logarithms, then powers of ten",
    ("np.exp(", "10 ** ("),
)  # fmt: skip
LOG_UNIFORM.edited(
    "mixed-bases-e", "logarithms to base 10, then exp",
    ("np.log(", "np.log10("),
)  # fmt: skip
LOG_UNIFORM.edited(
    "log-of-uniform", "the logarithm of uniform draws",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))", "np.log(rng.uniform(low, high, size))"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "normal", "normal draws around the middle of the range, on a log scale",
    ("rng.uniform(np.log(low), np.log(high), size)",
     "rng.normal((np.log(low) + np.log(high)) / 2, (np.log(high) - np.log(low)) / 4, size)"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "powers-of-ten", "whole powers of ten alone",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "10.0 ** rng.integers(np.round(np.log10(low)), np.round(np.log10(high)) + 1, size)"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "one-draw", "one draw, repeated",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "np.full(size, np.exp(rng.uniform(np.log(low), np.log(high))))"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "grid", "values at equal distances on a log scale, no draws",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "np.geomspace(low, high, int(np.prod(size))).reshape(size)"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "own-generator", "NumPy's global generator instead of the one given",
    ("rng.uniform", "np.random.uniform"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "seeded-anew", "a generator seeded anew at each call",
    ("rng.uniform", "np.random.default_rng(0).uniform"),
)  # fmt: skip
LOG_UNIFORM.edited(
    "squared", "a linear draw squared: small values are likelier, but not log-uniform",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "low + (high - low) * rng.uniform(0, 1, size) ** 2"),
)  # fmt: skip


def narrow_range(values, losses, keep, widen=2.0):
    finite = np.isfinite(losses)
    values, losses = values[finite], losses[finite]
    best = values[np.argsort(losses)[:keep]]
    return best.min() / widen, best.max() * widen


NARROW_RANGE = Answer(narrow_range)


@NARROW_RANGE.alternative
def narrow_range(values, losses, keep, widen=2.0):
    """Written with sorted pairs."""
    trials = sorted((loss, value) for value, loss in zip(values, losses) if np.isfinite(loss))  # noqa: B905
    best = [value for _, value in trials[:keep]]
    return min(best) / widen, max(best) * widen


@NARROW_RANGE.alternative
def narrow_range(values, losses, keep, widen=2.0):
    """Written with logarithms; nan counts as infinitely bad."""
    losses = np.where(np.isnan(losses), np.inf, losses)
    keep = min(keep, int(np.isfinite(losses).sum()))
    logs = np.log10(values[losses.argsort(kind="stable")][:keep])
    margin = np.log10(widen)
    return 10 ** (logs.min() - margin), 10 ** (logs.max() + margin)


@NARROW_RANGE.alternative
def narrow_range(values, losses, keep, widen=2.0):
    """Written with a loop that takes the best one, keep times."""
    left = {float(v): float(l) for v, l in zip(values, losses) if l == l and l < np.inf}  # noqa: B905, E741
    kept = []
    while left and len(kept) < keep:
        kept.append(min(left, key=left.get))
        del left[kept[-1]]
    return np.array([min(kept) / widen, max(kept) * widen])


NARROW_RANGE.edited(
    "worst-kept", "the worst trials kept instead of the best",
    ("np.argsort(losses)[:keep]", "np.argsort(-losses)[:keep]"),
)  # fmt: skip
NARROW_RANGE.edited(
    "not-sorted", "the first trials kept, not the best",
    ("np.argsort(losses)[:keep]", "np.arange(len(losses))[:keep]"),
)  # fmt: skip
NARROW_RANGE.edited(
    "one-too-few", "one trial too few kept",
    ("[:keep]", "[:max(keep - 1, 1)]"),
)  # fmt: skip
NARROW_RANGE.edited(
    "around-the-best", "the best trial alone, widened; keep ignored",
    ("[:keep]", "[:1]"),
)  # fmt: skip
NARROW_RANGE.edited(
    "nan-kept", "diverged trials kept",
    ("finite = np.isfinite(losses)", "finite = slice(None)"),
    ("np.argsort(losses)[:keep]", "np.argsort(np.nan_to_num(losses, nan=-np.inf))[:keep]"),
)  # fmt: skip
NARROW_RANGE.edited(
    "nan-last", "diverged trials sorted last, but kept when there are few others",
    ("finite = np.isfinite(losses)", "finite = slice(None)"),
)  # fmt: skip
NARROW_RANGE.edited(
    "inf-kept", "trials with an infinite loss kept: those with nan alone are left out",
    ("np.isfinite(losses)", "~np.isnan(losses)"),
)  # fmt: skip
NARROW_RANGE.edited(
    "not-widened", "the range not widened",
    ("best.min() / widen, best.max() * widen", "best.min(), best.max()"),
)  # fmt: skip
NARROW_RANGE.edited(
    "widened-above", "the range widened at its upper end alone",
    ("best.min() / widen", "best.min()"),
)  # fmt: skip
NARROW_RANGE.edited(
    "widened-linearly", "the range widened by adding and subtracting",
    ("best.min() / widen, best.max() * widen", "best.min() - widen, best.max() + widen"),
)  # fmt: skip
NARROW_RANGE.edited(
    "tightened", "multiplied and divided at the wrong ends: the range shrinks",
    ("best.min() / widen, best.max() * widen", "best.min() * widen, best.max() / widen"),
)  # fmt: skip
NARROW_RANGE.edited(
    "high-first", "low and high exchanged",
    ("best.min() / widen, best.max() * widen", "best.max() * widen, best.min() / widen"),
)  # fmt: skip
NARROW_RANGE.edited(
    "losses-returned", "the range of the losses instead of the values",
    ("best = values[", "best = losses["),
)  # fmt: skip


def at_edge_of_range(best, low, high, fraction=0.1):
    where = np.log(best / low) / np.log(high / low)
    if where < fraction:
        return "low"
    if where > 1 - fraction:
        return "high"
    return None


AT_EDGE = Answer(at_edge_of_range)


@AT_EDGE.alternative
def at_edge_of_range(best, low, high, fraction=0.1):
    """Written with limits on the values."""
    ratio = (high / low) ** fraction
    if best <= low * ratio:
        return "low"
    return "high" if best >= high / ratio else None


@AT_EDGE.alternative
def at_edge_of_range(best, low, high, fraction=0.1):
    """Written with the math module, to base 10."""
    from math import log10

    span = log10(high) - log10(low)
    if log10(best) - log10(low) < fraction * span:
        return "low"
    elif log10(high) - log10(best) < fraction * span:
        return "high"


@AT_EDGE.alternative
def at_edge_of_range(best, low, high, fraction=0.1):
    """Written with interpolation and a lookup."""
    position = np.interp(np.log2(best), np.log2([low, high]), [0.0, 1.0])
    return {(True, False): "low", (False, True): "high"}.get(
        (bool(position < fraction), bool(position > 1 - fraction))
    )


AT_EDGE.edited(
    "linear", "the position in the range measured on a linear scale",
    ("np.log(best / low) / np.log(high / low)", "(best - low) / (high - low)"),
)  # fmt: skip
AT_EDGE.edited(
    "exchanged", "low and high exchanged",
    ('"low"', '"LOW"'), ('"high"', '"low"'), ('"LOW"', '"high"'),
)  # fmt: skip
AT_EDGE.edited(
    "true", "True at an edge instead of which one",
    ('"low"', "True"), ('"high"', "True"),
)  # fmt: skip
AT_EDGE.edited(
    "low-alone", "the low edge alone tested",
    ('        return "high"', "        return None"),
)  # fmt: skip
AT_EDGE.edited(
    "high-alone", "the high edge alone tested",
    ('        return "low"', "        return None"),
)  # fmt: skip
AT_EDGE.edited(
    "fraction-ignored", "a tenth, whatever the fraction",
    ("    where =", "    fraction = 0.1\n    where ="),
)  # fmt: skip
AT_EDGE.edited(
    "half-the-fraction", "half of the fraction at each end",
    ("    where =", "    fraction = fraction / 2\n    where ="),
)  # fmt: skip
AT_EDGE.edited(
    "exactly-the-end", "only the very ends of the range count",
    ("where < fraction", "where <= 0"), ("where > 1 - fraction", "where >= 1"),
)  # fmt: skip
AT_EDGE.edited(
    "of-the-value", "a fraction of the value instead of the range",
    ("where < fraction", "best < low * (1 + fraction)"),
    ("where > 1 - fraction", "best > high * (1 - fraction)"),
)  # fmt: skip
AT_EDGE.edited(
    "no-word-inside", "the word 'inside' instead of None",
    ("return None", 'return "inside"'),
)  # fmt: skip
