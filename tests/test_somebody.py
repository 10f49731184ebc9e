"""The instructors' page as different people type it: as root and not, in different places."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.grading.storage.results import read
from tests.answers import ROOT
from tests.course import class_of

pytestmark = pytest.mark.nightly
BIN = Path(sys.prefix) / "bin"
NOBODY = 65534
STUDENTS = ("perfect", "mistakes-1", "untouched")
# What the page has one type, with this class's names; the class is thinned out after its third line.
PLACES = {"submitted", "results.jsonl", "feedback-for-students", "scores.csv", "upload.csv"}
COMMANDS = """\
doctor --device cpu
release metrics
sample-class submitted metrics
grade metrics --results results.jsonl
grade metrics --student perfect --results results.jsonl
why mistakes-1
feedback feedback-for-students
export metrics --output scores.csv
report metrics
export metrics --format canvas --output upload.csv
"""


@pytest.fixture
def folder(metrics) -> Iterator[Path]:
    """A place of its own for a course and for somebody's home, which anybody may reach."""
    place = Path(tempfile.mkdtemp(prefix="somebody-"))
    place.chmod(0o755)
    class_of(metrics, place / "course")
    (place / "home").mkdir()
    yield place
    shutil.rmtree(place)


def in_reach(held: Path) -> str:
    """Shell commands that bring what the programs need where anybody reaches it, in a namespace.

    A Python may lie in root's home. Meanwhile it is ``held`` elsewhere.
    """
    needed = {ROOT, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    closed = {p for n in needed for p in n.parents if not p.stat().st_mode & 0o001}
    lines = []
    for outermost in [p for p in closed if not closed & set(p.parents)]:
        inside = [n for n in needed if outermost in n.parents]
        for k, place in enumerate(inside):
            lines.append(f"mkdir -p {held}/{k} && mount --bind {place} {held}/{k}")
        lines.append(f"mount -t tmpfs -o mode=755 none {outermost}")
        for k, place in enumerate(inside):
            lines.append(f"mkdir -p {place} && mount --bind {held}/{k} {place}")
    return "".join(f"{line} && " for line in lines)


def typed(user: str, words: str, folder: Path, home: Path, held: Path) -> str:
    """What a user's command prints; the user sees no more of the environment than a new terminal has."""
    words = f"cd {folder} && {words}"
    command = ["sh", "-c", words]
    if user == "nobody":
        drop = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
        inside = f'{in_reach(held)}exec {drop} sh -c "$0"'
        command = ["unshare", "--mount", "sh", "-c", inside, words]
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("way", ["activated", "by its path, from a folder of the course"])
@pytest.mark.parametrize("user", ["this", "nobody"])
def test_a_class_from_release_to_report(folder, user, way):
    if user == "nobody" and os.getuid() != 0:
        pytest.skip(
            "NOT RUN: only root can turn into somebody else, and this is somebody else already"
        )
    if user == "nobody" and subprocess.run(["unshare", "--mount", "true"]).returncode:
        pytest.skip("NOT RUN: no namespace can be made here in which somebody else reaches Python")
    course, home = folder / "course", folder / "home"
    if user == "nobody":
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
    where, program, up = course, f". {BIN}/activate && autograder", ""
    if way != "activated":
        home = Path("/nonexistent")  # as accounts of services have it
        where, program, up = course / "solutions", f"{BIN}/autograder", "../"
    said = {}
    for line in COMMANDS.splitlines():
        words = [f"{up}{w}" if w in PLACES else w for w in line.split()]
        said[line] = typed(user, f"{program} {' '.join(words)}", where, home, folder / "held")
        if line.startswith("sample-class"):
            for student in set(course.joinpath("submitted").iterdir()):
                if student.name not in STUDENTS:
                    shutil.rmtree(student)
    results = {r.student: r.score for r in read(course / "results.jsonl")}
    assert results.keys() == set(STUDENTS) and results["perfect"] == 3.0
    assert 0 <= results["mistakes-1"] < 3 and results["untouched"] == 0
    assert len(list((course / "feedback-for-students").glob("*.zip"))) == 3
    assert (course / "scores.csv").read_text().count("\n") == 4
    assert (course / "report" / "metrics.html").is_file() and "expected" in said["why mistakes-1"]
    owner = NOBODY if user == "nobody" else os.getuid()
    assert {path.lstat().st_uid for path in course.rglob("*")} == {owner}
