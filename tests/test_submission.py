"""Any file becomes a notebook with the cells of the release: repaired, never trusted."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.grading.course import Course
from autograder.grading.intake.reading import PROBLEM, read_submission
from autograder.grading.intake.repair import repair
from autograder.grading.intake.submission import needs_of
from autograder.grading.releasing.accidents import Maker
from tests.answers import ASSIGNMENTS, COURSE


def cell(name, source, *, grade=False, solution=False, points=None, kind=new_code_cell):
    made = kind(source)
    made.id = name
    meta = {"grade_id": name, "grade": grade, "solution": solution, "locked": not solution,
            "schema_version": 3, "task": False}  # fmt: skip
    if points is not None:
        meta["points"] = points
    made.metadata.nbgrader = nbformat.from_dict(meta)
    return made


@pytest.fixture
def released():
    notebook = new_notebook()
    notebook.cells = [
        cell("setup", "import check"),
        cell("one-answer", "def one(): ...", solution=True),
        cell("one", "check(one)", grade=True, points=2),
        cell("two-answer", "def two(): ...", solution=True),
        cell("two", "check(two)", grade=True, points=3),
        cell("essay", "write here", grade=True, solution=True, points=1, kind=new_markdown_cell),
    ]
    return notebook


@pytest.fixture
def submitted(released):
    notebook = copy.deepcopy(released)
    notebook.cells[1].source = "def one(): return 1"
    notebook.cells[3].source = "def two(): return 2"
    return notebook


NEEDS = {"one": ("one",), "two": ("two",)}


def names(notebook):
    return [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]


def test_an_intact_submission_is_left_alone(submitted, released):
    before = copy.deepcopy(submitted)
    assert repair(submitted, released) == []
    assert submitted == before


def test_edited_locked_cells_and_flags_are_restored(submitted, released):
    submitted.cells[2].source = "1000.0"
    submitted.cells[2].metadata.nbgrader.points = 1000
    submitted.cells[4].metadata.nbgrader.grade = False
    submitted.cells[4].cell_type = "markdown"
    submitted.cells[1].metadata.nbgrader.solution = False
    repair(submitted, released)
    for i in (2, 4):
        assert submitted.cells[i] == released.cells[i]
    assert submitted.cells[1].metadata == released.cells[1].metadata
    assert submitted.cells[1].source == "def one(): return 1"


def test_a_doubled_test_cell_is_dropped_and_a_doubled_answer_still_runs(submitted, released):
    submitted.cells.insert(3, copy.deepcopy(submitted.cells[2]))
    second = copy.deepcopy(submitted.cells[1])
    second.source = "def one(): return 'later'"
    submitted.cells.insert(2, second)
    repair(submitted, released)
    assert names(submitted) == ["setup", "one-answer", None, "one", "two-answer", "two", "essay"]
    assert submitted.cells[2].source == "def one(): return 'later'"
    assert len({c.id for c in submitted.cells}) == len(submitted.cells)


def test_deleted_test_cells_come_back_after_the_code_they_test(submitted, released):
    submitted.cells = [c for c in submitted.cells if c.id not in ("one", "two", "essay")]
    submitted.cells.insert(2, new_code_cell("helper = 1"))
    repair(submitted, released)
    assert names(submitted) == ["setup", "one-answer", None, "one", "two-answer", "two", "essay"]


def test_without_any_metadata_the_code_still_runs_before_the_tests(submitted, released):
    for i, c in enumerate(submitted.cells):
        c.metadata.clear()
        c.id = f"x{i}"
    repair(submitted, released)
    assert names(submitted) == ["setup", None, "one", None, "two", None, "essay"]
    assert [c.source for c in submitted.cells[:6]] == [
        "import check", "def one(): return 1", "check(one)",
        "def two(): return 2", "check(two)", "write here",
    ]  # fmt: skip


def test_without_any_metadata_answers_are_known_by_what_they_define(submitted, released):
    for i, c in enumerate(submitted.cells):
        c.metadata.clear()
        c.id = f"x{i}"
    (note,) = repair(submitted, released, NEEDS)[:1]
    assert names(submitted)[:5] == names(released)[:5]
    assert note.startswith("Cells had lost their grading data: the given cell `setup`, ")


def test_stripped_metadata_is_found_again_by_cell_id(submitted, released):
    for c in submitted.cells:
        c.metadata.clear()
    repair(submitted, released)
    assert names(submitted) == names(released)
    assert submitted.cells[1].source == "def one(): return 1"


def test_metadata_of_the_wrong_kind(submitted, released):
    submitted.cells[0].metadata.nbgrader = "nonsense"
    submitted.cells[1].metadata.nbgrader = nbformat.from_dict({"grade_id": ["one"]})
    submitted.cells.append(cell("unknown", "x = 1", grade=True, points=100))
    repair(submitted, released)
    assert "unknown" not in names(submitted)


def test_a_cell_that_was_stripped_in_the_release_too_is_no_answer(submitted, released):
    """Text of the release that bears no grading data is not taken for what a student wrote."""
    released.cells.insert(5, new_markdown_cell("A word of encouragement."))
    submitted.cells[5] = new_markdown_cell("A word of encouragement.")
    repair(submitted, released)
    assert names(submitted)[-1] == "essay" and submitted.cells[-1].source == "write here"


def test_the_longest_text_beside_a_missing_answer_is_taken_with_its_pictures(submitted, released):
    long = new_markdown_cell("what I think of it ![p](attachment:p.png)")
    long.attachments = nbformat.from_dict({"p.png": {"image/png": "AAAA"}})
    submitted.cells[5:] = [new_markdown_cell("what"), long, new_code_cell("thinking = 1")]
    notes = repair(submitted, released)
    essay = next(c for c in submitted.cells if c.metadata.get("nbgrader", {}).get("points") == 1)
    assert essay.source == long.source and essay.attachments == long.attachments
    assert [c.source for c in submitted.cells if "nbgrader" not in c.metadata][0] == "what"
    assert "was taken as the answer: the written answer `essay`." in notes[-1]


def test_what_a_student_defines_in_a_locked_cell_still_runs_and_has_not_the_last_word(submitted, released):  # fmt: skip
    submitted.cells[0].source = "import check, math"
    submitted.cells[2].source = "check = print; helper = 1"
    repair(submitted, released, NEEDS)
    sources = [c.source for c in submitted.cells]
    assert sources[:2] == ["import check, math", "import check"]
    assert sources[3:5] == ["check = print; helper = 1", "check(one)"]


def test_an_answer_is_not_taken_for_another_because_it_repeats_that_one(submitted, released):
    submitted.cells[3].source += "\ndef one(): return 'an old draft'"
    assert repair(submitted, released, NEEDS) == []
    assert names(submitted) == names(released)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_whole_submissions_are_left_alone(assignment):
    make = Maker(COURSE, assignment)
    needs = needs_of(COURSE.assignment(assignment))
    assert list(needs) == sorted(ASSIGNMENTS[assignment])
    for student in [*make.other_dress(2), *make.common_mistakes(2), make.prints_and_warns()]:
        notebook = copy.deepcopy(student.content)
        assert repair(notebook, make.released, needs) == []
        assert notebook.cells == student.content.cells


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff", b"hello", b"[]", b"{}", b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
     b'{"nbformat": 99, "nbformat_minor": 0, "cells": [], "metadata": {}}', b"[" * 200_000],
)  # fmt: skip
def test_a_file_that_is_not_a_notebook_says_why(tmp_path, content, released):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    notebook = read_submission(path)
    if PROBLEM in notebook.metadata:
        assert "x.ipynb" in notebook.metadata[PROBLEM]
    else:
        assert notebook.cells == []
    repair(notebook, released)
    assert [n for n in names(notebook) if n] == ["one", "two", "essay"]


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "x.ipynb"
    with open(path, "wb") as file:
        file.truncate(2**30)
    assert "larger than" in read_submission(path).metadata[PROBLEM]


def test_an_old_notebook_format_is_upgraded(tmp_path):
    path = tmp_path / "x.ipynb"
    old = nbformat.v3.new_notebook()
    old.worksheets = [nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell("x = 1")])]
    nbformat.write(nbformat.v3.nbbase.NotebookNode(old), path, version=3)
    assert read_submission(path).cells[0].source == "x = 1"


def test_a_release_is_read_once_and_again_when_it_has_changed(tmp_path, released):
    course = Course(tmp_path)
    path = course.released("mine")
    path.parent.mkdir(parents=True)
    nbformat.write(released, path)
    assert course.student_version("mine") is Course(tmp_path).student_version("mine")
    released.cells[0].source = "import other"
    nbformat.write(released, path)
    assert course.student_version("mine").cells[0].source == "import other"
