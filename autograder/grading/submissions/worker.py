"""What a worker process does: it serves tasks until the command ends, and takes its sandbox along."""

import contextlib
import ctypes
import logging
import os
import signal
import threading
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from pickle import PicklingError

from autograder.grading.course import GradingImpossible
from autograder.grading.running import sandbox
from autograder.grading.submissions.class_folder import log_handler

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of the C library's mallopt
LARGE = 2**20  # bytes
logger = logging.getLogger("autograder")


def serve(tasks: Connection, log: Path, core: int) -> None:
    """Do what is asked for, one thing after the other.

    It leaves Ctrl-C to the process that waits for it, keeps a log, and stays with its sandbox on a
    core of its own: a submission that is busy in a thousand threads takes nothing from its neighbors.
    """
    os.sched_setaffinity(0, {core})
    keep_nothing_large()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logger.addHandler(log_handler(log))
    while True:
        try:
            function, arguments = tasks.recv()
        except (EOFError, OSError):
            break
        try:
            module, _, name = function.rpartition(".")
            answer = getattr(import_module(module), name)(*arguments)
        except Exception as error:
            if not isinstance(error, GradingImpossible):  # that says itself what to do
                logger.exception("%s", function)  # what raised it does not travel
            answer = error
        try:
            tasks.send(answer)
        except (TypeError, AttributeError, PicklingError) as error:
            tasks.send(RuntimeError(f"{answer!r} can't be sent: {error}"))
    sandbox.forget()


def keep_nothing_large() -> None:
    """Have the C library give memory back that is no longer used.

    By itself it learns to keep blocks of the size that was freed last, and what a submission brings
    home is large: a worker grows from one to the next.
    """
    with contextlib.suppress(AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, LARGE)


def _end(number: int, frame: object) -> None:
    """End this worker and its sandbox at once, whatever it does."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would wait for the first
    sandbox.forget()
    os._exit(1)  # an exception would be taken for the answer


def _end_with_parent() -> None:
    """End this worker when the command has ended, however that came."""
    if (parent := parent_process()) is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
