"""The whole book as a PDF, printed from the built site."""

import re
import subprocess
import sys
import unicodedata
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from book import pdf
from book.extensions.take_home import OFFER, PDF
from tests.test_site import HTML, ROOT
from tests.test_site import site as site  # builds it

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def book(site):
    subprocess.run([sys.executable, "-m", "book.pdf"], cwd=ROOT, check=True)
    return PdfReader(HTML / PDF)


@pytest.fixture(scope="module")
def texts(book):
    return [plain(sheet.extract_text()) for sheet in book.pages]


def plain(text):
    """Without ligatures, and with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def listed():
    """The chapters' titles as the site has them, in order."""
    for chapter in pdf.chapters():
        page = BeautifulSoup((HTML / f"{chapter.page}.html").read_text(), "html.parser")
        yield page.title.get_text().partition(" — ")[0].strip()


def outline(book, entries=None, level=0):
    for entry in book.outline if entries is None else entries:
        if isinstance(entry, list):
            yield from outline(book, entry, level + 1)
        else:
            yield level, entry.title, book.get_destination_page_number(entry) + 1


def test_the_outline_has_every_chapter_in_order(book):
    cover, _, *titles = [title for _, title, _ in outline(book)]
    chapters = list(listed())
    assert cover == chapters[0], "the home page has the book's title"
    assert len(chapters) > 40
    assert [title for title in titles if title in set(chapters)] == chapters
    sheets = [sheet for _, _, sheet in outline(book)]
    assert sheets == sorted(sheets)


def test_the_contents_name_the_sheet_of_each_chapter(book, texts):
    contents = " ".join(texts[1:4])
    begins = {title: sheet for _, title, sheet in outline(book)}
    for title in listed():
        assert f"{title} {begins[title]}" in contents, title
        assert texts[begins[title] - 1].split()[0] == str(begins[title]), "the sheet's number"


def test_links_lead_inside_of_the_book_or_to_other_sites(book):
    """A link that goes over two lines is there twice; those of the home page's buttons are not printed."""
    inside, outside = Counter(), set()
    for sheet in book.pages:
        for each in sheet.get("/Annots") or ():
            link = each.get_object()
            if "/Dest" in link or link.get("/A", {}).get("/S") == "/GoTo":
                inside[str(link.get("/Dest") or link["/A"]["/D"]).removeprefix("/")] += 1
            elif "/A" in link:
                outside.add(link["/A"]["/URI"])
    assert inside.total() > 1000
    known = {chapter.page for chapter in pdf.chapters()}
    expected = Counter()
    for chapter in pdf.chapters():
        for link in pdf.article(chapter, known).select("a[href^='#']"):
            if link.get_text().strip() and not link.find_parent(class_="front-doors"):
                expected[link["href"].removeprefix("#")] += 1
    assert expected.total() > 800
    assert {name: n for name, n in expected.items() if inside[name] < n} == {}
    assert outside and [url for url in outside if "127.0.0.1" in url] == []


def test_answers_are_open_and_code_is_folded(texts):
    whole = re.sub(r"\W", "", "".join(texts))
    for page in ("book/optimization/adam", "book/ensembles/averaging"):
        article = BeautifulSoup((HTML / f"{page}.html").read_text(), "html.parser").article
        answers = article.select("div.solution, details:not(.hide)")
        assert answers
        for answer in answers:
            if answer.find_parent(class_="solve"):
                continue  # its hints are for the screen
            for each in answer.select(".katex, button, script, table, pre, .headerlink"):
                each.decompose()
            last = re.sub(r"\W", "", answer.find_all("p")[-1].get_text())
            assert last[-30:] in whole, answer.get_text()[:200]
    assert "begin_page(" not in "".join(texts)


def test_the_site_links_it(book):
    assert len(book.pages) > 200
    page = (HTML / "book" / "run-it-yourself.html").read_text()
    assert OFFER not in page and f'href="../{PDF}"' in page
