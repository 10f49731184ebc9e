"""Runs submissions on a Dask cluster: orders go out as bytes, records come back, all else stays here.

This machine's pool packs submissions, a few more than runners can take at a time, and judges the
records. ``dask_link`` speaks with the cluster, in a thread of its own.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from traitlets.config import Config

from autograder.grading.course import Course
from autograder.grading.recording.graded import Work
from autograder.grading.storage.jobs import Job
from autograder.grading.submissions.pool import TICK, WAITING, Pool
from autograder.grading.whole_class.dask_link import Link
from autograder.grading.whole_class.orders import Order

ORDERS = Order.__module__  # whose functions the pool calls
AHEAD = 2  # orders for each place at a runner: while one is done, the next one waits there


@dataclass
class OnCluster:
    """The runners of a cluster: torch exercises go to its GPUs, where it has any."""

    pool: Pool
    course: Course
    config: Config
    device: str
    link: Link
    _todo: dict[str, deque[Job]] = field(default_factory=dict)  # by device
    _packing: set[Job] = field(default_factory=set)
    _running: dict[Job, str] = field(default_factory=dict)  # the record's name

    @property
    def busy(self) -> bool:
        return self.pool.busy or bool(self._running) or any(self._todo.values())

    def prepare(self, names: list[str]) -> None:
        """Look at the runners that there are; raises GradingImpossible if none comes."""
        wanted = self.pool.call(f"{ORDERS}.expected", self.course, names)
        for_gpu = wanted.on_device if self.device != "cpu" else frozenset()
        kinds = self.link.open(wanted, "GPU" if for_gpu and self.device == "cuda" else None)
        self.config.RunSubmission.devices = {
            name: "cuda" if name in for_gpu and "GPU" in kinds else "cpu" for name in names
        }

    def start(self, jobs: list[Job], work: Work) -> None:
        for job in jobs:
            self._todo.setdefault(self._device(job), deque()).append(job)

    def _device(self, job: Job) -> str:
        return self.config.RunSubmission.devices[job.assignment]

    def answers(self) -> Iterator[tuple[Any, Any]]:
        """Raises GradingImpossible if there is nobody left who could run what is to be run."""
        while self.busy:
            yield from self._exchange()
            for job, answer in self.pool.answers():
                self._packing.discard(job)
                if isinstance(answer, Order):
                    self._running[job] = answer.record
                    self.link.hand(job, answer)
                else:
                    yield job, answer
                yield from self._exchange()
            if self.busy:
                self.link.wait(TICK)
                yield None, WAITING

    def _exchange(self) -> Iterator[tuple[Any, Any]]:
        """Have submissions packed that runners have room for, and judged what has come back.

        What could not be run is an answer at once.
        """
        self.link.devices = {device for device, jobs in self._todo.items() if jobs}
        for device in self.link.devices:
            jobs, held = self._todo[device], [*self._packing, *self._running]
            there = sum(1 for job in held if self._device(job) == device)
            for _ in range(min(len(jobs), AHEAD * self.link.slots(device) - there)):
                job = jobs.popleft()
                self._packing.add(job)
                self.pool.add_first(job, f"{ORDERS}.pack", self.course, self.config, job)
        for job, record in self.link.answers():
            judge, name = f"{ORDERS}.judge", self._running.pop(job)
            if isinstance(record, Exception):
                yield job, record
                continue
            self.pool.add(job, judge, self.course, self.config, job, name, record)
