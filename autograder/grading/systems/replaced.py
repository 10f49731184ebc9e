"""Submissions that were replaced after they had been graded: their scores are those of the old ones."""

import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.grading.storage import ledger, records, staging
from autograder.grading.storage.jobs import Job, gradebook_name, printable
from autograder.grading.storage.staging import NotHandedIn


def say_what_was_replaced(submissions: Path, names: list[str]) -> None:
    """Tell whoever gives scores or feedback away which of them are out of date."""
    for job in replaced(submissions, names):
        print(
            f"{printable(job.student)} {job.assignment}: what lies there now is not what was graded; "
            "grade again",
            file=sys.stderr,
        )


def replaced(submissions: Path, names: list[str]) -> Iterator[Job]:
    """The submissions that are others now than those that were graded, not those that have gone."""
    folders = [p for p in submissions.iterdir() if p.is_dir()] if submissions.is_dir() else []
    students = {gradebook_name(folder.name): folder for folder in folders}
    for name in names:
        for job, done in ledger.all_finished(submissions.resolve().parent, name):
            if not done.submission or job.student not in students:
                continue
            now = Job(name, job.student, students[job.student] / name)
            if now.folder.is_dir() and _digest(now) not in (done.submission, None):
                yield now


def _digest(job: Job) -> str | None:
    """What stands for the files that lie there, as the ledger has it; None if they can't be read."""
    try:
        return records.digest(*staging.survey(job))
    except NotHandedIn as reason:
        return str(reason)
    except OSError:
        return None
