"""``autograder one``: grades one submission for a system that runs graders itself.

Gradescope calls a grader for each submission, and so does a workflow of GitHub's. Nothing of a class
is needed or kept: the gradebook and all else lie in a folder that is gone afterwards.
"""

import argparse
import html
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.course import Course, CourseError
from autograder.grading.running import sandbox
from autograder.grading.storage import seeds, staging
from autograder.grading.storage.jobs import Job, printable
from autograder.grading.storage.results import Result
from autograder.grading.storage.seeds import SeedMissing
from autograder.grading.submissions import planning
from autograder.grading.submissions.class_folder import class_config
from autograder.grading.submissions.grade import grade_submission
from autograder.grading.systems import export, gradescope

STUDENT = "submission"
LONGEST = 300  # characters of a message in a table


@dataclass(frozen=True)
class Outcome:
    """The row of scores of one submission, the points of each exercise, and the results."""

    row: dict[str, Any]
    most: Mapping[str, float]
    results: list[Result]


def run(course: Course, args: argparse.Namespace) -> int:
    """Grade it and write the results; the command's exit status.

    It is 3, and nothing is written, if the grader failed: no system is to take that for a score.
    """
    (name,) = course.names([args.assignment])
    if args.format == "gradescope":
        args.output.unlink(missing_ok=True)
    outcome = grade(course, name, args.folder)
    left = [result for result in outcome.results if result.status == "ungraded"]
    for result in left:
        print(f"{result.exercise}: {printable(result.message)}", file=sys.stderr)
    if left:
        return 3
    args.output.parent.mkdir(parents=True, exist_ok=True)
    said = {result.exercise: result.message for result in outcome.results}
    if args.format == "gradescope":
        text = gradescope.results_json(outcome.row, outcome.most, said)
        args.output.write_bytes(text.encode("utf-8", "replace"))
    else:
        with open(args.output, "ab") as file:
            file.write(as_markdown(name, outcome).encode("utf-8", "replace"))
        print("\n".join(notices(outcome.row)))
    return 0


def grade(course: Course, name: str, folder: Path) -> Outcome:
    """Grade the notebook in a folder; raises GradingImpossible where none could be graded."""
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}")
    with tempfile.TemporaryDirectory(prefix="autograder-") as place:
        class_folder = Path(place)
        _copy_seed(course, class_folder)
        submitted = class_folder / "submitted"
        job = Job(name, STUDENT, submitted / STUDENT / name)
        copy_submission(folder, job)
        config = class_config(course, submitted, "cpu")
        config.CourseDirectory.db_url = f"sqlite:///{class_folder / 'gradebook.db'}"
        try:
            planning.require_kernel(course, name)
            planning.prepare(course, config, [name])
            results = grade_submission(course, config, job)
        finally:
            sandbox.forget()
        rows = list(export.scores(config, name)) or [{}]
        return Outcome(rows[0], export.most_points(config)[name], results)


def _copy_seed(course: Course, class_folder: Path) -> None:
    """The class's seed: with one made for each submission, no two would be tried alike."""
    try:
        shutil.copy(course.root / seeds.FILE, class_folder)
    except FileNotFoundError:
        if not seeds.is_set():
            raise SeedMissing(
                f"there is no seed: set {seeds.VARIABLE}, or put the class's {seeds.FILE} into {course.root}"
            ) from None


def copy_submission(folder: Path, job: Job) -> None:
    """Copy what was handed in, its notebook under the assignment's name; links are not followed.

    The notebook is the one of that name, else the only one. Hidden files are no part of it.
    """
    files = {
        place: path
        for place, path in staging.files_below(folder)
        if not any(part.startswith(".") for part in place.split("/"))
        and staging.objection(path) is None
    }
    if job.notebook.name not in files:
        notebooks = [place for place in files if place.endswith(".ipynb")]
        if len(notebooks) == 1:
            files[job.notebook.name] = files.pop(notebooks[0])
    job.folder.mkdir(parents=True)
    for place, path in files.items():
        target = job.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target, follow_symlinks=False)


def as_markdown(name: str, outcome: Outcome) -> str:
    """A table for the summary of a workflow's run."""
    row = outcome.row
    said = {result.exercise: result.message for result in outcome.results}
    lines = [
        f"## {name}: {row['score']:g} of {row['max_score']:g} points",
        "",
        "| Exercise | Points | |",
        "|:--|--:|:--|",
    ]
    for exercise, points in row["points"].items():
        earned = "pending" if points is None else f"{points:g} of {outcome.most.get(exercise, 0):g}"
        message = html.escape(" ".join(said.get(exercise, "").split())[:LONGEST])
        lines.append(f"| `{exercise}` | {earned} | {_inert(message)} |")
    return "\n".join([*lines, "", ""])


def _inert(text: str) -> str:
    """Text in which nothing is markup of Markdown's."""
    return "".join(f"&#{ord(c)};" if c in "|`*_[]()!\\~@#" else c for c in text)


def notices(row: Mapping[str, Any]) -> list[str]:
    """The annotations by which GitHub Classroom's reporter tells the points of a run."""
    points = {"totalPoints": row["score"], "maxPoints": row["max_score"]}
    return [
        f"::notice title=Autograding complete::Points {row['score']:g}/{row['max_score']:g}",
        f"::notice title=Autograding report::{json.dumps(points)}",
    ]
