"""``autograder collect``: what a learning-management system exports becomes ``submitted/``.

Says of each file what became of it, and of each student on the roster what is missing. What is
replaced is kept in ``replaced/``.
"""

import argparse
import csv
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from autograder.grading.course import Course, CourseError
from autograder.grading.intake.belonging import Belonging
from autograder.grading.storage.files import as_table, from_table, write_whole
from autograder.grading.storage.jobs import gradebook_name, printable
from autograder.grading.storage.turns import one_at_a_time
from autograder.grading.submissions.class_folder import (
    STAGING,
    clear_up,
    require_writable,
)
from autograder.grading.systems.arrivals import Arrival, Refused, arrivals
from autograder.grading.systems.placing import Placing
from autograder.grading.systems.roster import Student, find_roster
from autograder.grading.systems.sorting import Outcome, Sorting, What

REPORT = "collected.csv"
SCRATCH = "collect"
COLUMNS = ("file", "student", "assignment", "outcome", "late", "says")
MOST_LINES = 20  # in the terminal, of one student's files that met the same fate
ZIP = ".zip/"  # in the place of a file that came in a zip within the export
NEEDS_A_PERSON = (What.REFUSED, What.UNCLEAR)


def run(course: Course, args: argparse.Namespace) -> int:
    """Collect; the command's exit status: 3 if there is something for a person to look at.

    Raises CourseError if the export lies where submissions are collected to.
    """
    submissions = course.submissions(args.submissions)
    class_folder = submissions.resolve().parent
    if args.assignment is not None:
        course.names([args.assignment])
    if args.source.is_dir() and _overlap(args.source, submissions):
        raise CourseError(
            f"{args.source} is where submissions are collected to: name another folder"
        )
    class_folder.mkdir(parents=True, exist_ok=True)
    require_writable(class_folder)
    roster = find_roster(args.roster, (class_folder, course.root))
    with one_at_a_time(class_folder):  # a grading reads what this replaces
        clear_up(class_folder)
        scratch = class_folder / f"{STAGING}{os.getpid()}-{SCRATCH}"
        scratch.mkdir()
        try:
            outcomes = collect(course, args, roster, submissions, scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    wanted = (
        [args.assignment] if args.assignment else sorted({o.assignment for o in outcomes} - {""})
    )
    outcomes += missing(roster or [], wanted, submissions, outcomes)
    _show(outcomes, roster)
    report = class_folder / REPORT
    if args.dry_run:
        print("a dry run: nothing was changed")
    else:
        if new := sum(o.what is What.COLLECTED for o in outcomes):
            print(f"{new} new: earlier scores and feedback stand until you type autograder grade")
        outcomes += earlier(report, submissions, outcomes)
        write_whole(report, as_csv(outcomes).encode("utf-8-sig", "replace"))
        print(f"what became of each file: {report}")
    return 3 if any(o.what in NEEDS_A_PERSON for o in outcomes) else 0


def collect(
    course: Course,
    args: argparse.Namespace,
    roster: list[Student] | None,
    submissions: Path,
    scratch: Path,
) -> list[Outcome]:
    """Take what lies in the source, find out what it is, and put it where it belongs."""
    came: list[Arrival] = []
    outcomes: list[Outcome] = []
    for each in arrivals(args.source, scratch):
        if isinstance(each, Refused):
            outcomes.append(Outcome(each.place, What.REFUSED, each.why))
        else:
            came.append(each)
    sorting = Sorting(course, Belonging(course), roster, args.assignment)
    chosen, said = sorting.sort(came)
    outcomes += said
    placing = Placing(submissions, scratch, args.dry_run)
    for submission in chosen:
        outcomes += placing.place(submission)
    return outcomes


def missing(
    roster: Iterable[Student], wanted: Iterable[str], submissions: Path, outcomes: list[Outcome]
) -> list[Outcome]:
    """For each student on the roster, the assignments of which nothing lies in ``submissions``."""
    new = {(o.student, o.assignment) for o in outcomes if o.what is What.COLLECTED}
    instead: dict[str, list[str]] = {}
    for o in outcomes:
        if o.student and o.what in (What.LEFT, What.UNCLEAR, What.REFUSED):
            instead.setdefault(o.student, []).append(Path(o.file).name)
    there = (
        {gradebook_name(p.name): p for p in submissions.iterdir()} if submissions.is_dir() else {}
    )
    found = []
    for student in roster:
        says = (
            f"there is only: {', '.join(instead[student.id][:3])}" if student.id in instead else ""
        )
        for name in wanted:
            folder = there.get(student.id)
            held = folder is not None and (folder / name / f"{name}.ipynb").is_file()
            if not held and (student.id, name) not in new:
                found.append(Outcome("", What.MISSING, says, student.id, name))
    return found


def read_report(report: Path) -> list[Outcome]:
    """What became of the files of submissions that were taken, as ``as_csv`` wrote it.

    What a spreadsheet has made unreadable is as if it were not there.
    """
    text = report.read_text(encoding="utf-8-sig", errors="replace")
    found = []
    for row in csv.DictReader(text.splitlines(keepends=True)):
        held = [from_table(row.get(name) or "") for name in COLUMNS]
        file, student, assignment, outcome, late, says = held
        if outcome in (What.COLLECTED.value, What.THERE.value):
            found.append(Outcome(file, What(outcome), says, student, assignment, bool(late)))
    return found


def earlier(report: Path, submissions: Path, outcomes: list[Outcome]) -> list[Outcome]:
    """What came with earlier exports and lies there still: feedback goes back under its files' names."""
    taken = (What.COLLECTED, What.THERE, What.EARLIER)
    new = {(o.student, o.assignment) for o in outcomes if o.what in taken}
    return [
        o
        for o in (read_report(report) if report.is_file() else [])
        if (o.student, o.assignment) not in new
        and (submissions / o.student / o.assignment).is_dir()
    ]


def as_csv(outcomes: list[Outcome]) -> str:
    """What became of each file, a row each."""
    rows = [
        (o.file, o.student, o.assignment, o.what.value, "late" if o.late else "", o.says)
        for o in outcomes
    ]
    return as_table([COLUMNS, *rows])


def _show(outcomes: list[Outcome], roster: list[Student] | None) -> None:
    told = Counter[tuple[str, What]]()
    for o in outcomes:
        if o.what is What.GIVEN:  # every student has these
            continue
        whose = o.student or o.file.partition(ZIP)[0]
        told[whose, o.what] += 1
        if told[whose, o.what] > MOST_LINES:  # one student's files hide nobody else's
            continue
        to = " ".join(filter(None, (o.student, o.assignment, "(late)" if o.late else "")))
        if o.what is What.MISSING:
            print(printable(f"{to}: missing" + (f"; {o.says}" if o.says else "")))
        else:
            more = f": {o.says}" if o.says else ""
            print(printable(f"{o.file}: {o.what.value}{f', {to}' if to else ''}{more}"))
    for (whose, what), count in told.items():
        if count > MOST_LINES:
            print(printable(f"{whose}: {what.value}: {count - MOST_LINES} more files"))
    counts = Counter(o.what for o in outcomes)
    print("; ".join(f"{counts[what]} {what.value}" for what in What if counts[what]) or "no file")
    if roster is None:
        print("no roster.csv: who is missing can't be told", file=sys.stderr)


def _overlap(one: Path, other: Path) -> bool:
    a, b = one.resolve(), other.resolve()
    return a == b or a in b.parents or b in a.parents
