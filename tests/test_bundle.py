"""What is public: made of what students receive, and not at all if anything else is found in it."""

import gzip
import html
import io
import json
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.grading.answer import source_of
from autograder.grading.cli import main
from autograder.grading.course import Course
from autograder.grading.releasing.leaks import code_lines, formulas, secrets_of
from autograder.grading.releasing.release import USUAL_REQUIREMENTS
from tests.answers import ROOT
from tests.course import autograder, copy_course, example_course

NAME, EXERCISE = "metrics", "top_k_accuracy"
SEED = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    """The example course as a release leaves it, with a site of one page."""
    course = Course(example_course(tmp_path / "course"))
    (course.root / ".autograder-seed").write_text(f"{SEED}\n")
    (course.root / "pyproject.toml").write_text(
        '[project]\nname = "small-course"\nversion = "1.2"\ndependencies = ["numpy>=3"]\n'
    )
    nbformat.write(nbformat.v4.new_notebook(), course.released(NAME))
    course.bundle(NAME).parent.mkdir(parents=True)
    with zipfile.ZipFile(course.bundle(NAME), "w") as bundle:
        bundle.write(course.assignment(NAME).folder / "exercises" / f"{EXERCISE}.py", "x.py")
    site = course.root / "_build" / "html"
    site.mkdir(parents=True)
    (site / "index.html").write_text("<p>The top k of the scores")
    monkeypatch.chdir(course.root)
    return course


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(name, content)
    return out.getvalue()


def answer_file(course: Course) -> Path:
    return course.root / "solutions" / NAME / "answers" / f"{EXERCISE}.py"


def line_of(course: Course, which: str) -> str:
    """A line of the oracle, of a mistake or of another right answer that stands in no other."""
    answer = course.answer(NAME, EXERCISE)
    codes = {
        "oracle": [answer.oracle],
        "mistake": [m.code for m in answer.mistakes],
        "other": answer.alternatives,
    }
    lines = code_lines("\n".join(map(source_of, codes[which])))
    return sorted(lines & secrets_of(course, None).lines)[0]


def test_what_is_clean_is_made(course, tmp_path, capsys):
    public = tmp_path / "public"
    assert main(["bundle", str(public)]) == 0
    assert {p.relative_to(public).as_posix() for p in public.rglob("*") if p.is_file()} == {
        f"assignments/{NAME}.zip", "site/index.html", "small_course_student-1.2-py3-none-any.whl",
    }  # fmt: skip
    said = capsys.readouterr().out
    assert "or the seed" in said and " 0 lines" not in said
    assert main(["bundle", str(public)]) == 2  # it is there already
    assert not list(tmp_path.glob(".public*"))


PLANTS = {
    "a line of the oracle in a page": lambda c: (
        "p.html", f"<pre><span>x</span>\n  <span>{html.escape(line_of(c, 'oracle'))}</span>".encode(),
    ),
    "a line of a mistake in a notebook": lambda c: (
        "n.ipynb", json.dumps({"source": f"def f():\n    {line_of(c, 'mistake')}\n"}).encode(),
    ),
    "a line of a mistake, a string to a line": lambda c: (
        "n.ipynb", json.dumps({"source": ["def f():\n", f"    {line_of(c, 'mistake')}\n", "x"]}, indent=1).encode(),
    ),
    "a line with everything escaped": lambda c: (
        "n.json", json.dumps(["x\n" + line_of(c, "oracle")]).replace("[:, :k]", "\\u005b:, :k]").encode(),
    ),
    "another right answer in a zip in a zip": lambda c: (
        "a.zip", zipped("b.whl", zipped("c.txt", line_of(c, "other").encode())),
    ),
    "a packed text": lambda c: ("x.bin", gzip.compress(line_of(c, "oracle").encode())),
    "a file of answers": lambda c: ("image.png", answer_file(c).read_bytes()),
    "a file of the grader's": lambda c: (
        "a.js", (ROOT / "autograder" / "grading" / "display" / "formgrader.json").read_bytes(),
    ),
    "held-out data": lambda c: ("d.npz", (c.root / "solutions" / NAME / "held.bin").read_bytes()),
    "the seed": lambda c: ("search.js", f"var x={{{SEED}:1}}".encode()),
}  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_not_clean_is_not_made(plant, course, tmp_path, capsys):
    (course.root / "solutions" / NAME / "held.bin").write_bytes(zipped("x", bytes(range(256))))
    name, content = PLANTS[plant](course)
    (course.root / "_build" / "html" / name).write_bytes(content)
    assert main(["bundle", str(tmp_path / "public")]) == 1
    assert f"site/{name}" in capsys.readouterr().err
    assert not (tmp_path / "public").exists() and not list(tmp_path.glob(".public*"))


def test_an_answer_in_what_students_receive_is_found_though_it_is_public_then(course, tmp_path):
    exercise = course.assignment(NAME).folder / "exercises" / f"{EXERCISE}.py"
    exercise.write_text(exercise.read_text() + f"\n{formula(course)}\n")
    with zipfile.ZipFile(course.bundle(NAME), "w") as bundle:
        bundle.write(exercise, "x.py")
    assert main(["bundle", str(tmp_path / "public")]) == 1


def formula(course: Course) -> str:
    codes = [m.code for m in course.answer(NAME, EXERCISE).mistakes]
    return sorted(formulas(code_lines("\n".join(map(source_of, codes)))))[0]


def test_the_wheel_installs_the_student_side_alone(course, tmp_path):
    public, place = tmp_path / "public", tmp_path / "installed"
    main(["bundle", str(public)])
    (wheel,) = public.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(place), str(wheel)], check=True)
    # without site, which would find the course's own packages in this environment
    code = f"""
import sys
sys.path[:0] = [{str(place)!r}, {sysconfig.get_path("purelib")!r}]
from autograder import NotYet, check
import autograder
assert autograder.__file__.startswith({str(place)!r})
try: import autograder.grading
except ModuleNotFoundError: print("no grading")
"""
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout == "no grading\n", done.stderr
    (about,) = place.glob("*.dist-info/METADATA")
    assert "Name: small-course-student" in about.read_text()
    needs = re.findall("^Requires-Dist: (.*)$", about.read_text(), re.MULTILINE)
    assert needs and set(needs) < set(USUAL_REQUIREMENTS)  # no more than the zips ask for


@pytest.mark.nightly
def test_the_whole_course_released_afresh_is_clean(tmp_path):
    folder = copy_course(tmp_path / "course")
    autograder(folder, "release")
    done = autograder(folder, "bundle", str(tmp_path / "public"))
    assert "none holds one of" in done.stdout and "without the site" in done.stdout
    assert len(list((tmp_path / "public" / "assignments").glob("*.zip"))) >= 5
