"""Answers to ``mixup``."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def mixup(x, y, alpha, classes):
    lam = torch.distributions.Beta(alpha, alpha).sample((len(x),)).to(x)
    partner = torch.randperm(len(x), device=x.device)
    soft = torch.nn.functional.one_hot(y, classes).to(x.dtype)
    share = lam.view(-1, *[1] * (x.dim() - 1))
    mixed_x = share * x + (1 - share) * x[partner]
    mixed_y = lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]
    return mixed_x, mixed_y


ANSWER = Answer(mixup)


@ANSWER.alternative
def mixup(x, y, alpha, classes):
    """Written with NumPy's beta, lerp and rows of an identity matrix."""
    n = x.shape[0]
    lam = torch.as_tensor(np.random.beta(alpha, alpha, size=n), dtype=x.dtype, device=x.device)
    order = torch.as_tensor(np.random.permutation(n), device=x.device)
    labels = torch.eye(classes, dtype=x.dtype, device=x.device)[y]
    flat = x.reshape(n, -1)
    mixed = flat[order].lerp(flat, lam[:, None])
    return mixed.reshape(x.shape), labels[order].lerp(labels, lam[:, None])


@ANSWER.alternative
def mixup(x, y, alpha, classes):
    """Written with a matrix of weights."""
    n = len(x)
    gamma = torch.distributions.Gamma(torch.tensor(alpha), torch.tensor(1.0))
    a, b = gamma.sample((n,)).double().clamp_min(1e-300), gamma.sample((n,)).double()
    lam = (a / (a + b)).to(x)
    swap = torch.eye(n, dtype=x.dtype, device=x.device)[torch.randperm(n, device=x.device)]
    weights = torch.diag(lam) + torch.diag(1 - lam) @ swap
    onehot = torch.zeros(n, classes, dtype=x.dtype, device=x.device)
    onehot.scatter_(1, y[:, None], 1)
    return torch.tensordot(weights, x, dims=1), weights @ onehot


@ANSWER.alternative
def mixup(x, y, alpha, classes):
    """Written with lists of draws and index_put_; labels in float32."""
    n = len(x)
    order = np.random.permutation(n).tolist()
    shares = [float(np.random.beta(alpha, alpha)) for _ in range(n)]
    s = torch.tensor(shares, device=x.device)
    rows = torch.arange(n, device=x.device)
    mixed_y = torch.zeros(n, classes, device=x.device)
    for labels, weights in ((y, s), (y[order], 1 - s)):
        mixed_y.index_put_((rows, labels), weights, accumulate=True)
    s = torch.tensor(shares, dtype=x.dtype, device=x.device)
    difference = (x - x[order]).transpose(0, -1) * s
    return x[order] + difference.transpose(0, -1), mixed_y


ANSWER.edited(
    "one-lambda", "one lambda for the whole batch, not one for each example",
    (".sample((len(x),))", ".sample((1,)).expand(len(x))"),
)
ANSWER.edited(
    "uniform-lambda", "lambda drawn uniformly, whatever alpha is",
    ("torch.distributions.Beta(alpha, alpha).sample((len(x),))", "torch.rand(len(x))"),
)
ANSWER.edited(
    "half", "lambda = 1/2 always",
    ("torch.distributions.Beta(alpha, alpha).sample((len(x),))", "torch.full((len(x),), 0.5)"),
)
ANSWER.edited(
    "beta-alpha-1", "lambda from Beta(alpha, 1) instead of Beta(alpha, alpha)",
    ("Beta(alpha, alpha)", "Beta(alpha, 1.0)"),
)
ANSWER.edited(
    "larger-half", "the larger of lambda and 1 - lambda goes to the example itself",
    (".to(x)\n", ".to(x)\n    lam = torch.maximum(lam, 1 - lam)\n"),
)
ANSWER.edited(
    "labels-the-other-way-round", "lambda and 1 - lambda exchanged in the labels",
    ("lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]",
     "(1 - lam[:, None]) * soft + lam[:, None] * soft[partner]"),
)
ANSWER.edited(
    "labels-not-mixed", "the labels are not mixed",
    ("mixed_y = lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]", "mixed_y = soft"),
)
ANSWER.edited(
    "label-of-the-larger", "the label of the larger share instead of a mixture",
    ("    return", "    mixed_y = (mixed_y == mixed_y.amax(1, keepdim=True)).to(x.dtype)\n    return"),
)
ANSWER.edited(
    "other-partners-for-labels", "another permutation for the labels than for the inputs",
    ("soft[partner]", "soft[torch.randperm(len(x), device=x.device)]"),
)
ANSWER.edited(
    "other-lambdas-for-labels", "other lambdas for the labels than for the inputs",
    ("    mixed_y =",
     "    lam = torch.distributions.Beta(alpha, alpha).sample((len(x),)).to(x)\n    mixed_y ="),
)
ANSWER.edited(
    "labels-summed", "labels added without their weights: rows sum to 2",
    ("lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]", "soft + soft[partner]"),
)
ANSWER.edited(
    "inputs-not-mixed", "the labels are mixed, the inputs are not",
    ("share * x + (1 - share) * x[partner]", "x.clone()"),
)
ANSWER.edited(
    "neighbors", "each example mixed with its neighbor in the batch, no random permutation",
    ("torch.randperm(len(x), device=x.device)", "torch.arange(len(x), device=x.device).roll(1)"),
)
ANSWER.edited(
    "reversed", "partners are the batch in reverse order, no random permutation",
    ("torch.randperm(len(x), device=x.device)", "torch.arange(len(x), device=x.device).flip(0)"),
)
ANSWER.edited(
    "seeded-anew", "a generator seeded anew at each call: the same draws each time",
    ("    lam = torch", "    torch.manual_seed(0)\n    lam = torch"),
)
ANSWER.edited(
    "with-replacement", "partners drawn with replacement, so that some examples serve twice",
    ("torch.randperm(len(x), device=x.device)", "torch.randint(len(x), (len(x),), device=x.device)"),
)
ANSWER.edited(
    "lambda-for-each-element", "a lambda for each element of the input",
    ("share = lam.view(-1, *[1] * (x.dim() - 1))",
     "share = torch.distributions.Beta(alpha, alpha).sample(x.shape).to(x)"),
)
ANSWER.edited(
    "in-place", "mixed in place: the partners are already scaled when they are added",
    ("mixed_x = share * x + (1 - share) * x[partner]",
     "x *= share\n    x += (1 - share) * x[partner]\n    mixed_x = x"),
)
ANSWER.edited(
    "writes-into-x", "the mixture is written into x itself",
    ("mixed_x = share * x + (1 - share) * x[partner]",
     "mixed_x = x.copy_(share * x + (1 - share) * x[partner])"),
)
ANSWER.edited(
    "weights-sum-to-more", "x added with weight 1: 1 - lambda of the partner on top",
    ("share * x + (1", "x + (1"),
)
ANSWER.edited(
    "float64", "float64 lambdas make a float32 x float64",
    ("share * x + (1 - share) * x[partner]", "share.double() * x + (1 - share.double()) * x[partner]"),
)
