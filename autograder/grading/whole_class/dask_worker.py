"""What Dask calls on a worker: it is passed on to a process of the worker's own (``runner``).

Dask calls it in a thread, where nothing that takes too long can be stopped; and what kills that
process costs a try, not the worker.
"""

import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from os import getpid
from typing import Any

from distributed import get_worker

from autograder.grading.whole_class.orders import Expected, Order
from autograder.grading.whole_class.runner import NotRun, Refused, serve

TRIES = 2
START = f"from {serve.__module__} import serve; serve({{}}, {{!r}}, {{}})"
one_at_a_time = threading.Lock()


class RefusedBy(RuntimeError):
    """A worker can't run what it is asked to: its address, and the reason."""


@dataclass
class _Process:
    process: subprocess.Popen
    connection: Connection


_held: list[_Process] = []  # one at most


def examine(wanted: Expected, kinds: list[str]) -> str:
    """Why this worker can't run submissions for who asks; nothing if it can."""
    return _answer(wanted, kinds)


def run(order: Order, wanted: Expected) -> bytes:
    """The record of a submission; raises RefusedBy or NotRun."""
    try:
        return _answer(order, wanted)
    except Refused as refused:
        raise RefusedBy(get_worker().address, str(refused)) from None


def _answer(*task: Any) -> Any:
    """What the process says to a task; raises what it raises."""
    with one_at_a_time:
        for _ in range(TRIES):
            held = _held[0] if _held else _start()
            try:
                held.connection.send(task)
                answer = held.connection.recv()
                break
            except (EOFError, OSError):
                _held.remove(held)
                held.connection.close()
                held.process.kill()
                held.process.wait()
        else:
            raise NotRun("its process was killed each time that it was tried")
    if isinstance(answer, Exception):
        raise answer
    return answer


def _start() -> _Process:
    ours, theirs = Pipe()
    folder = tempfile.mkdtemp(prefix="autograder-", dir=get_worker().local_directory)
    command = START.format(theirs.fileno(), folder, getpid())
    process = subprocess.Popen([sys.executable, "-c", command], pass_fds=[theirs.fileno()])
    theirs.close()
    _held.append(_Process(process, ours))
    return _held[0]
