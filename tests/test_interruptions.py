"""Killed at random moments, a grading goes on: the gradebook ends as if nothing had happened."""

import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from autograder.grading.results import Result, read
from tests.course import autograder

ASSIGNMENT = "metrics"
STUDENTS = ("perfect", "mistakes-1", "untouched", "no-notebook", "tampers", "not-a-notebook")
SEED = 20
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


def gradebook(folder: Path) -> dict[str, list]:
    """All that the gradebook holds of submissions, whatever the ids of its rows."""
    engine = create_engine(f"sqlite:///{folder / 'gradebook.db'}")
    with engine.connect() as book:
        return {name: sorted(map(repr, book.execute(text(q)))) for name, q in TABLES.items()}


@pytest.fixture(scope="module")
def undisturbed(metrics, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "course"
    leave = shutil.ignore_patterns("submitted", "autograded", "feedback", "*.jsonl")
    shutil.copytree(metrics.root, folder, ignore=leave)
    for name in STUDENTS:
        shutil.copytree(metrics.root / "submitted" / name, folder / "submitted" / name)
    (folder / ".autograder-seed").write_text("of the tests\n")
    shutil.copytree(folder, folder.with_name("fresh"))
    autograder(folder, "grade", "--results", "r.jsonl")
    return folder


def grading(course: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "autograder", "grade", "--results", "r.jsonl"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=course, start_new_session=True, **quiet)


@pytest.mark.parametrize(
    ("part", "rounds"),
    [(0, 1), *(pytest.param(k, 5, marks=pytest.mark.nightly) for k in range(1, 11))],
)
def test_killed_at_random_moments(undisturbed, tmp_path, part, rounds):
    """After each kill, the next grading ends with the same gradebook and the same results."""
    moments, right = random.Random(SEED + part), gradebook(undisturbed)
    results = read(undisturbed / "r.jsonl")
    for k in range(rounds):
        course = tmp_path / f"course-{k}"
        shutil.copytree(undisturbed.with_name("fresh"), course)
        process, moment = grading(course), moments.uniform(1.0, 15.0)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = autograder(course, "grade", "--results", "r.jsonl")
        assert gradebook(course) == right, f"killed after {moment:.2f} s\n{done.stdout}"
        assert not list(course.glob(".grading-*"))
        assert list(map(without_seconds, read(course / "r.jsonl"))) == list(
            map(without_seconds, results)
        )


def without_seconds(result: Result) -> Result:
    return replace(result, seconds=0.0)
