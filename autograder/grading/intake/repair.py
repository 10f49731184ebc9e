"""Repair: a submission's cells become those of the release, with the student's answers in them."""

import copy
from collections.abc import Mapping

from nbformat import NotebookNode

from autograder.grading.intake.demonstrations import is_demonstration
from autograder.grading.intake.order import grade_id, names_in, running_order
from autograder.grading.intake.pictures import mend_references
from autograder.grading.intake.reading import PROBLEM, give_unique_ids
from autograder.grading.intake.recognition import Release, named, plain, recognise

LOOK_HERE = "*This cell was missing. What else you wrote may be the answer: a person will look.*"
MOST_NAMES = 6


def repair(
    notebook: NotebookNode,
    released: NotebookNode,
    needs: Mapping[str, tuple[str, ...]] | None = None,
) -> list[str]:
    """Make a submission's nbgrader cells those of the released notebook; returns what was mended.

    ``needs`` maps the test cell of each exercise to the names that it looks at, first its entry.
    Cells are recognised by id, text and what they define (``recognition.recognise``). Locked cells
    get back their text, and every cell of the release its metadata and type; what a student defined
    or wrote in a locked cell is kept in a cell beside it. A copy of a locked cell is dropped, a copy
    of an answer becomes an ordinary cell, whose code still runs. Missing cells that carry points, or
    that define what the student's code uses, are put back before the next known cell. The text of a
    written answer that is missing or as it was handed out is looked for in the cells beside it. At
    last the cells are brought into an order in which they can run (``order.running_order``).
    """
    work = _Repair(Release(released, needs or {}))
    work.restore(notebook.cells)
    work.put_back()
    if PROBLEM not in notebook.metadata:
        work.find_written_answers()
    work.bring_into_order()
    work.mend_pictures()
    give_unique_ids(work.cells)
    names_in.cache_clear()
    notebook.cells = work.cells
    return work.notes()


class _Repair:
    """One repair: the cells so far, and what was done to which of them."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.cells: list[NotebookNode] = []
        self.missing: set[str] = set()
        self.done: dict[str, list[str]] = {}

    def note(self, what: str, which: str) -> None:
        self.done.setdefault(what, []).append(which)

    def notes(self) -> list[str]:
        """What was mended, a sentence for each kind."""
        return [f"{what}: {_listed(which)}." for what, which in self.done.items()]

    @property
    def names(self) -> list[str | None]:
        return [grade_id(cell) for cell in self.cells]

    # ---- the cells that are there

    def restore(self, submitted: list[NotebookNode]) -> None:
        """Make each recognised cell that of the release, and every other an ordinary one."""
        for cell, name in zip(submitted, recognise(submitted, self.release), strict=True):
            said = named(cell, self.release)
            if name is None:
                if said is None or self._is_worth_keeping(cell, said):
                    self.cells.append(_ordinary(cell))
                continue
            if said is None or grade_id(cell) is None:
                self.note("Cells had lost their grading data", self.release.called(name))
            elif said != name:
                self.note("Cells were marked as other cells", self.release.called(name))
            self.cells += self._restored(cell, name)

    def _is_worth_keeping(self, cell: NotebookNode, said: str) -> bool:
        """Whether a cell with the name of another one holds anything of the student's."""
        code, text = self._additions(cell, said)
        answer = self.release.is_answer(said)
        if answer or not (code or text):
            self.note("Cells stood there more than once", self.release.called(said))
        return answer or code or bool(text)

    def _restored(self, cell: NotebookNode, name: str) -> list[NotebookNode]:
        """The original cell, with the student's text if it is an answer, and what was added to it."""
        original = copy.deepcopy(self.release.cells[name])
        if self.release.is_answer(name):
            original.source = cell.source
            if "attachments" in cell and original.cell_type == "markdown":
                original.attachments = cell.attachments
            return [original]
        if is_demonstration(original):
            original.outputs = cell.get("outputs", [])
        if plain(cell.source) == plain(original.source):
            return [original]
        self.note(
            "Cells that are not yours to change have their text again", self.release.called(name)
        )
        code, text = self._additions(cell, name)
        if code:  # before it, so that what was handed out has the last word
            return [_ordinary(cell), original]
        return [original, _ordinary(cell, source=text)] if text else [original]

    def _additions(self, cell: NotebookNode, name: str) -> tuple[bool, str]:
        """What a changed locked cell has more: whether its code defines more, and lines of text."""
        original = self.release.cells[name]
        if cell.cell_type == "code" and original.cell_type == "code":
            more = names_in(cell.source).defines - names_in(original.source).defines
            return bool(more), ""
        known = set(plain(original.source).splitlines())
        return False, "\n".join(
            x for x in plain(cell.source).splitlines() if x not in known
        ).strip()

    # ---- the cells that are not

    def put_back(self) -> None:
        """Put back cells that carry points, and given code without which the student's cannot run."""
        present = set(self.names)
        wanted = self._undefined()
        for name in reversed(self.release.cells):
            if name in present:
                continue
            cell = self.release.cells[name]
            given = cell.cell_type == "code" and not self.release.is_answer(name)
            needed = given and wanted & names_in(cell.source).defines
            if not (needed or self.release.has_points(name)):
                continue
            self.missing.add(name)
            self.cells.insert(self._place(name), copy.deepcopy(cell))
        for name in self.release.cells:
            if name in self.missing:
                self.note("Missing cells were put back", self.release.called(name))

    def _undefined(self) -> set[str]:
        """What code of the student's uses and no cell defines."""
        used, defined = set[str](), set[str]()
        for cell, name in zip(self.cells, self.names, strict=True):
            if cell.cell_type == "code" and name not in self.release.needs:
                names = names_in(cell.source)
                used |= names.uses
                defined |= names.defines
        return used - defined

    def _place(self, name: str) -> int:
        """Where a missing cell goes: before the first later cell of the release, else at the end."""
        order = list(self.release.cells)
        later = set(order[order.index(name) + 1 :])
        places = (i for i, known in enumerate(self.names) if known in later)
        return next(places, len(self.cells))

    # ---- answers in words

    def find_written_answers(self) -> None:
        """Look beside each written answer that holds nothing of the student's.

        The longest text of the student's own between the cells before and after it becomes the
        answer. If the cell was deleted, and there is code in that place or text anywhere, a note
        becomes the answer, so that nbgrader asks a person to look.
        """
        for name in filter(self.release.is_written, self.release.cells):
            at = self.names.index(name)
            cell = self.cells[at]
            if plain(cell.source) not in ("", plain(self.release.cells[name].source)):
                continue
            called = self.release.called(name)
            deleted = name in self.missing
            beside = [c for c in self._around(at) if self._is_own(c)]
            texts = [c for c in beside if c.cell_type != "code"]
            if texts:
                taken = max(texts, key=lambda c: len(c.source))
                cell.source = taken.source
                if "attachments" in taken:
                    cell.attachments = taken.attachments
                self.cells = [c for c in self.cells if c is not taken]
                self.note("The text that stood beside its cell was taken as the answer", called)
            elif deleted and (beside or any(map(self._is_own_text, self.cells))):
                cell.source = LOOK_HERE
                self.note("A person looks whether the answer stands elsewhere", called)

    def _around(self, at: int) -> list[NotebookNode]:
        """The student's own cells next to a cell, up to the nearest cells of the release."""
        known = [i for i, name in enumerate(self.names) if name is not None and i != at]
        first = max((i for i in known if i < at), default=-1)
        end = min((i for i in known if i > at), default=len(self.cells))
        return [c for i, c in enumerate(self.cells[first + 1 : end], first + 1) if i != at]

    def _is_own(self, cell: NotebookNode) -> bool:
        return grade_id(cell) is None and plain(cell.source) not in {"", *self.release.texts}

    def _is_own_text(self, cell: NotebookNode) -> bool:
        return cell.cell_type != "code" and self._is_own(cell)

    # ---- order and pictures

    def bring_into_order(self) -> None:
        release = self.release
        self.cells, moved = running_order(
            self.cells, list(release.cells), release.needs, release.answers
        )
        for cell in moved:
            name = grade_id(cell)
            which = "a cell of yours" if name is None else release.called(name)
            self.note("Cells stood in an order in which they can't run, and were moved", which)

    def mend_pictures(self) -> None:
        for cell in self.cells:
            if cell.cell_type == "markdown":
                for picture in mend_references(cell):
                    self.note("Pictures are not in the notebook", f"`{picture[:60]}`")


def _ordinary(cell: NotebookNode, source: str | None = None) -> NotebookNode:
    """The same cell without any data of nbgrader's."""
    own = copy.deepcopy(cell)
    if own.cell_type == "code":
        own.outputs = []
    own.metadata.pop("nbgrader", None)
    if source is not None:
        own.source = source
    return own


def _listed(which: list[str]) -> str:
    """A few names in a row, and how many more there are."""
    names = list(dict.fromkeys(which))
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
