"""The pictures of the assignment ``transfer``: six classes, 64 pixels a side.

They are stamps of Tux Paint and under the GPL-2; the table beside them names the origin of each, and
``README.txt`` there says more.
"""

import csv
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple

import numpy as np

CLASSES = ("bird", "flower", "fruit", "insect", "mammal", "vehicle")
SIDE = 64  # pixels
COLUMNS = 15  # pictures in a row of the sheet that holds them all


class Pictures(NamedTuple):
    """``x`` uint8 ``(N, 3, 64, 64)``, pixels from 0 to 255; ``y`` int64 ``(N,)``, see ``CLASSES``."""

    x: np.ndarray
    y: np.ndarray
    files: tuple[str, ...]


def training() -> Pictures:
    """Ten pictures of each class, sorted by class."""
    return _part("training")


def validation() -> Pictures:
    """Ninety other pictures, sorted by class."""
    return _part("validation")


def _part(name: str) -> Pictures:
    return read(resources.files("autograder") / "data" / "transfer", name)


@cache
def read(folder: Traversable, part: str) -> Pictures:
    """The pictures of one part of a sheet: ``pictures.jpg``, described by ``pictures.csv``."""
    from PIL import Image

    with (folder / "pictures.jpg").open("rb") as file, Image.open(file) as image:
        sheet = np.asarray(image)
    images, labels, files = [], [], []
    with (folder / "pictures.csv").open(encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row["part"] != part:
                continue
            top, left = (SIDE * i for i in divmod(number, COLUMNS))
            images.append(sheet[top : top + SIDE, left : left + SIDE].transpose(2, 0, 1))
            labels.append(CLASSES.index(row["class"]))
            files.append(row["file"])
    found = Pictures(np.stack(images), np.array(labels, dtype=np.int64), tuple(files))
    found.x.setflags(write=False)  # one array for all who ask
    found.y.setflags(write=False)
    return found
