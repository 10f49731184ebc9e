"""Files that are there whole or not at all, whatever happens while they are written."""

import contextlib
import csv
import io
import os
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

RISKY = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # with which spreadsheets begin a formula
ALWAYS = (1980, 1, 1, 0, 0, 0)  # so that equal contents give equal bytes


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in its place: whoever looks, after whatever accident, sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(half, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # some file systems know no such thing
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def as_table(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV that no spreadsheet runs: texts stand in quotes, whatever separates columns
    there, and one that would be taken for a formula gets an apostrophe before it."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    table.writerows([_harmless(value) for value in row] for row in rows)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith((*RISKY, "'")) else value


def from_table(text: str) -> str:
    """A text as it was before ``as_table`` wrote it."""
    return text[1:] if text[:1] == "'" and text[1:].startswith((*RISKY, "'")) else text


def write_zip(
    path: Path, files: Iterable[tuple[str, Path | bytes]], programs: Collection[str] = ()
) -> None:
    """Write a zip of files at places, whole or not at all; equal files give an equal zip.

    Those of the ``programs`` can be executed once they are unpacked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as bundle:
            for place, held in sorted(files, key=lambda file: file[0]):
                entry = zipfile.ZipInfo(place, ALWAYS)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (0o755 if place in programs else 0o644) << 16
                bundle.writestr(entry, held.read_bytes() if isinstance(held, Path) else held)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
