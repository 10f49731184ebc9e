"""Answers to ``batchnorm_backward``. Each is tried on the cache of the forward pass next to it."""

import numpy as np
import torch

from autograder.grading.answer import Answer, beside

from .batchnorm_forward import ANSWER as FORWARD

batchnorm_forward = FORWARD.oracle


def batchnorm_backward(dout, cache):
    normalized, gamma, std, x = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * normalized).sum(axis=0)
    d = dout * gamma
    through_mean = d.mean(axis=0)
    through_var = normalized * (d * normalized).mean(axis=0)
    dx = (d - through_mean - through_var) / std
    return dx, dgamma, dbeta


ANSWER = Answer(batchnorm_backward)


@ANSWER.alternative
@beside(batchnorm_forward=FORWARD.alternatives[0])
def batchnorm_backward(dout, cache):
    """Written step by step, back through each line of the forward pass."""
    x, mu, ivar, gamma = cache
    N = len(dout)
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * (x - mu) * ivar, axis=0)
    dxhat = dout * gamma
    dvar = np.sum(dxhat * (x - mu), axis=0) * -0.5 * ivar**3
    dmu = -np.sum(dxhat * ivar, axis=0) + dvar * -2 * np.mean(x - mu, axis=0)
    dx = dxhat * ivar + dvar * 2 * (x - mu) / N + dmu / N
    return dx, dgamma, dbeta


@ANSWER.alternative
@beside(batchnorm_forward=FORWARD.alternatives[1])
def batchnorm_backward(dout, cache):
    """Written as one formula with N in front, and matrix products."""
    N, D = dout.shape
    h, g, s = cache["xhat"], cache["gamma"], cache["std"]
    dbeta = np.ones(N) @ dout
    dgamma = np.einsum("nd,nd->d", dout, h)
    dx = g / (N * s) * (N * dout - dbeta - h * dgamma)
    return [dx, dgamma, dbeta]


@ANSWER.alternative
@beside(batchnorm_forward=FORWARD.alternatives[2])
def batchnorm_backward(dout, cache):
    """Written with torch's gradients."""
    X, g, b, eps = cache
    leaves = [a.clone().requires_grad_() for a in (X, g, b)]
    out = torch.nn.functional.batch_norm(leaves[0], None, None, *leaves[1:], training=True, eps=eps)
    out.backward(torch.tensor(dout, dtype=torch.float64))
    return tuple(a.grad.numpy() for a in leaves)


ANSWER.edited(
    "no-mean-gradient", "a dx without the way through the batch's mean",
    ("d - through_mean - through_var", "d - through_var"),
)
ANSWER.edited(
    "no-variance-gradient", "a dx without the way through the batch's variance",
    ("d - through_mean - through_var", "d - through_mean"),
)
ANSWER.edited(
    "statistics-constant", "a dx that takes mean and variance as constants",
    ("d - through_mean - through_var", "d"),
)
ANSWER.edited("no-gamma-in-dx", "a dx without gamma", ("d = dout * gamma", "d = dout"))
ANSWER.edited(
    "not-divided-by-std", "a dx that is not divided by the standard deviation",
    (" / std\n", "\n"),
)
ANSWER.edited(
    "divided-by-the-variance", "a dx divided by the variance, not by the standard deviation",
    (" / std\n", " / std**2\n"),
)
ANSWER.edited(
    "sums-not-means", "a dx with sums over the batch where means belong",
    ("d.mean(axis=0)", "d.sum(axis=0)"), ("(d * normalized).mean(axis=0)", "(d * normalized).sum(axis=0)"),
)
ANSWER.edited(
    "signs", "a dx whose ways through mean and variance have the wrong sign",
    ("d - through_mean - through_var", "d + through_mean + through_var"),
)
ANSWER.edited(
    "dgamma-of-x", "a dgamma with x itself, where the normalized x belongs",
    ("dgamma = (dout * normalized)", "dgamma = (dout * x)"),
)
ANSWER.edited(
    "dgamma-without-x", "a dgamma without the normalized x",
    ("dgamma = (dout * normalized)", "dgamma = (dout * 1.0)"),
)
ANSWER.edited(
    "dgamma-with-gamma", "a dgamma with gamma as a factor",
    ("dgamma = (dout * normalized)", "dgamma = (dout * normalized * gamma)"),
)
ANSWER.edited(
    "averaged", "dgamma and dbeta averaged over the batch, not summed",
    ("dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)"),
    ("dgamma = (dout * normalized).sum(axis=0)", "dgamma = (dout * normalized).mean(axis=0)"),
)
ANSWER.edited(
    "dbeta-with-gamma", "a dbeta with gamma as a factor",
    ("dbeta = dout.sum(axis=0)", "dbeta = (dout * gamma).sum(axis=0)"),
)
ANSWER.edited(
    "both-with-gamma",
    "dgamma and dbeta with gamma as a factor, as of a dout that was multiplied by it in place",
    ("    dbeta = dout", "    dout = dout * gamma\n    dbeta = dout"),
    ("d = dout * gamma", "d = dout"),
)
ANSWER.edited(
    "swapped", "dgamma and dbeta returned in the wrong order",
    ("return dx, dgamma, dbeta", "return dx, dbeta, dgamma"),
)
ANSWER.edited(
    "over-features", "dgamma and dbeta summed over the features, not over the batch",
    ("dbeta = dout.sum(axis=0)", "dbeta = dout.sum(axis=1)"),
    ("dgamma = (dout * normalized).sum(axis=0)", "dgamma = (dout * normalized).sum(axis=1)"),
)
ANSWER.edited(
    "std-from-a-ratio",
    "a dx that is nan where a feature is constant: is there a division by x - mean, which is 0 there?",
    ("    dx = (d - through_mean - through_var) / std",
     "    deviation = normalized * std\n"
     "    dx = (d - through_mean - through_var) * (normalized / deviation)"),
    observed=True,
)
