"""Numbers as a book prints them: a true minus, and in a table a value in one line with its interval.

What follows a formula at once, such as a comma, stays with it: a browser may break a line after a
formula, unless a word joiner stands there. Code and formulas stay as they are; so does a hyphen after a
letter, a digit or a bracket (MNIST-1D, 1e-3).
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

MINUS = re.compile(r"(?<![\w.\-)\]/])-(?=\.?\d)")
INTERVAL = re.compile(r"(?<=\d) ± (?=\d)")
BETWEEN_TAGS = re.compile(r"(?<=>)[^<>]+(?=<)")
AT_ONCE = re.compile(r"^[^\s\w]")
VERBATIM = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def minus(text: str) -> str:
    return MINUS.sub("\N{MINUS SIGN}", text)


def inside(node: nodes.Node | None, *kinds: type[nodes.Node]) -> bool:
    """Whether a node is of these kinds, or lies in one that is."""
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


def set_numbers(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for parent in list(doctree.findall(nodes.Element)):
        if inside(parent, *VERBATIM):
            continue
        for place, text in enumerate(parent.children):
            if not isinstance(text, nodes.Text):
                continue
            new = minus(text)
            if inside(parent, nodes.entry):
                new = INTERVAL.sub("\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}", new)
            if place and isinstance(parent[place - 1], nodes.math) and AT_ONCE.match(new):
                new = "\N{WORD JOINER}" + new
            if new != text:
                parent[place] = nodes.Text(new)
    for card in doctree.findall(nodes.raw):
        if 'class="claim' in card.astext():
            new = BETWEEN_TAGS.sub(lambda match: minus(match[0]), card.astext())
            card.replace_self(nodes.raw("", new, **card.attributes))


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("doctree-resolved", set_numbers, priority=900)  # once the tables are filled
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
