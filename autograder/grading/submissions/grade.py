"""Grades one submission with nbgrader and the plug-in, and says whose fault it is if that fails.

There are three kinds of fault. What the student's code does becomes a verdict. A file that is not
there or that is no notebook is graded as what it is: 0 points, and the reason. Everything else is
the grader's own: it is tried again in a fresh sandbox, and if it persists the submission is
*ungraded*. Then nothing is recorded: the old score, the old notebook and the old feedback stay.
"""

import logging
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from autograder.exercise import no_verdict
from autograder.grading.course import Course
from autograder.grading.intake.reading import NOTES
from autograder.grading.judge.verdicts import read_parts, read_verdict, record_of
from autograder.grading.judge.without_verdict import cause_of, not_handed_in, points, ungraded
from autograder.grading.recording import gradebook
from autograder.grading.recording.gradebook import Marks
from autograder.grading.recording.graded import Graded, Work
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.releasing.fingerprints import Fingerprints, fingerprints
from autograder.grading.running import sandbox
from autograder.grading.running.cuda import resolve_device
from autograder.grading.storage import ledger, records, seeds, staging
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.ledger import Finished
from autograder.grading.storage.records import RecordStale, RecordUnreadable
from autograder.grading.storage.results import Result
from autograder.grading.storage.staging import NotHandedIn
from autograder.grading.submissions import steps
from autograder.grading.submissions.class_folder import STAGING

TRIES = 2
TO_BE_JUDGED = "an exercise is ungraded"  # in the place of a fingerprint, which it never equals
logger = logging.getLogger("autograder")


class NoRecord(RuntimeError):
    """There is no run record that could be judged."""


def grade_submission(course: Course, config: Config, job: Job) -> list[Result]:
    """Run, judge and record one submission, write its feedback, return its results. Raises nothing."""
    graded = run_and_judge(course, config, job, Work.AGAIN)
    try:
        if graded.folder is not None:
            (notes,) = gradebook.record(config, [graded.entry])
            graded = publish(config, graded.with_notes(notes))
    except Exception as error:
        _log(job, cause_of(error))
        return ungraded(course, job, cause_of(error))
    return graded.results


def run_and_judge(course: Course, config: Config, job: Job, work: Work) -> Graded:
    """Run one submission, or take its record, and judge it. Raises nothing; records nothing."""
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    for attempt in range(1, TRIES + 1):
        try:
            return _run_and_judge(course, config, job, work)
        except NoRecord as error:
            return Graded(job, ungraded(course, job, str(error)))
        except Exception as error:
            cause = cause_of(error)
            _log(job, f"try {attempt} of {TRIES}: {cause}")
            sandbox.forget()
    return Graded(job, ungraded(course, job, cause))


def _log(job: Job, what: str) -> None:
    logger.error("%s %s: %s\n%s", job.assignment, job.student, what, traceback.format_exc())


def _run_and_judge(course: Course, config: Config, job: Job, work: Work) -> Graded:
    """Grade a copy of the submission, in a folder that whoever records it publishes."""
    class_folder = Path(config.CourseDirectory.root)
    root = Path(tempfile.mkdtemp(prefix=f"{STAGING}{os.getpid()}-", dir=class_folder))
    try:
        prints = current_fingerprints(course, job.assignment)
        try:
            left_out = staging.stage(job, root)
        except NotHandedIn as reason:
            why = str(reason)
            results = not_handed_in(course, job, why)
            return Graded(job, results, why, prints.judge, root, submission=why)
        staged_files = root / "submitted" / job.student / job.assignment
        submission = records.digest(staging.files_below(staged_files), left_out)
        name = record_name(config, prints, job.assignment, submission)
        staged = staged_config(config, root, left_out)
        marks = _judge(staged, class_folder, job, name, work)
        for what in left_out:
            logger.warning("%s %s: %s", job.assignment, job.student, what)
        path = root / "autograded" / job.student / job.assignment / job.notebook.name
        notebook = nbformat.read(path, as_version=4)
        results, parts = (
            list(_read_results(course, job, notebook)),
            _read_parts(course, job, notebook),
        )
        complete = all(result.status != "ungraded" for result in results)
        judge = prints.judge if complete else TO_BE_JUDGED
        return Graded(job, results, name, judge, root, marks, parts, submission)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def _judge(staged: Config, class_folder: Path, job: Job, name: str, work: Work) -> Marks:
    """Judge the record of this name; make it first if there is none, or none that fits."""
    place = records.folder(class_folder, job)
    held = [] if work is Work.AGAIN else records.tries(place, name)
    for path in reversed(held):
        staged.RunSubmission.record_to_read = str(path)
        try:
            return steps.autograde(staged, job)
        except steps.StepFailed as error:
            if not error.names(RecordStale, RecordUnreadable):
                raise
            logger.warning("%s %s: %s", job.assignment, job.student, cause_of(error))
    if work is Work.JUDGE:
        raise NoRecord("there is no run record that fits: grade it again, without --rejudge")
    staged.RunSubmission.record_to_read = ""
    staged.RunSubmission.record_to_write = str(records.next_try(place, name))
    return steps.autograde(staged, job)


@lru_cache
def current_fingerprints(course: Course, assignment: str) -> Fingerprints:
    """Those of an assignment, looked at once in the life of a process, as its code is imported once.

    So what was judged by code that has changed meanwhile is noted as judged by the old code, and the
    next grading does it again.
    """
    return fingerprints(course, assignment)


def record_name(config: Config, prints: Fingerprints, assignment: str, submission: str) -> str:
    """The name of the record of a submission, given its digest."""
    settings = config.RunSubmission
    seed = seeds.class_seed(Path(settings.class_folder or config.CourseDirectory.root))
    device = device_of(config, assignment)
    held = limits_of(config)
    limits = [f"{key}={held[key]}" for key in sorted(held)]
    return records.name(submission, assignment, prints.run, seed, device, *limits)


def device_of(config: Config, assignment: str) -> str:
    """Where submissions of an assignment run: as a cluster's runners have it, else this machine."""
    settings = config.RunSubmission
    elsewhere = settings.devices.get(assignment) if "devices" in settings else None
    return elsewhere or resolve_device(settings.device or "auto")


def limits_of(config: Config) -> dict[str, float]:
    """The course's own limits of time, where it sets any."""
    return {key: value for key, value in config.RunSubmission.items() if key.endswith("_seconds")}


def staged_config(config: Config, root: Path, left_out: list[str]) -> Config:
    """The class's configuration, for a copy of one submission in a folder of its own."""
    staged = Config(config)
    staged.CourseDirectory = Config(config.CourseDirectory)
    staged.CourseDirectory.root = str(root)
    staged.CourseDirectory.submitted_directory = "submitted"
    staged.RunSubmission = Config(config.RunSubmission)
    staged.RunSubmission.whole = False  # GatherMarks leaves out what has no verdict
    staged.RepairSubmission.left_out = [f"{what}." for what in left_out]
    return staged


def publish(config: Config, graded: Graded) -> Graded:
    """Write the feedback of a recorded submission, and put everything in its place."""
    assert graded.folder is not None
    job, root = graded.job, graded.folder
    class_folder = Path(config.CourseDirectory.root)
    if graded.marks is not None:
        try:
            steps.generate_feedback(staged_config(config, root, []), job)
        except Exception as error:  # the scores stand
            logger.error("%s %s: no feedback: %s", job.assignment, job.student, cause_of(error))
    staging.publish(root, class_folder, job)
    shutil.rmtree(root, ignore_errors=True)
    handed_in = graded.marks is not None
    done = Finished(
        graded.record, graded.judge, graded.results, handed_in, graded.parts, graded.submission
    )
    ledger.finish(class_folder, job, done)
    return replace(graded, folder=None)


def _read_results(course: Course, job: Job, graded: NotebookNode) -> Iterator[Result]:
    """The results in the order of the release, whatever that of the submission is."""
    assignment = course.assignment(job.assignment)
    notes = tuple(graded.metadata.get(NOTES, ()))
    tests = {bound_exercise(cell, assignment): cell for cell in graded.cells}
    for name in points(course, job):
        cell = tests[name]
        if (record := read_verdict(cell)) is None:
            verdict = no_verdict(assignment.exercise(name), "error", "no verdict")
            record = record_of(verdict.out_of(cell.metadata.nbgrader.points))
        yield Result(job.student, job.assignment, name, **record, notes=notes)


def _read_parts(
    course: Course, job: Job, graded: NotebookNode
) -> dict[str, dict[str, list[float]]]:
    assignment = course.assignment(job.assignment)
    named = [(bound_exercise(cell, assignment), cell) for cell in graded.cells]
    return {name: read_parts(cell) for name, cell in named if name is not None}
