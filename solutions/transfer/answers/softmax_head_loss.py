"""Answers to ``softmax_head_loss``."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def softmax_head_loss(W, b, features, y):
    n = len(y)
    scores = features @ W + b
    scores = scores - scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(n), y].mean()
    error = np.exp(log_p)
    error[np.arange(n), y] -= 1
    return loss, features.T @ error / n, error.sum(axis=0) / n


ANSWER = Answer(softmax_head_loss)


@ANSWER.alternative
def softmax_head_loss(W, b, features, y):
    """Written with one-hot labels and einsum."""
    one_hot = np.eye(len(b))[y]
    scores = np.einsum("nf,fc->nc", features, W) + b[None, :]
    top = scores.max(axis=1)
    total = np.log(np.sum(np.exp(scores - top[:, None]), axis=1)) + top
    loss = np.mean(total - np.sum(scores * one_hot, axis=1))
    error = (np.exp(scores - total[:, None]) - one_hot) / len(y)
    return loss, np.einsum("nf,nc->fc", features, error), error.sum(0)


@ANSWER.alternative
def softmax_head_loss(W, b, features, y):
    """Written with loops."""
    loss, dW, db = 0.0, np.zeros_like(W), np.zeros_like(b)
    for f, label in zip(features, y):  # noqa: B905
        s = f.dot(W) + b
        s -= np.max(s)
        p = np.exp(s)
        loss += np.log(p.sum()) - s[label]
        p /= p.sum()
        p[label] -= 1.0
        dW += np.outer(f, p)
        db += p
    return loss / len(y), dW / len(y), db / len(y)


@ANSWER.alternative
def softmax_head_loss(W, b, features, y):
    """Written with torch and autograd."""
    weight, bias = (torch.tensor(a, requires_grad=True) for a in (W, b))
    scores = torch.tensor(features) @ weight + bias
    value = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
    value.backward()
    print("loss", value.item())
    return value.item(), weight.grad.numpy(), bias.grad.numpy()


ANSWER.edited(
    "sum-not-mean", "a loss and gradients that are summed over the pictures, not averaged",
    (".mean()", ".sum()"), (" / n", ""),
)
ANSWER.edited(
    "gradients-not-averaged", "gradients that are not divided by the number of pictures",
    (" / n", ""),
)
ANSWER.edited(
    "overflow", "exp of the scores as they are, which overflows (subtract each row's largest)",
    ("    scores = scores - scores.max(axis=1, keepdims=True)\n", ""),
)
ANSWER.edited(
    "gradients-overflow",
    "gradients that are nan at large scores, though the loss is right there: subtract each row's largest score in both",
    ("    error = np.exp(log_p)\n",
     "    e = np.exp(features @ W + b)\n    error = e / e.sum(axis=1, keepdims=True)\n"),
    observed=True,
)
ANSWER.edited(
    "label-not-subtracted", "gradients without the - 1 at each picture's label",
    ("    error[np.arange(n), y] -= 1\n", ""),
)
ANSWER.edited(
    "log-of-zero", "an infinite loss where a probability is rounded to 0: log(0) (use the scores: log p = score - log of the sum of exp)",
    ("loss = -log_p[", "loss = -np.log(np.exp(log_p))["),
    observed=True,
)
ANSWER.edited(
    "bias-forgotten", "scores without the bias",
    ("features @ W + b", "features @ W + 0 * b"),
)
ANSWER.edited(
    "bias-without-gradient", "db left at zero",
    ("error.sum(axis=0) / n", "np.zeros_like(b)"),
)
ANSWER.edited(
    "db-not-averaged", "a db that is not divided by the number of pictures, though dW is",
    ("error.sum(axis=0) / n", "error.sum(axis=0)"),
)
ANSWER.edited(
    "db-over-everything", "one number for db, from all pictures and classes: each class has its own",
    ("error.sum(axis=0) / n", "error.sum() / n"),
)
ANSWER.edited(
    "dW-transposed", "dW with classes and features exchanged",
    ("features.T @ error / n", "error.T @ features / n"),
)
ANSWER.edited(
    "softmax-over-pictures", "probabilities that sum to 1 over the pictures, not the classes",
    ("scores.max(axis=1, keepdims=True)", "scores.max(axis=0)"),
    ("np.exp(scores).sum(axis=1, keepdims=True)", "np.exp(scores).sum(axis=0)"),
)
ANSWER.edited(
    "gradient-sign", "gradients with the opposite sign",
    ("y] -= 1\n", "y] -= 1\n    error = -error\n"),
)
ANSWER.edited(
    "loss-sign", "a loss without the minus sign in front of the logarithm",
    ("loss = -log_p", "loss = log_p"),
)
ANSWER.edited(
    "labels-only", "a gradient for the right class alone: the other columns stay 0",
    ("y] -= 1\n", "y] -= 1\n    error *= np.eye(len(b))[y]\n"),
)
# A number so small that 1e-12 + p and max(p, 1e-12) are the same but for a p that is rounded to 0.
for small in ("1e-10", "1e-12", "1e-15"):
    ANSWER.edited(
        f"bounded-by-{small}",
        f"a logarithm that is bounded by {small}, added to the probability or by a clip: then the loss cannot grow (use the scores: log p = score - log of the sum of exp)",
        ("loss = -log_p[np.arange(n), y].mean()",
         f"loss = -np.log(np.exp(log_p)[np.arange(n), y] + {small}).mean()"),
    )

ANSWER.edited(
    "db-averaged-twice", "a db that is averaged over the pictures twice: divided by N, then a mean",
    ("error.sum(axis=0) / n", "error.mean(axis=0) / n"),
)
