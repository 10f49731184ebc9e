"""What cells print, as a page shows it: columns as a table, lines that break where a phone ends.

Printed lines of one number of columns, two spaces or more apart, become a table; a line above them that says
no value itself stands above it, a shorter one is its head. Lines without columns get the class ``in-lines``, with which they break on
a narrow screen; what is neither scrolls. No table's head is empty.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

GAP = re.compile(r"\s{2,}")
VALUE_AT_THE_END = re.compile(r"\d[%)\]]*$")
NUMBER = re.compile(r"[+\-−]?[\d.]")


def cells(line: str) -> list[str]:
    return [cell.removesuffix(",") for cell in GAP.split(line.strip())]


def table_of(text: str) -> list[nodes.Element]:
    """The printed lines as a table, with the line above it; nothing if they have no columns in common."""
    lines = [line for line in text.splitlines() if line.strip()]
    rows = [cells(line) for line in lines]
    if rows and len(rows[0]) == 1 and VALUE_AT_THE_END.search(lines[0].strip()):
        return []
    caption = lines[0].strip() if len(rows) > 2 and len(rows[0]) == 1 else ""
    rows = rows[1:] if caption else rows
    wide = len(rows[-1]) if rows else 0
    head = rows[0] if len(rows) > 2 and len(rows[0]) == wide - 1 else []
    body = rows[1:] if head else rows
    if len(body) < 2 or wide < 2 or any(len(row) != wide for row in body):
        return []
    group = nodes.tgroup("", cols=wide)
    group += [nodes.colspec(colwidth=1, stub=int(i == 0)) for i in range(wide)]
    if head:
        group += nodes.thead("", row_of(["", *head]))
    group += nodes.tbody("", *map(row_of, body))
    table = nodes.table("", group, classes=["printed"])
    return [nodes.paragraph("", caption, classes=["printed-title"]), table] if caption else [table]


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
        if not {"output", "stream"} <= set(block["classes"]):
            continue
        if found := table_of(block.astext()):
            block.replace_self(found)
        elif not any(GAP.search(line.strip()) for line in block.astext().splitlines()):
            block["classes"].append("in-lines")


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
