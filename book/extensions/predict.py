"""Predictions that a reader can give: ``{predict}``, and a field under every prompt without one.

::

    ```{predict} first-step
    :choices: shorter than $\\eta$ | exactly $\\eta$ | * longer than $\\eta$

    The first step is {glue:text}`adam-first:.2f` times the rate.
    ```

The argument names the prediction on its page. With ``choices`` (the right ones have a star) the reader
picks one, with ``number`` (a unit, or nothing) he gives a number, which is compared with the first
glued value of the answer, within the factor ``within`` (2). The content is the answer; without
JavaScript and on paper it is a fold, and open. ``book/browser/predict.js`` keeps what was said.

A paragraph that asks "**Predict**" and has no directive after it gets a field for a few words.
"""

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

PROMPT = "Predict"


class PredictError(SphinxError):
    """A directive that asks nothing; it ends the build."""

    category = "Predict error"


def raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def opening(name: str, kind: str, **data: Any) -> str:
    attributes = "".join(f' data-{key}="{html.escape(str(value))}"' for key, value in data.items())
    return f'<div class="predict" data-predict="{name}" data-kind="{kind}"{attributes}>'


class Predict(SphinxDirective):
    """A question with choices or a number, and its answer."""

    required_arguments = 1
    has_content = True
    option_spec = {
        "choices": directives.unchanged_required,
        "number": directives.unchanged,
        "within": float,
    }

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        source, line = self.get_source_info()
        self.env.note_dependency(__file__)
        names = self.env.metadata[self.env.docname].setdefault("predict", [])
        if ("choices" in self.options) == ("number" in self.options) or not self.content:
            raise PredictError(
                f"{source}:{line}: a prediction needs choices or a number, and an answer"
            )
        if name in names:
            raise PredictError(f"{source}:{line}: two predictions are named {name}")
        names.append(name)
        if "number" in self.options:
            data = {"unit": self.options["number"], "within": self.options.get("within", 2)}
            parts: list[nodes.Node] = [raw(opening(name, "number", **data))]
        else:
            parts = [raw(opening(name, "choice")), *self.choices()]
        parts.append(raw('<details class="predict-answer"><summary>The answer</summary>'))
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        return [*parts, *body.children, raw("</details></div>")]

    def choices(self) -> Iterator[nodes.Node]:
        """The choices as a list, which a script makes buttons; a right one is marked."""
        texts = [text.strip() for text in self.options["choices"].split("|")]
        right = [text.startswith("* ") for text in texts]
        if len(texts) < 2 or not any(right):
            source, line = self.get_source_info()
            raise PredictError(f"{source}:{line}: at least two choices, one of them with a star")
        yield raw(f'<ul class="predict-choices" data-right="{html.escape(json.dumps(right))}">')
        for text in texts:
            yield raw("<li>")
            inline, messages = self.state.inline_text(text.removeprefix("* "), self.lineno)
            yield nodes.inline("", "", *inline)
            yield from messages
            yield raw("</li>")
        yield raw("</ul>")


class OpenPrompts(SphinxTransform):
    """Put a field under each bold prompt that has no directive of its own."""

    default_priority = 700

    def apply(self, **kwargs: Any) -> None:
        count = 0
        for paragraph in list(self.document.findall(nodes.paragraph)):
            asks = any(
                strong.astext().startswith(PROMPT) for strong in paragraph.findall(nodes.strong)
            )
            if not asks or has_own(paragraph):
                continue
            count += 1
            name = f"prompt-{count}"
            self.env.metadata[self.env.docname].setdefault("predict", []).append(name)
            field = raw(opening(name, "words") + "</div>")
            paragraph.parent.insert(paragraph.parent.index(paragraph) + 1, field)


def has_own(paragraph: nodes.Node) -> bool:
    """Whether a prediction follows before the next heading or code."""
    for sibling in paragraph.findall(include_self=False, descend=False, siblings=True):
        if isinstance(sibling, nodes.raw) and 'class="predict"' in sibling.astext():
            return True
        if isinstance(sibling, nodes.section | nodes.paragraph):
            return False
    return False


def write_pages(app: Sphinx, error: Exception | None) -> None:
    """Write what can be read, predicted and solved on each page, for the reader's progress."""
    if error or app.builder.format != "html":
        return
    from book.extensions.exercises import exercise  # it needs the released notebooks

    pages = {}
    for docname in sorted(app.env.found_docs):
        if not docname.startswith("book/"):
            continue
        metadata = app.env.metadata.get(docname, {})
        solve = [exercise(name) for name in metadata.get("solve", ())]
        pages[docname] = {
            "predict": metadata.get("predict", []),
            "solve": [f"{each.assignment}/{each.id}" for each in solve if each.in_the_page],
        }
    file = Path(app.outdir, "_static", "browser", "pages.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(pages, separators=(",", ":")), encoding="utf-8")


def add_assets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    app.add_css_file("browser/progress.css")
    app.add_js_file("browser/progress.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("predict", Predict)
    app.add_transform(OpenPrompts)
    app.connect("html-page-context", add_assets)
    app.connect("build-finished", write_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
