"""The front door's parts: ``{doors}``, three buttons, and ``{scoreboard}``, how the claims came out.

::

    ```{doors}
    Start reading: optimization/index
    Play: optimization/index#try-it-first
    Do the exercises: your-work
    ```

Each line is a label and the page that it leads to, from the folder of the page. The scoreboard counts
what the pages measured (see ``book.extensions.site``); each count leads to the claims of that kind.
"""

import html
from typing import Any, cast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from lab.claims import OUTCOMES

CLAIMS_PAGE = "book/reference/claims"


class scoreboard(nodes.General, nodes.Element):
    """Stands where the counts go until every page has been read."""


class Scoreboard(SphinxDirective):
    """How many claims hold, hold with a caveat, do not."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["scoreboard"] = True
        return [scoreboard()]


class doors(nodes.General, nodes.Element):
    """Links that look like buttons."""


class Doors(SphinxDirective):
    """Three buttons."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        links = []
        for line in self.content:
            label, _, target = line.partition(": ")
            page, _, anchor = target.strip().partition("#")
            docname = self.env.relfn2path(f"{page}.md")[0].removesuffix(".md")
            if docname not in self.env.found_docs:
                raise self.error(f"no page {docname}")
            links.append((label, docname, anchor))
        self.env.metadata[self.env.docname]["doors"] = True
        return [doors(links=links)]


def pages_with_counts(app: Sphinx, env: Any) -> list[str]:
    """The pages with a scoreboard are written anew, whatever page has changed."""
    return [name for name, metadata in env.metadata.items() if "scoreboard" in metadata]


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(scoreboard)):
        place.replace_self(nodes.raw("", counts(app, docname), format="html"))
    for place in list(doctree.findall(doors)):
        links = []
        for label, page, anchor in place["links"]:
            uri = app.builder.get_relative_uri(docname, page) + (f"#{anchor}" if anchor else "")
            links.append(f'<a href="{uri}">{html.escape(label)}</a>')
        text = f'<p class="front-doors">{" ".join(links)}</p><p class="your-progress" hidden></p>'
        place.replace_self(nodes.raw("", text, format="html"))


def counts(app: Sphinx, docname: str) -> str:
    """The counts as a list of links into the table of claims."""
    claims = cast(Any, app.env).claims
    table = app.builder.get_relative_uri(docname, CLAIMS_PAGE)
    found = [outcome for _, outcome, _ in claims.values()]
    items = [
        f'<li class="outcome outcome-{kind}"><a href="{table}?outcome={kind}">'
        f"{outcome} <strong>{found.count(outcome)}</strong></a></li>"
        for outcome, kind in OUTCOMES.items()
        if outcome in found
    ]
    return (
        f'<p class="scoreboard-title">The lecture makes {len(found)} claims. We measured each:</p>'
        f'<ul class="scoreboard">{"".join(items)}</ul>'
    )


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_node(scoreboard)
    app.add_node(doors)
    app.add_directive("scoreboard", Scoreboard)
    app.add_directive("doors", Doors)
    app.connect("env-updated", pages_with_counts, priority=600)  # once the claims are known
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
