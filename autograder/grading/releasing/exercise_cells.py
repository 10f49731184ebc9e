"""The cells of an assignment's notebook that exercises are bound to."""

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
