"""The gradebook's one writer: batches are whole, what a person gave stays, penalties are nbgrader's."""

import copy
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader import preprocessors
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.dbutil import write_alembic_ini
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.event import listen, remove

from autograder.grading.cli import main
from autograder.grading.course import Course, know_schema
from autograder.grading.recording import at_once, gradebook
from autograder.grading.recording.gradebook import Entry, Marks
from autograder.grading.releasing.release import register
from autograder.grading.storage.jobs import Job
from autograder.grading.submissions.class_folder import class_config
from autograder.grading.systems import export

ASSIGNMENT, EXERCISE = "metrics", "top_k_accuracy"
DUE, LATER = datetime(2026, 1, 1), datetime(2026, 1, 2)


@pytest.fixture(scope="module")
def config(metrics, tmp_path_factory):
    """A class whose gradebook lies elsewhere, and whose late submissions get nothing."""
    folder = tmp_path_factory.mktemp("class")
    leave = shutil.ignore_patterns("submitted", "gradebook.db", "autograded", "feedback", "*.jsonl")
    shutil.copytree(metrics.root, folder / "course", ignore=leave)
    settings = folder / "course" / "nbgrader_config.py"
    url = f"sqlite:///{folder / 'elsewhere.db'}"
    settings.write_text(
        f"{settings.read_text()}\nc.CourseDirectory.db_url = {url!r}\n"
        "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
    )
    course = Course(folder / "course")
    register(course, ASSIGNMENT, course.root)
    config = class_config(course, course.root / "submitted", "cpu")
    with opened(config) as book:
        book.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
    return config


def opened(config) -> Gradebook:
    return Gradebook(config.CourseDirectory.db_url, "")


@contextmanager
def statements() -> Iterator[list[str]]:
    """What databases are asked meanwhile."""
    asked: list[str] = []
    listen(Engine, "before_cursor_execute", note := lambda *args: asked.append(args[2]))
    try:
        yield asked
    finally:
        remove(Engine, "before_cursor_execute", note)


def entry(student: str, score: float, handed_in: datetime | None = None) -> Entry:
    marks = Marks({EXERCISE: score}, {"answer": None}, handed_in)
    return Entry(Job(ASSIGNMENT, student, None), marks)


def held(config) -> dict[str, tuple]:
    with opened(config) as book:
        return {
            s.student.id: (s.score, s.notebooks[0].late_submission_penalty, s.needs_manual_grade)
            for s in book.assignment_submissions(ASSIGNMENT)
        }


def test_a_batch_in_the_configured_gradebook_with_penalties(config):
    missing = Entry(Job(ASSIGNMENT, "cy", None), None)
    gradebook.record(config, [entry("ann", 3.0, LATER), entry("bob", 1.0, DUE), missing])
    assert held(config) == {"ann": (3, 3, False), "bob": (1, None, False), "cy": (0, None, False)}
    assert gradebook.recorded(config) == {(ASSIGNMENT, name) for name in ("ann", "bob", "cy")}
    assert not Path(config.CourseDirectory.root, "gradebook.db").exists()


def test_a_new_gradebook_has_the_version_that_alembic_says(tmp_path):
    know_schema()
    with Gradebook(f"sqlite:///{tmp_path / 'new.db'}") as book:
        held = book.db.execute(text("SELECT version_num FROM alembic_version")).scalar()
    write_alembic_ini(str(tmp_path / "alembic.ini"))
    alembic = [Path(sys.executable).with_name("alembic"), "-c", tmp_path / "alembic.ini", "heads"]
    assert subprocess.check_output(alembic, text=True).split()[0] == held


def test_a_submission_whose_grades_are_gone_is_not_in_the_gradebook(config):
    gradebook.record(config, [entry("ivy", 3.0)])
    with opened(config) as book:
        for grade in book.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, "ivy").grades:
            book.db.delete(grade)
        book.db.commit()
    assert (ASSIGNMENT, "ivy") not in gradebook.recorded(config)
    with opened(config) as book:
        book.remove_submission(ASSIGNMENT, "ivy")


def test_a_process_looks_for_the_tables_once(config):
    gradebook.recorded(config)
    with statements() as asked:
        gradebook.recorded(config)
    assert asked and not any("PRAGMA" in said or "sqlite_master" in said for said in asked)


def test_an_exercise_that_is_ungraded_keeps_its_score_and_waits_if_it_has_none(config):
    gradebook.record(config, [entry("eve", 2.0)])
    without = Marks({}, {"answer": None})
    for student in ("eve", "finn"):
        gradebook.record(config, [Entry(Job(ASSIGNMENT, student, None), without)])
    assert held(config)["eve"] == (2, None, False) and held(config)["finn"] == (0, None, True)
    (row,) = (r for r in export.scores(config, ASSIGNMENT) if r["student"] == "finn")
    assert EXERCISE in row["pending"] and row["points"][EXERCISE] is None
    gradebook.record(config, [entry("finn", 1.0)])
    assert held(config)["finn"] == (1, None, False)
    with opened(config) as book:
        for student in ("eve", "finn"):
            book.remove_submission(ASSIGNMENT, student)
            book.remove_student(student)


def test_what_a_person_gave_stands_and_nothing_is_recorded_twice(config):
    gradebook.record(config, [entry("dora", 1.0)])
    with opened(config) as book:
        grade = book.find_grade(EXERCISE, ASSIGNMENT, ASSIGNMENT, "dora")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 2.0, 0.5, False
        book.db.commit()
    for _ in range(2):
        assert gradebook.record(config, [entry("dora", 3.0)]) == [[]]
        assert held(config)["dora"] == (2.5, None, True)  # nbgrader asks to look at it again
    (said,) = gradebook.record(config, [Entry(Job(ASSIGNMENT, "dora", None), None)])
    assert said == [f"{EXERCISE}: 2.5 points given by hand were taken back"]
    assert held(config)["dora"] == (0, None, False)


def test_a_batch_is_recorded_whole_or_not_at_all(config):
    before = held(config)
    unknown = Entry(Job("nonsense", "eve", None), Marks({}, {}))
    with pytest.raises(MissingEntry):
        gradebook.record(config, [entry("bob", 3.0), entry("fay", 3.0), unknown])
    assert held(config) == before
    with opened(config) as book:
        assert {"eve", "fay"}.isdisjoint(student.id for student in book.students)


def test_the_export_says_what_waits_for_a_person(config):
    gradebook.record(config, [entry("=gus", 2.0, LATER), entry("hal", 2.0, DUE)])
    waiting = Marks({EXERCISE: None}, {"answer": None}, DUE)
    gradebook.record(config, [Entry(Job(ASSIGNMENT, "ida", None), waiting)])
    rows = {row["student"]: row for row in export.scores(config, ASSIGNMENT)}
    assert rows["hal"] == {
        "student": "hal", "assignment": ASSIGNMENT, "score": 2, "max_score": 3, "late_penalty": 0,
        "pending": [], "points": {EXERCISE: 2},
    }  # fmt: skip
    assert (rows["=gus"]["score"], rows["=gus"]["late_penalty"]) == (0, 2)
    assert rows["ida"]["pending"] == [EXERCISE] and rows["ida"]["points"] == {EXERCISE: None}
    table = {row["student"]: row for row in csv.DictReader(export.as_csv(list(rows.values())).splitlines())}  # fmt: skip
    assert table["ida"][EXERCISE] == "pending" and table["hal"][EXERCISE] == "2.0"
    assert "'=gus" in table  # no formula in a spreadsheet
    assert [json.loads(line) for line in export.as_json(list(rows.values())).splitlines()] == list(rows.values())  # fmt: skip


def test_the_command_writes_every_format(config, tmp_path, monkeypatch, capsys):
    gradebook.record(config, [entry("jo", 2.0, DUE)])
    waiting = Marks({EXERCISE: None}, {"answer": None}, DUE)
    gradebook.record(config, [Entry(Job(ASSIGNMENT, "kim", None), waiting)])
    monkeypatch.chdir(config.CourseDirectory.root)
    roster, sheet = tmp_path / "roster.csv", tmp_path / "sheet.csv"
    roster.write_text("id,name,email\njo,Jo Lee,jo@x.example\nkim,Kim Lee,kim@x.example\n")
    sheet.write_text(
        "Identifier,Full name,Email address,Grade,Maximum Grade,Last modified (grade)\n"
        "Participant 1,Jo Lee,,,3.00,-\nParticipant 2,,KIM@x.example,,3.00,-\n"
    )
    out = tmp_path / "out.csv"
    export_to = ["export", ASSIGNMENT, "--roster", str(roster), "--output", str(out), "--format"]
    assert main([*export_to, "moodle", "--into", str(sheet)]) == 3  # the others are not on it
    said = capsys.readouterr().err
    assert f"not on {sheet}: ann" in said and "a person is to grade them" in said
    assert [r["Grade"] for r in csv.DictReader(out.open(newline=""))] == ["2", ""]
    for form, column in (("canvas", "SIS Login ID"), ("moodle", "Username")):
        assert main([*export_to, form]) == 0
        rows = {r[column]: r[ASSIGNMENT] for r in csv.DictReader(out.open(newline=""))}
        assert (rows["jo"], rows["kim"]) == ("2", "")
    assert main(["export", "--format", "gradescope"]) == 2
    assert main(["export", "--format", "gradescope", "--output", str(tmp_path / "gs")]) == 0
    held = json.loads((tmp_path / "gs" / "jo" / ASSIGNMENT / "results.json").read_text())
    assert held["score"] == 2 and held["tests"][0]["max_score"] == 3
    kim = json.loads((tmp_path / "gs" / "kim" / ASSIGNMENT / "results.json").read_text())
    assert "score" not in kim["tests"][0]


def test_cells_that_are_looked_up_at_once_are_nbgraders_own(config):
    """The released notebook with its locked cells, points and kind changed, and a cell of nobody's."""
    gradebook.record(config, [entry("gil", 2.0, LATER)])
    course = Course(Path(config.CourseDirectory.root))
    changed = nbformat.read(course.released(ASSIGNMENT), as_version=4)
    for cell in changed.cells:
        if marks := cell.metadata.get("nbgrader"):
            marks.points, cell.source = 99, f"{cell.source}\n# changed"
    changed.cells.append(nbformat.from_dict(copy.deepcopy(changed.cells[-1])))
    changed.cells[-1].metadata.nbgrader = {"grade_id": "nobodys", "grade": False, "locked": False}
    names = {"notebook": ASSIGNMENT, "assignment": ASSIGNMENT, "student": "gil"}
    names["db_url"] = config.CourseDirectory.db_url

    def after(step) -> tuple:
        known = {"nbgrader": dict(names)}
        with statements() as asked:
            made, known = step.preprocess(copy.deepcopy(changed), known)
        return made, known["nbgrader"], sum(said.startswith("SELECT") for said in asked)

    for own in (preprocessors.OverwriteCells, preprocessors.GetGrades):
        step = getattr(at_once, own.__name__)
        one_by_one, at_once_ = after(own()), after(step())
        assert at_once_[:2] == one_by_one[:2] and one_by_one[0] != changed
        assert at_once_[2] < 10  # however many cells there are
        changed = one_by_one[0]
        del changed.cells[-1]  # GetGrades raises for what the gradebook does not hold
    assert names["student"] == "gil" and one_by_one[1]["late_penalty"] == 2
