"""Answers to average_predictions and error_correlation, in NumPy."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer


def average_predictions(logits):
    shifted = logits - logits.max(axis=2, keepdims=True)
    p = np.exp(shifted)
    p = p / p.sum(axis=2, keepdims=True)
    return p.mean(axis=0)


AVERAGE = Answer(average_predictions)


@AVERAGE.alternative
def average_predictions(logits):
    """Written with a loop over the members."""
    members, n, classes = logits.shape
    total = np.zeros((n, classes))
    for m in range(members):
        z = np.exp(logits[m] - np.max(logits[m], axis=1)[:, None])
        total += z / np.sum(z, axis=1)[:, None]
    return total / members


@AVERAGE.alternative
def average_predictions(logits):
    """Written with scipy."""
    from scipy.special import softmax

    return np.mean(softmax(logits, axis=-1), axis=0)


@AVERAGE.alternative
def average_predictions(logits):
    """Written with torch."""
    return torch.softmax(torch.from_numpy(logits), dim=-1).mean(dim=0).numpy()


@AVERAGE.alternative
def average_predictions(logits):
    """Written with logarithms of probabilities, in place on a copy."""
    z = np.array(logits, dtype=np.float64)
    z -= z.max(-1, keepdims=True)
    z -= np.log(np.exp(z).sum(-1, keepdims=True))
    return np.einsum("mnc->nc", np.exp(z)) / len(z)


@AVERAGE.alternative
def average_predictions(logits):
    """Written with loops over members and examples, in float32 if the logits are."""

    def softmax(row):
        e = np.exp(row - row.max())
        return e / e.sum()

    return np.array(
        [np.mean([softmax(member[i]) for member in logits], axis=0) for i in range(logits.shape[1])]
    )


AVERAGE.edited(
    "logits-averaged", "the softmax of the averaged logits instead of the average of the softmax",
    ("    shifted = logits -", "    logits = logits.mean(axis=0, keepdims=True)\n    shifted = logits -"),
)  # fmt: skip
AVERAGE.edited(
    "overflow", "exponentials of the logits as they are, which overflow",
    ("    shifted = logits - logits.max(axis=2, keepdims=True)\n", "    shifted = logits\n"),
)  # fmt: skip
AVERAGE.edited(
    "over-members", "a softmax over the members instead of the classes",
    ("axis=2", "axis=0"),
)  # fmt: skip
AVERAGE.edited(
    "over-examples", "a softmax over the examples instead of the classes",
    ("axis=2", "axis=1"),
)  # fmt: skip
AVERAGE.edited(
    "one-maximum", "one maximum subtracted from all logits, so that small exponentials vanish",
    ("logits.max(axis=2, keepdims=True)", "logits.max()"),
)  # fmt: skip
AVERAGE.edited(
    "one-maximum-a-member",
    "one maximum subtracted from all examples of a member, so that small exponentials vanish",
    ("logits.max(axis=2, keepdims=True)", "logits.max(axis=(1, 2), keepdims=True)"),
)  # fmt: skip
AVERAGE.edited(
    "clipped", "logits clipped to avoid overflow, which makes large ones equal",
    ("logits - logits.max(axis=2, keepdims=True)", "np.clip(logits, -50, 50)"),
)  # fmt: skip
AVERAGE.edited(
    "sum", "the sum over the members instead of the mean",
    ("p.mean(axis=0)", "p.sum(axis=0)"),
)  # fmt: skip
AVERAGE.edited(
    "votes", "shares of votes: each member counts for its most probable class alone",
    ("p.mean(axis=0)", "np.eye(p.shape[2])[p.argmax(axis=2)].mean(axis=0)"),
)  # fmt: skip
AVERAGE.edited(
    "no-softmax", "the average of the logits, without a softmax",
    ("    shifted = logits - logits.max(axis=2, keepdims=True)\n    p = np.exp(shifted)\n", ""),
    ("p = p / p.sum(axis=2, keepdims=True)", "p = logits"),
)  # fmt: skip
AVERAGE.edited(
    "in-place", "the maximum subtracted in place, which changes the logits of the caller",
    ("    shifted = logits - logits.max(axis=2, keepdims=True)\n",
     "    shifted = logits\n    shifted -= logits.max(axis=2, keepdims=True)\n"),
)  # fmt: skip
AVERAGE.edited(
    "first-member", "the first member alone",
    ("p.mean(axis=0)", "p[0]"),
)  # fmt: skip
AVERAGE.edited(
    "mean-of-wrong-axis", "the mean over the examples instead of the members",
    ("p.mean(axis=0)", "p.mean(axis=1)"),
)  # fmt: skip


def error_correlation(wrong):
    errors = wrong.astype(float)
    errors = errors - errors.mean(axis=1, keepdims=True)
    covariance = errors @ errors.T / wrong.shape[1]
    sd = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore"):
        correlation = covariance / np.outer(sd, sd)
    np.fill_diagonal(correlation, 1.0)
    return correlation


CORRELATION = Answer(error_correlation)


@CORRELATION.alternative
def error_correlation(wrong):
    """Written with np.corrcoef."""
    with np.errstate(all="ignore"):
        r = np.atleast_2d(np.corrcoef(wrong))
    r[np.arange(len(r)), np.arange(len(r))] = 1
    return r


@CORRELATION.alternative
def error_correlation(wrong):
    """Written with the correlation of being right, which is the same, and np.cov."""
    right = (~wrong).astype(np.float64)
    cov = np.cov(right, bias=True).reshape(len(right), len(right))
    var = np.diagonal(cov)
    r = cov / np.sqrt(var[:, None] * var[None, :])
    return np.where(np.eye(len(r), dtype=bool), 1.0, r)


@CORRELATION.alternative
def error_correlation(wrong):
    """Written with loops and counts of examples."""
    import math

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


@CORRELATION.alternative
def error_correlation(wrong):
    """Written with standard scores, in float32."""
    x = np.asarray(wrong, dtype=np.float32)
    z = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    r = np.einsum("in,jn->ij", z, z) / z.shape[1]
    for i in range(len(r)):
        r[i, i] = 1
    return r


@CORRELATION.alternative
def error_correlation(wrong):
    """Written with torch."""
    r = torch.corrcoef(torch.from_numpy(np.asarray(wrong)).double())
    return r.reshape(len(wrong), len(wrong)).fill_diagonal_(1).numpy()


CORRELATION.edited(
    "covariance", "the covariance instead of the correlation",
    ("correlation = covariance / np.outer(sd, sd)", "return covariance"),
)  # fmt: skip
CORRELATION.edited(
    "agreement", "the share of the examples on which two members agree",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    return (wrong[:, None] == wrong[None]).mean(axis=2)\n"),
)  # fmt: skip
CORRELATION.edited(
    "both-wrong", "the share of the examples on which both members are wrong",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    return errors @ errors.T / wrong.shape[1]\n"),
)  # fmt: skip
CORRELATION.edited(
    "not-centered", "means not subtracted: the cosine between the indicators",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n", ""),
)  # fmt: skip
CORRELATION.edited(
    "jaccard", "the examples that both get wrong, out of those that either gets wrong",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    both = errors @ errors.T\n"
     "    return both / (errors.sum(1)[:, None] + errors.sum(1)[None] - both)\n"),
)  # fmt: skip
CORRELATION.edited(
    "conditional", "the share of one member's errors that the other makes too",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n",
     "    return errors @ errors.T / errors.sum(axis=1, keepdims=True)\n"),
)  # fmt: skip
CORRELATION.edited(
    "examples", "the correlation between examples instead of members",
    ("    errors = wrong.astype(float)\n", "    wrong = wrong.T\n    errors = wrong.astype(float)\n"),
)  # fmt: skip
CORRELATION.edited(
    "zero", "0 for a member whose errors do not vary",
    ("    np.fill_diagonal(", "    correlation = np.nan_to_num(correlation)\n    np.fill_diagonal("),
)  # fmt: skip
CORRELATION.edited(
    "diagonal", "nan on the diagonal, for a member whose errors do not vary",
    ("    np.fill_diagonal(correlation, 1.0)\n", ""),
)  # fmt: skip
CORRELATION.edited(
    "single-number", "np.corrcoef as it stands, which gives no matrix for a single member",
    ("    errors = errors - errors.mean(axis=1, keepdims=True)\n", "    return np.corrcoef(errors)\n"),
)  # fmt: skip
CORRELATION.edited(
    "mixed-divisors", "a covariance over N - 1 divided by standard deviations over N",
    ("/ wrong.shape[1]\n    sd = np.sqrt(np.diag(covariance))",
     "/ (wrong.shape[1] - 1)\n    sd = errors.std(axis=1)"),
)  # fmt: skip
CORRELATION.edited(
    "not-the-root", "variances in the denominator instead of standard deviations",
    ("np.sqrt(np.diag(covariance))", "np.diag(covariance)"),
)  # fmt: skip
CORRELATION.edited(
    "absolute", "the sign lost: absolute values or squares of the correlations",
    ("    np.fill_diagonal(", "    correlation = np.abs(correlation)\n    np.fill_diagonal("),
)  # fmt: skip
