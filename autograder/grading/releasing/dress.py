"""What a release adds to an assignment's source: how long things take, tags, a last cell, a README."""

import re

import nbformat
from nbformat import NotebookNode

from autograder.assignment import Assignment
from autograder.grading.releasing.exercise_cells import bound_exercise

GOES_ON = "raises-exception"  # a tag: an error in the cell does not end "Run All"
SUMMARY = "check.all()"
IMPORT = "from autograder import check\n"
EXPLAINED = """\
try:
    from autograder import check
except ModuleNotFoundError as missing:
    if missing.name != "autograder":
        raise
    raise ModuleNotFoundError(
        "The folder autograder is not beside this notebook. Unpack the whole zip and open the "
        "notebook that lies in it (Colab: !unzip -q {name}.zip, then %cd {name}), then run this again."
    ) from None
"""
POINTS = re.compile(r"(?m)^(## .*\(\d+ points?)\)$")
README = """\
Do the assignment {name} in its notebook, {name}.ipynb, which has to stay in this folder.
Python 3.11 to 3.14. Open a terminal in this folder:

Linux, macOS
    python3 -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt
    .venv/bin/python -m notebook {name}.ipynb

Windows
    py -m venv .venv
    .venv\\Scripts\\python -m pip install -r requirements.txt
    .venv\\Scripts\\python -m notebook {name}.ipynb

On Linux, pip brings a torch of some gigabytes, for GPUs. A processor is enough: choose CPU at
https://pytorch.org/get-started/locally/ and run the line that it shows before the second line here.

VS Code: open this folder (not the notebook alone) and choose .venv as the notebook's kernel.

Google Colab: upload the zip to the files on the left, and run in a cell of its own
    !unzip -q {name}.zip
    %cd {name}
then open {name}.ipynb beside it and run the same two lines at its beginning.

Write your answers and run the cell after each one: it says what is right and what is not. The last
cell shows how far you are. Hand in {name}.ipynb, and nothing else, the way your instructor says.
"""


def dressed(notebook: NotebookNode, assignment: Assignment) -> NotebookNode:
    """The source with minutes and difficulty in the titles of its exercises, cells whose errors do not
    end a run of the whole notebook, a first cell that says what to do where the zip's other folders
    are missing, and a last cell that shows every exercise."""
    title: NotebookNode | None = None
    cells = notebook.cells
    for cell in cells:
        if cell.cell_type == "markdown" and POINTS.search(cell.source):
            title = cell
        elif (name := bound_exercise(cell, assignment)) is not None and title is not None:
            exercise = assignment.exercise(name)
            effort = f"{exercise.minutes} minutes, {exercise.stars}"
            title.source = POINTS.sub(rf"\1, {effort})", title.source, count=1)
            title = None
    code = [cell for cell in cells if cell.cell_type == "code"]
    for cell in code[:1]:
        cell.source = f"{cell.source}\n".replace(
            IMPORT, EXPLAINED.format(name=assignment.folder.name)
        ).rstrip()
    for cell in code[1:]:
        cell.metadata.tags = [*cell.metadata.get("tags", []), GOES_ON]
    if any(bound_exercise(cell, assignment) for cell in cells):
        cells.append(_summary())
    return notebook


def _summary() -> NotebookNode:
    meta = {
        "grade": False,
        "grade_id": "summary",
        "locked": True,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    cell = nbformat.v4.new_code_cell(SUMMARY, metadata={"nbgrader": meta, "tags": [GOES_ON]})
    cell.id = "summary"
    return cell
