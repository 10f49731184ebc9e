"""Puts submissions where grading finds them; what was there before is kept."""

import errno
import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.grading.storage.seeds import TIMESTAMP
from autograder.grading.storage.staging import files_below
from autograder.grading.systems.sorting import Outcome, Piece, Submission, What

REPLACED = "replaced"
THE_MACHINES = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)  # errors, and no file's


class Placing:
    """Puts submissions into a folder; with ``dry`` only says what would become of them."""

    def __init__(self, submissions: Path, scratch: Path, dry: bool) -> None:
        self.submissions = submissions
        self.scratch = scratch
        self.dry = dry
        self.kept = submissions.resolve().parent / REPLACED
        self.count = 0

    def place(self, submission: Submission) -> list[Outcome]:
        """Put a submission in its place, whole or not at all; what became of each of its files."""
        notebook = submission.notebook
        name = notebook.assignment
        place = self.submissions / notebook.student / name
        if any(folder.is_symlink() for folder in (place.parent, place)):
            return [notebook.became(What.REFUSED, f"{place} is a link")]
        self.count += 1
        made = self.scratch / f"made-{self.count}"
        made.mkdir()
        told: list[Outcome] = []
        _copy(notebook, made / f"{name}.ipynb")
        for inside, piece in submission.beside.items():
            try:
                if inside.parts[0] == TIMESTAMP and len(inside.parts) > 1:
                    raise NotADirectoryError(errno.ENOTDIR, f"{TIMESTAMP} is no folder")
                target = made / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(piece, target)
                told.append(piece.became(What.BESIDE, assignment=name))
            except OSError as error:  # a name too long for this file system, or a file and a folder
                if error.errno in THE_MACHINES:
                    raise
                told.append(piece.became(What.REFUSED, f"{error.strerror}", name))
        handed_in = notebook.claim.handed_in
        if handed_in is not None:
            (made / TIMESTAMP).write_text(f"{handed_in:%Y-%m-%d %H:%M:%S.%f} UTC\n")
        return [self._put(made, place, notebook, handed_in), *told]

    def _put(self, made: Path, place: Path, notebook: Piece, handed_in: datetime | None) -> Outcome:
        says = ""
        if os.path.lexists(place):
            if _is_the_same(made, place):
                return notebook.became(What.THERE)
            there = _time(place / TIMESTAMP)
            if there is not None and handed_in is not None and there > handed_in:
                return notebook.became(What.EARLIER, f"what is in {place} was handed in later")
            now = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
            kept = self.kept / notebook.student / notebook.assignment / now
            says = f"what was there is kept in {kept}"
            if not self.dry:
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(place, kept)
        if not self.dry:
            place.parent.mkdir(parents=True, exist_ok=True)
            os.rename(made, place)
        return notebook.became(What.COLLECTED, says)


def _copy(piece: Piece, target: Path) -> None:
    """Copied, not moved: work of a group is put into more than one place."""
    shutil.copyfile(piece.arrival.copy, target)


def _is_the_same(made: Path, place: Path) -> bool:
    """Whether nothing is new; a time that somebody wrote beside a submission stands."""
    new, old = _digests(made), _digests(place)
    if TIMESTAMP not in new:
        old.pop(TIMESTAMP, None)
    return new == old


def _digests(folder: Path) -> dict[str, str]:
    return {
        inside: hashlib.sha256(path.read_bytes()).hexdigest()
        for inside, path in files_below(folder)
        if path.is_file() and not path.is_symlink()
    }


def _time(path: Path) -> datetime | None:
    """When a submission was handed in, as far as it is written beside it."""
    try:
        return parse_utc(path.read_text().strip()).replace(tzinfo=UTC)
    except (OSError, ValueError, OverflowError):
        return None
