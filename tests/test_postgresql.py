"""A gradebook in PostgreSQL, through nbgrader's ``db_url``: a server of Debian's, started here."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.course import autograder, gradebook, nbgrader

pytestmark = pytest.mark.nightly
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
NAME, ASSIGNMENT = "autograder", "metrics"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty database of a server that nobody but this machine reaches."""
    if not PROGRAMS:
        pytest.skip("there is no PostgreSQL server here: apt-get install postgresql")
    programs = PROGRAMS[-1].parent
    user = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", NAME, "-A", "trust", "-E", "UTF8", "--no-sync"],
        user=user, cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    process = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="],
        user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _create(folder, process)
        yield f"postgresql+psycopg://{NAME}@/{NAME}?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)  # clients that are still there are cut off
        process.wait(30)
        shutil.rmtree(folder)


def _create(folder: Path, process: subprocess.Popen) -> None:
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None and time.monotonic() < end, "the server does not start"
        try:
            with psycopg.connect(
                host=str(folder), user=NAME, dbname="postgres", autocommit=True
            ) as connection:
                connection.execute(f"CREATE DATABASE {NAME}")
                return
        except psycopg.OperationalError:
            time.sleep(0.2)


def plain(held: dict[str, list[str]]) -> dict[str, list[str]]:
    """SQLite has no booleans of its own."""
    words = {"True": "1", "False": "0"}
    return {
        table: sorted(
            ", ".join(words.get(v, v) for v in row.strip("()").split(", ")) for row in rows
        )
        for table, rows in held.items()
    }


def set_up(folder: Path, url: str) -> Path:
    """Have the gradebook of a course there; returns the course's settings."""
    settings = folder / "nbgrader_config.py"
    settings.write_text(
        f"{settings.read_text()}\nc.CourseDirectory.db_url = {url!r}\n"
        "c.CourseDirectory.course_id = 'a course'\n"
    )
    return settings


def test_a_class_has_the_scores_that_it_has_in_sqlite(undisturbed, server, tmp_path):
    folder = tmp_path / "course"
    shutil.copytree(undisturbed.with_name("fresh"), folder)
    set_up(folder, server)
    (folder / "gradebook.db").unlink(missing_ok=True)
    autograder(folder, "grade", "--results", "r.jsonl")
    assert not (folder / "gradebook.db").exists()
    right = plain(gradebook(undisturbed))
    assert right["scores"] and plain(gradebook(folder, server)) == right
    done = autograder(folder, "grade")
    assert "had not changed" in done.stdout
    autograder(folder, "grade", "--student", "perfect")
    assert plain(gradebook(folder, server)) == right
    nbgrader(folder, "autograde", ASSIGNMENT, "--student", "perfect", "--force")
    assert plain(gradebook(folder, server)) == right
    autograder(folder, "export", "--output", "scores.csv")
    autograder(undisturbed, "export", "--output", str(tmp_path / "right.csv"))
    assert (folder / "scores.csv").read_text() == (tmp_path / "right.csv").read_text()


def test_a_server_that_is_not_there_stops_the_command_with_a_reason(undisturbed, tmp_path):
    folder = tmp_path / "course"
    shutil.copytree(undisturbed.with_name("fresh"), folder)
    nowhere = f"postgresql+psycopg://{NAME}@/{NAME}?host={tmp_path}"
    settings = set_up(folder, nowhere)
    done = autograder(folder, "grade", check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "gradebook" in done.stderr and "Traceback" not in done.stderr
    settings.write_text(settings.read_text().replace("'a course'", "''"))
    done = autograder(folder, "grade", check=False)
    assert done.returncode == 2 and "needs c.CourseDirectory.course_id" in done.stderr
