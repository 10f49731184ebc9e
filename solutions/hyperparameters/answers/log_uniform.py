"""Answers to log_uniform, in NumPy."""

import numpy as np

from autograder.grading.answer import Answer


def log_uniform(low, high, size, rng):
    return np.exp(rng.uniform(np.log(low), np.log(high), size))


ANSWER = Answer(log_uniform)


@ANSWER.alternative
def log_uniform(low, high, size, rng):
    """Written with a power of the ratio."""
    return low * (high / low) ** rng.random(size)


@ANSWER.alternative
def log_uniform(low, high, size, rng):
    """Written to base 10."""
    a, b = np.log10(low), np.log10(high)
    return 10 ** (a + (b - a) * rng.uniform(size=size))


@ANSWER.alternative
def log_uniform(low, high, size, rng):
    """Written with scipy."""
    from scipy.stats import loguniform

    return loguniform(low, high).rvs(size=size, random_state=rng)


@ANSWER.alternative
def log_uniform(low, high, size, rng):
    """Written with a loop, in float32."""
    count = int(np.prod(size))
    span = np.log2(high) - np.log2(low)
    draws = [2.0 ** (np.log2(low) + span * rng.random()) for _ in range(count)]
    return np.clip(np.array(draws), low, high).astype(np.float32).reshape(size)


ANSWER.edited(
    "linear", "uniform on a linear scale",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))", "rng.uniform(low, high, size)"),
)
ANSWER.edited(
    "exponents", "the exponents returned, not the powers",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "rng.uniform(np.log10(low), np.log10(high), size)"),
)
ANSWER.edited(
    "mixed-bases", "natural logarithms, then powers of ten",
    ("np.exp(", "10 ** ("),
)
ANSWER.edited(
    "mixed-bases-e", "logarithms to base 10, then exp",
    ("np.log(", "np.log10("),
)
ANSWER.edited(
    "log-of-uniform", "the logarithm of uniform draws",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))", "np.log(rng.uniform(low, high, size))"),
)
ANSWER.edited(
    "normal", "normal draws around the middle of the range, on a log scale",
    ("rng.uniform(np.log(low), np.log(high), size)",
     "rng.normal((np.log(low) + np.log(high)) / 2, (np.log(high) - np.log(low)) / 4, size)"),
)
ANSWER.edited(
    "powers-of-ten", "whole powers of ten alone",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "10.0 ** rng.integers(np.round(np.log10(low)), np.round(np.log10(high)) + 1, size)"),
)
ANSWER.edited(
    "one-draw", "one draw, repeated",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "np.full(size, np.exp(rng.uniform(np.log(low), np.log(high))))"),
)
ANSWER.edited(
    "grid", "values at equal distances on a log scale, no draws",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "np.geomspace(low, high, int(np.prod(size))).reshape(size)"),
)
ANSWER.edited(
    "shuffled-grid", "a grid of equal distances on a log scale in random order, no draws: a single one is always low",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "rng.permutation(np.geomspace(low, high, int(np.prod(size)))).reshape(size)"),
)
ANSWER.edited(
    "own-generator", "NumPy's global generator instead of the one given",
    ("rng.uniform", "np.random.uniform"),
)
ANSWER.edited(
    "seeded-anew", "a generator seeded anew at each call",
    ("rng.uniform", "np.random.default_rng(0).uniform"),
)
ANSWER.edited(
    "squared", "a linear draw squared: small values are likelier, but not log-uniform",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "low + (high - low) * rng.uniform(0, 1, size) ** 2"),
)
ANSWER.edited(
    "roots-squared", "a linear draw between the roots of low and high, squared: more even, but not log-uniform",
    ("np.exp(rng.uniform(np.log(low), np.log(high), size))",
     "rng.uniform(low**0.5, high**0.5, size) ** 2"),
)
