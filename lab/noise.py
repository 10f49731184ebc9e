"""Noise in training, none in testing: the layers and the changes to a batch, a few lines each.

A layer's strength is a buffer, so that ``lab.training`` can train several strengths side by side.
``keep`` is the probability of *keeping*; what is kept is divided by it, so that testing needs no
change. The functions change a batch with the axes ``(..., B, C, H, W)``, where the leading axes are
runs, and draw from a ``torch.Generator``.
"""

import torch
from numpy.typing import ArrayLike
from scipy.special import betaincinv
from torch import Tensor, nn
from torch.nn import functional as F


def mask(shape: tuple[int, ...], keep: Tensor) -> Tensor:
    """1/keep with probability ``keep``, else 0: its mean is 1."""
    return (torch.rand(shape) < keep) / keep


class Noisy(nn.Module):
    """A layer with a strength that is neither trained nor the same in all runs."""

    strength: Tensor

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.register_buffer("strength", torch.tensor(float(strength)))


class Dropout(Noisy):
    """Each number is kept with probability ``keep``, or set to 0.

    Srivastava et al. (2014), https://jmlr.org/papers/v15/srivastava14a.html
    """

    def forward(self, x: Tensor) -> Tensor:
        return x * mask(x.shape, self.strength) if self.training else x


class DropConnect(Noisy):
    """A linear layer ``(B, inputs) -> (B, outputs)`` that keeps each weight with probability keep.

    Every example has a mask of its own. In testing the mean weights are used; the authors draw from
    a Gaussian there. Wan et al. (2013), https://proceedings.mlr.press/v28/wan13.html
    """

    def __init__(self, inputs: int, outputs: int, keep: float) -> None:
        super().__init__(keep)
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return self.linear(x)
        weight = self.linear.weight * mask((len(x), *self.linear.weight.shape), self.strength)
        return torch.einsum("boi,bi->bo", weight, x) + self.linear.bias


class StochasticDepth(Noisy):
    """``x + branch(x)``, where each example keeps the branch with probability ``keep``.

    The authors draw once for a whole mini-batch. Huang et al. (2016),
    https://arxiv.org/abs/1603.09382
    """

    def __init__(self, branch: nn.Module, keep: float = 1.0) -> None:
        super().__init__(keep)
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        change = self.branch(x)
        if self.training:
            change = change * mask((len(x), *[1] * (x.dim() - 1)), self.strength)
        return x + change


def pooling_starts(size: int, pooled: int, u: Tensor, window: int = 2) -> Tensor:
    """Where ``pooled`` windows begin on ``size`` places, for ``u`` ``(...)`` in [0, 1).

    With a = (size - window) / (pooled - 1), window i begins at floor(a (i + u)) - floor(a u); the
    last one ends with the last place. Returns ``(..., pooled)``. This is torch's form of Graham
    (2014), https://arxiv.org/abs/1412.6071
    """
    a = (size - window) / (pooled - 1)
    i = torch.arange(pooled - 1)
    starts = (a * (i + u[..., None])).floor() - (a * u[..., None]).floor()
    last = torch.full((*u.shape, 1), float(size - window))
    return torch.cat([starts, last], -1).long()


class FractionalMaxPool1d(Noisy):
    """Max pooling ``(B, C, size) -> (B, C, pooled)`` over windows of 2 at places that are drawn.

    Each example draws u from a range of width ``strength`` (up to 1) around 1/2; in testing u is
    1/2. Strength 0 is ordinary pooling with windows spread evenly.
    """

    def __init__(self, pooled: int, strength: float = 1.0) -> None:
        super().__init__(strength)
        self.pooled = pooled

    def forward(self, x: Tensor) -> Tensor:
        u = torch.full((len(x),), 0.5)
        if self.training:
            u = u + self.strength * (torch.rand(len(x)) - 0.5)
        starts = pooling_starts(x.shape[-1], self.pooled, u)[:, None].expand(-1, x.shape[1], -1)
        return torch.maximum(x.gather(-1, starts), x.gather(-1, starts + 1))


def _box(
    shape: tuple[int, ...],
    height: ArrayLike | Tensor,
    width: ArrayLike | Tensor,
    generator: torch.Generator,
) -> Tensor:
    """True inside a box around a pixel drawn at random, for each item: ``(..., 1, H, W)``."""
    inside = []
    for side, length in zip(shape[-2:], (height, width), strict=True):
        length = torch.as_tensor(length, dtype=torch.float32)[..., None]
        center = torch.randint(side, (*shape[:-3], 1), generator=generator)
        place = torch.arange(side) - center + (length / 2).floor()
        inside.append((place >= 0) & (place < length))
    rows, columns = inside
    return (rows[..., :, None] & columns[..., None, :])[..., None, :, :]


def cutout(x: Tensor, size: ArrayLike | Tensor, generator: torch.Generator) -> Tensor:
    """Set a square of ``size`` pixels to 0 in each item of ``x`` ``(..., B, C, H, W)``.

    Its center is any pixel, so that the square may stick out. ``size`` is a number or broadcasts
    against ``(..., B)``. DeVries & Taylor (2017), https://arxiv.org/abs/1708.04552
    """
    return x.masked_fill(_box(x.shape, size, size, generator), 0.0)


def beta(alpha: ArrayLike, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draws from Beta(alpha, alpha), by the inverse of its distribution function."""
    uniform = torch.rand(shape, generator=generator, dtype=torch.float64)
    return torch.as_tensor(betaincinv(alpha, alpha, uniform.numpy()), dtype=torch.float32)


def mixup(
    x: Tensor, y: Tensor, classes: int, alpha: ArrayLike, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Mix each item with its neighbor: ``s x + (1 - s) x'`` and the same for the targets.

    ``x`` ``(..., B, C, H, W)``, ``y`` ``(..., B)``; the share s is drawn from Beta(alpha, alpha)
    for each item. Neighbors in a mini-batch are random pairs. Returns inputs and target
    probabilities ``(..., B, classes)``. Zhang et al. (2018), https://arxiv.org/abs/1710.09412
    """
    axis = y.dim() - 1
    share = beta(alpha, y.shape, generator)
    targets = F.one_hot(y, classes).float()
    of_x, of_y = share[..., None, None, None], share[..., None]
    return (
        of_x * x + (1 - of_x) * x.roll(1, axis),
        of_y * targets + (1 - of_y) * targets.roll(1, axis),
    )


def cutmix(
    x: Tensor, y: Tensor, classes: int, alpha: ArrayLike, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Paste a box of the neighbor into each item; the targets follow the share of the area.

    Axes as in ``mixup``. The box has the sides H sqrt(1 - s) and W sqrt(1 - s), with s from
    Beta(alpha, alpha), around any pixel; what sticks out is cut off and does not count. Yun et al.
    (2019), https://arxiv.org/abs/1905.04899
    """
    axis = y.dim() - 1
    side = (1 - beta(alpha, y.shape, generator)).sqrt()
    height, width = ((n * side).floor() for n in x.shape[-2:])
    inside = _box(x.shape, height, width, generator)
    share = 1 - inside.float().mean((-3, -2, -1))[..., None]
    targets = F.one_hot(y, classes).float()
    mixed = torch.where(inside, x.roll(1, axis), x)
    return mixed, share * targets + (1 - share) * targets.roll(1, axis)


def smooth(y: Tensor, classes: int, eps: float) -> Tensor:
    """Targets 1 - eps + eps/classes for the right class, eps/classes for the others.

    Szegedy et al. (2016), https://arxiv.org/abs/1512.00567
    """
    return (1 - eps) * F.one_hot(y, classes).float() + eps / classes
