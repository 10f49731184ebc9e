"""Written questions: nbgrader leaves them for a person, and keeps what the person decided."""

import shutil
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.grading.course import Course
from autograder.grading.releasing.notebooks import read_source
from autograder.grading.releasing.release import register
from autograder.grading.storage.jobs import find_jobs
from autograder.grading.submissions.class_folder import class_config
from autograder.grading.submissions.grade import grade_submission
from tests.answers import ASSIGNMENTS, COURSE, OWN
from tests.course import autograder, copy_course, nbgrader

ASSIGNMENT, WRITTEN = "hyperparameters", "flattery"
STUDENTS = ("perfect", "untouched")


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = copy_course(tmp_path_factory.mktemp("course"))
    autograder(folder, "sample-class", "submitted", ASSIGNMENT)
    for place in (folder / "submitted").iterdir():
        if place.name not in STUDENTS:
            shutil.rmtree(place)
    register(Course(folder), ASSIGNMENT, folder)
    grade(folder)
    return folder


def grade(folder: Path) -> None:
    course, submissions = Course(folder), folder / "submitted"
    config = class_config(course, submissions, "cpu")
    for job in find_jobs(course, submissions, [ASSIGNMENT], []):
        results = grade_submission(course, config, job)
        assert all(result.score is not None for result in results)


def gradebook(folder: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{folder / 'gradebook.db'}")


def written_cells(name: str) -> list:
    """The cells of an assignment that a person grades."""
    cells = read_source(COURSE.source(name)).cells
    return [
        c
        for c in cells
        if c.cell_type == "markdown" and c.metadata.get("nbgrader", {}).get("grade")
    ]


@pytest.mark.parametrize("name", OWN)
def test_an_assignment_has_a_written_question_and_a_bonus(name):
    points = [c.metadata.nbgrader.points for c in written_cells(name)]
    assert 1 <= sum(p > 0 for p in points) <= 3 and points.count(0) == 1


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_students_do_not_get_the_answers_to_written_questions(name):
    student = COURSE.released(name).read_text()
    for cell in written_cells(name):
        lines = [line for line in cell.source.splitlines() if len(line) > 30]
        assert lines and not [line for line in lines if line in student]


def test_written_answers_wait_for_a_person(course):
    with gradebook(course) as book:
        answered, untouched = (book.find_submission(ASSIGNMENT, student) for student in STUDENTS)
        assert answered.needs_manual_grade and not untouched.needs_manual_grade
        assert (answered.score, answered.max_score, untouched.score) == (22, 26, 0)


def test_what_waits_for_a_person_is_pending_and_not_0(course):
    nbgrader(course, "generate_feedback", ASSIGNMENT, "--force")
    text = shown(course, "perfect")
    assert "22 of 22 points so far. Another 4 points are pending" in text
    assert "– of 4 points, pending: a person reads it" in text and "0 of 4" not in text
    assert "0 of 4 points, not answered" in shown(course, "untouched")


def test_what_a_person_decided_stands_after_another_grading(course):
    with gradebook(course) as book:
        for cell, given in (
            (WRITTEN, {"manual_score": 3}),
            ("bonus", {"manual_score": 0, "extra_credit": 2}),
        ):
            grade_of = book.find_grade(cell, ASSIGNMENT, ASSIGNMENT, "perfect")
            for field, value in {**given, "needs_manual_grade": False}.items():
                setattr(grade_of, field, value)
        book.db.commit()
        assert book.find_submission(ASSIGNMENT, "perfect").score == 27
    grade(course)
    with gradebook(course) as book:
        submission = book.find_submission(ASSIGNMENT, "perfect")
        assert submission.score == 27
        assert submission.needs_manual_grade  # nbgrader asks to look at it again


def test_the_written_answer_and_its_points_are_in_the_feedback(course):
    nbgrader(course, "generate_feedback", ASSIGNMENT, "--force")
    text = shown(course, "perfect")
    assert "3 of 4 points, graded by hand" in text and "27 of 26 points." in text
    assert "pending" not in text


def shown(course: Path, student: str) -> str:
    """What a student reads on the page of feedback."""
    page = course / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html"
    return " ".join(BeautifulSoup(page.read_text(), "html.parser").main.text.split())


def test_a_changed_answer_is_graded_again(course):
    path = course / "submitted" / "perfect" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    answer = next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == WRITTEN
    )
    answer.source = "I have thought about it again."
    nbformat.write(notebook, path)
    grade(course)
    with gradebook(course) as book:
        assert book.find_submission(ASSIGNMENT, "perfect").needs_manual_grade
