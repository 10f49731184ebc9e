"""What tests of exercises share: the exercises and answers of the course, and verdicts on code."""

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nbgrader import utils

from autograder import judge, probe, wire
from autograder.exercise import PROBE_SECONDS, Case, Exercise, Verdict
from autograder.grading.answer import Answer
from autograder.grading.course import Course
from autograder.grading.releasing import keys
from autograder.grading.releasing.exercise_cells import points_by_exercise
from autograder.grading.releasing.notebooks import read_source
from autograder.key import Key, WholeKey

ROOT = Path(__file__).parent.parent
COURSE = Course(ROOT)


@cache
def exercises_of(assignment: str) -> list[str]:
    """The ids of an assignment's exercises, in the order of its notebook."""
    source = read_source(COURSE.source(assignment))
    return list(points_by_exercise(source, COURSE.assignment(assignment)))


ASSIGNMENTS = {name: exercises_of(name) for name in COURSE.names([])}
HOME = {exercise: name for name, exercises in ASSIGNMENTS.items() for exercise in exercises}
# The course's own: of them is demanded what `autograder test` says that others lack.
OWN = ("ensembles", "hyperparameters", "optimizers", "regularization", "transfer")


def having(file: str) -> list[str]:
    """The assignments with a file in one of their two folders: the course's own must have it."""
    return [
        name
        for name in ASSIGNMENTS
        if name in OWN
        or any((ROOT / of / name / file).is_file() for of in ("assignments", "solutions"))
    ]


def exercises_having(file: str) -> list[str]:
    """The exercises of these."""
    return [exercise for name in having(file) for exercise in ASSIGNMENTS[name]]


@cache
def exercise(name: str) -> Exercise:
    return COURSE.assignment(HOME[name]).exercise(name)


@cache
def answer(name: str) -> Answer:
    return COURSE.answer(HOME[name], name)


def is_slow(name: str) -> bool:
    """Whether answers train networks, or may take long for another reason."""
    return name == "overfits_small_sample" or exercise(name).seconds > PROBE_SECONDS


def oracle(name: str) -> Any:
    return answer(name).oracle


def mistake(name: str, id: str) -> Any:
    """The code of a known mistake."""
    return next(m.code for m in answer(name).mistakes if m.id == id)


@cache
def key(name: str, seed: str) -> Key:
    """The answer key as a grading has it: a mistake is tried where somebody asks for it.

    That of the public cases is the one that students hold, whatever the sources would make now.
    """
    if seed == keys.PUBLIC_SEED:
        return COURSE.assignment(HOME[name]).public_keys()[name]
    return keys.draw_key(exercise(name), answer(name), seed)


@cache
def right_answers(name: str, seed: str = "1") -> WholeKey:
    """The same key without mistakes, which take long to try: for who asks for points alone."""
    held = key(name, seed)
    return WholeKey(held.cases, held.expected, [])


def outcomes(name: str, code: Any, cases: Any, device: str = "cpu") -> list[dict]:
    """What a probe brings home, as grading has it: it travels as text."""
    sent = wire.loads(wire.dumps([vars(case) for case in cases]))
    found = probe.run(exercise(name), code, [Case(**case) for case in sent], device)
    return wire.loads(wire.dumps(found))


def verdict(name: str, code: Any, seed: str = "") -> Verdict:
    """The verdict as grading gives it, with whatever state NumPy's and torch's generators have.

    On hidden cases, or where known mistakes take long to try on those, on the public ones, whose key
    has what they do.
    """
    answers = key(name, seed or (keys.PUBLIC_SEED if is_slow(name) else "1"))
    return judge.judge(exercise(name), outcomes(name, code, answers.cases), answers)


def surroundings(name: str) -> dict[str, Any]:
    """What an answer finds in its notebook: NumPy, torch, and what else its exercise uses."""
    return {"np": np, "torch": torch} | {used: oracle(used) for used in exercise(name).uses}


@cache
def unlisted(name: str) -> list[tuple]:
    """Wrong answers that are no known mistakes: what, edits of the oracle, and the id of the known
    mistake that does the same, where there is one."""
    if HOME[name] not in having("unlisted.py"):
        return []
    namespace = runpy.run_path(str(COURSE.source(HOME[name]).parent / "unlisted.py"))
    return [tuple(wrong) for exercise, *wrong in namespace["WRONG"] if exercise == name]


@cache
def solutions(assignment: str) -> dict[str, Any]:
    """What the reference solution of an assignment defines."""
    namespace: dict[str, Any] = {"np": np, "torch": torch}
    for cell in read_source(COURSE.source(assignment)).cells:
        if cell.cell_type == "code" and utils.is_solution(cell):
            exec(cell.source, namespace)
    return namespace


def statement(name: str) -> str:
    """The text of an exercise, on one line: the last markdown cell before its test cell."""
    text = ""
    for cell in read_source(COURSE.source(HOME[name])).cells:
        if cell.id == name:
            break
        text = cell.source if cell.cell_type == "markdown" else text
    return " ".join(text.split())
