"""Grades one submission with nbgrader and the plug-in, and says whose fault it is if that fails.

There are three kinds of fault. What the student's code does becomes a verdict. A file that is not
there or that is no notebook is graded as what it is: 0 points, and the reason. Everything else is
the grader's own: it is tried again in a fresh sandbox, and if it persists the submission is
*ungraded*. Then nothing is recorded: the old score, the old notebook and the old feedback stay.
"""

import logging
import os
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.exercise import no_verdict
from autograder.grading import sandbox, staging, steps
from autograder.grading.course import Course
from autograder.grading.jobs import Job
from autograder.grading.notebooks import bound_exercise, points_by_exercise
from autograder.grading.reading import NOTES
from autograder.grading.results import Result
from autograder.grading.staging import NotHandedIn
from autograder.grading.verdicts import read_verdict, record_of

STAGING = ".grading-"  # what a folder begins with in which a submission is being graded
TRIES = 2
logger = logging.getLogger("autograder")


def grade_submission(course: Course, config: Config, job: Job) -> list[Result]:
    """Grade one submission, write its feedback, return its results. Raises nothing."""
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    # nbgrader's own queries: nothing that a reader could act on
    warnings.simplefilter("ignore", SAWarning)
    for attempt in range(1, TRIES + 1):
        try:
            return _grade(course, config, job)
        except Exception as error:
            cause = cause_of(error)
            logger.error(
                "%s %s, try %d of %d: %s\n%s",
                job.assignment, job.student, attempt, TRIES, cause, traceback.format_exc(),
            )  # fmt: skip
            sandbox.forget()
    return ungraded(course, job, cause)


def _grade(course: Course, config: Config, job: Job) -> list[Result]:
    """Grade a copy of the submission, and put what comes of it in its place."""
    class_folder = Path(config.CourseDirectory.root)
    with tempfile.TemporaryDirectory(prefix=f"{STAGING}{os.getpid()}-", dir=class_folder) as folder:
        root = Path(folder)
        try:
            left_out = staging.stage(job, root)
        except NotHandedIn as reason:
            results = _give_zero(course, config, job, str(reason))
            staging.publish(root, class_folder, job)
            return results
        staged = _staged_config(config, root, left_out)
        existed = _is_recorded(config, job)
        try:
            notebook = _autograde(staged, root, job)
        except BaseException:
            if not existed:
                _forget_submission(config, job)
            raise
        for what in left_out:
            logger.warning("%s %s: %s", job.assignment, job.student, what)
        try:
            steps.generate_feedback(staged, job)
        except Exception as error:  # the scores stand
            logger.error("%s %s: no feedback: %s", job.assignment, job.student, cause_of(error))
        staging.publish(root, class_folder, job)
        return list(_read_results(course, job, notebook))


def _staged_config(config: Config, root: Path, left_out: list[str]) -> Config:
    """The class's configuration, for a copy of one submission in a folder of its own."""
    staged = Config(config)
    staged.CourseDirectory = Config(config.CourseDirectory)
    staged.CourseDirectory.root = str(root)
    staged.CourseDirectory.submitted_directory = "submitted"
    staged.RepairSubmission.left_out = [f"{what}." for what in left_out]
    return staged


def _autograde(staged: Config, root: Path, job: Job) -> NotebookNode:
    """Let nbgrader grade the copy; returns the graded notebook."""
    steps.autograde(staged, job)
    path = root / "autograded" / job.student / job.assignment / job.notebook.name
    return nbformat.read(path, as_version=4)


def _read_results(course: Course, job: Job, graded: NotebookNode) -> Iterator[Result]:
    """The results in the order of the release, whatever that of the submission is."""
    assignment = course.assignment(job.assignment)
    notes = tuple(graded.metadata.get(NOTES, ()))
    tests = {bound_exercise(cell, assignment): cell for cell in graded.cells}
    for name in _points(course, job):
        cell = tests[name]
        if (record := read_verdict(cell)) is None:
            verdict = no_verdict(assignment.exercise(name), "error", "no verdict")
            record = record_of(verdict.out_of(cell.metadata.nbgrader.points))
        yield Result(job.student, job.assignment, name, **record, notes=notes)


def cause_of(error: BaseException) -> str:
    """What went wrong, in a line: of nbgrader's log the error that it reports, not its last words."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "see the the above traceback" not in line]
    raised = [line for line in telling if _names_an_error(line)]
    if raised:
        return raised[-1][:300]
    return (telling or [type(error).__name__])[0][:300]


def _names_an_error(line: str) -> bool:
    """Whether a line of a log looks like the last one of a traceback."""
    kind, colon, _ = line.partition(":")
    last = kind.rpartition(".")[2]
    return bool(colon) and last.isidentifier() and last.endswith(("Error", "Missing", "Exception"))


# ---- the gradebook


def _gradebook(config: Config) -> Gradebook:
    return Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)


def _is_recorded(config: Config, job: Job) -> bool:
    with _gradebook(config) as gradebook:
        try:
            gradebook.find_submission(job.assignment, job.student)
        except MissingEntry:
            return False
        return True


def _forget_submission(config: Config, job: Job) -> None:
    """Take out what nbgrader recorded of a submission before its grading failed."""
    if _is_recorded(config, job):
        with _gradebook(config) as gradebook:
            gradebook.remove_submission(job.assignment, job.student)


def _give_zero(course: Course, config: Config, job: Job, reason: str) -> list[Result]:
    """Zero points for every exercise of what was not handed in, in the gradebook too.

    Points that a person gave are taken back with the rest: what they were for is not there.
    """
    taken_back: list[str] = []
    with _gradebook(config) as gradebook:
        gradebook.update_or_create_student(job.student)
        submission = gradebook.update_or_create_submission(job.assignment, job.student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if given := (grade.manual_score or 0.0) + (grade.extra_credit or 0.0):
                    taken_back.append(
                        f"{grade.name}: {given:g} points given by hand were taken back"
                    )
                grade.auto_score = 0.0
                grade.manual_score = grade.extra_credit = None
                grade.needs_manual_grade = False
        gradebook.db.commit()
    for what in taken_back:
        logger.warning("%s %s: %s", job.assignment, job.student, what)
    notes = tuple(taken_back)
    return [
        Result(
            job.student, job.assignment, name, 0.0, of, "missing", None, reason, "cpu", 0.0, notes
        )
        for name, of in _points(course, job).items()
    ]


def ungraded(course: Course, job: Job, cause: str) -> list[Result]:
    """The results of a submission that the grader could not grade: no scores, and the cause."""
    reason = f"the grader could not grade it: {cause}"
    return [
        Result(job.student, job.assignment, name, None, of, "ungraded", None, reason, "cpu", 0.0)
        for name, of in _points(course, job).items()
    ]


def _points(course: Course, job: Job) -> dict[str, float]:
    released = nbformat.read(course.released(job.assignment), as_version=4)
    return points_by_exercise(released, course.assignment(job.assignment))
