"""Given cells that only show what a student's functions do: they run where something needs them.

The author marks them with a tag in the source. What counts is the tag in the release: what a
submission says of its cells does not.
"""

from collections.abc import Sequence

import nbformat
from nbformat import NotebookNode

from autograder.grading.intake.order import grade_id, names_in

TAG = "demonstration"
NOT_RUN = (
    "Not run where it is graded: it shows what your functions do, and nothing else needs it.\n"
)
AS_HANDED_IN = "The figure below is as it was handed in; the grader has not drawn it.\n"


def is_demonstration(cell: NotebookNode) -> bool:
    """Whether a cell of the release is one."""
    return cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])


def not_run(cell: NotebookNode) -> list[NotebookNode]:
    """The outputs of a demonstration that is left out: the pictures that it was handed in with."""
    pictures = cell.get("outputs", [])
    text = NOT_RUN + (AS_HANDED_IN if pictures else "")
    return [nbformat.v4.new_output("stream", text=text), *pictures]


def to_leave_out(cells: Sequence[NotebookNode], release: Sequence[NotebookNode]) -> set[str]:
    """The demonstrations of a release that nothing in a notebook needs, by ``grade_id``.

    One is needed if another cell that runs uses a name that it defines.
    """
    marked = {grade_id(cell) for cell in release if is_demonstration(cell)}
    code = [(grade_id(cell), names_in(cell.source)) for cell in cells if cell.cell_type == "code"]
    left_out = {name: names for name, names in code if name is not None and name in marked}
    todo = [names for name, names in code if name not in left_out]
    while todo:
        used = todo.pop().uses
        for name in [name for name, names in left_out.items() if names.defines & used]:
            todo.append(left_out.pop(name))
    return set(left_out)
