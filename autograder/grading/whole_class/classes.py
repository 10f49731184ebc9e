"""Grades a class: submissions run and are judged side by side, and one process records them.

The command hands submissions to workers, records what comes back in batches, and has feedback
written for what was recorded. An entry in the ledger ends each submission: so whatever stops a
grading, the next one goes on from there.
"""

import contextlib
import logging
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from traitlets.config import Config

from autograder.grading.course import Course
from autograder.grading.judge.without_verdict import cause_of, ungraded
from autograder.grading.recording import gradebook
from autograder.grading.recording.graded import Graded, Work
from autograder.grading.storage import turns
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.results import Result
from autograder.grading.submissions import TASKS
from autograder.grading.submissions import class_folder as folders
from autograder.grading.submissions.pool import Pool
from autograder.grading.whole_class.runners import Here, Runners

BATCH = 25
SECONDS_A_BATCH = 1.0
Progress = Callable[[int, int, Job, list[Result]], None]
logger = logging.getLogger("autograder")
asked_to_stop: list[int] = []  # an exception that a signal raises in a destructor is lost


class Stopped(KeyboardInterrupt):
    """Somebody or something asked the command to stop; ``signal`` says how."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class ClassRun:
    """One grading of a class: what is done, and what waits to be recorded."""

    course: Course
    config: Config
    jobs: list[Job]
    pool: Pool
    runners: Runners
    progress: Progress
    unchanged: Callable[[list[Result]], None]
    results: dict[Job, list[Result]] = field(default_factory=dict)
    waiting: list[Graded] = field(default_factory=list)
    recorded: dict[Job, Graded] = field(default_factory=dict)
    since: float = 0.0

    def grade(self, work: Work) -> None:
        """Grade what is to be graded; ``results`` grows with everything that is done.

        Raises Stopped if it is asked to stop.
        """
        course, config, pool, runners = self.course, self.config, self.pool, self.runners
        names = list(dict.fromkeys(job.assignment for job in self.jobs))
        for note in pool.call(f"{TASKS}.planning.prepare", course, config, names):
            print(f"autograder: {note}", flush=True)
        runners.prepare(names)
        known = gradebook.recorded(config)
        plan = pool.call(f"{TASKS}.planning.make_plan", course, config, self.jobs, work, known)
        self.results |= plan.done
        self.unchanged([result for results in plan.done.values() for result in results])
        runners.start(plan.run, work)
        for job in plan.judge:
            pool.add(job, f"{TASKS}.grade.run_and_judge", course, config, job, work)
        while runners.busy or self.waiting:
            for job, answer in runners.answers():
                if asked_to_stop:
                    raise Stopped(asked_to_stop[0])
                if job is not None:
                    self._take(job, answer)
                if self.waiting and (
                    len(self.waiting) >= BATCH or time.monotonic() - self.since > SECONDS_A_BATCH
                ):
                    self._record()
            self._record()

    def _take(self, job: Job, answer: Graded | BaseException) -> None:
        if isinstance(answer, BaseException) and job in self.recorded:
            logger.error("%s %s: not put in its place: %s", job.assignment, job.student, answer)
            note = f"graded, but its notebook and feedback are not in their places: {answer}"
            self._done(job, self.recorded[job].with_notes([note]).results)
        elif isinstance(answer, BaseException):
            logger.error("%s %s: %s", job.assignment, job.student, answer)
            self._done(job, ungraded(self.course, job, str(answer)))
        elif answer.folder is None:  # it is in its place, or never was graded
            self._done(job, answer.results)
        else:
            if not self.waiting:
                self.since = time.monotonic()
            self.waiting.append(answer)

    def _record(self) -> None:
        """Record what waits; if that fails, one by one, so that each answers for itself."""
        batch, self.waiting = self.waiting, []
        try:
            self._record_together(batch)
        except Exception as error:
            logger.error("a batch of %d was not recorded: %s", len(batch), error)
            for graded in batch:
                self._record_alone(graded)

    def _record_together(self, batch: list[Graded]) -> None:
        if not batch:
            return
        said = gradebook.record(self.config, [graded.entry for graded in batch])
        for graded, notes in zip(batch, said, strict=True):
            job = graded.job
            for note in notes:
                logger.warning("%s %s: %s", job.assignment, job.student, note)
            self.recorded[job] = graded.with_notes(notes)
            self.pool.add_first(job, f"{TASKS}.grade.publish", self.config, self.recorded[job])

    def _record_alone(self, graded: Graded) -> None:
        try:
            self._record_together([graded])
        except Exception as error:
            job = graded.job
            logger.exception("%s %s: it was not recorded", job.assignment, job.student)
            assert graded.folder is not None
            shutil.rmtree(graded.folder, ignore_errors=True)
            self._done(job, ungraded(self.course, job, cause_of(error)))

    def _done(self, job: Job, results: list[Result]) -> None:
        self.results[job] = results
        self.progress(len(self.results), len(self.jobs), job, results)


def grade_class(
    course: Course,
    jobs: list[Job],
    submissions: Path,
    device: str,
    size: int,
    work: Work,
    progress: Progress,
    unchanged: Callable[[list[Result]], None],
    cluster: str,
) -> list[Result]:
    """Grade a class and return the results of all jobs, in their order.

    Scores go to the class's gradebook, graded notebooks and feedback beside ``submissions``, and
    what went wrong to ``autograder.log`` there. No submission stops the others. ``progress`` is told
    of each one as it is done, ``unchanged`` of all that need not be graded again. ``cluster`` is the
    address of a Dask scheduler whose workers run them, empty for this machine's. Raises
    GradingImpossible where none could be graded, and Stopped within two seconds after a signal to stop.
    """
    class_folder = submissions.resolve().parent
    config = folders.class_config(course, submissions, "cpu" if cluster else device)
    folders.require_writable(class_folder)
    folders.require_gradebook(config)
    log = class_folder / folders.LOG
    with turns.one_at_a_time(class_folder), _stoppable(), _logged(log):
        folders.clear_up(class_folder)
        try:
            with (
                Pool(max(1, min(size, len(jobs))), log) as pool,
                _runners(pool, course, config, device, cluster) as runners,
            ):
                run = ClassRun(course, config, jobs, pool, runners, progress, unchanged)
                run.grade(work)
        finally:
            folders.clear_up(class_folder)
    return [result for job in jobs for result in run.results[job]]


@contextlib.contextmanager
def _runners(
    pool: Pool, course: Course, config: Config, device: str, cluster: str
) -> Iterator[Runners]:
    if not cluster:
        yield Here(pool, course, config)
        return
    # with Dask, which takes a second
    from autograder.grading.whole_class.cluster import Link, OnCluster

    link = Link(cluster)
    try:
        yield OnCluster(pool, course, config, device, link)
    finally:
        link.end()


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Raise Stopped at the first signal to stop, and heed no other: the end comes soon enough."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        asked_to_stop.append(number)
        raise Stopped(number)

    asked_to_stop.clear()
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each in before:
        signal.signal(each, stop)
    try:
        yield
    except Stopped:
        raise  # results are still to be written: nothing is heeded until the end
    except BaseException:
        _restore(before)
        raise
    else:
        _restore(before)


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for each, handler in handlers.items():
        signal.signal(each, handler)


@contextlib.contextmanager
def _logged(log: Path) -> Iterator[None]:
    handler = folders.log_handler(log)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
