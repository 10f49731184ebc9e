"""A class graded on a Dask cluster: real schedulers and workers, each a process on this machine.

Workers are started in a course folder of their own, without a submission and without the seed.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import psutil
import pytest

from autograder.grading.storage.results import read
from autograder.grading.whole_class.orders import expected
from tests.answers import ROOT
from tests.course import autograder, gradebook, without_seconds

DASK = Path(sys.executable).parent / "dask"
LONGEST = 240.0  # seconds that anything may take on a busy machine
SLOW = "import time\ntime.sleep(4.0)\n"


class Cluster:
    """A scheduler, and workers by their names."""

    def __init__(self, folder: Path, course: Path) -> None:
        self.folder, self.course = folder, course
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen] = {}

    def scheduler(self) -> None:
        places = ["--host", "127.0.0.1", "--port", str(self.port)]
        self._start("scheduler", *places, "--dashboard-address", "127.0.0.1:0")
        until(lambda: "Scheduler at:" in self.log("scheduler"))

    def worker(
        self, name: str, tags: str = "CPU=1", course: Path | None = None, **environment: str
    ) -> None:
        held = ["--nthreads", "1", "--name", name, "--no-dashboard"]
        held += ["--local-directory", str(self.folder / "scratch")]
        tagged = ["--resources", tags] if tags else []
        self._start("worker", self.address, *held, *tagged, name=name, course=course, **environment)

    def _start(
        self, what: str, *options: str, name: str = "", course: Path | None = None, **env: str
    ) -> None:
        with open(self.folder / f"{name or what}.log", "w") as log:
            self.processes[name or what] = subprocess.Popen(
                [sys.executable, DASK, what, *options], cwd=course or self.course, stdout=log,
                stderr=log, start_new_session=True, env={**os.environ, **env},
            )  # fmt: skip

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def kill(self, name: str) -> None:
        """Kill one and all that it has started, without a word."""
        process = self.processes.pop(name)
        with contextlib.suppress(psutil.NoSuchProcess):
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
        process.kill()
        process.wait()

    def end(self) -> None:
        for name in list(self.processes):
            self.kill(name)


class Grading:
    """``autograder grade --cluster`` in a copy of the class, and what it has said so far."""

    def __init__(self, course: Path, cluster: Cluster, *options: str) -> None:
        self.course, self.lines = course, list[str]()
        command = [
            sys.executable,
            "-m",
            "autograder.grading",
            "grade",
            "--results",
            "r.jsonl",
            *options,
        ]
        self.process = subprocess.Popen(
            [*command, "--cluster", cluster.address], cwd=course, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def said(self) -> str:
        return "".join(list(self.lines))

    def until(self, text: str) -> None:
        until(lambda: text in self.said or self.process.poll() is not None)
        assert text in self.said

    def end(self) -> int:
        status = self.process.wait(LONGEST)
        self._reader.join(LONGEST)
        return status


def until(true) -> None:
    deadline = time.monotonic() + LONGEST
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def elsewhere(undisturbed, tmp_path_factory) -> Path:
    """What a machine has on which workers run: the course, and nothing of the class."""
    folder = tmp_path_factory.mktemp("elsewhere") / "course"
    keep = shutil.ignore_patterns("submitted", "gradebook.db", ".autograder-seed", "_build")
    shutil.copytree(undisturbed.with_name("fresh"), folder, ignore=keep)
    return folder


@pytest.fixture
def cluster(tmp_path, elsewhere) -> Iterator[Cluster]:
    started = Cluster(tmp_path, elsewhere)
    try:
        started.scheduler()
        yield started
    finally:
        started.end()


@pytest.fixture
def course(undisturbed, tmp_path) -> Path:
    """The class, not yet graded."""
    return Path(shutil.copytree(undisturbed.with_name("fresh"), tmp_path / "course"))


def assert_as_undisturbed(course: Path, undisturbed: Path, grading: Grading) -> None:
    """Every submission was graded once, and all scores are those of the local run."""
    assert gradebook(course) == gradebook(undisturbed), grading.said
    mine, right = read(course / "r.jsonl"), read(undisturbed / "r.jsonl")
    assert list(map(without_seconds, mine)) == list(map(without_seconds, right))
    done = [line for line in grading.lines if line.startswith("[")]
    assert len(done) == len({result.student for result in right}), grading.said
    names = {p.relative_to(course) for p in course.glob("records/*/*/*.gz")}
    assert names == {p.relative_to(undisturbed) for p in undisturbed.glob("records/*/*/*.gz")}
    assert not list(course.glob(".grading-*"))


@pytest.mark.nightly
def test_a_cluster_gives_the_scores_of_the_local_run(cluster, course, undisturbed):
    cluster.worker("plain")
    cluster.worker("untagged", tags="")
    grading = Grading(course, cluster)
    assert grading.end() == 0, grading.said
    assert_as_undisturbed(course, undisturbed, grading)
    assert "runner plain" in grading.said
    dashboard = grading.said.partition("dashboard: ")[2].split()[0]
    with urlopen(dashboard) as page:
        assert "Dask" in page.read().decode()
    assert "untagged" in grading.said and "start it with --resources" in grading.said
    assert not (cluster.course / "submitted").exists()


def test_dask_is_imported_for_a_cluster_alone():
    names = ("cli", "whole_class.grade_command", "whole_class.classes", "whole_class.orders",
             "submissions.planning")  # fmt: skip
    modules = ", ".join(f"autograder.grading.{name}" for name in names)
    check = (
        f"import sys, {modules}; print([m for m in sys.modules if m in ('dask', 'distributed')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_worker_starts_its_process_and_is_answered(metrics, tmp_path, monkeypatch):
    """Without Dask between them; what differs is told before a sandbox is needed."""
    from autograder.grading.whole_class import dask_worker

    monkeypatch.chdir(metrics.root)
    here = SimpleNamespace(local_directory=str(tmp_path))
    monkeypatch.setattr(dask_worker, "get_worker", lambda: here)
    other = replace(expected(metrics, metrics.names([])), engine="another")
    try:
        assert dask_worker.examine(other, []) == "its autograder is of another version"
    finally:
        for held in dask_worker._held:
            held.connection.close()
            held.process.wait(LONGEST)
        dask_worker._held.clear()


def test_what_needs_no_gpu_leaves_them_to_the_others():
    from autograder.grading.whole_class.fleet import Fleet  # and Dask, which is slow to import

    fleet = Fleet(None, None, None)
    fleet.runners = {"a": {"CPU": 2}, "b": {"GPU": 1}, "c": {"CPU": 4, "GPU": 2}}
    assert [fleet.kind_for(device) for device in ("cpu", "cuda")] == ["CPU", "GPU"]
    assert [fleet.slots(device) for device in ("cpu", "cuda")] == [6, 3]
    assert fleet.runners_of("GPU") == {"b", "c"} and fleet.runners_of("CPU") == {"a", "c"}
    fleet.runners = {"b": {"GPU": 1}}  # there is no other
    assert (fleet.kind_for("cpu"), fleet.slots("cpu")) == ("GPU", 1)


@pytest.mark.nightly
def test_without_a_scheduler_nothing_begins(course):
    done = autograder(course, "grade", "--cluster", "tcp://127.0.0.1:1", check=False)
    assert done.returncode == 2
    assert "no scheduler answers at tcp://127.0.0.1:1" in done.stderr
    assert not list(course.glob("records/*/*/*"))


# ---- what goes wrong on the way


def slow(course: Path, students: int) -> None:
    """More students in a class, whose notebooks take a while."""
    import nbformat

    for k in range(students):
        place = shutil.copytree(
            course / "submitted" / "perfect", course / "submitted" / f"slow-{k}"
        )
        path = place / "metrics" / "metrics.ipynb"
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(SLOW))
        nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def slow_class(undisturbed, tmp_path_factory) -> Path:
    """A class that takes its time: graded, and beside it not yet."""
    folder = tmp_path_factory.mktemp("slow") / "course"
    shutil.copytree(undisturbed.with_name("fresh"), folder)
    slow(folder, 5)
    shutil.copytree(folder, folder.with_name("fresh"))
    autograder(folder, "grade", "--results", "r.jsonl")
    return folder


@pytest.fixture
def slowly(slow_class, tmp_path) -> Path:
    return Path(shutil.copytree(slow_class.with_name("fresh"), tmp_path / "slowly"))


@pytest.mark.nightly
@pytest.mark.parametrize("whole", [True, False])
def test_a_worker_that_is_killed_loses_nothing(cluster, slowly, slow_class, whole):
    """Its machine is lost, or its process alone, which Dask starts anew."""
    cluster.worker("first")
    cluster.worker("second")
    grading = Grading(slowly, cluster)
    grading.until("runner first")
    grading.until("runner second")
    grading.until("] metrics slow-0")
    if whole:
        cluster.kill("first")
    else:
        nanny = psutil.Process(cluster.processes["first"].pid)
        workers = [p for p in nanny.children(recursive=True) if "spawn_main" in str(p.cmdline())]
        assert workers
        for worker in workers:
            worker.kill()
    assert grading.end() == 0, grading.said
    assert "runner first" in grading.said.split("is gone")[0]
    assert "is gone" in grading.said
    assert_as_undisturbed(slowly, slow_class, grading)


@pytest.mark.nightly
def test_a_scheduler_that_is_started_anew_goes_on(cluster, slowly, slow_class):
    cluster.worker("first")
    grading = Grading(slowly, cluster)
    grading.until("] metrics slow-0")
    cluster.kill("scheduler")
    grading.until("scheduler is gone")
    until(lambda: cluster.processes["first"].poll() is not None)  # Dask ends it, too
    cluster.scheduler()
    cluster.worker("again")
    assert grading.end() == 0, grading.said
    assert_as_undisturbed(slowly, slow_class, grading)


@pytest.mark.nightly
def test_a_worker_that_joins_late_takes_part(cluster, slowly, slow_class):
    grading = Grading(slowly, cluster)
    grading.until("no runner is there yet")
    cluster.worker("first")
    grading.until("] metrics slow-0")
    cluster.worker("late")
    grading.until("runner late")
    cluster.kill("first")
    assert grading.end() == 0, grading.said
    assert_as_undisturbed(slowly, slow_class, grading)


@pytest.mark.nightly
def test_who_is_not_fit_is_refused_with_the_reason(cluster, course, undisturbed, tmp_path):
    other = shutil.copytree(cluster.course, tmp_path / "other")
    with open(other / "assignments" / "metrics" / "exercises" / "top_k_accuracy.py", "a") as file:
        file.write("\nMORE = 1\n")
    engine = tmp_path / "engine"
    shutil.copytree(ROOT / "autograder", engine / "autograder")
    with open(engine / "autograder" / "judge.py", "a") as file:
        file.write("\nMORE = 1\n")
    cluster.worker("changed", course=other)
    cluster.worker("old", PYTHONPATH=str(engine))
    cluster.worker("bare", PATH=str(Path(sys.executable).parent))
    cluster.worker("lost", course=tmp_path)
    cluster.worker("no-gpu", tags="GPU=1")
    cluster.worker("good")
    grading = Grading(course, cluster)
    assert grading.end() == 0, grading.said
    assert_as_undisturbed(course, undisturbed, grading)
    refused = {
        line.split()[2]: line.partition("refused: ")[2]
        for line in grading.lines
        if "refused: " in line
    }
    assert "its metrics is of another version" in refused["changed"]
    assert "its autograder is of another version" in refused["old"]
    assert "bubblewrap" in refused["bare"]
    assert "nbgrader_config.py" in refused["lost"]
    assert "CUDA" in refused["no-gpu"]
    assert set(refused) == {"changed", "old", "bare", "lost", "no-gpu"}
    assert "old" in (course / "autograder.log").read_text()


@pytest.mark.nightly
def test_ctrl_c_ends_it_and_the_next_one_goes_on(cluster, slowly, slow_class):
    cluster.worker("first")
    grading = Grading(slowly, cluster)
    grading.until("] metrics slow-0")
    began = time.monotonic()
    grading.process.send_signal(signal.SIGINT)
    assert grading.end() == 130, grading.said
    assert time.monotonic() - began < 15  # two, where nothing else runs
    done = autograder(slowly, "grade", "--results", "r.jsonl", "--cluster", cluster.address)
    assert gradebook(slowly) == gradebook(slow_class), done.stdout
    assert "ungraded" not in done.stdout


@pytest.mark.nightly
def test_without_a_runner_it_does_not_wait_for_ever(cluster, course):
    from autograder.grading.course import Course, GradingImpossible
    from autograder.grading.whole_class.dask_link import Link
    from autograder.grading.whole_class.orders import expected

    link = Link(cluster.address, patience=2.0)
    began = time.monotonic()
    with pytest.raises(GradingImpossible, match="no runner for"):
        link.open(expected(Course(course), ["metrics"]), None)
    assert 2.0 < time.monotonic() - began < LONGEST
    link.end()
