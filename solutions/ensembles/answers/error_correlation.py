"""Answers to error_correlation, in NumPy."""

import math

import numpy as np
import torch

from autograder.grading.answer import Answer


def error_correlation(wrong):
    errors = wrong.astype(float)
    errors = errors - errors.mean(axis=1, keepdims=True)
    covariance = errors @ errors.T / wrong.shape[1]
    sd = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore"):
        correlation = covariance / np.outer(sd, sd)
    np.fill_diagonal(correlation, 1.0)
    return correlation


ANSWER = Answer(error_correlation)


@ANSWER.alternative
def error_correlation(wrong):
    """Written with np.corrcoef."""
    with np.errstate(all="ignore"):
        r = np.atleast_2d(np.corrcoef(wrong))
    r[np.arange(len(r)), np.arange(len(r))] = 1
    return r


@ANSWER.alternative
def error_correlation(wrong):
    """Written with the correlation of being right, which is the same, and np.cov."""
    right = (~wrong).astype(np.float64)
    cov = np.cov(right, bias=True).reshape(len(right), len(right))
    var = np.diagonal(cov)
    r = cov / np.sqrt(var[:, None] * var[None, :])
    return np.where(np.eye(len(r), dtype=bool), 1.0, r)


@ANSWER.alternative
def error_correlation(wrong):
    """Written with loops and counts of examples."""
    members, n = wrong.shape
    result = [[math.nan] * members for _ in range(members)]
    for i in range(members):
        for j in range(members):
            a, b, both = wrong[i].mean(), wrong[j].mean(), (wrong[i] & wrong[j]).mean()
            spread = math.sqrt(a * (1 - a) * b * (1 - b))
            if i == j:
                result[i][j] = 1.0
            elif spread > 0:
                result[i][j] = (both - a * b) / spread
    return np.array(result)


@ANSWER.alternative
def error_correlation(wrong):
    """Written with standard scores, in float32."""
    x = np.asarray(wrong, dtype=np.float32)
    z = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    r = np.einsum("in,jn->ij", z, z) / z.shape[1]
    for i in range(len(r)):
        r[i, i] = 1
    return r


@ANSWER.alternative
def error_correlation(wrong):
    """Written with torch."""
    r = torch.corrcoef(torch.from_numpy(np.asarray(wrong)).double())
    return r.reshape(len(wrong), len(wrong)).fill_diagonal_(1).numpy()


ANSWER.edited(
    "covariance", "the covariance instead of the correlation",
    ("correlation = covariance / np.outer(sd, sd)", "return covariance"),
)
ANSWER.edited(
    "agreement", "the share of the examples on which two members agree",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    return (wrong[:, None] == wrong[None]).mean(axis=2)\n"),
)
ANSWER.edited(
    "both-wrong", "the share of the examples on which both members are wrong",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    return errors @ errors.T / wrong.shape[1]\n"),
)
ANSWER.edited(
    "not-centered", "means not subtracted: the cosine between the indicators",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n", ""),
)
ANSWER.edited(
    "jaccard", "the examples that both get wrong, out of those that either gets wrong",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    both = errors @ errors.T\n"
     "    return both / (errors.sum(1)[:, None] + errors.sum(1)[None] - both)\n"),
)
ANSWER.edited(
    "conditional", "the share of one member's errors that the other makes too",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    return errors @ errors.T / errors.sum(axis=1, keepdims=True)\n"),
)
ANSWER.edited(
    "examples", "the correlation between examples instead of members",
    ("    errors = wrong.astype(float)\n", "    wrong = wrong.T\n    errors = wrong.astype(float)\n"),
)
ANSWER.edited(
    "zero", "0 for a member whose errors do not vary",
    ("    np.fill_diagonal(", "    correlation = np.nan_to_num(correlation)\n    np.fill_diagonal("),
)
ANSWER.edited(
    "diagonal", "nan on the diagonal, for a member whose errors do not vary",
    ("    np.fill_diagonal(correlation, 1.0)\n", ""),
)
ANSWER.edited(
    "single-number", "np.corrcoef as it stands, which gives no matrix for a single member",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n", "    return np.corrcoef(errors)\n"),
)
ANSWER.edited(
    "mixed-divisors", "a covariance over N - 1 divided by standard deviations over N",
    ("/ wrong.shape[1]\n    sd = np.sqrt(np.diag(covariance))",
     "/ (wrong.shape[1] - 1)\n    sd = errors.std(axis=1)"),
)
ANSWER.edited(
    "not-the-root", "variances in the denominator instead of standard deviations",
    ("np.sqrt(np.diag(covariance))", "np.diag(covariance)"),
)
ANSWER.edited(
    "absolute", "the sign lost: absolute values or squares of the correlations",
    ("    np.fill_diagonal(", "    correlation = np.abs(correlation)\n    np.fill_diagonal("),
)
