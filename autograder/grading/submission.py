"""Reading and repairing what students hand in: any file becomes a notebook that can be graded."""

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.grading.course import Course

PROBLEM = "autograder_problem"  # notebook metadata: why the file could not be used as it was
LARGEST_FILE = 20 * 2**20


class SubmissionExporter(NotebookExporter):
    """Reads a submission; a file that is not a notebook is read as an empty one, with a note."""

    def from_file(
        self, file_stream: Any, resources: dict | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict]:
        notebook = read_submission(Path(file_stream.name))
        return self.from_notebook_node(notebook, resources=resources, **kw)


def read_submission(path: Path) -> NotebookNode:
    """The notebook in a file, upgraded to the current format.

    A file that can't be read as a notebook gives one with a single cell that says why, and the
    reason in its metadata under PROBLEM.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"it is larger than {LARGEST_FILE // 2**20} MB")
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [c for c in notebook.cells if isinstance(c.source, str)]
        return notebook
    except Exception as error:  # nbformat, json and jsonschema each raise their own
        reason = (
            f"{path.name} can't be read as a notebook ({type(error).__name__}: {str(error)[:120]})"
        )
        notebook = nbformat.v4.new_notebook(metadata={PROBLEM: reason})
        notebook.cells = [nbformat.v4.new_markdown_cell(reason)]
        return notebook


def repair(notebook: NotebookNode, released: NotebookNode) -> list[str]:
    """Make a submission's nbgrader cells those of the released notebook; returns what was mended.

    Locked cells get back their text and every nbgrader cell its metadata and type. A copy of a
    locked cell is dropped, a copy of an answer cell becomes an ordinary cell (its code still runs).
    Missing cells that carry points are put back in front of the next known cell, so that the
    student's code has run before them. Cells whose metadata was stripped are recognized by their
    cell id.
    """
    mended: list[str] = []
    originals = {
        c.metadata.nbgrader.grade_id: c for c in released.cells if "nbgrader" in c.metadata
    }
    by_cell_id = {c.id: name for name, c in originals.items()}
    kept, seen = [], set()
    for cell in notebook.cells:
        name = _grade_id(cell)
        if name is None and cell.get("id") in by_cell_id:
            name = by_cell_id[cell.id]
            mended.append(f"{name}: its grading data had been stripped")
        cell.metadata.pop("nbgrader", None)
        if name not in originals:
            kept.append(cell)
            continue
        original = originals[name]
        if name in seen:
            mended.append(f"{name}: there was more than one such cell")
            if not original.metadata.nbgrader.solution:
                continue
            kept.append(cell)
            continue
        seen.add(name)
        kept.append(_restored(cell, original))
    for name in reversed(originals):
        meta = originals[name].metadata.nbgrader
        if name in seen or not (meta.grade or meta.get("task")):
            continue
        mended.append(f"{name}: the cell had been deleted")
        kept.insert(_place(name, list(originals), kept), _fresh(originals[name]))
        seen.add(name)
    _give_unique_ids(kept)
    notebook.cells = kept
    return mended


def _grade_id(cell: NotebookNode) -> str | None:
    meta = cell.metadata.get("nbgrader")
    name = meta.get("grade_id") if isinstance(meta, dict) else None
    return name if isinstance(name, str) else None


def _restored(cell: NotebookNode, original: NotebookNode) -> NotebookNode:
    """The original cell, with the student's text if it is an answer."""
    restored = _fresh(original)
    if original.metadata.nbgrader.solution:
        restored.source = cell.source
    return restored


def _fresh(original: NotebookNode) -> NotebookNode:
    return copy.deepcopy(original)


def _place(name: str, order: list[str], cells: list[NotebookNode]) -> int:
    """Where a missing cell goes: before the first later cell of the release, else at the end."""
    later = set(order[order.index(name) + 1 :])
    for i, cell in enumerate(cells):
        if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade_id in later:
            return i
    return len(cells)


def _give_unique_ids(cells: list[NotebookNode]) -> None:
    used: set[str] = set()
    for i, cell in enumerate(cells):
        if cell.get("id") is None or cell.id in used:
            cell.id = f"cell-{i}"
        used.add(cell.id)


class RepairSubmission(NbGraderPreprocessor):
    """nbgrader preprocessor: repair a submission before anything else looks at it."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        course = Course.of(CourseDirectory(parent=self))
        released = nbformat.read(course.released(names["assignment"]), as_version=4)
        for line in repair(nb, released):
            self.log.warning("%s, %s", names["student"], line)
        if nb.nbformat_minor < 5:
            nb.nbformat_minor = 5
        return nb, resources
