"""The built site, page by page, in a real browser."""

import gzip
import json
import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from book.extensions import exercises, light
from book.extensions.browser import PACKAGES
from lab.claims import CLAIMS, OUTCOMES
from tests.browser import errors, launch, requests, resize, serve, set_theme, settle
from tests.test_in_page import answer_lines, answers_in

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
NARROW = 320  # CSS pixels: a small phone, or a desk at 400%
COLUMN = 348  # of the text on a phone of 380

pytestmark = pytest.mark.timeout(2400)  # seconds; the first test waits for the build

# What a page is asked once it has loaded. Text that a reader does not see as prose (code, and the
# TeX source that KaTeX keeps for screen readers) is left out of `prose`.
FACTS = r"""
const article = document.querySelector("article") ?? document.querySelector("main");
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const texts = (selector) => all(selector, article).map((e) => e.textContent.trim());
const prose = article.cloneNode(true);
all("pre, code, script, style, .katex, .playground", prose).forEach((e) => e.remove());
const sentences = prose.cloneNode(true);
all("table, .cell, .exercise, .solution, .claim", sentences).forEach((e) => e.remove());
return {
  headings: all("h1, h2, h3, h4, h5, h6", article).map((e) => [+e.tagName[1], e.textContent.trim()]),
  images: all("img").map((e) => [e.src, e.alt.trim(), e.loading === "lazy" && !e.naturalWidth ? null : e.complete && e.naturalWidth > 0]),
  figures: all("figure", article).length,
  bareFigures: all("figure", article).filter((e) => !e.querySelector("figcaption")?.textContent.trim())
    .concat(all(".cell_output img", article).filter((e) => !e.closest("figure"))).map((e) => e.outerHTML.slice(0, 200)),
  links: all("a[href]").map((e) => e.href),
  ids: all("[id]").map((e) => e.id),
  errors: all(".output.traceback, .output.stderr, .output.error", article).map((e) => e.textContent.trim().slice(0, 300)),
  outputs: texts(".cell_output"),
  prose: prose.textContent,
  intervals: sentences.textContent.split("±").length - 1,
  badMath: texts(".katex-error").concat(texts(".katex").filter((t) => /\{[a-z][a-z:]*\}`/.test(t)), all(".math", article).filter((e) => !e.querySelector(".katex")).map((e) => e.outerHTML.slice(0, 200))),
  glued: texts(".pasted-text, .pasted-inline, .pasted-figure, .pasted-markdown"),
  sizes: all("img", article).filter((e) => /_images/.test(e.src)).map((e) =>
    [e.getAttribute("src"), e.hasAttribute("width") && e.hasAttribute("height"), e.loading === "lazy", !!e.closest(".playground"),
     !e.offsetParent || e.width <= article.clientWidth && (!e.naturalWidth || Math.abs(
       (e.width / e.height) / (e.getAttribute("width") / e.getAttribute("height")) - 1) < 0.03)]),
  drawn: all(".cell_output img", article).map((e) => e.getAttribute("src") + (e.closest("picture")?.querySelector("source[srcset$='-narrow.svg']") ? " narrow" : "")),
  height: article.getBoundingClientRect().height,
  codeHeight: all(".highlight pre", article).filter((e) => e.offsetParent && !e.closest(".cell_output, details:not([open]), .toggle-hidden"))
    .reduce((sum, e) => sum + e.getBoundingClientRect().height, 0),
  wideCode: all(".highlight pre", article).filter((e) => e.offsetParent && !e.closest("details:not([open]), .toggle-hidden") && e.scrollWidth > e.clientWidth + 1)
    .map((e) => e.textContent.slice(0, 80)),
  first: article.querySelector("h1")?.nextElementSibling?.tagName ?? "none",
  seenAt: Math.min(...all(":is(figure, .predict, .solve, .exercise)", article).filter((e) => e.checkVisibility())
    .map((e) => e.getBoundingClientRect().top + scrollY)),
  summaries: all("details.hide.above-input > summary .collapsed", article).map((e) => e.textContent.trim()),
  claims: all(".claim", article).map((e) => [e.id, e.textContent]),
  footer: all(".bd-footer-content a").map((e) => e.textContent),
  menu: all(".bd-sidebar-primary .bd-links__item a, .bd-sidebar-primary .toctree-l1 > a").map((e) => e.textContent.trim()),
  solutions: all("div.solution.dropdown", article).length,
  folds: all("div.solution.dropdown > .admonition-title .toggle-button", article).length,
};
"""
LOOKED_UP = {
    *("assignments", "instructors", "run-it-yourself", "your-work"),
    *("bibliography", "claims", "corrections", "glossary", "notation"),
}
TOO_WIDE = """
const limit = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= limit) return [];
const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > limit + 1);
return ["page"].concat(wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 120)));
"""


def see_all(driver):
    """Lay out all of a page, as if it had been scrolled through (see test_unseen.py)."""
    driver.execute_script(
        "document.querySelectorAll('article > section > section')"
        ".forEach((e) => (e.style.contentVisibility = 'visible'))"
    )
    settle(driver)


@pytest.fixture(scope="session")
def site():
    """The address of the site, which make builds unless nothing has changed since it last did."""
    make = subprocess.Popen(["make", "site"], cwd=ROOT, start_new_session=True)
    try:
        assert make.wait() == 0, "the site does not build without warnings"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(make.pid, signal.SIGKILL)  # if it was interrupted
    with serve(HTML) as address:
        yield address


@pytest.fixture(scope="session")
def driver():
    with launch() as driver:
        yield driver


@pytest.fixture(scope="session")
def pages(site, driver):
    """Each page's facts, after a visit at the width of a desk and a look at that of a phone."""
    facts = {}
    for file in sorted(HTML.rglob("*.html")):
        name = file.relative_to(HTML).as_posix()
        if name.startswith(("_static/", "reports/")) or name == "index.html":
            continue
        resize(driver, 1280)
        driver.get(site + name)
        see_all(driver)
        page = facts[name] = driver.execute_script(FACTS)
        resize(driver, NARROW)
        page["too wide"] = driver.execute_script(TOO_WIDE)
        page["requests"] = requests(driver)
        page["console"] = errors(driver)
    resize(driver, 1280)
    return facts


@pytest.fixture(scope="session")
def chapters(pages):
    """The pages that people wrote, without the search page and the like."""
    return {name: page for name, page in pages.items() if name.startswith("book/")}


def no_page_has(faults, pages):
    """Fail if ``faults(page)`` yields any, and list them with the page they are on."""
    found = [f"{name}: {fault}" for name, page in pages.items() for fault in faults(page)]
    assert not found, f"{len(found)} faults\n" + "\n".join(found[:40])


def test_every_page_of_the_contents_is_built(chapters):
    listed = re.findall(r"(?:root|file): *(\S+)", (ROOT / "_toc.yml").read_text())
    assert {f"{name}.html" for name in listed} == set(chapters)


def test_no_error_output(chapters):
    def faults(page):
        yield from page["errors"]
        yield from (text[:300] for text in page["outputs"] if "Traceback (most recent" in text)

    no_page_has(faults, chapters)


def test_no_request_leaves_the_site(site, pages):
    def faults(page):
        assert page["requests"], "the browser logged no request"
        for url, status in page["requests"]:
            if not url.startswith((site, "data:", "blob:")):
                yield url
            elif status is not None and status >= 400:
                yield f"{status} {url}"

    no_page_has(faults, pages)


def test_console_is_quiet(pages):
    no_page_has(lambda page: page["console"], pages)


def test_internal_links_resolve(site, pages):
    ids = {name: set(page["ids"]) for name, page in pages.items()}

    def faults(page):
        for url in page["links"]:
            if not url.startswith(site):
                continue
            address, anchor = urldefrag(unquote(url).removeprefix(site))
            address = address.partition("?")[0]
            if address in ids:
                if anchor and anchor not in ids[address]:
                    yield f"no #{anchor} on {address}"
            elif not (HTML / address).is_file():
                yield f"no file {address}"

    no_page_has(faults, pages)


def test_images_load_and_have_alternative_text(site, pages):
    def faults(page):
        for source, alternative, loaded in page["images"]:
            if loaded is None:  # it waits until somebody scrolls there
                loaded = (HTML / unquote(source.removeprefix(site))).is_file()
            if not alternative or source.endswith(alternative) or not loaded:
                yield f"{source}: alt {alternative!r}, {'loaded' if loaded else 'not loaded'}"

    no_page_has(faults, pages)


def test_figures_have_captions(chapters):
    no_page_has(lambda page: page["bareFigures"], chapters)
    assert any(page["figures"] for page in chapters.values())


def test_formulas_are_rendered(chapters):
    def faults(page):
        yield from page["badMath"]
        yield from re.findall(r".{0,40}(?:\$\$|\\\(|\\\[|\\begin\{).{0,40}", page["prose"])

    no_page_has(faults, chapters)


def test_no_page_drowns_in_intervals(chapters):
    """Its sentences say 25 at most; more belong into a table or a figure."""
    counts = {name: page["intervals"] for name, page in chapters.items() if "claims" not in name}
    assert {name: n for name, n in counts.items() if n > 25} == {}
    assert max(counts.values()) > 5, "nothing was counted"


def test_headings_are_in_order(chapters):
    def faults(page):
        levels = [level for level, _ in page["headings"]]
        if levels[:1] != [1] or levels.count(1) != 1:
            yield f"first heading and only h1: {page['headings'][:3]}"
        for (above, _), (level, text) in zip(page["headings"], page["headings"][1:], strict=False):
            if level > above + 1:
                yield f"h{above} is followed by h{level} {text!r}"

    no_page_has(faults, chapters)


def test_ids_are_unique(chapters):
    no_page_has(lambda page: {i for i in page["ids"] if page["ids"].count(i) > 1}, chapters)


def test_no_page_is_wider_than_a_phone(pages):
    no_page_has(lambda page: page["too wide"], pages)


def test_no_unresolved_text(chapters):
    def faults(page):
        yield from re.findall(r"\{[a-z]+(?::[a-z]+)?\}`?.{0,60}", page["prose"])  # a role left raw
        yield from re.findall(r"\|\s*-{3,}.{0,60}", page["prose"])  # a table
        for text in page["glued"]:
            if not text or re.search(r"\b(nan|None|np\.)|object at 0x", text):
                yield f"glued: {text!r}"

    no_page_has(faults, chapters)


def test_every_page_says_what_may_be_done_with_it_and_how_to_cite_it(pages):
    expected = ["CC BY 4.0", "How to cite", "Get the course"]
    no_page_has(lambda page: [page["footer"]] if page["footer"][:3] != expected else [], pages)


def test_the_menu_has_what_readers_read(pages):
    menu = pages["book/index.html"]["menu"]
    assert "Glossary" in menu and "Execution times" not in menu


def test_every_claim_has_one_card(chapters):
    cards = [card for page in chapters.values() for card in page["claims"]]
    assert sorted(id for id, _ in cards) == sorted(f"claim-{claim}" for claim in CLAIMS)
    for id, text in cards:
        assert any(f"Here: {outcome}." in text for outcome in OUTCOMES), f"{id}: {text}"
    listed = re.findall(r"\b([EHORT]\d+)\b", chapters["book/reference/claims.html"]["prose"])
    assert [claim for claim in CLAIMS if claim not in listed] == []


def test_every_reference_is_cited_and_defined_once():
    keys = re.findall(
        r"^\s*@\w+\{\s*([^,\s]+)", (ROOT / "book/reference/references.bib").read_text(), re.M
    )
    assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)
    text = "".join(p.read_text() for p in (ROOT / "book").rglob("*.md"))
    cited = set(re.split(r"[,\s]+", ",".join(re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text))))
    assert set(keys) == cited - {""}


@pytest.mark.parametrize("word, page", [("momentum", "momentum.html"), ("조건수", "glossary.html")])
def test_search_finds(site, driver, word, page):
    driver.get(f"{site}search.html?q={word}")
    WebDriverWait(driver, 20).until(
        lambda d: (
            page
            in " ".join(
                a.get_attribute("href")
                for a in d.find_elements(By.CSS_SELECTOR, "#search-results li a")
            )
        )
    )


@pytest.mark.parametrize(
    "every", [10, pytest.param(1, marks=pytest.mark.nightly)], ids=["some pages", "all pages"]
)
def test_solutions_open_from_the_keyboard(every, site, driver, chapters):
    folded = {name: page["solutions"] for name, page in chapters.items() if page["solutions"]}
    assert len(folded) > 20, "few pages have a hidden solution"
    for name, solutions in folded.items():
        assert chapters[name]["folds"] == solutions, f"{name}: a hidden solution cannot be opened"
    for name in list(folded)[::every]:
        driver.get(site + name)
        solution = driver.find_element(By.CSS_SELECTOR, "div.solution.dropdown")
        body = solution.find_element(By.CSS_SELECTOR, ".admonition-title + *")
        assert not body.is_displayed(), f"{name}: the solution is open from the start"
        link = solution.find_element(By.CSS_SELECTOR, ".admonition-title a")
        driver.execute_script("arguments[0].focus()", link)
        link.send_keys(Keys.TAB)
        button = driver.switch_to.active_element
        assert "toggle-button" in button.get_attribute("class"), f"{name}: Tab skips the button"
        assert "Solution to" in button.accessible_name
        button.send_keys(Keys.ENTER)
        WebDriverWait(driver, 5).until(lambda _, body=body: body.is_displayed())
        assert button.get_attribute("aria-expanded") == "true"


def test_a_click_on_a_fold_s_title_opens_it(site, driver):
    driver.get(site + "book/optimization/adam.html")
    solution = driver.find_element(By.CSS_SELECTOR, "div.solution.dropdown")
    link = solution.find_element(By.CSS_SELECTOR, ".admonition-title a")
    driver.execute_script(  # at once: the page still moves, and a click by hand would miss
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'});"
        "const box = arguments[0].getBoundingClientRect();"
        "document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).click()",
        link,
    )
    body = solution.find_element(By.CSS_SELECTOR, ".admonition-title + *")
    WebDriverWait(driver, 5).until(lambda _: body.is_displayed())
    assert "#" not in driver.current_url, "it followed the link"


def test_every_exercise_stands_on_one_page(chapters):
    boxes = [
        id
        for page in chapters.values()
        for id in page["ids"]
        if re.fullmatch(r"solve-\S+(?<!-title)", id)
    ]
    expected = [
        e.anchor for name in exercises.names() for e in exercises.exercises_of(name).values()
    ]
    assert sorted(boxes) == sorted(expected)


def test_no_answer_is_on_the_site(site):
    lines = answer_lines()
    assert len(lines) > 200
    assert list(answers_in(HTML, lines)) == []


def live_pages():
    found = [p for p in (ROOT / "book").rglob("*.md") if "tags: [live]" in p.read_text()]
    return [p.relative_to(ROOT).with_suffix(".html").as_posix() for p in sorted(found)]


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.nightly] if i else []) for i, n in enumerate(live_pages())],
)
def test_live_cells_put_out_what_the_build_did(name, site, driver):
    resize(driver, 1280)
    driver.get(site + name)
    for cell in driver.find_elements(By.CSS_SELECTOR, ".cell.tag_live"):
        built = cell.find_element(By.CSS_SELECTOR, ".cell_output").text.strip()
        drawn = cell.find_element(By.CSS_SELECTOR, ".cell_output svg[aria-label]").get_attribute(
            "aria-label"
        )
        cell.find_element(By.XPATH, ".//button[.='Run']").click()
        stop = cell.find_element(By.CSS_SELECTOR, ".cell-stop")
        WebDriverWait(driver, 60).until(lambda _, stop=stop: not stop.is_enabled())
        output = cell.find_element(By.CSS_SELECTOR, ".cell-output")
        assert output.text.strip() == built and "loss after" in built
        svg = output.find_element(By.CSS_SELECTOR, "svg[aria-label]")
        assert svg.get_attribute("aria-label") == drawn


# ---- Light


def weight(page):
    """The bytes that a page's first view fetched, without and with its figures.

    Text counts as a server that compresses would send it, each address once.
    """
    texts = (".html", ".css", ".js", ".json", ".svg")
    rest = figures = 0
    for url in {url.partition("?")[0] for url, _ in page["requests"]}:
        path = HTML / unquote(url.split("/", 3)[-1])
        if path.is_file():
            content = path.read_bytes()
            size = len(gzip.compress(content, 6)) if path.suffix in texts else len(content)
            if "_images" in path.parts:
                figures += size
            else:
                rest += size
    return rest, rest + figures


def test_every_page_is_light(chapters):
    weights = {name: weight(page) for name, page in chapters.items()}
    assert {n: w for n, w in weights.items() if w[0] > 400_000 or w[1] > 900_000} == {}
    assert min(rest for rest, _ in weights.values()) > 50_000, "nothing was weighed"


def test_no_page_fetches_all_icons(pages):
    no_page_has(
        lambda page: [u for u, _ in page["requests"] if re.search("fontawesome|fa-solid", u)], pages
    )
    assert any(u.endswith("icons.woff") for p in pages.values() for u, _ in p["requests"])


def test_images_say_their_size_and_wait(chapters):
    def faults(page):
        for i, (source, sized, lazy, hidden, fits) in enumerate(page["sizes"]):
            if not (sized and fits) or lazy != (i > 0 or hidden):
                yield f"{source}: sized {sized}, lazy {lazy}, fits {fits}"

    no_page_has(faults, chapters)


# ---- On a phone


def test_figures_of_code_are_drawings_with_one_for_phones(chapters):
    no_page_has(lambda page: [i for i in page["drawn"] if not i.endswith(".svg narrow")], chapters)
    assert sum(len(page["drawn"]) for page in chapters.values()) > 80


def test_labels_can_be_read_on_a_phone(site):
    small = {}
    drawings = list((HTML / "_images").glob("*-narrow.svg"))
    for file in drawings:
        text = file.read_text(encoding="utf-8")
        points = [100 * float(s) for s in re.findall(r"scale\(([\d.]+) -[\d.]+\)", text)]
        wide, _ = light.drawn_size(text) or (0, 0)
        least = min(points, default=99) * 96 / 72 * min(1, COLUMN / wide)
        if least < 9:
            small[file.name] = least
    assert small == {} and len(drawings) > 80


FORMULAS = "return [...document.querySelectorAll('article .katex-display')].filter((e) => e.checkVisibility())"


def too_wide(driver, address):
    """A page's formulas that a phone of 380 cannot show whole, with all folds open."""
    driver.get(address)
    driver.execute_script(
        "document.querySelectorAll('.toggle-button').forEach((button) => button.click());"
        "document.querySelectorAll('article details').forEach((fold) => (fold.open = true))"
    )
    wide = FORMULAS + ".filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"
    return driver.execute_script(FORMULAS + ".length"), driver.execute_script(wide)


@pytest.mark.parametrize(
    "names",
    [
        ("optimization/adam", "optimization/after", "regularization/index"),
        pytest.param((), marks=pytest.mark.nightly, id="all"),
    ],
)
def test_formulas_fit_a_phone(names, site, driver):
    every = [p.relative_to(HTML).as_posix() for p in (HTML / "book").rglob("*.html")]
    resize(driver, 380)
    found = {
        name: too_wide(driver, site + name)
        for name in ([f"book/{name}.html" for name in names] or every)
    }
    resize(driver, 1280)
    assert {name: wide for name, (_, wide) in found.items() if wide} == {}
    assert sum(count for count, _ in found.values()) >= (10 if names else 100)


# ---- The laboratory is folded


def test_visible_code_is_a_small_part(chapters):
    code = sum(page["codeHeight"] for page in chapters.values())
    height = sum(page["height"] for page in chapters.values())
    assert code / height <= 0.12, f"{code / height:.1%} of the height is visible code"


def test_no_visible_line_is_wider_than_its_box(chapters):
    no_page_has(lambda page: page["wideCode"], chapters)


def test_imports_are_not_the_first_thing_on_a_page(chapters):
    no_page_has(lambda page: [f for f in [page["first"]] if f != "P"], chapters)


def test_the_first_screen_has_something_to_see_or_to_do(chapters):
    """Not where things are looked up, or commands copied: what one comes for is there at once."""
    teach = {name: page for name, page in chapters.items() if Path(name).stem not in LOOKED_UP}
    no_page_has(lambda page: [at for at in [page["seenAt"]] if at is None or at >= 800], teach)
    assert len(teach) > 40


def test_every_fold_says_what_is_in_it(chapters):
    no_page_has(
        lambda page: [s for s in page["summaries"] if not re.search(r": .*\d+ lines?$", s)],
        chapters,
    )
    measured = [s for p in chapters.values() for s in p["summaries"] if s.startswith("Measurement")]
    assert measured and [s for s in measured if not re.search(r"\d+ s, \d+ line", s)] == []


# ---- Found, and on paper


@pytest.mark.parametrize(
    "query, page, section",
    [
        ("bias correction", "adam.html", "correction"),
        ("momentun", "momentum.html", ""),
        ("regularisation", "regularization", ""),
        ("조건수", "gradient-descent.html", ""),
    ],
)
def test_a_hit_leads_to_the_section(site, driver, query, page, section):
    driver.get(f"{site}search.html?q={query}")
    links = "return [...document.querySelectorAll('#search-results li a')].map((a) => a.href)"
    WebDriverWait(driver, 30).until(
        lambda d: any(page in unquote(u) and section in unquote(u) for u in d.execute_script(links))
    )
    found = "return document.querySelector('#search-results').innerText"
    assert "\\beta" not in driver.execute_script(found)


def test_paper_is_white_in_the_dark(site, driver):
    driver.get(site + "book/optimization/adam.html")
    set_theme(driver, "dark")
    colors = """
    const of = (e, key) => getComputedStyle(e)[key].match(/[0-9.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0) / 3;
    return [of(document.body, "backgroundColor"), ...[..."h1 h2 p pre".split(" ")].map((t) =>
      of(document.querySelector("article " + t), "color"))];
    """
    assert driver.execute_script(colors)[0] < 60
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        WebDriverWait(driver, 5).until(lambda d: d.execute_script(colors)[0] > 200)
        assert max(driver.execute_script(colors)[1:]) < 120
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    WebDriverWait(driver, 5).until(lambda d: d.execute_script(colors)[0] < 60)


def test_focus_can_be_seen(site, driver):
    driver.get(site + "book/optimization/adam.html")
    for selector in (
        ".dropdown-download-buttons > button",
        "details.hide > summary",
        ".sidebar-toggle",
        ".prev-next-footer a",
    ):
        place = driver.find_element(By.CSS_SELECTOR, selector)
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", place)
        driver.execute_script("arguments[0].focus({focusVisible: true})", place)
        style = driver.execute_script(
            "const s = getComputedStyle(arguments[0]); return [s.outlineStyle, s.outlineWidth]",
            place,
        )
        assert style == ["solid", "3px"], selector


def test_a_term_has_a_card(site, driver):
    driver.get(site + "book/optimization/adam.html")
    terms = driver.find_elements(By.CSS_SELECTOR, "article a.term")
    linked = driver.find_elements(By.CSS_SELECTOR, "article a[href*='glossary.html#term-']")
    assert len(terms) == len(linked) > 2
    [term] = [t for t in terms if t.text.lower() == "second moment"][:1]
    driver.execute_script("arguments[0].focus({focusVisible: true})", term)
    card = driver.execute_script("return getComputedStyle(arguments[0], '::after').content", term)
    assert re.search(r"second moment \([가-힣 ]+\)\. ", card) and "$" not in card
    assert term.accessible_name.lower() == "second moment"


def test_dialogs_have_names(site, driver):
    driver.get(site + "book/optimization/adam.html")
    dialogs = driver.find_elements(By.TAG_NAME, "dialog")
    assert len(dialogs) == 3 and all(d.get_attribute("aria-label") for d in dialogs)


def focused(driver):
    return driver.execute_script("return document.activeElement.outerHTML.slice(0, 80)")


@pytest.mark.parametrize(
    "opener, dialog, width",
    [
        (".search-button", "pst-search-dialog", 380),
        (".primary-toggle", "pst-primary-sidebar-modal", 380),
        (".secondary-toggle", "pst-secondary-sidebar-modal", 380),
    ],
)
def test_escape_closes_a_dialog_and_gives_the_focus_back(site, driver, opener, dialog, width):
    resize(driver, width)
    driver.get(site + "book/optimization/adam.html")
    [button] = [b for b in driver.find_elements(By.CSS_SELECTOR, opener) if b.is_displayed()][:1]
    driver.execute_script("arguments[0].focus({focusVisible: true})", button)
    before = focused(driver)
    ActionChains(driver).send_keys(Keys.ENTER).perform()
    open_ = f"return document.getElementById('{dialog}').open"
    WebDriverWait(driver, 5).until(lambda d: d.execute_script(open_))
    assert focused(driver) != before, "the focus went into it"
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    WebDriverWait(driver, 5).until(lambda d: not d.execute_script(open_))
    assert focused(driver) == before
    resize(driver, 1280)


def test_escape_puts_a_term_s_card_away_until_the_next_look(site, driver):
    driver.get(site + "book/optimization/adam.html")
    first, second = driver.find_elements(By.CSS_SELECTOR, "article a.term")[:2]
    card = "return getComputedStyle(arguments[0], '::after').content"
    focus = "arguments[0].focus({focusVisible: true})"
    driver.execute_script(focus, first)
    shown = driver.execute_script(card, first)
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    assert driver.execute_script(card, first) == "none" != shown
    assert driver.switch_to.active_element == first
    driver.execute_script(focus, second)
    driver.execute_script(focus, first)
    assert driver.execute_script(card, first) == shown


AXE = """
const done = arguments[0];
axe.run(document, { resultTypes: ["violations"] }).then((r) => done(r.violations.map((v) =>
  v.id + ": " + v.nodes.map((n) => n.html.slice(0, 150)).slice(0, 3).join(" | "))));
"""
FIVE = ("index", "optimization/index", "optimization/adam", "transfer/seeing", "reference/claims")


def axe_faults(driver, address, theme, width):
    """What axe says of a page once all of it has been seen."""
    resize(driver, width)
    driver.get(address)
    see_all(driver)
    set_theme(driver, theme)
    driver.execute_script((PACKAGES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    return driver.execute_async_script(AXE)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault(theme, site, driver):
    found = {n: axe_faults(driver, f"{site}book/{n}.html", theme, 1280) for n in FIVE[:2]}
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.nightly
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault_on_any_page(theme, width, site, driver, chapters):
    found = {n: axe_faults(driver, site + n, theme, width) for n in chapters}
    resize(driver, 1280)
    assert {name: faults for name, faults in found.items() if faults} == {}


USE = """
const all = (selector) => [...document.querySelectorAll("main " + selector)];
const widgets = all(".pg").length;
for (const slider of all(".pg input[type=range]:not(:disabled)")) {
  slider.value = +slider.value + 2 * (+slider.step || 1);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}
for (const button of all(".pg button")) if (button.textContent !== "Link to this") button.click();
for (const fold of all("details")) fold.open = true;
for (const button of all(".solution .toggle-button")) button.click();
for (const box of all(".predict")) {
  box.querySelector("input[type=radio]")?.click();
  [...box.querySelectorAll("button")].at(-1)?.click();
}
for (const change of document.getAnimations())
  if (change.effect.getComputedTiming().endTime < Infinity) change.finish(); // a fold that is being opened
return widgets;
"""


@pytest.mark.nightly
@pytest.mark.parametrize("theme, width", [("light", 1280), ("dark", 380)])
def test_axe_finds_no_fault_after_use(theme, width, site, driver, chapters):
    found, widgets = {}, 0
    for name in chapters:
        axe_faults(driver, site + name, theme, width)
        widgets += driver.execute_script(USE)
        found[name] = driver.execute_async_script(AXE)
    resize(driver, 1280)
    assert {name: faults for name, faults in found.items() if faults} == {}
    assert widgets > 12


def test_claims_can_be_filtered(site, driver):
    resize(driver, NARROW)
    driver.get(site + "book/reference/claims.html?outcome=holds")
    table = driver.find_element(By.CSS_SELECTOR, "table.claims-table")
    shown = [r for r in table.find_elements(By.CSS_SELECTOR, "tbody tr") if r.is_displayed()]
    held = table.find_elements(By.CSS_SELECTOR, ".outcome-holds")
    assert len(shown) == len(held) > 0
    words = driver.find_element(By.CSS_SELECTOR, ".claims-bar input")
    driver.find_element(By.XPATH, "//div[@class='claims-bar cell-bar']/button[1]").click()
    words.send_keys("momentum")
    status = driver.find_element(By.CSS_SELECTOR, "main [role=status]").text
    assert 0 < int(status.split()[0]) < len(CLAIMS)
    resize(driver, 1280)


def test_the_front_door_tells_the_score(chapters):
    text = " ".join(chapters["book/index.html"]["prose"].split())
    assert f"The lecture makes {len(CLAIMS)} claims" in text


def test_what_can_be_taken_home_is_there(site):
    for name in exercises.names():
        for file in (f"{name}.zip", f"{name}.ipynb"):
            assert (HTML / "_static" / "assignments" / file).is_file(), file
    notebook = json.loads((HTML / "_static/notebooks/book/optimization/adam.ipynb").read_text())
    assert any(cell.get("outputs") for cell in notebook["cells"])
