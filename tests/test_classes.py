"""A small class for each assignment: full marks in any dress, mistakes named, a loop that never ends.

``tests/test_grading.py`` grades the whole class, with every accident, for the first assignment.
"""

import shutil
from pathlib import Path

import pytest

from autograder.exercises import ASSIGNMENTS
from autograder.grading.course import Course
from autograder.grading.results import read
from autograder.grading.sample import sample_class
from tests.course import ROOT, autograder, copy_course

STUDENTS = ["perfect", "endless-loop", "untouched"]
STUDENTS += [f"{kind}-{i}" for kind in ("other-dress", "mistakes") for i in (1, 2, 3)]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    return copy_course(tmp_path_factory.mktemp("course"))


@pytest.mark.parametrize("assignment", [name for name in ASSIGNMENTS if name != "optimizers"])
def test_a_class_gets_the_right_scores_and_reasons(course, assignment):
    submitted = course / assignment / "submitted"
    autograder(course, "sample-class", str(submitted), assignment)
    for place in submitted.iterdir():
        if place.name not in STUDENTS:
            shutil.rmtree(place)
    results = course / assignment / "results.jsonl"
    autograder(
        course, "grade", "--submissions", str(submitted), "--device", "cpu", "--results", str(results)
    )  # fmt: skip
    expected = {s.name: s for s in sample_class(Course(ROOT), assignment)}
    by_student: dict[str, dict] = {name: {} for name in STUDENTS}
    for result in read(results):
        assert result.assignment == assignment
        by_student[result.student][result.exercise] = result
    for name, graded in by_student.items():
        assert list(graded) == [e.id for e in ASSIGNMENTS[assignment]]
        for exercise, result in graded.items():
            wanted = expected[name].expected.get(exercise, expected[name].otherwise)
            assert wanted in (None, result.status), result
            assert (result.score == result.max_score) == (result.status == "passed"), result
            if exercise in expected[name].mistakes:
                assert result.mistake == expected[name].mistakes[exercise], result
