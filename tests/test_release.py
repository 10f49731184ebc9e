"""What students receive: the notebook that the source makes, and nothing that gives an answer away."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import is_solution

from autograder.exercise import PROBE_SECONDS
from autograder.exercises import ASSIGNMENTS
from autograder.grading.answers import ANSWERS
from autograder.grading.answers.base import source_of
from autograder.grading.course import Course, read_source
from autograder.grading.execution import bound_exercise
from tests.course import ROOT, autograder, copy_course

COURSE = Course(ROOT)


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A course folder in which everything was released afresh."""
    folder = copy_course(tmp_path_factory.mktemp("release"))
    shutil.rmtree(folder / "assignments")
    autograder(folder, "release")
    return folder


@pytest.fixture(scope="module")
def bundles(released, tmp_path_factory) -> dict[str, Path]:
    """The unpacked zip of each assignment."""
    folder = tmp_path_factory.mktemp("student")
    for name in ASSIGNMENTS:
        with zipfile.ZipFile(released / "_build" / "students" / f"{name}.zip") as bundle:
            bundle.extractall(folder)
    return {name: folder / name for name in ASSIGNMENTS}


def text_of(folder: Path) -> dict[str, str]:
    files = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): p.read_text(errors="replace") for p in files}


def code_lines(source: str) -> set[str]:
    """The lines that give something away: longer than a name, no comment, no docstring's edge."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in source.splitlines())
    return {
        line
        for line in lines
        if len(line) > 24 and not line.startswith(("#", '"""', "def ", "class "))
    }


def formulas(lines: set[str]) -> set[str]:
    """The lines that compute: with an operator, and more than a call."""
    return {line for line in lines if re.search(r" [-+*/] |\*\*|\.(add|sub|mul)", line)}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_committed_student_version_is_what_the_source_makes(name, released):
    fresh = (released / "assignments" / name / f"{name}.ipynb").read_text()
    assert fresh == COURSE.released(name).read_text(), f"run `autograder release {name}` and commit"


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_solution_line_is_left(name, bundles):
    source = read_source(COURSE.source(name))
    solutions = "\n".join(
        part
        for cell in source.cells
        for part in re.findall(r"### BEGIN SOLUTION(.*?)### END SOLUTION", cell.source, re.DOTALL)
    )
    assert code_lines(solutions)
    notebook = nbformat.read(bundles[name] / f"{name}.ipynb", as_version=4)
    held = {line for cell in notebook.cells for line in code_lines(cell.source)}
    assert not code_lines(solutions) & held
    assert "SOLUTION" not in (bundles[name] / f"{name}.ipynb").read_text()


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_oracle_no_mistake_and_no_other_dress_is_in_the_zip(name, bundles):
    held = code_lines("\n".join(text_of(bundles[name]).values()))
    for exercise in ASSIGNMENTS[name]:
        answer = ANSWERS[exercise.id]
        for code in [answer.oracle, *(m.code for m in answer.mistakes), *answer.alternatives]:
            assert not formulas(code_lines(source_of(code))) & held


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_zip_holds_the_student_side_alone(name, bundles):
    files = set(text_of(bundles[name]))
    assert [f for f in files if f.startswith("autograder/keys/")] == [
        f"autograder/keys/{name}.json"
    ]
    assert {
        f"{name}.ipynb",
        "README.txt",
        "requirements.txt",
        "autograder/check.py",
        f"autograder/keys/{name}.json",
    } <= files
    assert not [f for f in files if "grading" in f or "solutions" in f or f.endswith(".pyc")]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_exercise_has_its_cell_and_its_points(name):
    notebook = nbformat.read(COURSE.released(name), as_version=4)
    points = {e.id: c.metadata.nbgrader.points for c in notebook.cells if (e := bound_exercise(c))}
    assert points == {e.id: e.points for e in ASSIGNMENTS[name]}
    assert all(c.get("outputs", []) == [] for c in notebook.cells)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_points_add_up_to_what_the_notebook_and_the_book_say(name):
    cells = read_source(COURSE.source(name)).cells
    total = sum(c.metadata.get("nbgrader", {}).get("points", 0) for c in cells)
    assert f"**Points:** {total}" in cells[0].source
    row = re.search(rf"^\| `{name}` .*$", (ROOT / "book" / "assignments.md").read_text(), re.M)
    assert row.group().endswith(f" {total} |")


STUDENT = """
import sys, time
sys.path.insert(0, {folder!r})
import autograder
assert autograder.__file__.startswith({folder!r})
from autograder import NotYet, check
namespace = {{}}
exec({code!r}, namespace)
for entry, limit in {entries!r}:
    seconds = []
    for _ in range(2):  # a busy machine may be slow once
        began = time.perf_counter()
        check(namespace[entry])
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < limit, (entry, seconds)
try:
    check(namespace["wrong"])
except NotYet as error:
    print("NOT YET", error)
"""


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_with_the_zip_alone_check_answers_in_time_and_names_a_mistake(name, bundles, tmp_path):
    cells = [c for c in read_source(COURSE.source(name)).cells if c.cell_type == "code"]
    answers = [c.source for c in cells if c.id == "setup" or is_solution(c)]
    exercise = ASSIGNMENTS[name][len(ASSIGNMENTS[name]) // 2]
    wrong = ANSWERS[exercise.id].mistakes[0]
    code = "\n".join(["import numpy as np\nimport torch", *answers])
    code += f"\nright = {exercise.entry}\n{source_of(wrong.code)}\nwrong, {exercise.entry} = {exercise.entry}, right\n"
    script = tmp_path / "student.py"
    usual = 1.0
    entries = [
        (e.entry, usual if e.seconds <= PROBE_SECONDS else e.seconds / 2) for e in ASSIGNMENTS[name]
    ]
    script.write_text(STUDENT.format(folder=str(bundles[name]), code=code, entries=entries))
    done = subprocess.run(
        [sys.executable, "-P", script], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert all(f"✓ {e.id}: all right" in done.stdout for e in ASSIGNMENTS[name])
    assert wrong.says in done.stdout and "NOT YET" in done.stdout


def test_importing_the_student_side_brings_in_neither_torch_nor_the_grader():
    code = "import sys, autograder; print([m for m in sys.modules if m == 'torch' or m.startswith('autograder.grading')])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )
