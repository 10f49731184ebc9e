"""The instructor's journey with the real tools: release, grade a sample class, export, regrade."""

import csv
import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.exercises import ASSIGNMENTS
from autograder.grading.course import Course
from autograder.grading.results import Result, read
from autograder.grading.sample import sample_class
from tests.course import ROOT, autograder, copy_course, nbgrader

FIELDS = ["student", "assignment", "exercise", "score", "max_score", "status", "mistake", "message",
          "device", "seconds"]  # fmt: skip
ASSIGNMENT = "optimizers"
EXERCISES = [e.id for e in ASSIGNMENTS[ASSIGNMENT]]
STUDENTS = {s.name: s for s in sample_class(Course(ROOT), ASSIGNMENT)}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = copy_course(tmp_path_factory.mktemp("course"))
    autograder(folder, "sample-class", "submitted", ASSIGNMENT)
    return folder


@pytest.fixture(scope="module")
def graded(course) -> dict[str, dict[str, Result]]:
    done = autograder(course, "grade", ASSIGNMENT, "--device", "cpu", "--results", "results.jsonl")
    assert f"[{len(STUDENTS)}/{len(STUDENTS)}]" in done.stdout
    by_student: dict[str, dict[str, Result]] = {}
    for result in read(course / "results.jsonl"):
        by_student.setdefault(result.student, {})[result.exercise] = result
    return by_student


def scores(folder: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(ASSIGNMENT)}


def test_the_class_is_as_large_as_it_should_be():
    assert len(STUDENTS) >= 12


@pytest.mark.parametrize("name", STUDENTS)
def test_every_student_gets_the_right_score_and_a_reason(name, graded):
    student, results = STUDENTS[name], graded[name]
    assert list(results) == EXERCISES
    for exercise, result in results.items():
        wanted = student.expected.get(exercise, student.otherwise)
        if wanted is not None:
            assert result.status == wanted, result
        assert (result.score == result.max_score) == (result.status == "passed")
        assert result.message
        if exercise in student.mistakes:
            assert result.status != "passed"
            assert result.mistake == student.mistakes[exercise], result
        if result.status in ("error", "timeout", "missing"):
            assert result.score == 0


def test_results_are_json_lines_with_the_promised_fields(course, graded):
    lines = (course / "results.jsonl").read_text().splitlines()
    assert len(lines) == len(STUDENTS) * len(EXERCISES)
    assert all(list(json.loads(line)) == FIELDS for line in lines)


def test_an_exercise_for_any_device_says_that_it_was_not_run_on_cuda(graded):
    for exercise in ASSIGNMENTS[ASSIGNMENT]:
        result = graded["perfect"][exercise.id]
        assert result.device == "cpu"
        assert ("not run on CUDA" in result.message) == exercise.on_device


def test_the_gradebook_and_the_export_hold_the_same_scores(course, graded):
    expected = {name: sum(r.score for r in results.values()) for name, results in graded.items()}
    assert scores(course) == pytest.approx(expected)
    nbgrader(course, "export", "--to", "grades.csv")
    with open(course / "grades.csv") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == pytest.approx(expected)


def test_feedback_says_what_is_wrong(course, graded):
    for name, results in graded.items():
        if name == "no-notebook":
            continue
        page = (course / "feedback" / name / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
        for result in results.values():
            assert f"{result.exercise}: " in page


def test_nothing_hidden_stands_in_graded_notebooks(course, graded):
    for path in course.glob("autograded/*/*/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        if path.parent.parent.name in ("untouched", "not-a-notebook"):
            assert "SOLUTION" not in json.dumps(notebook)
        assert "publish(" not in "".join(
            c.source for c in notebook.cells if "grade_id" in str(c.metadata)
        )


def test_stock_nbgrader_gives_the_same_scores_through_the_same_plugin(course, graded, tmp_path):
    other = copy_course(tmp_path / "stock")
    for name in ("perfect", "mistakes-1", "tampers", "duplicated-cells", "not-a-notebook", "exits"):
        shutil.copytree(course / "submitted" / name, other / "submitted" / name)
    autograder(other, "release")
    nbgrader(other, "autograde", ASSIGNMENT)
    ours = scores(course)
    assert scores(other) == pytest.approx({name: ours[name] for name in scores(other)})
    assert len(scores(other)) == 6


def test_without_a_name_what_was_handed_in_is_graded(course, graded):
    assert {r.assignment for r in read(course / "results.jsonl")} == {ASSIGNMENT}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert [a.name for a in gradebook.assignments] == [ASSIGNMENT]


def test_a_regrade_replaces_every_score(course, graded, tmp_path):
    other = copy_course(tmp_path / "regrade")
    place = other / "submitted" / "ann"
    shutil.copytree(course / "submitted" / "perfect", place)
    autograder(other, "grade", "--student", "ann")
    full = scores(other)["ann"]
    shutil.rmtree(place)
    shutil.copytree(course / "submitted" / "untouched", place)
    autograder(other, "grade", "--student", "ann")
    assert full > 0 and scores(other)["ann"] == 0
    shutil.rmtree(place / ASSIGNMENT)
    autograder(other, "grade", ASSIGNMENT, "--results", "r.jsonl")
    assert scores(other)["ann"] == 0
    assert {r.status for r in read(other / "r.jsonl")} == {"missing"}
    shutil.copytree(course / "submitted" / "perfect" / ASSIGNMENT, place / ASSIGNMENT)
    autograder(other, "grade")
    assert scores(other)["ann"] == full


def test_the_same_submission_is_tried_on_the_same_cases_and_classes_differ(tmp_path):
    from autograder.grading import seeds

    one, two = seeds.class_seed(tmp_path), seeds.class_seed(tmp_path)
    (tmp_path / "other").mkdir()
    assert one == two != seeds.class_seed(tmp_path / "other")
    assert (tmp_path / seeds.FILE).stat().st_mode & 0o077 == 0
    assert seeds.submission_seed(one, "ann", "x") != seeds.submission_seed(one, "ann", "y")


# ---- bad input on the command line: a clear message, exit status 2, nothing lost


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["grade", "nonsense"],
            f"no assignment 'nonsense'; there is: {', '.join(sorted(ASSIGNMENTS))}",
        ),
        (["grade", "--submissions", "nowhere"], "there is no folder nowhere"),
        (["grade", "--submissions", "empty"], "empty holds no submissions"),
        (["grade", "--student", "zoe"], "no student 'zoe'"),
        (["release", "nonsense"], "no assignment 'nonsense'"),
    ],
)
def test_bad_arguments(course, arguments, says):
    (course / "empty").mkdir(exist_ok=True)
    done = autograder(course, *arguments, check=False)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_outside_of_a_course(tmp_path):
    done = autograder(tmp_path, "grade", check=False)
    assert done.returncode == 2 and "nbgrader_config.py" in done.stderr


def test_an_assignment_that_was_not_released(tmp_path):
    folder = copy_course(tmp_path / "course")
    shutil.rmtree(folder / "assignments" / ASSIGNMENT)
    (folder / "submitted" / "ann" / ASSIGNMENT).mkdir(parents=True)
    done = autograder(folder, "grade", check=False)
    assert done.returncode == 2 and "autograder release optimizers" in done.stderr


def test_cuda_without_a_device_is_an_error(course, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # so that there is none on any machine
    done = autograder(course, "grade", "--student", "perfect", "--device", "cuda", check=False)
    assert done.returncode == 2 and "no CUDA device" in done.stderr


def test_help_helps(course):
    assert "release" in autograder(course, "--help").stdout
    assert "--submissions DIR" in autograder(course, "grade", "--help").stdout
