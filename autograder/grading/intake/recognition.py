"""Which cell of the release a submission's cell is, whatever became of its metadata."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from nbformat import NotebookNode

from autograder.grading.intake.order import grade_id, names_in


class Release:
    """The cells of a released notebook, by ``grade_id``.

    ``needs`` maps the ``grade_id`` of each exercise's test cell to the names that the exercise looks
    at, first of all its entry.
    """

    def __init__(self, notebook: NotebookNode, needs: Mapping[str, tuple[str, ...]]) -> None:
        self.cells: dict[str, NotebookNode] = {
            name: cell for cell in notebook.cells if (name := grade_id(cell)) is not None
        }
        self.texts = {plain(cell.source) for cell in notebook.cells}
        self.needs = {name: needs[name] for name in self.cells if name in needs}
        self.by_cell_id = {cell.id: name for name, cell in self.cells.items() if "id" in cell}

    def is_answer(self, name: str) -> bool:
        """Whether the text of a cell is the student's."""
        return bool(self.cells[name].metadata.nbgrader.solution)

    def is_written(self, name: str) -> bool:
        """Whether a cell is an answer in words, which a person grades."""
        return self.is_answer(name) and self.cells[name].cell_type == "markdown"

    def has_points(self, name: str) -> bool:
        """Whether a cell gives points: a test, or a task for a person."""
        meta = self.cells[name].metadata.nbgrader
        return bool(meta.grade or meta.get("task"))

    @cached_property
    def answers(self) -> dict[str, str]:
        """The answer cell of each test cell: the last one before it that holds code."""
        found, last = {}, None
        for name, cell in self.cells.items():
            if self.is_answer(name) and cell.cell_type == "code":
                last = name
            if name in self.needs and last is not None:
                found[name] = last
        return found

    @cached_property
    def homes(self) -> dict[str, str]:
        """The answer cell that each exercise's entry is to be defined in."""
        return {self.needs[test][0]: answer for test, answer in self.answers.items()}

    @cached_property
    def fixed(self) -> dict[str, str]:
        """The cells whose text is not the student's, by that text; none that two cells share."""
        texts = [
            (plain(cell.source), name)
            for name, cell in self.cells.items()
            if not self.is_answer(name)
        ]
        every = [text for text, _ in texts]
        return {text: name for text, name in texts if every.count(text) == 1}

    def called(self, name: str) -> str:
        """What a student knows a cell as."""
        cell = self.cells[name]
        if name in self.needs:
            return f"the test cell of `{self.needs[name][0]}`"
        if self.is_written(name):
            return f"the written answer `{name}`"
        if self.is_answer(name):
            entries = [entry for entry, home in self.homes.items() if home == name]
            return f"the answer cell of `{', '.join(entries) or name}`"
        first = next((line for line in cell.source.splitlines() if line.strip()), name)
        if cell.cell_type == "markdown":
            return f"the text “{first.strip('# ')[:60]}”"
        return f"the given cell `{name}`"


def plain(text: str) -> str:
    """A text without the white space that programs add or drop."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def named(cell: NotebookNode, release: Release) -> str | None:
    """The cell of the release that a cell says it is: by its ``grade_id``, else by its cell id."""
    name = grade_id(cell)
    return name if name in release.cells else release.by_cell_id.get(cell.get("id"))


def recognise(cells: list[NotebookNode], release: Release) -> list[str | None]:
    """The ``grade_id`` of the released cell that each cell is, None for cells of the student's own.

    Each released cell is found once: in the cell with the best reason to be it. In this order:

    1. the text is that of a cell that students do not change (and better still, the id as well);
    2. it is named an answer, and does not define the entry of another exercise instead;
    3. it defines the entry of an exercise, whatever it is named: its answer;
    4. it is named so, though its text was changed;
    5. it has no name, and defines the entry of an exercise.
    """
    found: list[str | None] = [None] * len(cells)
    claims = [list(_claims(cell, release)) for cell in cells]
    taken: set[str] = set()
    for strength in range(6):
        for i, claim in enumerate(claims):
            name = claim[strength]
            if name is not None and found[i] is None and name not in taken:
                found[i] = name
                taken.add(name)
    return found


def _claims(cell: NotebookNode, release: Release) -> Iterator[str | None]:
    """What a cell may be, the best reason first."""
    own = named(cell, release)
    same = release.fixed.get(plain(cell.source))
    defines = names_in(cell.source).defines if cell.cell_type == "code" else frozenset[str]()
    homes = {release.homes[name] for name in defines & release.homes.keys()}
    home = homes.pop() if len(homes) == 1 else None
    elsewhere = home is not None and home != own and own in release.homes.values()
    yield same if same == own else None
    yield same
    yield own if own is not None and release.is_answer(own) and not elsewhere else None
    yield home if own is not None else None
    yield own
    yield home if own is None else None
