"""Answers to at_edge_of_range, in NumPy."""

import numpy as np

from autograder.grading.answer import Answer


def at_edge_of_range(best, low, high, fraction=0.1):
    where = np.log(best / low) / np.log(high / low)
    if where < fraction:
        return "low"
    if where > 1 - fraction:
        return "high"
    return None


ANSWER = Answer(at_edge_of_range)


@ANSWER.alternative
def at_edge_of_range(best, low, high, fraction=0.1):
    """Written with limits on the values."""
    ratio = (high / low) ** fraction
    if best <= low * ratio:
        return "low"
    return "high" if best >= high / ratio else None


@ANSWER.alternative
def at_edge_of_range(best, low, high, fraction=0.1):
    """Written with the math module, to base 10."""
    from math import log10

    span = log10(high) - log10(low)
    if log10(best) - log10(low) < fraction * span:
        return "low"
    elif log10(high) - log10(best) < fraction * span:
        return "high"


@ANSWER.alternative
def at_edge_of_range(best, low, high, fraction=0.1):
    """Written with interpolation and a lookup."""
    position = np.interp(np.log2(best), np.log2([low, high]), [0.0, 1.0])
    return {(True, False): "low", (False, True): "high"}.get(
        (bool(position < fraction), bool(position > 1 - fraction))
    )


ANSWER.edited(
    "linear", "the position in the range measured on a linear scale",
    ("np.log(best / low) / np.log(high / low)", "(best - low) / (high - low)"),
)
ANSWER.edited(
    "exchanged", "low and high exchanged",
    ('"low"', '"LOW"'), ('"high"', '"low"'), ('"LOW"', '"high"'),
)
ANSWER.edited(
    "true", "True at an edge instead of which one",
    ('"low"', "True"), ('"high"', "True"),
)
ANSWER.edited(
    "low-alone", "the low edge alone tested",
    ('        return "high"', "        return None"),
)
ANSWER.edited(
    "high-alone", "the high edge alone tested",
    ('        return "low"', "        return None"),
)
ANSWER.edited(
    "fraction-ignored", "a tenth, whatever the fraction",
    ("    where =", "    fraction = 0.1\n    where ="),
)
ANSWER.edited(
    "half-the-fraction", "half of the fraction at each end",
    ("    where =", "    fraction = fraction / 2\n    where ="),
)
ANSWER.edited(
    "exactly-the-end", "only the very ends of the range count",
    ("where < fraction", "where <= 0"), ("where > 1 - fraction", "where >= 1"),
)
ANSWER.edited(
    "of-the-value", "a fraction of the value instead of the range",
    ("where < fraction", "best < low * (1 + fraction)"),
    ("where > 1 - fraction", "best > high * (1 - fraction)"),
)
ANSWER.edited(
    "no-word-inside", "the word 'inside' instead of None",
    ("return None", 'return "inside"'),
)
