"""Cards for the glossary's words: English, Korean and one line, on hover and on focus.

Each link to a term carries its entry; ``course.css`` shows it at the lower edge of the screen, where
it covers nothing that is being read, and a screen reader has it as the link's description.
"""

import html
import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils.nodes import make_id
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

ENTRY = re.compile(r"^([^\s:`{].*)\n  \[([^\]]+)\]\{\.language-ko\}\. (.+)$", re.M)
LINK = re.compile(r'<a class="reference internal" (href="[^"#]*#(term-[^"]+)")')
ROLE = re.compile(r"\{\w+\}`([^`<]+?)(?:\s*<[^>]*>)?`")


@cache
def cards(glossary: Path, changed: float) -> dict[str, str]:
    """Each entry of the glossary in a line, by its anchor."""
    found = {}
    for english, korean, line in ENTRY.findall(glossary.read_text(encoding="utf-8")):
        plain = re.sub(r"[$*`\\{}]", "", ROLE.sub(r"\1", line))
        found[f"term-{make_id(english)}"] = f"{english} ({korean}). {plain}"
    return found


def add_cards(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    glossary = Path(app.srcdir, "book", "reference", "glossary.md")
    if doctree is None or "body" not in context or not glossary.is_file():
        return
    known = {key.lower(): text for key, text in cards(glossary, glossary.stat().st_mtime).items()}

    def describe(match: re.Match[str]) -> str:
        text = known.get(match.group(2).lower())
        if text is None:
            return match.group(0)
        card = html.escape(text)
        return f'<a class="reference internal term" data-card="{card}" aria-description="{card}" {match[1]}'

    context["body"] = LINK.sub(describe, context["body"])


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("html-page-context", add_cards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
