"""``autograder export``: the gradebook's scores for other programs, with what still waits for a person."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import SubmittedAssignment
from traitlets.config import Config

from autograder.grading.course import Course, CourseError
from autograder.grading.recording import gradebook
from autograder.grading.storage import ledger
from autograder.grading.storage.files import as_table, write_whole
from autograder.grading.storage.jobs import Job, printable
from autograder.grading.submissions.class_folder import class_config
from autograder.grading.systems import gradescope, sheets
from autograder.grading.systems.replaced import say_what_was_replaced
from autograder.grading.systems.roster import find_roster

PENDING = "pending"
SHEETS = ("canvas", "moodle")  # the formats of which systems have a sheet


def run(course: Course, args: argparse.Namespace) -> int:
    """Write the scores to files, or show them; the command's exit status.

    It is 3 if a student who has a score is not on the sheet that was to be filled in.
    Raises CourseError if there are no scores, or no sheet of this format.
    """
    submissions = course.submissions(args.submissions)
    if (args.into or args.column) and args.format not in SHEETS:
        raise CourseError(f"a sheet is filled in with --format {' or --format '.join(SHEETS)}")
    config = class_config(course, submissions, "auto")
    rows = list(scores(config, args.assignment))
    if not rows:
        of = f" of {name}" if (name := args.assignment) and course.names([name]) else ""
        raise CourseError(f"the gradebook holds no submission{of}: grade first")
    class_folder = submissions.resolve().parent
    say_what_was_replaced(submissions, sorted({row["assignment"] for row in rows}))
    if args.format == "gradescope":
        return _to_gradescope(config, class_folder, rows, args.output)
    absent: list[str] = []
    if args.format in SHEETS:
        roster = find_roster(args.roster, (class_folder, course.root))
        by_name = {(row["student"], row["assignment"]): row for row in rows}
        if args.into is not None:
            text, absent = sheets.filled(args.into, by_name, roster, args.column)
        else:
            text = (sheets.canvas if args.format == "canvas" else sheets.moodle)(by_name, roster)
    else:
        text = as_csv(rows) if args.format == "csv" else as_json(rows)
    if args.output is None:
        sys.stdout.write(text)
    else:
        write_whole(args.output, text.encode("utf-8", "replace"))
    if args.format in SHEETS:
        _say_what_waits(rows)
    for student in absent:
        print(f"not on {args.into}: {printable(student)}", file=sys.stderr)
    return 3 if absent else 0


def _say_what_waits(rows: list[dict[str, Any]]) -> None:
    if waiting := sum(bool(row[PENDING]) for row in rows):
        print(
            f"{waiting} of {len(rows)} have no score yet: a person is to grade them",
            file=sys.stderr,
        )


def _to_gradescope(
    config: Config, class_folder: Path, rows: list[dict[str, Any]], folder: Path | None
) -> int:
    """A file for each submission, since Gradescope takes no others."""
    if folder is None:
        raise CourseError("this format is a file for each submission: name a folder with --output")
    most = most_points(config)
    for row in rows:
        done = ledger.finished(class_folder, Job(row["assignment"], row["student"], class_folder))
        said = {result.exercise: result.message for result in done.results} if done else {}
        text = gradescope.results_json(row, most[row["assignment"]], said)
        place = folder / row["student"] / row["assignment"] / "results.json"
        write_whole(place, text.encode("utf-8", "replace"))
    print(f"{len(rows)} submissions: {folder}/STUDENT/ASSIGNMENT/results.json")
    return 0


def most_points(config: Config) -> dict[str, dict[str, float]]:
    """The points of each exercise and question, by assignment."""
    with gradebook.opened(config) as book:
        return {
            known.name: {c.name: c.max_score for n in known.notebooks for c in n.grade_cells}
            for known in book.assignments
        }


def scores(config: Config, assignment: str | None) -> Iterator[dict[str, Any]]:
    """One row a submission: the points in all, the penalty, and those of each exercise and question.

    What waits for a person has no points yet, and is named under ``pending``.
    """
    with gradebook.opened(config) as book:
        for known in sorted(book.assignments, key=lambda a: a.name):
            if assignment in (None, known.name):
                held = book.assignment_submissions(known.name)
                yield from (_row(one) for one in sorted(held, key=lambda s: s.student_id))


def _row(submission: SubmittedAssignment) -> dict[str, Any]:
    cells: dict[str, float | None] = {}
    pending = []
    for grade in (g for notebook in submission.notebooks for g in notebook.grades):
        waits = grade.manual_score is None and grade.auto_score is None
        if waits and grade.needs_manual_grade:
            pending.append(grade.name)
        cells[grade.name] = None if waits else grade.score
    penalties = [n.late_submission_penalty or 0.0 for n in submission.notebooks]
    return {
        "student": submission.student_id,
        "assignment": submission.assignment.name,
        "score": submission.score - sum(penalties),
        "max_score": submission.max_score,
        "late_penalty": sum(penalties),
        PENDING: pending,
        "points": cells,
    }


def as_json(rows: list[dict[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: list[dict[str, Any]]) -> str:
    """A table with a column for each exercise and question; what waits for a person says so.

    A name that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    names = list(dict.fromkeys(name for row in rows for name in row["points"]))
    fixed = [name for name in rows[0] if name not in ("points", PENDING)]
    table = [[*fixed, PENDING, *names]]
    for row in rows:
        points = [_shown(name, row) for name in names]
        table.append([*(row[f] for f in fixed), "; ".join(row[PENDING]), *points])
    return as_table(table)


def _shown(name: str, row: dict[str, Any]) -> Any:
    if name in row[PENDING]:
        return PENDING
    value = row["points"].get(name)
    return "" if value is None else value
