"""The command ``autograder grade``."""

import argparse
import signal
from multiprocessing import forkserver
from pathlib import Path

from autograder.grading.course import Course
from autograder.grading.recording import deadlines
from autograder.grading.storage import results as results_file
from autograder.grading.storage import seeds
from autograder.grading.storage.jobs import Job, find_jobs, loose_files
from autograder.grading.storage.results import Result, ResultsFile
from autograder.grading.submissions import TASKS
from autograder.grading.submissions.capacity import default_jobs
from autograder.grading.whole_class import terminal

# Heavy imports (nbgrader) wait until it is known that there is something to grade.


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add the command and its options to a parser."""
    grade = commands.add_parser(
        "grade",
        help="grade submissions",
        description="Grade DIR/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb. Scores go to gradebook.db, graded "
        "notebooks to autograded/, feedback to feedback/ and run records to records/, all beside DIR. "
        "What was graded before and has not changed is left alone: after an interruption, the same "
        "command goes on.",
    )
    grade.add_argument("assignment", nargs="*", help="default: all that were handed in")
    grade.add_argument(
        "--submissions",
        metavar="DIR",
        type=Path,
        default=None,
        help="default: submitted/ in the course's folder",
    )
    grade.add_argument(
        "--student",
        metavar="ID",
        action="append",
        default=[],
        help="grade this student only, and run the submission again; may be repeated",
    )
    grade.add_argument(
        "--rejudge",
        action="store_true",
        help="judge the records of earlier runs anew, after a check or a mistake has changed; "
        "runs nothing",
    )
    grade.add_argument(
        "--jobs",
        metavar="N",
        type=_count,
        help="submissions at a time (default: by the cores and the memory that there are)",
    )
    grade.add_argument(
        "--cluster",
        metavar="ADDRESS",
        default="",
        help="run submissions on the workers of the Dask scheduler at this address, such as "
        "tcp://10.0.0.1:8786; they are judged and recorded here",
    )
    grade.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="where torch exercises run (default: cuda if there is one)",
    )
    grade.add_argument(
        "--results",
        metavar="FILE",
        type=Path,
        help="write one JSON object a line for each student, assignment and exercise; lines of "
        "submissions that are not graded now stay",
    )
    grade.set_defaults(run=run)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def run(course: Course, args: argparse.Namespace) -> int:
    """Grade; the command's exit status."""
    submissions = course.submissions(args.submissions)
    jobs = find_jobs(course, submissions, args.assignment, args.student)
    _require_what_is_named(submissions, args.results)
    if (said := deadlines.find([submissions.resolve().parent, course.root])) is not None:
        deadlines.read(said, course.names([]))  # before anything is started
    # the process that workers are forked from imports what they need while this one does
    in_torch = any(map(course.imports_torch, {job.assignment for job in jobs}))
    before = [f"{TASKS}.preloaded_torch"] if in_torch else []
    forkserver.set_forkserver_preload([*before, f"{TASKS}.preloaded"])
    heeded = signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is started here leaves it to us
    forkserver.ensure_running()
    signal.signal(signal.SIGINT, heeded)
    from autograder.grading.recording.graded import Work
    from autograder.grading.submissions.class_folder import LOG
    from autograder.grading.whole_class.classes import grade_class

    work = Work.AGAIN if args.student else Work.NEEDED
    work = Work.JUDGE if args.rejudge else work
    shown = terminal.Terminal()
    file = ResultsFile(args.results) if args.results else None

    def progress(done: int, total: int, job: Job, results: list[Result]) -> None:
        if file is not None:
            file.add(results)
        shown.progress(done, total, job, results)

    def unchanged(results: list[Result]) -> None:
        if file is not None:
            file.hold(results)

    size = args.jobs or default_jobs()
    try:
        results = grade_class(
            course,
            jobs,
            submissions,
            args.device,
            size,
            work,
            progress,
            unchanged,
            args.cluster,
        )
    finally:
        if file is not None:
            file.close((job.assignment, job.student) for job in jobs)
    beside = submissions.resolve().parent
    shown.summary(results, beside)
    terminal.loose(submissions, loose_files(submissions))
    if args.results:
        print(f"results: {args.results}")
    return 3 if terminal.ungraded(results, beside / LOG) else 0


def _require_what_is_named(submissions: Path, results: Path | None) -> None:
    """Raise GradingImpossible for a file that would be missed only once all is graded, or never:
    a folder that is copied without its hidden files has lost its seed."""
    if results is not None:
        results_file.require_writable(results)
    class_folder = submissions.resolve().parent
    if seeds.is_there(class_folder):
        seeds.class_seed(class_folder)
        return
    from autograder.grading.storage import records

    if any((class_folder / records.FOLDER).glob("*/*/*.gz")):
        raise seeds.SeedMissing(
            f"{class_folder} has records of gradings, and their seed is gone: put {seeds.FILE} back, or "
            f"set {seeds.VARIABLE}; for other cases, and perhaps other scores, remove {records.FOLDER}/"
        )
