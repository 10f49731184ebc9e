"""What there is to do for a class; runs in a worker, which has the exercises at hand."""

import hashlib
from pathlib import Path

from filelock import FileLock
from traitlets.config import Config

from autograder.grading.course import Course
from autograder.grading.recording import due_dates, gradebook
from autograder.grading.recording.graded import Plan, Work
from autograder.grading.releasing.handout import handout
from autograder.grading.releasing.release import build_source, register
from autograder.grading.running.cuda import resolve_device
from autograder.grading.storage import ledger, records, staging
from autograder.grading.storage.files import write_whole
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.staging import NotHandedIn
from autograder.grading.submissions import doctor
from autograder.grading.submissions.grade import current_fingerprints, record_name

REGISTERED = ".registered"  # after an assignment's name: students' folders lie below that


def prepare(course: Course, config: Config, names: list[str]) -> list[str]:
    """Make a class ready for the grading of assignments; returns what is to be said.

    Raises GradingImpossible if it can't be.
    """
    resolve_device(config.RunSubmission.device)
    class_folder = Path(config.CourseDirectory.root)
    for name in names:
        handout(course, name)
    with FileLock(course.root / "_build" / "registering.lock"):
        known = _assignments(config)
        for name in names:
            build_source(course, name)
            source = (course.source_folder / name / f"{name}.ipynb").read_bytes()
            print_of_source = hashlib.sha256(source).hexdigest()
            stamp = class_folder / records.FOLDER / f"{name}{REGISTERED}"
            if name in known and stamp.is_file() and stamp.read_text() == print_of_source:
                continue
            register(course, name, class_folder, config.CourseDirectory.db_url)
            write_whole(stamp, print_of_source.encode())
    return due_dates.bring_in_line(course, config)


def _assignments(config: Config) -> set[str]:
    with gradebook.opened(config) as book:
        return {assignment.name for assignment in book.assignments}


def make_plan(
    course: Course, config: Config, jobs: list[Job], work: Work, recorded: set[tuple[str, str]]
) -> Plan:
    """What is to be done; ``recorded`` names the submissions that the gradebook holds."""
    class_folder = Path(config.CourseDirectory.root)
    plan = Plan({}, [], [])
    for job in jobs:
        prints = current_fingerprints(course, job.assignment)
        nothing_to_run = work is Work.JUDGE
        try:
            submission = records.digest(*staging.survey(job))
            name = record_name(config, prints, job.assignment, submission)
        except NotHandedIn as reason:
            name, nothing_to_run = str(reason), True
        except OSError:  # whoever grades it says what is wrong
            name = ""
        done = ledger.finished(class_folder, job) if work is Work.NEEDED else None
        if (
            done is not None
            and (job.assignment, job.student) in recorded
            and (done.record, done.judge) == (name, prints.judge)
        ):
            plan.done[job] = done.results
        elif nothing_to_run or (
            work is Work.NEEDED and records.tries(records.folder(class_folder, job), name)
        ):
            plan.judge.append(job)
        else:
            plan.run.append(job)
    return plan


def require_kernel(course: Course, name: str) -> None:
    """Try a kernel for an assignment; raises SandboxMissing where none starts."""
    doctor.require_kernel(handout(course, name))
