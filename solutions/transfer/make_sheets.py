"""Makes the two sheets of pictures of this assignment: ``python -m solutions.transfer.make_sheets``.

They come from the course's picture set. A third of each class is held out, as in the book's first
split, and stays on this side; ten of each class are for training, and the others for validation.
"""

import csv
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from lab import pictures
from lab.pictures import CLASSES, SHEET_COLUMNS, SHEET_SIDE

HELD_OUT = Path(__file__).parent / "held_out"
FOR_STUDENTS = Path(__file__).parents[2] / "assignments" / "transfer" / "data"
PER_CLASS = 10
QUALITY = 90
README = """\
Small pictures in six classes, 64 pixels a side, on one sheet. The table pictures.csv names them in
the order of the sheet, row by row.

They come from the Debian package tuxpaint-stamps-default (2022.06.04-1), the stamps of Tux Paint:
https://tuxpaint.org/stamps/. They were laid on white and scaled down. They are under the GNU General
Public License, version 2 (see COPYING); the column "origin" of the table says where in that package
each one comes from.
"""


def main(for_students: Path = FOR_STUDENTS, held_out: Path = HELD_OUT) -> None:
    """Write both sheets with their tables, the license and the note on origins."""
    everything = pictures.pictures(SHEET_SIDE)
    others, third = pictures.split(everything.y, None, seed=0)
    shared: list[tuple[int, str]] = []
    kept: list[tuple[int, str]] = []
    for label in range(len(CLASSES)):
        members = [int(i) for i in others if everything.y[i] == label]
        shared += [(i, "training") for i in members[:PER_CLASS]]
        shared += [(i, "validation") for i in members[PER_CLASS:]]
        kept += [(int(i), "held out") for i in third if everything.y[i] == label]
    for folder, chosen in ((for_students, shared), (held_out, kept)):
        folder.mkdir(parents=True, exist_ok=True)
        write_sheet(folder, everything.x.numpy(), [i for i, _ in chosen])
        write_table(folder, everything, chosen)
        (folder / "README.txt").write_text(README, encoding="utf-8")
        shutil.copy(pictures.FOLDER / "COPYING", folder)


def write_sheet(folder: Path, x: np.ndarray, chosen: list[int]) -> None:
    height = -(-len(chosen) // SHEET_COLUMNS) * SHEET_SIDE
    sheet = np.full((height, SHEET_COLUMNS * SHEET_SIDE, 3), 255, np.uint8)
    for number, i in enumerate(chosen):
        top, left = (SHEET_SIDE * k for k in divmod(number, SHEET_COLUMNS))
        sheet[top : top + SHEET_SIDE, left : left + SHEET_SIDE] = x[i].transpose(1, 2, 0)
    Image.fromarray(sheet).save(folder / "pictures.jpg", quality=QUALITY)


def write_table(folder: Path, found: pictures.Pictures, chosen: list[tuple[int, str]]) -> None:
    with open(pictures.FOLDER / "ORIGINS.csv", encoding="utf-8") as file:
        origins = {row[0]: row[1:] for row in csv.reader(file)}
    with open(folder / "pictures.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["class", "part", "file", "origin", "title"])
        for i, part in chosen:
            name = found.files[i]
            table.writerow([CLASSES[found.y[i]], part, name, *origins[name]])


if __name__ == "__main__":
    main()
