"""225 small pictures in six classes, for transfer learning and augmentation.

They come from the Debian package ``tuxpaint-stamps-default`` and stay under its license, the GPL-2
(``lab/pictures/COPYING``); ``lab/pictures/ORIGINS.csv`` names the origin of each.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

FOLDER = Path(__file__).with_name("pictures")
SIDE = 128  # pixels
CLASSES = ("bird", "flower", "fruit", "insect", "mammal", "vehicle")


class Pictures(NamedTuple):
    """``x`` uint8 ``(N, 3, side, side)``, ``y`` int64 ``(N,)`` in the order of ``CLASSES``."""

    x: Tensor
    y: Tensor
    files: tuple[str, ...]


class Split(NamedTuple):
    """Indices into a picture set, each int64 ``(n,)``."""

    train: Tensor
    test: Tensor


@cache
def pictures(side: int = SIDE) -> Pictures:
    """All pictures, scaled down to ``side`` pixels. Raises ValueError beyond 128 pixels."""
    from PIL import Image

    if not 1 <= side <= SIDE:
        raise ValueError(f"the pictures have {SIDE} pixels a side; {side} were asked for")
    images, labels, files = [], [], []
    for label, name in enumerate(CLASSES):
        for file in sorted((FOLDER / name).glob("*.jpg")):
            with Image.open(file) as picture:
                images.append(np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS)))
            labels.append(label)
            files.append(f"{name}/{file.name}")
    x = torch.tensor(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    return Pictures(x, torch.tensor(labels), tuple(files))


def split(y: Tensor, per_class: int | None = None, seed: int = 0) -> Split:
    """A third of each class for testing, ``per_class`` items of each (None: all) for training.

    ``y`` ``(N,)`` are the labels. For one seed the test items are the same whatever ``per_class``
    is, and a smaller training set is part of a larger one. Raises ValueError if a class is too
    small.
    """
    generator = torch.Generator().manual_seed(seed)
    train, test = [], []
    for label in y.unique().tolist():
        members = torch.nonzero(y == label).flatten()
        members = members[torch.randperm(len(members), generator=generator)]
        cut = round(len(members) / 3)
        if per_class is not None and per_class > len(members) - cut:
            raise ValueError(
                f"{per_class} training items a class: class {label} has {len(members) - cut}"
            )
        test.append(members[:cut])
        train.append(members[cut:][:per_class])
    return Split(torch.cat(train), torch.cat(test))
