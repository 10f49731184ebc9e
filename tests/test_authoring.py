"""An assignment of one's own: made by a command, tried by another, sound from the beginning."""

import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.grading.course import Course, CourseError
from autograder.grading.releasing.authoring import examine
from autograder.grading.releasing.notebooks import read_source
from book.extensions import exercises
from tests.answers import ASSIGNMENTS, OWN, ROOT
from tests.course import autograder, example_course, run

NAME, EXERCISE = "of_my_own", "of_my_own_standardize"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("new")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    autograder(folder, "new", NAME)
    return folder


def test_a_new_assignment_is_sound_and_lacks_nothing(course):
    done = autograder(course, "test", NAME)
    assert f"{NAME}: 0 wrong, 0 lacking" in done.stdout, done.stdout
    assert f"ok  {EXERCISE}: mistakes fail, and are named" in done.stdout
    assert (course / "assignments" / NAME / f"{NAME}.ipynb").is_file()
    again = autograder(course, "new", NAME, check=False)
    assert again.returncode == 2 and "there is an assignment" in again.stderr


def ruff(folder: Path, *arguments: str) -> None:
    """Run it with the course's settings, for which the engine is code of one's own."""
    settings = ("--config", str(ROOT / "pyproject.toml"), "--config", f"src = ['{ROOT}']")
    run(folder, str(Path(sys.executable).with_name("ruff")), *arguments, *settings, check=True)


def test_a_new_assignment_is_laid_out_as_the_tests_want_it(course):
    ruff(course, "check")
    ruff(course, "format", "--check")


def test_the_courses_own_assignments_are_all_there():
    """What is asked of these alone is asked of them."""
    assert set(OWN) <= set(ASSIGNMENTS)


@pytest.mark.nightly
@pytest.mark.timeout(2 * 3600)  # it releases all assignments, and grades a class
def test_in_the_course_a_new_one_and_the_guides_example_pass_the_tests_of_every_assignment(
    tmp_path,
):
    left = shutil.ignore_patterns(".git", ".venv", ".*_cache", "_build", "__pycache__")
    folder = tmp_path / "course"
    shutil.copytree(ROOT, folder, ignore=left)
    alone = example_course(tmp_path / "alone")
    for place in ("assignments", "solutions"):
        shutil.copytree(alone / place, folder / place, dirs_exist_ok=True)
    autograder(folder, "new", NAME)
    autograder(folder, "release", "metrics", NAME)
    ruff(folder, "check")
    ruff(folder, "format", "--check")
    added = ("metrics", "top_k_accuracy", NAME, EXERCISE)
    done = run(folder, sys.executable, "-m", "pytest", "-v", "-k", " or ".join(added), check=True)
    assert all(f"[{name}] PASSED" in done.stdout for name in added)


def changed(course: Path, folder: Path, place: str, old: str, new: str) -> list[str]:
    """What is wrong after a change of one file, and what is lacking."""
    shutil.copytree(course, folder)
    path = folder / place
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    findings = examine(Course(folder), NAME, EXERCISE)
    return findings.wrong + findings.lacks


ANSWER = f"solutions/{NAME}/answers/{EXERCISE}.py"
NOTEBOOK = f"solutions/{NAME}/{NAME}.md"
HINTS = f"assignments/{NAME}/hints.toml"
IDEAS = f"solutions/{NAME}/ideas.toml"
TRIED = f"assignments/{NAME}/exercises/{EXERCISE}.py"


@pytest.mark.parametrize(
    ("place", "old", "new", "says"),
    [
        (ANSWER, "return x / deviation", "return x", "alternative 1"),  # fmt: skip
        (ANSWER, '("x.std(", "x.var(")', '("x.std(", "1.0 * x.std(")', "variance passes"),
        (NOTEBOOK, "points: 3", "points: 4", "4 points in the notebook, 3 in its parts"),
        (
            NOTEBOOK,
            "## 1. Standardize (3 points)",
            "## Standardize",
            "say (3 points): it is '## Stan",
        ),
        (NOTEBOOK, "(2 points, graded", "(graded", "does not say (2 points): it is '## 2. Which"),
        (HINTS, '"constant columns"', '"columns"', "hints in hints.toml for constant columns"),
        (IDEAS, EXERCISE, "another", "the reference's idea in ideas.toml"),
        (NOTEBOOK, "**Points:** 5", "", "a first cell that says **Points:** 5"),  # fmt: skip
        (
            TRIED,
            "usual, probe, close",
            "usual, probe, lambda c, o, e: 1 / 0",
            "raised ZeroDivision",
        ),
        (
            TRIED,
            "standardized}",
            "standardized.nope}",
            f'nope\'\n  File "{{folder}}/{TRIED}", line',
        ),
        (TRIED, f'"{EXERCISE}",', '"another",', "it is called 'another' in its file"),
        (ANSWER, "x.std(", "x.sdt(", "has no attribute 'sdt'"),
        (ANSWER, '("x.std(", "x.var(")', '("x.sdt(", "x.var(")', "does not contain 'x.sdt('"),
        (ANSWER, "ANSWER = Answer(", "ANSWER = = Answer(", "raised SyntaxError: invalid syntax"),
        (HINTS, "[", "[[[", "raised tomllib.TOMLDecodeError"),
        (NOTEBOOK, "moved = x", "moved = (x", "raised SyntaxError: '(' was never closed"),
        (NOTEBOOK, "### END", "### EDN", "the release: No end solution statement found"),
        (NOTEBOOK, " SOLUTION", " ANSWER", "students get no line `def standardize`"),
        (NOTEBOOK, "check(standardize)", "check(standardise)", "not call check(standardize)"),
        (
            NOTEBOOK,
            "**Example.** For",
            "return (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)\n\nFor",
            "return (x - x.mean",
        ),  # fmt: skip
    ],
)
def test_what_is_wrong_is_said(course, tmp_path, place, old, new, says):
    folder = tmp_path / "course"
    found = changed(course, folder, place, old, new)
    assert any(says.replace("{folder}", str(folder)) in text for text in found), found


CALLS_ITSELF = """

@ANSWER.alternative
def standardize(x):
    if x.ndim > 1:
        return np.stack([standardize(column) for column in x.T], axis=1)
    return (x - x.mean()) / (x.std() or 1.0)


@ANSWER.mistake("tripled", "everything times three")
def standardize(x):
    deviation = x.std(axis=0)
    return 3 * (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
"""


def test_an_answer_that_calls_itself_calls_no_mistake_of_its_name(course, tmp_path):
    folder = tmp_path / "course"
    shutil.copytree(course, folder)
    with open(folder / ANSWER, "a") as file:
        file.write(CALLS_ITSELF)
    findings = examine(Course(folder), NAME, EXERCISE)
    assert findings.wrong + findings.lacks == []


def test_a_notebook_that_is_none_is_said(course, tmp_path):
    with pytest.raises(CourseError, match=f"{NAME}.md can't be read: Code cell 1 at line"):
        changed(course, tmp_path / "course", NOTEBOOK, "grade: false, grade_id: setup", "}")


@pytest.mark.parametrize(
    ("heading", "title", "worth"),
    [
        ("## 1. Top-k accuracy (3 points, 20 minutes)", "Top-k accuracy", "3 points, 20 minutes"),
        ("## Top-k accuracy (3 points)", "Top-k accuracy", "3 points"),
        ("### 7. Of f(x)", "Of f(x)", "3 points"),
        ("", "top_k_accuracy", "3 points"),
    ],
)
def test_the_book_takes_an_exercise_whatever_its_heading_is(
    tmp_path, monkeypatch, heading, title, worth
):
    folder = example_course(tmp_path / "course")
    source = Course(folder).source("metrics")
    as_it_is = "## 1. Top-k accuracy (3 points)"
    assert as_it_is in source.read_text()
    source.write_text(source.read_text().replace(as_it_is, heading))
    monkeypatch.setattr(exercises, "ASSIGNMENTS", folder / "assignments")
    nbformat.write(read_source(source), exercises.notebook_path("metrics"))
    found = exercises.exercises_of("metrics")["top_k_accuracy"]
    assert (found.title, found.worth, found.entry) == (title, worth, "top_k_accuracy")
    assert found.text.startswith("`scores` has shape (N, C)")


def test_the_guides_example_passes_word_for_word(tmp_path):
    folder = example_course(tmp_path / "course")
    done = autograder(folder, "test", "metrics")
    assert "metrics: 0 wrong" in done.stdout and "still lacks  a written question" in done.stdout
