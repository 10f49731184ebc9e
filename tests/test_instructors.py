"""The worked example of the instructors' page: from three new files to a graded class."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.grading.results import read
from tests.course import ROOT

EXAMPLE = ROOT / "tests" / "example"
STUDENTS = [f"{kind}-{i}" for kind in ("other-dress", "mistakes") for i in (1, 2, 3)] + ["perfect"]
PAGE = (ROOT / "book" / "instructors.md").read_text()


def replace_once(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A course of its own, with the package, to which the page's steps were applied."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "autograder", folder / "autograder")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    (folder / "solutions" / "metrics").mkdir(parents=True)
    package = folder / "autograder"
    shutil.copy(EXAMPLE / "exercise.py", package / "exercises" / "metrics.py")
    shutil.copy(EXAMPLE / "answer.py", package / "grading" / "answers" / "metrics.py")
    shutil.copy(EXAMPLE / "notebook.md", folder / "solutions" / "metrics" / "metrics.md")
    for where, entry, after in (
        (package / "exercises", '    "metrics": metrics.EXERCISES,', "list[Exercise]] = {\n"),
        (
            package / "grading" / "answers",
            "    **metrics.ANSWERS,",
            "ANSWERS: dict[str, Answer] = {\n",
        ),
    ):
        module = ".".join(where.relative_to(folder).parts)
        assert entry in PAGE and f"from {module} import metrics" in PAGE
        replace_once(where / "__init__.py", after, f"{after}{entry}\n")
        first = f"from {module} import "
        replace_once(where / "__init__.py", first, f"{first}metrics\n{first}")
    return folder


def run(course: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(course)}
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=course, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def results(course):
    for command in ("release", "sample-class", "grade"):
        shown = [
            line
            for line in PAGE.splitlines()
            if f"autograder {command} " in line and "metrics" in line
        ]
        assert len(shown) == 1, f"the page should show `autograder {command} ...` once"
        run(course, *shown[0].split()[1:])
        for accident in set((course / "submitted").glob("*")) - {
            course / "submitted" / s for s in STUDENTS
        }:
            shutil.rmtree(accident)
    return {r.student: r for r in read(course / "results.jsonl")}


def test_right_answers_in_any_dress_get_full_marks(results):
    for student in ("perfect", "other-dress-1", "other-dress-2", "other-dress-3"):
        assert (results[student].score, results[student].max_score) == (3, 3)


def test_mistakes_fail_and_are_named(results):
    named = {results[f"mistakes-{i}"].mistake for i in (1, 2, 3)}
    assert named == {"lowest", "kth-alone", "one-too-many"}
    assert results["mistakes-2"].score == 1  # right for k = 1: partial credit


def test_students_get_the_stub(course, results):
    notebook = nbformat.read(course / "assignments" / "metrics" / "metrics.ipynb", as_version=4)
    text = "".join(cell.source for cell in notebook.cells)
    assert "raise NotImplementedError()" in text and "argsort" not in text


def test_the_page_shows_the_files_that_were_tested():
    for name in ("exercise.py", "answer.py", "notebook.md"):
        assert f"../tests/example/{name}" in PAGE
