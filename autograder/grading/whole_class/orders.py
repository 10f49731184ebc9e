"""A submission on its way to a runner elsewhere, and the record that comes back: both are bytes.

What packs and judges here is called in a worker of this machine, and imports nothing of a cluster's.
"""

import hashlib
import json
import os
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.grading.course import Course
from autograder.grading.recording.graded import Graded, Work
from autograder.grading.releasing.fingerprints import (
    Fingerprints,
    fingerprints,
    of_engine,
    versions,
)
from autograder.grading.storage import records, seeds, staging
from autograder.grading.storage.files import write_whole
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.staging import NotHandedIn
from autograder.grading.submissions.class_folder import STAGING
from autograder.grading.submissions.grade import (
    current_fingerprints,
    device_of,
    limits_of,
    record_name,
    run_and_judge,
)


@dataclass(frozen=True)
class Expected:
    """What a runner has to have in common with the machine that judges; ``on_device`` names the
    assignments that have exercises for a GPU."""

    versions: tuple[tuple[str, str], ...]
    engine: str
    config: str
    assignments: tuple[tuple[str, Fingerprints], ...]
    on_device: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The assignments."""
        return [name for name, _ in self.assignments]


@dataclass(frozen=True)
class Order:
    """One submission to run: its files, without a name of its student, and all that the run needs."""

    assignment: str
    record: str
    device: str
    seed: str
    limits: dict[str, float]
    left_out: list[str]
    files: list[tuple[str, bytes]]


def expected(course: Course, names: list[str]) -> Expected:
    """What the course, as it lies on this machine, asks of a runner."""
    assignments = {name: course.assignment(name) for name in names}
    return Expected(
        tuple(versions().items()),
        of_engine(),
        _of_config(course.config()),
        tuple((name, fingerprints(course, name)) for name in names),
        frozenset(
            name
            for name, assignment in assignments.items()
            if any(assignment.exercise(id).on_device for id in assignment.exercise_ids)
        ),
    )


def difference(wanted: Expected, own: Expected) -> str:
    """In what a runner's course differs from the one that is wanted; nothing if in nothing."""
    for (name, version), (_, here) in zip(wanted.versions, own.versions, strict=True):
        if version != here:
            return f"it has {name} {here}, and {version} is wanted"
    if wanted.engine != own.engine:
        return "its autograder is of another version"
    if wanted.config != own.config:
        return "its nbgrader_config.py says something else"
    for wanted_prints, prints in zip(wanted.assignments, own.assignments, strict=True):
        if wanted_prints != prints:
            return f"its {prints[0]} is of another version"
    return ""


def _of_config(config: Config) -> str:
    """What nbgrader's configuration says, but for where things lie on this machine."""
    said = {section: held for section, held in config.items() if section != "CourseDirectory"}
    text = json.dumps(said, sort_keys=True, default=_named)
    return hashlib.sha256(text.encode()).hexdigest()


def _named(value: Any) -> str:
    return str(getattr(value, "__qualname__", type(value).__qualname__))


def pack(course: Course, config: Config, job: Job) -> Order | Graded:
    """The order to run a submission; if there is none to run, what that is worth."""
    class_folder = Path(config.CourseDirectory.root)
    with tempfile.TemporaryDirectory(prefix=f"{STAGING}{os.getpid()}-", dir=class_folder) as root:
        try:
            left_out = staging.stage(job, Path(root))
        except NotHandedIn:
            return run_and_judge(course, config, job, Work.JUDGE)
        files = staging.files_below(Path(root, "submitted", job.student, job.assignment))
        prints = current_fingerprints(course, job.assignment)
        return Order(
            job.assignment,
            record_name(config, prints, job.assignment, records.digest(files, left_out)),
            device_of(config, job.assignment),
            seeds.class_seed(class_folder),
            limits_of(config),
            left_out,
            [(place, zlib.compress(path.read_bytes(), 1)) for place, path in files],
        )


def judge(course: Course, config: Config, job: Job, name: str, record: bytes) -> Graded:
    """Keep the record that came back, and judge it."""
    place = records.folder(Path(config.CourseDirectory.root), job)
    write_whole(records.next_try(place, name), record)
    return run_and_judge(course, config, job, Work.JUDGE)
