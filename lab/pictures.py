"""225 small pictures in six classes, for transfer learning and augmentation.

They come from the Debian package ``tuxpaint-stamps-default`` and stay under its license, the GPL-2
(``lab/pictures/COPYING``); ``lab/pictures/ORIGINS.csv`` names the origin of each. The assignment
``transfer`` has them on sheets of its own.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

FOLDER = Path(__file__).with_name("pictures")
SIDE = 128  # pixels
CLASSES = ("bird", "flower", "fruit", "insect", "mammal", "vehicle")
SHEET_SIDE = 64  # pixels of a picture on a sheet
SHEET_COLUMNS = 15  # pictures in a row of a sheet


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


def read_sheet(folder: str | Path, part: str) -> Pictures:
    """The pictures of one part of a sheet, of 64 pixels a side, in the order of the sheet.

    ``folder`` holds the sheet, ``pictures.jpg``, and a table of what is on it, ``pictures.csv``: the
    class, the part and the file of each picture, row by row. Raises ValueError if none is of this
    part.
    """
    with Image.open(Path(folder, "pictures.jpg")) as image:
        sheet = np.asarray(image)
    with open(Path(folder, "pictures.csv"), newline="", encoding="utf-8") as file:
        rows = [(i, row) for i, row in enumerate(csv.DictReader(file)) if row["part"] == part]
    if not rows:
        raise ValueError(f"{folder} holds no pictures for {part!r}")
    images = []
    for number, _ in rows:
        top, left = (SHEET_SIDE * i for i in divmod(number, SHEET_COLUMNS))
        images.append(sheet[top : top + SHEET_SIDE, left : left + SHEET_SIDE])
    x = torch.tensor(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    labels = [CLASSES.index(row["class"]) for _, row in rows]
    return Pictures(x, torch.tensor(labels), tuple(row["file"] for _, row in rows))


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
