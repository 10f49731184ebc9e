"""What students receive: the notebook that the source makes, and nothing that gives an answer away."""

import gzip
import json
import os
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
from autograder.grading.answer import source_of
from autograder.grading.releasing.exercise_cells import points_by_exercise
from autograder.grading.releasing.leaks import code_lines, formulas
from autograder.grading.releasing.notebooks import read_source
from autograder.grading.releasing.release import same_numbers
from tests.answers import ASSIGNMENTS, COURSE, ROOT, answer, exercise
from tests.course import autograder, copy_course


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    """A course folder in which everything was released afresh."""
    folder = copy_course(tmp_path_factory.mktemp("release"))
    for name in ASSIGNMENTS:
        (folder / "assignments" / name / f"{name}.ipynb").unlink()
        (folder / "assignments" / name / "key.json").unlink()
    autograder(folder, "release")
    # what was made of these very sources need not be made again where the site is built
    shutil.copytree(folder / "_build" / "keys", ROOT / "_build" / "keys", dirs_exist_ok=True)
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


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_committed_student_version_is_what_the_source_makes(name, released):
    fresh = (released / "assignments" / name / f"{name}.ipynb").read_text()
    assert fresh == COURSE.released(name).read_text(), f"run `autograder release {name}` and commit"
    made, held = (folder / "assignments" / name / "key.json" for folder in (released, ROOT))
    assert same_numbers(json.loads(made.read_text()), json.loads(held.read_text()))
    assert len(gzip.compress(held.read_bytes())) < 150_000  # as it travels, in a zip and to a page


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
    for answers in map(answer, ASSIGNMENTS[name]):
        for code in [answers.oracle, *(m.code for m in answers.mistakes), *answers.alternatives]:
            assert not formulas(code_lines(source_of(code))) & held


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_zip_is_the_assignments_folder_and_the_engine_without_grading(name, bundles, released):
    def below(folder: Path, prefix: str = "") -> set[str]:
        return {prefix + place for place in text_of(folder) if not place.endswith(".pyc")}

    files = set(text_of(bundles[name]))
    engine = {p for p in below(ROOT / "autograder", "autograder/") if "/grading/" not in p}
    own = below(released / "assignments" / name)
    lab = {place for place in files if place.startswith("lab/")}
    assert files - lab == own | engine | {"README.txt", "requirements.txt"}
    assert all((ROOT / place).is_file() for place in lab)
    assert not [f for f in files if "grading" in f or "solutions" in f or "held_out" in f]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_exercise_has_its_cell_and_its_points(name):
    notebook = nbformat.read(COURSE.released(name), as_version=4)
    points = points_by_exercise(notebook, COURSE.assignment(name))
    assert points == {e: exercise(e).points for e in ASSIGNMENTS[name]}
    assert all(c.get("outputs", []) == [] for c in notebook.cells)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_headings_say_the_points_of_their_exercises_and_questions(name):
    heading, compared = "", []
    for cell in read_source(COURSE.source(name)).cells:
        own = re.search(r"^## .*", cell.source, re.M) if cell.cell_type == "markdown" else None
        heading = own[0] if own else heading
        if points := cell.metadata.get("nbgrader", {}).get("points"):
            said = re.search(r"\((\d+) points?\b", heading)
            assert said and float(said[1]) == points, (cell.id, heading)
            compared.append(cell.id)
    assert set(ASSIGNMENTS[name]) < set(compared)


def test_the_points_add_up_to_what_the_notebooks_and_the_book_say():
    rows = re.findall(
        r"^\| `(\w+)` .* (\d+) \|$", (ROOT / "book" / "assignments.md").read_text(), re.M
    )
    assert len(rows) >= 5
    for name, points in rows:
        cells = read_source(COURSE.source(name)).cells
        total = sum(c.metadata.get("nbgrader", {}).get("points", 0) for c in cells)
        assert f"**Points:** {total}" in cells[0].source
        assert int(points) == total, name


LOOP = 0.15  # processor seconds of two million additions, where a check takes a second at most
STUDENT = """
import sys, time
sys.path.insert(0, {folder!r})
import autograder
assert autograder.__file__.startswith({folder!r})
from autograder import NotYet, check
namespace = {{}}
exec({code!r}, namespace)
began, total = time.process_time(), 0
for number in range(2_000_000):
    total += number
pace = max(1.0, (time.process_time() - began) / {loop})
for entry, limit in {entries!r}:
    seconds = []
    for _ in range(2):
        began = time.process_time()  # the machine may be busy with something else
        check(namespace[entry])
        seconds.append(time.process_time() - began)
    assert min(seconds) < pace * limit, (entry, seconds, pace)
try:
    check(namespace["wrong"])
except NotYet as error:
    print("NOT YET", error)
"""


ON_EACH_PUSH = ("optimizers", "transfer")  # with NumPy and with torch, ``lab`` and pictures


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in ON_EACH_PUSH else pytest.mark.nightly) for n in ASSIGNMENTS],
)
def test_with_the_zip_alone_check_answers_in_time_and_names_a_mistake(name, bundles, tmp_path):
    cells = [c for c in read_source(COURSE.source(name)).cells if c.cell_type == "code"]
    answers = [c.source for c in cells if c.id == "setup" or is_solution(c)]
    middle = exercise(ASSIGNMENTS[name][len(ASSIGNMENTS[name]) // 2])
    wrong = answer(middle.id).mistakes[0]
    code = "\n".join(["import numpy as np\nimport torch", *answers])
    code += f"\nright = {middle.entry}\n{source_of(wrong.code)}\nwrong, {middle.entry} = {middle.entry}, right\n"
    script = tmp_path / "student.py"
    usual = 1.0
    entries = [
        (e.entry, usual if e.seconds <= PROBE_SECONDS else e.seconds / 2)
        for e in map(exercise, ASSIGNMENTS[name])
    ]
    script.write_text(
        STUDENT.format(folder=str(bundles[name]), code=code, entries=entries, loop=LOOP)
    )
    done = subprocess.run(
        [sys.executable, "-P", script], capture_output=True, text=True, cwd=bundles[name],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert all(f"✓ {e}: all right" in done.stdout for e in ASSIGNMENTS[name])
    assert wrong.says in done.stdout and "NOT YET" in done.stdout


def test_importing_the_student_side_brings_in_neither_torch_nor_the_grader():
    code = "import sys, autograder, autograder.numeric; print([m for m in sys.modules if m == 'torch' or m.startswith('autograder.grading')])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize("entry", ["adam", "step_decay"])
def test_checking_an_exercise_in_numpy_does_not_import_torch(entry):
    code = (
        "import sys\nfrom autograder import NotYet, check\n"
        f"def {entry}(*a, **k): return 1\n"
        f"try: check({entry})\nexcept NotYet: print('torch' in sys.modules)"
    )
    folder = COURSE.assignment("optimizers").folder
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.stdout.endswith("False\n"), done.stdout + done.stderr


@pytest.mark.nightly  # the workflow does it on each push
@pytest.mark.parametrize("name", ["ensembles"])
def test_the_zip_can_be_tried_on_any_machine(name, released, tmp_path):
    bundle = released / "_build" / "students" / f"{name}.zip"
    solved = released / "_build" / "source" / name / f"{name}.ipynb"
    command = [sys.executable, "-P", ROOT / "tools" / "try_bundle.py", bundle, solved]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("all right on the public cases") >= len(ASSIGNMENTS[name])
    notebook = nbformat.read(solved, as_version=4)
    broken = next(c for c in notebook.cells if is_solution(c) and c.cell_type == "code")
    broken.source = re.sub(r"return .*", "return 0", broken.source)
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    command[-1] = tmp_path / "broken.ipynb"
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode != 0 and "NotYet" in done.stderr
