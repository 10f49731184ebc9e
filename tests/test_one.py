"""One submission at a time: Gradescope's zip, really run where it unpacks it, and GitHub's workflow."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from autograder.grading.cli import _parser, main
from autograder.grading.course import Course, CourseError
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.results import Result
from autograder.grading.storage.seeds import SeedMissing
from autograder.grading.systems import one
from tests.answers import ROOT
from tests.course import autograder, class_of
from tests.test_exchange import SPECIFICATION

NAME, EXERCISE = "metrics", "top_k_accuracy"


@pytest.fixture
def course(metrics, tmp_path, monkeypatch) -> Course:
    folder = class_of(metrics, tmp_path / "course", "perfect", "mistakes-1")
    (folder / ".autograder-seed").write_text("of the tests\n")
    monkeypatch.chdir(folder)
    return Course(folder)


def zipped(course: Course, place: Path) -> zipfile.ZipFile:
    assert main(["gradescope", NAME, str(place)]) == 0
    return zipfile.ZipFile(place)


def test_the_zip_is_as_gradescope_wants_it_and_holds_this_assignment_alone(course, tmp_path):
    shutil.copytree(course.root / "solutions" / NAME, course.root / "solutions" / "other")
    with zipped(course, tmp_path / "grader.zip") as held:
        names = set(held.namelist())
        modes = {info.filename: info.external_attr >> 16 for info in held.infolist()}
        scripts = {name: held.read(name).decode() for name in ("setup.sh", "run_autograder")}
    assert {f"solutions/{NAME}/answers/{EXERCISE}.py", "nbgrader_config.py"} <= names
    assert {"autograder/grading/cli.py", ".autograder-seed"} <= names
    assert not [n for n in names if "other" in n or "__pycache__" in n or "submitted" in n]
    for name, text in scripts.items():
        assert modes[name] == 0o755 and text.startswith("#!")
        subprocess.run(["bash", "-n", "-c", text], check=True)
    assert modes["nbgrader_config.py"] == 0o644


def layout(course: Course, home: Path) -> Path:
    """What Gradescope has: the zip in source/, the script beside it, folders for the rest."""
    with zipped(course, home.with_suffix(".zip")) as held:
        held.extractall(home / "source")
    shutil.copy(home / "source" / "run_autograder", home)
    (home / "run_autograder").chmod(0o755)
    for folder in ("results", "submission"):
        (home / folder).mkdir()
    program = home / "source" / ".venv" / "bin" / "autograder"  # as setup.sh makes it
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m autograder.grading "$@"\n'
    )
    program.chmod(0o755)
    return home


def run_autograder(home: Path) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if k != "AUTOGRADER_SEED"}
    return subprocess.run(
        [home / "run_autograder"], cwd=home, capture_output=True, text=True, check=False,
        env={**environment, "AUTOGRADER_HOME": str(home)},
    )  # fmt: skip


def test_run_autograder_in_a_folder_as_gradescope_lays_it_out(course, tmp_path):
    home = layout(course, tmp_path / "autograder")
    handed_in = course.root / "submitted" / "mistakes-1" / NAME / f"{NAME}.ipynb"
    shutil.copy(handed_in, home / "submission" / "my work (2).ipynb")
    done = run_autograder(home)
    assert done.returncode == 0, done.stderr
    held = json.loads((home / "results" / "results.json").read_text())
    jsonschema.validate(held, SPECIFICATION)
    (test,) = held["tests"]
    assert (test["name"], test["max_score"], test["status"]) == (EXERCISE, 3.0, "failed")
    assert held["score"] == test["score"] < 3 and test["output"]


@pytest.mark.nightly
def test_run_autograder_where_gradescope_has_it(course, tmp_path):
    """At /autograder itself, called from elsewhere, in an environment with little in it."""
    home = layout(course, tmp_path / "autograder")
    handed_in = course.root / "submitted" / "perfect" / NAME / f"{NAME}.ipynb"
    shutil.copy(handed_in, home / "submission" / "my work.ipynb")
    (home / "submission_metadata.json").write_text("{}")
    tops = [p for p in sorted(Path("/").iterdir()) if p.exists() and p.name != "autograder"]
    command = ["bwrap", *(word for p in tops for word in ("--dev-bind", str(p), str(p)))]
    command += ["--bind", str(home), "/autograder", "--chdir", "/", "--clearenv"]
    command += ["--setenv", "PATH", "/usr/bin:/bin", "--", "/autograder/run_autograder"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    held = json.loads((home / "results" / "results.json").read_text())
    jsonschema.validate(held, SPECIFICATION)
    assert held["score"] == 3.0


def test_the_command_of_githubs_workflow_adds_to_its_summary_and_annotates(course):
    summary = course.root / "summary.md"
    summary.write_text("before\n")
    place = f"submitted/mistakes-1/{NAME}"
    done = autograder(course.root, "one", NAME, place, "--format", "github", "--output", summary)
    before, title, *_, row = summary.read_text().strip().splitlines()
    points = re.fullmatch(rf"## {NAME}: (\S+) of 3 points", title)[1]
    assert before == "before" and float(points) < 3
    assert row.startswith(f"| `{EXERCISE}` | {points} of 3 | this is what one gets")
    assert done.stdout.splitlines() == one.notices({"score": float(points), "max_score": 3.0})


@pytest.mark.nightly
def test_a_right_answer_has_all_points_and_a_broken_check_no_results(course, tmp_path):
    home = layout(course, tmp_path / "autograder")
    shutil.copy(course.root / "submitted" / "perfect" / NAME / f"{NAME}.ipynb", home / "submission")
    results = home / "results" / "results.json"
    assert run_autograder(home).returncode == 0
    assert json.loads(results.read_text())["score"] == 3.0
    answer = home / "source" / "solutions" / NAME / "answers" / f"{EXERCISE}.py"
    answer.write_text(answer.read_text().replace("def top_k_accuracy(scores, y, k):\n", "def top_k_accuracy(scores, y, k):\n    raise ValueError('broken')\n", 1))  # fmt: skip
    done = run_autograder(home)
    assert done.returncode == 3 and "raised ValueError: broken" in done.stderr
    assert not results.exists()  # the old ones are gone: Gradescope shows that the grader failed
    (home / "source" / ".autograder-seed").unlink()
    assert run_autograder(home).returncode == 2


def test_without_a_seed_nothing_is_graded(course, tmp_path, monkeypatch):
    monkeypatch.delenv("AUTOGRADER_SEED", raising=False)
    (course.root / ".autograder-seed").unlink()
    with pytest.raises(SeedMissing, match="there is no seed"):
        one.grade(course, NAME, course.root / "submitted" / "perfect" / NAME)
    with pytest.raises(CourseError, match="there is no folder"):
        one.grade(course, NAME, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        (["metrics.ipynb", "draft.ipynb"], "metrics.ipynb"),
        (["work/Copy of metrics.ipynb"], "work/Copy of metrics.ipynb"),
        (["a.ipynb", "b.ipynb"], None),
        ([".git/metrics.ipynb", "link.ipynb"], None),
    ],
)
def test_which_notebook_is_taken(tmp_path, files, taken):
    handed_in = tmp_path / "handed in"
    for file in files:
        place = handed_in / file
        place.parent.mkdir(parents=True, exist_ok=True)
        if file == "link.ipynb":
            place.symlink_to("/etc/passwd")
        else:
            place.write_text(file)
    (handed_in / "data.csv").write_text("1,2")
    job = Job(NAME, "submission", tmp_path / "submitted" / "submission" / NAME)
    one.copy_submission(handed_in, job)
    assert (job.folder / "data.csv").read_text() == "1,2"
    assert (job.notebook.read_text() if job.notebook.exists() else None) == taken
    assert not list(job.folder.rglob(".git")) and not (job.folder / "link.ipynb").exists()


def test_a_summary_for_github_in_which_nothing_of_a_students_is_markup():
    evil = "<script>x</script> | [a](http://b) @everyone `"
    result = Result("submission", NAME, EXERCISE, 1.0, 3.0, "failed", None, evil, "cpu", 0.1)
    row = {"score": 1.0, "max_score": 3.0, "points": {EXERCISE: 1.0, "essay": None}}
    text = one.as_markdown(NAME, one.Outcome(row, {EXERCISE: 3.0}, [result]))
    (line,) = [line for line in text.splitlines() if EXERCISE in line]
    assert line.startswith(f"| `{EXERCISE}` | 1 of 3 | ") and line.count("|") == 4
    assert not set("<[@") & set(line.partition("1 of 3 | ")[2])
    assert "| `essay` | pending |" in text
    assert one.notices(row)[1] == (
        '::notice title=Autograding report::{"totalPoints": 1.0, "maxPoints": 3.0}'
    )


def test_the_workflow_calls_the_command_as_it_is_and_keeps_no_token():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "submission.yml").read_text())
    assert workflow["name"] == "Autograding Tests"  # what GitHub Classroom looked for
    (job,) = workflow["jobs"]
    assert job == "run-autograding-tests"
    steps = workflow["jobs"][job]["steps"]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout")]
    assert len(checkouts) == 2
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    (command,) = [step["run"] for step in steps if "autograder" in step.get("run", "")]
    program, *arguments = shlex.split(command)
    assert program == ".venv/bin/autograder"
    args = _parser().parse_args(arguments)
    assert (args.format, str(args.output)) == ("github", "$GITHUB_STEP_SUMMARY")
    assert not any("${{ inputs" in step.get("run", "") for step in steps)  # no shell reads an input
