"""A corpus of hostile submissions, graded for real: points, reasons, and what must not come of them.

The quick ones make one class, graded at each push; every night each kind is a class of its own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from tests.answers import ASSIGNMENTS
from tests.course import copy_course
from tests.hostile_class import (
    CELL_SECONDS,
    EXERCISES,
    TOTAL_SECONDS,
    Graded,
    Hostile,
    files,
    grade,
)
from tests.hostile_ends import ENDS, LOOPING
from tests.hostile_floods import BOMBS, CROWD, FLOODS, MEMORIES
from tests.hostile_forgeries import DROPOUTS, WORK, forgeries
from tests.hostile_neighbours import NEIGHBOURS, SECRETS, WORD
from tests.hostile_oddities import ODDITIES
from tests.hostile_outcomes import OUTCOMES
from tests.hostile_secrets import LOOK, MARK, Planted

CLASSES: dict[str, list[Hostile]] = {
    "neighbours": NEIGHBOURS,
    "secrets": SECRETS,
    "ends": ENDS,
    "loops": LOOPING,
    "floods": FLOODS,
    "memory": MEMORIES,
    "bombs": BOMBS,
    "crowd": CROWD,
    "outcomes": OUTCOMES,
    "oddities": ODDITIES,
    "work": [*WORK, *DROPOUTS],
    **{f"forgeries-{name}": forgeries(name) for name in ASSIGNMENTS},
}
CLASSES["quick"] = [one for members in CLASSES.values() for one in members if one.quick]
CORES = {"crowd": 2}  # so many submissions at a time; else they come one after the other
SHORT = f"""
c.RunSubmission.cell_seconds = {CELL_SECONDS}.0
c.RunSubmission.probe_seconds = {CELL_SECONDS}.0
c.RunSubmission.total_seconds = {TOTAL_SECONDS}.0
"""
# Gigabytes take their time, more so where many processes share them.
LONG = "c.RunSubmission.cell_seconds = 60.0\nc.RunSubmission.total_seconds = 120.0\n"
SETTINGS = {
    **dict.fromkeys(["ends", "loops", "floods", "bombs", "outcomes"], SHORT),
    "memory": LONG,
    "quick": "c.RunSubmission.cell_seconds = 10.0\n",  # one loops; the others may be slow
}
LONGEST = 2_000  # characters of a message
LARGEST = 8 * 2**20  # bytes of a graded notebook and of a page
MOST_SECONDS = 150  # for a submission: its notebook may run for 120
MOST_MEMORY = 1_700  # megabytes of one of the grader's own processes
MOST_TEMPORARY = 200  # megabytes in the folder for temporary files


def nightly(name: str) -> list:
    return [] if name == "quick" else [pytest.mark.nightly]


def everybody() -> list:
    found = []
    for name, members in CLASSES.items():
        for one in members:
            marks = nightly(name)
            if one.hole:
                marks = [*marks, pytest.mark.xfail(reason=one.hole, strict=True)]
            found.append(pytest.param(name, one, marks=marks, id=f"{name}: {one.name}"))
    return found


each_class = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=nightly(name)) for name in CLASSES]
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Iterator[Callable[[str], Graded]]:
    """Grades a class when it is first asked for."""
    done: dict[str, Graded] = {}

    def graded_class(name: str) -> Graded:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            done[name] = grade(folder, CLASSES[name], CORES.get(name, 1), SETTINGS.get(name, ""))
        return done[name]

    yield graded_class
    for whole in done.values():  # whatever lies there, and however deep
        subprocess.run(["chmod", "-R", "u+rwX", whole.planted.temporary], check=True)
        subprocess.run(["rm", "-rf", whole.planted.temporary], check=True)


def test_the_corpus_is_as_large_as_it_should_be():
    hostile = {one.name for members in CLASSES.values() for one in members if one.kind != "honest"}
    assert len(hostile) >= 100
    assert len({one.kind.partition("-")[0] for one in CLASSES["quick"]}) >= 7


@pytest.mark.parametrize(("name", "one"), everybody())
def test_the_points_the_reason_and_what_is_shown(name, one, graded):
    whole = graded(name)
    results = whole.of(one)
    assert list(results) == EXERCISES[one.assignment]
    for exercise, result in results.items():
        why = one.reason(exercise)
        if why is None:
            assert (result.status, result.score) == ("passed", result.max_score), result
        else:
            assert result.score == 0 and result.status != "ungraded", result
            assert why in result.message and result.message, result.message
        assert len(result.message) <= LONGEST
    if CORES.get(name, 1) == 1:
        assert whole.seconds(one) <= (90 if SETTINGS.get(name) == SHORT else MOST_SECONDS)
    assert one.shows in whole.shown(one)
    for path in (whole.notebook(one), whole.page(one)):
        assert path.stat().st_size <= LARGEST
    nbformat.validate(nbformat.read(whole.notebook(one), as_version=4))


@each_class
def test_the_gradebook_holds_the_same(name, graded):
    whole = graded(name)
    for assignment in {one.assignment for one in CLASSES[name]}:
        with Gradebook(f"sqlite:///{whole.course / 'gradebook.db'}") as book:
            held = {s.student.id: s.score for s in book.assignment_submissions(assignment)}
        for one in CLASSES[name]:
            points = [r.score for r in whole.of(one).values()]
            if one.assignment == assignment and None not in points:
                assert held[whole.students[one.name]] == pytest.approx(sum(points)), one.name


@each_class
def test_results_are_json_and_only_holes_are_ungraded(name, graded):
    whole = graded(name)
    for line in (whole.course / "results.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=pytest.fail)
    holes = {whole.students[one.name] for one in CLASSES[name] if one.hole}
    ungraded = {
        who for (_, who), of in whole.results.items() for r in of.values() if r.score is None
    }
    assert ungraded <= holes
    assert whole.done.returncode == (3 if ungraded else 0), whole.done.stderr


@each_class
def test_no_secret_gets_out(name, graded):
    whole = graded(name)
    assert MARK.search(whole.done.stdout.encode()) is None
    assert MARK.search(whole.done.stderr.encode()) is None
    paths = [whole.course / "results.jsonl", whole.course / "autograder.log"]
    for step in ("autograded", "feedback"):
        paths += (p for p in (whole.course / step).rglob("*") if "another" not in p.parts)
    read = [path for path in paths if path.is_file()]
    assert read
    for path in read:
        assert MARK.search(path.read_bytes()) is None, path


@each_class
def test_nothing_is_left(name, graded):
    whole = graded(name)
    assert whole.took["left"] == []
    planted = {Path(path).name for path in whole.planted.known["paths"]} | {"socket"}
    left = {p.name for p in whole.planted.temporary.iterdir()} - planted
    assert {name for name in left if not name.startswith("torchinductor_")} == set()
    assert not list(whole.course.glob(".grading-*"))
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", whole.planted.home):
        assert not [name for name in os.listdir(folder) if WORD in name]
    assert files(whole.course) == whole.before


@each_class
def test_the_grader_stays_small(name, graded):
    took = graded(name).took
    assert took["memory"] <= MOST_MEMORY and took["temporary"] <= MOST_TEMPORARY, took


def test_what_is_planted_can_be_found(tmp_path):
    """Outside of a sandbox, the submission that looks for secrets finds one of each place."""
    course = copy_course(tmp_path / "course")
    nowhere = LOOK.replace('os.listdir("/")', "[]").replace("/proc/[0-9]*", "/proc/self")
    with Planted(tmp_path, course) as planted:
        code = nowhere.replace("PLACES", repr(planted.known))
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True,
            env=planted.environment, pass_fds=planted.descriptors,
        )  # fmt: skip
    found = {match.decode().rpartition("-")[0] for match in MARK.findall(done.stdout.encode())}
    places = ("seed", "course", "source", "held-out", "answer", "home", "temporary", "other-work",
              "gradebook", "machine", "environment", "process", "descriptor", "socket",
              "shared-memory")  # fmt: skip
    assert found == {f"planted-{place}" for place in places}, done.stderr
