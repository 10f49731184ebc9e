"""Submissions made by editing a released notebook: solved, wrong, damaged, hostile."""

import copy
import re
import textwrap
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from autograder.exercise import Status
from autograder.grading.answer import Answer, standalone
from autograder.grading.course import Course
from autograder.grading.releasing.exercise_cells import bound_exercise, points_by_exercise
from autograder.grading.releasing.notebooks import read_source


@dataclass(frozen=True)
class SampleStudent:
    """One submission of the sample class.

    ``expected`` maps exercises to the status they should get; any other should get ``otherwise``,
    None if several are right. ``mistakes`` maps exercises to the mistake that should be named.
    """

    name: str
    about: str
    content: NotebookNode | str | None
    expected: dict[str, Status] = field(default_factory=dict)
    mistakes: dict[str, str] = field(default_factory=dict)
    otherwise: Status | None = "passed"


class Maker:
    """Makes submissions by editing the released notebook's answer cells."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.released = course.student_version(assignment)
        source = read_source(course.source(assignment))
        self.assignment = course.assignment(assignment)
        self.exercises = list(points_by_exercise(self.released, self.assignment))
        self.answers: dict[str, Answer] = {
            name: course.answer(assignment, name) for name in self.exercises
        }
        solutions = {c.id: c for c in source.cells if _is_answer(c)}
        self.solutions = {name: solutions[self._answer_id(name)].source for name in self.exercises}
        self.written = {c.id: c.source for c in source.cells if _is_written(c)}

    def _is_test(self, cell: NotebookNode) -> bool:
        return bound_exercise(cell, self.assignment) is not None

    def _answer_id(self, exercise: str) -> str:
        """The id of the answer cell that stands before an exercise's test cell."""
        answers = ""
        for cell in self.released.cells:
            if _is_answer(cell):
                answers = cell.id
            if cell.id == exercise:
                return answers
        raise KeyError(exercise)

    def answered(self, answers: dict[str, str]) -> NotebookNode:
        """A submission whose answer cells hold the given sources, by exercise; in words, all is said."""
        notebook = copy.deepcopy(self.released)
        sources = {self._answer_id(name): source for name, source in answers.items()} | self.written
        for cell in notebook.cells:
            cell.source = sources.get(cell.id, cell.source)
        return notebook

    def solved(self, **changed: str) -> NotebookNode:
        """The reference solution with some answers replaced."""
        return self.answered({**self.solutions, **changed})

    def other_dress(self, count: int) -> list[SampleStudent]:
        """So many students who wrote each answer as one of its alternatives."""

        def answer(name: str, k: int) -> str:
            alternatives = self.answers[name].alternatives
            if not alternatives:
                return self.solutions[name]
            return standalone(alternatives[k % len(alternatives)])

        return [
            SampleStudent(
                f"other-dress-{k + 1}",
                "right answers, written differently",
                self.answered({name: answer(name, k) for name in self.exercises}),
            )
            for k in range(count)
        ]

    def common_mistakes(self, count: int) -> list[SampleStudent]:
        """So many students, the k-th with the k-th known mistake in every exercise."""
        students = []
        for k in range(count):
            known = {name: answer.mistakes for name, answer in self.answers.items()}
            chosen = {name: mistakes[k % len(mistakes)] for name, mistakes in known.items()}
            students.append(
                SampleStudent(
                    f"mistakes-{k + 1}",
                    f"in every exercise its common mistake number {k + 1}",
                    self.answered({name: standalone(m.code) for name, m in chosen.items()}),
                    mistakes={name: m.id for name, m in chosen.items()},
                    otherwise=None,
                )
            )
        return students

    def syntax_error(self, name: str) -> SampleStudent:
        """One answer does not parse."""
        broken = self.solutions[name].replace("return ", "retrun the ")
        return self._answered("syntax-error", f"{name} does not parse", name, broken, "missing")

    def missing_function(self, name: str) -> SampleStudent:
        """An answer cell was deleted."""
        notebook = self.solved()
        notebook.cells = [c for c in notebook.cells if c.id != self._answer_id(name)]
        expected = {**self._callers(name), name: "missing"}
        return SampleStudent("missing-function", f"{name} was deleted", notebook, expected)

    def _callers(self, name: str, status: Status = "error") -> dict[str, Status]:
        """What becomes of the exercises whose solutions call this one, which can't do without it."""
        return {
            other: status
            for other, source in self.solutions.items()
            if other != name and re.search(rf"\b{name}\(", source)
        }

    def _answered(
        self,
        student: str,
        what: str,
        name: str,
        answer: str,
        status: Status,
        callers: Status = "error",
    ) -> SampleStudent:
        """Solved but for one answer, without which the exercises that call it can't do either."""
        expected = {**self._callers(name, callers), name: status}
        return SampleStudent(student, what, self.solved(**{name: answer}), expected)

    def _body(self, name: str, lines: str) -> str:
        """An answer with the head of the reference solution and another body."""
        head, _, _ = self.solutions[name].partition("### BEGIN SOLUTION")
        indent = " " * (len(head) - len(head.rstrip(" ")))
        return head.rstrip(" ") + textwrap.indent(lines, indent or "    ")

    def endless_loop(self, name: str) -> SampleStudent:
        """One answer never returns."""
        answer = self._body(name, "while True:\n    pass")
        return self._answered(
            "endless-loop", f"{name} never returns", name, answer, "timeout", callers="timeout"
        )

    def exits(self, name: str) -> SampleStudent:
        """One answer ends the process."""
        answer = self._body(name, "import os\nos._exit(0)")
        return self._answered("exits", f"{name} ends the process", name, answer, "error")

    def raises(self, name: str) -> SampleStudent:
        """One answer raises an error."""
        answer = self._body(name, "raise RuntimeError('to be done')")
        return SampleStudent(
            "raises", f"{name} raises an error", self.solved(**{name: answer}), {name: "error"}
        )

    def untouched(self) -> SampleStudent:
        """Nothing was written."""
        return SampleStudent(
            "untouched", "as released", copy.deepcopy(self.released), otherwise="missing"
        )

    def prints_and_warns(self) -> SampleStudent:
        """All right, with much that is printed."""
        noise = "import sys, warnings\nprint('x' * 10_000)\nprint('careful', file=sys.stderr)\nwarnings.warn('careful')\n"
        answers = {name: noise + source for name, source in self.solutions.items()}
        return SampleStudent("noisy", "right, with prints and warnings", self.answered(answers))

    def tampers(self) -> SampleStudent:
        """Every trick that earns points in a grader that decides inside the student's process."""
        notebook = copy.deepcopy(self.released)
        for cell in notebook.cells:
            if self._is_test(cell):
                cell.metadata.nbgrader.points = 1000
                cell.source = "float(1000)"
                cell.outputs = [
                    nbformat.v4.new_output(
                        "execute_result", {"text/plain": "1000.0"}, execution_count=1
                    )
                ]
        notebook.cells.insert(1, nbformat.v4.new_code_cell(TAMPERING))
        return SampleStudent(
            "tampers", "nothing right, much tampered with", notebook, otherwise="error"
        )

    def duplicates(self, name: str) -> SampleStudent:
        """An answer cell and its test cell stand twice."""
        notebook = self.solved()
        cells = []
        for cell in notebook.cells:
            cells.append(cell)
            if cell.id in (name, self._answer_id(name)):
                cells.append(copy.deepcopy(cell))
                cells[-1].id += "-copy"
        notebook.cells = cells
        return SampleStudent("duplicated-cells", f"the cells of {name} stand twice", notebook)

    def deletes_test_cells(self) -> SampleStudent:
        """All right, without any test cell."""
        notebook = self.solved()
        notebook.cells = [c for c in notebook.cells if not self._is_test(c)]
        return SampleStudent("no-test-cells", "right, all test cells deleted", notebook)

    def stripped(self) -> SampleStudent:
        """All right, without the metadata by which cells are known."""
        notebook = self.solved()
        for i, cell in enumerate(notebook.cells):
            cell.metadata.clear()
            cell.id = f"new-{i}"
        return SampleStudent(
            "stripped-metadata", "right, saved by a tool that drops metadata", notebook
        )

    def wrong_kernel(self) -> SampleStudent:
        """All right, in a notebook that asks for another language's kernel."""
        notebook = self.solved()
        notebook.metadata.kernelspec = {
            "name": "julia-1.9",
            "display_name": "Julia",
            "language": "julia",
        }
        return SampleStudent("wrong-kernel", "right, with another kernel's name", notebook)

    def another_assignment(self) -> SampleStudent:
        """A notebook with none of the release's cells."""
        notebook = nbformat.v4.new_notebook()
        cell = nbformat.v4.new_code_cell("def two_layer_net(x):\n    return x")
        cell.metadata.nbgrader = {
            "grade": False,
            "grade_id": "two-layer-net",
            "locked": False,
            "schema_version": 3,
            "solution": True,
            "task": False,
        }
        notebook.cells = [cell]
        return SampleStudent(
            "another-assignment",
            "the notebook of another assignment",
            notebook,
            otherwise="missing",
        )


TAMPERING = """
import os, sys, numpy as np, builtins
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
class Agrees(float):
    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda self, other: True
import autograder, autograder.judge, autograder.probe
autograder.check = lambda f: print("all right")
autograder.judge.judge = lambda *a, **k: 1000.0
def publish(*a, **k):
    from IPython.display import publish_display_data
    publish_display_data({"text/plain": "1000.0"})
    return 1000.0
autograder.probe.publish = publish
get_ipython().input_transformers_post.append(lambda lines: ["1000.0\\n"] if "check" in "".join(lines) else lines)
for place in ("gradebook.db", "../gradebook.db", "../../../gradebook.db"):
    if os.path.exists(place):
        open(place, "w").write("")
"""


def _is_answer(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution", False)


def _is_written(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution", False)
