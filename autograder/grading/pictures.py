"""The held-out pictures of the assignment ``transfer``, and what makes its two sheets.

``python -m autograder.grading.pictures`` makes both sheets anew from the course's picture set: a
third of each class is held out, as in the book's first split, and stays on this side; ten of each
class are for training, and the others for validation.
"""

import csv
import shutil
from importlib import resources
from pathlib import Path

import numpy as np

import autograder
from autograder.pictures import CLASSES, COLUMNS, SIDE, Pictures, read

PACKAGE = Path(autograder.__file__).parent
FOR_STUDENTS = PACKAGE / "data" / "transfer"
HELD_OUT = PACKAGE / "grading" / "data" / "transfer"
PER_CLASS = 10
QUALITY = 90
README = """\
Small pictures in six classes, 64 pixels a side, on one sheet. The table pictures.csv names them in
the order of the sheet, row by row.

They come from the Debian package tuxpaint-stamps-default (2022.06.04-1), the stamps of Tux Paint, a
drawing program for children. They were laid on white and scaled down. They are under the GNU General
Public License, version 2 (see COPYING); the column "origin" of the table says where in that package
each one comes from.
"""


def held_out() -> Pictures:
    """The pictures that students do not have, sorted by class."""
    return read(resources.files("autograder") / "grading" / "data" / "transfer", "held out")


def main() -> None:
    """Write both sheets with their tables, the license and the note on origins."""
    from lab import pictures

    everything = pictures.pictures(SIDE)
    others, third = pictures.split(everything.y, None, seed=0)
    rows = {FOR_STUDENTS: [], HELD_OUT: []}
    for label in range(len(CLASSES)):
        members = [int(i) for i in others if everything.y[i] == label]
        rows[FOR_STUDENTS] += [(i, "training") for i in members[:PER_CLASS]]
        rows[FOR_STUDENTS] += [(i, "validation") for i in members[PER_CLASS:]]
        rows[HELD_OUT] += [(int(i), "held out") for i in third if everything.y[i] == label]
    with open(pictures.FOLDER / "ORIGINS.csv", encoding="utf-8") as file:
        origins = {row[0]: row[1:] for row in csv.reader(file)}
    for folder, chosen in rows.items():
        folder.mkdir(parents=True, exist_ok=True)
        _write_sheet(folder, everything.x.numpy(), [i for i, _ in chosen])
        with open(folder / "pictures.csv", "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["class", "part", "file", "origin", "title"])
            for i, part in chosen:
                name = everything.files[i]
                table.writerow([CLASSES[everything.y[i]], part, name, *origins[name]])
        (folder / "README.txt").write_text(README, encoding="utf-8")
        shutil.copy(pictures.FOLDER / "COPYING", folder)


def _write_sheet(folder: Path, x: np.ndarray, chosen: list[int]) -> None:
    from PIL import Image

    height = -(-len(chosen) // COLUMNS) * SIDE
    sheet = np.full((height, COLUMNS * SIDE, 3), 255, np.uint8)
    for number, i in enumerate(chosen):
        top, left = (SIDE * k for k in divmod(number, COLUMNS))
        sheet[top : top + SIDE, left : left + SIDE] = x[i].transpose(1, 2, 0)
    Image.fromarray(sheet).save(folder / "pictures.jpg", quality=QUALITY)


if __name__ == "__main__":
    main()
