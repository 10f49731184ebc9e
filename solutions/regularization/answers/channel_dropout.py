"""Answers to ``channel_dropout``."""

import torch

from autograder.grading.answer import Answer

from ._modules import ill_mannered


class ChannelDropout(torch.nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        keep = torch.rand(x.shape[0], x.shape[1], 1, 1, device=x.device) >= self.p
        return x * keep / (1 - self.p)


ANSWER = Answer(ChannelDropout)


@ANSWER.alternative
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


@ANSWER.alternative
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


@ANSWER.alternative
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


@ANSWER.alternative
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


ANSWER.edited(
    "elements", "elements dropped one by one, not whole channels",
    ("torch.rand(x.shape[0], x.shape[1], 1, 1, device=x.device)", "torch.rand_like(x)"),
)
ANSWER.edited(
    "same-channels-for-all", "the same channels dropped in all examples of the batch",
    ("rand(x.shape[0], x", "rand(1, x"),
)
ANSWER.edited(
    "whole-examples", "all channels of an example share one fate",
    ("x.shape[1], 1, 1", "1, 1, 1"),
)
ANSWER.edited(
    "pixels", "pixels dropped across all channels, not channels",
    ("x.shape[1], 1, 1", "1, x.shape[2], x.shape[3]"),
)
ANSWER.edited(
    "rows", "rows of a channel dropped one by one",
    ("x.shape[1], 1, 1", "x.shape[1], x.shape[2], 1"),
)
ANSWER.edited(
    "p-is-keep", "p read as the probability of keeping, as in the NumPy exercises",
    (">= self.p", "< self.p"), ("(1 - self.p)", "self.p"),
)
ANSWER.edited(
    "divides-by-p", "divided by p, the probability of dropping",
    ("(1 - self.p)", "self.p"),
)
ANSWER.edited("not-scaled", "the channels that are kept are not scaled", (" / (1 - self.p)", ""))
ANSWER.edited(
    "scales-in-evaluation", "not inverted: scaled by 1 - p in evaluation, not in training",
    ("return x\n", "return x * (1 - self.p)\n"), ("keep / (1 - self.p)", "keep"),
)
ANSWER.edited(
    "always-drops", "drops in evaluation as well",
    ("        if not self.training:\n            return x\n", ""),
)
ANSWER.edited("modes-exchanged", "drops in evaluation, not in training", ("if not self", "if self"))
ANSWER.edited(
    "mask-drawn-once", "the same mask in each call: drawn once and kept, or from a generator seeded anew",
    ("        keep = torch", "        if not hasattr(self, 'mask'):\n            self.mask = torch"),
    ("x * keep", "x * self.mask"),
)
ill_mannered(ANSWER)
