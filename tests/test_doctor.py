"""``autograder doctor``: what it looks at, and what it says where something is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading.course import CourseError
from autograder.grading.submissions import class_folder
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
        [sys.executable, "-m", "autograder", "doctor"],
        cwd=folder, env={**os.environ, "PATH": str(Path(sys.executable).parent)},
        capture_output=True, text=True,
    )  # fmt: skip
    missing = [line for line in done.stdout.splitlines() if line.startswith("!!")]
    assert done.returncode == 2 and len(missing) == 4, done.stdout + done.stderr
    assert "apt install bubblewrap" in missing[0]
    assert "gradebook.db is no gradebook" in missing[1]
    assert missing[2].startswith("!!  two kernels in a row")
    assert missing[3].endswith("it is not what its source makes: autograder release metrics")


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
