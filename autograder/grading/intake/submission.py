"""Repairing what students hand in: any file becomes a notebook that can be graded."""

import copy
import html
import json
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter, NotebookExporter
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List, Unicode

from autograder.assignment import Assignment
from autograder.grading.bounds import OutOfTime, limited
from autograder.grading.course import Course
from autograder.grading.intake.order import grade_id
from autograder.grading.intake.reading import NOTES, PROBLEM, read_submission
from autograder.grading.intake.recognition import plain
from autograder.grading.intake.repair import repair
from autograder.grading.storage.turns import Polite

MOST_NOTES = 20
REPAIR_SECONDS = 20.0  # of the processor's time; what people write takes a tenth of one


class SubmissionExporter(Polite, NotebookExporter):
    """Reads a submission; a file that is not a notebook is read as an empty one, with a note.

    nbgrader reads twice: what was handed in, and what it has written after the repair.
    """

    @property
    def _handed_in(self) -> bool:
        return getattr(self.parent, "_sanitizing", True)

    def from_file(
        self, file_stream: Any, resources: dict | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict]:
        path = Path(file_stream.name)
        notebook = read_submission(path) if self._handed_in else nbformat.read(path, as_version=4)
        return self.from_notebook_node(notebook, resources=resources, **kw)

    def from_notebook_node(
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[Any, dict]:
        """The text of the notebook; in one line, which takes a tenth of the time, if it is read once."""
        if not self._handed_in:
            return super().from_notebook_node(nb, resources, **kw)
        mended, resources = Exporter.from_notebook_node(self, nb, resources, **kw)
        return json.dumps(mended), resources


class RepairSubmission(NbGraderPreprocessor):
    """nbgrader preprocessor: repair a submission before anything else looks at it.

    What was mended stands in the notebook's metadata under NOTES, and in a cell at its top.
    """

    left_out = List(Unicode(), help="What of the submission's folder was left out.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        course = Course.of(CourseDirectory(parent=self))
        assignment = course.assignment(names["assignment"])
        released = course.student_version(names["assignment"])
        mended = _repaired(nb, released, needs_of(assignment))
        read, problem = nb.metadata.get(NOTES, []), nb.metadata.get(PROBLEM)
        notes = [*self.left_out, *read, *(mended if problem is None else [])]
        if problem is None and (note := _other_notebooks(nb, released, resources["metadata"])):
            notes.append(note)
        notes = _in_short(notes)
        nb.metadata = copy.deepcopy(released.metadata)  # nothing in it is the student's to say
        if problem is not None:
            nb.metadata[PROBLEM] = problem
        if notes:
            nb.metadata[NOTES] = notes
            nb.cells.insert(0, _notice(notes))
        nb.nbformat_minor = 5
        return nb, resources


def _repaired(
    nb: NotebookNode, released: NotebookNode, needs: dict[str, tuple[str, ...]]
) -> list[str]:
    """Repair a submission; one whose cells take too long is treated as a file that can't be read."""
    try:
        with limited(REPAIR_SECONDS):
            return repair(nb, released, needs)
    except OutOfTime:
        nb.metadata[PROBLEM] = "its cells take too long to look through"
        nb.cells = []
        return repair(nb, released, needs)


def needs_of(assignment: Assignment) -> dict[str, tuple[str, ...]]:
    """The names that each exercise looks at, by its id: its entry, and what else its probe uses."""
    exercises = map(assignment.exercise, assignment.exercise_ids)
    return {exercise.id: (exercise.entry, *exercise.uses) for exercise in exercises}


def _other_notebooks(nb: NotebookNode, released: NotebookNode, metadata: dict) -> str | None:
    """What to say if nothing was answered here, and another notebook lies in the folder."""
    given = {grade_id(c): plain(c.source) for c in released.cells}
    if any(given.get(grade_id(c)) != plain(c.source) for c in nb.cells if c.source.strip()):
        return None
    own = f"{metadata['name']}.ipynb"
    others = sorted(p.name for p in Path(metadata["path"]).glob("*.ipynb") if p.name != own)
    if not others:
        return None
    return (
        f"{own} is as it was handed out, and was graded; {', '.join(others[:3])} lies beside it and "
        "was not: was that to be handed in under this name?"
    )


def _in_short(notes: list[str]) -> list[str]:
    """Each note once, in one line, and not too many of them."""
    lines = list(dict.fromkeys(" ".join(note.split())[:1000] for note in notes))
    more = len(lines) - MOST_NOTES
    return [*lines[:MOST_NOTES], f"And {more} more."] if more > 0 else lines


def _notice(notes: list[str]) -> NotebookNode:
    """The cell that tells the reader of a graded notebook what was mended."""
    lines = [f"- {html.escape(note, quote=False)}" for note in notes]
    text = "\n".join(["**Before grading, this was mended or left out:**", "", *lines])
    return nbformat.v4.new_markdown_cell(text, id="autograder-notes")
