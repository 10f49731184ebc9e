"""The order in which cells run: what code cells define and use, and what must run before what."""

import builtins
import re
import symtable
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from nbformat import NotebookNode

MOST_CODE = 50_000  # characters of a cell that is looked at as code
DEEPEST = 100  # cells, each of which needs the next one
RUN_AT_ONCE = ("listcomp", "setcomp", "dictcomp", "genexpr")
MAGIC = re.compile(
    r"""^([ \t]*+)(?:[%!?].*|[^#'"\n]*\?)$|^([ \t]*+[\w, .]++=[ \t]*+)[%!].*$""", re.MULTILINE
)


@dataclass(frozen=True)
class Names:
    """The names that a code cell defines, and of others those that it needs while it runs and those
    that it uses at all, in functions too."""

    defines: frozenset[str] = frozenset()
    at_once: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()


@lru_cache(maxsize=6_000)  # a whole notebook's; it is looked at several times
def names_in(source: str) -> Names:
    """The names in a cell's code; none if it is no Python. Lines of IPython's own are left out."""
    if len(source) > MOST_CODE or (table := _symbols(source) or _symbols(_plain(source))) is None:
        return Names()
    own = [s for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()]
    at_once = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    uses = set(at_once)
    todo = [(child, True) for child in table.get_children()]
    while todo:
        inner, now = todo.pop()
        now = now and (inner.get_type() == "class" or inner.get_name() in RUN_AT_ONCE)
        found = {s.get_name() for s in inner.get_symbols() if s.is_referenced() and s.is_global()}
        uses |= found
        at_once |= found if now else set()
        todo += [(child, now) for child in inner.get_children()]
    defines = {s.get_name() for s in own}
    known = defines | set(dir(builtins))
    return Names(frozenset(defines), frozenset(at_once - known), frozenset(uses - known))


def _symbols(code: str) -> symtable.SymbolTable | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable.symtable(code, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None


def _plain(source: str) -> str:
    """The code without what only IPython understands; nothing of a cell in another language."""
    source = re.sub(r"\A\s*%%(time|timeit|capture|prun)\b.*", "", source)
    if source.lstrip().startswith("%%"):
        return ""
    return MAGIC.sub(lambda m: f"{m[2]}None" if m[2] else f"{m[1]}pass", source)


def grade_id(cell: NotebookNode) -> str | None:
    """The name of a cell of nbgrader's, None for any other."""
    meta = cell.metadata.get("nbgrader")
    name = meta.get("grade_id") if isinstance(meta, dict) else None
    return name if isinstance(name, str) else None


def running_order(
    cells: list[NotebookNode],
    release: Sequence[str],
    needs: Mapping[str, Collection[str]],
    answers: Mapping[str, str],
) -> tuple[list[NotebookNode], list[NotebookNode]]:
    """Cells in an order in which every test cell is tried after what its answer needs.

    ``release`` holds each ``grade_id`` in the order of the release; ``needs`` maps that of each test
    cell to the names that it looks at, and ``answers`` to that of its answer cell. A notebook that
    runs from top to bottom is left alone. Otherwise, and only among cells that some test needs:

    - a cell that uses a name while it runs, which only later cells define, comes after the first of
      these; so does a cell that uses, even in a function, what a given cell defines that the release
      has before it;
    - a test cell that stands before its answer, or before the first definition of a name that its
      answer uses, is moved behind it: to just before the next cell of the release, so that what the
      student wrote below the answer has run.

    What given cells define counts only for what comes after them in the release.

    Returns the cells and those that were moved.
    """
    sheet = _Sheet(cells, release, needs, answers)
    moved = sheet.pull_up_what_is_needed()
    moved += [i for test in needs if (i := sheet.move_down(test)) is not None]
    return [cells[i] for i in sheet.order], [cells[i] for i in moved]


class _Sheet:
    """Cells by their number in the submission, and the order that they are brought into."""

    def __init__(
        self,
        cells: list[NotebookNode],
        release: Sequence[str],
        needs: Mapping[str, Collection[str]],
        answers: Mapping[str, str],
    ) -> None:
        self.needs, self.answers = needs, answers
        self.rank: dict[str | None, int] = {name: k for k, name in enumerate(release)}
        self.known = [grade_id(cell) for cell in cells]
        self.given = [
            name is not None and not cell.metadata.nbgrader.get("solution")
            for cell, name in zip(cells, self.known, strict=True)
        ]
        self.names = [
            names_in(cell.source) if cell.cell_type == "code" and name not in needs else Names()
            for cell, name in zip(cells, self.known, strict=True)
        ]
        self.order = list(range(len(cells)))
        self.definers: dict[str, list[int]] = {}
        for i, names in enumerate(self.names):
            for name in names.defines:
                self.definers.setdefault(name, []).append(i)

    @cached_property
    def needed(self) -> set[int]:
        """The cells that define what some test needs, however far away."""
        found: set[int] = set()
        seen: set[str] = set()
        todo = {name for names in self.needs.values() for name in names}
        while todo:
            name = todo.pop()
            seen.add(name)
            for i in self.definers.get(name, ()):
                if i not in found:
                    found.add(i)
                    todo |= self.names[i].uses - seen
        return found

    def pull_up_what_is_needed(self) -> list[int]:
        """Bring cells before those that could not run without them; returns which."""
        order: list[int] = []
        placed: set[int] = set()
        defined: set[str] = set()
        pulled: list[int] = []

        def place(i: int, depth: int) -> None:
            placed.add(i)
            for name in self._missing(i, defined) if depth < DEEPEST else ():
                later = [j for j in self._serving(name, i) if j not in placed]
                if name not in defined and later and self._comes_first(later[0], i, name):
                    pulled.append(later[0])
                    place(later[0], depth + 1)
            order.append(i)
            defined.update(self.names[i].defines)

        for i in self.order:
            if i not in placed:
                place(i, 0)
        self.order = order
        return pulled

    def _missing(self, i: int, defined: set[str]) -> list[str]:
        """Names that a cell uses, that nothing has defined so far and that some cell defines."""
        if i not in self.needed:
            return []
        return sorted((self.names[i].uses & self.definers.keys()) - defined)

    def _serving(self, name: str, user: int) -> list[int]:
        """The cells that define a name for another cell."""
        mine = self.known[user]
        return [
            i
            for i in self.definers.get(name, ())
            if mine is None or not self.given[i] or self.rank[self.known[i]] < self.rank[mine]
        ]

    def _comes_first(self, definer: int, user: int, name: str) -> bool:
        return name in self.names[user].at_once or self.given[definer]

    def move_down(self, test: str) -> int | None:
        """Bring a test cell behind what it needs; returns its number if it had to move."""
        if test not in self.known:
            return None
        number = self.known.index(test)
        place = {i: k for k, i in enumerate(self.order)}
        at = last = place[number]
        todo, seen = set(self.needs[test]), set[str]()
        if (own := self.answers.get(test)) in self.known:
            answer = self.known.index(own)
            last = max(last, place[answer])
            todo |= self.names[answer].uses
        while todo:
            name = todo.pop()
            seen.add(name)
            places = sorted(place[i] for i in self._serving(name, number))
            if not places:
                continue
            before = [k for k in places if k < at]
            taken = before[-1] if before else places[0]
            last = max(last, taken)
            todo |= self.names[self.order[taken]].uses - seen
        if last == at:
            return None
        others = [None, *self.needs]  # the student's own cells, and other tests
        following = range(last + 1, len(self.order))
        to = next((k for k in following if self.known[self.order[k]] not in others), len(place))
        self.order.insert(to, number)
        del self.order[at]
        return number
