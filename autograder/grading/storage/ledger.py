"""What is finished: of each submission, which record was judged by what, and the results.

An entry is written last, when gradebook, graded notebook and feedback are in their places. So what
has one needs no work as long as nothing that it depends on has changed, and an interruption before
that costs no more than doing the last steps once more.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.grading.storage import records
from autograder.grading.storage.files import write_whole
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.results import Result, from_plain
from autograder.grading.storage.staging import STEPS

FILE = "graded.json"


@dataclass(frozen=True)
class Finished:
    """A submission that is done: its record's name, the judges' fingerprint, the results.

    Where no notebook was handed in there is no record, and its name is the reason. ``submission``
    stands for the files that were handed in, and is empty where that was not noted yet.
    """

    record: str
    judge: str
    results: list[Result]
    handed_in: bool = True
    parts: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    submission: str = ""


def finish(class_folder: Path, job: Job, done: Finished) -> None:
    """Note that a submission is done."""
    held = {**vars(done), "results": [asdict(result) for result in done.results]}
    path = records.folder(class_folder, job) / FILE
    write_whole(path, (json.dumps(held, indent=1) + "\n").encode())


def finished(class_folder: Path, job: Job) -> Finished | None:
    """What is noted of a submission; None if nothing is, or if what was made of it is gone."""
    path = records.folder(class_folder, job) / FILE
    try:
        held = json.loads(path.read_bytes())
        done = Finished(**{**held, "results": list(map(from_plain, held["results"]))})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    places = [class_folder / step / job.student / job.assignment for step in STEPS]
    return done if not done.handed_in or all(place.is_dir() for place in places) else None


def all_finished(class_folder: Path, name: str) -> Iterator[tuple[Job, Finished]]:
    """The submissions of an assignment that are done."""
    place = class_folder / records.FOLDER / name
    for folder in sorted(p for p in place.iterdir() if p.is_dir()) if place.is_dir() else []:
        job = Job(name, folder.name, class_folder)
        if (done := finished(class_folder, job)) is not None:
            yield job, done
