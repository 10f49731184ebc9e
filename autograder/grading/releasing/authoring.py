"""``autograder new`` and ``autograder test``: an assignment of one's own, and whether it is sound."""

import argparse
import re
import runpy
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode
from nbgrader.utils import is_solution

from autograder import hints, judge, onward, probe, report, wire
from autograder.assignment import Assignment
from autograder.exercise import Case, Exercise, Verdict
from autograder.grading.answer import Answer, edited, fresh
from autograder.grading.course import Course, CourseError
from autograder.grading.releasing import further, keys
from autograder.grading.releasing.exercise_cells import bound_exercise, points_by_exercise, unheaded
from autograder.grading.releasing.handout import ENGINE
from autograder.grading.releasing.leaks import lines_in, members, secrets_of
from autograder.grading.releasing.notebooks import read_source
from autograder.grading.releasing.release import release

TEMPLATE = Path(__file__).parent / "template"
SEEDS = (keys.PUBLIC_SEED, "1", "2")
MISTAKES, ALTERNATIVES = 4, 3  # that a good exercise has, at least


def new(course: Course, args: argparse.Namespace) -> int:
    """Make the two folders of an assignment with one exercise that works, or raise CourseError."""
    name = args.name
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CourseError(f"{name!r} is no name: take small letters, digits and _")
    own, hidden = course.root / "assignments" / name, course.root / "solutions" / name
    if own.exists() or hidden.exists():
        raise CourseError(f"there is an assignment {name} already")
    files = {
        "exercise": own / "exercises" / f"{name}_standardize.py",
        "answer": hidden / "answers" / f"{name}_standardize.py",
        "notebook": hidden / f"{name}.md",
        "unlisted": hidden / "unlisted.py",
        "hints": own / hints.FILE,
        "next": own / onward.FILE,
        "ideas": hidden / further.IDEAS,
    }
    for template, path in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((TEMPLATE / f"{template}.txt").read_text().replace("NAME", name))
        print(path.relative_to(course.root))
    print(f"change them to your exercise; `autograder test {name}` tries it")
    return 0


def test(course: Course, args: argparse.Namespace) -> int:
    """Try an assignment: 0 if it is sound, 1 if something is wrong."""
    (name,) = course.names([args.name])
    began = time.perf_counter()
    findings = examine(course, name, args.exercise)
    for what in findings.fine:
        print(f"ok  {what}")
    for what in findings.wrong:
        print(f"!!  {what}")
    for what in findings.lacks:
        print(f"still lacks  {what}")
    seconds = time.perf_counter() - began
    print(f"{name}: {len(findings.wrong)} wrong, {len(findings.lacks)} lacking, {seconds:.1f} s")
    return 1 if findings.wrong else 0


@dataclass
class Findings:
    """What was seen of an assignment: what is right, what is wrong, and what a good one has besides."""

    fine: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)

    def note(self, what: str, wrong: list[str]) -> None:
        self.wrong += [f"{what}: {text}" for text in wrong]
        if not wrong:
            self.fine.append(what)


def examine(course: Course, name: str, only: str | None = None) -> Findings:
    """Try everything of an assignment, or the release and one exercise, or raise CourseError."""
    findings = Findings()
    source = read_source(course.source(name))
    assignment = course.assignment(name)
    points = points_by_exercise(source, assignment)
    ids = [only] if only else list(points)
    if only and only not in points:
        raise CourseError(f"no exercise {only!r} in {name}; there is: {', '.join(points)}")
    solutions: dict[str, Any] = {}
    with _told(course, findings, "the solutions in the notebook"):
        solutions = _solutions(source)
    for id in ids:
        with _told(course, findings, f"{id}: its answers, cases, probe or judge"):
            _examine(course, name, id, points[id], solutions, findings)
    findings.wrong += unheaded(source)
    findings.lacks += _lacking(source)
    if not (course.source(name).parent / "unlisted.py").is_file():
        findings.lacks.append("unlisted.py: wrong answers that are no known mistakes")
    with _told(course, findings, "the release"):
        release(course, name)
        findings.note("the release holds no answer", list(_leaks(course, name)))
        released = course.student_version(name)
        findings.wrong += [text for id in ids for text in _unusable(released, assignment, id)]
    return findings


@contextmanager
def _told(course: Course, findings: Findings, what: str) -> Iterator[None]:
    """Note as wrong what raises in something that is being written, and where in its files."""
    try:
        yield
    except CourseError as error:
        before, _, said = str(error).partition("[ERROR] ")  # in a log of nbgrader's
        findings.wrong.append(f"{what}: {said.partition('[ERROR] ')[0] or before}".rstrip())
    except Exception as raised:
        first: BaseException = raised
        while first.__cause__ is not None:
            first = first.__cause__
        *place, words = traceback.format_exception_only(first)  # of a syntax error with its place
        frames = traceback.extract_tb(first.__traceback__)
        theirs = (course.root / "assignments", course.root / "solutions")
        for within in (theirs, (ENGINE,)):
            own = [f for f in frames if any(map(Path(f.filename).is_relative_to, within))]
            place = place or traceback.format_list(own[-1:])
        findings.wrong.append(f"{what} raised {words}{''.join(place)}".rstrip())


def _examine(
    course: Course, name: str, id: str, points: float, solutions: dict[str, Any], findings: Findings
) -> None:
    """Try all of an exercise."""
    exercise, answer = course.assignment(name).exercise(id), course.answer(name, id)
    if exercise.id != id:
        findings.wrong.append(f"{id}: it is called {exercise.id!r} in its file")
    if points != exercise.points:
        there, here = f"{points:g} points in the notebook", f"{exercise.points:g} in its parts"
        findings.wrong.append(f"{id}: {there}, {here}")
    if (count := len(answer.mistakes)) < MISTAKES:
        findings.lacks.append(f"{id}: mistakes; it has {count} of {MISTAKES}")
    if (count := len(answer.alternatives)) < ALTERNATIVES:
        had = f"it has {count} of {ALTERNATIVES}"
        findings.lacks.append(f"{id}: right answers in another dress; {had}")
    findings.lacks += _unsaid(course, name, exercise)
    tried = _Tried(exercise, answer, solutions)
    findings.note(f"{id}: right answers pass", list(tried.right_answers()))
    findings.note(f"{id}: mistakes fail, and are named", list(tried.mistakes()))
    findings.note(f"{id}: nothing is earned without an answer", list(tried.nothing()))
    findings.wrong += _unlisted(course, name, id, tried)


def _solutions(source: NotebookNode) -> dict[str, Any]:
    """What the reference solution defines."""
    namespace: dict[str, Any] = {"np": np}
    for cell in source.cells:
        if cell.cell_type == "code" and (is_solution(cell) or cell.id == "setup"):
            exec(compile(cell.source, f"cell {cell.id}", "exec"), namespace)
    return namespace


class _Tried:
    """An exercise that is tried as grading tries it, in this process."""

    def __init__(self, exercise: Exercise, answer: Answer, solutions: dict[str, Any]) -> None:
        self.exercise, self.answer, self.solutions = exercise, answer, solutions
        self.keys = {seed: keys.draw_key(exercise, answer, seed) for seed in SEEDS}

    def verdict(self, code: Any, seed: str) -> Verdict:
        return judge.judge(self.exercise, self.outcomes(code, seed), self.keys[seed])

    def outcomes(self, code: Any, seed: str) -> list[dict]:
        sent = wire.loads(wire.dumps([case.as_sent() for case in self.keys[seed].cases]))
        cases = [Case("", **case) for case in sent]
        return wire.loads(wire.dumps(probe.run(self.exercise, code, cases, "cpu")))

    def right_answers(self) -> Iterator[str]:
        entry = self.exercise.entry
        if entry not in self.solutions:
            yield f"the reference solution does not define {entry}"
            return
        right = {"the reference solution": self.solutions[entry], "the oracle": self.answer.oracle}
        for k, code in enumerate(self.answer.alternatives, 1):
            right[f"alternative {k}"] = code
        for what, code in right.items():
            for seed in SEEDS:
                keys.restart_chance(f"{what}/{seed}")
                if (v := self.verdict(fresh(code), seed)).status != "passed":
                    yield f"{what}, seed {seed}\n{report.text(v)}"
                    break

    def mistakes(self) -> Iterator[str]:
        for mistake in self.answer.mistakes:
            seen = set()
            for seed in SEEDS:
                keys.restart_chance(f"{mistake.id}/{seed}/student")
                v = self.verdict(fresh(mistake.code), seed)
                seen.add((v.score, v.mistake))
                if v.status == "passed":
                    yield f"{mistake.id} passes, seed {seed}"
                    break
                if v.mistake != mistake.id:
                    yield f"{mistake.id} is named {v.mistake}, seed {seed}\n{report.text(v)}"
                    break
            else:
                if len(seen) > 1:
                    yield f"{mistake.id} gets more than one score: {sorted(s for s, _ in seen)}"

    def nothing(self) -> Iterator[str]:
        """What the public answers, sent back for other cases, and odd values earn: nothing."""
        known = self.outcomes(self.answer.oracle, keys.PUBLIC_SEED)
        hidden = self.keys["1"]
        sent = [known[min(i, len(known) - 1)] for i in range(len(hidden.cases))]
        if (v := judge.judge(self.exercise, sent, hidden)).score:
            yield f"what is right on the public cases earns {v.score:g} on others: {v.parts}"
        odd: list[Any] = [
            None,
            3,
            lambda *a, **k: None,
            lambda *a, **k: (1, 2, 3),
            lambda *a, **k: [[1], [2, 3]],
        ]
        for value in odd:
            if (v := self.verdict(value, "1")).score:
                yield f"{value} earns {v.score:g}"

        def untouched(*args: Any, **options: Any) -> None:
            raise NotImplementedError

        is_function = not isinstance(self.answer.oracle, type) and not self.exercise.uses
        if is_function and (status := self.verdict(untouched, "1").status) != "missing":
            yield f"an untouched stub is {status}, not missing"


def _unusable(released: NotebookNode, assignment: Assignment, id: str) -> Iterator[str]:
    """What keeps students from beginning with an exercise in the notebook that they get."""
    entry = assignment.exercise(id).entry
    given = [cell.source for cell in released.cells if is_solution(cell)]
    if not any(re.search(rf"(def|class) {re.escape(entry)}\b", text) for text in given):
        yield f"{id}: students get no line `def {entry}`: put solutions between BEGIN and END SOLUTION"
    tests = [cell.source for cell in released.cells if bound_exercise(cell, assignment) == id]
    if not any(f"check({entry})" in text for text in tests):
        yield f"{id}: its test cell does not call check({entry})"


def _unlisted(course: Course, name: str, id: str, tried: _Tried) -> Iterator[str]:
    """What is wrong about answers that are wrong, and no known mistakes."""
    path = course.source(name).parent / "unlisted.py"
    listed = runpy.run_path(str(path))["WRONG"] if path.is_file() else []
    for what, edits, *named in (rest for of, *rest in listed if of == id):
        v = tried.verdict(fresh(edited(tried.answer.oracle, *edits)), "1")
        if v.status == "passed":
            yield f"{id}: {what} passes"
        elif v.mistake not in (None, *named):
            yield f"{id}: {what} is named {v.mistake}"


def _unsaid(course: Course, name: str, exercise: Exercise) -> Iterator[str]:
    """What a good exercise has to say after a verdict."""
    folder, id = course.assignment(name).folder, exercise.id
    without = [part.name for part in exercise.parts if not hints.of_part(folder, id, part.name)]
    if without:
        yield f"{id}: hints in {hints.FILE} for {', '.join(without)}"
    said = onward.onward(folder, id)
    if said is None or not (said.after and said.attempt):
        yield f"{id}: the page to read, an insight and something to try in {onward.FILE}"
    if id not in further.ideas(course, name):
        yield f"{id}: the reference's idea in {further.IDEAS}"


def _lacking(source: NotebookNode) -> Iterator[str]:
    """What the notebook of a good assignment has besides its exercises."""
    meta = [cell.metadata.get("nbgrader", {}) for cell in source.cells]
    written = [
        m
        for m, cell in zip(meta, source.cells, strict=True)
        if m.get("grade") and cell.cell_type == "markdown"
    ]
    total = sum(m.get("points", 0) for m in meta)
    if f"**Points:** {total:g}" not in source.cells[0].source:
        yield f"a first cell that says **Points:** {total:g}"
    if not any(m.points > 0 for m in written):
        yield "a written question"
    if not any(m.points == 0 for m in written):
        yield "a bonus: a written answer of 0 points"


def _leaks(course: Course, name: str) -> Iterator[str]:
    """Lines of solutions, oracles, mistakes or other right answers in what students receive."""
    secrets = secrets_of(course, None, [name])
    for place, data in members(f"{name}.zip", course.bundle(name).read_bytes()):
        yield from sorted(lines_in(place, data, secrets))
