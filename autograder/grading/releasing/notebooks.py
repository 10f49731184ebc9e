"""The source of an assignment's notebook, a text."""

from pathlib import Path

import jupytext
from nbformat import NotebookNode

from autograder.grading.course import CourseError


def read_source(path: Path) -> NotebookNode:
    """A text notebook with stable cell ids: the grade id, or the cell's number.

    Raises CourseError if it can't be read as one, with what Jupytext says.
    """
    try:
        notebook = jupytext.read(path)
    except Exception as error:  # Jupytext's have no kind in common
        raise CourseError(f"{path} can't be read: {error}") from None
    for i, cell in enumerate(notebook.cells):
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", f"cell-{i}")
    notebook.metadata.pop("jupytext", None)
    return notebook
