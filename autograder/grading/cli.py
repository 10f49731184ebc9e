"""The command line: ``autograder release``, ``grade``, ``report`` and the others."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from autograder.grading.course import Course, GradingImpossible
from autograder.grading.storage.jobs import printable
from autograder.grading.whole_class import grade_command

# Heavy imports (nbgrader, torch) wait until a command needs them, so that --help is instant.

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
GOES_ON = "; what was graded so far is in the gradebook, and the same command goes on from there"
IN_THE_WAY = (FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0: done; 2: could not be done; 3: done, but some submissions could not be graded, or some files
    not collected; 130 or 143: stopped by a signal; 141: nobody reads on, as after ``| head``.
    """
    args = _parser().parse_args(arguments)
    try:
        status = args.run(Course.find(Path.cwd()), args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _say_no_more()
        return 128 + signal.SIGPIPE
    except IN_THE_WAY as error:
        place = error.filename2 or error.filename
        print(f"autograder: {printable(place)}: {error.strerror}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _say_no_more()
        where = f" ({error.filename})" if error.filename else ""
        print(
            f"autograder: stopped: {error.strerror}{where}; once there is room, the same command "
            "goes on from there",
            file=sys.stderr,
        )
        return 2
    except GradingImpossible as error:
        said = "\n".join(map(printable, str(error).split("\n")))  # names of folders among it
        print(f"autograder: {said}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        number = getattr(stopped, "number", None)  # of one that a grading has met
        print(f"autograder: stopped{GOES_ON if number else ''}", file=sys.stderr)
        return 128 + (number or signal.SIGINT)


def _say_no_more() -> None:
    """Drop what is still to be printed: it finds no place, and Python would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Release the course's assignments and grade what students hand in.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    of_class = argparse.ArgumentParser(add_help=False)
    of_class.add_argument("--submissions", metavar="DIR", type=Path, help="default: submitted/")

    release = commands.add_parser(
        "release",
        help="make the student versions of assignments",
        description="Make assignments/NAME/NAME.ipynb from solutions/NAME/NAME.md through nbgrader, "
        "the public answer keys that check() uses, and _build/students/NAME.zip: the notebook with "
        "all that it imports, to hand out.",
    )
    release.add_argument("assignment", nargs="*", help="default: all")
    release.set_defaults(run=_release)

    collect = commands.add_parser(
        "collect",
        parents=[of_class],
        help="take in what a learning-management system exports",
        description="Put the notebooks of a zip or a folder, as Canvas, Moodle, Google Classroom, Gradescope "
        "or GitHub Classroom export it, at DIR/STUDENT/ASSIGNMENT, and say what became of each file, and "
        "who on the roster is missing. Exit status 3 if there is something for a person to look at.",
    )
    collect.add_argument("source", metavar="ZIP|FOLDER", type=Path)
    collect.add_argument(
        "--roster",
        metavar="FILE",
        type=Path,
        help="default: roster.csv beside DIR or in the course's folder, if there is one",
    )
    collect.add_argument(
        "--assignment",
        metavar="NAME",
        help="what a notebook belongs to if neither its cells nor its name tell",
    )
    collect.add_argument("--dry-run", action="store_true", help="say it all, and change nothing")
    collect.set_defaults(run=_later("systems.collect", "run"))

    grade_command.add_to(commands)

    one = commands.add_parser(
        "one",
        help="grade one submission for a system that runs graders itself",
        description="Grade the notebook in FOLDER and write the results as the system wants them: "
        "Gradescope's results.json, or a summary and annotations of a workflow of GitHub's. Nothing else "
        "is kept. Exit status 3, and no results, if the grader failed.",
    )
    one.add_argument("assignment", metavar="ASSIGNMENT")
    one.add_argument("folder", metavar="FOLDER", type=Path)
    one.add_argument("--format", choices=["gradescope", "github"], required=True)
    one.add_argument("--output", metavar="FILE", type=Path, required=True)
    one.set_defaults(run=_later("systems.one", "run"))

    zipped = commands.add_parser(
        "gradescope",
        help="make the zip of an autograder for Gradescope",
        description="Put all that grading an assignment needs into a zip for Gradescope. It holds the "
        "answers and the seed.",
    )
    zipped.add_argument("assignment", metavar="ASSIGNMENT")
    zipped.add_argument("zip", metavar="ZIP", type=Path)
    zipped.set_defaults(run=_later("systems.gradescope_zip", "run"))

    why = commands.add_parser(
        "why",
        parents=[of_class],
        help="say why a student lost points",
        description="Show for each exercise that is not right what was tried, with which inputs, what "
        "came and what was expected, from the record of the run.",
    )
    why.add_argument("student", metavar="STUDENT")
    why.add_argument("exercise", metavar="EXERCISE", nargs="?", help="default: all not right")
    why.set_defaults(run=_later("judge.why", "run"))

    report = commands.add_parser(
        "report",
        parents=[of_class],
        help="write a page about a class",
        description="Write report/ASSIGNMENT.html: scores, pass rates, mistakes, wrong answers that fail "
        "alike, and what to look at.",
    )
    report.add_argument("assignment", metavar="ASSIGNMENT", nargs="?", help="default: all graded")
    report.set_defaults(run=_later("display.class_page", "run"))

    export = commands.add_parser(
        "export",
        parents=[of_class],
        help="write the scores for other programs",
        description="Write a row for each submission: the points in all and of each exercise and "
        "question, the late penalty, and what still waits for a person.",
    )
    export.add_argument("assignment", metavar="ASSIGNMENT", nargs="?", help="default: all")
    export.add_argument(
        "--format", choices=["csv", "canvas", "moodle", "gradescope", "json"], default="csv"
    )
    export.add_argument(
        "--into",
        metavar="SHEET",
        type=Path,
        help="Canvas's exported gradebook or Moodle's grading worksheet, to be filled in",
    )
    export.add_argument(
        "--column", metavar="NAME", help="its column, if the assignment's name does not tell"
    )
    export.add_argument(
        "--roster", metavar="FILE", type=Path, help="default: roster.csv, as for collect"
    )
    export.add_argument(
        "--output", metavar="FILE", type=Path, help="default: the terminal; a folder for gradescope"
    )
    export.set_defaults(run=_later("systems.export", "run"))

    feedback = commands.add_parser(
        "feedback",
        parents=[of_class],
        help="pack what each student gets",
        description="Pack the feedback into a new folder: a zip or a folder for each student, or a zip "
        "that Moodle or Canvas takes and hands out. Exit status 3 if some can't be given to anybody.",
    )
    feedback.add_argument("folder", metavar="FOLDER", type=Path, help="empty, or not there yet")
    feedback.add_argument("assignment", metavar="ASSIGNMENT", nargs="?", help="default: all")
    feedback.add_argument(
        "--format", choices=["zips", "folders", "moodle", "canvas"], default="zips"
    )
    feedback.add_argument(
        "--worksheet", metavar="FILE", type=Path, help="Moodle's grading worksheet"
    )
    feedback.add_argument("--roster", metavar="FILE", type=Path, help="default: roster.csv")
    feedback.set_defaults(run=_later("systems.give_back", "run"))

    bundle = commands.add_parser(
        "bundle",
        help="make what is public, and prove that it is",
        description="Put the built site, the students' zips and a wheel of the student side into a new "
        "folder, unless a line of an answer, a file of the instructor's side or the seed is found in "
        "it. Exit status 1 if so.",
    )
    bundle.add_argument("folder", metavar="FOLDER", type=Path, help="empty, or not there yet")
    bundle.set_defaults(run=_later("releasing.bundle", "run"))

    new = commands.add_parser(
        "new",
        help="make an assignment of your own",
        description="Make the two folders of a working assignment with one exercise, to be changed.",
    )
    new.add_argument("name", metavar="NAME")
    new.set_defaults(run=_later("releasing.authoring", "new"))

    test = commands.add_parser(
        "test",
        help="try an assignment",
        description="Try right answers, mistakes, the release and what it gives away, in seconds, and "
        "say what a good assignment still lacks. Exit status 1 if something is wrong.",
    )
    test.add_argument("name", metavar="NAME")
    test.add_argument("exercise", metavar="EXERCISE", nargs="?", help="default: all")
    test.set_defaults(run=_later("releasing.authoring", "test"))

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
        "folder", metavar="DIR", type=Path, help="where the submissions go, beside others"
    )
    sample.add_argument("assignment", nargs="*", help="default: all")
    sample.set_defaults(run=_sample_class)
    return parser


def _later(module: str, function: str) -> Callable[[Course, argparse.Namespace], int]:
    """A command that is imported when it is run."""

    def run(course: Course, args: argparse.Namespace) -> int:
        return getattr(import_module(f"autograder.grading.{module}"), function)(course, args)

    return run


def _release(course: Course, args: argparse.Namespace) -> int:
    names = course.names(args.assignment)
    from autograder.grading.releasing.release import make_keys, release
    from autograder.grading.submissions.capacity import default_jobs

    make_keys(course, names, default_jobs())
    for name in names:
        release(course, name)
        notebook, bundle = (
            p.relative_to(course.root) for p in (course.released(name), course.bundle(name))
        )
        print(f"released {notebook}; for students: {bundle}")
    return 0


def _doctor(course: Course, args: argparse.Namespace) -> int:
    from autograder.grading.submissions.class_folder import class_config
    from autograder.grading.submissions.doctor import examine

    missing = 0
    for finding in examine(
        course, class_config(course, course.root / "submitted", args.device), args.device
    ):
        print(f"{'ok' if finding.fine else '!!'}  {finding.what:24s} {finding.says}", flush=True)
        missing += not finding.fine
    return 2 if missing else 0


def _sample_class(course: Course, args: argparse.Namespace) -> int:
    names = course.names(args.assignment)
    from autograder.grading.releasing.sample import write_sample_class

    for name in names:
        students = write_sample_class(course, name, args.folder)
        print(f"wrote {len(students)} submissions of {name} to {args.folder}")
    return 0
