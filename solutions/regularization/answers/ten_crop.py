"""Answers to ``ten_crop``."""

import torch

from autograder.grading.answer import Answer


def ten_crop(model, x, size):
    down, right = x.shape[2] - size, x.shape[3] - size
    corners = [(0, 0), (0, right), (down, 0), (down, right)]
    center = (down // 2, right // 2)
    crops = [x[:, :, i : i + size, j : j + size] for i, j in [*corners, center]]
    crops += [crop.flip(3) for crop in crops]
    return sum(model(crop).softmax(1) for crop in crops) / 10


ANSWER = Answer(ten_crop)


@ANSWER.alternative
def ten_crop(model, x, size):
    """Written with one call of the model for all crops, crops first."""
    N, C, H, W = x.shape
    t, s = (H - size) // 2, (W - size) // 2
    five = [
        x[..., :size, :size],
        x[..., :size, W - size :],
        x[..., H - size :, :size],
        x[..., H - size :, W - size :],
        x[..., t : t + size, s : s + size],
    ]
    batch = torch.cat(five + [torch.flip(crop, dims=[-1]) for crop in five])
    scores = model(batch)
    return torch.nn.functional.softmax(scores, dim=-1).view(10, N, -1).mean(0)


@ANSWER.alternative
def ten_crop(model, x, size):
    """Written with a loop over the images, and stacks."""
    answers = []
    for image in x:
        crops = []
        h, w = image.shape[-2] - size, image.shape[-1] - size
        for i, j in ((h, w), (h, 0), (0, 0), (0, w), (int(h / 2), int(w / 2))):
            crop = image.narrow(1, i, size).narrow(2, j, size)
            crops += [crop, crop[:, :, torch.arange(size - 1, -1, -1)]]
        with torch.no_grad():
            scores = model(torch.stack(crops))
        e = (scores - scores.max(dim=1, keepdim=True).values).exp()
        answers.append((e / e.sum(dim=1, keepdim=True)).mean(dim=0))
    return torch.stack(answers)


@ANSWER.alternative
def ten_crop(model, x, size):
    """Written with unfold, and one call with the images first."""
    N, C = x.shape[:2]
    windows = x.unfold(2, size, 1).unfold(3, size, 1)
    h, w = windows.shape[2] - 1, windows.shape[3] - 1
    rows, columns = torch.tensor([0, 0, h, h, h // 2]), torch.tensor([0, w, 0, w, w // 2])
    five = windows[:, :, rows, columns].movedim(2, 1)
    ten = torch.cat([five, five.flip(-1)], dim=1).reshape(N * 10, C, size, size)
    return torch.log_softmax(model(ten), 1).exp().reshape(N, 10, -1).mean(1)


ANSWER.edited(
    "scores-averaged", "scores averaged, then the softmax: not the mean of the probabilities",
    ("sum(model(crop).softmax(1) for crop in crops) / 10",
     "(sum(model(crop) for crop in crops) / 10).softmax(1)"),
)
ANSWER.edited(
    "no-softmax", "the scores themselves averaged, without a softmax",
    (".softmax(1)", ""),
)
ANSWER.edited(
    "softmax-over-images", "the softmax over the images of the batch, not over the classes",
    ("softmax(1)", "softmax(0)"),
)
ANSWER.edited(
    "softmax-twice", "the softmax taken once more, of the average",
    ("return sum(model(crop).softmax(1) for crop in crops) / 10",
     "return (sum(model(crop).softmax(1) for crop in crops) / 10).softmax(1)"),
)
ANSWER.edited("sum", "the sum instead of the mean", (" / 10", ""))
ANSWER.edited(
    "logarithms-averaged", "log probabilities averaged: a geometric mean",
    ("sum(model(crop).softmax(1) for crop in crops) / 10",
     "(sum(model(crop).log_softmax(1) for crop in crops) / 10).exp()"),
)
ANSWER.edited(
    "largest", "the largest probability over the crops instead of the mean",
    ("sum(model(crop).softmax(1) for crop in crops) / 10",
     "torch.stack([model(crop).softmax(1) for crop in crops]).amax(0)"),
)
ANSWER.edited(
    "votes", "votes counted: the share of crops in which a class wins",
    ("sum(model(crop).softmax(1) for crop in crops)",
     "sum((s == s.amax(1, keepdim=True)).to(x.dtype) for s in map(model, crops))"),
)
ANSWER.edited(
    "center-apart", "the center weighs as much as all corners together",
    ("return sum(model(crop).softmax(1) for crop in crops) / 10",
     "ten = torch.stack([model(crop).softmax(1) for crop in crops])\n"
     "    return ten[[0, 1, 2, 3, 5, 6, 7, 8]].mean(0) / 2 + ten[[4, 9]].mean(0) / 2"),
)
ANSWER.edited(
    "no-flips", "no mirror images: five crops",
    ("    crops += [crop.flip(3) for crop in crops]\n", ""), ("/ 10", "/ 5"),
)
ANSWER.edited("upside-down", "flipped upside down, not left to right", ("flip(3)", "flip(2)"))
ANSWER.edited(
    "flipped-both-ways", "flipped both ways at once: turned by 180 degrees",
    ("flip(3)", "flip(2, 3)"),
)
ANSWER.edited(
    "flipped-first", "the image flipped before the crop: another center if the width left over is odd",
    ("crops += [crop.flip(3) for crop in crops]",
     "crops += [x.flip(3)[:, :, i : i + size, j : j + size] for i, j in [*corners, center]]"),
)
ANSWER.edited(
    "no-center", "the center left out: eight crops",
    ("[*corners, center]", "corners"), ("/ 10", "/ 8"),
)
ANSWER.edited(
    "center-alone", "the center and its mirror image alone",
    ("[*corners, center]", "[center]"), ("/ 10", "/ 2"),
)
ANSWER.edited(
    "center-rounded-up", "the center's offset rounded up",
    ("(down // 2, right // 2)", "((down + 1) // 2, (right + 1) // 2)"),
)
ANSWER.edited(
    "center-rounded-to-even", "the center's offset rounded to the nearest even number at a half, as in torchvision",
    ("(down // 2, right // 2)", "(round(down / 2), round(right / 2))"),
)
ANSWER.edited(
    "sides-exchanged", "height and width exchanged",
    ("x.shape[2] - size, x.shape[3] - size", "x.shape[3] - size, x.shape[2] - size"),
)
ANSWER.edited(
    "images-confused", "the images of the batch confused when the crops are taken apart",
    ("sum(model(crop).softmax(1) for crop in crops) / 10",
     "model(torch.cat(crops)).softmax(1).reshape(len(x), 10, -1).mean(1)"),
)
