"""The submissions that there are to grade."""

from dataclasses import dataclass
from pathlib import Path

from autograder.grading.course import Course, CourseError


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
    known = course.names(assignments)
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
