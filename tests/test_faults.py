"""The grader's own faults, each provoked for real: never a zero, and what happened is said."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
import torch
from nbgrader.api import Gradebook

from autograder.grading.storage import turns
from autograder.grading.storage.results import read
from tests.course import autograder, class_of, example_course, gradebook, nbgrader

ASSIGNMENT = "metrics"
STUDENTS = ("perfect", "mistakes-2", "untouched")
RIGHT = {"perfect": 3.0, "mistakes-2": 1.0, "untouched": 0.0}


@pytest.fixture
def course(metrics, tmp_path) -> Path:
    """The example's course with three submissions that nobody graded."""
    return class_of(metrics, tmp_path / "course", *STUDENTS)


@pytest.fixture(scope="module")
def graded_once(metrics, tmp_path_factory) -> Path:
    """The same after a grading."""
    folder = class_of(metrics, tmp_path_factory.mktemp("graded") / "course", *STUDENTS)
    autograder(folder, "grade")
    assert scores(folder) == RIGHT
    return folder


@pytest.fixture
def graded(graded_once, tmp_path) -> Path:
    folder = tmp_path / "graded"
    shutil.copytree(graded_once, folder)
    return folder


def scores(folder: Path) -> dict[str, float]:
    """The scores of those whose submission is in the gradebook."""
    if not (folder / "gradebook.db").exists():
        return {}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        held = {s.student.id: s.score for s in gradebook.assignment_submissions(ASSIGNMENT)}
    return {name: score for name, score in held.items() if name in STUDENTS}


def files(folder: Path) -> dict[str, bytes]:
    """What was graded and fed back."""
    paths = [p for step in ("autograded", "feedback") for p in (folder / step).rglob("*.*")]
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if p.is_file()}


def command(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    """The command, running, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "autograder.grading", "grade", *arguments],
        cwd=folder, env={**os.environ, **environment}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def family(process: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def wait_until(holds, seconds: float = 60.0):
    """What holds at last; a process that ends while it is looked at may not, yet."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(psutil.NoSuchProcess):
            if found := holds():
                return found
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


# ---- what would fail for all stops before the first submission: exit status 2, and what to do


def test_no_bubblewrap(graded):
    before = files(graded)
    process = command(graded, "--student", "perfect", PATH=str(Path(sys.executable).parent))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2 and "apt install bubblewrap" in said
    assert scores(graded) == RIGHT and files(graded) == before


def test_a_shell_that_may_open_few_files(course):
    few = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); "
    again = (
        "os.execv(sys.executable, [sys.executable, '-m', 'autograder.grading', 'grade', 'metrics'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", few + again], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 2 and "may open 64 files here" in done.stderr, done.stderr
    assert scores(course) == {}


@pytest.mark.nightly
def test_a_bubblewrap_that_may_not_do_its_work(course, tmp_path):
    fake = tmp_path / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    process = command(course, PATH=f"{fake.parent}:{os.environ['PATH']}")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2 and "No permissions to create new namespace" in said
    assert scores(course) == {}


def test_a_first_process_that_dies_at_import(course, tmp_path):
    broken = tmp_path / "bin" / "bwrap"  # a sandbox in which torch can't be imported
    broken.parent.mkdir()
    real = shutil.which("bwrap")
    broken.write_text(
        f'#!/bin/bash\nargs=()\nfor a in "$@"; do [ "$a" = -- ] && '
        f'args+=(--setenv PYTHONHOME /nowhere); args+=("$a"); done\nexec {real} "${{args[@]}}"\n'
    )
    broken.chmod(0o755)
    process = command(course, PATH=f"{broken.parent}:{os.environ['PATH']}")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert "the sandbox does not start here" in said and "No module named 'encodings'" in said
    assert scores(course) == {}


def test_a_gradebook_that_is_none(course):
    (course / "gradebook.db").write_text("this is no database, but somebody's notes\n")
    done = autograder(course, "grade", check=False)
    assert done.returncode == 2 and "gradebook.db is no gradebook" in done.stderr
    assert (course / "gradebook.db").read_text().startswith("this is no database")


def test_a_gradebook_of_which_half_is_gone(graded):
    book = graded / "gradebook.db"
    whole = book.read_bytes()
    book.write_bytes(whole[: len(whole) // 2])
    done = autograder(graded, "grade", check=False)
    assert done.returncode == 2 and "gradebook.db is no gradebook" in done.stderr
    book.unlink()
    book.mkdir()
    done = autograder(graded, "grade", check=False)
    assert done.returncode == 2 and "gradebook.db is no gradebook" in done.stderr


def test_a_full_disk(course, tmp_path):
    inside = f"mount -t tmpfs -o size=8m none {tmp_path}/small && cp -r submitted {tmp_path}/small/ && {sys.executable} -m autograder.grading grade --submissions {tmp_path}/small/submitted"
    (tmp_path / "small").mkdir()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inside], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 2 and "are free in" in done.stderr, done.stderr


def test_a_gradebook_that_may_not_be_written(graded):
    before = files(graded)
    book = graded / "gradebook.db"
    inside = (
        f"mount --bind {book} {book} && mount -o remount,bind,ro {book} && "
        f"{sys.executable} -m autograder.grading grade"
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inside], cwd=graded, capture_output=True, text=True
    )
    assert done.returncode == 2 and "gradebook.db" in done.stderr, done.stdout + done.stderr
    assert scores(graded) == RIGHT and files(graded) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device with room here")
def test_a_device_that_can_not_be_used_is_no_fault_of_the_submission(course, tmp_path):
    """Torch tells the grader of a device that no kernel reaches."""
    (tmp_path / "sitecustomize.py").write_text(
        "import torch\ntorch.cuda.is_available = lambda: True"
    )
    grading = command(
        course, "--device", "cuda", "--results", "results.jsonl", "--student", "perfect",
        PYTHONPATH=str(tmp_path),
    )  # fmt: skip
    said = "".join(grading.communicate())
    assert grading.returncode == 3, said
    assert "KernelNotStarted: the device can't be used: " in said
    assert [r.status for r in read(course / "results.jsonl")] == ["ungraded"]
    assert scores(course) == {}


@pytest.fixture
def two_gigabytes() -> Iterator[Path]:
    """A control group whose processes have 2 GB of memory together."""
    groups = Path("/sys/fs/cgroup")
    older = groups / "memory"
    group = (older if older.is_dir() else groups) / f"autograder-tests-{os.getpid()}"
    limit = "memory.limit_in_bytes" if older.is_dir() else "memory.max"
    try:
        group.mkdir()
        (group / limit).write_text(str(2 * 2**30))
    except OSError as error:
        pytest.skip(f"NOT RUN: no control group with less memory can be made here: {error}")
    yield group
    group.rmdir()


@pytest.mark.nightly
def test_a_machine_whose_memory_runs_out_is_no_fault_of_the_submission(course, two_gigabytes):
    """A submission takes less than it may have, and more than there is."""
    path = course / "submitted" / "perfect" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    takes = "import time\nheld = []\nfor _ in range(30):\n    held.append(b'1' * 2**27); time.sleep(0.1)"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(takes))
    nbformat.write(notebook, path)
    inside = f"echo $$ > {two_gigabytes}/cgroup.procs && exec {sys.executable} -m autograder.grading grade"
    done = subprocess.run(
        ["sh", "-c", f"{inside} --jobs 1 --results results.jsonl"],
        cwd=course, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "OutOfMemory: the machine's memory ran out" in done.stdout + done.stderr
    status = {r.student: r.status for r in read(course / "results.jsonl")}
    assert status["perfect"] == "ungraded" and status["mistakes-2"] != "ungraded"
    assert scores(course) == {name: RIGHT[name] for name in ("mistakes-2", "untouched")}


# ---- what works all the same


@pytest.mark.nightly
def test_a_sandbox_that_is_killed_while_an_answer_is_defined(course):
    path = course / "submitted" / "perfect" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (c for c in notebook.cells if c.source.startswith("def top_k_accuracy"))
    cell.source = f"import time; time.sleep(6)\n{cell.source}"
    nbformat.write(notebook, path)
    process = command(course, "--student", "perfect", "--results", "r.jsonl")
    wait_until(lambda: list(course.glob(".grading-*")))
    time.sleep(2)  # the cell runs
    (sandbox,) = (
        p for p in family(process) if p.name() == "bwrap" and p.parent().name() != "bwrap"
    )
    sandbox.kill()
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, out + said
    assert "the sandbox was ended from outside" in (course / "autograder.log").read_text()
    assert [(r.status, r.score) for r in read(course / "r.jsonl")] == [("passed", 3.0)]


def test_a_clock_that_was_set_back(graded):
    """What is there was written in a year that has not come yet."""
    later = time.time() + 365 * 24 * 3600
    for path in [graded, *graded.rglob("*")]:
        os.utime(path, (later, later), follow_symlinks=False)
    shutil.rmtree(graded / "submitted" / "perfect")
    shutil.copytree(graded / "submitted" / "untouched", graded / "submitted" / "perfect")
    done = autograder(graded, "grade")
    assert done.returncode == 0 and scores(graded) == {**RIGHT, "perfect": 0.0}


@pytest.mark.nightly
def test_an_environment_that_is_reached_through_a_link(course, tmp_path):
    (tmp_path / "linked").symlink_to(Path(sys.prefix))
    done = subprocess.run(
        [tmp_path / "linked" / "bin" / "python", "-m", "autograder.grading", "grade"],
        cwd=course, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert scores(course) == RIGHT


def test_a_worker_that_is_killed(course):
    process = command(course, "--results", "r.jsonl")

    def workers():
        found = [p for p in family(process) if "forkserver" in " ".join(p.cmdline())]
        return [p for p in found if any("bwrap" in c.name() for c in p.children())]

    wait_until(workers)[0].kill()
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, out + said
    assert scores(course) == RIGHT


KILLED_AS_IT_FORKS = """
import os, signal, sys, threading
from multiprocessing import forkserver
from pathlib import Path
from autograder.grading.submissions.pool import Pool

if __name__ == "__main__":
    forkserver.ensure_running()
    server = forkserver._forkserver._forkserver_pid
    os.kill(server, signal.SIGSTOP)
    threading.Timer(1.0, os.kill, (server, signal.SIGKILL)).start()
    with Pool(1, Path(sys.argv[1])) as pool:
        print(pool.call("math.sqrt", 4.0))
"""


def test_the_process_that_workers_are_forked_from_is_killed_as_it_forks(tmp_path):
    script = tmp_path / "call.py"
    script.write_text(KILLED_AS_IT_FORKS)
    done = subprocess.run(
        [sys.executable, script, tmp_path / "log"], capture_output=True, text=True
    )
    assert done.stdout == "2.0\n", done.stderr


HELD = """
import os, sys
from autograder.grading.submissions import worker

def held():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

if sys.argv[1]:
    worker.keep_nothing_large()
for size in (4_000_000, 3_000_000):  # what is smaller than was freed before is kept
    before = held()
    blocks = [(b"x" * size, [bytes(1000) for _ in range(20)]) for _ in range(20)]
    blocks = [few for large, few in blocks]
print(held() - before)
"""


def test_a_worker_keeps_no_memory_that_it_no_longer_needs():
    kept = [
        int(
            subprocess.run(
                [sys.executable, "-c", HELD, said], capture_output=True, check=True
            ).stdout
        )
        for said in ("yes", "")
    ]
    assert kept[0] < 5_000_000
    assert kept[1] > 20_000_000, "the C library has become wiser: worker.py need not ask it"


@pytest.mark.nightly
def test_two_graders_at_once(course):
    first, second = command(course), command(course)
    for process in (first, second):
        out, said = process.communicate(timeout=180)
        assert process.returncode == 0, out + said
    assert scores(course) == RIGHT
    assert not list(course.glob(".grading-*"))


def stock(folder: Path) -> subprocess.Popen:
    """Stock nbgrader, at work on the same class."""
    return subprocess.Popen(
        [Path(sys.executable).with_name("nbgrader"), "autograde", ASSIGNMENT, "--force"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_stock_nbgrader_is_told_to_wait_while_the_class_is_graded(graded):
    before, held = files(graded), gradebook(graded)
    with turns.one_at_a_time(graded):
        for step in ("autograde", "generate_feedback"):
            done = nbgrader(graded, step, ASSIGNMENT, "--force", check=False)
            assert done.returncode == 1 and turns.AT_WORK in done.stderr
    assert files(graded) == before and gradebook(graded) == held


def test_a_grading_waits_for_stock_nbgrader_and_says_so(graded):
    with turns.among_others(graded), turns.among_others(graded):  # stock beside stock
        process = command(graded)
        assert "waiting for another grading" in process.stdout.readline()
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, out + said


@pytest.mark.nightly
@pytest.mark.parametrize("after", [0.0, 0.5, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("first", ["grade", "stock"])
def test_stock_nbgrader_beside_a_grading(course, first, after):
    """Either waits for the other or is told to; nobody's score, notebook or page is lost."""
    one = command(course) if first == "grade" else stock(course)
    time.sleep(after)
    two = stock(course) if first == "grade" else command(course)
    ended = {}
    for process in (one, two):
        out, said = process.communicate(timeout=300)
        ended[process] = process.returncode, out + said
    grading, stocks = (one, two) if first == "grade" else (two, one)
    assert ended[grading][0] == 0, ended[grading][1]
    status, said = ended[stocks]
    assert status == 0 or (status == 1 and turns.AT_WORK in said), said
    assert scores(course) == RIGHT
    assert len(files(course)) == 2 * len(STUDENTS), files(course).keys()
    book = gradebook(course)
    assert nbgrader(course, "autograde", ASSIGNMENT, "--force").returncode == 0
    assert scores(course) == RIGHT and gradebook(course) == book


# ---- what can't be graded is ungraded: the old score stays, exit status 3


def test_a_locked_gradebook(graded):
    shutil.rmtree(graded / "submitted" / "perfect")
    shutil.copytree(graded / "submitted" / "untouched", graded / "submitted" / "perfect")
    before = files(graded)
    process = command(graded, "--student", "perfect", "--results", "r.jsonl")
    wait_until(lambda: list(graded.glob(".grading-*")))
    lock = sqlite3.connect(graded / "gradebook.db", isolation_level=None, timeout=30)
    lock.execute("BEGIN EXCLUSIVE")
    out, said = process.communicate(timeout=300)
    lock.execute("ROLLBACK")
    assert process.returncode == 3, out + said
    assert "1 not graded" in said and "database is locked" in said and "autograder.log" in said
    assert scores(graded) == RIGHT and files(graded) == before
    (result,) = read(graded / "r.jsonl")
    assert (result.status, result.score) == ("ungraded", None)
    assert "database is locked" in result.message
    assert "Traceback" in (graded / "autograder.log").read_text()


@pytest.mark.nightly
def test_submissions_that_are_gone_while_a_class_is_graded(graded):
    """As if the disk that they are on were no longer there."""
    shutil.rmtree(graded / "records")  # so that there is something to do
    before = files(graded)
    process = command(graded, "--jobs", "1", "--results", "r.jsonl")
    wait_until(lambda: list(graded.glob(".grading-*")))
    shutil.move(graded / "submitted", graded / "elsewhere")
    out, said = process.communicate(timeout=300)
    assert process.returncode == 3, out + said
    assert "No such file or directory" in said
    assert scores(graded) == RIGHT and files(graded).keys() == before.keys()
    assert read(graded / "r.jsonl")[-1].status == "ungraded"
    shutil.move(graded / "elsewhere", graded / "submitted")
    assert autograder(graded, "grade").returncode == 0 and scores(graded) == RIGHT


@pytest.mark.nightly
def test_a_release_that_is_gone_while_a_class_is_graded(graded):
    shutil.rmtree(graded / "records")
    process = command(graded, "--jobs", "1")
    wait_until(lambda: list(graded.glob(".grading-*")))
    shutil.move(graded / "assignments", graded / "elsewhere")
    out, said = process.communicate(timeout=300)
    assert process.returncode == 2 and "does not exist: autograder release" in said, out + said
    assert scores(graded) == RIGHT


def test_an_oracle_that_raises(graded):
    answer = graded / "solutions" / ASSIGNMENT / "answers" / "top_k_accuracy.py"
    answer.write_text(answer.read_text().replace("def top_k_accuracy(scores, y, k):\n", "def top_k_accuracy(scores, y, k):\n    raise ValueError('the oracle is broken')\n", 1))  # fmt: skip
    done = autograder(graded, "grade", "--student", "perfect", check=False)
    assert done.returncode == 3 and "the oracle is broken" in done.stderr, done.stderr
    assert scores(graded) == RIGHT


@pytest.fixture(scope="module")
def two_once(tmp_path_factory) -> Path:
    """A graded course of two exercises, the second a copy of the first under another name."""
    course = example_course(tmp_path_factory.mktemp("two"))
    second = "hit_rate"
    for place in (course / "assignments", course / "solutions"):
        for file in place.rglob("top_k_accuracy.py"):
            text = file.read_text().replace("top_k_accuracy", second)
            file.with_name(f"{second}.py").write_text(text)
    source = course / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.md"
    text = source.read_text()
    cells = text[text.rindex("+++ {") :].replace("top_k_accuracy", second)
    source.write_text(f"{text}\n{cells.replace('top-k-', 'hits-')}")
    autograder(course, "release")
    autograder(course, "sample-class", "made")
    for name in STUDENTS[:2]:
        shutil.copytree(course / "made" / name, course / "submitted" / name)
    autograder(course, "grade", "--results", "r.jsonl")
    return course


@pytest.fixture
def two(two_once, tmp_path) -> Path:
    shutil.copytree(two_once, tmp_path / "two")
    return tmp_path / "two"


def by_exercise(folder: Path, student: str = "perfect") -> dict[str, tuple]:
    return {
        r.exercise: (r.status, r.score) for r in read(folder / "r.jsonl") if r.student == student
    }


PASSED = {"top_k_accuracy": ("passed", 3.0), "hit_rate": ("passed", 3.0)}
BROKEN = "def broken(case, outputs, expected):\n    raise ValueError('the judge is broken')\n\n\nEXERCISE"


@pytest.mark.nightly
def test_a_judge_that_raises_leaves_its_own_exercise_ungraded(two):
    assert by_exercise(two) == PASSED
    before = gradebook(two)
    judges = two / "assignments" / ASSIGNMENT / "exercises" / "hit_rate.py"
    right = judges.read_text()
    judges.write_text(right.replace("EXERCISE", BROKEN).replace("probe, close)", "probe, broken)"))
    shutil.copytree(two / "submitted" / "perfect", two / "submitted" / "new")
    done = autograder(two, "grade", "--results", "r.jsonl", check=False)
    assert done.returncode == 3 and "3 not graded" in done.stderr, done.stderr
    assert "the check of hit_rate raised ValueError: the judge is broken" in done.stderr
    for student in ("perfect", "new"):
        assert by_exercise(two, student) == PASSED | {"hit_rate": ("ungraded", None)}
    assert "Traceback" in (two / "autograder.log").read_text()
    held = gradebook(two)
    old = [row for row in held["scores"] if "'new'" not in row]
    assert old == before["scores"]  # nobody's score has changed
    (new,) = (row for row in held["scores"] if "'new', 'hit_rate'" in row)
    assert "None, None, 1" in new  # and who has none yet waits for a person
    page = (two / "feedback" / "new" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert "That is no fault of yours" in page and "not graded yet" in page
    stock = nbgrader(two, "autograde", ASSIGNMENT, "--student", "perfect", "--force", check=False)
    assert stock.returncode != 0 and gradebook(two) == held
    judges.write_text(right)
    done = autograder(two, "grade", "--results", "r.jsonl")
    assert by_exercise(two) == by_exercise(two, "new") == PASSED


@pytest.mark.nightly
def test_a_probe_that_fails_in_the_sandbox_alone_costs_nobody_a_point(two):
    """Here the module can be imported; where students' code runs, something that it needs is absent."""
    probes = two / "assignments" / ASSIGNMENT / "exercises" / "hit_rate.py"
    right = probes.read_text()
    needs = f"import pathlib\n\nassert pathlib.Path({str(two)!r}).exists(), 'data are missing'\n"
    probes.write_text(right.replace("import numpy", f"{needs}import numpy", 1))
    before = gradebook(two)
    for _ in range(2):  # it stays so, and is tried anew each time
        done = autograder(two, "grade", "--student", "perfect", "--results", "r.jsonl", check=False)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "fails without any answer: AssertionError: data are missing" in done.stderr
        assert by_exercise(two) == PASSED | {"hit_rate": ("ungraded", None)}
        assert gradebook(two) == before
    probes.write_text(right)
    autograder(two, "grade", "--results", "r.jsonl")
    assert by_exercise(two) == PASSED


# ---- stopping


@pytest.mark.parametrize(
    "how",
    [
        signal.SIGINT,
        *(pytest.param(how, marks=pytest.mark.nightly) for how in (signal.SIGTERM, signal.SIGKILL)),
    ],
)
def test_stopping_the_command_leaves_no_zero_and_no_process(course, how):
    for k in range(6):
        shutil.copytree(course / "submitted" / "perfect", course / "submitted" / f"perfect-{k}")
    process = command(course, "--results", "r.jsonl")
    wait_until(lambda: (course / "r.jsonl").exists() and read(course / "r.jsonl"))
    members = family(process)
    for _ in range(2):  # a second Ctrl-C changes nothing
        if how == signal.SIGINT:
            os.killpg(process.pid, how)
        else:
            process.send_signal(how)
        time.sleep(0.1)
    began = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode in (128 + how, -how)
    if how != signal.SIGKILL:
        done = read(course / "r.jsonl")
        assert done and all(r.score == 3.0 for r in done if r.student.startswith("perfect")), done
    wait_until(lambda: not any(alive(p) for p in members), 15)
    assert time.monotonic() - began < 15
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        held = {s.student.id: s.score for s in gradebook.assignment_submissions(ASSIGNMENT)}
    for name, score in held.items():
        if name.startswith("perfect") and (course / "autograded" / name).exists():
            assert score == 3.0, held
    done = autograder(course, "grade")
    assert done.returncode == 0 and scores(course) == RIGHT
    assert not list(course.glob(".grading-*"))


def test_stopped_while_it_starts(course):
    """Nothing that the command has started answers Ctrl-C with a traceback of its own."""
    process = command(course)
    wait_until(lambda: [p for p in family(process) if "forkserver" in " ".join(p.cmdline())])
    time.sleep(0.5)  # its imports take longer
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert said.startswith("autograder: stopped") and said.count("\n") == 1


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def test_nothing_is_lost_in_the_words_of_nbgrader():
    from autograder.grading.submissions.grade import cause_of

    log = (
        "[INFO] Autograding\n[ERROR] There was an error\nTraceback (most recent call last):\n"
        '  File "x.py", line 3, in y\nsqlite3.OperationalError: database is locked\n'
        "nbgrader.converters.base.NbGraderException: Please see the the above traceback for details"
    )
    assert cause_of(RuntimeError(log)) == "sqlite3.OperationalError: database is locked"
