"""Judges run records: a verdict in the place of each exercise's test cell, and no kernel anywhere."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from nbformat import NotebookNode

from autograder import hints, wire
from autograder.exercise import Case, Exercise, Verdict, no_verdict
from autograder.grading.course import Course
from autograder.grading.intake.reading import PROBLEM
from autograder.grading.judge.verdicts import judged, ungraded_outputs, verdict_outputs
from autograder.grading.releasing import keys
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.releasing.further import further
from autograder.grading.storage.records import Probed, RecordStale, RunRecord
from autograder.judge import CheckFailed

logger = logging.getLogger("autograder")


@dataclass(frozen=True)
class Drawn:
    """The cases of an exercise, as text what is sent of them, and the digest of that.

    They are sent in an ``order`` of the submission's own, so that no case is known by its place.
    """

    cases: list[Case]
    order: list[int]
    sent: str
    digest: str


class HiddenCases:
    """The hidden cases of one submission, drawn once."""

    def __init__(self, course: Course, assignment: str, seed: str) -> None:
        self.course = course
        self.assignment = course.assignment(assignment)
        self.seed = seed
        self._drawn: dict[str, Drawn] = {}

    def of(self, exercise: str) -> Drawn:
        """Those of an exercise, and the order in which they are sent."""
        if exercise not in self._drawn:
            answer = self.course.answer(self.assignment.name, exercise)
            cases = keys.hidden_cases(self.assignment.exercise(exercise), answer, self.seed)
            order = _shuffled(len(cases), f"{self.seed}/{exercise}")
            sent = wire.dumps([cases[i].as_sent() for i in order])
            digest = hashlib.sha256(sent.encode()).hexdigest()
            self._drawn[exercise] = Drawn(cases, order, sent, digest)
        return self._drawn[exercise]


def _shuffled(count: int, seed: str) -> list[int]:
    digest = hashlib.sha256(f"order of {seed}".encode()).digest()
    return np.random.default_rng(list(digest)).permutation(count).tolist()


def judge(
    course: Course, name: str, record: RunRecord, hidden: HiddenCases, whole: bool = True
) -> NotebookNode:
    """The record's notebook with verdicts in it; raises RecordStale if other cases are drawn now.

    A check that fails by itself raises CheckFailed; if the notebook need not be judged as a
    ``whole``, it leaves its own exercise ungraded, and the others have their verdicts.
    """
    assignment = course.assignment(name)
    problem = record.notebook.metadata.get(PROBLEM)
    for cell in record.notebook.cells:
        if (exercise_id := bound_exercise(cell, assignment)) is None:
            continue
        exercise = assignment.exercise(exercise_id)
        points = float(cell.metadata.nbgrader.points)
        if problem:
            verdict = no_verdict(exercise, "error", problem)
        elif exercise_id in record.probed:
            try:
                verdict = verdict_on(course, name, exercise, record.probed[exercise_id], hidden)
            except CheckFailed as failed:
                if whole:
                    raise
                logger.error("%s, %s is ungraded: %s", name, exercise_id, failed, exc_info=True)
                cell.outputs = ungraded_outputs(points, str(failed))
                continue
        else:
            raise RecordStale(f"{exercise_id} was not tried when this record was made")
        verdict = verdict.out_of(points)
        below = hints.fitting(assignment.folder, verdict), further(course, name, exercise_id)
        cell.outputs = verdict_outputs(verdict, *below)
    return record.notebook


def verdict_on(
    course: Course, name: str, exercise: Exercise, probed: Probed, hidden: HiddenCases
) -> Verdict:
    """The verdict on what one probe brought home.

    Raises RecordStale if other cases are drawn now, CheckFailed if the check fails by itself.
    """
    drawn = hidden.of(exercise.id)
    if drawn.digest != probed.cases:
        raise RecordStale(f"{exercise.id} was tried on other cases than are drawn now")
    if probed.failed:
        raise CheckFailed(f"the probe of {exercise.id} fails without any answer: {probed.failed}")
    known: dict[str, Any] = {"device": probed.device, "note": probed.note}
    if probed.stopped is not None:
        status, reason = probed.stopped
        return no_verdict(exercise, status, reason, **known)
    key = keys.LazyKey(exercise, course.answer(name, exercise.id), drawn.cases)
    return judged(exercise, probed.outputs, drawn.order, key, known, probed.why_missing)
