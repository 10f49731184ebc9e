"""``autograder doctor``: what it looks at, and what it says where something is missing."""

import itertools
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from traitlets.config import Config

from autograder.grading.course import Course, CourseError
from autograder.grading.releasing.handout import engine
from autograder.grading.running import sandbox
from autograder.grading.submissions import class_folder, doctor
from tests.answers import ROOT
from tests.course import autograder


def test_where_all_is_there_everything_is_fine(metrics):
    done = autograder(metrics.root, "doctor")
    lines = done.stdout.splitlines()
    assert len(lines) >= 9 and all(line.startswith("ok  ") for line in lines), done.stdout
    for what in ("versions", "bubblewrap", "gradebook", "seed", "two kernels in a row", "CUDA"):
        assert any(line[4:].startswith(what) for line in lines)
    assert "release of metrics" in lines[-1]


def test_what_is_missing_is_said_with_what_to_do(metrics, tmp_path):
    folder = tmp_path / "course"
    shutil.copytree(metrics.root, folder, ignore=shutil.ignore_patterns("gradebook.db"))
    (folder / "gradebook.db").write_text("no database")
    source = folder / "solutions" / "metrics" / "metrics.md"
    source.write_text(source.read_text().replace("Return the share", "Give back the share"))
    done = subprocess.run(
        [sys.executable, "-m", "autograder.grading", "doctor"],
        cwd=folder, env={**os.environ, "PATH": str(Path(sys.executable).parent)},
        capture_output=True, text=True,
    )  # fmt: skip
    missing = [line for line in done.stdout.splitlines() if line.startswith("!!")]
    assert done.returncode == 2 and len(missing) == 4, done.stdout + done.stderr
    assert "apt install bubblewrap" in missing[0]
    assert "gradebook.db is no gradebook" in missing[1]
    assert missing[2].startswith("!!  two kernels in a row")
    assert missing[3].endswith("it is not what its source makes: autograder release metrics")


@pytest.mark.parametrize("fails", [True, False])
def test_where_no_namespace_can_be_made_it_says_how_to_allow_it(tmp_path, monkeypatch, fails):
    said = "setting up uid map: Permission denied"  # what Ubuntu's AppArmor makes of it
    ends = f"echo bwrap: {said} >&2; exit 1" if fails else "exit 0"
    (tmp_path / "bwrap").write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec echo 0.9\n{ends}\n')
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    config = Config({"CourseDirectory": {"root": str(tmp_path)}})
    looked_at = doctor.examine(Course(tmp_path), config, "cpu")
    (found,) = itertools.islice(looked_at, 1, 2)
    assert (found.what, found.fine) == ("bubblewrap", not fails)
    if fails:
        assert said in found.says and doctor.ALLOW_NAMESPACES in found.says
    workflow = (ROOT / ".github" / "workflows" / "course.yml").read_text()
    assert f"- run: {doctor.ALLOW_NAMESPACES}\n" in workflow  # what is known to help


@pytest.mark.parametrize("name", [".", "autograder.log", "records", "autograded", "feedback"])
def test_what_somebody_else_keeps_to_themselves_is_said_before_grading(tmp_path, monkeypatch, name):
    for folder in ("records", "autograded", "feedback"):
        (tmp_path / folder).mkdir()
    (tmp_path / "autograder.log").touch()
    class_folder.require_writable(tmp_path)
    theirs = tmp_path / name  # root, who may run the tests, may write anywhere
    monkeypatch.setattr(class_folder.os, "access", lambda path, mode: path != theirs)
    with pytest.raises(CourseError, match=f"{theirs} can't be written to"):
        class_folder.require_writable(tmp_path)


@contextmanager
def every_sandbox_killed(after: float):
    """Kills each sandbox of this process so many seconds after it was first seen."""
    over, seen = threading.Event(), set[int]()

    def kill() -> None:
        while not over.wait(0.05):
            for process in psutil.Process().children(recursive=True):
                if process.name() == "bwrap" and process.pid not in seen:
                    seen.add(process.pid)
                    threading.Timer(after, process.kill).start()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


@pytest.mark.parametrize("after", [0.0, 0.5, 1.5])
def test_a_trial_kernel_that_somebody_kills_is_a_reason_not_a_traceback(after):
    sandbox.forget()
    with every_sandbox_killed(after), pytest.raises(sandbox.SandboxMissing):
        doctor.require_kernel(engine())
