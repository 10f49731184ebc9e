"""nbgrader's preprocessors that look up each cell in the gradebook, with all cells read at once.

They do what nbgrader's own do; only the gradebook that they ask is another one: a notebook has fifty
cells, and a query for each takes as long as to judge twelve exercises.
"""

from collections.abc import Iterable
from typing import Any

import nbgrader.preprocessors
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, GradeCell, MissingEntry, TaskCell
from sqlalchemy.orm import undefer

from autograder.grading.recording.kept import KeptGradebook

Found = dict[str, Any]


class AtOnce(KeptGradebook):
    """A gradebook that reads all of a notebook's cells, grades or comments when one is looked up."""

    def __init__(self, db_url: str) -> None:
        super().__init__(db_url)
        self._read: dict[tuple[str, ...], Found] = {}

    def find_source_cell(self, name: str, *notebook: str) -> Any:
        return self._found(name, "source", notebook, self._source_cells)

    def find_graded_cell(self, name: str, *notebook: str) -> Any:
        return self._found(name, "graded", notebook, self._graded_cells)

    def find_grade(self, name: str, *notebook: str) -> Any:
        return self._found(name, "grade", notebook, self._grades)

    def find_comment(self, name: str, *notebook: str) -> Any:
        return self._found(name, "comment", notebook, self._comments)

    def _found(self, name: str, kind: str, notebook: tuple[str, ...], read: Any) -> Any:
        """What has this name; raises MissingEntry if nothing does."""
        if (kind, *notebook) not in self._read:
            self._read[kind, *notebook] = read(*notebook)
        try:
            return self._read[kind, *notebook][name]
        except KeyError:
            raise MissingEntry(f"No such {kind}: {'/'.join((*notebook, name))}") from None

    def _source_cells(self, notebook: str, assignment: str) -> Found:
        return _by_name(self.find_notebook(notebook, assignment).source_cells)

    def _graded_cells(self, notebook: str, assignment: str) -> Found:
        id_ = self.find_notebook(notebook, assignment).id
        kinds = (TaskCell, GradeCell)
        return _by_name(
            cell for kind in kinds for cell in self.db.query(kind).filter(kind.notebook_id == id_)
        )

    def _grades(self, notebook: str, assignment: str, student: str) -> Found:
        return self._of_submission(Grade, (notebook, assignment, student), undefer(Grade.max_score))

    def _comments(self, notebook: str, assignment: str, student: str) -> Found:
        return self._of_submission(Comment, (notebook, assignment, student))

    def _of_submission(self, kind: Any, names: tuple[str, str, str], *options: Any) -> Found:
        submission = self.find_submission_notebook(*names)
        query = self.db.query(BaseCell.name, kind).join(BaseCell, BaseCell.id == kind.cell_id)
        return dict(query.filter(kind.notebook_id == submission.id).options(*options).all())


def _by_name(cells: Iterable[Any]) -> Found:
    return {cell.name: cell for cell in cells}


class OverwriteCells(nbgrader.preprocessors.OverwriteCells):
    """nbgrader's OverwriteCells."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        self.notebook_id, self.assignment_id = names["notebook"], names["assignment"]
        with AtOnce(names["db_url"]) as self.gradebook:
            nb, resources = Preprocessor.preprocess(self, nb, resources)
            if self.add_missing_cells:
                nb, resources = self.add_missing_grade_cells(nb, resources)
                nb, resources = self.add_missing_task_cells(nb, resources)
        return nb, resources


class GetGrades(nbgrader.preprocessors.GetGrades):
    """nbgrader's GetGrades."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        self.notebook_id, self.assignment_id = names["notebook"], names["assignment"]
        self.student_id = names["student"]
        with AtOnce(names["db_url"]) as self.gradebook:
            nb, resources = Preprocessor.preprocess(self, nb, resources)
            notebook = self.gradebook.find_submission_notebook(
                self.notebook_id, self.assignment_id, self.student_id
            )
            late_penalty = notebook.late_submission_penalty or 0
            names["score"] = notebook.score - late_penalty
            names["max_score"] = notebook.max_score
            names["late_penalty"] = late_penalty
        return nb, resources
