"""Reading what students hand in: whatever holds cells is read, anything else says why it is not.

Nothing is taken over but what grading looks at: of a cell its type, text, id, ``grade_id`` and
pasted pictures, of the notebook its cells. Outputs, and whatever a program wrote beside them, are
dropped before sizes count and before nbformat sees anything, so neither can cost a point; but for
the pictures under given cells (``handed_in``), which may be shown to the student again.
"""

import ast
import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.grading.intake.handed_in import Kept, sound
from autograder.grading.intake.invisible import visible
from autograder.grading.intake.order import MOST_CODE

PROBLEM = "autograder_problem"  # notebook metadata: why the file could not be used as it was
NOTES = "autograder_notes"  # notebook metadata: what was mended, sentences for the student
LARGEST_FILE = 128 * 2**20
LARGEST_NOTEBOOK = 20 * 2**20  # characters of text, and of pictures; outputs do not count
MOST_CELLS = 5_000
MOST_VALUES = 10_000_000  # each takes up to 72 bytes once it is read
# what each kind of cell has besides its text; nbformat's own functions validate every cell they make
KINDS: dict[str, dict[str, Any]] = {
    "code": {"outputs": [], "execution_count": None},
    "markdown": {},
    "raw": {},
}
OF_CODE = ("outputs", "execution_count", "input", "prompt_number")


class NotANotebook(ValueError):
    """The file can't be read as a notebook; the message says why, in words for a student."""


def read_submission(path: Path) -> NotebookNode:
    """The notebook in a file of any version, with what was mended under NOTES in its metadata.

    A file that can't be read as one gives a notebook with a single cell that says why, and the
    reason under PROBLEM.
    """
    try:
        notes: list[str] = []
        cells = _cells(_content(path, notes), notes)
        return nbformat.v4.new_notebook(cells=cells, metadata={NOTES: notes} if notes else {})
    except NotANotebook as error:
        reason = f"{path.name} can't be read as a notebook: {error}"
        only = nbformat.v4.new_markdown_cell(reason, id="reason")
        return nbformat.v4.new_notebook(cells=[only], metadata={PROBLEM: reason})


def give_unique_ids(cells: list[NotebookNode]) -> None:
    """Give an id to each cell that has none of its own."""
    used: set[str] = set()
    for i, cell in enumerate(cells):
        if cell.get("id") is None or cell.id in used:
            cell.id = f"submitted-{i}"
        used.add(cell.id)


def _content(path: Path, notes: list[str]) -> Any:
    """What the file's JSON says, without the outputs of cells."""
    if path.stat().st_size > LARGEST_FILE:
        raise NotANotebook(
            f"it is larger than {LARGEST_FILE // 2**20} MB (clear the outputs, save, hand in again)"
        )
    raw = path.read_bytes()
    if sum(raw.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise NotANotebook(f"it holds more than {MOST_VALUES // 10**6} million values")
    encoding = json.detect_encoding(raw)
    try:
        text = raw.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        text = raw.decode(encoding, "replace")
        notes.append("Characters that are not in the encoding of the file were replaced.")
    del raw
    start = len(text) - len(text.lstrip())
    if start == len(text):
        raise NotANotebook("it is empty")
    try:
        return json.JSONDecoder(object_hook=Kept().of_cell).raw_decode(text, start)[0]
    except json.JSONDecodeError as error:
        cut = error.pos > len(text.rstrip()) - 8 or error.msg.startswith("Unterminated")
        raise NotANotebook(
            "it ends in the middle (was it saved and uploaded whole?)"
            if cut and text[start] == "{"
            else f"it is no JSON ({error.msg} in line {error.lineno})"
        ) from None
    except RecursionError:
        raise NotANotebook("its contents are nested too deeply") from None
    except ValueError as error:  # a number of thousands of digits
        raise NotANotebook(f"its JSON can't be read ({str(error)[:80]})") from None


def _cells(content: Any, notes: list[str]) -> list[NotebookNode]:
    """The cells of a notebook of version 2 to 4, or of a later one that looks like these."""
    if not isinstance(content, dict):
        raise NotANotebook("it holds no cells")
    held = content.get("cells")
    if not isinstance(held, list):
        sheets = content.get("worksheets")
        sheets = [s for s in sheets if isinstance(s, dict)] if isinstance(sheets, list) else []
        held = [c for s in sheets for c in s.get("cells") or []] if sheets else None
    if held is None:
        raise NotANotebook("it holds no cells")
    if len(held) > MOST_CELLS:
        raise NotANotebook(f"it holds more than {MOST_CELLS} cells")
    if no_cells := sum(not isinstance(c, dict) for c in held):
        notes.append(f"What stood in the place of a cell and was none was left out ({no_cells}).")
    cells = [_cell(c, notes) for c in held if isinstance(c, dict)]
    if sum(len(c.source) for c in cells) > LARGEST_NOTEBOOK:
        raise NotANotebook(
            f"its text, without any outputs, is larger than {LARGEST_NOTEBOOK // 2**20} MB"
        )
    _limit_pictures(cells, notes)
    give_unique_ids(cells)
    return cells


def _cell(held: dict[str, Any], notes: list[str]) -> NotebookNode:
    source = _text(held.get("source")) or _text(held.get("input"))
    kind = held.get("cell_type")
    if kind == "heading":
        level = held.get("level")
        marks = "#" * level if isinstance(level, int) and 0 < level < 7 else "#"
        kind, source = "markdown", f"{marks} {source}"
    if not isinstance(kind, str) or kind not in KINDS:
        kind = "code" if any(key in held for key in OF_CODE) or _is_code(source) else "markdown"
        notes.append(f"A cell without a type that is known was read as {kind}.")
    if kind == "code" and (mended := visible(source)) != source:
        source = mended
        notes.append(
            "Characters that nobody sees, as pasted code has them, were taken out of code."
        )
    cell = nbformat.from_dict({"cell_type": kind, "metadata": {}, "source": source} | KINDS[kind])
    own_id = held.get("id")
    cell.id = own_id if _is_id(own_id) else None
    metadata = held.get("metadata")
    given = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = given.get("grade_id") if isinstance(given, dict) else None
    if isinstance(grade_id, str):
        cell.metadata.nbgrader = nbformat.from_dict({"grade_id": whole(grade_id)})
    if kind == "code" and isinstance(grade_id, str):
        cell.outputs = sound(held.get("outputs"))
    if kind != "code" and (pictures := _pictures(held.get("attachments"))):
        cell.attachments = nbformat.from_dict(pictures)
    return cell


def _text(held: Any) -> str:
    """The text of a cell: a string or lines, with their ends or without them."""
    if isinstance(held, str):
        return whole(held)
    if not isinstance(held, list):
        return ""
    lines = [line for line in held if isinstance(line, str)]
    bare = len(lines) > 1 and not any(line.endswith("\n") for line in lines[:-1])
    return whole(("\n" if bare else "").join(lines))


def whole(text: str) -> str:
    """A text in which half a surrogate pair is replaced: it could not be written to any file."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_id(held: Any) -> bool:
    return isinstance(held, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", held) is not None


def _is_code(source: str) -> bool:
    if len(source) > MOST_CODE:
        return False
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(source.strip())


def _pictures(held: Any) -> dict[str, dict[str, str]]:
    """The pasted pictures of a cell, by name and MIME type."""
    pictures = {}
    for name, kinds in held.items() if isinstance(held, dict) else ():
        kinds = kinds if isinstance(kinds, dict) else {}
        data = {k: _text(v) for k, v in kinds.items() if k.startswith("image/") and _text(v)}
        if data:
            pictures[whole(name)] = data
    return pictures


def _limit_pictures(cells: list[NotebookNode], notes: list[str]) -> None:
    size = 0
    for cell in cells:
        size += sum(
            len(v) for kinds in cell.get("attachments", {}).values() for v in kinds.values()
        )
        if size > LARGEST_NOTEBOOK and cell.pop("attachments", None):
            notes.append(
                f"Pasted pictures beyond {LARGEST_NOTEBOOK // 2**20} MB in all were left out."
            )
