"""What the directives that draw a figure themselves have in common: the picture, and the widget.

A figure is drawn by matplotlib through ``lab`` while the book is built. It is what a reader without
JavaScript, on paper or in a PDF sees; a script of ``book/assets`` puts a widget in its place.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from docutils import nodes
from matplotlib.figure import Figure
from sphinx.util.docutils import SphinxDirective

from lab import drawing, plots


def picture(size: tuple[float, float], draw: Callable[[Figure], None], file: Path) -> None:
    """Draw in the book's style on a figure of ``size`` inches and save it as SVG."""
    with mpl.rc_context():
        plots.use_style()
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        file.write_text(drawing.both(figure), encoding="utf-8")


class Drawn(SphinxDirective):
    """A directive that makes a figure: a picture of its own, settings for a script, a caption."""

    has_content = True

    def figure(
        self,
        kind: str,
        settings: dict[str, Any],
        size: tuple[float, float],
        draw: Callable[[Figure], None],
    ) -> nodes.figure:
        """The figure; ``kind`` names its class, its settings and its file."""
        text = json.dumps(settings)
        folder = Path(self.env.doctreedir) / "drawn"
        folder.mkdir(exist_ok=True)
        image = folder / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.svg"
        picture(size, draw, image)

        figure = nodes.figure(classes=list(dict.fromkeys(["playground", kind])))
        self.set_source_info(figure)
        here = Path(self.env.doc2path(self.env.docname)).parent
        uri = os.path.relpath(image, here).replace(os.sep, "/")
        figure += nodes.image(uri=uri, alt=self.options["alt"])
        script = f'<script type="application/json" class="{kind}-settings">{text}</script>'
        figure += nodes.raw("", script, format="html")
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        first, *rest = body.children
        caption = nodes.caption("", "", *first.children)
        caption.source, caption.line = first.source, first.line
        figure += caption
        if rest:
            figure += nodes.legend("", *rest)
        self.add_name(figure)
        return figure
