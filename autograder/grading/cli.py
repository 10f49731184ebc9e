"""The command line: ``autograder release``, ``grade``, ``doctor`` and ``sample-class``."""

import argparse
import os
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

from autograder.grading.course import Course, GradingImpossible
from autograder.grading.jobs import Job, find_jobs
from autograder.grading.results import Result

# Heavy imports (nbgrader, torch) wait until a command needs them, so that --help is instant.


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0: done; 2: could not be done; 3: done, but some submissions could not be graded.
    """
    args = _parser().parse_args(arguments)
    try:
        return args.run(Course.find(Path.cwd()), args)
    except GradingImpossible as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("autograder: stopped; what was graded so far is in the gradebook", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Release the course's assignments and grade what students hand in.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    release = commands.add_parser(
        "release",
        help="make the student versions of assignments",
        description="Make assignments/NAME/NAME.ipynb from solutions/NAME/NAME.md through nbgrader, "
        "the public answer keys that check() uses, and _build/students/NAME.zip: the notebook with "
        "all that it imports, to hand out.",
    )
    release.add_argument("assignment", nargs="*", help="default: all")
    release.set_defaults(run=_release)

    grade = commands.add_parser(
        "grade",
        help="grade submissions",
        description="Grade DIR/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb. Scores go to gradebook.db, graded "
        "notebooks to autograded/ and feedback to feedback/, all beside DIR.",
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
        help="grade this student only; may be repeated",
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
        help="write one JSON object a line for each student, assignment and exercise",
    )
    grade.set_defaults(run=_grade)

    doctor = commands.add_parser(
        "doctor",
        help="look at all that grading needs",
        description="Look at all that grading needs, and say what to do where something is missing. "
        "Exit status 2 if something is.",
    )
    doctor.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    doctor.set_defaults(run=_doctor)

    sample = commands.add_parser(
        "sample-class",
        help="write a class of made-up submissions",
        description="Write submissions made from the solutions: right ones, wrong ones, broken ones.",
    )
    sample.add_argument(
        "folder", metavar="DIR", type=Path, help="where the submissions go; replaced if it exists"
    )
    sample.add_argument("assignment", nargs="*", help="default: all")
    sample.set_defaults(run=_sample_class)
    return parser


def _release(course: Course, args: argparse.Namespace) -> int:
    names = course.names(args.assignment)
    from autograder.grading.release import release

    for name in names:
        release(course, name)
        notebook, bundle = (
            p.relative_to(course.root) for p in (course.released(name), course.bundle(name))
        )
        print(f"released {notebook}; for students: {bundle}")
    return 0


def _grade(course: Course, args: argparse.Namespace) -> int:
    submissions = args.submissions or course.root / "submitted"
    jobs = find_jobs(course, submissions, args.assignment, args.student)
    _require_what_is_named(submissions, args.results)
    # The process that workers are forked from imports what they need while this one does.
    forkserver.set_forkserver_preload(["autograder.grading.workers"])
    forkserver.ensure_running()
    from autograder.grading.workers import LOG, grade_class

    began = time.perf_counter()
    results = grade_class(course, jobs, submissions, args.device, _show_progress)
    beside = submissions.resolve().parent
    print(
        f"graded in {time.perf_counter() - began:.0f} s; scores: {beside / 'gradebook.db'}; feedback: {beside / 'feedback'}"
    )
    if args.results:
        from autograder.grading import results as file

        file.write(args.results, results)
        print(f"results: {args.results}")
    return _say_ungraded(results, beside / LOG)


def _require_what_is_named(submissions: Path, results: Path | None) -> None:
    """Raise GradingImpossible for a file that would be missed only once all is graded."""
    from autograder.grading import results as file
    from autograder.grading import seeds

    if results is not None:
        file.require_writable(results)
    class_folder = submissions.resolve().parent
    if seeds.VARIABLE in os.environ or (class_folder / seeds.FILE).exists():
        seeds.class_seed(class_folder)


def _say_ungraded(results: list[Result], log: Path) -> int:
    """List the submissions that the grader itself failed on; the exit status of the command."""
    causes = {(r.assignment, r.student): r.message for r in results if r.status == "ungraded"}
    if not causes:
        return 0
    print(f"autograder: {len(causes)} not graded, their old scores stand:", file=sys.stderr)
    for (assignment, student), message in causes.items():
        print(f"  {assignment} {student}: {message}", file=sys.stderr)
    print(f"what happened: {log}; grade them again with --student", file=sys.stderr)
    return 3


def _show_progress(done: int, total: int, job: Job, results: list[Result]) -> None:
    score, of = sum(r.score or 0.0 for r in results), sum(r.max_score for r in results)
    wrong = [r for r in results if r.status != "passed"]
    why = f"  {wrong[0].exercise}: {wrong[0].message}" if wrong else ""
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    points = f"{score:g} of {of:g}"
    if results and results[0].status == "ungraded":
        points, why, more = "ungraded", f"  {results[0].message}", ""
    why = " ".join(why[:120].split())
    print(
        f"[{done}/{total}] {job.assignment} {job.student}: {points}  {why}{more}".rstrip(),
        flush=True,
    )
    for note in results[0].notes if results else ():
        print(f"    {note if len(note) <= 200 else note[:199] + '…'}", flush=True)


def _doctor(course: Course, args: argparse.Namespace) -> int:
    from autograder.grading.doctor import examine
    from autograder.grading.workers import class_config

    missing = 0
    for finding in examine(
        course, class_config(course, course.root / "submitted", args.device), args.device
    ):
        print(f"{'ok' if finding.fine else '!!'}  {finding.what:24s} {finding.says}", flush=True)
        missing += not finding.fine
    return 2 if missing else 0


def _sample_class(course: Course, args: argparse.Namespace) -> int:
    names = course.names(args.assignment)
    from autograder.grading.sample import write_sample_class

    for name in names:
        students = write_sample_class(course, name, args.folder)
        print(f"wrote {len(students)} submissions of {name} to {args.folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
