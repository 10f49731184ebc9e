"""Answers to narrow_range, in NumPy."""

import numpy as np

from autograder.grading.answer import Answer


def narrow_range(values, losses, keep, widen=2.0):
    finite = np.isfinite(losses)
    values, losses = values[finite], losses[finite]
    best = values[np.argsort(losses)[:keep]]
    return best.min() / widen, best.max() * widen


ANSWER = Answer(narrow_range)


@ANSWER.alternative
def narrow_range(values, losses, keep, widen=2.0):
    """Written with sorted pairs."""
    trials = sorted((loss, value) for value, loss in zip(values, losses) if np.isfinite(loss))  # noqa: B905
    best = [value for _, value in trials[:keep]]
    return min(best) / widen, max(best) * widen


@ANSWER.alternative
def narrow_range(values, losses, keep, widen=2.0):
    """Written with logarithms; nan counts as infinitely bad."""
    losses = np.where(np.isnan(losses), np.inf, losses)
    keep = min(keep, int(np.isfinite(losses).sum()))
    logs = np.log10(values[losses.argsort(kind="stable")][:keep])
    margin = np.log10(widen)
    return 10 ** (logs.min() - margin), 10 ** (logs.max() + margin)


@ANSWER.alternative
def narrow_range(values, losses, keep, widen=2.0):
    """Written with a loop that takes the best one, keep times."""
    left = {float(v): float(l) for v, l in zip(values, losses) if l == l and l < np.inf}  # noqa: B905, E741
    kept = []
    while left and len(kept) < keep:
        kept.append(min(left, key=left.get))
        del left[kept[-1]]
    return np.array([min(kept) / widen, max(kept) * widen])


ANSWER.edited(
    "worst-kept", "the worst trials kept instead of the best",
    ("np.argsort(losses)[:keep]", "np.argsort(-losses)[:keep]"),
)
ANSWER.edited(
    "not-sorted", "the first trials kept, not the best",
    ("np.argsort(losses)[:keep]", "np.arange(len(losses))[:keep]"),
)
ANSWER.edited(
    "one-too-few", "one trial too few kept",
    ("[:keep]", "[:max(keep - 1, 1)]"),
)
ANSWER.edited(
    "around-the-best", "the best trial alone, widened; keep ignored",
    ("[:keep]", "[:1]"),
)
ANSWER.edited(
    "nan-kept", "diverged trials kept",
    ("finite = np.isfinite(losses)", "finite = slice(None)"),
    ("np.argsort(losses)[:keep]", "np.argsort(np.nan_to_num(losses, nan=-np.inf))[:keep]"),
)
ANSWER.edited(
    "nan-last", "diverged trials sorted last, but kept when there are few others",
    ("finite = np.isfinite(losses)", "finite = slice(None)"),
)
ANSWER.edited(
    "inf-kept", "trials with an infinite loss kept: those with nan alone are left out",
    ("np.isfinite(losses)", "~np.isnan(losses)"),
)
ANSWER.edited(
    "not-widened", "the range not widened",
    ("best.min() / widen, best.max() * widen", "best.min(), best.max()"),
)
ANSWER.edited(
    "widened-above", "the range widened at its upper end alone",
    ("best.min() / widen", "best.min()"),
)
ANSWER.edited(
    "widened-linearly", "the range widened by adding and subtracting",
    ("best.min() / widen, best.max() * widen", "best.min() - widen, best.max() + widen"),
)
ANSWER.edited(
    "tightened", "multiplied and divided at the wrong ends: the range shrinks",
    ("best.min() / widen, best.max() * widen", "best.min() * widen, best.max() / widen"),
)
ANSWER.edited(
    "high-first", "low and high exchanged",
    ("best.min() / widen, best.max() * widen", "best.max() * widen, best.min() / widen"),
)
ANSWER.edited(
    "losses-returned", "the range of the losses instead of the values",
    ("best = values[", "best = losses["),
)
ANSWER.edited(
    "sorted-among-the-finite",
    "positions among the finite losses used for all values: leave the diverged trials out of both",
    ("    values, losses = values[finite], losses[finite]\n", "    losses = losses[finite]\n"),
)
ANSWER.edited(
    "best-and-last-kept",
    "the ends taken from the first and the last of the kept trials, in the order of their losses: they need not be the lowest and the highest",
    ("best.min() / widen, best.max() * widen", "best[0] / widen, best[-1] * widen"),
)
