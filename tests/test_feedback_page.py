"""The page that a student gets back: what it says, what it does not ask for, and who can read it."""

import re
import subprocess
import sys
import time

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder import hints
from autograder.grading.bounds import Bounds
from autograder.grading.display import feedback_page
from autograder.grading.display.feedback_page import FeedbackPage
from autograder.grading.display.formulas import mathml, with_formulas
from autograder.grading.display.markup import markdown_html
from autograder.grading.judge.verdicts import read_parts, ungraded_outputs, verdict_outputs
from autograder.onward import onward
from tests import browser
from tests.answers import ASSIGNMENTS, COURSE, OWN, ROOT, exercise, mistake, oracle, verdict
from tests.hostile import PIXEL

AXE = ROOT / ".venv" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
FOLDER = ROOT / "assignments" / "optimizers"
TEXT = """## 6. Adam (8 points, 20 minutes, ★★★)

$$\\hat m = \\frac{m}{1 - \\beta_1^t}$$

|   | step 1 |
|---|--------|
| m | `0.1`  |
"""


def marks(name: str, points: float | None = None, **more):
    return {"nbgrader": {"grade_id": name, "grade": points is not None, "points": points, **more}}


def given(text: str):
    """A text of the release."""
    return new_markdown_cell(text, metadata=marks(f"text-{len(text)}", locked=True))


def graded(name: str, answer, points: float, **more):
    """A graded test cell."""
    v = verdict(name, answer).out_of(points)
    below = hints.fitting(FOLDER, v), onward(FOLDER, name)
    cell = new_code_cell(f"check({name})", outputs=verdict_outputs(v, *below))
    cell.metadata = nbformat.from_dict(marks(name, points, score=v.score, **more))
    return cell


def test_parts_keep_the_order_of_their_exercise_in_a_file():
    held = new_notebook(cells=[graded("sgd_momentum", oracle("sgd_momentum"), 5.0)])
    (cell,) = nbformat.reads(nbformat.writes(held), 4).cells
    assert list(read_parts(cell)) == [part.name for part in exercise("sgd_momentum").parts]


@pytest.fixture(scope="module")
def notebook():
    figure = new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure>"})
    failed = new_output("error", ename="E", evalue="x", traceback=["\x1b[31mE\x1b[0m: a < b"])
    table = {"text/html": "<table><tr><th scope='col'>w</th></tr><tr><td>1</td></tr></table>"}
    shown = [
        figure,
        new_output("stream", text="1 < 2\n"),
        failed,
        new_output("display_data", table),
    ]
    written = new_markdown_cell("Adam, because $x < y$.", metadata=marks("why", 4.0, solution=True))
    written.metadata.nbgrader |= {"score": 0.0, "waits": True, "comment": "See *me*."}
    return new_notebook(
        cells=[
            given("# Optimizers"),
            given(TEXT),
            new_code_cell("def adam(w):\n    return w  # one", metadata=marks("a", solution=True)),
            graded("adam", mistake("adam", "no-bias-correction"), 8.0),
            given("## 7. Step decay (2 points)"),
            new_markdown_cell("## All right: 2 of 2 points"),  # the student's own
            graded("step_decay", oracle("step_decay"), 2.0),
            new_code_cell("plot()", outputs=shown),
            given("## 13. Which won? (4 points, graded by hand)"),
            new_markdown_cell("<h2>All right: 4 of 4 points</h2>"),
            written,
        ]
    )


@pytest.fixture(scope="module")
def page(notebook) -> str:
    score = sum(c.metadata.nbgrader.get("score", 0) for c in notebook.cells if c.metadata)
    known = {"notebook": "optimizers", "score": score, "max_score": 14.0, "late_penalty": 0}
    return FeedbackPage().from_notebook_node(notebook, {"nbgrader": known})[0]


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page, "html.parser")


def text_of(element) -> str:
    return " ".join(element.get_text(" ").split())


def test_exercises_stand_in_a_table_with_their_parts_and_lead_to_what_is_said(soup):
    rows = [text_of(row) for row in soup.select("table.overview tbody tr")]
    assert len(rows) == 3
    assert rows[0].startswith("adam 6. Adam ✗ partly right") and "✓ state (2/2)" in rows[0]
    assert "✗ update rule (0/4)" in rows[0]
    assert rows[1] == "step_decay 7. Step decay ✓ all right 2 of 2"
    assert rows[2] == "13. Which won? pending: a person reads it – of 4"
    for link in soup.select("table.overview a"):
        assert soup.find(id=link["href"][1:]) is not None


def test_a_verdict_says_what_came_the_mistake_the_page_to_read_and_a_hint(soup):
    said = text_of(soup.find(id="adam"))
    assert "This is what one gets from: " in said
    assert re.search(r"expected [-\d.]+, got [-\d.]+", said) and "a hint (1 of" in said
    assert "The page that explains it: optimization/adam in the book" in said
    assert "Try this: " in text_of(soup.find(id="step_decay"))


@pytest.mark.parametrize(("waits", "score"), [(True, 0.0), (False, 1.5)])
def test_an_exercise_that_is_ungraded_is_no_zero_and_no_fault(waits, score):
    """Without a score there is none on the page; an older one stands."""
    cell = new_code_cell("check(adam)", outputs=ungraded_outputs(8.0, "it is broken"))
    cell.metadata = nbformat.from_dict(marks("adam", 8.0, score=score, waits=waits))
    known = {"notebook": "optimizers", "score": score, "max_score": 8.0, "late_penalty": 0}
    notebook = new_notebook(cells=[new_markdown_cell(TEXT), cell])
    made = BeautifulSoup(
        FeedbackPage().from_notebook_node(notebook, {"nbgrader": known})[0], "html.parser"
    )
    row = text_of(made.select_one("table.overview tbody tr"))
    assert "not graded yet" in row and row.endswith("– of 8" if waits else "1.5 of 8")
    assert "That is no fault of yours" in text_of(made.find(id="adam"))
    said = text_of(made.main)
    assert ("points are pending." in said) == waits and "a person reads" not in said
    assert "it is broken" not in said


def test_points_that_wait_for_a_person_are_no_zeros(soup):
    assert "of 10 points so far. Another 4 points are pending" in text_of(soup.main)
    assert "– of 4 points, pending" in text_of(soup.find(id="why"))
    assert text_of(soup.select_one(".comment")).startswith("Comment: See me")


def test_other_cases_were_tried_and_none_is_shown(soup):
    assert "tried on other cases than those of check" in text_of(soup.main)
    assert "Out[" not in soup.text and not soup.find("script")


def test_figures_and_outputs_are_kept(soup):
    (picture,) = soup.find_all("img")
    assert picture["src"].endswith(PIXEL) and picture["alt"]
    assert "1 < 2" in soup.text and "E: a < b" in soup.text and soup.find("td", string="1")


def test_a_test_cell_of_nobodys_exercise_keeps_its_code_and_points():
    cell = new_code_cell("assert f(1) == 2", metadata=marks("f", 3.0, score=3.0))
    made, _ = FeedbackPage().from_notebook_node(new_notebook(cells=[cell]))
    soup = BeautifulSoup(made, "html.parser")
    assert "3 of 3 points, graded" in text_of(soup.find(id="f")) and "assert f(" in soup.text
    assert "other cases" not in soup.text


@pytest.fixture(scope="module")
def driver():
    with browser.launch() as driver:
        yield driver


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_whole_axe_finds_no_fault_and_nothing_is_asked_for(
    driver, page, tmp_path, scheme
):
    (tmp_path / "page.html").write_text(page)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.resize(driver, 380)
    driver.get((tmp_path / "page.html").as_uri())
    asked = [url for url, _ in browser.requests(driver) if not url.startswith(("file:", "data:"))]
    assert asked == [] and browser.errors(driver) == []
    assert driver.execute_script("return document.documentElement.scrollWidth") == 380
    background = "return getComputedStyle(document.body).backgroundColor"
    assert (driver.execute_script(background) == "rgb(255, 255, 255)") == (scheme == "light")
    driver.execute_script("document.querySelectorAll('details').forEach((e) => e.open = true)")
    driver.execute_script(AXE.read_text(encoding="utf-8"))
    found = driver.execute_async_script(
        "const done = arguments[0]; axe.run().then((r) => done(r.violations.map((v) =>"
        " [v.id, v.nodes[0].html.slice(0, 200)])))"
    )
    assert found == []


# ---- formulas


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_formula_of_a_notebook_is_drawn_without_scripts(name):
    cells = nbformat.read(COURSE.released(name), as_version=4).cells
    bounds, count = Bounds(), 0
    for cell in cells:
        if cell.cell_type == "markdown":
            html = with_formulas(markdown_html(cell.source, {}, bounds)[0], bounds)
            page = BeautifulSoup(html, "html.parser")
            count += len(page.find_all("math"))
            for element in page.find_all(["math", "code", "pre"]):
                element.decompose()
            assert "$" not in page.text and "\\" not in page.text
    assert count > 5 or name not in OWN


@pytest.mark.parametrize(
    "tex", ["\\unknown x", "x^", "{" * 3000, "\\frac{", "&", "\\left(", "x" * 5000]
)
def test_what_is_not_understood_stays_as_it_is(tex):
    assert mathml(tex, block=False) == ""
    html = f"<p>${tex.replace('&', '&amp;')}$</p>"
    assert with_formulas(html, Bounds()) == html


def test_money_and_code_are_no_formulas():
    html = "<p>$5 and $6, <code>$x$</code></p><pre>$y$</pre>"
    assert with_formulas(html, Bounds()) == html


@pytest.mark.parametrize(
    "tex", ["\\href{javascript:run()}{x}", "\\class{full-credit}{x}", "\\text{<img src=x>}",
            "\\style{position: fixed}{x}", "\\color{red}{x}", "\\text{\\u0000<script>}"]
)  # fmt: skip
def test_a_formula_can_do_no_harm(tex):
    page = BeautifulSoup(mathml(tex, block=True), "html.parser")
    known = {"math", "mrow", "mi", "mtext", "mstyle", "span"}
    assert {element.name for element in page.find_all(True)} <= known
    own = {"display", "xmlns", "alttext", "class", "tabindex"}
    assert all(set(element.attrs) <= own for element in page.find_all(True))
    assert "full-credit" not in {c for e in page.find_all(class_=True) for c in e["class"]}


@pytest.mark.parametrize(
    "text", ["<h1>" * 500_000, "# a" + " " * 1_000_000 + "b", "# " + " (" * 500_000, "#" * 1_000_000,
             "<h1>" + "\u00a0" * 1_000_000, "# x (points" * 100_000, "# a\n" * 300_000],
)  # fmt: skip
def test_headings_are_found_in_time_that_grows_with_the_text_alone(text):
    began = time.process_time()
    cells = [given(text), given("## A title (3 points)"),
             new_markdown_cell("words", metadata={"nbgrader": {"grade": True, "solution": True, "grade_id": "a", "points": 3}})]  # fmt: skip
    (row,) = feedback_page._rows(new_notebook(cells=cells))
    assert row.title == "A title" and time.process_time() - began < 2


def test_to_make_a_page_leaves_the_processs_log_alone():
    code = (
        "import logging, nbformat\n"
        "from autograder.grading.display.feedback_page import FeedbackPage\n"
        "FeedbackPage().from_notebook_node(nbformat.v4.new_notebook())\n"
        "logging.getLogger('traitlets').warning('heard')\n"
        "print(logging.root.handlers, logging.root.level)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 30" and "traitlets" not in done.stderr, done
