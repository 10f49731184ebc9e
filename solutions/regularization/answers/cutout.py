"""Answers to ``cutout``."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def cutout(x, size):
    N, C, H, W = x.shape
    top = torch.randint(H, (N, 1, 1, 1), device=x.device) - size // 2
    left = torch.randint(W, (N, 1, 1, 1), device=x.device) - size // 2
    i = torch.arange(H, device=x.device)[:, None]
    j = torch.arange(W, device=x.device)
    inside = (i >= top) & (i < top + size) & (j >= left) & (j < left + size)
    return x.masked_fill(inside, 0)


ANSWER = Answer(cutout)


@ANSWER.alternative
def cutout(x, size):
    """Written with a loop, slices and clipping."""
    x = x.clone()
    H, W = x.shape[2:]
    for image in x:
        r, c = np.random.randint(H), np.random.randint(W)
        top, left = r - size // 2, c - size // 2
        image[:, max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = 0
    return x


@ANSWER.alternative
def cutout(x, size):
    """Written with a padded mask that is multiplied."""
    N, _, H, W = x.shape
    mask = torch.ones(N, H + size, W + size, dtype=x.dtype, device=x.device)
    before = size // 2
    for n in range(N):
        r, c = (int(torch.randint(side, ())) for side in (H, W))
        mask[n, r : r + size, c : c + size] = 0
    return x * mask[:, None, before : before + H, before : before + W]


@ANSWER.alternative
def cutout(x, size):
    """Written with one draw of a pixel number, and where."""
    N, C, H, W = x.shape
    pixel = (torch.rand(N, device=x.device) * (H * W)).long().clamp(max=H * W - 1)
    r, c = torch.div(pixel, W, rounding_mode="floor"), pixel % W

    def near(center, side):
        distance = torch.arange(side, device=x.device)[None] - center[:, None] + size // 2
        return (distance >= 0) & (distance <= size - 1)

    hole = near(r, H).unsqueeze(2) & near(c, W).unsqueeze(1)
    return torch.where(hole.unsqueeze(1), torch.zeros((), dtype=x.dtype, device=x.device), x)


ANSWER.edited(
    "one-place", "one place for the whole batch, not one for each image",
    ("(N, 1, 1, 1)", "(1, 1, 1, 1)"),
)
ANSWER.edited(
    "seeded-anew", "a generator seeded anew at each call: the same places each time",
    ("    top = torch", "    torch.manual_seed(0)\n    top = torch"),
)
ANSWER.edited(
    "never-sticks-out", "the square always lies inside the image",
    ("torch.randint(H, (N, 1, 1, 1), device=x.device) - size // 2",
     "torch.randint(H - size + 1, (N, 1, 1, 1), device=x.device)"),
    ("torch.randint(W, (N, 1, 1, 1), device=x.device) - size // 2",
     "torch.randint(W - size + 1, (N, 1, 1, 1), device=x.device)"),
)
ANSWER.edited(
    "corner-for-center", "the pixel drawn is the square's top left corner, not its center",
    (" - size // 2", ""),
)
ANSWER.edited(
    "last-row-missed", "randint(H - 1), which ends before H - 1: the last row and column are no centers",
    ("torch.randint(H,", "torch.randint(H - 1,"), ("torch.randint(W,", "torch.randint(W - 1,"),
)
ANSWER.edited(
    "rounded", "centers rounded from rand * (H - 1): the first and the last are half as likely",
    ("torch.randint(H, (N, 1, 1, 1), device=x.device)",
     "(torch.rand(N, 1, 1, 1, device=x.device) * (H - 1)).round().long()"),
    ("torch.randint(W, (N, 1, 1, 1), device=x.device)",
     "(torch.rand(N, 1, 1, 1, device=x.device) * (W - 1)).round().long()"),
)
ANSWER.edited(
    "half-rounded", "the square begins at r - round(size / 2), one row too early for size 3",
    ("size // 2", "round(size / 2)"),
)
ANSWER.edited(
    "half-odd", "size // 2 on both sides of the center: a square of an odd size is one too small",
    ("< top + size)", "< top + size // 2 * 2)"), ("< left + size)", "< left + size // 2 * 2)"),
)
ANSWER.edited(
    "one-more", "both ends included: the square is one pixel too large",
    ("(i < top", "(i <= top"), ("(j < left", "(j <= left"),
)
ANSWER.edited(
    "twice-as-large", "size taken as half of the side: squares of twice the size",
    (" - size // 2", " - size"), ("top + size", "top + 2 * size"), ("left + size", "left + 2 * size"),
)
ANSWER.edited(
    "negative-index", "slices that begin below 0 count from the end: squares at the top or left are lost",
    ("    i = torch", "    top, left = (t.masked_fill(t < 0, 10**6) for t in (top, left))\n    i = torch"),
)
ANSWER.edited(
    "one-channel", "the first channel alone is cut",
    ("x.masked_fill(inside, 0)",
     "x.masked_fill(inside & (torch.arange(C, device=x.device)[:, None, None] == 0), 0)\n"),
)
ANSWER.edited(
    "channels-apart", "each channel is cut at a place of its own",
    ("(N, 1, 1, 1)", "(N, C, 1, 1)"),
)
ANSWER.edited(
    "mean-color", "filled with the mean instead of 0",
    ("x.masked_fill(inside, 0)", "torch.where(inside, x.mean(), x)"),
)
ANSWER.edited(
    "inverse", "everything but the square is cut",
    ("masked_fill(inside", "masked_fill(~inside"),
)
ANSWER.edited(
    "sides-exchanged", "height and width exchanged when the center is drawn",
    ("torch.randint(H", "torch.randint(#"), ("torch.randint(W", "torch.randint(H"),
    ("torch.randint(#", "torch.randint(W"),
)
ANSWER.edited(
    "diagonal", "one draw for row and column: squares on the diagonal alone",
    ("    left = torch.randint(W, (N, 1, 1, 1), device=x.device) - size // 2\n",
     "    left = (top + size // 2) * W // H - size // 2\n"),
)
ANSWER.edited(
    "bands", "whole rows are cut, not squares",
    (" & (j >= left) & (j < left + size)", ""),
)
ANSWER.edited(
    "sometimes", "every other image is left alone, at random",
    ("    return", "    inside = inside & (torch.rand(N, 1, 1, 1, device=x.device) < 0.5)\n    return"),
)
ANSWER.edited("in-place", "x itself is changed", ("masked_fill(", "masked_fill_("))
ANSWER.edited(
    "one-place-too-many", "centers drawn from 0 to H and 0 to W, ends included: one place too many",
    ("torch.randint(H,", "torch.randint(H + 1,"), ("torch.randint(W,", "torch.randint(W + 1,"),
)
ANSWER.edited(
    "one-place-too-many-if-even",
    "centers drawn from 0 to H and 0 to W where size is even: one place too many",
    ("torch.randint(H,", "torch.randint(H + 1 - size % 2,"),
    ("torch.randint(W,", "torch.randint(W + 1 - size % 2,"),
)
TOP, LEFT = (f"torch.randint({side}, (N, 1, 1, 1), device=x.device) - size // 2" for side in "HW")
ANSWER.edited(
    "begins-inside",
    "a beginning moved to 0 before the size is added: squares over the top or left edge are not cut off there, but moved",
    (TOP, f"({TOP}).clamp(min=0)"), (LEFT, f"({LEFT}).clamp(min=0)"),
)
