"""A runner's process: it runs a submission that came as bytes, and returns its record.

It holds a course of its own, of the same version, in the folder that it was started in, and runs one
submission at a time. It judges nothing, and keeps nothing but a gradebook without students, from
which nbgrader takes the release's cells.
"""

import logging
import os
import shutil
import tempfile
import threading
import time
import zlib
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from traitlets import Unicode
from traitlets.config import Config

from autograder.grading.course import Course, GradingImpossible
from autograder.grading.judge.without_verdict import cause_of
from autograder.grading.running import sandbox
from autograder.grading.running.cuda import cuda_is_available
from autograder.grading.running.execution import RunSubmission
from autograder.grading.storage import records
from autograder.grading.storage.jobs import Job
from autograder.grading.submissions import planning, steps
from autograder.grading.submissions.class_folder import STAGING, class_config
from autograder.grading.submissions.grade import TRIES, staged_config
from autograder.grading.whole_class.orders import Expected, Order, difference, expected

NOBODY = "student"  # runners are told no names
logger = logging.getLogger("autograder")
PARENT_SECONDS = 0.5
fit: set[Expected] = set()


class Refused(RuntimeError):
    """A worker can't run what it is asked to; the message says why."""


class NotRun(RuntimeError):
    """A submission could not be run, each time that it was tried: the grader's fault."""


class RunOnly(RunSubmission):
    """nbgrader preprocessor, in its place on a runner: writes the record, judges nothing."""

    seed = Unicode(help="The class's seed, which came with the submission.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        course, place = Course.of(CourseDirectory(parent=self)), resources["metadata"]["path"]
        record, _ = self._run(course, resources["nbgrader"]["assignment"], nb, Path(place))
        records.write(Path(self.record_to_write), record)
        return nb, resources

    def _class_seed(self) -> str:
        return self.seed


def serve(descriptor: int, folder: str, parent: int) -> None:
    """Do what is asked for, one thing after the other, in the main thread: only there can what
    takes too long be stopped."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    tasks, class_folder = Connection(descriptor), Path(folder)
    while True:
        try:
            task = tasks.recv()
        except (EOFError, OSError):
            break
        answer: object
        try:
            answer = run(class_folder, *task) if isinstance(task[0], Order) else examine(*task)
        except Exception as error:
            answer = error
        tasks.send(answer)
    sandbox.forget()


def _end_with(parent: int) -> None:
    """End this process when the worker has ended that it belongs to, however that came."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    sandbox.forget()
    os._exit(1)


def run(class_folder: Path, order: Order, wanted: Expected) -> bytes:
    """The record of a submission; raises Refused or NotRun."""
    kinds = ["GPU"] if order.device == "cuda" else []
    if wanted not in fit and (reason := examine(wanted, kinds)):  # this process is a new one
        raise Refused(reason)
    for attempt in range(1, TRIES + 1):
        try:
            return _run(class_folder, order)
        except Exception as error:
            cause = cause_of(error)
            logger.error("try %d of %d: %s", attempt, TRIES, cause)
            sandbox.forget()
    raise NotRun(cause)


def examine(wanted: Expected, kinds: list[str]) -> str:
    """Why this worker can't run submissions for who asks; nothing if it can."""
    try:
        course = _course()
        reason = difference(wanted, expected(course, course.names(wanted.names)))
        if not reason and "GPU" in kinds and not cuda_is_available():
            reason = "it is tagged GPU, but torch finds no CUDA device there"
        if not reason:
            planning.require_kernel(course, wanted.names[0])
            fit.add(wanted)
    except (GradingImpossible, OSError, RuntimeError) as error:
        reason = cause_of(error)
    return reason


@cache
def _course() -> Course:
    return Course.find(Path.cwd())


@cache
def _prepared(folder: Path, assignment: str) -> Config:
    """The configuration of a class without students, for one assignment."""
    course = _course()
    config = class_config(course, folder / "submitted", "cpu")
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    planning.prepare(course, config, [assignment])
    return config


def _run(folder: Path, order: Order) -> bytes:
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    config = _prepared(folder, order.assignment)
    root = Path(tempfile.mkdtemp(prefix=f"{STAGING}{os.getpid()}-", dir=folder))
    try:
        job = Job(order.assignment, NOBODY, root / "submitted" / NOBODY / order.assignment)
        for place, content in order.files:
            path = job.folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(zlib.decompress(content))
        staged = staged_config(config, root, order.left_out)
        staged.RunSubmission.update(order.limits)
        staged.RunSubmission.device = order.device
        staged.RunSubmission.record_to_write = str(root / "record")
        staged.RunOnly.seed = order.seed
        steps.run(staged, job, RunOnly)
        return (root / "record").read_bytes()
    finally:
        shutil.rmtree(root, ignore_errors=True)
