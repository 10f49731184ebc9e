"""Answers to ``l2_penalty``."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def l2_penalty(w, lam):
    loss = 0.5 * lam * np.sum(w**2)
    grad = lam * w
    return loss, grad


ANSWER = Answer(l2_penalty)


@ANSWER.alternative
def l2_penalty(w, lam):
    """Written with a scalar product."""
    flat = w.ravel()
    return lam * (flat @ flat) / 2, np.multiply(w, lam)


@ANSWER.alternative
def l2_penalty(w, lam):
    """Written with a loop, and the gradient in place."""
    total = 0.0
    for value in w.flat:
        total += float(value) ** 2
    w *= lam
    return lam / 2 * total, w


@ANSWER.alternative
def l2_penalty(w, lam):
    """Written with the norm and torch's gradient."""
    v = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    loss = lam * torch.linalg.vector_norm(v) ** 2 / 2
    grad = torch.autograd.grad(lam / 2 * (v * v).sum(), v)[0]
    return loss.item(), grad.numpy()


ANSWER.edited(
    "loss-without-half", "a loss without the factor 1/2: lam times the sum of squares",
    ("0.5 * lam * np", "lam * np"),
)
ANSWER.edited(
    "nothing-halved", "lam times the sum of squares, and the gradient 2 lam w that goes with it",
    ("0.5 * lam * np", "lam * np"), ("lam * w\n", "2 * lam * w\n"),
)
ANSWER.edited(
    "gradient-twice", "a gradient 2 lam w, where the factor 1/2 of the loss cancels the 2",
    ("lam * w\n", "2 * lam * w\n"),
)
ANSWER.edited(
    "gradient-halved", "a gradient with the factor 1/2 left in",
    ("lam * w\n", "0.5 * lam * w\n"),
)
ANSWER.edited(
    "averaged", "the mean of the squares instead of their sum",
    ("np.sum", "np.mean"), ("lam * w\n", "lam * w / w.size\n"),
)
ANSWER.edited(
    "loss-averaged", "a loss with the mean of the squares, a gradient of their sum",
    ("np.sum", "np.mean"),
)
ANSWER.edited("no-lam-in-the-gradient", "a gradient without lam", ("lam * w\n", "w\n"))
ANSWER.edited(
    "gradient-is-the-loss's-size", "a gradient lam times the square of w: the loss's terms, not their slopes",
    ("lam * w\n", "0.5 * lam * w**2\n"),
)
ANSWER.edited(
    "norm", "the norm, not its square",
    ("0.5 * lam * np.sum(w**2)", "lam * np.sqrt(np.sum(w**2))"),
    ("lam * w\n", "lam * w / np.sqrt(np.sum(w**2))\n"),
)
ANSWER.edited(
    "l1", "an L1 penalty: the sum of absolute values",
    ("0.5 * lam * np.sum(w**2)", "lam * np.sum(np.abs(w))"), ("lam * w\n", "lam * np.sign(w)\n"),
)
ANSWER.edited(
    "sign", "a gradient with a minus sign: the direction of descent",
    ("lam * w\n", "-lam * w\n"),
)
ANSWER.edited(
    "rows", "one penalty a column: a sum over the first axis alone",
    ("np.sum(w**2)", "np.sum(w**2, axis=0)"),
)
