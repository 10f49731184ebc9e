"""``autograder report``: a class's results as one page that needs nothing else."""

import argparse
import re
import statistics
from pathlib import Path
from typing import Any

from jinja2 import Environment

from autograder.grading.course import Course, CourseError
from autograder.grading.display import class_statistics as stats
from autograder.grading.display.class_statistics import Submission
from autograder.grading.display.similarity import similar
from autograder.grading.releasing import further
from autograder.grading.storage.files import write_whole
from autograder.grading.storage.jobs import students_in

TEMPLATE = Path(__file__).with_suffix(".html")
BINS = 10
MOST = 25  # rows of a list
MOST_CODE = 200_000  # characters of a student's that are compared with others'
LEFT, RIGHT, FLOOR, TOP = 20, 630, 190, 24  # of the plot


def run(course: Course, args: argparse.Namespace) -> int:
    """Write a page for each assignment that is on record; the command's exit status."""
    submitted = course.submissions(args.submissions).resolve()
    class_folder = submitted.parent
    written = 0
    for name in course.names([args.assignment] if args.assignment else []):
        if held := stats.submissions(course, class_folder, name):
            graded = {submission.student for submission in held}
            there = students_in(submitted, [name]) if submitted.is_dir() else {}
            left = [student for student in there if student not in graded]
            ungraded = (r for s in held for r in s.results if r.status == "ungraded")
            left += [f"{result.student}, {result.exercise}" for result in ungraded]
            path = class_folder / "report" / f"{name}.html"
            write_whole(path, page(course, name, held, left).encode("utf-8", "replace"))
            print(f"{name}: {len(held)} submissions, {path}")
            written += 1
    if not written:
        raise CourseError(f"nothing is on record in {class_folder}: grade the class first")
    return 0


def page(course: Course, name: str, held: list[Submission], left: list[str]) -> str:
    """The report on an assignment as HTML; ``left`` are the students who are not graded yet."""
    released = course.student_version(name)
    code = {s.student: "\n".join(s.answers.values())[:MOST_CODE] for s in held if s.answers}
    template = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        name=name,
        held=held,
        mean=statistics.fmean(s.score for s in held),
        most=max(s.max_score for s in held),
        bins=_bins(held),
        items=stats.items(held),
        mistakes=_mistakes(course, name, held),
        unnamed=stats.unnamed(held)[:MOST],
        lists={"Not graded": left[:MOST], **_lists(held)},
        pairs=similar(code, [cell.source for cell in released.cells])[:MOST],
        site=further.site(course).rstrip("/").removesuffix("book"),
    )


def _bins(held: list[Submission]) -> list[dict[str, Any]]:
    """The bars of the histogram of scores."""
    most = max(s.max_score for s in held) or 1.0
    counts = [0] * BINS
    for submission in held:
        counts[min(BINS - 1, int(BINS * submission.score / most))] += 1
    width = (RIGHT - LEFT) / BINS
    scale = (FLOOR - TOP) / max(counts)
    return [
        {
            "label": f"{most * k / BINS:.3g} to {most * (k + 1) / BINS:.3g}"
            if k == BINS - 1
            else f"{most * k / BINS:.3g}",
            "count": count,
            "x": round(LEFT + k * width + 2, 1),
            "width": round(width - 4, 1),
            "y": round(FLOOR - scale * count, 1),
            "height": round(scale * count, 1),
        }
        for k, count in enumerate(counts)
    ]


def _mistakes(course: Course, name: str, held: list[Submission]) -> list[dict[str, Any]]:
    rows = []
    for exercise, counts in stats.mistakes(held).items():
        says = {m.id: m.says for m in course.answer(name, exercise).mistakes}
        page = page_of(course, exercise)
        for id, count in counts.most_common():
            rows.append(
                {
                    "exercise": exercise,
                    "id": id,
                    "says": says.get(id, id),
                    "count": count,
                    "page": page,
                }
            )
    return sorted(rows, key=lambda row: -row["count"])


def page_of(course: Course, exercise: str) -> str | None:
    """The page of the book that an exercise stands on, None if there is none."""
    solve = re.compile(rf"^`{{3,}}\{{solve\}} {re.escape(exercise)}\s*$", re.MULTILINE)
    for path in sorted((course.root / "book").rglob("*.md")):
        if solve.search(path.read_text(encoding="utf-8")):
            return path.relative_to(course.root).with_suffix("").as_posix()
    return None


def _lists(held: list[Submission]) -> dict[str, list[str]]:
    """Submissions to look at, and why."""

    def with_status(*statuses: str) -> list[str]:
        found = [(s.student, [r.exercise for r in s.results if r.status in statuses]) for s in held]
        return [f"{student}: {', '.join(which)}" for student, which in found if which]

    slow = [f"{s.student}: {seconds:.1f} s" for seconds, s in stats.slowest(held) if seconds > 1.0]
    repaired = [f"{s.student}: {note}" for s in held for note in s.results[0].notes]
    not_there = [s.student for s in held if not any(s.answers.values())]
    return {
        "Not handed in as a notebook": not_there[:MOST],
        "Ended with an error, or took too long": with_status("error", "timeout")[:MOST],
        "Slowest answers": slow,
        "Repaired": repaired[:MOST],
    }
