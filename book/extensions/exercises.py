"""The exercises of the assignments on the book's pages.

::

    ```{solve} adam
    :with: rules-text
    ```

puts the exercise ``adam`` here: its text and worked example from the students' notebook, and its
stub, which ``book/browser`` makes an editor with *Run* and *Check*. ``with`` names text cells of the
notebook that are to stand before it. An exercise that needs torch stands here to be read, with the
way to its notebook. ``{your-work}`` lists all of them, with the reader's state of each.

All that is read here is what students have anyway: notebooks without answers, and exercises.
"""

import ast
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from book.extensions.modules import imported

ROOT = Path(__file__).parents[2]
ASSIGNMENTS = ROOT / "assignments"
IN_THE_PAGE = {"numpy", "autograder"}  # what the first cell of a notebook may import to run there
ELSEWHERE = {"torch", "lab", "scipy", "PIL"}  # what no exercise that runs in a browser imports
# an exercise's, as in "## 6. Adam (8 points, 20 minutes)"; a number and points are not everybody's
HEADING = re.compile(
    r"\s*#+ +(?:\d+\. +)?(?P<title>.+?)(?: +\((?P<worth>[\d.]+ points?\b.*)\))?[ #]*$", re.MULTILINE
)


class ExerciseError(SphinxError):
    """A directive that names no exercise; it ends the build."""

    category = "Exercise error"


@dataclass(frozen=True)
class Exercise:
    """An exercise as the students' notebook has it."""

    assignment: str
    id: str
    title: str  # as the notebook's heading, without its number
    worth: str  # what the heading has in brackets, as in "8 points, 20 minutes"
    points: float
    text: str  # Markdown, without the heading
    cell: str  # the grade_id of the cell for the answer
    stub: str
    check: str  # the code of the test cell
    earlier: tuple[str, ...]  # the cells for answers that stand before it
    texts: dict[str, str]  # other text cells of the notebook, by their grade_id
    setup: str  # what of the notebook's first code cell runs without torch
    in_the_page: bool  # needs nothing but NumPy

    @property
    def entry(self) -> str:
        """The name that the reader defines."""
        return re.search(r"\bcheck\((\w+)\)", self.check).group(1)  # type: ignore[union-attr]

    @property
    def anchor(self) -> str:
        return f"solve-{self.id.replace('_', '-')}"


def names() -> list[str]:
    """The assignments."""
    return sorted(path.stem for path in ASSIGNMENTS.glob("*/*.ipynb"))


def notebook_path(assignment: str) -> Path:
    return ASSIGNMENTS / assignment / f"{assignment}.ipynb"


@cache
def exercises(assignment: str, changed: float) -> dict[str, Exercise]:
    """The exercises of an assignment by their ids, in the order of its notebook."""
    found: dict[str, Exercise] = {}
    texts: dict[str, str] = {}
    text, setup = "", ""
    answers: list[nbformat.NotebookNode] = []
    for cell in nbformat.read(notebook_path(assignment), as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id", "")
        if cell.cell_type == "markdown":
            text = texts[name] = cell.source
        elif name == "setup":
            setup = without_torch(cell.source)
        elif about.get("solution"):
            answers.append(cell)
        elif about.get("grade"):
            said = HEADING.match(text)
            points = f"{about.points:g} point{'s' * (about.points != 1)}"
            *earlier, own = answers
            found[name] = Exercise(
                assignment=assignment,
                id=name,
                title=said["title"] if said else name,
                worth=(said and said["worth"]) or points,
                points=about.points,
                text=HEADING.sub("", text, count=1).strip(),
                cell=own.metadata.nbgrader.grade_id,
                stub=own.source,
                check=cell.source.strip(),
                earlier=tuple(each.metadata.nbgrader.grade_id for each in earlier),
                texts=texts,
                setup=setup,
                in_the_page=runs_in_the_page(ASSIGNMENTS / assignment / "exercises", name),
            )
    return found


def exercises_of(assignment: str) -> dict[str, Exercise]:
    """As ``exercises``, for the notebook as it is now."""
    return exercises(assignment, notebook_path(assignment).stat().st_mtime)


def exercise(name: str) -> Exercise:
    """The exercise of this id; raises KeyError if no assignment has one."""
    for assignment in names():
        if name in exercises_of(assignment):
            return exercises_of(assignment)[name]
    raise KeyError(name)


def without_torch(code: str) -> str:
    """The statements that import nothing but what a browser has, and use nothing else."""
    kept = []
    missing: set[str] = set()
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            modules = {module.partition(".")[0] for module in imported(statement)}
            if not modules <= IN_THE_PAGE:
                missing |= {alias.asname or alias.name for alias in statement.names}
                continue
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if not used & missing:
            kept.append(ast.unparse(statement))
    return "\n".join(kept)


def runs_in_the_page(folder: Path, name: str) -> bool:
    """Whether an exercise, with what it imports of its siblings, needs no more than NumPy."""
    todo, seen = [name], set()
    while todo:
        current = todo.pop()
        seen.add(current)
        tree = ast.parse((folder / f"{current}.py").read_text(encoding="utf-8"))
        for module in imported(tree, "siblings"):
            package, *path = module.split(".")
            if package == "siblings":
                todo += [s for s in path[:1] if s not in seen and (folder / f"{s}.py").is_file()]
            elif package in ELSEWHERE:
                return False
    return True


class Solve(SphinxDirective):
    """An exercise: its text, its stub, and what the page's script needs to make it answer."""

    required_arguments = 1
    option_spec = {"with": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        source, line = self.get_source_info()
        try:
            chosen = exercise(self.arguments[0])
            before = [chosen.texts[name] for name in self.options.get("with", "").split()]
        except KeyError as error:
            raise ExerciseError(f"{source}:{line}: no exercise or text is named {error}") from None
        self.env.note_dependency(str(notebook_path(chosen.assignment)))
        self.env.note_dependency(__file__)
        self.env.metadata[self.env.docname].setdefault("solve", []).append(chosen.id)

        box = nodes.container(classes=["solve"])
        self.set_source_info(box)
        box.append(raw(opening(chosen)))
        for text in before:
            box.extend(self.parsed(re.sub(r"\A#.*\n", "", text)))
        box.extend(self.parsed(chosen.text))
        stub = nodes.literal_block(chosen.stub, chosen.stub, language="python")
        box.append(nodes.container("", stub, classes=["solve-stub"]))
        box.append(raw(closing(chosen)))
        return [raw(frame(chosen)), *box.children, raw("</div>")]

    def parsed(self, markdown: str) -> list[nodes.Node]:
        holder = nodes.Element()
        lines = StringList(markdown.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, holder)
        for head in holder.findall(nodes.thead):
            for entry in head.findall(nodes.entry):
                if not entry.astext():  # a screen reader reads every header
                    unseen = nodes.inline("", "quantity", classes=["visually-hidden"])
                    entry.children = []
                    entry += nodes.paragraph("", "", unseen)
        return holder.children


def raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def frame(chosen: Exercise) -> str:
    runs = ' data-runs="numpy"' if chosen.in_the_page else ""
    return (
        f'<div class="solve" id="{chosen.anchor}" role="group" '
        f'aria-labelledby="{chosen.anchor}-title"{runs}>'
    )


def opening(chosen: Exercise) -> str:
    title = html.escape(chosen.title)
    return (
        f'<p class="solve-title" id="{chosen.anchor}-title">Write it yourself: {title} '
        f'({html.escape(chosen.worth)})<span class="solve-state"></span></p>'
    )


def closing(chosen: Exercise) -> str:
    """What the script reads, and the way to the notebook."""
    data = {
        "assignment": chosen.assignment,
        "exercise": chosen.id,
        "cell": chosen.cell,
        "entry": chosen.entry,
        "stub": chosen.stub,
        "check": chosen.check,
        "before": [chosen.setup],
        "uses": chosen.earlier,
    }
    script = ""
    if chosen.in_the_page:
        text = json.dumps(data).replace("</", "<\\/")
        script = f'<script type="application/json" class="solve-data">{text}</script>'
        way = "It is part of the assignment"
    else:
        way = "It needs torch, which no browser has: it is part of the assignment"
    return (
        f'{script}<p class="solve-way">{way} <code>{chosen.assignment}</code>, where '
        f"<code>{html.escape(chosen.check)}</code> answers in a notebook on your machine.</p>"
    )


class work_tables(nodes.General, nodes.Element):
    """Stands where the tables of exercises go until every page has been read."""


class YourWork(SphinxDirective):
    """All exercises, the pages that they are on, and the reader's state of each."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["your-work"] = True
        return [work_tables()]


def pages_of_exercises(app: Sphinx) -> dict[str, str]:
    """The page that each exercise stands on."""
    return {
        exercise: docname
        for docname, metadata in app.env.metadata.items()
        for exercise in metadata.get("solve", ())
    }


def pages_with_tables(app: Sphinx, env: Any) -> list[str]:
    """The pages with a table are written anew, whatever page has changed."""
    return [name for name, metadata in env.metadata.items() if "your-work" in metadata]


def fill_work_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(work_tables)):
        pages = pages_of_exercises(app)
        tables = [raw(work_table(app, docname, name, pages)) for name in names()]
        place.replace_self(tables)


def work_table(app: Sphinx, docname: str, assignment: str, pages: dict[str, str]) -> str:
    return "\n".join(
        [
            f'<div class="work" data-assignment="{assignment}">',
            f'<p class="work-title"><strong>{assignment}</strong> <span class="work-sum"></span></p>',
            '<div class="pst-scrollable-table-container"><table class="table">',
            "<thead><tr><th>exercise</th><th>points</th><th>state</th></tr></thead><tbody>",
            *work_rows(app, docname, assignment, pages),
            "</tbody></table></div>",
            '<div class="work-tools" hidden>',
            f'<button type="button" class="work-export">Save {assignment}.ipynb with my answers'
            "</button>",
            '<label>Take up a notebook <input type="file" class="work-import" '
            f'accept=".ipynb" aria-label="Take up a notebook of {assignment}"></label>',
            f'<button type="button" class="work-forget">Delete my answers to {assignment}</button>',
            '</div><p class="work-status" role="status"></p></div>',
        ]
    )


def work_rows(app: Sphinx, docname: str, assignment: str, pages: dict[str, str]) -> Iterator[str]:
    for each in exercises_of(assignment).values():
        title = html.escape(each.title)
        if page := pages.get(each.id):
            uri = app.builder.get_relative_uri(docname, page)
            title = f'<a href="{uri}#{each.anchor}">{title}</a>'
        where = "" if each.in_the_page else "in the notebook"
        data = f' data-exercise="{each.id}" data-cell="{each.cell}"' if each.in_the_page else ""
        yield (
            f"<tr{data}><td>{title}</td><td>{each.points:g}</td>"
            f'<td class="work-state">{where}</td></tr>'
        )


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_node(work_tables)
    app.add_directive("solve", Solve)
    app.add_directive("your-work", YourWork)
    app.connect("env-updated", pages_with_tables)
    app.connect("doctree-resolved", fill_work_tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
