"""What cells print, as a page shows it: columns as tables, lines that break where a phone ends.

Cells end at two spaces, or at a colon. Lines in a row that have as many of them become a table; so do
lines with the same blank columns, for the longest name has one space after it. A line above that says no
value itself stands above the table, a shorter one is its head; so is a first line of names over numbers,
and what every row says before its number: "loss 1.3, rate 0.1" over "loss 1.2, rate 0.3" has the columns
loss and rate. Other lines stay as they were printed: with the class ``in-lines``, with which they break
on a narrow screen, if they have no gaps; else they scroll. No table's head is empty.
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
NONE = {"-", "–", "−"}  # no value
PART = re.compile(r"[,;]\s+")


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


def named(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The head of a table that has none, if it can be read off the rows; and the rows without it."""
    if is_head(*rows):
        return rows[0], rows[1:]
    columns = [split(list(column)) for column in zip(*rows, strict=True)]
    if not any(name for column in columns[1:] for name, _ in column):
        return [], rows
    if any(number_of_words(value) for _, values in columns[0] for value in values):
        columns[0] = [("", [row[0] for row in rows])]  # a name that begins with a number
    parts = [part for column in columns for part in column]
    return [name for name, _ in parts], [
        list(row) for row in zip(*(values for _, values in parts), strict=True)
    ]


def is_head(first: list[str], *others: list[str]) -> bool:
    """Whether a first row has names alone, and the rows below it numbers."""
    if len(others) < 2 or not all(is_number(cell) for row in others for cell in row[1:]):
        return False
    if not re.search(r"\d", "".join(first[1:])):
        return True
    return not is_number(first[0]) and all(is_number(row[0]) for row in others)


def split(column: list[str]) -> list[tuple[str, list[str]]]:
    """A column as one or more, each with what all of its cells say beside their numbers, and the rest of them."""
    parts = [PART.split(cell) for cell in column]
    if len({len(part) for part in parts}) == 1:
        found = [words_and_values(list(same)) for same in zip(*parts, strict=True)]
        split_ = [each for each in found if each is not None]
        if len(split_) == len(found) and all(name for name, _ in split_[1:]):
            return split_
    return [("", column)]


def words_and_values(texts: list[str]) -> tuple[str, list[str]] | None:
    """What all texts say before and after their numbers, and the numbers; None if one has no number there."""
    rows = [text.split() for text in texts]
    shortest = min(map(len, rows))
    same = [len({row[i] for row in rows}) == 1 for i in range(shortest)]
    start = next((i for i in range(shortest) if not same[i]), shortest)
    if start > 1 and rows[0][start - 1] in {"±", "to"}:
        start -= 2  # the second number of an interval
    if not all(len(row) > start and is_number(row[start]) for row in rows):
        start = next((i for i in range(shortest) if all(is_number(row[i]) for row in rows)), -1)
    if start < 0 or not all(same[:start]):
        return None
    values = [row[start:] for row in rows]
    words: list[str] = []
    while len({tuple(value[-1:]) for value in values}) == 1 and min(map(len, values)) > 1:
        words.insert(0, values[0][-1])
        values = [value[:-1] for value in values]
    while words and not words[0][0].isalpha():  # a unit's sign, or an interval that all share
        values = [[*value, words[0]] for value in values]
        del words[0]
    before, after = " ".join(rows[0][:start]).rstrip(" =:").removeprefix("and "), " ".join(words)
    name = f"{before} … {after}" if before and after else before or after
    numbers = [" ".join(value) for value in values]
    plain = all(map(whole, numbers)) and not any(number_of_words(number) > 0 for number in numbers)
    return (name, numbers) if plain and (not name or whole(name)) else None


def number_of_words(text: str) -> int:
    """How many words a cell has that do not belong to a number: "2 of 4 (7 to 93%)" has none."""
    return len(set(re.findall(r"[^\W\d]{2,}", text)) - {"of", "to", "and"})


def is_number(text: str) -> bool:
    return text in NONE or NUMBER.match(text) is not None


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
    right = [i > 0 and numeric(column) for i, column in enumerate(zip(*body, strict=True))]
    if head:
        group += nodes.thead("", row_of(head, right))
    group += nodes.tbody("", *(row_of(row, right) for row in body))
    return nodes.table("", group, classes=["printed"])


def shown(printed: nodes.literal_block) -> list[nodes.Element]:
    """What stands for a block of printed lines."""
    found: list[nodes.Element] = []
    for loose, body in blocks([line for line in printed.astext().splitlines() if line.strip()]):
        head: list[str] = []
        title: list[str] = []
        if body and loose and len(cells(loose[-1])) == len(body[0]) - 1 > 1:
            head = ["", *cells(loose.pop())]
        elif body:
            head, body = named(joined(body))
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


def row_of(texts: list[str], right: list[bool]) -> nodes.row:
    return nodes.row(
        "",
        *(
            nodes.entry("", nodes.paragraph("", text), classes=["text-right"] * at_right)
            for text, at_right in zip(texts, right, strict=True)
        ),
    )


def numeric(column: tuple[str, ...]) -> bool:
    """Whether a column has numbers alone, in one unit."""
    units = {"".join(re.findall(r"[^\W\d]{2,}|%", text)) for text in column if text not in NONE}
    return all(map(is_number, column)) and len(units) <= 1


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
                first = entry.parent.index(entry) == 0
                word = "formula " if formula else "name" if first else "value"
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
    # raise env_version with every change of what the tables look like: pages that were read are read again
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
