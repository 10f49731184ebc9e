"""Due dates, extensions and late penalties from one file: read, recorded, and told by stock nbgrader."""

import csv
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading.course import Course, CourseError
from autograder.grading.recording import deadlines, due_dates, gradebook
from autograder.grading.recording.gradebook import Entry, Marks
from autograder.grading.releasing.release import register
from autograder.grading.storage.jobs import Job
from autograder.grading.submissions.class_folder import class_config
from tests.course import autograder, class_of, nbgrader

ASSIGNMENT = "metrics"
FILE = """\
timezone = "Europe/Berlin"

[late]
percent_a_day = 10
percent_at_most = 50

[assignments.metrics]
due = 2026-10-05 23:59:00

[assignments.metrics.extensions]
ann = 2026-10-08 23:59:00
"""
DUE = datetime(2026, 10, 5, 21, 59)  # in UTC: Berlin has summer time


def read(folder: Path, text: str, known=(ASSIGNMENT,)) -> deadlines.Deadlines:
    path = folder / deadlines.FILE
    path.write_text(text, encoding="utf-8")
    return deadlines.read(path, known)


def test_times_are_those_of_the_time_zone(tmp_path):
    said = read(tmp_path, FILE)
    assert said.due == {ASSIGNMENT: DUE}
    assert said.extension(ASSIGNMENT, "ann") == timedelta(days=3)
    assert said.extension(ASSIGNMENT, "bob") is None
    winter = read(tmp_path, FILE.replace("10-05", "01-05"))
    assert winter.due == {ASSIGNMENT: datetime(2026, 1, 5, 22, 59)}
    offset = read(tmp_path, "[assignments.metrics]\ndue = 2026-10-05T23:59:00-07:00")
    assert offset.due == {ASSIGNMENT: datetime(2026, 10, 6, 6, 59)}


def test_of_two_equal_times_the_later_one_counts(tmp_path):
    said = read(tmp_path, FILE.replace("2026-10-05 23:59", "2026-10-25 02:30").replace("10-08", "10-26"))  # fmt: skip
    assert said.due == {ASSIGNMENT: datetime(2026, 10, 25, 1, 30)}


@pytest.mark.parametrize(
    ("late", "points"),
    [(0, None), (1, 1), (86_400, 1), (86_401, 2), (4.5 * 86_400, 5), (99 * 86_400, 5)],
)
def test_each_day_begun_costs_its_share(tmp_path, late, points):
    assert read(tmp_path, FILE).penalty(10.0, late) == points


def test_without_a_rule_being_late_costs_nothing(tmp_path):
    text = FILE.replace("percent_a_day = 10\n", "")
    assert read(tmp_path, text).penalty(10.0, 1e6) is None


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("2026-10-05 23:59:00", '"2026-10-05"', "metrics.due is '2026-10-05': a time is written"),
        ("2026-10-05 23:59:00", "2026-10-05", "metrics.due has no time of day"),
        ("2026-10-05 23:59:00", "2026-13-05 23:59:00", "can't be read"),
        ("due = 2026-10-05 23:59:00", "", "metrics.due is None"),
        ("2026-10-05 23:59:00", "2026-03-29 02:30:00", "does not exist"),
        ("2026-10-08", "2026-10-04", "extensions.ann is before the due date"),
        ("ann =", "ann.lee =", "a student's name with them, as in"),
        ("ann =", "ann@uni.edu =", "a student's name with them, as in"),
        ("Europe/Berlin", "Europe/Berlim", "timezone is 'Europe/Berlim'"),
        ('"Europe/Berlin"', "3", "timezone is 3"),
        ('"Europe/Berlin"', '"../etc"', "timezone is '../etc'"),
        ('timezone = "Europe/Berlin"', "", "is in no time zone"),
        ("percent_a_day = 10", "percent_a_day = 110", "percent_a_day is 110, not a number"),
        ("percent_a_day = 10", "percent_a_day = true", "percent_a_day is True"),
        ("percent_a_day", "percent_per_day", "has 'percent_per_day', and may have"),
        ("[late]", "[lates]", "the file has 'lates'"),
        ("assignments.metrics", "assignments.metric", "no assignment 'metric'; there is: metrics"),
        ("[assignments.metrics]\ndue", "[assignments]\nmetrics", "is no table|can't be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_reason(tmp_path, was, becomes, says):
    assert was in FILE
    with pytest.raises(CourseError, match=says.replace("[", r"\[")):
        read(tmp_path, FILE.replace(was, becomes))


# ---- in the gradebook


@pytest.fixture
def config(metrics, tmp_path):
    leave = shutil.ignore_patterns("submitted", "gradebook.db", "autograded", "feedback", "*.jsonl")
    shutil.copytree(metrics.root, tmp_path / "course", ignore=leave)
    (tmp_path / "course" / deadlines.FILE).write_text(FILE)
    course = Course(tmp_path / "course")
    config = class_config(course, course.root / "submitted", "cpu")
    register(course, ASSIGNMENT, course.root, config.CourseDirectory.db_url)
    assert due_dates.bring_in_line(course, config)[0].endswith("is the name right?")
    return course, config


def record(config, student: str, days_late: float) -> None:
    marks = Marks({"top_k_accuracy": 3.0}, {}, DUE + timedelta(days=days_late))
    gradebook.record(config, [Entry(Job(ASSIGNMENT, student, Path()), marks)])


def penalties(config) -> dict[str, float | None]:
    with Gradebook(config.CourseDirectory.db_url, "") as book:
        held = book.assignment_submissions(ASSIGNMENT)
        return {s.student.id: s.notebooks[0].late_submission_penalty for s in held}


def test_penalties_follow_the_file_and_what_was_recorded_before_does_too(config):
    course, config = config
    for student, days in (("ann", 2.5), ("bob", 2.5), ("cy", -1), ("dora", 40)):
        record(config, student, days)
    assert penalties(config) == {"ann": None, "bob": pytest.approx(0.9), "cy": None, "dora": 1.5}
    assert due_dates.bring_in_line(course, config) == []  # nothing has changed
    file = course.root / deadlines.FILE
    file.write_text(FILE.replace("ann = 2026-10-08", "bob = 2026-10-07"))
    assert due_dates.bring_in_line(course, config) == [f"{file}: 2 late penalties have changed"]
    assert penalties(config) == {
        "ann": pytest.approx(0.9), "bob": pytest.approx(0.3), "cy": None, "dora": 1.5
    }  # fmt: skip
    file.write_text("")
    due_dates.bring_in_line(course, config)
    assert set(penalties(config).values()) == {None}
    file.unlink()
    config = class_config(course, course.root / "submitted", "cpu")
    with pytest.raises(CourseError, match="is gone"):
        due_dates.bring_in_line(course, config)


@pytest.mark.nightly
def test_stock_nbgrader_and_the_export_say_the_same(metrics, tmp_path):
    folder = class_of(metrics, tmp_path / "course", "perfect", "mistakes-1")
    (folder / deadlines.FILE).write_text(FILE.replace("ann", "mistakes-1"))
    for student in ("perfect", "mistakes-1"):
        handed_in = folder / "submitted" / student / ASSIGNMENT / "timestamp.txt"
        handed_in.write_text("2026-10-07 08:00:00 UTC\n")

    def told() -> dict[str, tuple[str, str]]:
        autograder(folder, "export", "--output", "scores.csv")
        with open(folder / "scores.csv", encoding="utf-8-sig", newline="") as file:
            return {r["student"]: (r["score"], r["late_penalty"]) for r in csv.DictReader(file)}

    autograder(folder, "grade")
    ours = told()
    assert [float(v) for v in ours["perfect"]] == pytest.approx([2.4, 0.6])
    assert float(ours["mistakes-1"][1]) == 0
    nbgrader(folder, "autograde", ASSIGNMENT, "--force")
    assert told() == ours
    (folder / deadlines.FILE).write_text(FILE.replace("10-05 23:59", "10-05 25:59"))
    done = autograder(folder, "grade", check=False)
    assert done.returncode == 2 and "deadlines.toml can't be read" in done.stderr
    assert "Traceback" not in done.stderr
