"""Answers to inverted_dropout, channel_dropout and stochastic_depth."""

import torch

from autograder.grading.answers.base import Answer


class InvertedDropout(torch.nn.Module):
    def __init__(self, p):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p = {p} is not in [0, 1)")
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        keep = torch.rand_like(x) >= self.p
        return x * keep / (1 - self.p)


INVERTED = Answer(InvertedDropout)


@INVERTED.alternative
class InvertedDropout(torch.nn.Module):
    """Written with bernoulli_, and the scale in the mask."""

    def __init__(self, p=0.5):
        if p < 0 or p >= 1:
            raise ValueError("p must be at least 0 and less than 1")
        super().__init__()
        self.keep = 1.0 - p

    def forward(self, x):
        if self.training:
            mask = torch.empty_like(x).bernoulli_(self.keep).div_(self.keep)
            x = x * mask
        return x


@INVERTED.alternative
class InvertedDropout(torch.nn.Module):
    """Written with a boolean mask and masked_fill; a copy in evaluation."""

    def __init__(self, p):
        super().__init__()
        if p < 0:
            raise ValueError("negative")
        if p >= 1:
            raise ValueError("nothing would be left")
        self.register_buffer("p", torch.tensor(float(p), dtype=torch.float64))

    def forward(self, x):
        if self.training is False:
            return x.clone()
        p = self.p.item()
        dropped = torch.rand(x.shape, device=x.device) < p
        return (x / (1 - p)).masked_fill(dropped, 0)


@INVERTED.alternative
class InvertedDropout(torch.nn.Module):
    """Written with where, NumPy's random numbers and a helper method."""

    def __init__(self, p):
        super().__init__()
        self.p = self.checked(p)

    @staticmethod
    def checked(p):
        if 0 <= p < 1:
            return p
        raise ValueError(p)

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        import numpy as np

        scale = 1 / (1 - self.p)
        drawn = torch.from_numpy(np.random.rand(*x.shape)).to(x.device)
        return torch.where(drawn > self.p, x * scale, torch.zeros_like(x))


@INVERTED.alternative
class InvertedDropout(torch.nn.Module):
    """Written with the scale in a mask of torch's usual dtype, float32."""

    def __init__(self, p):
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError("p")
        self.p = p

    def forward(self, x):
        if self.training:
            return x * ((torch.rand(x.shape, device=x.device) > self.p) / (1 - self.p))
        return x


INVERTED.edited(
    "p-is-keep", "p read as the probability of keeping, as in the NumPy exercises",
    (">= self.p", "< self.p"), ("(1 - self.p)", "self.p"),
)  # fmt: skip
INVERTED.edited(
    "keeps-p", "elements kept with probability p, though divided by 1 - p",
    (">= self.p", "< self.p"),
)  # fmt: skip
INVERTED.edited(
    "divides-by-p", "divided by p, the probability of dropping",
    ("(1 - self.p)", "self.p"),
)  # fmt: skip
INVERTED.edited(
    "not-scaled", "what is kept is not scaled",
    (" / (1 - self.p)", ""),
)  # fmt: skip
INVERTED.edited(
    "multiplies", "multiplied by 1 - p in training, instead of divided",
    ("keep / (1", "keep * (1"),
)  # fmt: skip
INVERTED.edited(
    "scales-in-evaluation", "not inverted: scaled by 1 - p in evaluation, not in training",
    ("return x\n", "return x * (1 - self.p)\n"), ("keep / (1 - self.p)", "keep"),
)  # fmt: skip
INVERTED.edited(
    "scales-twice", "scaled in training, and by 1 - p in evaluation again",
    ("return x\n", "return x * (1 - self.p)\n"),
)  # fmt: skip
INVERTED.edited(
    "always-drops", "drops in evaluation as well",
    ("        if not self.training:\n            return x\n", ""),
)  # fmt: skip
INVERTED.edited(
    "modes-exchanged", "drops in evaluation, not in training",
    ("if not self", "if self"),
)  # fmt: skip
INVERTED.edited(
    "normal-draws", "normal random numbers instead of uniform ones",
    ("rand_like", "randn_like"),
)  # fmt: skip
INVERTED.edited(
    "mask-drawn-once", "the mask drawn in the first call and kept",
    ("        keep = torch.rand_like(x) >= self.p\n",
     "        if not hasattr(self, 'mask'):\n            self.mask = torch.rand_like(x) >= self.p\n"),
    ("x * keep", "x * self.mask"),
)  # fmt: skip
INVERTED.edited(
    "one-mask-for-the-batch", "one mask for all examples of the batch",
    ("torch.rand_like(x) >=", "torch.rand_like(x[:1]) >="),
)  # fmt: skip
INVERTED.edited(
    "whole-examples", "examples dropped as a whole, not elements",
    ("torch.rand_like(x)", "torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device)"),
)  # fmt: skip
INVERTED.edited(
    "fixed-number", "a fixed number of elements dropped, not each one by a draw of its own",
    ("torch.rand_like(x) >= self.p",
     "torch.randperm(x.numel(), device=x.device).reshape(x.shape) >= round(self.p * x.numel())"),
)  # fmt: skip
INVERTED.edited(
    "in-place", "x itself is changed",
    ("return x * keep / (1 - self.p)", "return x.mul_(keep).div_(1 - self.p)"),
)  # fmt: skip
INVERTED.edited(
    "detached", "no gradient: x is detached from its graph",
    ("return x * keep", "return x.detach() * keep"),
)  # fmt: skip
INVERTED.edited(
    "detached-in-evaluation", "no gradient in evaluation: x is detached from its graph there",
    ("return x\n", "return x.detach()\n"),
)  # fmt: skip
INVERTED.edited(
    "float64", "a float32 x comes back as float64",
    ("x * keep", "x.double() * keep"),
)  # fmt: skip
INVERTED.edited(
    "p-unchecked", "no ValueError for a p outside of [0, 1)",
    ("if not 0 <= p < 1", "if p is None"),
)  # fmt: skip
INVERTED.edited(
    "assertion", "an assert, which raises AssertionError, where ValueError is asked for",
    ('        if not 0 <= p < 1:\n            raise ValueError(f"p = {p} is not in [0, 1)")\n', "        assert 0 <= p < 1\n"),
)  # fmt: skip
INVERTED.edited(
    "one-accepted", "p = 1 accepted, though then nothing is left to scale",
    ("<= p < 1", "<= p <= 1"),
)  # fmt: skip


class ChannelDropout(torch.nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        keep = torch.rand(x.shape[0], x.shape[1], 1, 1, device=x.device) >= self.p
        return x * keep / (1 - self.p)


CHANNEL = Answer(ChannelDropout)


@CHANNEL.alternative
class ChannelDropout(torch.nn.Module):
    """Written with bernoulli and None as an index."""

    def __init__(self, p):
        super().__init__()
        self.keep = 1 - p

    def forward(self, x):
        if self.training:
            rate = torch.full(x.shape[:2], self.keep, dtype=x.dtype, device=x.device)
            x = x * (torch.bernoulli(rate) / self.keep)[:, :, None, None]
        return x


@CHANNEL.alternative
class ChannelDropout(torch.nn.Module):
    """Written with one long row of channels."""

    def __init__(self, p=0.5):
        super().__init__()
        self.drop = float(p)

    def forward(self, x):
        if not self.training:
            return x
        N, C, H, W = x.shape
        flat = x.reshape(N * C, H * W) / (1 - self.drop)
        gone = torch.rand(N * C, 1, device=x.device) < self.drop
        return flat.masked_fill(gone, 0.0).reshape(N, C, H, W)


@CHANNEL.alternative
class ChannelDropout(torch.nn.Module):
    """Written with a copy in which channels are put to 0, one by one."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0.0:
            return x + 0
        out = x.clone() / (1 - self.p)
        drops = (torch.rand(x.shape[:2]) < self.p).nonzero()
        out[drops[:, 0].to(x.device), drops[:, 1].to(x.device)] = 0
        return out


@CHANNEL.alternative
class ChannelDropout(torch.nn.Module):
    """Written with the scale in a mask of torch's usual dtype, float32."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            rate = torch.full(x.shape[:2], 1 - self.p, device=x.device)
            x = x * (torch.bernoulli(rate) / (1 - self.p))[..., None, None]
        return x


CHANNEL.edited(
    "elements", "elements dropped one by one, not whole channels",
    ("torch.rand(x.shape[0], x.shape[1], 1, 1, device=x.device)", "torch.rand_like(x)"),
)  # fmt: skip
CHANNEL.edited(
    "same-channels-for-all", "the same channels dropped in all examples of the batch",
    ("rand(x.shape[0], x", "rand(1, x"),
)  # fmt: skip
CHANNEL.edited(
    "whole-examples", "all channels of an example share one fate",
    ("x.shape[1], 1, 1", "1, 1, 1"),
)  # fmt: skip
CHANNEL.edited(
    "pixels", "pixels dropped across all channels, not channels",
    ("x.shape[1], 1, 1", "1, x.shape[2], x.shape[3]"),
)  # fmt: skip
CHANNEL.edited(
    "rows", "rows of a channel dropped one by one",
    ("x.shape[1], 1, 1", "x.shape[1], x.shape[2], 1"),
)  # fmt: skip
CHANNEL.edited(
    "p-is-keep", "p read as the probability of keeping, as in the NumPy exercises",
    (">= self.p", "< self.p"), ("(1 - self.p)", "self.p"),
)  # fmt: skip
CHANNEL.edited(
    "divides-by-p", "divided by p, the probability of dropping",
    ("(1 - self.p)", "self.p"),
)  # fmt: skip
CHANNEL.edited(
    "not-scaled", "the channels that are kept are not scaled",
    (" / (1 - self.p)", ""),
)  # fmt: skip
CHANNEL.edited(
    "scales-in-evaluation", "not inverted: scaled by 1 - p in evaluation, not in training",
    ("return x\n", "return x * (1 - self.p)\n"), ("keep / (1 - self.p)", "keep"),
)  # fmt: skip
CHANNEL.edited(
    "always-drops", "drops in evaluation as well",
    ("        if not self.training:\n            return x\n", ""),
)  # fmt: skip
CHANNEL.edited(
    "modes-exchanged", "drops in evaluation, not in training",
    ("if not self", "if self"),
)  # fmt: skip
CHANNEL.edited(
    "mask-drawn-once", "the mask drawn in the first call and kept",
    ("        keep = torch", "        if not hasattr(self, 'mask'):\n            self.mask = torch"),
    ("x * keep", "x * self.mask"),
)  # fmt: skip
CHANNEL.edited(
    "in-place", "x itself is changed",
    ("return x * keep / (1 - self.p)", "return x.mul_(keep).div_(1 - self.p)"),
)  # fmt: skip
CHANNEL.edited(
    "detached", "no gradient: x is detached from its graph",
    ("return x * keep", "return x.detach() * keep"),
)  # fmt: skip
CHANNEL.edited(
    "detached-in-evaluation", "no gradient in evaluation: x is detached from its graph there",
    ("return x\n", "return x.detach()\n"),
)  # fmt: skip
CHANNEL.edited(
    "float64", "a float32 x comes back as float64",
    ("x * keep", "x.double() * keep"),
)  # fmt: skip


def stochastic_depth(x, residual, p, training):
    if not training:
        return x + residual
    keep = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= p
    return x + residual * keep / (1 - p)


DEPTH = Answer(stochastic_depth)


@DEPTH.alternative
def stochastic_depth(x, residual, p, training):
    """Written with bernoulli_ and a view."""
    if training and p > 0:
        keep = 1 - p
        mask = torch.empty(x.size(0), dtype=x.dtype, device=x.device).bernoulli_(keep) / keep
        residual = residual * mask.view(-1, *(1 for _ in x.shape[1:]))
    return x + residual


@DEPTH.alternative
def stochastic_depth(x, residual, p, training):
    """Written with torch's dropout on one number an example."""
    ones = torch.ones(len(x), device=x.device, dtype=x.dtype)
    factor = torch.nn.functional.dropout(ones, p, training)
    return x + (residual.transpose(0, -1) * factor).transpose(0, -1)


@DEPTH.alternative
def stochastic_depth(x, residual, p, training):
    """Written with a list of factors, drawn one by one."""
    if not training:
        return residual + x
    factors = []
    for _ in range(len(x)):
        factors.append(0.0 if torch.rand(()).item() < p else 1 / (1 - p))
    factors = torch.tensor(factors, dtype=x.dtype, device=x.device)
    return torch.einsum("n...,n->n...", residual, factors) + x


@DEPTH.alternative
def stochastic_depth(x, residual, p, training):
    """Written with the scale in a mask of torch's usual dtype, float32."""
    if training:
        keep = (torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= p).float() / (1 - p)
        return x + residual * keep
    return x + residual


DEPTH.edited(
    "whole-batch", "one draw for the whole batch, not one for each example",
    ("torch.rand(len(x), *", "torch.rand(1, *"),
)  # fmt: skip
DEPTH.edited(
    "elements", "elements of the residual dropped one by one, as in dropout",
    ("torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device)", "torch.rand_like(x)"),
)  # fmt: skip
DEPTH.edited(
    "p-is-keep", "p read as the probability of keeping the branch",
    (">= p", "< p"), ("(1 - p)", "p"),
)  # fmt: skip
DEPTH.edited(
    "divides-by-p", "divided by p, the probability of dropping",
    ("/ (1 - p)", "/ p"),
)  # fmt: skip
DEPTH.edited(
    "not-scaled", "what is kept of the residual is not scaled",
    (" / (1 - p)", ""),
)  # fmt: skip
DEPTH.edited(
    "scales-in-test", "as in the paper: the residual scaled by 1 - p at test time, not in training",
    ("return x + residual\n", "return x + residual * (1 - p)\n"), (" / (1 - p)", ""),
)  # fmt: skip
DEPTH.edited(
    "drops-the-sum", "the whole sum dropped and scaled, x included",
    ("x + residual * keep", "(x + residual) * keep"),
)  # fmt: skip
DEPTH.edited(
    "drops-x", "x dropped and scaled instead of the residual",
    ("x + residual * keep / (1 - p)", "x * keep / (1 - p) + residual"),
)  # fmt: skip
DEPTH.edited(
    "x-forgotten", "the residual alone: x is not added",
    ("return x + residual", "return residual"),
)  # fmt: skip
DEPTH.edited(
    "always-drops", "drops at test time as well",
    ("    if not training:\n        return x + residual\n", ""),
)  # fmt: skip
DEPTH.edited(
    "modes-exchanged", "drops at test time, not in training",
    ("if not training", "if training"),
)  # fmt: skip
DEPTH.edited(
    "x-at-test-time", "x alone at test time: the residual is left out",
    ("return x + residual\n", "return x\n"),
)  # fmt: skip
DEPTH.edited(
    "in-place", "x itself is changed by x += ...",
    ("return x + residual * keep / (1 - p)",
     "x += residual * keep / (1 - p)\n    return x"),
)  # fmt: skip
DEPTH.edited(
    "residual-in-place", "residual itself is changed by residual *= ...",
    ("return x + residual * keep / (1 - p)",
     "residual *= keep / (1 - p)\n    return x + residual"),
)  # fmt: skip
DEPTH.edited(
    "float64", "float32 inputs give a float64 result",
    ("residual * keep", "residual.double() * keep"),
)  # fmt: skip
DEPTH.edited(
    "detached", "no gradient comes back to the residual: it is detached from its graph",
    ("residual * keep", "residual.detach() * keep"),
)  # fmt: skip
