"""``autograder report``: a class's results as one page that needs nothing else."""

import argparse
import inspect
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from autograder.grading.course import Course, CourseError
from autograder.grading.display import anonymous, plots
from autograder.grading.display import class_statistics as stats
from autograder.grading.display.class_statistics import Alike, Submission
from autograder.grading.display.similarity import similar
from autograder.grading.judge.why import Failed, smallest
from autograder.grading.releasing import further
from autograder.grading.storage.files import write_whole
from autograder.grading.storage.jobs import students_in
from autograder.grading.systems.roster import Student, find_roster

TEMPLATE = Path(__file__).with_suffix(".html")
MOST = 25  # of the groups and pairs that are shown
MOST_CODE = 200_000  # characters of a student's that are compared with others'


def run(course: Course, args: argparse.Namespace) -> int:
    """Write a page for each assignment that is on record; the command's exit status.

    Raises CourseError if there is none.
    """
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
            write_whole(
                path, page(course, class_folder, name, held, left).encode("utf-8", "replace")
            )
            print(f"{name}: {len(held)} submissions, {path}")
            written += 1
    if not written:
        raise CourseError(f"nothing is on record in {class_folder}: grade the class first")
    return 0


def page(
    course: Course, class_folder: Path, name: str, held: list[Submission], left: list[str]
) -> str:
    """The report on an assignment as HTML; ``left`` are the students who are not graded yet."""
    released = course.student_version(name)
    code = {s.student: "\n".join(s.answers.values())[:MOST_CODE] for s in held if s.answers}
    template = Environment(autoescape=True, trim_blocks=True).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    roster = find_roster(None, (class_folder, course.root))
    known = {student.id: student for student in roster or []}
    alike, items = stats.unnamed(held), stats.items(held)
    pairs = similar(code, [cell.source for cell in released.cells])
    imports = anonymous.imports_in(cell.source for cell in released.cells)
    scores, most = [s.score for s in held], max(s.max_score for s in held)
    return template.render(
        name=name,
        count=len(held),
        scores=scores,
        mean=statistics.fmean(scores),
        median=statistics.median(scores),
        most=most,
        bars=plots.histogram(scores, most),
        floor=plots.FLOOR,
        items=items,
        statuses=[s for s in plots.STATUSES if any(item.counts.get(s) for item in items)],
        stacked=plots.stacked,
        scatter=plots.scatter(items),
        plane=plots,
        mistakes=_mistakes(course, name, held),
        unnamed=[
            _example(course, class_folder, name, one, known, imports, f"unnamed-{k}")
            for k, one in enumerate(alike[:MOST], 1)
        ],
        more_unnamed=max(0, len(alike) - MOST),
        roster=roster is not None,
        lists=[("Not graded", "Everybody is.", left), *_lists(held)],
        pairs=pairs[:MOST],
        more_pairs=max(0, len(pairs) - MOST),
    )


@dataclass(frozen=True)
class Example:
    """An answer of a group that fails alike, without its student.

    ``case`` is the smallest case that it fails, or ``why`` there is none; ``to_paste`` says that the
    code stands as a mistake would in ``file``.
    """

    alike: Alike
    message: str
    case: str
    why: str
    code: str
    to_paste: bool
    file: str


def _example(
    course: Course,
    class_folder: Path,
    name: str,
    alike: Alike,
    known: dict[str, Student],
    imports: list[str],
    id: str,
) -> Example:
    exercise = course.assignment(name).exercise(alike.exercise)
    hide = anonymous.without(known.get(alike.student, Student(alike.student)))
    found = smallest(course, class_folder, name, alike.student, alike.exercise)
    case = "\n".join(found.lines())[: anonymous.LONGEST] if isinstance(found, Failed) else ""
    module = inspect.getmodule(course.answer(name, alike.exercise).oracle)
    pasted = None
    if not exercise.uses:  # a mistake of such an exercise needs another's answer beside it
        pasted = anonymous.as_mistake(
            alike.example, exercise.entry, hide, vars(module) if module else (), imports, id
        )
    return Example(
        alike,
        hide(alike.message),
        hide(case),
        "" if case else hide(str(found)),
        pasted or anonymous.shown(alike.example, exercise.entry, hide),
        pasted is not None,
        f"solutions/{name}/answers/{alike.exercise}.py",
    )


def _mistakes(course: Course, name: str, held: list[Submission]) -> list[dict[str, Any]]:
    rows = []
    for exercise, counts in stats.mistakes(held).items():
        says = {m.id: m.says for m in course.answer(name, exercise).mistakes}
        onward = further.further(course, name, exercise)
        for id, count in counts.most_common():
            rows.append(
                {
                    "exercise": exercise,
                    "id": id,
                    "says": says.get(id, id),
                    "count": count,
                    "onward": onward,
                }
            )
    return sorted(rows, key=lambda row: -row["count"])


def _lists(held: list[Submission]) -> list[tuple[str, str, list[str]]]:
    """Submissions to look at: a title, what is said if there are none, and which."""

    def with_status(*statuses: str) -> list[str]:
        found = [(s.student, [r.exercise for r in s.results if r.status in statuses]) for s in held]
        return [f"{student}: {', '.join(which)}" for student, which in found if which]

    slow = [f"{s.student}: {seconds:.1f} s" for seconds, s in stats.slowest(held) if seconds > 1.0]
    repaired = [f"{s.student}: {note}" for s in held for note in s.results[0].notes]
    not_there = [s.student for s in held if not any(s.answers.values())]
    return [
        ("Not handed in as a notebook", "All were.", not_there),
        ("Ended with an error", "None did.", with_status("error")),
        ("Took too long", "None did.", with_status("timeout")),
        ("Slowest answers", "None took more than a second.", slow),
        ("Repaired before grading", "None needed it.", repaired),
    ]
