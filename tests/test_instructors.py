"""The worked example of the instructors' page: from two new folders to a graded class."""

import re
import shutil
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.grading.course import Course
from autograder.grading.storage.results import read
from tests.answers import ROOT
from tests.course import autograder, example_course

STUDENTS = [f"{kind}-{i}" for kind in ("other-dress", "mistakes") for i in (1, 2, 3)] + ["perfect"]
PAGE = (ROOT / "book" / "instructors.md").read_text()


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    return example_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def results(course):
    for command in ("release", "sample-class", "grade"):
        shown = [
            line
            for line in PAGE.splitlines()
            if f"autograder {command} " in line and "metrics" in line
        ]
        assert len(shown) == 1, f"the page should show `autograder {command} ...` once"
        autograder(course, *shown[0].split()[1:])
        for accident in set((course / "trial" / "submitted").glob("*")):
            if accident.name not in STUDENTS:  # tests/test_classes.py has them
                shutil.rmtree(accident)
    return {r.student: r for r in read(course / "trial" / "results.jsonl")}


def test_nothing_but_the_two_folders_is_added(course):
    assert sorted(p.name for p in course.iterdir() if p.is_dir())[:1] == ["assignments"]
    for place in (
        "assignments/metrics/exercises/top_k_accuracy.py",
        "solutions/metrics/answers/top_k_accuracy.py",
        "solutions/metrics/metrics.md",
    ):
        assert (course / place).is_file() and f":caption: {place}" in PAGE


def test_the_made_up_class_does_not_meet_the_real_one(course, results):
    assert (course / "trial" / "gradebook.db").is_file()
    assert not (course / "submitted").exists()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert not gradebook.students


def test_right_answers_in_any_dress_get_full_marks(results):
    for student in ("perfect", "other-dress-1", "other-dress-2", "other-dress-3"):
        assert (results[student].score, results[student].max_score) == (3, 3)


def test_mistakes_fail_and_are_named(results):
    named = {results[f"mistakes-{i}"].mistake for i in (1, 2, 3)}
    assert named == {"lowest", "kth-alone", "one-too-many"}
    assert results["mistakes-2"].score == 1  # right for k = 1: partial credit


def test_the_report_says_which_mistakes_the_class_made(course, results):
    done = autograder(course, "report", "metrics", "--submissions", "trial/submitted")
    place = course / "trial" / "report" / "metrics.html"
    assert done.stdout == f"metrics: {len(STUDENTS)} submissions, {place}\n"
    page = BeautifulSoup(place.read_text(encoding="utf-8"), "html.parser")
    table = page.find("caption", string=re.compile("Known mistakes")).parent
    rows = [[cell.text for cell in row("td")] for row in table.tbody("tr")]
    made = Counter(result.mistake for result in results.values() if result.mistake)
    says = {m.id: m.says for m in Course(course).answer("metrics", "top_k_accuracy").mistakes}
    assert {says_it: int(count) for says_it, count, _ in rows} == {
        f"{says[id]} ({id})": count for id, count in made.items()
    }
    assert len(made) == len(rows) == 3


def test_students_get_the_stub(course, results):
    notebook = nbformat.read(course / "assignments" / "metrics" / "metrics.ipynb", as_version=4)
    text = "".join(cell.source for cell in notebook.cells)
    assert "raise NotImplementedError()" in text and "argsort" not in text


def test_the_page_shows_the_files_that_were_tested():
    for name in ("exercise.py", "answer.py", "notebook.md"):
        assert f"../tests/example/{name}" in PAGE
