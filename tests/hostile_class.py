"""A class of hostile submissions: what one is, and how the class is made and graded.

The course is the instructors' example with its exercise three times over, so that one can be
attacked between two honest ones, and the five real assignments.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.grading.course import Course
from autograder.grading.releasing.accidents import Maker
from autograder.grading.storage.results import Result, read
from tests.answers import ASSIGNMENTS, ROOT
from tests.course import autograder, copy_course, example_course
from tests.hostile_secrets import Planted

EXAMPLE = "metrics"
FIRST, SECOND, THIRD = "top_k_accuracy", "top_k_again", "top_k_at_last"
EXERCISES = {EXAMPLE: [FIRST, SECOND, THIRD], **ASSIGNMENTS}
ALL = "every exercise"
CELL_SECONDS, TOTAL_SECONDS = 8, 40  # the limits in the classes that run into them
ONCE_MORE = """
```{{code-cell}} ipython3
---
nbgrader: {{grade: false, grade_id: {name}-answer, locked: false, schema_version: 3, solution: true, task: false}}
---
def {name}(scores, y, k):
    ### BEGIN SOLUTION
    order = np.argsort(scores, axis=1)
    return np.mean((order[:, -k:].T == y).any(axis=0))
    ### END SOLUTION
```

```{{code-cell}} ipython3
---
nbgrader: {{grade: true, grade_id: {name}, locked: true, points: 3, schema_version: 3, solution: false, task: false}}
---
check({name})
```
"""


@dataclass(frozen=True)
class Hostile:
    """One hostile submission, and what must come of it.

    ``top`` runs before the first answer and ``end`` after the last; ``answers`` stand in the place of
    the right ones, by exercise; without ``solved`` there are no right ones. ``edit`` changes the
    notebook at last. PLACES in the code becomes what somebody knows of where secrets lie.

    ``lost`` says which exercises earn nothing, and a word of the reason that is stated; any other
    earns all of its points. ``shows`` is what the cells of the submission show when it was graded:
    that it came to do what it is here for, and what it found. ``hole`` says what is known not to
    hold, in words.
    """

    kind: str
    name: str
    top: str = ""
    end: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    solved: bool = True
    files: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    edit: Callable[[NotebookNode], Any] | None = None
    lost: Mapping[str, str] = field(default_factory=dict)
    shows: str = ""
    assignment: str = EXAMPLE
    quick: bool = False
    hole: str = ""

    def reason(self, exercise: str) -> str | None:
        """A word of why an exercise earns nothing, None if it earns all."""
        return self.lost.get(exercise, self.lost.get(ALL))

    def notebook(self, make: Maker) -> NotebookNode:
        made = make.solved(**self.answers) if self.solved else make.answered(dict(self.answers))
        if self.top:
            made.cells.insert(1, new_code_cell(self.top, id="top"))
        if self.end:
            made.cells.append(new_code_cell(self.end, id="end"))
        if self.edit is not None:
            self.edit(made)
        return made


def second(body: str) -> dict[str, str]:
    """An answer to the second exercise alone, with these lines in its function."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    return {SECOND: f"def {SECOND}(scores, y, k):\n{lines}\n"}


def cells_first(*sources: str) -> Callable[[NotebookNode], None]:
    """An edit that puts cells before the first answer."""

    def edit(notebook: NotebookNode) -> None:
        notebook.cells[1:1] = [new_code_cell(s, id=f"first-{i}") for i, s in enumerate(sources)]

    return edit


def cell_before_each_test(source: str) -> Callable[[NotebookNode], None]:
    """An edit that puts a cell before each test cell."""

    def edit(notebook: NotebookNode) -> None:
        cells = []
        for cell in notebook.cells:
            if cell.source.startswith("check("):
                cells.append(new_code_cell(source, id=f"before-{cell.id}"))
            cells.append(cell)
        notebook.cells = cells

    return edit


def honest(name: str, assignment: str = EXAMPLE, quick: bool = True) -> Hostile:
    """A right submission, which comes among hostile ones."""
    return Hostile("honest", name, assignment=assignment, quick=quick)


def hostile_course(folder: Path, assignments: Iterable[str]) -> Path:
    """The course, released."""
    example_course(folder)
    for place in (f"assignments/{EXAMPLE}/exercises", f"solutions/{EXAMPLE}/answers"):
        text = (folder / place / f"{FIRST}.py").read_text()
        for name in (SECOND, THIRD):
            (folder / place / f"{name}.py").write_text(text.replace(FIRST, name))
    source = folder / "solutions" / EXAMPLE / f"{EXAMPLE}.md"
    more = "".join(ONCE_MORE.format(name=name) for name in (SECOND, THIRD))
    source.write_text(source.read_text() + more)
    autograder(folder, "release")
    real = [name for name in assignments if name != EXAMPLE]
    if real:
        whole = copy_course(folder / "whole")
        for name in real:
            for side in ("assignments", "solutions"):
                shutil.move(whole / side / name, folder / side / name)
        shutil.move(whole / "lab", folder / "lab")
        shutil.rmtree(whole)
    return folder


@dataclass(frozen=True)
class Graded:
    """A class after its grading."""

    course: Path
    planted: Planted
    done: subprocess.CompletedProcess
    took: dict[str, Any]  # see tests/keeper.py
    before: dict[str, bytes]  # the course's own files before
    students: dict[str, str]  # by the names of the submissions

    @cached_property
    def results(self) -> dict[tuple[str, str], dict[str, Result]]:
        """The results by assignment and student, then by exercise."""
        found: dict[tuple[str, str], dict[str, Result]] = {}
        for result in read(self.course / "results.jsonl"):
            found.setdefault((result.assignment, result.student), {})[result.exercise] = result
        return found

    def of(self, one: Hostile) -> dict[str, Result]:
        return self.results[one.assignment, self.students[one.name]]

    def seconds(self, one: Hostile) -> float:
        """How long one took that came after another, on one core."""
        before = 0.0
        for at, line in self.took["lines"]:
            if f"] {one.assignment} {self.students[one.name]}:" in line:
                return at - before
            before = at if line.startswith("[") else before
        raise KeyError(one.name)

    def notebook(self, one: Hostile) -> Path:
        folder = self.course / "autograded" / self.students[one.name] / one.assignment
        return folder / f"{one.assignment}.ipynb"

    def page(self, one: Hostile) -> Path:
        folder = self.course / "feedback" / self.students[one.name] / one.assignment
        return folder / f"{one.assignment}.html"

    def shown(self, one: Hostile) -> str:
        """What the cells of a submission show, those of test cells excepted."""
        tests = EXERCISES[one.assignment]
        cells = nbformat.read(self.notebook(one), as_version=4).cells
        outputs = [
            output
            for cell in cells
            if cell.cell_type == "code"
            and cell.metadata.get("nbgrader", {}).get("grade_id") not in tests
            for output in cell.outputs
        ]
        return "\n".join(
            o.get("text", "") + o.get("ename", "") + ": " + o.get("evalue", "") for o in outputs
        )


def grade(
    folder: Path, submissions: Iterable[Hostile], cores: int = 1, settings: str = ""
) -> Graded:
    """Grade submissions, on so many cores, with the command line, where secrets are planted.

    ``settings`` are lines of nbgrader's configuration.
    """
    submissions = list(submissions)
    # in the order in which they were written down
    students = {one.name: f"{i:03d}-{one.name}" for i, one in enumerate(submissions)}
    assert len(students) == len(submissions), "two submissions have one name"
    course = hostile_course(folder / "course", {one.assignment for one in submissions})
    with open(course / "nbgrader_config.py", "a") as file:
        file.write(settings)
    makers = {name: Maker(Course(course), name) for name in {one.assignment for one in submissions}}
    with Planted(folder, course) as planted:
        for one in submissions:
            name = one.assignment
            place = course / "submitted" / students[one.name] / name
            place.mkdir(parents=True)
            notebook = one.notebook(makers[name])
            for cell in notebook.cells:
                cell.source = cell.source.replace("PLACES", repr(planted.known))
            nbformat.write(notebook, place / f"{name}.ipynb")
            for path, text in one.files.items():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_text(text if isinstance(text, str) else text())
        before = files(course)
        report = folder / "report.json"
        command = [sys.executable, "-m", "autograder.grading", "grade", "--device", "cpu",
                   "--results", "results.jsonl"]  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests" / "keeper.py"), str(report), *command],
            cwd=course, capture_output=True, text=True, check=False,
            env=planted.environment, pass_fds=planted.descriptors,
            preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores]),
        )  # fmt: skip
    return Graded(course, planted, done, json.loads(report.read_text()), before, students)


def files(course: Path) -> dict[str, bytes]:
    """What a grading must leave as it is."""
    kept = [course / "nbgrader_config.py", course / ".autograder-seed"]
    for folder in ("assignments", "solutions", "submitted", "lab", "notes"):
        kept += (p for p in (course / folder).rglob("*") if "__pycache__" not in p.parts)
    return {str(p.relative_to(course)): p.read_bytes() for p in kept if p.is_file()}
