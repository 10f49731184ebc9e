"""The checks on a CUDA device: what passes, fails and is named on the CPU does so there too.

Without a device these tests are reported as not run, never as passed; with AUTOGRADER_REQUIRE_CUDA
set (``make test-cuda``) that is a failure.
"""

import os
import shutil

import pytest

from autograder import judge
from autograder.grading.answer import fresh
from autograder.grading.releasing import keys
from autograder.grading.running.cuda import DEVICE_MEMORY, START_CUDA
from autograder.grading.running.session import Session
from autograder.grading.storage.results import read
from tests.answers import HOME, answer, exercise, key, outcomes
from tests.course import autograder, class_of, copy_course

ON_DEVICE = [name for name in HOME if exercise(name).on_device]


@pytest.fixture(autouse=True)
def device():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        if os.environ.get("AUTOGRADER_REQUIRE_CUDA"):
            pytest.fail("torch finds no CUDA device")
        pytest.skip("NOT RUN: no CUDA device on this machine")
    torch.backends.cuda.matmul.allow_tf32 = False


def verdict(name, code, device):
    held = key(name, "cuda")
    keys.restart_chance(f"{name}/{device}")
    found = outcomes(name, fresh(code), held.cases, device)
    return judge.judge(exercise(name), found, held, device=device)


@pytest.mark.cuda
@pytest.mark.parametrize("name", ON_DEVICE)
def test_right_answers_pass(name):
    for code in answer(name).alternatives:
        assert verdict(name, code, "cuda").status == "passed"


@pytest.mark.cuda
@pytest.mark.parametrize("name", ON_DEVICE)
def test_mistakes_fail_and_are_named_as_on_the_cpu(name):
    for mistake in answer(name).mistakes:
        on_cpu, on_cuda = (verdict(name, mistake.code, d) for d in ("cpu", "cuda"))
        assert on_cuda.status != "passed"
        assert on_cuda.mistake == on_cpu.mistake or on_cpu.status == "passed"


@pytest.mark.cuda
def test_a_kernel_gets_its_share_of_the_device():
    ask = "torch.empty({}, dtype=torch.uint8, device='cuda').numel()"
    with Session(alone=True) as session:
        assert session.run(START_CUDA, 60.0) == []
        (refused,) = session.run(f"import torch\n{ask.format(DEVICE_MEMORY + 1)}", 60.0)
        assert refused.ename == "OutOfMemoryError"
        (given,) = session.run(ask.format(2**20), 60.0)
        assert given.data["text/plain"] == str(2**20)


@pytest.mark.cuda
def test_a_device_without_room_costs_nobody_a_point(metrics, tmp_path):
    import torch

    course = class_of(metrics, tmp_path / "course", "perfect")
    free, _all = torch.cuda.mem_get_info()
    taken = torch.empty(free - 2**25, dtype=torch.uint8, device="cuda")
    grade = ("grade", "--device", "cuda", "--results", "results.jsonl")
    done = autograder(course, *grade, check=False)
    assert done.returncode == 3 and "the device can't be used" in done.stdout + done.stderr
    assert {result.status for result in read(course / "results.jsonl")} == {"ungraded"}
    del taken
    torch.cuda.empty_cache()
    autograder(course, *grade)
    assert {result.status for result in read(course / "results.jsonl")} == {"passed"}


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
        judged = [r for r in results if r.exercise in ON_DEVICE and r.seconds]
        assert judged and all(r.device == device for r in judged)
    assert scores["cpu"] == scores["cuda"]
