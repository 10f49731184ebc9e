"""Answers to expected_initial_loss, in NumPy."""

import math

import numpy as np

from autograder.grading.answer import Answer


def expected_initial_loss(num_classes, weights=(), reg=0.0):
    penalty = 0.0
    for w in weights:
        penalty += np.sum(w**2)
    return np.log(num_classes) + 0.5 * reg * penalty


ANSWER = Answer(expected_initial_loss)


@ANSWER.alternative
def expected_initial_loss(num_classes, weights=(), reg=0.0):
    """Written with a uniform prediction and norms."""
    p = np.full(num_classes, 1 / num_classes)
    return float(-np.log(p[0]) + reg / 2 * sum(np.linalg.norm(w.ravel()) ** 2 for w in weights))


@ANSWER.alternative
def expected_initial_loss(num_classes, weights=None, reg=0.0):
    """Written with the math module and one long vector."""
    loss = math.log(num_classes)
    if weights:
        flat = np.concatenate([w.reshape(-1) for w in weights])
        loss += reg * float(flat @ flat) / 2
    return loss


@ANSWER.alternative
def expected_initial_loss(num_classes, weights=(), reg=0.0):
    """Written with the softmax of zeros."""
    scores = np.zeros(num_classes)
    probabilities = np.exp(scores) / np.exp(scores).sum()
    total = sum((w * w).sum() for w in weights)
    return np.array(-np.log(probabilities).mean() + reg * total / 2)


ANSWER.edited(
    "log2", "a logarithm to base 2",
    ("np.log(", "np.log2("),
)
ANSWER.edited(
    "log10", "a logarithm to base 10",
    ("np.log(", "np.log10("),
)
ANSWER.edited(
    "negative", "log(1 / C), which is negative",
    ("np.log(num_classes)", "np.log(1 / num_classes)"),
)
ANSWER.edited(
    "probability", "the probability 1 / C instead of minus its logarithm",
    ("np.log(num_classes)", "1 / num_classes"),
)
ANSWER.edited(
    "accuracy-of-chance", "1 - 1 / C, the error rate of guessing",
    ("np.log(num_classes)", "1 - 1 / num_classes"),
)
ANSWER.edited(
    "svm", "C - 1, the initial loss of a hinge loss",
    ("np.log(num_classes)", "num_classes - 1.0"),
)
ANSWER.edited(
    "no-half", "a penalty without the factor 1/2",
    ("0.5 * reg", "reg"),
)
ANSWER.edited(
    "penalty-forgotten", "the penalty left out",
    (" + 0.5 * reg * penalty", ""),
)
ANSWER.edited(
    "last-layer", "the penalty of the last layer alone",
    ("penalty += np", "penalty = np"),
)
ANSWER.edited(
    "biases-skipped", "biases skipped: arrays of one dimension left out of the penalty",
    ("        penalty += np.sum(w**2)\n", "        if w.ndim > 1:\n            penalty += np.sum(w**2)\n"),
)
ANSWER.edited(
    "l1", "an L1 penalty: absolute values instead of squares",
    ("np.sum(w**2)", "np.sum(np.abs(w))"),
)
ANSWER.edited(
    "norm", "the norms themselves instead of their squares",
    ("np.sum(w**2)", "np.sqrt(np.sum(w**2))"),
)
ANSWER.edited(
    "mean-of-squares", "the mean of the squared weights instead of their sum",
    ("np.sum(w**2)", "np.mean(w**2)"),
)
ANSWER.edited(
    "square-of-sum", "the square of the sum instead of the sum of the squares",
    ("np.sum(w**2)", "np.sum(w) ** 2"),
)
