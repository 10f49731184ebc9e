"""The checks on a CUDA device: what passes, fails and is named on the CPU does so there too.

Without a device these tests are reported as not run, never as passed; with AUTOGRADER_REQUIRE_CUDA
set (``make test-cuda``) that is a failure.
"""

import os
import shutil
from functools import cache

import pytest

from autograder import judge, probe
from autograder.exercises import EXERCISES
from autograder.grading import keys
from autograder.grading.answers import ANSWERS
from autograder.grading.answers.base import fresh
from autograder.grading.results import read
from tests.course import autograder, copy_course

ON_DEVICE = [e for e in EXERCISES.values() if e.on_device]


@pytest.fixture(autouse=True)
def device():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        if os.environ.get("AUTOGRADER_REQUIRE_CUDA"):
            pytest.fail("torch finds no CUDA device")
        pytest.skip("NOT RUN: no CUDA device on this machine")
    torch.backends.cuda.matmul.allow_tf32 = False


@cache
def key_of(exercise_id):
    return keys.make_key(EXERCISES[exercise_id], "cuda")


def verdict(exercise, answer, device):
    key = key_of(exercise.id)
    outcomes = probe.run(exercise, fresh(answer), key.cases, device)
    return judge.judge(exercise, outcomes, key, device=device)


@pytest.mark.cuda
@pytest.mark.parametrize("exercise", ON_DEVICE, ids=lambda e: e.id)
def test_right_answers_pass(exercise):
    for answer in ANSWERS[exercise.id].alternatives:
        assert verdict(exercise, answer, "cuda").status == "passed"


@pytest.mark.cuda
@pytest.mark.parametrize("exercise", ON_DEVICE, ids=lambda e: e.id)
def test_mistakes_fail_and_are_named_as_on_the_cpu(exercise):
    for mistake in ANSWERS[exercise.id].mistakes:
        on_cpu, on_cuda = (verdict(exercise, mistake.code, d) for d in ("cpu", "cuda"))
        assert on_cuda.status != "passed"
        assert on_cuda.mistake == on_cpu.mistake or on_cpu.status == "passed"


@pytest.mark.cuda
def test_a_class_gets_the_same_scores_on_both_devices(tmp_path):
    course = copy_course(tmp_path / "course")
    autograder(course, "sample-class", "submitted")
    for name in ("endless-loop", "another-assignment"):
        shutil.rmtree(course / "submitted" / name)
    scores = {}
    for device in ("cpu", "cuda"):
        autograder(course, "grade", "--device", device, "--results", f"{device}.jsonl")
        results = read(course / f"{device}.jsonl")
        scores[device] = {(r.student, r.exercise): (r.score, r.status, r.mistake) for r in results}
        judged = [r for r in results if r.exercise in {e.id for e in ON_DEVICE} and r.seconds]
        assert judged and all(r.device == device for r in judged)
    assert scores["cpu"] == scores["cuda"]
