"""What a class's results say: pass rates, mistakes, answers that fail alike, how well exercises tell."""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.grading.course import Course
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.storage import ledger
from autograder.grading.storage.results import Result

SLOWEST = 10  # submissions that are named
LEAST = 5  # students, for a correlation to be worth printing
TRIED = ("passed", "partial", "failed", "error", "timeout")


@dataclass(frozen=True)
class Submission:
    """A finished submission: its results, its parts' points, the code of its answers."""

    student: str
    results: list[Result]
    parts: dict[str, dict[str, list[float]]]
    answers: dict[str, str]

    @property
    def score(self) -> float:
        """What it earned; what has no score counts as 0."""
        return sum(result.score or 0.0 for result in self.results)

    @property
    def max_score(self) -> float:
        """The most that it could earn."""
        return sum(result.max_score for result in self.results)


@dataclass(frozen=True)
class Item:
    """How an exercise went: the mean share of its points, and how well it tells students apart.

    ``discrimination`` is the correlation of its points with those of all other exercises; None where
    there are too few students, or all have the same. ``parts`` has the share of students with all points
    of each part; who handed nothing in has none, as in the mean.
    """

    exercise: str
    counts: Mapping[str, int]
    mean: float
    discrimination: float | None
    parts: Mapping[str, float]


@dataclass(frozen=True)
class Alike:
    """Wrong answers that no mistake explains and that fail alike: how many, in which parts, and one of
    them with whose it is."""

    exercise: str
    message: str
    count: int
    parts: tuple[str, ...]
    student: str
    example: str


def submissions(course: Course, class_folder: Path, name: str) -> list[Submission]:
    """All finished submissions of an assignment."""
    found = []
    for job, done in ledger.all_finished(class_folder, name):
        graded = class_folder / "autograded" / job.student / name / job.notebook.name
        answers = _answers(course, name, graded) if done.handed_in else {}
        found.append(Submission(job.student, done.results, done.parts, answers))
    return found


def _answers(course: Course, name: str, graded: Path) -> dict[str, str]:
    """The code of the answer cell before each exercise's test cell."""
    assignment, last, found = course.assignment(name), "", {}
    for cell in nbformat.read(graded, as_version=4).cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and meta.get("solution"):
            last = cell.source
        if (exercise := bound_exercise(cell, assignment)) is not None:
            found[exercise] = last
    return found


def items(held: list[Submission]) -> list[Item]:
    """How each exercise went, in the order of the notebook."""
    names = list(dict.fromkeys(r.exercise for s in held for r in s.results))
    return [_item(name, held) for name in names]


def _item(name: str, held: list[Submission]) -> Item:
    results = [next(r for r in s.results if r.exercise == name) for s in held]
    graded = [(s, r) for s, r in zip(held, results, strict=True) if r.score is not None]
    shares = [(r.score or 0.0) / r.max_score if r.max_score else 0.0 for _, r in graded]
    rest = [s.score - (r.score or 0.0) for s, r in graded]
    passed: dict[str, int] = defaultdict(int)
    for submission, _ in graded:
        for part, (got, of) in submission.parts.get(name, {}).items():
            passed[part] += got == of
    return Item(
        name,
        Counter(r.status for r in results),
        statistics.fmean(shares) if shares else 0.0,
        _correlation(shares, rest),
        {part: count / len(graded) for part, count in passed.items()},
    )


def _correlation(one: list[float], other: list[float]) -> float | None:
    if len(one) < LEAST:
        return None
    try:
        return statistics.correlation(one, other)
    except statistics.StatisticsError:  # all have the same
        return None


def mistakes(held: list[Submission]) -> dict[str, Counter[str]]:
    """How many made which known mistake, by exercise."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for result in (r for s in held for r in s.results if r.mistake):
        found[result.exercise][str(result.mistake)] += 1
    return dict(found)


def unnamed(held: list[Submission]) -> list[Alike]:
    """Wrong answers without a name that fail in the same parts with the same words, most first.

    Where there is no code, as in a file that is no notebook, there is no answer.
    """
    groups: dict[tuple, list[tuple[Submission, Result]]] = defaultdict(list)
    for submission in held:
        for result in submission.results:
            wrong = result.status in TRIED and result.status != "passed"
            if wrong and result.mistake is None and submission.answers.get(result.exercise):
                parts = submission.parts.get(result.exercise, {})
                failed = tuple(part for part, (got, of) in parts.items() if got < of)
                words = re.sub(r"-?\d[\d.e+-]*|\bnan\b|\binf\b", "#", result.message)
                groups[result.exercise, result.status, failed, words].append((submission, result))
    alike = [
        Alike(key[0], result.message, len(group), key[2], one.student, one.answers[key[0]])
        for key, group in groups.items()
        for one, result in [min(group, key=lambda g: len(g[0].answers[key[0]]))]
    ]
    return sorted(alike, key=lambda a: (-a.count, a.exercise))


def slowest(held: Iterable[Submission]) -> list[tuple[float, Submission]]:
    """The submissions whose probes took longest, with the seconds."""
    seconds = [(sum(r.seconds or 0.0 for r in s.results), s) for s in held]
    return sorted(seconds, key=lambda pair: -pair[0])[:SLOWEST]
