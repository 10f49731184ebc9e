"""Why a student lost points, from the run record: the case, its inputs, what came, what was expected."""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import report
from autograder.exercise import SEEN, Case, Outputs, Verdict, in_one_line
from autograder.grading.course import Course, CourseError
from autograder.grading.judge.judging import HiddenCases, verdict_on
from autograder.grading.judge.verdicts import outcomes_of
from autograder.grading.releasing import keys
from autograder.grading.storage import ledger, records
from autograder.grading.storage.jobs import Job, gradebook_name, printable
from autograder.grading.storage.records import Probed, RecordStale, RunRecord
from autograder.grading.storage.results import Result
from autograder.judge import CheckFailed, summarized
from autograder.literal import literal, size

LONGEST = 400  # characters of a value
MOST_CASES = 3  # of a part, if no exercise is asked for


def run(course: Course, args: argparse.Namespace) -> int:
    """Show it in the terminal; the command's exit status."""
    class_folder = course.submissions(args.submissions).resolve().parent
    for line in explain(course, class_folder, args.student, args.exercise):
        print("\n".join(map(printable, line.split("\n"))))
    return 0


def explain(
    course: Course, class_folder: Path, student: str, exercise: str | None
) -> Iterator[str]:
    """Why, in lines: of one exercise, or of all that are not right.

    Raises CourseError if nothing of the student, or of the exercise, is on record.
    """
    student = gradebook_name(student)
    graded: dict[str, None] = {}
    for name in course.names([]):
        job = Job(name, student, class_folder)
        done = ledger.finished(class_folder, job)
        if done is None:
            continue
        graded |= dict.fromkeys(r.exercise for r in done.results)
        about = [r for r in done.results if exercise in (None, r.exercise)]
        if about:
            if len(graded) > len(done.results):
                yield ""
            record = records.found(records.folder(class_folder, job), done.record)
            yield from _of_assignment(course, job, about, record, exercise is not None)
    if not graded:
        raise CourseError(f"nothing is on record of {student}: grade it first")
    if exercise is not None and exercise not in graded:
        raise CourseError(f"{student} has no exercise {exercise!r}; there are: {', '.join(graded)}")


def _of_assignment(
    course: Course, job: Job, about: list[Result], record: RunRecord | None, wholly: bool
) -> Iterator[str]:
    score, of = sum(r.score or 0.0 for r in about), sum(r.max_score for r in about)
    yield f"{job.assignment}, {job.student}: {score:g} of {of:g} points"
    yield from (f"  {note}" for note in about[0].notes)
    hidden = HiddenCases(course, job.assignment, record.seed) if record else None
    for result in about:
        if result.status == "passed" and not wholly:
            continue
        yield ""
        probed = record.probed.get(result.exercise) if record else None
        if probed is None or hidden is None:
            yield f"✗ {result.exercise}: {result.message}"
            continue
        try:
            yield from _of_exercise(course, job, result.exercise, probed, hidden, wholly)
        except CheckFailed:
            yield f"✗ {result.exercise}: {result.message}"
        except RecordStale as stale:
            yield f"✗ {result.exercise}: {result.message}"
            yield f"  the cases can't be shown: {stale}; grade it again"


def _of_exercise(
    course: Course, job: Job, name: str, probed: Probed, hidden: HiddenCases, wholly: bool
) -> Iterator[str]:
    exercise = course.assignment(job.assignment).exercise(name)
    verdict = verdict_on(course, job.assignment, exercise, probed, hidden)
    yield report.text(verdict)
    shown_of: Counter[str] = Counter()
    for failed in _failed(course, job.assignment, probed, hidden, verdict):
        shown_of[failed.case.part] += 1
        if wholly or shown_of[failed.case.part] <= MOST_CASES:
            yield ""
            yield from (f"  {line}" for line in failed.lines())


@dataclass(frozen=True)
class Failed:
    """A case on which an answer is wrong: what was expected, what came, and what is wrong in words."""

    case: Case
    expected: Outputs
    came: Outputs | None
    said: list[str]

    def lines(self) -> Iterator[str]:
        """What to show of it, line by line."""
        yield f"case: {self.case.name} ({self.case.part})"
        yield from (f"  {key} = {_value(value)}" for key, value in self.case.inputs.items())
        if self.came is not None:
            yield from _side_by_side(self.expected, self.came)
        yield from (f"  {message}" for message in self.said)


def _failed(
    course: Course, assignment: str, probed: Probed, hidden: HiddenCases, verdict: Verdict
) -> Iterator[Failed]:
    """The cases on which an answer is wrong; none where the probe brought no outcomes home."""
    exercise = course.assignment(assignment).exercise(verdict.exercise)
    drawn = hidden.of(exercise.id)
    outcomes = outcomes_of(probed.outputs, drawn.order)
    if outcomes is None or len(outcomes) != len(drawn.cases):
        return
    expected = keys.LazyKey(exercise, course.answer(assignment, exercise.id), drawn.cases).expected
    for case, outcome, right in zip(drawn.cases, outcomes, expected, strict=True):
        if not (said := _findings(verdict, case.part, case.name)):
            continue
        if isinstance(outcome, dict):
            outcome = summarized(exercise, case, outcome, right)
        outputs = outcome.get("outputs") if isinstance(outcome, dict) else None
        yield Failed(case, right, outputs if isinstance(outputs, dict) else None, said)


def smallest(
    course: Course, class_folder: Path, name: str, student: str, exercise: str
) -> Failed | str:
    """The failed case with the fewest numbers in its inputs; why none can be shown, in words."""
    job = Job(name, student, class_folder)
    done = ledger.finished(class_folder, job)
    record = records.found(records.folder(class_folder, job), done.record) if done else None
    probed = record.probed.get(exercise) if record else None
    if record is None or probed is None:
        return "the record of its run is no longer there"
    hidden = HiddenCases(course, name, record.seed)
    try:
        asked = course.assignment(name).exercise(exercise)
        verdict = verdict_on(course, name, asked, probed, hidden)
        failed = list(_failed(course, name, probed, hidden, verdict))
    except (CheckFailed, RecordStale) as error:
        return str(error)
    if verdict.status == "passed":
        return "today's check finds it right; judge the class again (autograder grade --rejudge)"
    return min(failed, key=lambda f: size(f.case.inputs), default=verdict.message)


def _findings(verdict: Verdict, part: str, case: str) -> list[str]:
    return [f.message for f in verdict.findings if (f.part, f.case) == (part, case)]


def _side_by_side(expected: Outputs, came: Outputs) -> Iterator[str]:
    for name in {**expected, **came}:
        if name != SEEN:
            said = _shortened(name)
            yield f"  {said}: expected {_value(expected.get(name))}"
            yield f"  {' ' * len(said)}  came     {_value(came.get(name))}"


def _shortened(text: object) -> str:
    return in_one_line(str(text))[:LONGEST]


def _value(value: Any) -> str:
    """A value as code where that is short, else what can be said of it in a line."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    text = literal(value)
    if text is not None and len(text) <= LONGEST:
        return text
    if isinstance(value, np.ndarray):
        begins = np.array2string(value.ravel()[:8], separator=", ", precision=6)[1:-1]
        return f"{value.dtype.name} of shape {value.shape}: [{' '.join(begins.split())}, ...]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{_shortened(k)}: {_value(v)}" for k, v in value.items())[: 4 * LONGEST]
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value))[: 4 * LONGEST] + "]"
    return _shortened(value)
