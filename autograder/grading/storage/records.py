"""Run records: what came of running a submission, as a file, before anybody has judged it.

A record's name says what the run depended on: the submission's bytes, the release, the class's seed,
the device and the probes. So a record that is there need not be made again, and one that no longer
fits is not found. What student code sent lies in it as it came: text, bounded when it arrived, that
is parsed by the judge alone.
"""

import gzip
import hashlib
import json
import logging
import re
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.exercise import Status
from autograder.grading.storage.files import write_whole
from autograder.grading.storage.jobs import Job

FOLDER = "records"
SCHEMA = 1
LARGEST = 1 << 30  # bytes of a record, unpacked: more than a run's bounds let through
logger = logging.getLogger("autograder")


class RecordUnreadable(Exception):
    """A file is there, and it is no run record."""


class RecordStale(Exception):
    """A run record is of other cases than are drawn today."""


@dataclass(frozen=True)
class Probed:
    """What one exercise's probe brought home: the raw outputs of its cell, or why there are none.

    ``cases`` is the digest of the cases that were sent; ``stopped`` the status and the reason if the
    probe did not end; ``why_missing`` says why the student's object may not be there; ``failed`` why
    the probe fails without any student's code, too.
    """

    cases: str
    device: str
    note: str = ""
    why_missing: str = ""
    outputs: list[NotebookNode] = field(default_factory=list)
    stopped: tuple[Status, str] | None = None
    failed: str = ""


@dataclass(frozen=True)
class RunRecord:
    """A submission after its run: the repaired notebook with its outputs, and what probes brought."""

    notebook: NotebookNode
    seed: str
    device: str
    probed: dict[str, Probed]
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether each probe did its work: else the submission is to be run again."""
        return not any(probed.failed for probed in self.probed.values())


def folder(class_folder: Path, job: Job) -> Path:
    """Where the records of one submission lie."""
    return class_folder / FOLDER / job.assignment / job.student


def digest(files: Iterable[tuple[str, Path]], left_out: Iterable[str]) -> str:
    """What stands for a submission with these files, and others that were left out."""
    whole = hashlib.sha256("\0".join(left_out).encode())
    for inside, path in sorted(files):
        with open(path, "rb") as file:
            whole.update(inside.encode(errors="surrogateescape") + b"\0")
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def name(submission: str, *depends_on: str) -> str:
    """The name of the record of a submission, given its digest, by what else its run depends on."""
    return hashlib.sha256("\0".join([submission, *depends_on]).encode()).hexdigest()[:32]


def tries(folder: Path, name: str) -> list[Path]:
    """The records of this name, one a try, the last one last."""
    found = folder.glob(f"{name}-*.json.gz")
    numbered = [(int(m[1]), p) for p in found if (m := re.search(r"-(\d+)\.json\.gz$", p.name))]
    return [path for _, path in sorted(numbered)]


def next_try(folder: Path, name: str) -> Path:
    """Where the record of one more try goes."""
    held = tries(folder, name)
    last = int(held[-1].name.removesuffix(".json.gz").rpartition("-")[2]) if held else 0
    return folder / f"{name}-{last + 1}.json.gz"


def write(path: Path, record: RunRecord) -> None:
    """Write a record, whole or not at all."""
    probed = {exercise: asdict(one) for exercise, one in record.probed.items()}
    text = json.dumps({"schema": SCHEMA, **vars(record), "probed": probed})
    write_whole(path, _packed(text.encode()))


def _packed(data: bytes) -> bytes:
    """The data as gzip reads it; repetitions are looked for nearby alone, for numbers have no others."""
    packing = zlib.compressobj(
        1, zlib.DEFLATED, 16 + zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE
    )
    return packing.compress(data) + packing.flush()


def read(path: Path) -> RunRecord:
    """Read what ``write`` wrote; raises RecordUnreadable for anything else."""
    try:
        with gzip.open(path, "rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError("it is too large")
        held = json.loads(data)
        if held.pop("schema") != SCHEMA:
            raise ValueError("it is of another version")
        held["notebook"] = nbformat.from_dict(held["notebook"])
        held["probed"] = {exercise: _probed(one) for exercise, one in held["probed"].items()}
        return RunRecord(**held)
    except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordUnreadable(f"{path} is no run record: {error}") from None


def _probed(held: dict[str, Any]) -> Probed:
    held["outputs"] = [nbformat.from_dict(output) for output in held["outputs"]]
    if held["stopped"] is not None:
        held["stopped"] = tuple(held["stopped"])
    return Probed(**held)


def found(folder: Path, name: str) -> RunRecord | None:
    """The record of the last try, None if there is none that can be read."""
    for path in reversed(tries(folder, name)):
        try:
            return read(path)
        except RecordUnreadable as error:
            logger.warning("%s", error)
    return None
