"""The gradebook's only writer: what was judged goes into nbgrader's database, in batches.

A batch is one transaction: it is recorded whole, or nothing of it is. What is recorded is what
nbgrader's own SaveAutoGrades and AssignLatePenalties record, so that recording it again changes
nothing.
"""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import BaseCell, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.grading.course import know_schema
from autograder.grading.recording import deadlines
from autograder.grading.recording.deadlines import Deadlines
from autograder.grading.recording.kept import KeptGradebook
from autograder.grading.storage.jobs import Job

MARKS = "autograder_marks"  # among nbgrader's resources: what is to be recorded
logger = logging.getLogger("autograder")


@dataclass(frozen=True)
class Marks:
    """What the gradebook is to hold of a graded notebook: scores and comments by ``grade_id``.

    An exercise that is ungraded is not among the scores: its old one stays. ``handed_in`` is when,
    if that is known.
    """

    scores: dict[str, float | None]
    comments: dict[str, str | None]
    handed_in: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One submission to record; without marks, it was not handed in and gets 0 points."""

    job: Job
    marks: Marks | None


class GatherMarks(NbGraderPreprocessor):
    """nbgrader preprocessor, in the place of SaveAutoGrades: gathers what that would save."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        # It brings NumPy with it, which the writer does without.
        from autograder.grading.judge.verdicts import is_ungraded

        scores: dict[str, float | None] = {}
        comments: dict[str, str | None] = {}
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if utils.is_grade(cell) and not is_ungraded(cell):
                scores[name], _ = utils.determine_grade(cell, self.log)
            if utils.is_solution(cell) or utils.is_task(cell):
                as_given = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
                nothing = as_given and not utils.is_task(cell)
                comments[name] = "No response." if nothing else None
        resources[MARKS] = (scores, comments)
        return nb, resources


def opened(config: Config) -> Gradebook:
    """The class's gradebook, made if there is none."""
    know_schema()
    # nbgrader's own queries: nothing that a reader could act on
    warnings.simplefilter("ignore", SAWarning)
    return KeptGradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)


def recorded(config: Config) -> set[tuple[str, str]]:
    """The assignment and the student of each submission whose grades the gradebook holds."""
    with opened(config) as gradebook:
        query = gradebook.db.query(
            SubmittedAssignment.assignment_id, SubmittedAssignment.student_id
        ).filter(SubmittedAssignment.notebooks.any(SubmittedNotebook.grades.any()))
        names = {a.id: a.name for a in gradebook.assignments}
        return {(names[a], s) for a, s in query if a in names}


def record(config: Config, batch: Sequence[Entry]) -> list[list[str]]:
    """Record a batch, all of it or nothing; returns what is to be said of each entry.

    Raises what the database raises.
    """
    path = deadlines_file(config)
    held = None if path is None else deadlines.read(path)
    with opened(config) as gradebook:
        session = gradebook.db()
        gradebook.db.commit = session.flush  # nbgrader commits at every step
        # grades look up their cells one by one, but for those that the session knows
        cells = gradebook.db.query(BaseCell).all()
        try:
            said = [_record_one(config, gradebook, entry, held) for entry in batch]
            session.commit()
        except BaseException:
            session.rollback()
            raise
        del cells
    return said


def deadlines_file(config: Config) -> Path | None:
    """The file that says when the class's assignments are due, if there is one."""
    named = config.LatePenalty.file if "file" in config.LatePenalty else ""
    return Path(named) if named else deadlines.find([Path(config.CourseDirectory.root)])


def _record_one(
    config: Config, gradebook: Gradebook, entry: Entry, said: Deadlines | None
) -> list[str]:
    job, marks = entry.job, entry.marks
    gradebook.update_or_create_student(job.student)
    known = {} if marks is None or marks.handed_in is None else {"timestamp": marks.handed_in}
    submission = gradebook.update_or_create_submission(job.assignment, job.student, **known)
    if said is not None:
        submission.extension = said.extension(job.assignment, job.student)
    if marks is None:
        return [note for notebook in submission.notebooks for note in _zero(notebook)]
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            if grade.name not in marks.scores:  # the grader failed on it
                grade.needs_manual_grade |= grade.auto_score is None
                continue
            grade.auto_score = marks.scores[grade.name]
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        for comment in notebook.comments:
            if comment.name in marks.comments:
                comment.auto_comment = marks.comments[comment.name]
    gradebook.db.flush()
    for changed in (submission, *submission.notebooks):
        gradebook.db.expire(changed)  # sums are of the database's making
    penalize(config, submission)
    return []


def _zero(notebook: SubmittedNotebook) -> list[str]:
    """No points for what was not handed in; those that a person gave are taken back with the rest."""
    taken_back = []
    for grade in notebook.grades:
        if given := (grade.manual_score or 0.0) + (grade.extra_credit or 0.0):
            taken_back.append(f"{grade.name}: {given:g} points given by hand were taken back")
        grade.auto_score = 0.0
        grade.manual_score = grade.extra_credit = None
        grade.needs_manual_grade = False
    return taken_back


def penalize(config: Config, submission: SubmittedAssignment) -> None:
    """The late penalty as nbgrader's AssignLatePenalties and the course's plug-in have it."""
    late = submission.total_seconds_late
    for notebook in submission.notebooks:
        _penalize(config, notebook, submission.student_id, late)


def _penalize(config: Config, notebook: SubmittedNotebook, student: str, late: float) -> None:
    notebook.late_submission_penalty = None
    if late <= 0:
        return
    assigns = AssignLatePenalties(config=config)
    assigns.init_plugin()
    penalty = assigns.plugin_inst.late_submission_penalty(student, notebook.score, late)
    if penalty is not None:
        notebook.late_submission_penalty = assigns._check_late_penalty(notebook, penalty)
