"""Markup that students wrote, made harmless: HTML, Markdown and SVG for an instructor's browser."""

import re
from functools import lru_cache
from html import escape

import nh3
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbconvert.filters.strings import strip_files_prefix

from autograder.grading.bounds import Bounds, OutOfTime
from autograder.grading.display.pixels import redrawn_in

MOST_HTML = 500_000  # characters
MOST_TAGS = 10_000  # the cost of HTML grows with the square of its depth
MOST_MARKDOWN = 100_000

LINK = re.compile(r"(https?://|mailto:|#)", re.I)
PICTURE = re.compile(
    r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z"
    r"|(?!/)(?!.*\.\.)[\w ./-]+\.(png|jpe?g|gif|webp)\Z",  # beside the notebook
    re.I,
)
LOADS = re.compile(r"url|image|src\(|\\", re.I)  # in a style: a picture, from any address
# of pandas, of Pygments: any other could be one that a page's own scripts look for
CLASS = re.compile(r"dataframe|highlight|language-[\w+-]+|[a-z]{1,2}\d?")
LANGUAGES = ("python", "python3", "ipython3", "py", "text")  # some lexers never end on odd code

TAGS = (
    "a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption"
    " figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub"
    " summary sup table tbody td tfoot th thead tr tt u ul var"
)
STYLES = (
    "color background-color font-style font-weight text-align text-decoration vertical-align"
    " border border-top border-right border-bottom border-left border-collapse white-space list-style"
)
_cleaner = nh3.Cleaner(
    tags=set(TAGS.split()),
    clean_content_tags={"script", "style", "title", "noscript", "template", "textarea"},
    attributes={
        "*": {"class", "style", "title", "align"},
        "a": {"href"},
        "details": {"open"},
        "img": {"src", "alt", "width", "height"},
        "ol": {"start"},
        "table": {"border"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan", "scope"},
    },
    attribute_filter=lambda tag, name, value: _kept_value(name, value),
    filter_style_properties=set(STYLES.split()),
    url_schemes={"http", "https", "mailto", "data"},
)


def _kept_value(name: str, value: str) -> str | None:
    if name == "href":
        return value if LINK.match(value) else None
    if name == "src":
        return value if PICTURE.match(value) else None
    if name == "class":
        return " ".join(c for c in value.split() if CLASS.fullmatch(c)) or None
    if name == "style":
        return None if LOADS.search(value) else value
    return value


def harmless_html(html: str, bounds: Bounds) -> str | None:
    """HTML that runs nothing, loads nothing and stays in its place; None if it is too large."""
    if len(_unpacked(html)) > MOST_HTML or html.count("<") > MOST_TAGS:
        return None
    try:
        with bounds.time():
            clean = _cleaner.clean(html)
    except OutOfTime:
        return None
    return redrawn_in(clean, bounds) if bounds.take(_unpacked(clean)) else None


def _unpacked(html: str) -> str:
    """HTML without the pictures in it, which cost a page next to nothing."""
    return re.sub(r"base64,[A-Za-z0-9+/=]*", "", html)


def plain_html(text: str) -> str:
    """Text as it stands, as HTML."""
    return f'<pre style="white-space: pre-wrap">{escape(text)}</pre>'


def markdown_html(source: str, attachments: dict, bounds: Bounds) -> tuple[str, bool]:
    """Markdown as harmless HTML, and whether any renderer may be given the source as it is.

    What takes too long to render is shown as plain text.
    """
    if len(source) > MOST_MARKDOWN:
        return plain_html(bounds.cut(source)), False
    try:
        with bounds.time():
            html, doubtful = _rendered(source) if not attachments else _render(source, attachments)
    except (OutOfTime, Exception):  # RecursionError, and what a parser has in store
        return plain_html(bounds.cut(source)), False
    if doubtful:
        clean = harmless_html(html, bounds)
        return plain_html(bounds.cut(source)) if clean is None else clean, False
    return (html, True) if bounds.take(_unpacked(html)) else (plain_html(bounds.cut(source)), False)


@lru_cache(maxsize=256)  # most texts are the release's: the same in the whole class
def _rendered(source: str) -> tuple[str, bool]:
    return _render(source, {})


def _render(source: str, attachments: dict) -> tuple[str, bool]:
    """Markdown as nbconvert's HTML, and whether that needs to be cleaned."""
    renderer = _Watchful(attachments)
    html = MarkdownWithMath(renderer=renderer).render(source)
    strip_files_prefix(html)  # nbconvert does that next, and it can take longer still
    return html, renderer.doubtful


class _Watchful(IPythonRenderer):
    """Renders as nbconvert does; ``doubtful`` says that what comes out needs to be cleaned."""

    def __init__(self, attachments: dict) -> None:
        super().__init__(escape=False, attachments=attachments, exclude_anchor_links=True)
        self.doubtful = False

    def block_html(self, html: str) -> str:
        self.doubtful = True
        return super().block_html(html)

    def inline_html(self, html: str) -> str:
        self.doubtful = True
        return super().inline_html(html)

    def block_mermaidjs(self, code: str) -> str:
        self.doubtful = True
        return plain_html(code)

    def block_code(self, code: str, info: str | None = None) -> str:
        words = (info or "").split()
        if words and words[0] not in LANGUAGES:
            self.doubtful = True
            info = None
        return super().block_code(code, info)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        self.doubtful |= not LINK.match(url)
        return super().link(text, url, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        try:
            self.doubtful |= url.lower().startswith("data:")  # it is to be painted anew
            url = self._embed_image_or_attachment(url)
        except InvalidNotebook:  # there is no such attachment
            self.doubtful = True
        self.doubtful |= not PICTURE.match(url)
        return super(IPythonRenderer, self).image(text, url, title)


def as_markdown(html: str) -> str:
    """A source of Markdown that any renderer turns into just this harmless HTML."""
    html = re.sub(r"\n(?=[ \t\v\f\r]*\n)", "&#10;", html.strip())  # a blank line would end the HTML
    return "<div>" + html.replace("[", "&#91;") + "</div>"  # renderers search long after a bracket
