"""Time of grading a submission, against stock nbgrader with plain assert cells: python -m tests.bench

Both grade the same solved notebooks in one run, in turns, so that the ratio means something on a
noisy machine. Stock nbgrader runs the notebook's cells and asserts about finite numbers; the course's
grader also sandboxes the kernel, probes every exercise with hidden cases, judges and writes feedback.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from autograder.grading import grade, gradebook
from autograder.grading.class_folder import class_config
from autograder.grading.course import Course
from autograder.grading.graded import Work
from autograder.grading.jobs import find_jobs
from autograder.grading.notebooks import bound_exercise
from autograder.grading.release import register, run_nbgrader
from autograder.grading.sample import sample_class
from tests.answers import ASSIGNMENTS, exercise
from tests.course import copy_course

ASSIGNMENT = "optimizers"
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
        place = course.root / "submitted" / student / ASSIGNMENT
        place.mkdir(parents=True)
        nbformat.write(solved, place / f"{ASSIGNMENT}.ipynb")
    register(course, ASSIGNMENT, course.root)
    return course


def timed(spent: dict[str, list[float]], step: str, work: Callable[[], Any]) -> Any:
    """Do it, and note the seconds and this process's processor time that it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    spent.setdefault(step, []).append(time.perf_counter() - wall)
    spent.setdefault(f"{step}, here", []).append(time.process_time() - cpu)
    return done


def main() -> None:
    spent: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        ours, stock = prepare(Path(folder, "ours"), False), prepare(Path(folder, "stock"), True)
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
            timed(spent, "stock autograde", lambda j=job: run_nbgrader(plain, "autograde", ASSIGNMENT, j.student, force=True))  # fmt: skip
            timed(spent, "stock feedback", lambda j=job: run_nbgrader(plain, "generate_feedback", ASSIGNMENT, j.student, force=True))  # fmt: skip
    median = {step: statistics.median(seconds) for step, seconds in spent.items()}
    print(f"{'step':20s} {'seconds':>8s} {'of them processor time of this process':>40s}")
    for step in (step for step in median if not step.endswith(", here")):
        print(f"{step:20s} {median[step]:8.2f} {median[f'{step}, here']:40.2f}")
    ours_s = sum(median[step] for step in ("run and judge", "record", "feedback"))
    stock_s = sum(median[step] for step in ("stock autograde", "stock feedback"))
    print(f"stock nbgrader, plain asserts: {stock_s:.2f} s a submission (median of {ROUNDS})")
    print(f"this course's grader:          {ours_s:.2f} s a submission, {len(ASSIGNMENTS[ASSIGNMENT])} exercises judged")  # fmt: skip
    print(f"ratio:                         {ours_s / stock_s:.2f}")


if __name__ == "__main__":
    main()
