"""Answers to softmax_loss."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer


def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


SOFTMAX = Answer(softmax_loss)


@SOFTMAX.alternative
def softmax_loss(x, y):
    x = x - np.max(x, axis=1)[:, None]
    exp = np.exp(x)
    p = exp / np.sum(exp, axis=1)[:, None]
    one_hot = np.zeros_like(x)
    one_hot[np.arange(y.size), y] = 1
    loss = np.mean(np.log(exp.sum(axis=1)) - (x * one_hot).sum(axis=1))
    return loss, (p - one_hot) / y.size


@SOFTMAX.alternative
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


@SOFTMAX.alternative
def softmax_loss(x, y):
    scores = torch.tensor(x, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor(y, dtype=torch.long))
    loss.backward()
    print("loss", loss.item())
    return loss.item(), scores.grad.numpy()


@SOFTMAX.mistake(
    "overflow", "exp of the scores as they are, which overflows (shift each row by its maximum)"
)
def softmax_loss(x, y):
    rows = np.arange(len(x))
    exp = np.exp(x)
    p = exp / exp.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(x)


@SOFTMAX.mistake("log-of-zero", "the logarithm of a probability that was rounded to 0")
def softmax_loss(x, y):
    rows = np.arange(len(x))
    exp = np.exp(x - x.max(axis=1, keepdims=True))
    p = exp / exp.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(x)


@SOFTMAX.mistake(
    "softmax-over-samples", "probabilities that sum to 1 over the samples, not the classes"
)
def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=0)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=0))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


@SOFTMAX.mistake("sum-not-mean", "a loss and a dx that are summed over the samples, not averaged")
def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].sum(), dx


@SOFTMAX.mistake(
    "mean-over-everything", "a mean over samples and classes: divided by N * C, not by N"
)
def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].sum() / x.size, dx / x.size


@SOFTMAX.mistake("one-maximum-for-all", "one maximum for all rows, where each row needs its own")
def softmax_loss(x, y):
    rows = np.arange(len(x))
    exp = np.exp(x - x.max())
    p = exp / exp.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(x)


@SOFTMAX.mistake(
    "log-with-epsilon", "a small number added inside the logarithm, which bounds the loss"
)
def softmax_loss(x, y):
    rows = np.arange(len(x))
    exp = np.exp(x - x.max(axis=1, keepdims=True))
    p = exp / exp.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, y] + 1e-8).mean()
    p[rows, y] -= 1
    return loss, p / len(x)


@SOFTMAX.mistake("label-not-subtracted", "dx without the - 1 at each sample's label")
def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[rows, y].mean(), np.exp(log_p) / len(x)


@SOFTMAX.mistake("gradient-not-averaged", "a dx that is not divided by the number of samples")
def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx


@SOFTMAX.mistake("gradient-sign", "a dx with the opposite sign")
def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = -np.exp(log_p)
    dx[rows, y] += 1
    return -log_p[rows, y].mean(), dx / len(x)


@SOFTMAX.mistake("loss-sign", "a loss without the minus sign in front of the logarithm")
def softmax_loss(x, y):
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return log_p[rows, y].mean(), dx / len(x)
