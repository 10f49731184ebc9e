"""What is stored of a submission can do no harm in the browser of whoever opens it."""

import re
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.assignment import Assignment
from autograder.grading.bounds import Bounds, OutOfTime
from autograder.grading.course import Course
from autograder.grading.display.drawings import harmless_svg
from autograder.grading.display.markup import as_markdown, harmless_html, markdown_html, plain_html
from autograder.grading.display.pixels import redrawn
from autograder.grading.releasing.exercise_cells import bound_exercise

OF_THE_RELEASE = ("nbgrader", "deletable", "editable")  # of a cell's metadata; repaired before
OWN = "autograder_"  # what the grader's own metadata begin with
PICTURES = ("image/png", "image/jpeg")
PASTED = ("image/gif", "image/webp", *PICTURES)  # the last of a bundle is shown
TAG, PICTURE_OR_LINE = re.compile(r"<[^>]*>"), re.compile(r"<(img|hr)\b")
WIDEST = 4000  # pixels


class SanitizeSubmission(NbGraderPreprocessor):
    """nbgrader preprocessor, the last: make harmless what a browser will be given.

    It comes after the scores are saved, since nbgrader knows an untouched answer by its checksum.
    """

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        course = Course.of(CourseDirectory(parent=self))
        sanitize(nb, course.assignment(resources["nbgrader"]["assignment"]))
        return nb, resources


def sanitize(nb: NotebookNode, assignment: Assignment) -> None:
    """Make a graded notebook harmless, except for the grader's own verdicts."""
    kept = {k: v for k, v in nb.metadata.items() if k == "kernelspec" or k.startswith(OWN)}
    language = {"name": "python", "pygments_lexer": "ipython3"}
    nb.metadata = nbformat.from_dict({**kept, "language_info": language})
    work = _Sanitizing()
    for cell in nb.cells:
        cell.metadata = NotebookNode(
            {k: v for k, v in cell.metadata.items() if k in OF_THE_RELEASE}
        )
        if cell.cell_type == "markdown":
            work.text_cell(cell)
        elif cell.cell_type == "raw":
            cell.cell_type = "markdown"  # a raw one is given to the page as it stands
            cell.source = as_markdown(plain_html(work.bounds.cut(cell.source)))
            cell.pop("attachments", None)
        elif bound_exercise(cell, assignment) is None:
            cell.outputs = [new for old in cell.outputs if (new := work.output(old)) is not None]


class _Sanitizing:
    """One pass over a notebook, within bounds of time and size."""

    def __init__(self) -> None:
        self.bounds = Bounds()

    def text_cell(self, cell: NotebookNode) -> None:
        attachments = {
            name: good
            for name, bundle in cell.get("attachments", {}).items()
            if (good := self._pictures(bundle))
        }
        html, as_it_is = markdown_html(cell.source, attachments, self.bounds)
        if not as_it_is:
            cell.source = as_markdown(html)
        cell.pop("attachments", None)
        if as_it_is and attachments:
            cell.attachments = NotebookNode(attachments)

    def output(self, old: NotebookNode) -> NotebookNode | None:
        """The output with what is known to be harmless; None of a kind that nobody knows."""
        new: dict[str, Any] = {"output_type": old.output_type}
        if old.output_type == "stream":
            name = old.name if old.name in ("stdout", "stderr") else "stdout"
            new |= {"name": name, "text": self.bounds.cut(old.text)}
        elif old.output_type == "error":
            new |= {"ename": self.bounds.cut(old.ename), "evalue": self.bounds.cut(old.evalue)}
            new["traceback"] = [self.bounds.cut(line) for line in old.traceback]
        elif old.output_type in ("display_data", "execute_result"):
            new["data"] = self._data(old.data)
            new["metadata"] = {
                kind: sizes for kind in PICTURES if (sizes := _sizes(old.metadata.get(kind)))
            }
            if old.output_type == "execute_result":
                new["execution_count"] = None
        else:
            return None
        return NotebookNode(new)

    def _data(self, data: Mapping[str, Any]) -> dict[str, str]:
        """What can be shown of a bundle; of the rest the name."""
        held = {kind: value for kind, value in data.items() if isinstance(value, str)}
        shown: dict[str, str | None] = {**self._pictures(held)}
        for kind in ("text/plain", "text/latex"):
            shown[kind] = self.bounds.cut(held[kind]) if kind in held else None
        if "image/svg+xml" in held:
            shown["image/svg+xml"] = self._drawing(held["image/svg+xml"])
        html = None
        if "text/html" in held:
            html = harmless_html(held["text/html"], self.bounds)
        elif "text/markdown" in held:
            html, _ = markdown_html(held["text/markdown"], {}, self.bounds)
        if html is not None and _shows_something(html):
            shown["text/html"] = html
        good = {kind: value for kind, value in shown.items() if value}
        return good or {"text/plain": f"[not shown: {self.bounds.cut(', '.join(map(str, data)))}]"}

    def _pictures(self, bundle: Mapping[str, Any]) -> dict[str, str]:
        """The pictures of a bundle, painted anew, each under the type that it has."""
        held = (bundle.get(kind) for kind in PASTED)
        return dict(
            new for old in held if isinstance(old, str) and (new := redrawn(old, self.bounds))
        )

    def _drawing(self, svg: str) -> str | None:
        try:
            with self.bounds.time():
                return harmless_svg(svg, self.bounds)
        except OutOfTime:
            return None


def _shows_something(html: str) -> bool:
    return bool(PICTURE_OR_LINE.search(html) or TAG.sub("", html).strip())


def _sizes(value: object) -> dict[str, int]:
    """The width and height of a picture on the page."""
    if not isinstance(value, Mapping):
        return {}
    return {
        side: size
        for side in ("width", "height")
        if isinstance(size := value.get(side), int) and 0 < size <= WIDEST
    }
