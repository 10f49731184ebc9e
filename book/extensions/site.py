"""A local Sphinx extension: what the site needs beyond its configuration file.

- ``{claims-table}`` lists the lecture's claims with the outcomes that the pages measured; a claim
  that no page measured is a warning, and with ``-W`` the end of the build.
- ``search.js``, on the search page, leads to sections and knows the Korean words of the glossary.
- ``site.js``, on every page, mends the theme's landmarks and labels.
- A page's first paragraph is what search engines and link previews say about it.
- Where the site will live is known only to whoever publishes it: with the environment variable
  ``SITE_URL`` set, the site gets canonical addresses, a sitemap and link previews.
"""

import html
import json
import os
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from docutils import nodes
from myst_nb.ext.glue.crossref import read_glue_cache
from myst_nb.sphinx_ import NbMetadataCollector, SphinxEnvType
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from lab.claims import CLAIMS, OUTCOMES

logger = logging.getLogger(__name__)


class Environment(SphinxEnvType):
    """Sphinx's environment, with each claim's page, outcome and measurement in words."""

    claims: dict[str, tuple[str, str, str]]


class claims_table(nodes.General, nodes.Element):
    """Stands where the table goes until every page has been read."""


class ClaimsTable(SphinxDirective):
    """The claims, their outcomes and the pages that measured them."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["claims-table"] = True
        return [claims_table()]


def recorded_claims(env: Environment) -> Iterator[tuple[str, str, str, str]]:
    """Yield the page, the claim, its outcome and its measurement in words, of each claim recorded.

    ``lab.claims.record`` glued them: each card's metadata say what is on the card.
    """
    keys = NbMetadataCollector.get_doc_data(env)
    for docname in sorted(env.found_docs):
        glued = read_glue_cache(env.mystnb_config.output_folder, docname)
        for key in keys[docname].get("glue", ()):
            if key.startswith("claim-"):
                data = glued[key]["metadata"]["text/html"]
                yield docname, key.removeprefix("claim-"), data["outcome"], data["measured"]


def find_claims(app: Sphinx, env: Environment) -> list[str]:
    """Note each claim's page, outcome and measurement.

    The pages with a table are returned, so that they are written anew whatever page has changed.
    """
    env.claims = {}
    for docname, claim, outcome, measured in recorded_claims(env):
        if claim in env.claims:
            logger.warning("claim %s is on two pages", claim, location=docname)
        env.claims[claim] = (docname, outcome, measured)
    if missing := [claim for claim in CLAIMS if claim not in env.claims]:
        logger.warning("claims without a recorded outcome: %s", ", ".join(missing))
    return [name for name, metadata in env.metadata.items() if "claims-table" in metadata]


def fill_claims_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the table in place of its stand-in, once all pages are known."""
    claims = cast(Environment, app.env).claims
    for place in list(doctree.findall(claims_table)):
        rows = []
        for claim, text in CLAIMS.items():
            if claim not in claims:
                continue
            page, outcome, measured = claims[claim]
            uri = app.builder.get_relative_uri(docname, page) + f"#claim-{claim}"
            name = nodes.reference("", "", nodes.strong("", claim), refuri=uri, internal=True)
            classes = ["outcome", f"outcome-{OUTCOMES[outcome]}"]
            mark = nodes.inline("", outcome, classes=classes)
            here = nodes.paragraph("", "", mark, nodes.Text(f". {measured}"))
            rows.append([nodes.paragraph("", "", name), nodes.paragraph("", text), here])
        place.replace_self(_table(["Claim", "The lecture says", "Here"], rows, [1, 4, 6]))


def _table(titles: list[str], rows: list[list[nodes.Node]], widths: list[int]) -> nodes.table:
    def row(cells: Iterable[nodes.Node]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", cell) for cell in cells))

    group = nodes.tgroup("", cols=len(titles))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", row(nodes.paragraph("", title) for title in titles))
    group += nodes.tbody("", *(row(cells) for cells in rows))
    return nodes.table("", group, classes=["claims-table"])


def pages_with_bibliographies(
    app: Sphinx, env: Environment, added: set[str], changed: set[str], removed: set[str]
) -> set[str]:
    """Read the bibliography again when any page has changed: a new citation would end the build."""
    if added | changed | removed:
        citations: Any = env.get_domain("cite")
        return {key.docname for key in citations.bibliographies}
    return set()


def drop_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Take the id off the body of exercises and solutions, which is the same for all of them."""
    for section in doctree.findall(nodes.section):
        if section["ids"] in (["exercise-content"], ["solution-content"]):
            section["ids"] = []


def korean_words(glossary: Path) -> dict[str, str]:
    """The glossary's terms by their Korean names."""
    text = glossary.read_text(encoding="utf-8") if glossary.is_file() else ""
    found = re.findall(r"^([^\s:`{].*)\n  \[([^\]]+)\]\{\.language-ko\}", text, re.M)
    return {korean: english for english, korean in found}


def describe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Say what the page is about: its first paragraph without formulas, or its title."""
    found = doctree.findall(nodes.paragraph) if doctree else ()
    plain = (
        p for p in found if isinstance(p.parent, nodes.section) and not any(p.findall(nodes.math))
    )
    first = next(plain, None)
    title = re.sub("<[^>]*>", "", html.unescape(context.get("title") or pagename.capitalize()))
    text = first.astext() if first else f"{title}: {app.config.project}"
    about = html.escape(textwrap.shorten(text, 200, placeholder=" …"))
    context["metatags"] = (
        context.get("metatags", "") + f'\n<meta name="description" content="{about}" />'
    )


def help_search(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add to the search page what its script needs."""
    if pagename == "search":
        words = korean_words(Path(app.srcdir, "book", "reference", "glossary.md"))
        about: Any = {"type": "application/json", "class": "search-words"}
        app.add_js_file(None, body=json.dumps(words).replace("</", "<\\/"), **about)
        app.add_js_file("search.js", loading_method="defer")


def drop_pages_that_left(app: Sphinx, error: Exception | None) -> None:
    """Remove what an earlier build wrote of pages that are in the book no more."""
    for page in Path(app.outdir, "book").rglob("*.html"):
        if page.relative_to(app.outdir).with_suffix("").as_posix() not in app.env.found_docs:
            page.unlink()


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_node(claims_table)
    app.add_directive("claims-table", ClaimsTable)
    app.connect("env-get-outdated", pages_with_bibliographies)
    app.connect("env-updated", find_claims)
    app.connect("doctree-resolved", fill_claims_tables)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.connect("html-page-context", describe, priority=400)  # before the link previews
    app.connect("html-page-context", help_search)
    app.connect("build-finished", drop_pages_that_left)
    app.add_js_file("site.js", loading_method="defer")

    url = os.environ.get("SITE_URL", "").rstrip("/") + "/"
    app.config.notfound_urls_prefix = urlsplit(url).path  # the 404 page answers at any depth
    if url != "/":
        app.config.html_baseurl = url
        app.config.sitemap_url_scheme = "{link}"
        app.setup_extension("sphinx_sitemap")
        app.setup_extension("sphinxext.opengraph")
        app.config.ogp_site_url = url
        app.config.ogp_use_first_image = True
        app.config.ogp_social_cards = {"enable": False}
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
