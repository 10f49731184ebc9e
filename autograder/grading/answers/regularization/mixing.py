"""Answers to mixup and cutout."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer


def mixup(x, y, alpha, classes):
    lam = torch.distributions.Beta(alpha, alpha).sample((len(x),)).to(x)
    partner = torch.randperm(len(x), device=x.device)
    soft = torch.nn.functional.one_hot(y, classes).to(x.dtype)
    share = lam.view(-1, *[1] * (x.dim() - 1))
    mixed_x = share * x + (1 - share) * x[partner]
    mixed_y = lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]
    return mixed_x, mixed_y


MIXUP = Answer(mixup)


@MIXUP.alternative
def mixup(x, y, alpha, classes):
    """Written with NumPy's beta, lerp and rows of an identity matrix."""
    n = x.shape[0]
    lam = torch.as_tensor(np.random.beta(alpha, alpha, size=n), dtype=x.dtype, device=x.device)
    order = torch.as_tensor(np.random.permutation(n), device=x.device)
    labels = torch.eye(classes, dtype=x.dtype, device=x.device)[y]
    flat = x.reshape(n, -1)
    mixed = flat[order].lerp(flat, lam[:, None])
    return mixed.reshape(x.shape), labels[order].lerp(labels, lam[:, None])


@MIXUP.alternative
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


@MIXUP.alternative
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


MIXUP.edited(
    "one-lambda", "one lambda for the whole batch, not one for each example",
    (".sample((len(x),))", ".sample((1,)).expand(len(x))"),
)  # fmt: skip
MIXUP.edited(
    "uniform-lambda", "lambda drawn uniformly, whatever alpha is",
    ("torch.distributions.Beta(alpha, alpha).sample((len(x),))", "torch.rand(len(x))"),
)  # fmt: skip
MIXUP.edited(
    "half", "lambda = 1/2 always",
    ("torch.distributions.Beta(alpha, alpha).sample((len(x),))", "torch.full((len(x),), 0.5)"),
)  # fmt: skip
MIXUP.edited(
    "beta-alpha-1", "lambda from Beta(alpha, 1) instead of Beta(alpha, alpha)",
    ("Beta(alpha, alpha)", "Beta(alpha, 1.0)"),
)  # fmt: skip
MIXUP.edited(
    "larger-half", "the larger of lambda and 1 - lambda goes to the example itself",
    (".to(x)\n", ".to(x)\n    lam = torch.maximum(lam, 1 - lam)\n"),
)  # fmt: skip
MIXUP.edited(
    "labels-the-other-way-round", "lambda and 1 - lambda exchanged in the labels",
    ("lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]",
     "(1 - lam[:, None]) * soft + lam[:, None] * soft[partner]"),
)  # fmt: skip
MIXUP.edited(
    "labels-not-mixed", "the labels are not mixed",
    ("mixed_y = lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]", "mixed_y = soft"),
)  # fmt: skip
MIXUP.edited(
    "label-of-the-larger", "the label of the larger share instead of a mixture",
    ("    return", "    mixed_y = (mixed_y == mixed_y.amax(1, keepdim=True)).to(x.dtype)\n    return"),
)  # fmt: skip
MIXUP.edited(
    "other-partners-for-labels", "another permutation for the labels than for the inputs",
    ("soft[partner]", "soft[torch.randperm(len(x), device=x.device)]"),
)  # fmt: skip
MIXUP.edited(
    "other-lambdas-for-labels", "other lambdas for the labels than for the inputs",
    ("    mixed_y =",
     "    lam = torch.distributions.Beta(alpha, alpha).sample((len(x),)).to(x)\n    mixed_y ="),
)  # fmt: skip
MIXUP.edited(
    "labels-summed", "labels added without their weights: rows sum to 2",
    ("lam[:, None] * soft + (1 - lam[:, None]) * soft[partner]", "soft + soft[partner]"),
)  # fmt: skip
MIXUP.edited(
    "inputs-not-mixed", "the labels are mixed, the inputs are not",
    ("share * x + (1 - share) * x[partner]", "x.clone()"),
)  # fmt: skip
MIXUP.edited(
    "neighbors", "each example mixed with its neighbor in the batch, no random permutation",
    ("torch.randperm(len(x), device=x.device)", "torch.arange(len(x), device=x.device).roll(1)"),
)  # fmt: skip
MIXUP.edited(
    "reversed", "partners are the batch in reverse order, no random permutation",
    ("torch.randperm(len(x), device=x.device)", "torch.arange(len(x), device=x.device).flip(0)"),
)  # fmt: skip
MIXUP.edited(
    "with-replacement", "partners drawn with replacement, so that some examples serve twice",
    ("torch.randperm(len(x), device=x.device)", "torch.randint(len(x), (len(x),), device=x.device)"),
)  # fmt: skip
MIXUP.edited(
    "lambda-for-each-element", "a lambda for each element of the input",
    ("share = lam.view(-1, *[1] * (x.dim() - 1))",
     "share = torch.distributions.Beta(alpha, alpha).sample(x.shape).to(x)"),
)  # fmt: skip
MIXUP.edited(
    "in-place", "mixed in place: the partners are already scaled when they are added",
    ("mixed_x = share * x + (1 - share) * x[partner]",
     "x *= share\n    x += (1 - share) * x[partner]\n    mixed_x = x"),
)  # fmt: skip
MIXUP.edited(
    "writes-into-x", "the mixture is written into x itself",
    ("mixed_x = share * x + (1 - share) * x[partner]",
     "mixed_x = x.copy_(share * x + (1 - share) * x[partner])"),
)  # fmt: skip
MIXUP.edited(
    "weights-sum-to-more", "x added with weight 1: 1 - lambda of the partner on top",
    ("share * x + (1", "x + (1"),
)  # fmt: skip
MIXUP.edited(
    "float64", "float64 lambdas make a float32 x float64",
    ("share * x + (1 - share) * x[partner]", "share.double() * x + (1 - share.double()) * x[partner]"),
)  # fmt: skip


def cutout(x, size):
    N, C, H, W = x.shape
    top = torch.randint(H, (N, 1, 1, 1), device=x.device) - size // 2
    left = torch.randint(W, (N, 1, 1, 1), device=x.device) - size // 2
    i = torch.arange(H, device=x.device)[:, None]
    j = torch.arange(W, device=x.device)
    inside = (i >= top) & (i < top + size) & (j >= left) & (j < left + size)
    return x.masked_fill(inside, 0)


CUTOUT = Answer(cutout)


@CUTOUT.alternative
def cutout(x, size):
    """Written with a loop, slices and clipping."""
    x = x.clone()
    H, W = x.shape[2:]
    for image in x:
        r, c = np.random.randint(H), np.random.randint(W)
        top, left = r - size // 2, c - size // 2
        image[:, max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = 0
    return x


@CUTOUT.alternative
def cutout(x, size):
    """Written with a padded mask that is multiplied."""
    N, _, H, W = x.shape
    mask = torch.ones(N, H + size, W + size, dtype=x.dtype, device=x.device)
    before = size // 2
    for n in range(N):
        r, c = (int(torch.randint(side, ())) for side in (H, W))
        mask[n, r : r + size, c : c + size] = 0
    return x * mask[:, None, before : before + H, before : before + W]


@CUTOUT.alternative
def cutout(x, size):
    """Written with one draw of a pixel number, and where."""
    N, C, H, W = x.shape
    pixel = (torch.rand(N, device=x.device) * (H * W)).long().clamp(max=H * W - 1)
    r, c = torch.div(pixel, W, rounding_mode="floor"), pixel % W

    def near(center, side):
        distance = torch.arange(side, device=x.device)[None] - center[:, None] + size // 2
        return (0 <= distance) & (distance <= size - 1)

    hole = near(r, H).unsqueeze(2) & near(c, W).unsqueeze(1)
    return torch.where(hole.unsqueeze(1), torch.zeros((), dtype=x.dtype, device=x.device), x)


CUTOUT.edited(
    "one-place", "one place for the whole batch, not one for each image",
    ("(N, 1, 1, 1)", "(1, 1, 1, 1)"),
)  # fmt: skip
CUTOUT.edited(
    "never-sticks-out", "the square always lies inside the image",
    ("torch.randint(H, (N, 1, 1, 1), device=x.device) - size // 2",
     "torch.randint(H - size + 1, (N, 1, 1, 1), device=x.device)"),
    ("torch.randint(W, (N, 1, 1, 1), device=x.device) - size // 2",
     "torch.randint(W - size + 1, (N, 1, 1, 1), device=x.device)"),
)  # fmt: skip
CUTOUT.edited(
    "corner-for-center", "the pixel drawn is the square's top left corner, not its center",
    (" - size // 2", ""),
)  # fmt: skip
CUTOUT.edited(
    "last-row-missed", "randint(H - 1), which ends before H - 1: the last row and column are no centers",
    ("torch.randint(H,", "torch.randint(H - 1,"), ("torch.randint(W,", "torch.randint(W - 1,"),
)  # fmt: skip
CUTOUT.edited(
    "rounded", "centers rounded from rand * (H - 1): the first and the last are half as likely",
    ("torch.randint(H, (N, 1, 1, 1), device=x.device)",
     "(torch.rand(N, 1, 1, 1, device=x.device) * (H - 1)).round().long()"),
    ("torch.randint(W, (N, 1, 1, 1), device=x.device)",
     "(torch.rand(N, 1, 1, 1, device=x.device) * (W - 1)).round().long()"),
)  # fmt: skip
CUTOUT.edited(
    "half-rounded", "the square begins at r - round(size / 2), one row too early for size 3",
    ("size // 2", "round(size / 2)"),
)  # fmt: skip
CUTOUT.edited(
    "half-odd", "size // 2 on both sides of the center: a square of an odd size is one too small",
    ("< top + size)", "< top + size // 2 * 2)"), ("< left + size)", "< left + size // 2 * 2)"),
)  # fmt: skip
CUTOUT.edited(
    "one-more", "both ends included: the square is one pixel too large",
    ("(i < top", "(i <= top"), ("(j < left", "(j <= left"),
)  # fmt: skip
CUTOUT.edited(
    "twice-as-large", "size taken as half of the side: squares of twice the size",
    (" - size // 2", " - size"), ("top + size", "top + 2 * size"), ("left + size", "left + 2 * size"),
)  # fmt: skip
CUTOUT.edited(
    "negative-index", "slices that begin below 0 count from the end: squares at the top or left are lost",
    ("    i = torch", "    top, left = (t.masked_fill(t < 0, 10**6) for t in (top, left))\n    i = torch"),
)  # fmt: skip
CUTOUT.edited(
    "one-channel", "the first channel alone is cut",
    ("x.masked_fill(inside, 0)",
     "x.masked_fill(inside & (torch.arange(C, device=x.device)[:, None, None] == 0), 0)\n"),
)  # fmt: skip
CUTOUT.edited(
    "channels-apart", "each channel is cut at a place of its own",
    ("(N, 1, 1, 1)", "(N, C, 1, 1)"),
)  # fmt: skip
CUTOUT.edited(
    "mean-color", "filled with the mean instead of 0",
    ("x.masked_fill(inside, 0)", "torch.where(inside, x.mean(), x)"),
)  # fmt: skip
CUTOUT.edited(
    "inverse", "everything but the square is cut",
    ("masked_fill(inside", "masked_fill(~inside"),
)  # fmt: skip
CUTOUT.edited(
    "sides-exchanged", "height and width exchanged when the center is drawn",
    ("torch.randint(H", "torch.randint(#"), ("torch.randint(W", "torch.randint(H"),
    ("torch.randint(#", "torch.randint(W"),
)  # fmt: skip
CUTOUT.edited(
    "diagonal", "one draw for row and column: squares on the diagonal alone",
    ("    left = torch.randint(W, (N, 1, 1, 1), device=x.device) - size // 2\n",
     "    left = (top + size // 2) * W // H - size // 2\n"),
)  # fmt: skip
CUTOUT.edited(
    "bands", "whole rows are cut, not squares",
    (" & (j >= left) & (j < left + size)", ""),
)  # fmt: skip
CUTOUT.edited(
    "sometimes", "every other image is left alone, at random",
    ("    return", "    inside = inside & (torch.rand(N, 1, 1, 1, device=x.device) < 0.5)\n    return"),
)  # fmt: skip
CUTOUT.edited(
    "in-place", "x itself is changed",
    ("masked_fill(", "masked_fill_("),
)  # fmt: skip
