"""Fresh draws of MNIST-1D: training, validation and test signals, other ones for each seed."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from lab import data
from lab.data import Dataset

CLASSES = 10


class Draw(NamedTuple):
    """``dataset`` holds training and *test* signals; ``choosing`` has validation in their place."""

    dataset: Dataset
    choosing: Dataset


@cache
def pool(samples: int) -> tuple[Tensor, Tensor]:
    """All signals of MNIST-1D ``(samples, 40)`` and their classes."""
    made = data.mnist1d(samples)
    return torch.cat([made.x_train, made.x_test]), torch.cat([made.y_train, made.y_test])


def draw(
    size: int, seed: int, *, samples: int = 5000, validation: int = 1000, test: int = 2000
) -> Draw:
    """``size`` signals to train on, drawn by ``seed``, and others to choose and to judge with.

    The same seed gives the same test and validation signals, whatever the size. Different seeds
    draw from one pool, so that their signals overlap.
    """
    x, y = pool(samples)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    judging, choosing, rest = order.split([test, validation, len(x) - test - validation])
    train = rest[:size]
    return Draw(
        Dataset(x[train], y[train], x[judging], y[judging], CLASSES),
        Dataset(x[train], y[train], x[choosing], y[choosing], CLASSES),
    )
