"""The submissions that there are to grade."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.course import Course, CourseError


@dataclass(frozen=True)
class Job:
    """One submission to grade: a student's folder for an assignment.

    ``student`` is the name in the gradebook, as a rule that of the student's folder.
    """

    assignment: str
    student: str
    folder: Path

    @property
    def notebook(self) -> Path:
        """Where its notebook lies, if it was handed in."""
        return self.folder / f"{self.assignment}.ipynb"


def find_jobs(
    course: Course, submissions: Path, assignments: list[str], students: list[str]
) -> list[Job]:
    """The submissions to grade: every student's for each named assignment.

    If none is named, for each that somebody handed in. Raises CourseError if the folder is missing
    or empty, if nobody handed in a named assignment (where a folder that was not meant would give
    zeros), if it is unknown or a named student is not in the folder, or if two folders have the same
    name in the gradebook.
    """
    known = course.names(assignments)
    if not submissions.is_dir():
        raise CourseError(
            f"there is no folder {submissions}: put submissions at {submissions}/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb"
        )
    if submissions.resolve() in (course.root, *course.root.parents):
        raise CourseError(f"{submissions} holds the course: name the folder that students' lie in")
    present = students_in(submissions, known)
    chosen = [a for a in known if any(_holds_a_file(f / a) for f in present.values())]
    if not chosen or (assignments and chosen != known):
        absent = ", ".join(a for a in assignments if a not in chosen)
        raise CourseError(
            f"{submissions} holds no submissions{absent and f' of {absent}'}: they go to "
            f"{submissions}/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb"
        )
    students = [gradebook_name(student) for student in students]
    for student in students:
        if student not in present:
            raise CourseError(
                f"no student {student!r} in {submissions}; there is: {', '.join(present)}"
            )
    return [Job(a, s, present[s] / a) for a in chosen for s in (students or present)]


def loose_files(submissions: Path) -> list[str]:
    """The names of files that lie beside the students' folders: nobody's, so nobody grades them."""
    return sorted(
        p.name for p in submissions.iterdir() if not p.is_dir() and not p.name.startswith(".")
    )


def _holds_a_file(folder: Path) -> bool:
    """Whether anything but folders lies in it, or it can't be looked into, which grading will say."""
    try:
        return folder.is_dir() and any(not path.is_dir() for path in folder.iterdir())
    except OSError:
        return True


def students_in(submissions: Path, known: list[str]) -> dict[str, Path]:
    """The folders of students by their names in the gradebook, sorted.

    A hidden folder is a student's if it holds an assignment: some names begin with a dot.
    Raises CourseError if two of them have one name.
    """
    found: dict[str, Path] = {}
    for folder in sorted(p for p in submissions.iterdir() if p.is_dir()):
        if folder.name.startswith(".") and not any((folder / a).is_dir() for a in known):
            continue
        name = gradebook_name(folder.name)
        if name in found:
            raise CourseError(
                f"two folders in {submissions} stand for the student {name!r}: "
                f"{found[name].name!r} and {folder.name!r}; rename one of them"
            )
        found[name] = folder
    return found


def gradebook_name(folder: str) -> str:
    """A student's name for nbgrader, which can't take line breaks, nor spaces at the ends."""
    text = _whole(folder)
    text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text).strip()
    return f"_{text}" if text in ("", ".", "..") else text  # it becomes the name of a folder again


def printable(text: object) -> str:
    """What stands in a name or a message, in one line that does nothing to a terminal."""
    return "".join(c if c.isprintable() else "?" for c in _whole(str(text)))


def _whole(text: str) -> str:
    """As ``wire.whole``, which needs NumPy: the command line answers before that is there."""
    return text.encode("utf-8", "replace").decode("utf-8")
