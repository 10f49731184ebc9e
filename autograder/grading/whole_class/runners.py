"""Where submissions are run: the seam between a class's grading and the machines that it has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from traitlets.config import Config

from autograder.grading.course import Course
from autograder.grading.recording.graded import Work
from autograder.grading.storage.jobs import Job
from autograder.grading.submissions import TASKS
from autograder.grading.submissions.pool import Pool


class Runners(Protocol):
    """What runs submissions, beside the pool of this machine, which judges them."""

    @property
    def busy(self) -> bool:
        """Whether something is done, here or there, or waits to be."""

    def prepare(self, names: list[str]) -> None:
        """Be ready for these assignments; the class's configuration is told where each will run."""

    def start(self, jobs: list[Job], work: Work) -> None:
        """Have submissions run and judged; the answers are Graded, or exceptions."""

    def answers(self) -> Iterator[tuple[Any, Any]]:
        """As ``Pool.answers``, with those of the pool among them."""


@dataclass
class Here:
    """This machine's cores, or its GPU: whoever judges a submission runs it."""

    pool: Pool
    course: Course
    config: Config

    @property
    def busy(self) -> bool:
        return self.pool.busy

    def prepare(self, names: list[str]) -> None:
        """A kernel is tried when it is known that there is something to run."""

    def start(self, jobs: list[Job], work: Work) -> None:
        """Raises SandboxMissing where no kernel starts."""
        if jobs:
            first = jobs[0].assignment
            kernel = f"{TASKS}.planning.require_kernel"
            # each worker's sandbox is there when its first submission comes
            self.pool.call_side_by_side(len(jobs), kernel, self.course, first)
        run = f"{TASKS}.grade.run_and_judge"
        for job in jobs:
            self.pool.add(job, run, self.course, self.config, job, work)

    def answers(self) -> Iterator[tuple[Any, Any]]:
        return self.pool.answers()
