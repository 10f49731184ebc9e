"""Worker processes that may die: each is replaced, and costs its own task one more try.

A task is a function's full name and its arguments: it is called in a worker, which does one at a
time, so that what the function needs is imported there alone.
"""

import contextlib
import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from autograder.grading.course import GradingImpossible
from autograder.grading.submissions import worker

TRIES = 2
SERVERS = 5  # that fork workers: somebody would have to kill one after the other
SECONDS_TO_END = 0.7
TICK = 0.5
WAITING = "nothing yet"


class WorkerDied(RuntimeError):
    """The process that did a task was killed, each time that it was tried."""


@dataclass
class Task:
    """What a worker is to do; ``of`` says whose work it is, to those who get the answer."""

    of: Any
    function: str
    arguments: tuple[Any, ...]
    tries: int = 0


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    core: int
    task: Task | None = None


@dataclass
class Pool:
    """Up to ``size`` workers, started as there is work for them."""

    size: int
    log: Path
    todo: deque[Task] = field(default_factory=deque)
    _workers: list[_Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._context = get_context("forkserver")
        there = sorted(os.sched_getaffinity(0))
        first = os.getpid() % len(there)  # so that two graders do not meet on one core
        self._cores = deque((there[first:] + there[:first]) * (self.size // len(there) + 1))

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()

    def add(self, of: Any, function: str, *arguments: Any) -> None:
        """Have a function called when a worker is free; its answer comes with what it is ``of``."""
        self.todo.append(Task(of, function, arguments))

    def add_first(self, of: Any, function: str, *arguments: Any) -> None:
        """The same, before all that waits."""
        self.todo.appendleft(Task(of, function, arguments))

    @property
    def busy(self) -> bool:
        """Whether something is done, or waits to be."""
        return bool(self.todo) or any(w.task for w in self._workers)

    def call(self, function: str, *arguments: Any) -> Any:
        """Have one thing done, and wait for it; raises what it raises, GradingImpossible if it can't be."""
        (answer,) = self._called(1, function, arguments)
        return answer

    def call_side_by_side(self, workers: int, function: str, *arguments: Any) -> None:
        """Have so many workers do it, or all that there may be, and wait; raises what one raises."""
        self._called(min(workers, self.size), function, arguments)

    def _called(self, times: int, function: str, arguments: tuple[Any, ...]) -> list[Any]:
        for _ in range(times):
            self.add_first(None, function, *arguments)
        said = (answer for _, answer in self.answers() if answer is not WAITING)
        answers = list(islice(said, times))
        for error in (answer for answer in answers if isinstance(answer, BaseException)):
            if isinstance(error, WorkerDied):  # what all submissions need was to be done
                raise GradingImpossible(f"{function}: {error}")
            raise error
        return answers

    def answers(self) -> Iterator[tuple[Any, Any]]:
        """What comes back, as it comes, until nothing is left to be done: of whom, and the answer.

        An exception is an answer too: what was raised, or WorkerDied. More work may be added meanwhile.
        While nothing comes, (None, WAITING) is said from time to time.
        """
        while self.busy:
            self._hand_out()
            busy = [w for w in self._workers if w.task is not None]
            ready = wait([w.connection for w in busy], TICK)
            if not ready:
                yield None, WAITING
            for one in (w for w in busy if w.connection in ready):
                task = one.task
                assert task is not None
                try:
                    answer = one.connection.recv()
                    one.task = None
                except (EOFError, OSError):
                    self._bury(one)
                    if task.tries < TRIES:
                        self.todo.appendleft(task)
                        continue
                    answer = WorkerDied("its process was killed each time that it was tried")
                yield task.of, answer

    def _hand_out(self) -> None:
        idle = deque(w for w in self._workers if w.task is None)
        while self.todo and (idle or len(self._workers) < self.size):
            one = idle.popleft() if idle else self._start()
            task = self.todo.popleft()
            task.tries += 1
            one.task = task
            with contextlib.suppress(OSError):  # it is dead, as the answer will say
                one.connection.send((task.function, task.arguments))

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        core = self._cores.popleft()
        process = self._context.Process(target=worker.serve, args=(theirs, self.log, core))
        _forked(process)
        theirs.close()
        started = _Worker(process, ours, core)
        self._workers.append(started)
        return started

    def _bury(self, one: _Worker) -> None:
        self._workers.remove(one)
        self._cores.appendleft(one.core)
        one.connection.close()
        one.process.kill()
        one.process.join(SECONDS_TO_END)

    def end(self) -> None:
        """End all workers and their sandboxes: at once, whatever they do."""
        self.todo.clear()
        for one in self._workers:
            one.process.terminate()
        deadline = time.monotonic() + SECONDS_TO_END
        for one in self._workers:
            one.process.join(max(0.0, deadline - time.monotonic()))
            one.process.kill()
            one.connection.close()
        self._workers.clear()


def _forked(process: BaseProcess) -> None:
    """Start a process: again if the server that forks it is killed meanwhile, which then is another.

    Raises GradingImpossible if that happens each time.
    """
    for _ in range(SERVERS):
        try:
            return process.start()
        except (EOFError, OSError) as error:
            why = error
            time.sleep(TICK)  # until the system knows that it is gone
    raise GradingImpossible(
        f"no worker process starts here ({str(why) or type(why).__name__})"
    ) from why
