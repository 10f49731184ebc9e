"""What came from a learning-management system: the files of a zip or a folder, zips in it opened.

Each file is copied under a number to a folder of our own, so that no name in a zip ever becomes a
path here. What is not taken says why: it is a link, it is too large, its zip is broken.
"""

import hashlib
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.grading.class_folder import LEAST_DISK
from autograder.grading.course import CourseError
from autograder.grading.staging import LARGEST_FILE, LARGEST_FOLDER, objection

MOST_FILES = 500_000
MOST_UNPACKED = (
    100  # times the size of a zip, beyond LARGEST_FOLDER: what people write packs to a tenth
)
DEEPEST = 2  # zips in zips
CHUNK = 2**20
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError,
          struct.error, OverflowError)  # fmt: skip


@dataclass(frozen=True)
class Arrival:
    """A file that came: where it lay, and our copy of it.

    ``modified`` is what a zip or the file system says, which need not be when it was handed in.
    """

    place: PurePosixPath
    copy: Path
    digest: str
    modified: datetime


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why."""

    place: str
    why: str


class _TooLarge(Exception):
    pass


def arrivals(source: Path, scratch: Path) -> Iterator[Arrival | Refused]:
    """Copy what lies in a zip or a folder to ``scratch``; raises CourseError for anything else."""
    taken = _Taken(scratch)
    if source.is_dir():
        yield from taken.folder(source)
    elif source.is_file():
        try:
            with zipfile.ZipFile(source):
                pass
        except (*BROKEN, OSError) as error:
            raise CourseError(f"{source} can't be opened as a zip: {error}") from None
        with open(source, "rb") as file:
            yield from taken.zipped(file, PurePosixPath(), depth=0)
    else:
        raise CourseError(f"there is no zip and no folder {source}")


class _Taken:
    """The copies that were made so far."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.count = 0

    def folder(self, source: Path) -> Iterator[Arrival | Refused]:
        for where, folders, files in os.walk(source, followlinks=False):
            folders.sort()
            links = [name for name in folders if Path(where, name).is_symlink()]
            for path in (Path(where, name) for name in sorted([*links, *files])):
                inside = PurePosixPath(_readable(path.relative_to(source).as_posix()))
                if (why := objection(path)) is not None:
                    yield Refused(str(inside), why)
                    continue
                try:
                    with open(
                        os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb"
                    ) as file:
                        changed = datetime.fromtimestamp(path.lstat().st_mtime)
                        yield from self._taken(file, inside, changed, LARGEST_FILE, 0)
                except OSError as error:
                    yield Refused(str(inside), f"it can't be read ({error.strerror})")

    def zipped(
        self, file: IO[bytes], place: PurePosixPath, depth: int
    ) -> Iterator[Arrival | Refused]:
        """The files of a zip, which cannot take more room than a zip of honest work does."""
        size = os.fstat(file.fileno()).st_size
        room = LARGEST_FOLDER + MOST_UNPACKED * size
        try:
            with zipfile.ZipFile(file) as bundle:
                for entry in bundle.infolist():
                    if entry.is_dir():
                        continue
                    name = _name(entry)
                    if (why := _objection(entry, name, room)) is not None:
                        yield Refused(str(place / name.lstrip("/")) if place.parts else name, why)
                        continue
                    before = self._used
                    yield from self._entry(bundle, entry, place / name, room, depth)
                    room -= self._used - before
        except BROKEN as error:
            yield Refused(str(place) or "the zip", f"the zip is broken ({error})")

    _used = 0

    def _entry(
        self,
        bundle: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        place: PurePosixPath,
        room: int,
        depth: int,
    ) -> Iterator[Arrival | Refused]:
        try:
            with bundle.open(entry) as file:
                yield from self._taken(file, place, _time(entry), min(LARGEST_FILE, room), depth)
        except BROKEN as error:
            yield Refused(str(place), f"it can't be unpacked ({error})")

    def _taken(
        self, file: IO[bytes], place: PurePosixPath, modified: datetime, most: int, depth: int
    ) -> Iterator[Arrival | Refused]:
        """Copy a file; one that is a zip is opened instead."""
        self.count += 1
        if self.count > MOST_FILES:
            raise CourseError(f"there are more than {MOST_FILES} files")
        copy = self.scratch / str(self.count)
        try:
            digest = self._copied(file, copy, most)
        except _TooLarge:
            copy.unlink()
            yield Refused(str(place), f"it is larger than {most // 2**20} MB unpacked")
            return
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        if place.suffix.casefold() == ".zip" and depth < DEEPEST:
            try:
                with open(copy, "rb") as inner:
                    yield from self.zipped(inner, place, depth + 1)
            finally:
                copy.unlink()
            return
        yield Arrival(place, copy, digest, modified)

    def _copied(self, file: IO[bytes], copy: Path, most: int) -> str:
        digest = hashlib.sha256()
        size = 0
        with open(copy, "xb") as out:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                self._used += len(chunk)
                if size > most:
                    raise _TooLarge
                disk = os.fstatvfs(out.fileno())
                if disk.f_bavail * disk.f_frsize < LEAST_DISK:
                    raise CourseError(f"the disk of {self.scratch.parent} is full: make room")
                digest.update(chunk)
                out.write(chunk)
        return digest.hexdigest()


def _objection(entry: zipfile.ZipInfo, name: str, room: int) -> str | None:
    """Why a file of a zip is not unpacked."""
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "its place is outside of the zip"
    if "\0" in entry.orig_filename or not [p for p in parts if p not in ("", ".")]:
        return "its name is no name of a file"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link, which is not followed"
    if kind not in (0, stat.S_IFREG):
        return "it is no regular file"
    if entry.flag_bits & 1:
        return "it is encrypted"
    if entry.file_size > LARGEST_FILE:
        return f"it is larger than {LARGEST_FILE // 2**20} MB"
    if entry.file_size > room:
        return f"the zip unpacks to more than {MOST_UNPACKED} times its size"
    return None


def _name(entry: zipfile.ZipInfo) -> str:
    """A file's name in a zip; some programs write UTF-8 and don't say so."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return _readable(name.replace("\\", "/"))


def _readable(name: str) -> str:
    """A name in composed letters, as people type it; bytes that are no text are replaced."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))


def _time(entry: zipfile.ZipInfo) -> datetime:
    try:
        return datetime(*entry.date_time)
    except ValueError:  # a month 0, as some programs write
        return datetime(1980, 1, 1)
