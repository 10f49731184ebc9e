"""The page that a student gets back: points by exercise and part, what is wrong and what to do next.

nbgrader's ``generate_feedback`` writes it. It has no scripts and asks no host for anything.
"""

import base64
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, pass_context
from nbconvert.exporters import TemplateExporter
from nbconvert.filters.ansi import ansi2html
from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from pygments.formatters import HtmlFormatter
from traitlets import default

from autograder.grading.display.formulas import mathml, with_formulas
from autograder.grading.display.pages import SubmissionPage
from autograder.grading.judge.verdicts import read_parts, read_verdict
from autograder.grading.recording.at_once import AtOnce
from autograder.grading.storage.turns import Polite
from autograder.report import HEADLINE

TEMPLATE = Path(__file__).with_suffix(".html")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
LIGHT, DARK = "a11y-high-contrast-light", "a11y-high-contrast-dark"
STYLES = "a11y_pygments"  # the package of these two
PENDING = "pending: a person reads it"
UNGRADED = "not graded yet"
IN_BRACKETS = re.compile(r"\s*\([^()]*(?:points?|minutes|by hand|credit)[^()]*\)\s*$")
LONGEST_TITLE = 200  # characters
EMPTY_HEAD = re.compile(r"<th\b[^>]*>\s*</th>")
NOT_DESCRIBED = re.compile(r"<img\b(?![^>]*\balt=)")


@dataclass(frozen=True)
class Row:
    """Of something that gives points: where it stands, its name, points and state, and its parts."""

    anchor: str
    title: str
    state: str
    points: float
    score: float | None = None  # None as long as a person has to say
    exercise: bool = False
    parts: dict[str, list[float]] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether all points were earned; not as long as a person has to say."""
        return self.score is not None and self.score >= self.points

    @property
    def earned(self) -> str:
        """The points in words; beyond those that there are, for a bonus, with a plus."""
        if self.score is None:
            return f"– of {self.points:.4g}" if self.points else "–"
        return f"{self.score:.4g} of {self.points:.4g}" if self.points else f"+{self.score:.4g}"


class FeedbackPage(Polite, SubmissionPage):
    """Writes the page of a graded submission."""

    @default("extra_loaders")
    def _extra_loaders_default(self) -> list:
        return [DictLoader({"index.html.j2": TEMPLATE.read_text(encoding="utf-8")})]

    @default("filters")
    def _filters_default(self) -> dict:
        return {**super()._filters_default(), **FILTERS}

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> Any:
        """Without what HTMLExporter does next: it reads the whole page again, which takes as long."""
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)

    def _preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        nb, resources = super()._preprocess(nb, resources)
        known = resources.setdefault("nbgrader", {})
        if known.get("db_url"):
            _note_what_waits(nb, known)
        rows = list(_rows(nb))
        resources["feedback"] = {
            "policy": POLICY,
            "rows": rows,
            "by_anchor": {row.anchor: row for row in rows},
            "waiting": sum(row.points for row in rows if row.score is None),
            "waits": any(row.score is None for row in rows),
            "for_a_person": any(row.score is None and not row.exercise for row in rows),
            "exercises": any(row.exercise for row in rows),
            "light": _colors(LIGHT),
            "dark": _colors(DARK),
        }
        return nb, resources

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        html = with_formulas(super().markdown2html(context, source), self.bounds)
        html = re.sub(r"(</?h)([1-5])\b", lambda m: f"{m[1]}{int(m[2]) + 1}", html)
        html = EMPTY_HEAD.sub("<td></td>", html)
        html = NOT_DESCRIBED.sub('<img alt="A picture without a description"', html)
        return html.replace("<pre", '<pre tabindex="0"')

    def highlight_code(self, source: str, metadata: Any = None) -> str:
        return super().highlight_code(source, metadata).replace("<pre>", '<pre tabindex="0">', 1)


def _colors(style: str) -> str:
    """The colors of code; the package of the styles sets up the whole process's log, which is undone."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    import_module(STYLES)
    root.setLevel(level)
    root.handlers[:] = handlers
    return str(HtmlFormatter(style=style).get_style_defs(".highlight"))


def _note_what_waits(nb: NotebookNode, known: dict[str, Any]) -> None:
    """Note in the cells which points a person has to give, and has not given yet."""
    with AtOnce(known["db_url"]) as book:
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader", {})
            if not (marks.get("grade") or marks.get("task")):
                continue
            where = known["notebook"], known["assignment"], known["student"]
            try:
                grade = book.find_grade(marks.grade_id, *where)
            except MissingEntry:
                continue
            marks["waits"] = bool(grade.needs_manual_grade) and grade.manual_score is None
            marks["by_hand"] = grade.manual_score is not None


def _rows(nb: NotebookNode) -> list[Row]:
    """What gives points, in the order of the notebook."""
    rows, title = [], ""
    for cell in nb.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and marks.get("locked"):  # a student heads no row
            title = next((IN_BRACKETS.sub("", h) for h in _headings(cell.source)), title)
        if not (marks.get("grade") or marks.get("task")):
            continue
        points, score = float(marks.get("points", 0)), marks.get("score")
        anchor = str(marks.get("grade_id", ""))
        verdict = read_verdict(cell)
        if verdict is not None:
            state = HEADLINE.get(verdict["status"], verdict["status"])
            if verdict["status"] == "ungraded":  # the check failed: an older score stands
                state, score = UNGRADED, None if marks.get("waits") else score
            elif score is None:
                score = verdict["score"]
            rows.append(Row(anchor, title, state, points, score, True, read_parts(cell)))
        elif marks.get("waits") or score is None:
            rows.append(Row(anchor, title or anchor, PENDING, points))
        else:
            state = "graded by hand" if marks.get("by_hand") else _unread(score, points)
            rows.append(Row(anchor, title or anchor, state, points, score))
    return rows


def _headings(text: str) -> Iterator[str]:
    """The headings of a text, the last one first: in time that grows with its length, and no faster."""
    for line in reversed(text.splitlines()):
        marks, _, words = line.partition(" ")
        if set(marks) == {"#"} and len(marks) <= 6:
            found = words.strip()
        elif line[:2] == "<h" and line[2:3] in "123456" and line[3:4] == ">":
            found = line[4:].partition("</h")[0]
        else:
            continue
        if found:
            yield found[:LONGEST_TITLE].strip()


def _unread(score: float, points: float) -> str:
    if not points:
        return "not attempted"
    return "not answered" if not score else "graded"


def _colored(text: str) -> str:
    """Text of a terminal as HTML."""
    return str(ansi2html(text))


def _formula(text: str) -> str:
    """What an output says in TeX."""
    tex = text.strip().strip("$")
    return mathml(tex, block=True) or f"<pre>{escape(text)}</pre>"


def _packed(svg: str) -> str:
    return base64.b64encode(svg.encode()).decode()


FILTERS = {"colored": _colored, "formula": _formula, "packed": _packed}
