"""Killed at random moments, a grading goes on: the gradebook ends as if nothing had happened."""

import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading.storage.results import read
from tests.course import autograder, gradebook, without_seconds

SEED = 20


def grading(course: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "autograder.grading", "grade", "--results", "r.jsonl"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=course, start_new_session=True, **quiet)


def killed(fresh: Path, course: Path, moments: random.Random, seconds: float) -> float:
    """Grade a copy of a class and kill that at a random moment; once more if it ended before."""
    while True:
        shutil.copytree(fresh, course)
        process, moment = grading(course), moments.uniform(0.0, seconds)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
            assert process.wait() == -signal.SIGKILL
            return moment
        shutil.rmtree(course)


@pytest.mark.parametrize(
    ("part", "rounds"),
    [(0, 1), *(pytest.param(k, 5, marks=pytest.mark.nightly) for k in range(1, 11))],
)
def test_killed_at_random_moments(undisturbed, tmp_path, part, rounds):
    """After each kill, the next grading ends with the same gradebook and the same results."""
    moments, right = random.Random(SEED + part), gradebook(undisturbed)
    results = read(undisturbed / "r.jsonl")
    seconds = float(undisturbed.with_name("seconds").read_text())
    for k in range(rounds):
        course = tmp_path / f"course-{k}"
        moment = killed(undisturbed.with_name("fresh"), course, moments, seconds)
        done = autograder(course, "grade", "--results", "r.jsonl")
        assert gradebook(course) == right, f"killed after {moment:.2f} s\n{done.stdout}"
        assert not list(course.glob(".grading-*"))
        assert list(map(without_seconds, read(course / "r.jsonl"))) == list(
            map(without_seconds, results)
        )
