"""Grades a class: one nbgrader run a submission, several at a time, a result for every exercise."""

import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.exercise import no_verdict
from autograder.grading.course import Course, CourseError, run_nbgrader
from autograder.grading.execution import (
    bound_exercise,
    read_verdict,
    record_of,
    resolve_device,
)
from autograder.grading.results import Result


@dataclass(frozen=True)
class Job:
    """One submission to grade: a student's folder for an assignment."""

    assignment: str
    student: str
    folder: Path

    @property
    def notebook(self) -> Path:
        return self.folder / f"{self.assignment}.ipynb"


def find_jobs(
    course: Course, submissions: Path, assignments: list[str], students: list[str]
) -> list[Job]:
    """The submissions to grade: every student's for each named assignment.

    If none is named, for each that somebody handed in. Raises CourseError if the folder is missing
    or empty, or if a named assignment is unknown or a named student is not in the folder.
    """
    known = course.assignments(assignments)
    if not submissions.is_dir():
        raise CourseError(
            f"there is no folder {submissions}: put submissions at {submissions}/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb"
        )
    present = sorted(
        p.name for p in submissions.iterdir() if p.is_dir() and not p.name.startswith(".")
    )
    chosen = known
    if not assignments:
        chosen = [a for a in known if any((submissions / s / a).is_dir() for s in present)]
    if not present or not chosen:
        raise CourseError(
            f"{submissions} holds no submissions: they go to {submissions}/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb"
        )
    for student in students:
        if student not in present:
            raise CourseError(
                f"no student {student!r} in {submissions}; there is: {', '.join(present)}"
            )
    return [Job(a, s, submissions / s / a) for a in chosen for s in (students or present)]


def grade_class(
    course: Course,
    assignments: list[str],
    submissions: Path,
    students: list[str],
    device: str,
    progress: Callable[[int, int, Job, list[Result]], None],
) -> list[Result]:
    """Grade a class and return all results, sorted by assignment and student.

    Scores go to the class's gradebook, graded notebooks and feedback beside ``submissions``. One
    submission that fails in any way gets zero points and a reason; the others go on. ``progress``
    is told of each one as it is done.
    """
    resolve_device(device)
    jobs = find_jobs(course, submissions, assignments, students)
    class_folder = submissions.resolve().parent
    config = course.config(class_folder)
    config.CourseDirectory.submitted_directory = submissions.name
    config.RunSubmission.device = device
    for name in dict.fromkeys(job.assignment for job in jobs):
        if not course.released(name).exists():
            raise CourseError(f"{name} is not released: run `autograder release {name}` first")
        course.register(name, class_folder)
    results: dict[Job, list[Result]] = {}
    for job, outcome in _run_all(course, config, jobs):
        results[job] = outcome
        progress(len(results), len(jobs), job, outcome)
    return [result for job in jobs for result in results[job]]


def _run_all(course: Course, config: Config, jobs: list[Job]) -> Iterator[tuple[Job, list[Result]]]:
    """Grade in worker processes; a job whose worker died is tried once more, alone."""
    again: list[Job] = []
    with _workers(min(len(jobs), os.cpu_count() or 1)) as pool:
        futures = {pool.submit(grade_submission, course, config, job): job for job in jobs}
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                again.append(futures[future])
    for job in again:
        with _workers(1) as pool:
            try:
                yield job, pool.submit(grade_submission, course, config, job).result()
            except BrokenProcessPool:
                reason = "the grader itself stopped on this submission"
                yield job, _give_zero(course, config, job, "error", reason)


def _workers(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def grade_submission(course: Course, config: Config, job: Job) -> list[Result]:
    """Grade one submission with nbgrader and the plug-in, write its feedback, return its results."""
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    # nbgrader's own queries: nothing that a reader could act on
    warnings.simplefilter("ignore", SAWarning)
    if not job.notebook.is_file():
        return _give_zero(course, config, job, "missing", _what_is_there(job))
    try:
        run_nbgrader(config, "autograde", job.assignment, job.student, force=True)
        graded = _class_folder(config) / "autograded" / job.student / job.assignment
        notebook = nbformat.read(graded / job.notebook.name, as_version=4)
        results = list(_read_results(job, notebook))
    except Exception as error:  # a submission must not stop the class, whatever it did
        reason = f"it could not be graded: {_last_line(error)}"
        return _give_zero(course, config, job, "error", reason)
    try:
        run_nbgrader(config, "generate_feedback", job.assignment, job.student, force=True)
    except Exception as error:  # the scores stand
        print(f"no feedback for {job.student}: {_last_line(error)}", file=sys.stderr)
    return results


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[-1][:300]


def _read_results(job: Job, graded: NotebookNode) -> Iterator[Result]:
    for cell in graded.cells:
        if exercise := bound_exercise(cell):
            record = read_verdict(cell) or record_of(
                no_verdict(exercise, "error", "no verdict").out_of(cell.metadata.nbgrader.points)
            )
            yield Result(
                student=job.student, assignment=job.assignment, exercise=exercise.id, **record
            )


def _what_is_there(job: Job) -> str:
    if not job.folder.is_dir():
        return f"no folder {job.assignment} was handed in"
    others = ", ".join(sorted(p.name for p in job.folder.iterdir())[:5]) or "nothing"
    return f"there is no {job.notebook.name} in the folder, only: {others}"


def _give_zero(course: Course, config: Config, job: Job, status, reason: str) -> list[Result]:
    """Zero points with a reason for every exercise, in the gradebook too; nothing old is left."""
    folder = _class_folder(config)
    for step in ("autograded", "feedback"):
        shutil.rmtree(folder / step / job.student / job.assignment, ignore_errors=True)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_student(job.student)
        submission = gradebook.update_or_create_submission(job.assignment, job.student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score = 0.0
                grade.needs_manual_grade = False
        gradebook.db.commit()
    released = nbformat.read(course.released(job.assignment), as_version=4)
    points = {e.id: c.metadata.nbgrader.points for c in released.cells if (e := bound_exercise(c))}
    return [
        Result(job.student, job.assignment, name, 0.0, float(of), status, None, reason, "cpu", 0.0)
        for name, of in points.items()
    ]


def _class_folder(config: Config) -> Path:
    return Path(config.CourseDirectory.root)
