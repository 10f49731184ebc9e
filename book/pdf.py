"""The whole book as one PDF, printed from the built site: ``python -m book.pdf``, or ``make pdf``.

The articles of all pages become one page in the order of the contents, without scripts: what folds is
open, what can be played with is its static figure, and a link to another page leads to its place here.
Chromium prints that page with an outline, whose titles are mended. It is printed twice: the first print
says on which sheet a chapter begins, for the contents. The site's pages that offer the PDF
(``{whole-book}``) then link it.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from posixpath import dirname, normpath
from threading import Thread

import yaml
from bs4 import BeautifulSoup, Tag
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from book.extensions.take_home import OFFER, PDF, offered

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
SHEET = "whole-book.html"
# What is for a screen alone.
SCREEN = "script, .headerlink, .copybtn, button, .cell-bar, .whole-book, noscript, template"
PATIENCE = 600  # seconds for a print


@dataclass
class Chapter:
    """A page of the book: its name on the site, the part that it opens, if any, and its title."""

    page: str
    part: str
    in_part: bool
    title: str = ""


def chapters() -> list[Chapter]:
    """The pages in the order of the contents."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = [Chapter(contents["root"], "", False)]
    for part in contents["parts"]:
        for i, chapter in enumerate(part["chapters"]):
            found.append(Chapter(chapter["file"], part["caption"] if i == 0 else "", True))
    return found


def anchor(page: str, fragment: str = "") -> str:
    """The id on the sheet of a place on a page."""
    return f"{page}--{fragment}".replace("/", "-") if fragment else page.replace("/", "-")


def place(url: str, page: str, known: set[str]) -> str:
    """Where a page's link leads on the sheet, or from the site's top; links to other sites stay."""
    if re.match(r"[a-z]+:|//", url):
        return url
    path, _, fragment = url.partition("#")
    target = normpath(f"{dirname(page)}/{path}") if path else f"{page}.html"
    name = target.partition("?")[0].removesuffix(".html")
    return f"#{anchor(name, fragment)}" if name in known else target


def article(chapter: Chapter, known: set[str]) -> Tag:
    """A page's article as it stands on the sheet; notes the chapter's title."""
    page = chapter.page
    soup = BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    chapter.title = soup.title.get_text().partition(" — ")[0].strip() if soup.title else page
    found = soup.select_one("article.bd-article")
    if found is None:
        raise SystemExit(f"{page} has no article")
    for each in found.select(SCREEN):
        each.decompose()
    for box in found.select(".solve"):  # so is an exercise's, but links lead to where it stands
        box.attrs = {"id": box["id"]}
        box.clear()
    for each in found.find_all(True):
        if each.get("id"):
            each["id"] = anchor(page, str(each["id"]))
        if each.get("href"):
            target = place(str(each["href"]), page, known)
            if re.match(r"#|[a-z]+:", target):
                each["href"] = target
            else:
                del each["href"]  # a file of the site, which paper does not have
        if each.get("src"):
            each["src"] = place(str(each["src"]), page, set())
        if each.name == "details" and "hide" not in (each.get("class") or []):
            each["open"] = ""
        if each.name == "source":
            each.decompose()  # of drawings, the one for a phone
        elif each.name == "img":
            del each["loading"]
        elif re.fullmatch("h[1-5]", each.name):
            each.name = f"h{int(each.name[1]) + 1}"
            if each.name == "h2":
                each["class"] = "page-title"
                each.string = chapter.title
    found["class"] = "bd-article chapter"
    found["id"] = anchor(page)
    return found


def styles(page: str) -> Iterator[str]:
    """The style sheets of a page, from the site's top."""
    soup = BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    for link in soup.select("link[rel=stylesheet]"):
        yield place(str(link["href"]), page, set())


def sheet(project: str, sheets: dict[str, int]) -> str:
    """The whole book as one page; ``sheets`` says on which sheet an id begins, as far as it is known."""
    parts = chapters()
    known = {chapter.page for chapter in parts}
    body: list[str] = []
    lines: list[str] = []

    def list_line(title: str, target: str, css: str) -> None:
        lines.append(
            f'<li class="{css}"><a href="#{target}">{title}</a><span class="leader"></span>'
            f"<span>{sheets.get(target, '')}</span></li>"
        )

    for chapter in parts:
        found = article(chapter, known)
        if chapter.part:
            name = anchor(f"part/{chapter.part}").replace(" ", "-")
            body.append(f'<section class="part"><h1 id="{name}">{chapter.part}</h1></section>')
            list_line(chapter.part, name, "")
        list_line(chapter.title, anchor(chapter.page), "in-part" if chapter.in_part else "")
        body.append(str(found))
    links = [*dict.fromkeys(css for chapter in parts for css in styles(chapter.page))]
    head = "".join(f'<link rel="stylesheet" href="{css}">' for css in [*links, "_static/paper.css"])
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">'
        f'<title>{project}</title>{head}</head><body class="paper"><main class="bd-main bd-content">'
        f'<section class="title-page"><h1>{project}</h1></section>'
        f'<nav class="book-contents"><h1>Contents</h1><ol>{"".join(lines)}</ol></nav>'
        f"{''.join(body)}</main></body></html>"
    )


class Quiet(SimpleHTTPRequestHandler):
    """Serves the site and says nothing."""

    def log_message(self, *args: object) -> None:
        pass


def print_sheet(target: Path) -> None:
    """Print the sheet into ``target``."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no chromium: install Debian's package chromium")
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE))) as server,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
        flags += ("--no-pdf-header-footer", "--generate-pdf-document-outline")
        flags += (f"--user-data-dir={profile}", f"--print-to-pdf={target}")
        address = f"http://127.0.0.1:{server.server_port}/{SHEET}"
        try:
            subprocess.run(
                [browser, *flags, address], check=True, timeout=PATIENCE, capture_output=True
            )
        finally:
            server.shutdown()


def first_sheets(pdf: Path) -> dict[str, int]:
    """On which sheet each named place of a PDF is, counted from 1."""
    reader = PdfReader(pdf)
    found = {}
    for name, destination in reader.named_destinations.items():
        number = reader.get_destination_page_number(destination)
        if number is not None:
            found[name.removeprefix("/")] = number + 1
    return found


def headings(page: str) -> list[str]:
    """The headings of a page as plain text, a formula as its characters."""
    found = BeautifulSoup(page, "html.parser").find_all(re.compile("^h[1-6]$"))
    for heading in found:
        for twin in heading.select(".katex-html, annotation"):
            twin.decompose()
    return [" ".join(heading.get_text().split()) for heading in found]


def entries(parent: DictionaryObject) -> Iterator[DictionaryObject]:
    """The entries of an outline below ``parent``, in order."""
    child = parent.get("/First")
    while child is not None:
        entry = child.get_object()
        yield entry
        yield from entries(entry)
        child = entry.get("/Next")


def title_outline(pdf: Path, titles: list[str]) -> None:
    """Give the outline of a PDF its titles.

    Chromium says a heading twice where it could be broken, and leaves out its formulas.
    """
    writer = PdfWriter(pdf, incremental=True)
    found = list(entries(writer.root_object["/Outlines"].get_object()))
    if len(found) != len(titles):
        raise SystemExit(f"the outline has {len(found)} entries, the book {len(titles)} headings")
    for entry, title in zip(found, titles, strict=True):
        entry[NameObject("/Title")] = TextStringObject(title)
    writer.write(pdf)


def offer(site: Path) -> int:
    """Let the site's pages link the PDF; returns how many do."""
    count = 0
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        if OFFER in text:
            depth = len(file.relative_to(site).parts) - 1
            file.write_text(text.replace(OFFER, offered("../" * depth)), encoding="utf-8")
            count += 1
    return count


def main() -> None:
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    target = SITE / PDF
    page = SITE / SHEET
    try:
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder, "draft.pdf")
            sheets: dict[str, int] = {}
            for _ in range(2):
                text = sheet(config["title"], sheets)
                page.write_text(text, encoding="utf-8")
                print_sheet(draft)
                sheets = first_sheets(draft)
            title_outline(draft, headings(text))
            shutil.move(draft, target)
    finally:
        page.unlink(missing_ok=True)
    offer(SITE)
    print(f"{target}: {len(PdfReader(target).pages)} sheets")


if __name__ == "__main__":
    sys.exit(main())
