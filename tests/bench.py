"""Time of grading, against stock nbgrader with plain assert cells: python -m tests.bench [COUNT ...]

First one submission, step by step: both grade the same solved notebook in one process, in turns, so
that the ratio means something on a noisy machine. Stock nbgrader runs the notebook's cells and asserts
about finite numbers; the course's grader also sandboxes the kernel, probes every exercise with hidden
cases, judges and writes feedback. Then classes of COUNT submissions (60 if nothing is said), right,
wrong and odd, by the command as it is typed, its start included.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from autograder.grading.course import Course
from autograder.grading.recording import gradebook
from autograder.grading.recording.graded import Work
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.releasing.release import register, run_nbgrader
from autograder.grading.releasing.sample import sample_class
from autograder.grading.running import session
from autograder.grading.storage.jobs import find_jobs
from autograder.grading.submissions import grade
from autograder.grading.submissions.class_folder import class_config
from tests.answers import ASSIGNMENTS, exercise
from tests.course import autograder, copy_course

ASSIGNMENT = "optimizers"
STUDENTS_OF_A_CLASS = (
    "perfect", "other-dress-1", "other-dress-2", "other-dress-3", "mistakes-1", "mistakes-2",
    "mistakes-3", "missing-function", "raises", "untouched", "noisy", "duplicated-cells",
)  # fmt: skip
ROUNDS = 5
STUDENTS = [f"student-{k}" for k in range(ROUNDS)]

ASSERTS = """
import numpy as np
assert callable({entry})
value = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
assert np.isfinite(value * 0.1).all()
"""


def prepare(folder: Path, plain: bool) -> Course:
    """A course with solved submissions; with plain assert cells and without the plug-in if asked."""
    course = Course(copy_course(folder))
    solved = next(s for s in sample_class(course, ASSIGNMENT) if s.name == "perfect").content
    if plain:
        text = course.source(ASSIGNMENT).read_text()
        for entry in (exercise(name).entry for name in ASSIGNMENTS[ASSIGNMENT]):
            text = text.replace(f"check({entry})", ASSERTS.format(entry=entry).strip())
        course.source(ASSIGNMENT).write_text(text)
        for cell in solved.cells:
            if name := bound_exercise(cell, course.assignment(ASSIGNMENT)):
                cell.source = ASSERTS.format(entry=exercise(name).entry).strip()
        config = (course.root / "nbgrader_config.py").read_text()
        (course.root / "nbgrader_config.py").write_text(
            config.split("c.Autograde.exporter_class")[0]
        )
    for student in STUDENTS:
        hand_in(course, student, ASSIGNMENT, solved)
    register(course, ASSIGNMENT, course.root)
    return course


def timed(spent: dict[str, list[float]], step: str, work: Callable[[], Any]) -> Any:
    """Do it, and note the seconds and this process's processor time that it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    spent.setdefault(step, []).append(time.perf_counter() - wall)
    spent.setdefault(f"{step}, here", []).append(time.process_time() - cpu)
    return done


def by_step(folder: Path) -> float:
    """Print where the time of a submission goes; returns stock nbgrader's seconds for it."""
    spent: dict[str, list[float]] = {}
    ours, stock = prepare(folder / "ours", False), prepare(folder / "stock", True)
    config, plain = class_config(ours, ours.root / "submitted", "cpu"), stock.config()
    jobs = find_jobs(ours, ours.root / "submitted", [ASSIGNMENT], [])
    grade.grade_submission(ours, config, jobs[0])  # the first one starts the sandbox
    for job in jobs:
        run = partial(grade.run_and_judge, ours, config, job)
        graded = timed(spent, "run and judge", partial(run, Work.AGAIN))
        assert all(r.status == "passed" for r in graded.results), graded.results
        timed(spent, "record", partial(gradebook.record, config, [graded.entry]))
        timed(spent, "feedback", partial(grade.publish, config, graded))
        judged = timed(spent, "judge alone", partial(run, Work.JUDGE))
        shutil.rmtree(judged.folder)
        for step in ("autograde", "generate_feedback"):
            work = partial(run_nbgrader, plain, step, ASSIGNMENT, job.student, force=True)
            timed(spent, f"stock {step}", work)
    median = {step: statistics.median(seconds) for step, seconds in spent.items()}
    print(f"{'step':24s} {'seconds':>8s} {'of them processor time of this process':>40s}")
    for step in (step for step in median if not step.endswith(", here")):
        print(f"{step:24s} {median[step]:8.2f} {median[f'{step}, here']:40.2f}")
    ours_s = sum(median[step] for step in ("run and judge", "record", "feedback"))
    stock_s = median["stock autograde"] + median["stock generate_feedback"]
    exercises = len(ASSIGNMENTS[ASSIGNMENT])
    print(f"stock nbgrader, plain asserts: {stock_s:.2f} s a submission (median of {ROUNDS})")
    print(
        f"this course's grader:          {ours_s:.2f} s a submission, {exercises} exercises judged"
    )
    print(f"ratio:                         {ours_s / stock_s:.2f}")
    return stock_s


def by_class(folder: Path, counts: list[int], stock_s: float) -> None:
    """Print the throughput of whole classes, and the least that it could take."""
    course = Course(copy_course(folder / "class"))
    made = {s.name: s.content for s in sample_class(course, ASSIGNMENT)}
    register(course, ASSIGNMENT, course.root)
    cores = len(os.sched_getaffinity(0))
    least = statistics.mean(_of_the_student(course, made[name]) for name in STUDENTS_OF_A_CLASS)
    print(f"\n{'class':>6s} {'seconds':>8s} {'each':>6s} {'times stock':>12s}   on {cores} cores")
    for count in counts:
        for place in ("submitted", "autograded", "feedback", "records"):
            shutil.rmtree(course.root / place, ignore_errors=True)
        (course.root / "gradebook.db").unlink()
        for number in range(count):
            hand_in(course, f"s{number:04d}", ASSIGNMENT, made[STUDENTS_OF_A_CLASS[number % len(STUDENTS_OF_A_CLASS)]])  # fmt: skip
        began = time.perf_counter()
        autograder(course.root, "grade", "--device", "cpu", "--results", "results.jsonl")
        seconds = time.perf_counter() - began
        each = seconds / count
        print(f"{count:6d} {seconds:8.1f} {each:6.2f} {stock_s / each:12.1f}")
    print(f"{'least':>6s} {'':8s} {least / cores:6.2f} {stock_s * cores / least:12.1f}   the students' own cells and the probes alone")  # fmt: skip


def _of_the_student(course: Course, notebook: Any) -> float:
    """Seconds of processor time of a submission's kernel, from when it is ready to its end."""
    for place in ("submitted", "records"):
        shutil.rmtree(course.root / place, ignore_errors=True)
    hand_in(course, "one", ASSIGNMENT, notebook)
    spent = []
    start, stop = session.Session.start, session.Session.stop

    def started(self: session.Session) -> None:
        start(self)
        assert self.kernel is not None
        spent.append(-sum(self.kernel.process.cpu_times()[:2]))

    def stopped(self: session.Session) -> None:
        if self.kernel is not None:
            spent.append(sum(self.kernel.process.cpu_times()[:2]))
        stop(self)

    session.Session.start, session.Session.stop = started, stopped  # type: ignore[method-assign]
    try:
        job = find_jobs(course, course.root / "submitted", [ASSIGNMENT], [])[0]
        config = class_config(course, course.root / "submitted", "cpu")
        shutil.rmtree(grade.run_and_judge(course, config, job, Work.AGAIN).folder)
    finally:
        session.Session.start, session.Session.stop = start, stop  # type: ignore[method-assign]
    return sum(spent)


def hand_in(course: Course, student: str, assignment: str, notebook: Any) -> None:
    """Put a notebook where a student's submission lies."""
    place = course.root / "submitted" / student / assignment
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{assignment}.ipynb")


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [60]
    with tempfile.TemporaryDirectory() as folder:
        by_class(Path(folder), counts, by_step(Path(folder)))


if __name__ == "__main__":
    main()
