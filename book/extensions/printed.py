"""What cells print, as a page shows it: columns as tables, lines that break where a phone ends.

Cells end at two spaces, or at a colon. Lines in a row that have as many of them become a table; so do lines
with the same blank columns, for the longest name has one space after it. A line above that says no value
itself stands above the table, a shorter one is its head. Other lines stay as they were printed: with the class
``in-lines``, with which they break on a narrow screen, if they have no gaps; else they scroll. No table's head
is empty.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

GAP = re.compile(r"\s{2,}")
COLON = re.compile(r"\s*:\s+")
ENDS = GAP, re.compile(r"\s*:\s+|\s{2,}"), COLON
BETWEEN_VALUES = re.compile(r"(?<=[\d%)])\s{2,}(?=[a-zA-Z])")
A_VALUE_OR_SENTENCE = re.compile(r"(\d[%)\]]*|\.)$")
SENTENCE = re.compile(r"^\s|:\s|\.$")  # or a line that is set in
NUMBER = re.compile(r"[+\-−]?[\d.]")


def cells(line: str, end: re.Pattern[str] = GAP) -> list[str]:
    return [tidy(cell) for cell in end.split(line.strip())]


def tidy(cell: str) -> str:
    """A cell without the spaces that aligned what it says."""
    parts = " ".join(BETWEEN_VALUES.sub(", ", cell).split())
    return parts.replace(" ,", ",").rstrip(",:")


def between_blanks(lines: list[str]) -> list[list[str]]:
    """What stands between the columns that are blank in all lines, some two wide; nothing if one is a sentence."""
    if len(lines) < 3 or any(SENTENCE.search(line) for line in lines):
        return []
    wide = max(map(len, lines))
    padded = [line.ljust(wide) for line in lines]
    starts = [
        at
        for at in range(1, wide)
        if all(re.match(r" \S", line[at - 1 : at + 1]) for line in padded)
        and any(line[:at].endswith("  ") for line in padded)
    ]
    if not all(NUMBER.search(line[[0, *starts][-1] :]) for line in padded):
        return []
    edges = [0, *starts, wide]
    return [[tidy(line[a:b]) for a, b in pairwise(edges)] for line in padded]


def rows_of(lines: list[str]) -> list[list[str]]:
    """The cells of each line if the lines are a table, else nothing."""
    for rows in (*([cells(line, end) for line in lines] for end in ENDS), between_blanks(lines)):
        wide = {len(row) for row in rows}
        if len(wide) == 1 and wide != {1} and all(whole(cell) for row in rows for cell in row):
            return rows
    return []


def whole(cell: str) -> bool:
    """Whether a cell says something, and closes the brackets that it opens."""
    return cell != "" and all(cell.count(a) == cell.count(b) for a, b in ("()", "[]"))


def joined(rows: list[list[str]]) -> list[list[str]]:
    """With a word that stands in every row in one cell with what follows it: "at 4", "at 16"."""
    for column in reversed(range(len(rows[0]) - 1)):
        same = all(row[column] == rows[0][column] for row in rows)
        if same and len(rows[0]) > 2 and not re.search(r"\d", rows[0][column]):
            rows = [
                [*row[:column], f"{row[column]} {row[column + 1]}", *row[column + 2 :]]
                for row in rows
            ]
    return rows


def blocks(lines: list[str]) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The lines in pieces: some that are no table, and the rows of the table after them; the last has none."""
    loose: list[str] = []
    while lines:
        tables = ((n, rows_of(lines[:n])) for n in range(len(lines), 1, -1))
        until, rows = next(((n, rows) for n, rows in tables if rows), (1, []))
        if rows:
            yield loose, rows
            loose = []
        else:
            loose = [*loose, lines[0]]
        lines = lines[until:]
    yield loose, []


def is_title(line: str) -> bool:
    """Whether a line says what a table below it shows: no value of its own, no sentence."""
    return len(cells(line, ENDS[1])) == 1 and not A_VALUE_OR_SENTENCE.search(line)


def table_of(body: list[list[str]], head: list[str]) -> nodes.table:
    group = nodes.tgroup("", cols=len(body[0]))
    group += [nodes.colspec(colwidth=1, stub=int(i == 0)) for i in range(len(body[0]))]
    if head:
        group += nodes.thead("", row_of(["", *head]))
    group += nodes.tbody("", *map(row_of, body))
    return nodes.table("", group, classes=["printed"])


def shown(printed: nodes.literal_block) -> list[nodes.Element]:
    """What stands for a block of printed lines."""
    found: list[nodes.Element] = []
    for loose, body in blocks([line for line in printed.astext().splitlines() if line.strip()]):
        head: list[str] = []
        title: list[str] = []
        if body and loose and len(cells(loose[-1])) == len(body[0]) - 1 > 1:
            head = cells(loose.pop())
        elif body:
            body = joined(body)
        if body and len(loose) == 1 and is_title(loose[0]):
            title, loose = loose, []
        if loose:
            found.append(lines_of(loose, printed))
        found += [nodes.paragraph("", line.strip(), classes=["printed-title"]) for line in title]
        found += [table_of(body, head)] if body else []
    return found


def lines_of(lines: list[str], printed: nodes.literal_block) -> nodes.literal_block:
    """Some lines of a printed block, as it has them."""
    text = "\n".join(lines) + "\n"
    block = nodes.literal_block(text, text, **printed.attributes)
    if not any(GAP.search(line.strip()) for line in lines):
        block["classes"] = [*block["classes"], "in-lines"]
    return block


def row_of(texts: list[str]) -> nodes.row:
    return nodes.row(
        "",
        *(
            nodes.entry("", nodes.paragraph("", text), classes=["text-right"] * numeric(text, i))
            for i, text in enumerate(texts)
        ),
    )


def numeric(text: str, column: int) -> bool:
    return column > 0 and NUMBER.match(text) is not None


def show_columns(app: Sphinx, doctree: nodes.document) -> None:
    for block in list(doctree.findall(nodes.literal_block)):
        if {"output", "stream"} <= set(block["classes"]) and block.astext().strip():
            block.replace_self(shown(block))


def name_heads(app: Sphinx, doctree: nodes.document) -> None:
    """Give a table's head without words one for those who hear it, before its formula if it has one."""
    for head in doctree.findall(nodes.thead):
        for entry in head.findall(nodes.entry):
            if wordless(entry):
                formula = any(entry.findall(nodes.math))
                word = "formula " if formula else "name"
                hidden = nodes.inline("", word, classes=["visually-hidden"])
                if formula:
                    entry[0].insert(0, hidden)
                else:
                    entry.children = []
                    entry += nodes.paragraph("", "", hidden)


def wordless(entry: nodes.entry) -> bool:
    """Whether an entry has no text outside of formulas, and no picture."""
    texts = (text for text in entry.findall(nodes.Text) if not isinstance(text.parent, nodes.math))
    return not any(map(str.strip, texts)) and not any(entry.findall(nodes.image))


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("doctree-read", show_columns)
    app.connect("doctree-read", name_heads, priority=600)  # of those, too
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
