"""Answers to average_predictions, in NumPy."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def average_predictions(logits):
    shifted = logits - logits.max(axis=2, keepdims=True)
    p = np.exp(shifted)
    p = p / p.sum(axis=2, keepdims=True)
    return p.mean(axis=0)


ANSWER = Answer(average_predictions)


@ANSWER.alternative
def average_predictions(logits):
    """Written with a loop over the members."""
    members, n, classes = logits.shape
    total = np.zeros((n, classes))
    for m in range(members):
        z = np.exp(logits[m] - np.max(logits[m], axis=1)[:, None])
        total += z / np.sum(z, axis=1)[:, None]
    return total / members


@ANSWER.alternative
def average_predictions(logits):
    """Written with scipy."""
    from scipy.special import softmax

    return np.mean(softmax(logits, axis=-1), axis=0)


@ANSWER.alternative
def average_predictions(logits):
    """Written with torch."""
    return torch.softmax(torch.from_numpy(logits), dim=-1).mean(dim=0).numpy()


@ANSWER.alternative
def average_predictions(logits):
    """Written with logarithms of probabilities, in place on a copy."""
    z = np.array(logits, dtype=np.float64)
    z -= z.max(-1, keepdims=True)
    z -= np.log(np.exp(z).sum(-1, keepdims=True))
    return np.einsum("mnc->nc", np.exp(z)) / len(z)


@ANSWER.alternative
def average_predictions(logits):
    """Written with loops over members and examples, in float32 if the logits are."""

    def softmax(row):
        e = np.exp(row - row.max())
        return e / e.sum()

    return np.array(
        [np.mean([softmax(member[i]) for member in logits], axis=0) for i in range(logits.shape[1])]
    )


ANSWER.edited(
    "logits-averaged", "the softmax of the averaged logits instead of the average of the softmax",
    ("    shifted = logits -", "    logits = logits.mean(axis=0, keepdims=True)\n    shifted = logits -"),
)
ANSWER.edited(
    "overflow", "exponentials of the logits as they are, which overflow",
    ("    shifted = logits - logits.max(axis=2, keepdims=True)\n", "    shifted = logits\n"),
)
ANSWER.edited(
    "over-members", "a softmax over the members instead of the classes",
    ("axis=2", "axis=0"),
)
ANSWER.edited(
    "over-examples", "a softmax over the examples instead of the classes",
    ("axis=2", "axis=1"),
)
ANSWER.edited(
    "one-maximum", "one maximum subtracted from all logits, so that small exponentials vanish",
    ("logits.max(axis=2, keepdims=True)", "logits.max()"),
)
ANSWER.edited(
    "one-maximum-a-member",
    "one maximum subtracted from all examples of a member, so that small exponentials vanish",
    ("logits.max(axis=2, keepdims=True)", "logits.max(axis=(1, 2), keepdims=True)"),
)
ANSWER.edited(
    "clipped", "logits clipped to avoid overflow, which makes large ones equal",
    ("logits - logits.max(axis=2, keepdims=True)", "np.clip(logits, -50, 50)"),
)
ANSWER.edited(
    "sum", "the sum over the members instead of the mean",
    ("p.mean(axis=0)", "p.sum(axis=0)"),
)
ANSWER.edited(
    "votes", "shares of votes: each member counts for its most probable class alone",
    ("p.mean(axis=0)", "np.eye(p.shape[2])[p.argmax(axis=2)].mean(axis=0)"),
)
ANSWER.edited(
    "no-softmax", "the average of the logits, without a softmax",
    ("    shifted = logits - logits.max(axis=2, keepdims=True)\n    p = np.exp(shifted)\n", ""),
    ("p = p / p.sum(axis=2, keepdims=True)", "p = logits"),
)
ANSWER.edited(
    "in-place", "the maximum subtracted in place, which changes the logits of the caller",
    ("    shifted = logits - logits.max(axis=2, keepdims=True)\n",
     "    shifted = logits\n    shifted -= logits.max(axis=2, keepdims=True)\n"),
    observed=True,
)
ANSWER.edited(
    "first-member", "the first member alone",
    ("p.mean(axis=0)", "p[0]"),
)
ANSWER.edited(
    "mean-of-wrong-axis", "the mean over the examples instead of the members",
    ("p.mean(axis=0)", "p.mean(axis=1)"),
)
