"""Time of grading, against stock nbgrader with plain assert cells: python -m tests.bench [COUNT ...]

First one submission to each assignment, step by step: both grade the same solved notebook in one process,
in turns, so that the ratio means something on a noisy machine. Stock nbgrader runs the notebook's cells
and asserts about finite numbers; the course's grader also sandboxes the kernel, probes every exercise
with hidden cases, judges and writes feedback. Then a class of 60 for each assignment, right, wrong and odd,
by the command as it is typed, its start included, beside the least that the students' own code takes. Then
how that grows: classes of 1, 10, 100 and 1,000, or of COUNT. Processor time is all that the machine spends
meanwhile, so nothing else should run. It takes a quarter of an hour.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import nbformat
import psutil

from autograder.grading.course import Course
from autograder.grading.recording import gradebook
from autograder.grading.recording.graded import Work
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.releasing.release import register, run_nbgrader
from autograder.grading.releasing.sample import sample_class
from autograder.grading.running.session import Session
from autograder.grading.storage.jobs import find_jobs
from autograder.grading.submissions import grade
from autograder.grading.submissions.class_folder import class_config
from tests.answers import ASSIGNMENTS, exercise
from tests.course import copy_course

ASSIGNMENT = "optimizers"  # of which classes of several sizes are graded
STUDENTS_OF_A_CLASS = (
    "perfect", "other-dress-1", "other-dress-2", "other-dress-3", "mistakes-1", "mistakes-2",
    "mistakes-3", "missing-function", "raises", "untouched", "noisy", "duplicated-cells",
)  # fmt: skip
CLASS = 60
SIZES = [1, 10, 100, 1000]
ROUNDS = 5
STUDENTS = [f"student-{k}" for k in range(ROUNDS)]
SECONDS_A_LOOK = 1.0  # at the memory of workers

ASSERTS = """
import numpy as np
assert callable({entry})
value = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
assert np.isfinite(value * 0.1).all()
"""


# One submission, step by step.


def prepare(folder: Path, assignment: str, plain: bool) -> Course:
    """A course with solved submissions; with plain assert cells and without the plug-in if asked."""
    course = Course(copy_course(folder))
    solved = next(s for s in sample_class(course, assignment) if s.name == "perfect").content
    if plain:
        text = course.source(assignment).read_text()
        for entry in (exercise(name).entry for name in ASSIGNMENTS[assignment]):
            text = text.replace(f"check({entry})", ASSERTS.format(entry=entry).strip())
        course.source(assignment).write_text(text)
        for cell in solved.cells:
            if name := bound_exercise(cell, course.assignment(assignment)):
                cell.source = ASSERTS.format(entry=exercise(name).entry).strip()
        config = (course.root / "nbgrader_config.py").read_text()
        (course.root / "nbgrader_config.py").write_text(
            config.split("c.Autograde.exporter_class")[0]
        )
    for student in STUDENTS:
        hand_in(course, student, assignment, solved)
    register(course, assignment, course.root)
    return course


def hand_in(course: Course, student: str, assignment: str, notebook: Any) -> None:
    """Put a notebook where a student's submission lies."""
    place = course.root / "submitted" / student / assignment
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{assignment}.ipynb")


def by_step(folder: Path, assignment: str) -> dict[str, float]:
    """Median seconds of each step of a right submission, ours and stock nbgrader's.

    ``here`` is the processor time of this process, the kernel's left out, in all steps of ours.
    """
    spent: dict[str, list[float]] = {}

    def timed(step: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        done = work()
        spent.setdefault(step, []).append(time.perf_counter() - began)
        return done

    ours, stock = prepare(folder / "o", assignment, False), prepare(folder / "s", assignment, True)
    config, plain = class_config(ours, ours.root / "submitted", "cpu"), stock.config()
    jobs = find_jobs(ours, ours.root / "submitted", [assignment], [])
    grade.grade_submission(ours, config, jobs[0])  # the first one starts the sandbox
    for job in jobs:
        run = partial(grade.run_and_judge, ours, config, job)
        began = time.process_time()
        graded = timed("run and judge", partial(run, Work.AGAIN))
        assert all(r.status == "passed" for r in graded.results), graded.results
        timed("record", partial(gradebook.record, config, [graded.entry]))
        timed("feedback", partial(grade.publish, config, graded))
        spent.setdefault("here", []).append(time.process_time() - began)
        judged = timed("judge alone", partial(run, Work.JUDGE))
        shutil.rmtree(judged.folder)
        for step in ("autograde", "generate_feedback"):
            work = partial(run_nbgrader, plain, step, assignment, job.student, force=True)
            timed(f"stock {step}", work)
    return {step: statistics.median(seconds) for step, seconds in spent.items()}


# Whole classes.


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of processor time, and the most bytes that one worker held."""

    seconds: float
    processor: float
    memory: int


def hand_in_class(course: Course, assignment: str, count: int) -> None:
    """Hand in a class of a size, right, wrong and odd, in the place of what was there."""
    made = {s.name: s.content for s in sample_class(course, assignment)}
    for place in ("submitted", "autograded", "feedback", "records"):
        shutil.rmtree(course.root / place, ignore_errors=True)
    for number, name in enumerate(islice(cycle(STUDENTS_OF_A_CLASS), count)):
        hand_in(course, f"s{number:04d}", assignment, made[name])


def cost_of_grading(course: Course) -> Cost:
    """What the command takes to grade what was handed in."""
    began, busy, most = time.perf_counter(), _busy(), 0
    arguments = ["grade", "--device", "cpu", "--results", "results.jsonl"]
    command = subprocess.Popen(
        [sys.executable, "-m", "autograder.grading", *arguments],
        cwd=course.root,
        stdout=subprocess.DEVNULL,
    )
    while command.poll() is None:
        most = max(most, *_memory_of_workers(command.pid), 0)
        time.sleep(min(SECONDS_A_LOOK, 0.05 * (1 + time.perf_counter() - began)))
    assert command.returncode == 0
    return Cost(time.perf_counter() - began, _busy() - busy, most)


def _busy() -> float:
    """Seconds that the machine's processors have worked, for whomever."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def _memory_of_workers(command: int) -> Iterator[int]:
    """Bytes that each worker holds with its sandbox, shared ones in parts."""
    try:
        starters = psutil.Process(command).children()
        for worker in (w for starter in starters for w in starter.children()):
            held = [worker, *worker.children(recursive=True)]
            yield sum(process.memory_full_info().pss for process in held)
    except psutil.Error:  # one of them ends just now
        return


def of_the_students(course: Course, assignment: str) -> float:
    """Mean processor time of the kernels of a class, from when they are ready to their end."""
    spent = []
    start, stop = Session.start, Session.stop

    def started(self: Session) -> None:
        start(self)
        assert self.kernel is not None
        spent.append(-sum(self.kernel.process.cpu_times()[:2]))

    def stopped(self: Session) -> None:
        if self.kernel is not None:
            spent.append(sum(self.kernel.process.cpu_times()[:2]))
        stop(self)

    hand_in_class(course, assignment, len(STUDENTS_OF_A_CLASS))
    config = class_config(course, course.root / "submitted", "cpu")
    Session.start, Session.stop = started, stopped  # type: ignore[method-assign]
    try:
        for job in find_jobs(course, course.root / "submitted", [assignment], []):
            shutil.rmtree(grade.run_and_judge(course, config, job, Work.AGAIN).folder)
    finally:
        Session.start, Session.stop = start, stop  # type: ignore[method-assign]
    return sum(spent) / len(STUDENTS_OF_A_CLASS)


# What is printed.


def print_steps(folder: Path) -> dict[str, float]:
    """Print where the time of a submission goes; returns stock nbgrader's seconds for each assignment."""
    steps = ("run and judge", "judge alone", "record", "feedback")
    print("A right submission, one process: seconds (medians), and processor time of the grader")
    print(f"{'':16s}" + "".join(f"{s:>14s}" for s in (*steps, "ours", "stock", "ratio", "grader")))
    stock_s = {}
    for name in ASSIGNMENTS:
        median = by_step(folder / name, name)
        ours = sum(median[step] for step in ("run and judge", "record", "feedback"))
        stock_s[name] = median["stock autograde"] + median["stock generate_feedback"]
        shown = (*(median[s] for s in steps), ours, stock_s[name], ours / stock_s[name])
        print(f"{name:16s}" + "".join(f"{s:14.2f}" for s in (*shown, median["here"])), flush=True)
    return stock_s


def print_classes(folder: Path, stock_s: dict[str, float]) -> None:
    """Print the throughput of a class of each assignment, and the least that it could take."""
    cores = len(os.sched_getaffinity(0))
    columns = ("seconds", "times stock", "at most", "processor", "students'", "own", "MB a worker")
    print(
        f"\nClasses of {CLASS}, on {cores} cores: seconds; throughput in that of stock nbgrader in"
    )
    print("one process, and the most that the students' code leaves room for; processor time a")
    print(
        "submission, that of the students' cells and the probes, and all else, the start included"
    )
    print(f"{'':16s}" + "".join(f"{column:>14s}" for column in columns))
    for name in ASSIGNMENTS:
        course = Course(copy_course(folder / name))
        register(course, name, course.root)
        least = of_the_students(course, name)
        hand_in_class(course, name, CLASS)
        cost = cost_of_grading(course)
        times, most = stock_s[name] * CLASS / cost.seconds, stock_s[name] * cores / least
        each = cost.processor / CLASS
        print(
            f"{name:16s}{cost.seconds:14.1f}{times:14.1f}{most:14.1f}{each:14.2f}{least:14.2f}"
            f"{each - least:14.2f}{cost.memory / 1e6:14.0f}",
            flush=True,
        )


def print_growth(folder: Path, sizes: list[int]) -> None:
    """Print what classes of several sizes take."""
    course = Course(copy_course(folder / "growing"))
    register(course, ASSIGNMENT, course.root)
    empty = (course.root / "gradebook.db").read_bytes()
    print(f"\n{ASSIGNMENT}: how it grows")
    columns = ("submissions", "seconds", "each", "processor", "each", "MB a worker")
    print("".join(f"{column:>14s}" for column in columns))
    for size in sizes:
        hand_in_class(course, ASSIGNMENT, size)
        (course.root / "gradebook.db").write_bytes(empty)
        cost = cost_of_grading(course)
        print(
            f"{size:14,d}{cost.seconds:14.1f}{cost.seconds / size:14.2f}{cost.processor:14.1f}"
            f"{cost.processor / size:14.2f}{cost.memory / 1e6:14.0f}",
            flush=True,
        )


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory() as folder:
        stock_s = print_steps(Path(folder, "steps"))
        print_classes(Path(folder, "classes"), stock_s)
        print_growth(Path(folder), sizes)


if __name__ == "__main__":
    main()
