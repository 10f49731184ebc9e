"""The cells of an assignment's notebook that exercises are bound to, and the headings over them."""

import re
from collections.abc import Iterator

from nbformat import NotebookNode
from nbgrader import utils

from autograder.assignment import Assignment


def bound_exercise(cell: NotebookNode, assignment: Assignment) -> str | None:
    """The id of the exercise whose test cell this is, None for any other cell."""
    if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
        return None
    name = cell.metadata.nbgrader.grade_id
    return name if assignment.has(name) else None


def points_by_exercise(notebook: NotebookNode, assignment: Assignment) -> dict[str, float]:
    """The points of each test cell that is bound to an exercise, in the notebook's order."""
    return {
        name: float(cell.metadata.nbgrader.points)
        for cell in notebook.cells
        if (name := bound_exercise(cell, assignment)) is not None
    }


def unheaded(notebook: NotebookNode) -> Iterator[str]:
    """What is wrong with the headings over cells with points: students read there how many."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = next(iter(re.findall(r"^## .*", cell.source, re.MULTILINE)), heading)
        about = cell.metadata.get("nbgrader", {})
        if points := about.get("points"):
            said = re.search(r"\((\d+(?:\.\d+)?) points?\b", heading)
            if not said or float(said[1]) != points:
                right = f"({points:g} point{'s' * (points != 1)})"
                yield (
                    f"{about.grade_id}: the heading above it does not say {right}: it is {heading!r}, "
                    f"and should be like '## 1. Title {right}'"
                )
