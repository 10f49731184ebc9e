"""What makes a page light: a font of the icons that are used, and images that say their size.

The theme brings its icons twice, as a script of 1.5 MB and as a font of 150 kB. ``book/templates``
leaves the script out; here the font is cut down to the icons that the theme's pages show, and
``course.css`` puts it in the place of the whole. An image gets its width and height, so that nothing
moves when it arrives, and all but a page's first wait until they come near the screen. Drawings are
SVG: sharp at every size, and dark on a dark page, by the ``color-scheme`` that an image inherits.
"""

import html
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pydata_sphinx_theme
from fontTools import subset
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
STYLES = THEME / "styles" / "pydata-sphinx-theme.css"
FONT = THEME / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"  # OFL 1.1
ICONS = (
    *("magnifying-glass", "list", "sun", "moon", "circle-half-stroke", "bars", "arrow-up"),
    *("file-pdf", "file", "download", "angle-right", "angle-left", "angle-down", "file-code"),
    *("code", "pencil", "pencil-alt", "lightbulb", "rocket", "play", "circle-info", "bell"),
    *(
        "circle-exclamation",
        "triangle-exclamation",
        "circle-xmark",
        "share",
        "up-right-from-square",
    ),
    *("arrow-up-right-from-square", "expand", "file-lines"),
)
# What matplotlib draws in black on white, and the palette's darker colors, as they are in the dark.
DARK = """<style>@media (prefers-color-scheme: dark) {
[style*="fill: #ffffff"] { fill: #121212 !important }
[style*="stroke: #ffffff"] { stroke: #121212 !important }
[style*="stroke: #000000"] { stroke: #dfe3ea !important }
[style*="fill: #000000"] { fill: #dfe3ea !important }
[style*="stroke: #0072b2"] { stroke: #7f9bff !important }
[style*="fill: #0072b2"] { fill: #7f9bff !important }
[style*="stroke: #009e73"] { stroke: #2fc59a !important }
[style*="fill: #009e73"] { fill: #2fc59a !important }
[style*="stroke: #d55e00"] { stroke: #ff8a3d !important }
[style*="fill: #d55e00"] { fill: #ff8a3d !important }
g[id^="text_"] > g { fill: #dfe3ea }
}</style>"""
IMAGE = re.compile(r"<img\b[^>]*>")
POINTS = {"pt": 96 / 72, "px": 1.0, "": 1.0}


def code_points(names: tuple[str, ...]) -> set[int]:
    """The characters that the theme's style sheet has for icons."""
    css = STYLES.read_text(encoding="utf-8")
    found = set()
    for name in names:
        rule = re.search(rf"\.fa-{name}:before(?:,[^{{}}]*)?\{{content:\"([^\"]+)\"\}}", css)
        if rule is None:
            raise ValueError(f"the theme has no icon named {name}")
        text = rule.group(1)
        found.add(int(text[1:], 16) if text.startswith("\\") else ord(text))
    return found


def write_icons(app: Sphinx) -> None:
    """Write the font of icons before any page is written."""
    if app.builder.format != "html":
        return
    options = subset.Options(flavor="woff", layout_features=[], hinting=False)
    font = subset.load_font(str(FONT), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=code_points(ICONS))
    cutter.subset(font)
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(folder / "icons.woff"), options)


def size(file: Path) -> tuple[int, int] | None:
    """An image's width and height in CSS pixels."""
    if file.suffix == ".svg":
        root = ElementTree.parse(file).getroot()
        sides = [
            re.fullmatch(r"([\d.]+)(pt|px|)", root.get(key, "")) for key in ("width", "height")
        ]
        if not all(sides):
            return None
        wide, high = (round(float(s[1]) * POINTS[s[2]]) for s in sides if s)
        return wide, high
    with Image.open(file) as image:
        wide, high = image.size
        scale = image.info.get("dpi", (0, 0))[0] > 150  # drawn for dense screens
    return (round(wide / 2), round(high / 2)) if scale else (wide, high)


def say_sizes(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give each image of a page its size; all but the first wait for the reader."""
    if doctree is None or "body" not in context:
        return
    sources = {name: source for source, (_, name) in app.env.images.items()}
    count = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal count
        tag = match.group(0)
        source = re.search(r'src="([^"]+)"', tag)
        path = sources.get(html.unescape(source[1]).rpartition("/")[2]) if source else None
        if path is None:
            return tag
        sides = size(Path(app.srcdir, path))
        count += 1
        above = context["body"][max(0, match.start() - 200) : match.start()]
        waits = count > 1 or "playground" in above.rpartition("<figure")[2]  # a widget hides it
        added = ' decoding="async"' + (' loading="lazy"' if waits else "")
        if sides and not re.search(r"\b(width|height)=", tag):
            added += f' width="{sides[0]}" height="{sides[1]}"'
        return f"<img{added}{tag[4:]}"

    context["body"] = IMAGE.sub(mend, context["body"])


def rounded(text: str) -> str:
    """A drawing with its coordinates rounded to a hundredth of a point: half the size, the same picture."""

    def shorten(match: re.Match[str]) -> str:
        return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", match[0])

    return re.sub(r'\s(?:d|x|y|points)="[^"]*"', shorten, text)


def darken(app: Sphinx, error: Exception | None) -> None:
    """Give the drawings on the site their colors for a dark page, and round their coordinates."""
    if error or app.builder.format != "html":
        return
    for file in Path(app.outdir, "_images").glob("*.svg"):
        text = file.read_text(encoding="utf-8")
        if "matplotlib.org" in text and DARK not in text:
            file.write_text(
                re.sub(r"(<svg\b[^>]*>)", rf"\1{DARK}", text, count=1), encoding="utf-8"
            )


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("builder-inited", write_icons)
    app.connect("html-page-context", say_sizes)
    app.connect("build-finished", darken)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
