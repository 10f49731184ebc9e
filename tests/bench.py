"""Time of grading a submission, against stock nbgrader with plain assert cells: python -m tests.bench

Both grade the same solved notebooks in one run, in turns, so that the ratio means something on a
noisy machine. Stock nbgrader runs the notebook's cells and asserts about finite numbers; the course's
grader also sandboxes the kernel, probes every exercise with hidden cases, judges and writes feedback.
"""

import statistics
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.grading import grade
from autograder.grading.course import Course
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, stock = prepare(Path(folder, "ours"), False), prepare(Path(folder, "stock"), True)
        config, plain = ours.config(), stock.config()
        jobs = find_jobs(ours, ours.root / "submitted", [ASSIGNMENT], [])
        grade.grade_submission(ours, config, jobs[0])  # the first one starts the sandbox
        seconds: dict[str, list[float]] = {"ours": [], "stock": []}
        for job in jobs:
            began = time.perf_counter()
            results = grade.grade_submission(ours, config, job)
            seconds["ours"].append(time.perf_counter() - began)
            assert all(r.status == "passed" for r in results), results
            began = time.perf_counter()
            run_nbgrader(plain, "autograde", ASSIGNMENT, job.student, force=True)
            run_nbgrader(plain, "generate_feedback", ASSIGNMENT, job.student, force=True)
            seconds["stock"].append(time.perf_counter() - began)
    ours_s, stock_s = (statistics.median(seconds[k]) for k in ("ours", "stock"))
    print(f"stock nbgrader, plain asserts: {stock_s:.2f} s a submission (median of {ROUNDS})")
    print(
        f"this course's grader:          {ours_s:.2f} s a submission, {len(ASSIGNMENTS[ASSIGNMENT])} exercises judged"
    )
    print(f"ratio:                         {ours_s / stock_s:.2f}")


if __name__ == "__main__":
    main()
