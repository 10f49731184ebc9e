"""Made-up classes for every assignment, graded in one call: scores, statuses, reasons, mistakes.

The first assignment's class has every accident; of the others' come the reference solution and
common mistakes, but where naming those takes half a minute, and the rest every night.
"""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.grading.releasing.sample import SampleStudent, sample_class
from autograder.grading.storage.results import Result, read
from tests.answers import ASSIGNMENTS, COURSE, ROOT, exercise
from tests.course import autograder, copy_course, nbgrader

FIELDS = ["student", "assignment", "exercise", "score", "max_score", "status", "mistake", "message",
          "device", "seconds", "notes"]  # fmt: skip
WHOLE = "optimizers"
LONG = "transfer"
COME = {name: ["perfect", "mistakes-1"] for name in ASSIGNMENTS} | {LONG: ["perfect"]}
CLASSES: dict[str, dict[str, SampleStudent]] = {
    name: {s.name: s for s in sample_class(COURSE, name) if name == WHOLE or s.name in COME[name]}
    for name in ASSIGNMENTS
}
EVERYBODY = [(name, student) for name, students in CLASSES.items() for student in students]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = copy_course(tmp_path_factory.mktemp("course"))
    autograder(folder, "sample-class", "submitted")
    for place in (folder / "submitted").glob("*/*"):
        if place.parent.name not in CLASSES[place.name]:
            shutil.rmtree(place)
    return folder


@pytest.fixture(scope="module")
def graded(course) -> dict[tuple[str, str], dict[str, Result]]:
    """All results, by assignment and student."""
    done = autograder(course, "grade", "--device", "cpu", "--results", "results.jsonl")
    by_student: dict[tuple[str, str], dict[str, Result]] = {}
    for result in read(course / "results.jsonl"):
        of_one = by_student.setdefault((result.assignment, result.student), {})
        of_one[result.exercise] = result
    count = len(by_student)
    assert f"[{count}/{count}]" in done.stdout
    return by_student


def test_the_class_is_as_large_as_it_should_be():
    assert len(CLASSES[WHOLE]) >= 12


@pytest.mark.parametrize(("assignment", "name"), EVERYBODY)
def test_every_student_gets_the_right_score_and_a_reason(assignment, name, graded):
    student, results = CLASSES[assignment][name], graded[assignment, name]
    assert list(results) == ASSIGNMENTS[assignment]
    for exercise_id, result in results.items():
        wanted = student.expected.get(exercise_id, student.otherwise)
        assert wanted in (None, result.status), result
        assert (result.score == result.max_score) == (result.status == "passed"), result
        assert result.message
        if exercise_id in student.mistakes:
            assert result.status != "passed"
            assert result.mistake == student.mistakes[exercise_id], result
        if result.status in ("error", "timeout", "missing"):
            assert result.score == 0


def test_results_are_json_lines_with_the_promised_fields(course, graded):
    lines = (course / "results.jsonl").read_text().splitlines()
    assert len(lines) == sum(len(results) for results in graded.values())
    assert all(list(json.loads(line)) == FIELDS for line in lines)


def test_an_exercise_for_any_device_says_that_it_was_not_run_on_cuda(graded):
    for result in graded[WHOLE, "perfect"].values():
        assert result.device == "cpu"
        assert ("not run on CUDA" in result.message) == exercise(result.exercise).on_device


def test_the_gradebook_and_the_export_hold_the_same_scores(course, graded):
    expected = {who: sum(r.score for r in results.values()) for who, results in graded.items()}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        held = {
            (name, s.student.id): s.score
            for name in ASSIGNMENTS
            for s in gradebook.assignment_submissions(name)
            if s.score or (name, s.student.id) in expected
        }
    assert held == pytest.approx(expected)
    nbgrader(course, "export", "--to", "grades.csv")
    with open(course / "grades.csv") as file:
        exported = {
            (r["assignment"], r["student_id"]): float(r["score"]) for r in csv.DictReader(file)
        }
    assert {who: exported[who] for who in expected} == pytest.approx(expected)


def test_whose_submission_was_replaced_is_said_when_scores_are_given_away(course, graded):
    place = course / "submitted" / "perfect" / WHOLE / f"{WHOLE}.ipynb"
    held = place.read_bytes()
    place.write_bytes(held + b"\n")
    said = [
        autograder(course, *command).stderr
        for command in (["export", WHOLE], ["feedback", "out"], ["export", "ensembles"])
    ]
    place.write_bytes(held)
    said.append(autograder(course, "export").stderr)
    why = f"perfect {WHOLE}: what lies there now is not what was graded; grade again\n"
    assert [text.count(why) for text in said] == [1, 1, 0, 0]
    assert [text.count("what lies there now") for text in said] == [1, 1, 0, 0]


def test_feedback_says_what_is_wrong(course, graded):
    for (assignment, name), results in graded.items():
        path = course / "feedback" / name / assignment / f"{assignment}.html"
        if name == "no-notebook" or not (course / "submitted" / name / assignment).is_dir():
            assert not path.exists()
            continue
        page = path.read_text()
        assert all(f"{result.exercise}: " in page for result in results.values())


def test_nothing_hidden_stands_in_graded_notebooks(course, graded):
    for path in course.glob("autograded/*/*/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        if path.parent.parent.name in ("untouched", "not-a-notebook"):
            assert "SOLUTION" not in json.dumps(notebook)
        assert "publish(" not in "".join(
            c.source for c in notebook.cells if "grade_id" in str(c.metadata)
        )


@pytest.mark.nightly
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_whole_class_gets_the_right_scores(assignment, tmp_path):
    folder = copy_course(tmp_path / "course")
    autograder(folder, "sample-class", "submitted", assignment)
    autograder(folder, "grade", assignment, "--device", "cpu", "--results", "results.jsonl")
    students = {s.name: s for s in sample_class(COURSE, assignment)}
    results = read(folder / "results.jsonl")
    assert len(results) == len(students) * len(ASSIGNMENTS[assignment])
    for result in results:
        student = students[result.student]
        wanted = student.expected.get(result.exercise, student.otherwise)
        assert wanted in (None, result.status), result
        assert student.mistakes.get(result.exercise) in (None, result.mistake), result


def test_the_commands_own_process_starts_without_what_its_workers_import():
    """It takes three seconds to import them; an answer that comes back must not do it either."""
    code = (
        "import sys\n"
        "from autograder.grading import cli\n"
        "from autograder.grading.recording import graded\n"
        "from autograder.grading.whole_class import classes, grade_command\n"
        "found = {'torch', 'jupytext'} & sys.modules.keys()\n"
        "assert not found, found\n"
        "answers = [graded.Plan, graded.Graded, graded.Work]\n"
        "assert all(a.__module__ == 'autograder.grading.recording.graded' for a in answers)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
