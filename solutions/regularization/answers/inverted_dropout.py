"""Answers to ``inverted_dropout``."""

import numpy as np
import torch

from autograder.grading.answer import Answer

from ._modules import ill_mannered


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


ANSWER = Answer(InvertedDropout)


@ANSWER.alternative
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


@ANSWER.alternative
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


@ANSWER.alternative
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
        scale = 1 / (1 - self.p)
        drawn = torch.from_numpy(np.random.rand(*x.shape)).to(x.device)
        return torch.where(drawn > self.p, x * scale, torch.zeros_like(x))


@ANSWER.alternative
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


ANSWER.edited(
    "p-is-keep", "p read as the probability of keeping, as in the NumPy exercises",
    (">= self.p", "< self.p"), ("(1 - self.p)", "self.p"),
)
ANSWER.edited(
    "keeps-p", "elements kept with probability p, though divided by 1 - p",
    (">= self.p", "< self.p"),
)
ANSWER.edited(
    "divides-by-p", "divided by p, the probability of dropping",
    ("(1 - self.p)", "self.p"),
)
ANSWER.edited("not-scaled", "what is kept is not scaled", (" / (1 - self.p)", ""))
ANSWER.edited(
    "multiplies", "multiplied by 1 - p in training, instead of divided",
    ("keep / (1", "keep * (1"),
)
ANSWER.edited(
    "scales-in-evaluation", "not inverted: scaled by 1 - p in evaluation, not in training",
    ("return x\n", "return x * (1 - self.p)\n"), ("keep / (1 - self.p)", "keep"),
)
ANSWER.edited(
    "scales-twice", "scaled in training, and by 1 - p in evaluation again",
    ("return x\n", "return x * (1 - self.p)\n"),
)
ANSWER.edited(
    "always-drops", "drops in evaluation as well",
    ("        if not self.training:\n            return x\n", ""),
)
ANSWER.edited("modes-exchanged", "drops in evaluation, not in training", ("if not self", "if self"))
ANSWER.edited(
    "normal-draws", "normal random numbers instead of uniform ones",
    ("rand_like", "randn_like"),
)
ANSWER.edited(
    "mask-drawn-once", "the same mask in each call: drawn once and kept, or from a generator seeded anew",
    ("        keep = torch.rand_like(x) >= self.p\n",
     "        if not hasattr(self, 'mask'):\n            self.mask = torch.rand_like(x) >= self.p\n"),
    ("x * keep", "x * self.mask"),
)
ANSWER.edited(
    "one-mask-for-the-batch", "one mask for all examples of the batch",
    ("torch.rand_like(x) >=", "torch.rand_like(x[:1]) >="),
)
ANSWER.edited(
    "whole-examples", "examples dropped as a whole, not elements",
    ("torch.rand_like(x)", "torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device)"),
)
ANSWER.edited(
    "fixed-number", "the same number of elements dropped in each call: each element is to have a draw of its own",
    ("torch.rand_like(x) >= self.p",
     "torch.randperm(x.numel(), device=x.device).reshape(x.shape) >= round(self.p * x.numel())"),
    observed=True,
)
ill_mannered(ANSWER)
ANSWER.edited(
    "p-unchecked", "no ValueError for a p outside of [0, 1)",
    ("if not 0 <= p < 1", "if p is None"),
)
ANSWER.edited(
    "assertion", "an assert, which raises AssertionError, where ValueError is asked for",
    ('        if not 0 <= p < 1:\n            raise ValueError(f"p = {p} is not in [0, 1)")\n', "        assert 0 <= p < 1\n"),
)
ANSWER.edited(
    "one-accepted", "p = 1 accepted, though then nothing is left to scale",
    ("<= p < 1", "<= p <= 1"),
    observed=True,
)
