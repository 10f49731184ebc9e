"""Whose turn it is: a class has one writer, and who comes meanwhile waits, or is told to."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

LOCK = ".grading.lock"
AT_WORK = "autograder is at work on this class: wait until it has ended, and type the same again"


@contextlib.contextmanager
def one_at_a_time(class_folder: Path) -> Iterator[None]:
    """Wait for another command that changes the class to end, and say so: a class has one writer."""
    lock = FileLock(class_folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("autograder: waiting for another grading of this class to end", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def among_others(class_folder: Path) -> Iterator[None]:
    """Keep whoever wants to be alone waiting; raises BlockingIOError where somebody is."""
    file = os.open(class_folder / LOCK, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        os.close(file)


class Polite:
    """Mixin for the exporters of stock nbgrader's steps: none of them runs while ``grade`` does.

    Both would write to the same folders. ``grade`` has these steps done in folders of its own. It is
    a method of the step that is wrapped: nbgrader asks its hooks when it has removed what was there
    before, and passes over what they raise.
    """

    parent: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        converter = self.parent
        if not hasattr(converter, "convert_notebooks"):
            return
        convert = converter.convert_notebooks

        def politely() -> None:
            from nbgrader.converters.base import NbGraderException

            try:
                with among_others(Path(converter.coursedir.root)):
                    convert()
            except BlockingIOError:
                converter.log.error(AT_WORK)
                raise NbGraderException(AT_WORK) from None

        converter.convert_notebooks = politely  # what it calls next: the whole of its work
