"""Looks at what grading needs, and says what to do where it is missing."""

import os
import shutil
from pathlib import Path

from sqlalchemy.engine import make_url
from traitlets.config import Config

from autograder.grading import sandbox
from autograder.grading.course import CourseError
from autograder.grading.handout import Handout
from autograder.grading.session import KernelNotStarted, Session

LEAST_DISK = 200 * 2**20


def require_folders(config: Config) -> None:
    """Whether results can be kept; raises CourseError with what to do."""
    folder = Path(config.CourseDirectory.root)
    _require_writable(folder)
    _require_gradebook(config)


def _require_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CourseError(f"{folder} can't be written to: grading keeps its results there")
    if (free := shutil.disk_usage(folder).free) < LEAST_DISK:
        raise CourseError(f"only {free // 2**20} MB are free in {folder}: make room")


def _require_gradebook(config: Config) -> None:
    """Whether a gradebook that is there can be written and is one."""
    url = make_url(config.CourseDirectory.db_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    path = Path(url.database)
    if not path.exists():
        return
    if not os.access(path, os.W_OK):
        raise CourseError(f"{path} can't be written to: check its permissions")
    with open(path, "rb") as file:
        begins = file.read(16)
    if begins not in (b"", b"SQLite format 3\0"):
        raise CourseError(f"{path} is no gradebook: put it away, or bring back a copy")


def require_kernel(handout: Handout) -> None:
    """Whether a kernel starts in the sandbox and finds torch; raises SandboxMissing if not."""
    try:
        with Session(handout) as session:
            session.run("import torch", sandbox.START_SECONDS)
    except KernelNotStarted as error:
        raise sandbox.SandboxMissing(f"no kernel starts in the sandbox: {error}") from None
