"""Run once, judge many: records are files, and nothing that is on record runs again."""

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder import hints
from autograder.grading.course import Course, CourseError
from autograder.grading.display import class_page, class_statistics
from autograder.grading.judge import why
from autograder.grading.recording import deadlines
from autograder.grading.recording.graded import Work
from autograder.grading.releasing.fingerprints import fingerprints
from autograder.grading.storage import records
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.records import Probed, RecordUnreadable, RunRecord
from autograder.grading.storage.results import Result, ResultsFile, read
from autograder.grading.submissions import TASKS, capacity, class_folder
from autograder.grading.submissions.pool import Pool, WorkerDied
from autograder.grading.whole_class.terminal import Terminal, ungraded
from tests.course import autograder, class_of, run

ASSIGNMENT = "metrics"
STUDENTS = ("perfect", "mistakes-1", "untouched", "no-notebook")
HIDDEN = {"AUTOGRADER_SEED": "a seed of the tests"}
EXERCISE = f"assignments/{ASSIGNMENT}/exercises/top_k_accuracy.py"
ANSWER = f"solutions/{ASSIGNMENT}/answers/top_k_accuracy.py"


def without_sandbox(folder: Path, *arguments: str):
    """The command where no kernel could start."""
    python = Path(sys.executable)
    nowhere = f"PATH={folder}/nowhere"
    return run(folder, "/usr/bin/env", nowhere, str(python), "-m", "autograder.grading", "grade", *arguments, check=False)  # fmt: skip


def nobody_reads(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit status and the errors of a command whose output goes to a pipe that is closed."""
    command = [sys.executable, "-m", "autograder.grading", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True) as asked:
        assert asked.stdout is not None and asked.stderr is not None
        asked.stdout.close()
        said = asked.stderr.read()
    return asked.returncode, said


def without_room(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit status and the errors of a command whose output goes to a full disk."""
    command = [sys.executable, "-m", "autograder.grading", *arguments]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    return done.returncode, done.stderr


def book_of(folder: Path) -> dict[str, tuple]:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        return {
            s.student.id: (s.score, s.needs_manual_grade)
            for s in book.assignment_submissions(ASSIGNMENT)
        }


def test_what_is_on_record_is_neither_run_nor_recorded_again(metrics, tmp_path):
    course = class_of(metrics, tmp_path / "course", *STUDENTS)
    autograder(course, "grade", "--results", "first.jsonl")
    book, first = book_of(course), read(course / "first.jsonl")
    assert len(first) == 4 and {r.student for r in first} == set(STUDENTS)
    written = (course / "gradebook.db").read_bytes()

    held = class_statistics.submissions(Course(course), course, ASSIGNMENT)
    (item,) = class_statistics.items(held)
    assert item.counts["passed"] == 1 and set(item.parts) == {"k = 1", "larger k"}
    assert "<h1>metrics</h1>" in class_page.page(Course(course), course, ASSIGNMENT, held, [])

    again = without_sandbox(course, "--results", "again.jsonl")
    assert again.returncode == 0, again.stderr
    assert "4 of 4 submissions had not changed" in again.stdout
    assert (
        read(course / "again.jsonl") == first and (course / "gradebook.db").read_bytes() == written
    )

    # a mistake's new name, and a gradebook that is lost: judged and recorded from the records
    (course / "gradebook.db").unlink()
    answer = course / ANSWER
    wrong = next(r for r in first if r.student == "mistakes-1")
    assert wrong.mistake is not None
    answer.write_text(answer.read_text().replace(f'"{wrong.mistake}"', '"renamed"'))
    judged = without_sandbox(course, "--rejudge", "--results", "first.jsonl")
    assert judged.returncode == 0, judged.stderr
    assert book_of(course) == book
    renamed = [replace(r, mistake="renamed") if r.student == "mistakes-1" else r for r in first]
    assert read(course / "first.jsonl") == renamed

    # why: the failed case with its inputs, from the record
    told = "\n".join(why.explain(Course(course), course, "mistakes-1", None))
    assert "one gets from: " in told and "case: " in told and "\n    k = " in told
    assert "    accuracy: expected 0." in told and "came     0." in told
    with pytest.raises(CourseError, match="nothing is on record of zoe"):
        list(why.explain(Course(course), course, "zoe", None))
    with pytest.raises(
        CourseError, match="mistakes-1 has no exercise 'nothing'; there are: top_k_"
    ):
        list(why.explain(Course(course), course, "mistakes-1", "nothing"))
    assert nobody_reads(course, "why", "mistakes-1") == (141, "")
    status, said = without_room(course, "why", "mistakes-1")
    assert status == 2 and said.startswith("autograder: stopped: No space left"), said

    # another probe: no record fits, and nothing is judged by what came of the old one
    change_probe(course)
    left = without_sandbox(course, "--rejudge")
    assert left.returncode == 3 and "3 not graded" in left.stderr, left.stderr
    assert "there is no run record that fits" in left.stderr
    assert book_of(course) == book


def change_probe(course: Path) -> None:
    text = (course / EXERCISE).read_text()
    at = text.index("\n", text.index("def probe(")) + 1
    (course / EXERCISE).write_text(text[:at] + "    assert inputs is not None\n" + text[at:])


def test_a_judge_leaves_records_alone_and_a_probe_does_not(metrics, tmp_path):
    course = class_of(metrics, tmp_path / "course")
    before = fingerprints(Course(course), ASSIGNMENT)
    answer = course / ANSWER
    answer.write_text(answer.read_text() + "\n# another remark\n")
    judged_otherwise = fingerprints(Course(course), ASSIGNMENT)
    assert judged_otherwise.run == before.run and judged_otherwise.judge != before.judge
    (course / "assignments" / ASSIGNMENT / hints.FILE).write_text("[top_k_accuracy.parts]\n")
    hinted = fingerprints(Course(course), ASSIGNMENT)
    assert hinted.run == before.run and hinted.judge != judged_otherwise.judge
    change_probe(course)
    for name in [m for m in sys.modules if m.startswith(f"assignments.{ASSIGNMENT}")]:
        del sys.modules[name]
    assert fingerprints(Course(course), ASSIGNMENT).run != before.run


def test_a_public_key_is_made_anew_when_what_makes_it_has_changed(metrics, tmp_path):
    course = class_of(metrics, tmp_path / "course")
    key = course / "assignments" / ASSIGNMENT / "key.json"
    right, made = key.read_text(), list((course / "_build" / "keys").iterdir())
    key.unlink()
    autograder(course, "release")
    assert key.read_text() == right and list((course / "_build" / "keys").iterdir()) == made
    answer = course / ANSWER
    answer.write_text(answer.read_text().replace(".any(axis=1)", ".all(axis=1)", 1))
    autograder(course, "release")
    assert key.read_text() != right and len(list((course / "_build" / "keys").iterdir())) == 2


def test_a_record_is_read_whole_or_not_at_all(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = '\ud800'")])
    output = nbformat.v4.new_output("display_data", {"text/plain": "raw"})
    probed = {"one": Probed("digest", "cpu", outputs=[output]), "two": Probed("d", "cpu", stopped=("timeout", "late"))}  # fmt: skip
    record = RunRecord(notebook, "seed", "cpu", probed, 1.5, {"python": "3"})
    path = records.next_try(tmp_path, "name")
    records.write(path, record)
    assert records.read(path) == record
    whole = path.read_bytes()
    second = records.next_try(tmp_path, "name")
    assert second != path
    for broken in (whole[: len(whole) // 2], b"", b"\x80\x04.", gzip.compress(json.dumps([]).encode())):  # fmt: skip
        second.write_bytes(broken)
        with pytest.raises(RecordUnreadable):
            records.read(second)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_results_of_others_stay_and_half_a_line_is_passed_over(tmp_path):
    def result(student: str, score: float) -> Result:
        return Result(student, "a", "e", score, 3.0, "partial", None, "line\u2028break", "cpu", 0.1)

    path = tmp_path / "r.jsonl"
    file = ResultsFile(path)
    for student in ("ann", "bob"):
        file.add([result(student, 1.0)])
    with open(path, "a") as half:
        half.write('{"student": "cy')
    again = ResultsFile(path)
    again.add([result("ann", 2.0)])
    assert path.read_text().count('"ann"') == 2  # there at once
    again.close([("a", "ann"), ("a", "bob")])
    assert [(r.student, r.score) for r in read(path)] == [("ann", 2.0), ("bob", 1.0)]


@pytest.mark.parametrize(
    ("groups", "own", "jobs"),
    [
        ({"a/b/cpu.max": "150000 100000", "a/cpu.max": "max 100000"}, "0::/a/b", 2),
        ({"cpu,cpuacct/x/cpu.cfs_quota_us": "-1"}, "4:cpu,cpuacct:/x", 2),
        ({"a/cpu.max": "50000 100000"}, "0::/a", 1),
        ({"a/memory.max": "1300000000", "a/memory.current": "0"}, "0::/a", 1),
        ({"memory/x/memory.limit_in_bytes": "1300000000"}, "7:memory:/x", 1),
    ],
)
def test_the_number_of_jobs_heeds_the_container(tmp_path, monkeypatch, groups, own, jobs):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    for name, text in groups.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(text)
    (tmp_path / "own").write_text(own + "\n")
    assert capacity.default_jobs(tmp_path / "groups", tmp_path / "own") == jobs


def test_the_estimate_leaves_out_how_long_the_start_took(tmp_path, capsys, monkeypatch):
    clock = SimpleNamespace(monotonic=iter([0.0, 50.0, 55.0, 62.0]).__next__)
    monkeypatch.setattr("autograder.grading.whole_class.terminal.time", clock)
    shown, job = Terminal(), Job(ASSIGNMENT, "eve", tmp_path)
    for done in (1, 2, 3):
        shown.progress(done, 13, job, [])
    assert "    3 of 13 done, about 60 s left\n" in capsys.readouterr().out


def test_the_name_of_a_student_drives_no_terminal(metrics, tmp_path, capsys):
    turned = "\u202eeve \x9b31m"
    job = Job(ASSIGNMENT, turned, tmp_path)
    lost = Result(turned, ASSIGNMENT, "x", None, 1.0, "ungraded", None, "m", "cpu", 0.0)
    Terminal().progress(1, 1, job, [lost])
    ungraded([lost], tmp_path / "log")
    told = capsys.readouterr()
    course = class_of(metrics, tmp_path / "course", "untouched")
    (course / "submitted" / turned / ASSIGNMENT).mkdir(parents=True)
    refused = autograder(course, "grade", "--student", "zoe", check=False)
    assert refused.returncode == 2 and "eve" in refused.stderr
    for said in (told.out, told.err, refused.stderr):
        assert "eve" in said and all(line.isprintable() for line in said.split("\n"))


def test_what_is_judged_by_old_code_is_not_noted_as_judged_by_new(metrics, tmp_path):
    """Each task brings its own copy of the course along."""
    folder = class_of(metrics, tmp_path / "course", "perfect", "mistakes-1")
    course, noted = Course(folder), []
    config = class_folder.class_config(course, folder / "submitted", "cpu")
    (folder / ".autograder-seed").write_text("of the tests\n")
    with Pool(1, tmp_path / "log") as pool:
        pool.call(f"{TASKS}.planning.prepare", course, config, [ASSIGNMENT])
        for student in ("perfect", "mistakes-1"):
            job = Job(ASSIGNMENT, student, folder / "submitted" / student / ASSIGNMENT)
            arguments = course, config, job, Work.NEEDED
            noted.append(pool.call(f"{TASKS}.grade.run_and_judge", *arguments).judge)
            (folder / ANSWER).write_text((folder / ANSWER).read_text() + "\n# a change\n")
    assert noted[0] == noted[1] != fingerprints(course, ASSIGNMENT).judge


def test_a_worker_that_dies_costs_its_own_task_one_more_try(tmp_path):
    once = tmp_path / "once"
    dies_once = f"import os, pathlib; p = pathlib.Path({str(once)!r}); e = p.exists(); p.touch(); e or os._exit(1)"  # fmt: skip
    with Pool(2, tmp_path / "log") as pool:
        pool.add("once", "builtins.exec", dies_once)
        pool.add("always", "builtins.exec", "import os; os._exit(1)")
        for k in range(4):
            pool.add(k, "builtins.pow", k, 2)
        pool.add("raises", "builtins.int", "no number")
        answers = dict(answer for answer in pool.answers() if answer[0] is not None)
    assert isinstance(answers.pop("always"), WorkerDied)
    assert isinstance(answers.pop("raises"), ValueError)
    assert answers == {"once": None, 0: 0, 1: 1, 2: 4, 3: 9}


def test_what_a_task_raises_is_in_the_log_with_its_place_unless_it_says_all_itself(tmp_path):
    """An exception travels to the command without its traceback."""
    with Pool(1, tmp_path / "log") as pool:
        pool.add("broken", "statistics.mean", [])
        pool.add("said", f"{deadlines.__name__}.read", tmp_path / "none.toml")
        dict(pool.answers())
    log = (tmp_path / "log").read_text()
    assert "statistics.mean" in log and "in mean" in log and "none.toml" not in log
