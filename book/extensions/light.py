"""What makes a page light: a font of the icons that are used, and images that say their size.

The theme brings its icons twice, as a script of 1.5 MB and as a font of 150 kB. ``book/templates``
leaves the script out; here the font is cut down to the icons that the theme's pages show, and
``course.css`` puts it in the place of the whole. An image gets its width and height, so that nothing
moves when it arrives, and all but a page's first wait until they come near the screen. Drawings are
SVG: sharp at every size, and dark on a dark page, by the ``color-scheme`` that an image inherits. What
``lab.drawing`` made for phones is a file beside the wide one, and the page lets the browser choose.
No script keeps a page from being shown: all wait until it has been read.
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
BLACK = "#000000"
# What matplotlib draws in black on white, and the palette's darker colors, as they are in the dark.
DARKER = {
    "#ffffff": "#121212",
    BLACK: "#dfe3ea",
    "#0072b2": "#7f9bff",
    "#009e73": "#2fc59a",
    "#d55e00": "#ff8a3d",
}
# What lies on an image keeps its colors (the id of ``lab.drawing``); what is filled with black says no color,
# nor does text, unless it was given one.
DARK = (
    "<style>@media (prefers-color-scheme: dark) {\n"
    f'svg {{ fill: {DARKER[BLACK]} }}\ng[id^="keep"] {{ fill: {BLACK} }}\n'
    + "\n".join(
        f'[style*="{key}: {light}"]:not([id^="keep"] *) {{ {key}: {dark} !important }}'
        for key in ("fill", "stroke")
        for light, dark in DARKER.items()
    )
    + f'\ng[id^="text_"] > g {{ fill: {DARKER[BLACK]} }}\n}}</style>'
)
NARROW = re.compile(r'<metadata id="narrow">(.*?</svg>)</metadata>', re.S)  # of lab.drawing
PHONES = "(max-width: 600px)"
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
        return drawn_size(file.read_text(encoding="utf-8"))
    with Image.open(file) as image:
        wide, high = image.size
        scale = image.info.get("dpi", (0, 0))[0] > 150  # drawn for dense screens
    return (round(wide / 2), round(high / 2)) if scale else (wide, high)


def drawn_size(text: str) -> tuple[int, int] | None:
    """The same of a drawing."""
    root = ElementTree.fromstring(text.encode())
    sides = [re.fullmatch(r"([\d.]+)(pt|px|)", root.get(key, "")) for key in ("width", "height")]
    if not all(sides):
        return None
    wide, high = (round(float(s[1]) * POINTS[s[2]]) for s in sides if s)
    return wide, high


def phone_source(source: str, file: Path) -> str:
    """The ``source`` element for a drawing that has one for phones, and "" for others."""
    found = file.suffix == ".svg" and NARROW.search(file.read_text(encoding="utf-8"))
    sides = found and drawn_size(found[1])
    if not sides:
        return ""
    name = source.removesuffix(".svg") + "-narrow.svg"
    return f'<source media="{PHONES}" srcset="{name}" width="{sides[0]}" height="{sides[1]}" />'


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
        tag = f"<img{added}{tag[4:]}"
        phone = phone_source(source[1], Path(app.srcdir, path)) if source else ""
        return f"<picture>{phone}{tag}</picture>" if phone else tag

    context["body"] = IMAGE.sub(mend, context["body"])


def defer_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let the scripts of Sphinx and its extensions wait, but for the options, which a line in the page reads.

    Those of the search page need each other at once.
    """
    if pagename == "search":
        return

    def deferred(script: Any) -> Any:
        name = str(getattr(script, "filename", None) or "documentation_options")
        if "documentation_options" in name:
            return script
        # a new one, since all pages share a script
        attributes = {**script.attributes, "defer": "defer"}
        return type(script)(script.filename, priority=script.priority, **attributes)

    context["script_files"] = [deferred(script) for script in context["script_files"]]


def darken(app: Sphinx, error: Exception | None) -> None:
    """Give the drawings on the site their colors for a dark page, and those for phones a file each."""
    if error or app.builder.format != "html":
        return
    for file in Path(app.outdir, "_images").glob("*.svg"):
        text = file.read_text(encoding="utf-8")
        if "matplotlib.org" not in text or DARK in text:
            continue
        if phone := NARROW.search(text):
            narrow = file.with_name(f"{file.stem}-narrow.svg")
            narrow.write_text(with_dark(phone[1]), encoding="utf-8")
        file.write_text(with_dark(NARROW.sub("", text)), encoding="utf-8")


def with_dark(text: str) -> str:
    return re.sub(r"(<svg\b[^>]*>)", rf"\1{DARK}", text, count=1)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("builder-inited", write_icons)
    app.connect("html-page-context", say_sizes)
    app.connect("html-page-context", defer_scripts, priority=900)  # all have been added
    app.connect("build-finished", darken)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
