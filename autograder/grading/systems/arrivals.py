"""What came from a learning-management system: the files of a zip or a folder, zips in it opened.

Each file is copied under a number to a folder of our own, so that no name in a zip ever becomes a
path here. What is not taken says why: it is a link, it is too large, its zip is broken.
"""

import hashlib
import lzma
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

from autograder.grading.course import CourseError
from autograder.grading.storage.staging import LARGEST_FILE, LARGEST_FOLDER, objection
from autograder.grading.submissions.class_folder import LEAST_DISK

MOST_FILES = 500_000
MOST_OF_ONE = 20_000  # files of a zip in an export: ten times as many as grading looks at
MOST_UNPACKED = (
    100  # times the size of a zip, beyond LARGEST_FOLDER: what people write packs to a tenth
)
LONGEST_NAME = 4_096  # characters, with the folders; no file system takes more
DEEPEST = 2  # zips in zips
CHUNK = 2**20
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    OverflowError,
    MemoryError,
)


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


@dataclass
class _Room:
    """What a zip may still take, with the zips in it; ``packed`` is its own size.

    In an export each student's zip has a room of its own: a bomb takes nothing from its neighbors.
    """

    packed: int
    files: int

    def __post_init__(self) -> None:
        self.bytes = LARGEST_FOLDER + MOST_UNPACKED * self.packed


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
            room = _Room(source.stat().st_size, MOST_FILES)
            yield from taken.zipped(file, PurePosixPath(), room, depth=0)
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
                        size = os.fstat(file.fileno()).st_size
                        room = _Room(size, MOST_OF_ONE)
                        yield from self._taken(file, inside, changed, room, 0)
                except OSError as error:
                    yield Refused(str(inside), f"it can't be read ({error.strerror})")

    def zipped(
        self, file: IO[bytes], place: PurePosixPath, room: _Room, depth: int
    ) -> Iterator[Arrival | Refused]:
        """The files of a zip, which cannot take more room than a zip of honest work does."""
        try:
            with zipfile.ZipFile(file) as bundle:
                entries = [entry for entry in bundle.infolist() if not entry.is_dir()]
                if not entries and place.parts:
                    yield Refused(str(place), "the zip holds no file")
                fitting = _fitting(entries, room.bytes)
                for entry in entries:
                    name = _name(entry)
                    shown = str(place / name.lstrip("/")) if place.parts else name
                    if not room.files:
                        yield Refused(f"{shown} and all after it", "the zip holds too many files")
                        return
                    room.files -= 1
                    why = _objection(entry, name)
                    if why is None and not (
                        entry.header_offset in fitting and entry.file_size <= room.bytes
                    ):
                        why = f"the zip unpacks to more than {MOST_UNPACKED} times its size"
                    if why is not None:
                        yield Refused(shown, why)
                        continue
                    room.bytes -= entry.file_size  # no more is ever read of it
                    yield from self._entry(bundle, entry, place / name, room, depth)
        except CourseError:  # it is not the zip's fault, though it is a RuntimeError
            raise
        except BROKEN as error:
            yield Refused(str(place) or "the zip", f"the zip is broken ({error})")

    def _entry(
        self,
        bundle: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        place: PurePosixPath,
        room: _Room,
        depth: int,
    ) -> Iterator[Arrival | Refused]:
        if depth == 0:  # what lies in it is one student's
            room = _Room(min(entry.compress_size, room.packed), MOST_OF_ONE)
        try:
            with bundle.open(entry) as file:
                yield from self._taken(file, place, _time(entry), room, depth)
        except CourseError:
            raise
        except BROKEN as error:
            yield Refused(str(place), f"it can't be unpacked ({error})")

    def _taken(
        self, file: IO[bytes], place: PurePosixPath, modified: datetime, room: _Room, depth: int
    ) -> Iterator[Arrival | Refused]:
        """Copy a file; one that is a zip is opened instead, and fills the room."""
        self.count += 1
        if self.count > MOST_FILES:
            raise CourseError(f"there are more than {MOST_FILES} files")
        copy = self.scratch / str(self.count)
        try:
            digest = self._copied(file, copy)
        except _TooLarge:
            copy.unlink()
            yield Refused(str(place), f"it is larger than {LARGEST_FILE // 2**20} MB unpacked")
            return
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        if place.suffix.casefold() == ".zip" and depth < DEEPEST:
            try:
                with open(copy, "rb") as inner:
                    yield from self.zipped(inner, place, room, depth + 1)
            finally:
                copy.unlink()
            return
        yield Arrival(place, copy, digest, modified)

    def _copied(self, file: IO[bytes], copy: Path) -> str:
        digest = hashlib.sha256()
        size = 0
        with open(copy, "xb") as out:
            while chunk := _read(file):
                size += len(chunk)
                if size > LARGEST_FILE:
                    raise _TooLarge
                disk = os.fstatvfs(out.fileno())
                if disk.f_bavail * disk.f_frsize < LEAST_DISK:
                    raise CourseError(f"the disk of {self.scratch.parent} is full: make room")
                digest.update(chunk)
                out.write(chunk)
        return digest.hexdigest()


def _read(file: IO[bytes]) -> bytes:
    """The next piece of a file; what is packed and broken raises BadZipFile."""
    try:
        return file.read(CHUNK)
    except OSError as error:
        if error.errno is not None:
            raise
        raise zipfile.BadZipFile(str(error)) from None  # bzip2 says it so


def _fitting(entries: list[zipfile.ZipInfo], room: int) -> set[int]:
    """Where the entries begin that fit in, the smallest first: a large one takes no other's room."""
    found = set()
    for entry in sorted(entries, key=lambda entry: entry.file_size):
        room -= entry.file_size
        if room < 0:
            break
        found.add(entry.header_offset)
    return found


def _objection(entry: zipfile.ZipInfo, name: str) -> str | None:
    """Why a file of a zip is not unpacked."""
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "its place is outside of the zip"
    if len(name) > LONGEST_NAME:
        return f"its name has more than {LONGEST_NAME} characters"
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
