"""The oracle of ``top_k_accuracy``, its known mistakes, and right answers in another dress."""

import numpy as np

from autograder.grading.answer import Answer


def top_k_accuracy(scores, y, k):
    best = np.argsort(-scores, axis=1)[:, :k]
    return np.mean((best == y[:, None]).any(axis=1))


ANSWER = Answer(top_k_accuracy)
ANSWER.edited("lowest", "the k lowest scores, not the highest", ("-scores", "scores"))
ANSWER.edited("kth-alone", "the k-th class alone, not the first k", (":k]", "k - 1 : k]"))
ANSWER.edited("one-too-many", "k + 1 classes, one too many", (":k]", ": k + 1]"))
ANSWER.edited("error", "the share of errors, not of hits", ("np.mean(", "1 - np.mean("))


@ANSWER.mistake("count", "the number of hits, not their share")
def top_k_accuracy(scores, y, k):
    best = np.argsort(-scores, axis=1)[:, :k]
    return np.sum((best == y[:, None]).any(axis=1))


@ANSWER.alternative
def top_k_accuracy(scores, y, k):
    own = scores[np.arange(len(y)), y]
    return float(((scores > own[:, None]).sum(axis=1) < k).mean())


@ANSWER.alternative
def top_k_accuracy(scores, y, k):
    hits = [label in np.argsort(row)[::-1][:k] for row, label in zip(scores, y, strict=True)]
    return sum(hits) / len(hits)


@ANSWER.alternative
def top_k_accuracy(scores, y, k):
    return np.array((scores.argsort(1).argsort(1)[range(len(y)), y] >= scores.shape[1] - k).mean())
