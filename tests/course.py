"""Course folders for tests: the real one with an empty gradebook, and the instructors' example."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy import create_engine, text

from autograder.grading.course import Course, know_schema
from autograder.grading.storage.results import Result
from tests.answers import ROOT

EXAMPLE = ROOT / "tests" / "example"
# of a gradebook, whatever the ids of its rows
TABLES = {
    "students": "SELECT id FROM student",
    "scores": "SELECT a.student_id, c.name, g.auto_score, g.manual_score, g.needs_manual_grade "
    "FROM grade g JOIN base_cell c ON g.cell_id = c.id "
    "JOIN submitted_notebook n ON g.notebook_id = n.id "
    "JOIN submitted_assignment a ON n.assignment_id = a.id",
    "comments": "SELECT a.student_id, c.name, g.auto_comment FROM comment g "
    "JOIN base_cell c ON g.cell_id = c.id JOIN submitted_notebook n ON g.notebook_id = n.id "
    "JOIN submitted_assignment a ON n.assignment_id = a.id",
}


def copy_course(folder: Path) -> Path:
    """A copy of what grading needs: configuration, sources, released assignments, lab."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gradebook.db").write_bytes(empty_gradebook())
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for name in ("solutions", "assignments"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "lab").mkdir()
    for module in (ROOT / "lab").glob("*.py"):
        shutil.copy(module, folder / "lab")
    with contextlib.suppress(FileNotFoundError):  # keys that were made of these very sources
        shutil.copytree(ROOT / "_build" / "keys", folder / "_build" / "keys")
    return folder


@cache
def empty_gradebook() -> bytes:
    """The file of a gradebook in which there is nothing: to make one takes nbgrader half a second."""
    know_schema()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "gradebook.db")
        Gradebook(f"sqlite:///{path}", "").close()
        return path.read_bytes()


def example_course(folder: Path) -> Path:
    """A course with the worked example of the instructors' page alone: two folders."""
    exercises = folder / "assignments" / "metrics" / "exercises"
    answers = folder / "solutions" / "metrics" / "answers"
    for place in (exercises, answers):
        place.mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    shutil.copy(EXAMPLE / "exercise.py", exercises / "top_k_accuracy.py")
    shutil.copy(EXAMPLE / "answer.py", answers / "top_k_accuracy.py")
    shutil.copy(EXAMPLE / "notebook.md", folder / "solutions" / "metrics" / "metrics.md")
    return folder


def class_of(course: Course, folder: Path, *students: str) -> Path:
    """A copy of a course with these of its made-up submissions, which nobody graded."""
    leave = shutil.ignore_patterns("submitted", "autograded", "feedback", "*.jsonl")
    shutil.copytree(course.root, folder, ignore=leave)
    for name in students:
        shutil.copytree(course.root / "submitted" / name, folder / "submitted" / name)
    return folder


def autograder(course: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run the command line in a course folder."""
    return run(course, sys.executable, "-m", "autograder.grading", *arguments, check=check)


def nbgrader(course: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run stock nbgrader in a course folder."""
    return run(course, str(Path(sys.executable).parent / "nbgrader"), *arguments, check=check)


def run(course: Path, *command: str, check: bool) -> subprocess.CompletedProcess:
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
    return done


def gradebook(folder: Path, url: str = "") -> dict[str, list]:
    """All that the gradebook holds of submissions, whatever the ids of its rows."""
    engine = create_engine(url or f"sqlite:///{folder / 'gradebook.db'}")
    with engine.connect() as book:
        return {name: sorted(map(repr, book.execute(text(q)))) for name, q in TABLES.items()}


def without_seconds(result: Result) -> Result:
    return replace(result, seconds=0.0)
