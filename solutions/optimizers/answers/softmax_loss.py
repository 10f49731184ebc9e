"""Answers to softmax_loss."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


ANSWER = Answer(softmax_loss)


@ANSWER.alternative
def softmax_loss(x, y):
    x = x - np.max(x, axis=1)[:, None]
    exp = np.exp(x)
    p = exp / np.sum(exp, axis=1)[:, None]
    one_hot = np.zeros_like(x)
    one_hot[np.arange(y.size), y] = 1
    loss = np.mean(np.log(exp.sum(axis=1)) - (x * one_hot).sum(axis=1))
    return loss, (p - one_hot) / y.size


@ANSWER.alternative
def softmax_loss(x, y):
    n = x.shape[0]
    x -= x.max(1).reshape(n, 1)
    total = np.exp(x).sum(1)
    loss = 0.0
    for i in range(n):
        loss += np.log(total[i]) - x[i, y[i]]
    dx = np.exp(x) / total[:, None]
    dx[range(n), y] -= 1
    dx /= n
    return loss / n, dx


@ANSWER.alternative
def softmax_loss(x, y):
    scores = torch.tensor(x, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor(y, dtype=torch.long))
    loss.backward()
    print("loss", loss.item())
    return loss.item(), scores.grad.numpy()


# The logarithm of a probability, which is -inf where the probability is rounded to 0.
LOG_OF_RATIO = (
    "shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))",
    "np.log(np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True))",
)


ANSWER.edited(
    "overflow", "exp of the scores as they are, which overflows (shift each row by its maximum)",
    ("x - x.max(axis=1, keepdims=True)", "x"),
    LOG_OF_RATIO,
)
ANSWER.edited("log-of-zero", "an infinite loss where a probability is rounded to 0: log(0) (use the scores: log p = score - log of the sum of exp)", LOG_OF_RATIO, observed=True)
ANSWER.edited(
    "softmax-over-samples", "probabilities that sum to 1 over the samples, not the classes",
    ("axis=1, keepdims=True", "axis=0"),
)
ANSWER.edited(
    "sum-not-mean", "a loss and a dx that are summed over the samples, not averaged",
    ("mean(), dx / len(x)", "sum(), dx"),
)
ANSWER.edited(
    "mean-over-everything", "a mean over samples and classes: divided by N * C, not by N",
    ("mean(), dx / len(x)", "sum() / x.size, dx / x.size"),
)
ANSWER.edited(
    "one-maximum-for-all", "one maximum for all rows, where each row needs its own",
    ("x.max(axis=1, keepdims=True)", "x.max()"),
    LOG_OF_RATIO,
)
ANSWER.edited(
    "log-with-epsilon", "a small number added inside the logarithm, which bounds the loss",
    LOG_OF_RATIO,
    ("log_p[rows, y].mean()", "np.log(np.exp(log_p[rows, y]) + 1e-8).mean()"),
)
ANSWER.edited(
    "label-not-subtracted", "dx without the - 1 at each sample's label",
    ("    dx[rows, y] -= 1\n", ""),
)
ANSWER.edited(
    "gradient-not-averaged", "a dx that is not divided by the number of samples",
    ("dx / len(x)", "dx"),
)
ANSWER.edited("gradient-sign", "a dx with the opposite sign", ("dx / len(x)", "-dx / len(x)"))
ANSWER.edited(
    "loss-sign", "a loss without the minus sign in front of the logarithm",
    ("return -", "return "),
)
ANSWER.edited(
    "every-column", "1 subtracted in the columns of all labels, in every row: dx[:, y], where dx[rows, y] is meant",
    ("dx[rows, y] -= 1", "dx[:, y] -= 1"),
)
# A number so small that 1e-12 + p and max(p, 1e-12) are the same but for a p that is rounded to 0.
for small in ("1e-10", "1e-12", "1e-15"):
    ANSWER.edited(
        f"bounded-by-{small}",
        f"a logarithm that is bounded by {small}, added to the probability or by a clip: then the loss cannot grow (use the scores: log p = score - log of the sum of exp)",
        LOG_OF_RATIO,
        ("log_p[rows, y].mean()", f"np.log(np.exp(log_p[rows, y]) + {small}).mean()"),
    )
for small in ("1e-7", "1e-8"):
    ANSWER.edited(
        f"clipped-at-{small}",
        f"a probability clipped at {small} before the logarithm: then the loss cannot grow (use the scores: log p = score - log of the sum of exp)",
        LOG_OF_RATIO,
        ("log_p[rows, y].mean()", f"np.log(np.exp(log_p[rows, y]).clip({small})).mean()"),
    )
