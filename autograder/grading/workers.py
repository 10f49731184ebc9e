"""Grades a class: several submissions at a time, each in a process that may die without harm."""

import contextlib
import logging
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from itertools import cycle, islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import psutil
from filelock import FileLock
from traitlets.config import Config

from autograder.grading import doctor, sandbox
from autograder.grading.course import Course
from autograder.grading.execution import resolve_device
from autograder.grading.grade import STAGING, grade_submission, ungraded
from autograder.grading.handout import Handout, handout
from autograder.grading.jobs import Job
from autograder.grading.release import register
from autograder.grading.results import Result

LOG = "autograder.log"
SECONDS_TO_END = 3.0
ROUNDS = 3  # in which all that is left is graded side by side


def grade_class(
    course: Course,
    jobs: list[Job],
    submissions: Path,
    device: str,
    progress: Callable[[int, int, Job, list[Result]], None],
) -> list[Result]:
    """Grade a class and return the results of all jobs, in their order.

    Scores go to the class's gradebook, graded notebooks and feedback beside ``submissions``, and
    what went wrong to ``autograder.log`` there. No submission stops the others. ``progress`` is told
    of each one as it is done. Raises GradingImpossible where none could be graded.
    """
    resolve_device(device)
    class_folder = submissions.resolve().parent
    config = class_config(course, submissions, device)
    names = list(dict.fromkeys(job.assignment for job in jobs))
    handouts = [handout(course, name) for name in names]
    doctor.require_writable(class_folder)
    doctor.require_gradebook(config)
    _clear_up(class_folder)
    with FileLock(course.root / "_build" / "registering.lock"):
        for name in names:
            register(course, name, class_folder)
    results: dict[Job, list[Result]] = {}
    for job, outcome in _run_all(course, config, jobs, handouts[0], class_folder / LOG):
        results[job] = outcome
        progress(len(results), len(jobs), job, outcome)
    return [result for job in jobs for result in results[job]]


def _clear_up(class_folder: Path) -> None:
    """Remove what graders left that were killed, and nothing of one that still runs."""
    for folder in class_folder.glob(f"{STAGING}*"):
        process = folder.name.removeprefix(STAGING).partition("-")[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def class_config(course: Course, submissions: Path, device: str) -> Config:
    """nbgrader's configuration for the class whose submissions lie in a folder."""
    class_folder = submissions.resolve().parent
    config = course.config(class_folder)
    folders = config.CourseDirectory
    folders.submitted_directory = submissions.name
    if "db_url" not in folders:
        folders.db_url = f"sqlite:///{class_folder / 'gradebook.db'}"
    if "course_id" not in folders:
        folders.course_id = ""
    config.RunSubmission.device = device
    config.RunSubmission.class_folder = str(class_folder)
    return config


def _run_all(
    course: Course, config: Config, jobs: list[Job], first: Handout, log: Path
) -> Iterator[tuple[Job, list[Result]]]:
    """Grade in worker processes.

    The first worker tries a kernel before any job: where none starts, all would fail. A process that
    dies takes the others with it: what was not done is begun again, and at last alone.
    """
    count = min(len(jobs), len(os.sched_getaffinity(0)))
    todo = jobs
    for _ in range(ROUNDS):
        done = set()
        with _workers(count, log) as pool, contextlib.suppress(BrokenProcessPool):
            pool.submit(doctor.require_kernel, first).result()
            futures = {pool.submit(grade_submission, course, config, job): job for job in todo}
            for future in as_completed(futures):
                with contextlib.suppress(BrokenProcessPool):
                    yield futures[future], future.result()
                    done.add(futures[future])
        todo = [job for job in todo if job not in done]
        if not todo:
            return
    for job in todo:
        try:
            with _workers(1, log) as pool:
                results = pool.submit(grade_submission, course, config, job).result()
        except BrokenProcessPool:
            results = ungraded(course, job, "its process was killed each time that it was tried")
        yield job, results


@contextlib.contextmanager
def _workers(count: int, log: Path) -> Iterator[ProcessPoolExecutor]:
    """Processes that are forked from one in which the slow libraries were imported once.

    If what uses them is interrupted, they are ended at once, and nothing that waits is begun.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    cores = context.SimpleQueue()
    there = sorted(os.sched_getaffinity(0))
    first = os.getpid() % len(there)  # so that two graders do not meet on one core
    for core in islice(cycle(there), first, first + count):
        cores.put(core)
    pool = ProcessPoolExecutor(count, context, initializer=_begin, initargs=(log, cores))
    try:
        yield pool
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(SECONDS_TO_END)
            process.kill()
        raise
    pool.shutdown()


def _begin(log: Path, cores: SimpleQueue[int]) -> None:
    """What a worker does first: it leaves Ctrl-C to the one who waits for it, and keeps a log.

    It and its sandbox stay on a core of their own: a submission that is busy in a thousand threads
    takes nothing from its neighbors.
    """
    os.sched_setaffinity(0, {cores.get()})
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    handler = logging.FileHandler(log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logging.getLogger("autograder").addHandler(handler)


def _end(number: int, frame: object) -> None:
    """End this worker and its sandbox at once, whatever it does."""
    sandbox.forget()
    os._exit(1)  # an exception would be taken for the outcome of the job


def _end_with_parent() -> None:
    """End this worker when the command has ended, however that came."""
    if (parent := parent_process()) is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
