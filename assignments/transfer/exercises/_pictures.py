"""The pictures that students have, with their classes numbered in some order."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from lab import pictures
from lab.pictures import Pictures

DATA = Path(__file__).parent.parent / "data"


def training() -> Pictures:
    """Ten pictures of each class, sorted by class."""
    return pictures.read_sheet(DATA, "training")


def validation() -> Pictures:
    """Ninety other pictures, sorted by class."""
    return pictures.read_sheet(DATA, "validation")


def in_order(found: Pictures, order: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Pixels and labels of the classes in ``order``, which gives them their numbers, class by class."""
    members = [torch.nonzero(found.y == label).flatten() for label in order]
    y = torch.repeat_interleave(torch.arange(len(order)), torch.tensor([len(m) for m in members]))
    return found.x[torch.cat(members)], y
