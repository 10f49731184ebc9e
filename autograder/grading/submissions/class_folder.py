"""The folder of a class: its configuration, its log, what may lie there and what has to."""

import contextlib
import logging
import os
import shutil
import sqlite3
from pathlib import Path

import psutil
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.grading.course import Course, CourseError
from autograder.grading.recording import deadlines
from autograder.grading.running.sandbox import MEGABYTE
from autograder.grading.storage import records
from autograder.grading.storage.staging import STEPS

LOG = "autograder.log"
KEPT = (LOG, records.FOLDER, *STEPS)  # what all who grade a class write to
STAGING = ".grading-"  # what a folder begins with in which a submission is being graded
LEAST_DISK = 200 * MEGABYTE


def class_config(course: Course, submissions: Path, device: str) -> Config:
    """nbgrader's configuration for the class whose submissions lie in a folder."""
    class_folder = submissions.resolve().parent
    config = course.config(class_folder)
    folders = config.CourseDirectory
    folders.submitted_directory = submissions.name
    if "db_url" not in folders:
        folders.db_url = f"sqlite:///{class_folder / 'gradebook.db'}"
    if "course_id" not in folders:
        folders.course_id = ""
    if (said := deadlines.find([class_folder, course.root])) is not None:
        config.LatePenalty.file = str(said)
    config.RunSubmission.device = device
    config.Exporter.optimistic_validation = True  # of the notebook: once, and not after every step
    config.RunSubmission.class_folder = str(class_folder)
    return config


def log_handler(log: Path) -> logging.Handler:
    """What writes the log of a class, from the command and from its workers."""
    handler = logging.FileHandler(log, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    return handler


def clear_up(class_folder: Path) -> None:
    """Remove what graders left that were killed, and nothing of one that still runs."""
    for folder in class_folder.glob(f"{STAGING}*"):
        process = folder.name.removeprefix(STAGING).partition("-")[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def require_writable(folder: Path) -> str:
    """Whether results can be kept in a folder; raises CourseError with what to do."""
    for place in (folder, *(path for name in KEPT if (path := folder / name).exists())):
        if not os.access(place, os.W_OK | os.X_OK * place.is_dir()):
            raise CourseError(f"{place} can't be written to: grading keeps its results there")
    if (free := shutil.disk_usage(folder).free) < LEAST_DISK:
        raise CourseError(f"only {free // MEGABYTE} MB are free in {folder}: make room")
    return f"{folder}, {free // MEGABYTE} MB free"


def require_gradebook(config: Config) -> str:
    """Whether the gradebook, if there is one, can be written; raises CourseError with what to do."""
    url = make_url(config.CourseDirectory.db_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        if not config.CourseDirectory.course_id:  # SQLite overlooks that there is no such course
            raise CourseError(
                f"a gradebook in {url.get_backend_name()} needs c.CourseDirectory.course_id in "
                "nbgrader_config.py: give the course a name there"
            )
        return _reached(url)
    path = Path(url.database)
    if not path.exists():
        return "none yet: made at the first grading"
    if not os.access(path, os.W_OK):
        raise CourseError(f"{path} can't be written to: check its permissions")
    if not _is_sqlite(path):
        raise CourseError(f"{path} is no gradebook: put it away, or bring back a copy")
    return str(path)


def _is_sqlite(path: Path) -> bool:
    """Whether a file's tables can be listed; of one that is locked that is taken for granted."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        if file.read(16) not in (b"", b"SQLite format 3\0"):
            return False
    with contextlib.closing(
        sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", 0, uri=True)
    ) as book:
        try:
            book.execute("SELECT name FROM sqlite_master").fetchall()
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False
    return True


def _reached(url: URL) -> str:
    """Whether a database of a server's answers; raises CourseError if not."""
    shown = url.render_as_string()  # without the password
    try:
        engine = create_engine(url)
        engine.connect().close()
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        why = " ".join(str(error).split("(Background")[0].split())[:300]
        raise CourseError(f"the gradebook at {shown} can't be reached: {why}") from None
    return f"{shown}, reached"
