"""What grading a submission takes, step by step: python -m tests.grading_times

The records, which the page on large courses plans with, go where those of ``make experiments`` are:
what has one is not measured again. To measure on a machine of your own, delete grading.jsonl and
grading-classes.jsonl there. Nothing else should run meanwhile.
"""

import os
import tempfile
import time
from functools import cache, partial
from pathlib import Path

from autograder.grading.course import Course
from autograder.grading.recording import gradebook
from autograder.grading.recording.graded import Work
from autograder.grading.releasing.release import register
from autograder.grading.releasing.sample import sample_class
from autograder.grading.storage import records
from autograder.grading.storage.jobs import find_jobs
from autograder.grading.submissions import grade
from autograder.grading.submissions.class_folder import class_config
from lab.experiments import Experiment, run
from tests.answers import ASSIGNMENTS
from tests.bench import ASSIGNMENT, STUDENTS_OF_A_CLASS, hand_in, hand_in_class
from tests.course import autograder, copy_course

ROUNDS = 1
CLASS = 60
SIZES = (10, 200, 1000)  # besides, of one assignment's class
_warm: set[str] = set()


@cache
def the_class() -> tuple[Course, tempfile.TemporaryDirectory]:
    """A course with a class of made-up submissions to every assignment."""
    folder = tempfile.TemporaryDirectory()
    course = Course(copy_course(Path(folder.name) / "course"))
    for name in ASSIGNMENTS:
        register(course, name, course.root)
        for submission in sample_class(course, name):
            if submission.name in STUDENTS_OF_A_CLASS:
                hand_in(course, submission.name, name, submission.content)
    return course, folder


def measure(setting: dict, round_: int) -> dict[str, float]:
    """Seconds of each step, and bytes of what is kept, of one submission in one process."""
    course, _ = the_class()
    submissions = course.root / "submitted"
    config = class_config(course, submissions, "cpu")
    (job,) = find_jobs(course, submissions, [setting["assignment"]], [setting["submission"]])
    again = partial(grade.run_and_judge, course, config, job)
    if setting["assignment"] not in _warm:
        again(Work.AGAIN)  # the sandbox is there, and has what the assignment needs
        _warm.add(setting["assignment"])
    began = time.perf_counter()
    graded = again(Work.AGAIN)
    ran = time.perf_counter()
    gradebook.record(config, [graded.entry])
    recorded = time.perf_counter()
    grade.publish(config, graded)
    published = time.perf_counter()
    again(Work.JUDGE)
    judge = time.perf_counter() - published
    (page,) = (course.root / "feedback" / job.student / job.assignment).glob("*.html")
    record = max(records.folder(course.root, job).iterdir(), key=os.path.getmtime)
    return {
        "run": ran - began - judge,
        "judge": judge,
        "record": recorded - ran,
        "feedback": published - recorded,
        "bytes of the record": record.stat().st_size,
        "bytes of the feedback": page.stat().st_size,
    }


def measure_class(setting: dict, round_: int) -> dict[str, float]:
    """Seconds that the command takes for a class, its start included, and for none of it."""
    with tempfile.TemporaryDirectory() as folder:
        other = Course(copy_course(Path(folder) / "course"))
        register(other, setting["assignment"], other.root)
        hand_in_class(other, setting["assignment"], setting["submissions"])
        seconds = []
        for _ in range(2):  # the second time nothing has changed
            began = time.perf_counter()
            autograder(other.root, "grade", setting["assignment"], "--device", "cpu")
            seconds.append(time.perf_counter() - began)
    return {"seconds": seconds[0], "seconds to start": seconds[1]}


GRADING = Experiment(
    "grading",
    [{"assignment": a, "submission": s} for a in ASSIGNMENTS for s in STUDENTS_OF_A_CLASS],
    ROUNDS,
    measure,
)
CLASSES = Experiment(
    "grading-classes",
    [
        *({"assignment": name, "submissions": CLASS} for name in ASSIGNMENTS),
        *({"assignment": ASSIGNMENT, "submissions": size} for size in SIZES),
    ],
    1,
    measure_class,
)


if __name__ == "__main__":
    run(GRADING)
    run(CLASSES)
