"""The closing section of an assignment, run as a student would: its cells, with any right answers."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from autograder.grading.releasing.notebooks import read_source
from tests.answers import ASSIGNMENTS, COURSE, answer, exercise, solutions


def dresses(assignment: str) -> list[dict[str, Any]]:
    """What an assignment asks for, by name: as the reference defines it, and in every other dress.

    Each alternative of each exercise is in one of them.
    """
    reference = solutions(assignment)
    others = [answer(name).alternatives for name in ASSIGNMENTS[assignment]]
    entries = [exercise(name).entry for name in ASSIGNMENTS[assignment]]
    return [
        reference,
        *(
            {**reference, **{e: a[k] for e, a in zip(entries, others, strict=True) if k < len(a)}}
            for k in range(max(map(len, others)))
        ),
    ]


def text(assignment: str) -> str:
    """What the closing section says, on one line."""
    cells = _cells(assignment, after=True)
    return " ".join(" ".join(c.source for c in cells if c.cell_type == "markdown").split())


def run(assignment: str, given: dict[str, Any], *edits: tuple[str, str]) -> list[str]:
    """What the closing cells print with these answers; ``edits`` replace text in the cells."""
    return list(played(assignment, given, *edits)["printed"])


def played(assignment: str, given: dict[str, Any], *edits: tuple[str, str]) -> dict[str, Any]:
    """As ``run``; the whole namespace, the lines under ``printed``."""
    printed: list[str] = []
    namespace: dict[str, Any] = {}
    edited = set()
    with _in_folder(assignment):
        for cell in _code(assignment, after=False):
            exec(cell.source, namespace)
        namespace |= given
        namespace |= {"printed": printed, "print": lambda *w: printed.append(" ".join(map(str, w)))}
        for cell in _code(assignment, after=True):
            source = cell.source
            for old, new in edits:
                edited |= {old} if old in source else set()
                source = source.replace(old, new)
            exec(source, namespace)
    assert edited == {old for old, _ in edits}
    return namespace


def _cells(assignment: str, after: bool) -> list[NotebookNode]:
    """The cells of the closing section, or those before."""
    cells = read_source(COURSE.source(assignment)).cells
    first = next(i for i, c in enumerate(cells) if c.id == "play-text")
    last = next(i for i, c in enumerate(cells) if c.source.startswith("# In your own words"))
    return cells[first:last] if after else cells[:first]


def _code(assignment: str, after: bool) -> Iterator[NotebookNode]:
    """The code cells that are nobody's answer and check none."""
    for cell in _cells(assignment, after):
        held = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and not held.get("solution") and not held.get("grade"):
            yield cell


@contextlib.contextmanager
def _in_folder(assignment: str) -> Iterator[None]:
    """In the folder of what students receive, whose modules can be imported."""
    folder = COURSE.assignment(assignment).folder
    sys.path.insert(0, str(folder))
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path.remove(str(folder))
        for module in [m for m in sys.modules if m.partition(".")[0] == "exercises"]:
            del sys.modules[module]
