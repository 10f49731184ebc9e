"""What readers can take with them, on a small site with and without the address of a repository."""

import re
from html import unescape

from book.extensions.exercises import names
from tests.answers import ROOT
from tests.browser import build_site

URL = "https://github.com/someone/training"
PAGE = "# Run it\n\n```{downloads}\n```\n\n```{repository-links}\n```\n"
BUTTONS = {
    f"{URL}": "the repository",
    f"{URL}/issues/new?title=Issue%20on%20page%20%2Findex.html&body=Your%20issue%20content%20here.": "an issue",
    f"{URL}/edit/main/index.md": "the page's source",
}


def links(folder, url):
    source = folder / "source"
    source.mkdir(parents=True)
    (source / "index.md").write_text(PAGE)
    options = {
        "repository_url": url,
        "repository_branch": "main",
        "footer_content_items": ["footer-license.html"],
    }
    site = build_site(
        source,
        folder,
        "book.extensions.take_home",
        templates_path=[str(ROOT / "book" / "templates")],
        html_theme_options=options,
    )
    page = (site / "index.html").read_text()
    return [unescape(address) for address in re.findall(r'href="([^"]*)"', page)], page


def test_an_address_turns_on_every_link(tmp_path):
    found, page = links(tmp_path, URL)
    assert [what for address, what in BUTTONS.items() if address not in found] == []
    for name in names():
        place = f"github/someone/training/blob/main/assignments/{name}/{name}.ipynb"
        assert f"https://colab.research.google.com/{place}" in found
    assert f"git clone --depth 1 {URL} course" in page
    assert f'<a href="{URL}/issues">Report a mistake</a>' in page


def test_another_host_has_no_colab(tmp_path):
    found, _ = links(tmp_path, "https://gitlab.com/someone/training")
    assert "https://gitlab.com/someone/training" in found
    assert not any("colab" in address for address in found)


def test_no_address_no_link(tmp_path):
    found, page = links(tmp_path, "")
    assert [a for a in found if re.search("github.com|colab|/edit/|issues/new", a)] == []
    assert "git clone" not in page and "Report a mistake" not in page
