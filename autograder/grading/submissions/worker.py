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

logger = logging.getLogger("autograder")


def serve(tasks: Connection, log: Path, core: int) -> None:
    """Do what is asked for, one thing after the other.

    It leaves Ctrl-C to the process that waits for it, keeps a log, and stays with its sandbox on a
    core of its own: a submission that is busy in a thousand threads takes nothing from its neighbors.
    """
    os.sched_setaffinity(0, {core})
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
        del answer
        give_memory_back()
    sandbox.forget()


def give_memory_back() -> None:
    """Have the C library give back what it keeps: what a submission brings home is large.

    To keep nothing from the beginning (mallopt) takes networks twice the time.
    """
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


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
