"""Pasted pictures: a cell that refers to one that is not there could not be shown to anybody."""

import re
from urllib.parse import quote, unquote

from mistune.util import escape_url
from nbformat import NotebookNode

REFERENCE = re.compile(r"attachment:([^)\s\"'>]+)")


def mend_references(cell: NotebookNode) -> list[str]:
    """Let each reference of a markdown cell lead to its picture; returns those that lead nowhere.

    nbconvert looks for a picture by the name in the link, as a browser would spell it, and stops at
    one that is missing. So each reference is spelled in one way, and the picture is there under that
    name too. A reference without a picture becomes a link to a file of that name.
    """
    held = cell.get("attachments", {})
    missing: list[str] = []

    def mended(match: re.Match) -> str:
        name = match[1]
        spellings = (name, unquote(name), quote(name), escape_url(name))
        found = next((s for s in spellings if s in held), None)
        if found is None:
            missing.append(unquote(name))
            return name
        name = quote(found)
        held[escape_url(name)] = held[found]
        return f"attachment:{name}"

    cell.source = REFERENCE.sub(mended, cell.source)
    return missing
