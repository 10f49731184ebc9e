"""Changes to pictures that keep the label. Pictures are float ``(..., 3, H, W)``, from 0 to 1.

The leading axes are items (and runs); each item gets draws of its own from a ``torch.Generator``.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def flip(x: Tensor, generator: torch.Generator) -> Tensor:
    """Turn left and right around, with probability 1/2."""
    turned = torch.rand((*x.shape[:-3], 1, 1, 1), generator=generator) < 0.5
    return torch.where(turned, x.flip(-1), x)


def crop(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """A window of ``size`` x ``size`` pixels at a place drawn at random: ``(..., 3, size, size)``."""
    items = x.shape[:-3]
    for axis in (-2, -1):
        start = torch.randint(x.shape[axis] - size + 1, (*items, 1, 1, 1), generator=generator)
        index = (start + torch.arange(size)).transpose(axis, -1)
        shape = list(x.shape)
        shape[axis] = size
        x = x.gather(axis, index.expand(shape))
    return x


def zoom(x: Tensor, size: int, smallest: float, generator: torch.Generator) -> Tensor:
    """A square window of random size at a random place, scaled to ``size`` pixels.

    Its side is a share of the picture's, uniform from ``smallest`` to 1.
    """
    items, flat = x.shape[:-3], x.flatten(0, -4)
    side, right, down = torch.rand((3, len(flat)), generator=generator)
    side = smallest + (1 - smallest) * side
    theta = torch.zeros(len(flat), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = side
    theta[:, 0, 2], theta[:, 1, 2] = (1 - side) * (2 * right - 1), (1 - side) * (2 * down - 1)
    grid = F.affine_grid(theta, [len(flat), x.shape[-3], size, size], align_corners=False)
    seen = F.grid_sample(flat, grid, padding_mode="border", align_corners=False)
    return seen.unflatten(0, items)


def jitter(x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Brightness, contrast and saturation, each times a factor from 1 - strength to 1 + strength.

    In this order; contrast is the distance from the picture's mean gray, saturation the distance
    from each pixel's gray.
    """
    factors = 1 + strength * (2 * torch.rand((3, *x.shape[:-3], 1, 1, 1), generator=generator) - 1)
    brightness, contrast, saturation = factors
    x = brightness * x
    mean = gray(x).mean((-2, -1), keepdim=True)
    x = mean + contrast * (x - mean)
    return (gray(x) + saturation * (x - gray(x))).clamp(0, 1)


def gray(x: Tensor) -> Tensor:
    """Brightness as the eye weighs it, ``(..., 1, H, W)``: 0.299 R + 0.587 G + 0.114 B."""
    return (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(-3, keepdim=True)


def color_axes(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues ``(3,)`` and eigenvectors (columns, ``(3, 3)``) of the pixels' RGB covariance."""
    pixels = x.movedim(-3, 0).flatten(1)
    return torch.linalg.eigh(torch.cov(pixels))


def pca_offsets(
    x: Tensor, axes: tuple[Tensor, Tensor], generator: torch.Generator, deviation: float = 0.1
) -> Tensor:
    """Add one color to each picture: sum_i a_i l_i p_i, with a_i from N(0, deviation^2).

    ``l_i`` and ``p_i`` are the eigenvalues and eigenvectors of ``color_axes``. Krizhevsky et al.,
    "ImageNet Classification with Deep Convolutional Neural Networks" (2012),
    https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks
    """
    values, vectors = axes
    a = deviation * torch.randn((*x.shape[:-3], 3), generator=generator)
    return x + ((a * values) @ vectors.T)[..., None, None]


def ten_crops(x: Tensor, size: int) -> Tensor:
    """The four corners, the center, and the same five mirrored: ``(10, ..., 3, size, size)``."""
    h, w = x.shape[-2] - size, x.shape[-1] - size
    corners = [(0, 0), (0, w), (h, 0), (h, w), (h // 2, w // 2)]
    five = torch.stack([x[..., i : i + size, j : j + size] for i, j in corners])
    return torch.cat([five, five.flip(-1)])


GEOMETRY = ("rotate", "shear x", "shear y", "move x", "move y")
BLENDS = ("brightness", "contrast", "saturation")
OPERATIONS = ("nothing", *GEOMETRY, *BLENDS, "posterize", "solarize")


def operate(x: Tensor, which: Tensor, magnitude: float, sign: Tensor) -> Tensor:
    """Apply to each picture of ``x`` ``(N, 3, H, W)`` the operation ``which`` ``(N,)``.

    ``magnitude`` is from 0, almost no change, to 1; ``sign`` ``(N,)``, 1 or -1, is its direction.
    At 1 the rotation is 30 degrees, the shear 0.3, the move a third of the picture, the factor on
    brightness, contrast or saturation 1.9 or 0.1, posterizing leaves 2 levels, and solarizing
    inverts all pixels above 0.
    """

    def chosen(name: str) -> Tensor:
        return (which == OPERATIONS.index(name)).float() * sign * magnitude

    angle = chosen("rotate") * torch.pi / 6
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack([cos, 0.3 * chosen("shear x") - sin, chosen("move x") * 2 / 3], -1),
        torch.stack([0.3 * chosen("shear y") + sin, cos, chosen("move y") * 2 / 3], -1),
    ]
    grid = F.affine_grid(torch.stack(rows, -2), list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def where(name: str, other: Tensor) -> Tensor:
        return torch.where((which == OPERATIONS.index(name))[:, None, None, None], other, x)

    factor = (1 + 0.9 * magnitude * sign)[:, None, None, None]
    x = where("brightness", factor * x)
    mean = gray(x).mean((-2, -1), keepdim=True)
    x = where("contrast", mean + factor * (x - mean))
    x = where("saturation", gray(x) + factor * (x - gray(x))).clamp(0, 1)
    levels = 2 ** round(8 - 7 * magnitude) - 1
    x = where("posterize", (x * levels).round() / levels)
    return where("solarize", torch.where(x > 1 - magnitude, 1 - x, x))


def rand_augment(x: Tensor, count: int, magnitude: float, generator: torch.Generator) -> Tensor:
    """``count`` operations one after the other, each drawn from ``OPERATIONS``, all one magnitude.

    Our list is shorter than the authors' fourteen. Cubuk et al. (2019),
    https://arxiv.org/abs/1909.13719
    """
    flat = x.flatten(0, -4)
    for _ in range(count):
        which = torch.randint(len(OPERATIONS), (len(flat),), generator=generator)
        sign = 1.0 - 2 * torch.randint(2, (len(flat),), generator=generator)
        flat = operate(flat, which, magnitude, sign)
    return flat.unflatten(0, x.shape[:-3])
