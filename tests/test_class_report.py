"""The page about a class: what it says is what the results say, and it needs nothing else."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pypdf import PdfReader

from autograder.grading.display import class_page, plots
from autograder.grading.display import class_statistics as stats
from autograder.grading.display.class_statistics import Submission
from autograder.grading.display.similarity import similar
from autograder.grading.storage.results import Result
from tests.answers import COURSE, ROOT
from tests.browser import errors, requests, resize

ASSIGNMENT, ONE, OTHER = "ensembles", "average_predictions", "early_stopping"
AXE = ROOT / ".venv" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
NOWHERE = Path("/nowhere")  # a class folder without records
RIGHT = "def f(x):\n    return x.mean(axis=0)\n"


def result(student: str, exercise: str, score: float, **more) -> Result:
    status = more.pop("status", "passed" if score == 2 else "failed")
    held = {"mistake": None, "message": "all right", "device": "cpu", "seconds": 0.5, **more}
    return Result(student, ASSIGNMENT, exercise, score, 2.0, status, **held)


def submission(k: int) -> Submission:
    """Of twelve students: three make a known mistake, two fail alike, and one is called <b>."""
    student = "<b>" if k == 0 else f"student-{k}"
    more: dict = {}
    if k < 3:
        more = {"mistake": "logits-averaged", "message": "this is what one gets from: averages"}
    elif k < 5:
        more = {"message": f"three members: p[{k}, 1]: expected 0.{k}3, got <script>-1e-0{k}"}
    results = [result(student, ONE, 0.0 if k < 5 else 2.0, **more)]
    results.append(result(student, OTHER, 0.0 if k in (0, 1, 2, 11) else 2.0))
    parts = {ONE: {"mean": [0.0 if k < 5 else 1.0, 1.0], "large": [0.0 if k < 3 else 1.0, 1.0]}}
    code = RIGHT if k else RIGHT + "import os\n"
    return Submission(student, results, parts, {ONE: code, OTHER: ""})


@pytest.fixture(scope="module")
def held() -> list[Submission]:
    return [submission(k) for k in range(12)]


def test_the_numbers_are_those_of_the_results(held):
    one, other = stats.items(held)
    assert (one.exercise, one.counts["passed"], one.counts["failed"]) == (ONE, 7, 5)
    assert one.mean == pytest.approx(7 / 12) and one.parts == {"mean": 7 / 12, "large": 9 / 12}
    # of the points (0 x 5, 2 x 7) and (0 x 4, 2 x 8), both 0 three times: the phi coefficient
    phi = (3 * 6 - 2 * 1) / (5 * 7 * 4 * 8) ** 0.5
    assert one.discrimination == pytest.approx(phi) == pytest.approx(other.discrimination)
    assert stats.mistakes(held)[ONE] == {"logits-averaged": 3}
    assert stats.items(held[:3])[0].discrimination is None


def test_who_handed_nothing_in_counts_in_the_parts_as_in_the_mean(held):
    nothing = [result("nobody", ONE, 0.0), result("nobody", OTHER, 0.0)]
    one, _ = stats.items([*held, Submission("nobody", nothing, {}, {})])
    assert one.mean == pytest.approx(7 / 13) and one.parts == {"mean": 7 / 13, "large": 9 / 13}


def test_wrong_answers_that_fail_alike_are_one_group(held):
    alike = [a for a in stats.unnamed(held) if a.exercise == ONE]
    assert [(a.count, a.parts, a.example) for a in alike] == [(2, ("mean",), RIGHT)]
    assert alike[0].student == "student-3"


def test_a_file_that_is_no_notebook_is_listed_once_and_is_no_answer(held):
    results = [result("broken", name, 0.0, message="it is no JSON") for name in (ONE, OTHER)]
    broken = Submission("broken", results, {}, {ONE: "", OTHER: ""})
    assert stats.unnamed([*held, broken]) == stats.unnamed(held)
    page = class_page.page(COURSE, NOWHERE, ASSIGNMENT, [*held, broken], [])
    not_there = page.partition("Not handed in as a notebook")[2].partition("<h3")[0]
    assert "broken" in not_there and "student-1" not in not_there


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_safe_and_accessible(held):
    page = class_page.page(COURSE, NOWHERE, ASSIGNMENT, held, ["late"])
    read = Read()
    read.feed(page)
    assert read.open == []
    names = [tag for tag, _ in read.tags]
    assert names.count("h1") == names.count("main") == 1
    plots = [attrs for tag, attrs in read.tags if tag == "svg" and "aria-hidden" not in attrs]
    assert len(plots) == 2 + 2 + 2  # scores, points; a bar for each exercise and part
    assert all(a["role"] == "img" and {"aria-label", "aria-labelledby"} & {*a} for a in plots)
    assert {"script", "b", "link", "img", "iframe"}.isdisjoint(names)
    assert not re.search(r"https?://|url\(|@import", page)
    assert all("scope" in attrs for tag, attrs in read.tags if tag == "th")
    assert names.count("table") == names.count("caption") >= 2
    assert len(re.findall(r'<div class="wide" tabindex="0">\s*<table\b', page)) == names.count(
        "table"
    )
    assert "prefers-color-scheme: dark" in page and "@media print" in page
    says = next(
        m.says for m in COURSE.answer(ASSIGNMENT, ONE).mistakes if m.id == "logits-averaged"
    )
    assert says in page and "ensembles/averaging" in page


def test_a_huge_answer_does_not_fill_the_page(held):
    huge = {ONE: "".join(f"x{i} = {i}\n" for i in range(100_000)), OTHER: ""}
    page = class_page.page(
        COURSE, NOWHERE, ASSIGNMENT, [replace(one, answers=huge) for one in held[3:5]], []
    )
    assert "x1 = 1" in page and len(page) < 300_000


ANSWERS = {
    "ann": "def f(x):\n    total = 0\n    for row in x:\n        total += (row * row - 3).sum() / len(row)\n    return total ** 0.5\n",
    "bob": "def f(data):  # my own work\n    s = 0\n    for r in data:\n        s += (r * r - 3).sum() / len(r)\n    return s ** 0.5\n",
    "cy": "def f(x):\n    return np.sqrt(np.einsum('ij,ij->i', x, x).mean() - 3 * len(x))\n",
}


def test_copies_in_another_dress_are_found_and_what_was_given_is_not():
    pairs = similar(ANSWERS)
    assert [(p.one, p.other) for p in pairs] == [("ann", "bob")] and pairs[0].share == 1
    assert similar(ANSWERS, [ANSWERS["ann"]]) == []
    everybody = {f"s{k}": ANSWERS["ann"] for k in range(20)}
    assert similar(everybody) == []  # what all have says nothing


# ---- plots


def test_each_submission_is_in_the_bar_of_its_points():
    bars = plots.histogram([0, 4.9, 5, 58.5, 59], 59)
    assert [bar.label for bar in bars] == [str(5 * k) for k in range(12)]
    assert [bar.count for bar in bars] == [2, 1, *[0] * 9, 2]
    assert bars[0].says == "0 to under 5" and bars[-1].says == "55 or more"
    thirds = plots.histogram([0.3 * k for k in range(11)], 3)
    assert [bar.count for bar in thirds] == [2, 2, 1, 2, 2, 1, 1], (
        "3 points have a bar of their own"
    )
    assert [bar.count for bar in plots.histogram([0.0], 0.0)] == [1]


def test_a_bar_is_as_long_as_its_shares_in_one_order():
    segments = plots.stacked({"failed": 1, "passed": 2, "missing": 0, "ungraded": 1})
    assert [(s.status, s.x, s.width) for s in segments] == [
        ("passed", 0, 50), ("failed", 50, 25), ("ungraded", 75, 25)
    ]  # fmt: skip
    assert plots.stacked({}) == []


def item(name: str, mean: float, discrimination: float | None) -> stats.Item:
    return stats.Item(name, {}, mean, discrimination, {})


def test_points_stand_where_their_numbers_say_and_no_name_on_another():
    same = [item(f"e{k}", 0.5, 0.25) for k in range(20)]
    drawn = plots.scatter([item("a", 1, 1), item("b", 0, -0.2), item("c", 0.5, None), *same])
    at = {point.name: (point.x, point.y) for point in drawn.points}
    assert at["a"] == (plots.RIGHT, plots.UPPER) and at["b"][0] == plots.LEFT and "c" not in at
    assert at["b"][1] == pytest.approx(plots.LOWER - 0.3 / 1.5 * (plots.LOWER - plots.UPPER))
    lines = [point.line for point in drawn.points]
    assert min(b - a for a, b in zip(lines, lines[1:], strict=False)) >= plots.LINE - 1e-9
    assert lines[0] >= plots.UPPER and lines[-1] < drawn.height
    assert [label for label, _ in drawn.up] == ["-0.5", "0", "0.5", "1"]
    assert plots.scatter([]).points == []


# ---- in a browser


@pytest.fixture(scope="module")
def in_a_file(held, tmp_path_factory) -> Path:
    """A page with everything on it: six groups of wrong answers, long lists, two that are alike."""
    groups = [
        Submission(
            f"group-{k}",
            [result(f"group-{k}", ONE, 0.0, message="wrong" + "!" * k, notes=(f"note {k}",)),
             result(f"group-{k}", OTHER, 0.0, status="error", message="a\u00a0long" * 20)],
            {},
            {ONE: f"def average_predictions(x):\n    return x + {k}  # {'wide ' * 40}\n", OTHER: ""},
        )
        for k in range(6)
    ]  # fmt: skip
    alike = [
        replace(one, answers={ONE: ANSWERS[who] * 3, OTHER: ""})
        for one, who in zip(held[5:7], ("ann", "bob"), strict=True)
    ]
    left = [f"student-who-waits-{k}" for k in range(30)]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(class_page.page(COURSE, NOWHERE, ASSIGNMENT, [*held, *groups, *alike], left))
    return path


def test_axe_finds_no_fault_and_a_phone_shows_it_whole(browser, in_a_file):
    browser.get(in_a_file.as_uri())
    assert errors(browser) == [] and [u for u, _ in requests(browser) if "file:" not in u] == []
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        for width in (320, 1280):
            resize(browser, width)
            assert browser.execute_script("return document.documentElement.scrollWidth") == width
            for folded in (True, False):
                browser.execute_script(
                    "for (const e of document.querySelectorAll('details')) e.open = !arguments[0]",
                    folded,
                )
                assert browser.execute_async_script(FAULTS) == [], (scheme, width, folded)


FAULTS = """
const done = arguments[0];
axe.run().then((r) => done(r.violations.map((v) => [v.id, v.nodes[0].html.slice(0, 200)])));
"""
MARKS = """
return [...document.querySelectorAll("svg[role=img]")].map((plot) => {
  const marks = [...plot.querySelectorAll("rect:not(.track), circle")];
  const seen = marks.map((e) => e.getBoundingClientRect()).filter((b) => b.width > 2 && b.height > 2);
  const drawn = plot.getBoundingClientRect();
  const inside = seen.every((b) => b.left >= drawn.left - 6 && b.right <= drawn.right + 6);
  return [plot.getAttribute("class"), seen.length, inside, drawn.width >= 80 && drawn.height > 10];
});
"""
WORDS = """
const boxes = [...document.querySelectorAll("." + arguments[0] + " text")]
  .filter((e) => e.textContent).map((e) => [e.textContent, e.getBoundingClientRect()]);
const over = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) => over(a, b)).map(([other]) => [one, other]));
"""


@pytest.mark.parametrize("width", [320, 1280])
def test_plots_can_be_seen_and_their_words_read(browser, in_a_file, width):
    resize(browser, width)
    browser.get(in_a_file.as_uri())
    found = browser.execute_script(MARKS)
    assert {kind for kind, *_ in found} == {"scores", "bar", "scatter"}
    assert all(seen >= 1 and inside and large for _, seen, inside, large in found), found
    for plot in ("scores", "scatter"):
        assert browser.execute_script(WORDS, plot) == []


def test_colors_of_statuses_differ_on_the_page_and_from_it(browser, in_a_file):
    """Each from the paper as much as a graphic has to (WCAG 1.4.11), or with a line around it."""
    browser.get(in_a_file.as_uri())
    for scheme in ("light", "dark"):
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        colors = browser.execute_script(
            "const of = getComputedStyle(document.documentElement);"
            "return arguments[0].map((name) => of.getPropertyValue('--' + name).trim())",
            ["paper", *plots.STATUSES],
        )
        assert len(set(colors)) == len(colors)
        low = [
            name
            for name, color in zip(plots.STATUSES, colors[1:], strict=True)
            if contrast(color, colors[0]) < 3
        ]
        assert low == []


def contrast(one: str, other: str) -> float:
    def light(color: str) -> float:
        color = color if len(color) == 7 else "#" + "".join(2 * c for c in color[1:])
        parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)  # fmt: skip
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted([light(one), light(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_on_paper_what_is_folded_is_there_too(browser, in_a_file):
    browser.get(in_a_file.as_uri())
    closed = "return [...document.querySelectorAll('details:not([open])')].length"
    assert browser.execute_script(closed) >= 3
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {})["data"]
    reader = PdfReader(io.BytesIO(base64.b64decode(pdf)))
    text = " ".join(page.extract_text() for page in reader.pages)
    for k in range(6):
        assert f"return x + {k}" in text
    assert "student-who-waits-29" in text


def test_paper_is_white_in_the_dark_and_holds_every_column(browser, in_a_file):
    browser.get(in_a_file.as_uri())
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    resize(browser, 700)  # an A4 sheet without its margins, and somewhat less
    try:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", **dark})
        assert browser.execute_script("return document.documentElement.scrollWidth") == 700
        color = "return getComputedStyle(document.body).backgroundColor"
        assert browser.execute_script(color) == "rgb(255, 255, 255)"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
