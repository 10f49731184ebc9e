"""A submission's folder copied to a place of our own: regular files only, nothing is followed.

nbgrader works on the copy, and what it makes replaces what was there when it is whole. So a grading
that fails leaves the old graded notebook and the old feedback as they were.
"""

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.grading.storage.jobs import Job, printable
from autograder.grading.storage.seeds import SECRET, TIMESTAMP

LARGEST_FILE = 256 * 2**20
LARGEST_FOLDER = 128 * 2**20  # what lies beside the notebook: half of a kernel's scratch folder
MOST_FILES = 2_000
DEEPEST = 8  # folders in folders: with MOST_FILES, more would fill a kernel's scratch folder
MOST_SAID = 5
LONGEST_NOTE = 200  # characters
NOT_OURS = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG)  # other errors may be the machine's
STEPS = ("autograded", "feedback")


class NotHandedIn(Exception):
    """There is no notebook that could be graded; the message says what is there instead."""


def survey(job: Job) -> tuple[list[tuple[str, Path]], list[str]]:
    """The files that ``stage`` would copy, each with its place, and what it would say was left out.

    Raises NotHandedIn if the notebook is not there or is no regular file, and OSError as ``stage`` does.
    """
    _require_notebook(job)
    looked_at = list(_looked_at(job))
    files = [(inside.as_posix(), path) for path, inside, why in looked_at if why is None]
    return files, _in_short([why for _, _, why in looked_at if why is not None])


def stage(job: Job, root: Path) -> list[str]:
    """Copy a submission to ``root/submitted/STUDENT/ASSIGNMENT``; returns what was left out, and why.

    Raises NotHandedIn if the notebook is not there or is no regular file, and OSError for what is the
    machine's fault.
    """
    _require_notebook(job)
    place = root / "submitted" / job.student / job.assignment
    place.mkdir(parents=True)
    left_out = list[str]()
    for path, inside, why in _looked_at(job):
        if why is not None:
            left_out.append(why)
            continue
        try:
            (place / inside).parent.mkdir(parents=True, exist_ok=True)
            _copy(path, place / inside)
        except OSError as error:
            if path == job.notebook or error.errno not in NOT_OURS:
                raise
            left_out.append(f"{printable(inside)} can't be read ({error.strerror})")
    return _in_short(left_out)


def _require_notebook(job: Job) -> None:
    """Raise NotHandedIn, or FileNotFoundError where the whole student has gone since jobs were found:
    a disk that is no longer there is nobody's zero."""
    job.folder.parent.lstat()
    for folder in (job.folder.parent, job.folder):
        if folder.is_symlink():
            raise NotHandedIn(f"the folder {folder.name} is a link, which is not followed")
    if not job.folder.is_dir():
        raise NotHandedIn(f"no folder {job.assignment} was handed in")
    if (why := objection(job.notebook)) is not None:
        raise NotHandedIn(why if os.path.lexists(job.notebook) else _what_is_there(job))


def _looked_at(job: Job) -> Iterator[tuple[Path, Path, str | None]]:
    """The files of a submission, their places in it, and for each why it is left out, if it is.

    The notebook comes first: no files before it can be too many, or too large, for it to come along.
    """
    size = 0
    others = (path for path in _walk(job.folder) if path != job.notebook)
    for count, path in enumerate(chain([job.notebook], others), 1):
        inside = path.relative_to(job.folder)
        if count > MOST_FILES:
            too_many = f"there are more than {MOST_FILES} files"
            yield path, inside, f"{printable(inside)} and all after it: {too_many}"
            return
        why = objection(path) or _objection_to_note(path, inside)
        if why is None and path != job.notebook:
            size += path.lstat().st_size
            if size > LARGEST_FOLDER:
                size -= path.lstat().st_size
                most = f"more than {LARGEST_FOLDER // 2**20} MB lie beside the notebook"
                why = f"{printable(inside)} is one file too many: {most}"
        yield path, inside, why


def _in_short(left_out: list[str]) -> list[str]:
    """Not every one of a thousand links by its name; the last one is the one that stopped it."""
    first, more = left_out[:MOST_SAID], left_out[MOST_SAID:]
    count = [f"{len(more) - 1} more files were left out"] if len(more) > 1 else []
    return [*first, *count, *more[-1:]]


def objection(path: Path) -> str | None:
    """Why a file is not read, None if it may be."""
    try:
        seen = path.lstat()
    except OSError as error:
        return f"{printable(path.name)} can't be read ({error.strerror})"
    if stat.S_ISLNK(seen.st_mode):
        return f"{printable(path.name)} is a link, which is not followed"
    if stat.S_ISDIR(seen.st_mode):
        return f"{printable(path.name)} is a folder that lies too deep"
    if not stat.S_ISREG(seen.st_mode):
        return f"{printable(path.name)} is no regular file"
    if seen.st_nlink > 1:
        return f"{printable(path.name)} is a hard link to another file, which is not followed"
    if seen.st_size > LARGEST_FILE:
        return f"{printable(path.name)} is larger than {LARGEST_FILE // 2**20} MB"
    return None


def files_below(folder: Path) -> list[tuple[str, Path]]:
    """The files of a copy, each with its place in it."""
    return [(p.relative_to(folder).as_posix(), p) for p in _walk(folder)]


def _walk(folder: Path) -> Iterator[Path]:
    """Everything below a folder but folders; links are not followed, nor is what lies too deep."""
    for where, folders, files in os.walk(folder, followlinks=False):
        left = [name for name in folders if Path(where, name).is_symlink()]
        if len(Path(where).relative_to(folder).parts) == DEEPEST:
            left, folders[:] = list(folders), []
        yield from (Path(where, name) for name in sorted([*left, *files]))


def _copy(source: Path, target: Path) -> None:
    """Copy a regular file, even if somebody puts a link in its place at this moment."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as read, open(target, "wb") as write:
        shutil.copyfileobj(read, write)


def _objection_to_note(path: Path, inside: Path) -> str | None:
    """Why a file is not taken for the time or the secret of the submission, which nbgrader reads."""
    name = inside.parts[0]
    if name not in (TIMESTAMP, SECRET):
        return None
    if len(inside.parts) > 1:
        return f"{name} is a folder"
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(LONGEST_NOTE + 1).strip()
        if name == TIMESTAMP:
            parse_utc(text)
        fine = len(text) <= LONGEST_NOTE and (name == TIMESTAMP or re.fullmatch("[0-9a-f]+", text))
    except Exception:  # what dateutil raises depends on what it found
        fine = False
    return None if fine else f"{name} holds no {'time' if name == TIMESTAMP else 'secret'}"


def _what_is_there(job: Job) -> str:
    others = ", ".join(sorted(printable(p.name) for p in job.folder.iterdir())[:5]) or "nothing"
    return f"there is no {job.notebook.name} in the folder, only: {others}"


def publish(root: Path, class_folder: Path, job: Job) -> None:
    """Put what was made below ``root`` in the place of what the class's folder holds of this job."""
    for step in STEPS:
        made = root / step / job.student / job.assignment
        place = class_folder / step / job.student / job.assignment
        shutil.rmtree(place, ignore_errors=True)
        if made.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(made, place)
