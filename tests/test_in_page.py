"""Exercises in the page, in a real browser: what the checks say there is what they say here."""

import ast
import builtins
import contextlib
import functools
import html
import json
import re
import shutil
import zipfile
from http.server import SimpleHTTPRequestHandler

import nbformat
import psutil
import pytest
from nbgrader.utils import is_solution
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from autograder import hints, judge, probe, wire
from autograder.exercise import Verdict
from autograder.grading.answer import source_of
from autograder.grading.releasing import leaks
from autograder.grading.releasing.leaks import code_lines, formulas
from autograder.grading.releasing.notebooks import read_source
from book.extensions import browser as extension
from book.extensions import exercises
from tests.answers import ASSIGNMENTS, COURSE, HOME, OWN, ROOT, answer, exercise
from tests.browser import FORMULAS, build_site, errors, launch, resize, serve, set_theme
from tests.course import autograder, copy_course

IN_THE_PAGE = [name for name in HOME if exercises.exercise(name).in_the_page]


# ---- A small site with every exercise ----


def build(folder, **settings):
    """Build a site with a page for each assignment, all of its exercises on it."""
    source = folder / "source"
    source.mkdir()
    for name, ids in ASSIGNMENTS.items():
        boxes = "\n\n".join(f"```{{solve}} {each}\n```" for each in ids)
        (source / f"{name}.md").write_text(f"# {name}\n\n{boxes}\n")
    contents = "\n".join(ASSIGNMENTS)
    (source / "index.md").write_text(
        f"# Your work\n\n```{{your-work}}\n```\n\n```{{toctree}}\n{contents}\n```\n"
    )
    return build_site(
        source,
        folder,
        "sphinx.ext.mathjax",
        *(f"book.extensions.{name}" for name in ("exercises", "browser", "light")),
        templates_path=[str(ROOT / "book" / "templates")],
        html_css_files=["course.css"],
        **FORMULAS,
        **settings,
    )


def serve_noting(folder, asked):
    """Serve a folder; the paths that are asked for are noted, a worker's too."""

    class Noting(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    return serve(folder, Noting)


@pytest.fixture(scope="module")
def asked():
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build(tmp_path_factory.mktemp("in-page"))


@pytest.fixture(scope="module")
def site(folder, asked):
    with serve_noting(folder, asked) as address:
        yield address


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with launch() as driver:
        yield driver


@pytest.fixture
def page(driver, site):
    """A browser that has kept nothing."""
    resize(driver, 1280)
    driver.get(f"{site}search.html")
    driver.execute_script("localStorage.clear()")
    driver.get_log("browser")
    yield driver
    assert errors(driver) == []


class Box:
    """An exercise on the page that the browser shows."""

    def __init__(self, driver, name):
        self.driver = driver
        self.element = driver.find_element(By.ID, exercises.exercise(name).anchor)
        driver.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", self.element)

    def find(self, selector):
        return self.element.find_element(By.CSS_SELECTOR, selector)

    def write(self, code):
        """Replace what is in the editor, by the keyboard's events."""
        bar = self.find(".cell-bar")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", bar)
        WebDriverWait(self.driver, 20).until(
            lambda _: self.element.find_elements(By.CSS_SELECTOR, ".cm-content")
        )
        self.find(".cm-content").click()
        ActionChains(self.driver).key_down(Keys.CONTROL).send_keys("a").key_up(
            Keys.CONTROL
        ).perform()
        self.driver.execute_cdp_cmd("Input.insertText", {"text": code})

    def press(self, name):
        self.element.find_element(By.XPATH, f".//button[.='{name}']").click()

    def wait(self, seconds=60):
        """Wait until what was pressed has ended; returns the status line."""
        WebDriverWait(self.driver, seconds, 0.02).until(
            lambda _: not self.find(".cell-stop").is_enabled()
        )
        return self.find(".cell-status").text

    def kept(self):
        """What the browser has kept of the last check."""
        e = exercises.exercise(
            self.element.get_attribute("id").removeprefix("solve-").replace("-", "_")
        )
        key = f"training-neural-networks/outcome/{e.assignment}/{e.id}"
        return json.loads(
            self.driver.execute_script("return localStorage.getItem(arguments[0])", key)
        )


# ---- Codes to try, and what the grader says of them here ----


def solution(name):
    """The reference solution's cell."""
    cell = exercises.exercise(name).cell
    source = read_source(COURSE.source(HOME[name]))
    [found] = [c for c in source.cells if c.id == cell]
    assert is_solution(found)
    return "\n".join(line for line in found.source.splitlines() if "### " not in line)


def globals_of(source):
    """The names that a piece of code takes from outside."""
    nodes = list(ast.walk(ast.parse(source)))
    read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    made = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    made |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    made |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return read - made


def stands_alone(code):
    """Whether an answer needs nothing but NumPy and Python's own."""
    source = source_of(code)
    known = {"np", *dir(builtins)}
    return "torch" not in source and globals_of(source) <= known


def tries(name, mistakes=2):
    """The reference solution, another right answer, and known mistakes, as text."""
    wrong = [m.code for m in answer(name).mistakes if stands_alone(m.code)]
    right = [code for code in answer(name).alternatives if stands_alone(code)]
    assert len(wrong) >= 1, name
    return [solution(name), *(source_of(code) for code in right[:1] + wrong[:mistakes])]


@functools.cache
def public_keys(assignment):
    return COURSE.assignment(assignment).public_keys()


def verdict_here(name, code):
    """What the public cases say of a code outside of any browser."""
    namespace = {"__name__": "__main__"}
    box = exercises.exercise(name)
    exec(box.setup, namespace)
    for used in exercise(name).uses:
        exec(solution(used), namespace)
    exec(code, namespace)
    key = public_keys(HOME[name])[name]
    outcomes = probe.run(exercise(name), namespace[box.entry], key.cases, "cpu")
    return judge.judge(exercise(name), wire.loads(wire.dumps(outcomes)), key)


def keep_answers(driver, name):
    """Keep the reference solutions of the exercises that this one uses, as if written before."""
    for used in exercise(name).uses:
        key = f"training-neural-networks/answer/{HOME[name]}/{exercises.exercise(used).cell}"
        driver.execute_script("localStorage.setItem(...arguments)", key, json.dumps(solution(used)))


def compare(driver, name, codes):
    """Check codes in the page that is open: the verdicts are those given here."""
    keep_answers(driver, name)
    box = Box(driver, name)
    for code in codes:
        expected = verdict_here(name, code)
        box.write(code)
        box.press("Check")
        box.wait()
        kept = box.kept()
        assert kept["code"].strip() == code.strip()
        parts = {part: list(points) for part, points in expected.parts.items()}
        said = kept["status"], kept["score"], kept["says"], kept["parts"]
        assert said == (expected.status, expected.score, expected.says, parts), code


def test_a_few_verdicts_are_the_graders(page, site):
    page.get(f"{site}regularization.html")
    for name in ("l2_penalty", "dropout_backward"):
        right, *_, wrong = tries(name, 1)
        compare(page, name, [right, wrong])


def test_hints_open_one_after_the_other(page, site):
    page.get(f"{site}regularization.html")
    box = Box(page, "l2_penalty")
    box.write("def l2_penalty(w, lam):\n    return lam * (w**2).sum(), lam * w")
    box.press("Check")
    box.wait()
    [loss] = [part for part in exercise("l2_penalty").parts if part.name == "loss"]
    steps = hints.fitting(
        COURSE.assignment("regularization").folder,
        Verdict("l2_penalty", "partial", 1.0, 2.0, {loss.name: (0.0, loss.points)}),
    ).steps
    for number, step in enumerate(steps, start=1):
        opener = box.find(f"{'.hint ' * number}> summary")
        shown = box.find(".cell-verdict").text
        assert step.replace("`", "") not in shown and opener.is_displayed()
        opener.click()
        assert step.replace("`", "") in box.find(".cell-verdict").text


@pytest.mark.nightly
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_verdict_is_the_graders(assignment, page, site):
    page.get(f"{site}{assignment}.html")
    for name in IN_THE_PAGE:
        if HOME[name] == assignment:
            compare(page, name, tries(name))


def test_every_exercise_in_numpy_runs_in_the_page():
    assert sum(HOME[name] in OWN for name in IN_THE_PAGE) == 28
    for name in HOME:
        needs_torch = "torch" in solution(name) or exercise(name).on_device
        assert (name not in IN_THE_PAGE) >= needs_torch, name


# ---- Its use ----


def cpu_seconds():
    """CPU time of the browser's processes so far."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def test_nothing_is_fetched_before_the_first_run_and_it_is_soon_there(page, site, asked):
    asked.clear()
    page.get(f"{site}optimizers.html")
    box = Box(page, "adam")
    box.write(solution("adam"))
    assert not [path for path in asked if re.search("pyodide|checks.zip|worker", path)]
    began = cpu_seconds()
    box.press("Check")
    assert box.wait() == "all right, 8 of 8 points"
    first = cpu_seconds() - began
    assert {"pyodide.asm.wasm", "snapshot.gz"} <= {path.rpartition("/")[2] for path in asked}
    began = cpu_seconds()
    box.press("Check")
    box.wait()
    later = cpu_seconds() - began
    print(f"CPU seconds of the first answer: {first:.1f}, of the next: {later:.2f}")
    assert first < 6 and later < 1  # 4 and 0.3 on a quiet machine


@pytest.mark.nightly
def test_python_starts_without_the_memory_of_one_that_has(site, folder, asked):
    snapshot = folder / "_static" / "pyodide" / "snapshot.gz"
    snapshot.rename(aside := snapshot.with_suffix(".aside"))
    asked.clear()
    try:
        with launch() as driver:  # one that has kept nothing
            driver.get(f"{site}optimizers.html")
            box = Box(driver, "adam")
            box.write(solution("adam"))
            box.press("Check")
            assert box.wait() == "all right, 8 of 8 points"
    finally:
        aside.rename(snapshot)
    assert "/_static/pyodide/snapshot.gz" in asked


def test_what_is_drawn_at_random_differs_from_reader_to_reader(page, site):
    drawn = set()
    for _ in range(2):
        page.get(f"{site}optimizers.html")
        box = Box(page, "adam")
        box.write("import random\nprint(random.random(), np.random.random())")
        box.press("Run")
        box.wait()
        drawn |= set(box.find(".cell-output").text.split())
    assert len(drawn) == 4


def test_stop_ends_an_endless_loop_and_the_next_run_works(page, site):
    page.get(f"{site}optimizers.html")
    box = Box(page, "adam")
    box.write("print('begun')\nwhile True: pass")
    box.press("Run")
    WebDriverWait(page, 60).until(lambda _: "begun" in box.find(".cell-output").text)
    box.press("Stop")
    assert box.wait(2) == "Stopped."
    box.write("print(6 * 7)\nnp.ones(2)")
    box.press("Run")
    assert box.wait() == "It ran."
    assert box.find(".cell-output").text == "42\narray([1., 1.])"


@pytest.mark.nightly
@pytest.mark.parametrize(
    "code, says",
    [
        ("x = 1\ny = x / 0", ["Line 2: ZeroDivisionError: division by zero", "y = x / 0"]),
        ("def adam(w:\n    pass", ["Line 1: SyntaxError"]),
    ],
)
def test_an_error_says_its_line(code, says, page, site):
    page.get(f"{site}optimizers.html")
    box = Box(page, "adam")
    box.write(code)
    box.press("Run")
    box.wait()
    for words in says:
        assert words in box.find(".cell-error").text


def test_it_works_by_keyboard_alone_and_lets_go(page, site):
    """Run by its key; Tab goes on from the editor to the buttons."""
    page.get(f"{site}optimizers.html")
    box = Box(page, "step_decay")
    box.write("1 + 1")
    ActionChains(page).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    box.wait()
    assert box.find(".cell-output").text == "2"
    names = []
    for _ in range(5):
        ActionChains(page).send_keys(Keys.TAB).perform()
        names.append(page.switch_to.active_element.text)
    assert names[:3] == ["Run", "Check", "Start over"]  # Stop is for when something runs


def test_what_was_written_is_kept_and_can_be_dropped(page, site):
    page.get(f"{site}optimizers.html")
    box = Box(page, "adam")
    box.write("# mine\nadam = 1")
    page.get(f"{site}optimizers.html")
    box = Box(page, "adam")
    WebDriverWait(page, 20).until(lambda _: "# mine" in box.find(".cell-editor").text)
    box.press("Start over")
    assert "NotImplementedError" in box.find(".cell-editor").text
    kept = page.execute_script("return Object.keys(localStorage)")
    assert [key for key in kept if key.startswith("training-neural-networks/")] == []


def test_a_torch_exercise_stands_there_to_be_read(page, site):
    page.get(f"{site}optimizers.html")
    box = Box(page, "torch_adam")
    assert "class Adam" in box.find(".solve-stub").text
    assert box.element.find_elements(By.TAG_NAME, "button") == []
    assert "It needs torch" in box.find(".solve-way").text


def test_the_text_is_the_notebooks(folder):
    """What stands in the notebook's cell stands on the page, worked example included."""
    count = 0
    for name in HOME:
        source = (folder / f"{HOME[name]}.html").read_text(encoding="utf-8")
        text = re.sub(r"\$.*?\$|<.*?>|`.*?`", "", exercises.exercise(name).text)
        words = re.findall(r"\b[a-z]{5,}\b", text)
        assert [word for word in words if word not in source] == [], name
        count += len(words)
    assert count > 1000


def test_without_javascript_text_and_stub_remain(page, site):
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.get(f"{site}optimizers.html")
        box = page.find_element(By.ID, "solve-adam")
        assert "counts the steps" in box.text and "def adam(w, dw, config=None)" in box.text
        assert "check(adam) answers in a notebook" in box.text
        assert box.find_elements(By.TAG_NAME, "button") == []
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
def test_axe_finds_no_fault(theme, page, site):
    axe = (extension.PACKAGES / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    for name in ("optimizers", "index"):
        resize(page, 380)
        page.get(f"{site}{name}.html")
        set_theme(page, theme)
        if name == "optimizers":
            box = Box(page, "adam")
            box.write("x = 1  # one\ns = 'text'\ndef adam(): return None")
            box.press("Check")
            box.wait()
        assert page.execute_script("return document.documentElement.scrollWidth") <= 380
        page.execute_script(axe)
        found = page.execute_async_script(
            "const done = arguments[0];"
            "axe.run('.solve, .work').then((r) => done(r.violations.map((v) =>"
            "  [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary])))"
        )
        assert found == []


@pytest.mark.nightly
def test_one_setting_says_where_pyodide_is(tmp_path):
    place = build(tmp_path, pyodide_url="https://example.org/pyodide")
    assert not (place / "_static" / "pyodide").exists()
    page = (place / "optimizers.html").read_text(encoding="utf-8")
    assert re.search(
        r'<script[^>]*class="in-page"[^>]*>.*"https://example.org/pyodide/".*</script>', page
    )


# ---- Notebooks out and in ----


def test_a_notebook_goes_out_and_comes_in(page, site, tmp_path):
    """What is written on a page is in the notebook that is saved; a notebook's answers come in."""
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.get(f"{site}optimizers.html")
    wrong = source_of(answer("adam").mistakes[0].code)
    box = Box(page, "adam")
    box.write(wrong)
    box.press("Check")
    box.wait()
    work = open_work(page, site)
    assert "of 8 points" in state(work, "adam") and "all right" not in state(work, "adam")
    assert state(work, "rmsprop") == "not begun"
    saved = save(page, work, tmp_path)
    [cell] = [
        c for c in saved.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "adam-answer"
    ]
    assert cell.source.strip() == wrong.strip()
    [rule] = [
        c for c in saved.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "rmsprop-answer"
    ]
    assert "NotImplementedError" in rule.source

    rule.source = solution("rmsprop")
    saved.cells.append(nbformat.v4.new_code_cell("a_cell_of_mine = 1"))
    brought = tmp_path / "brought.ipynb"
    nbformat.write(saved, brought)
    work.find_element(By.CSS_SELECTOR, ".work-import").send_keys(str(brought))
    WebDriverWait(page, 10).until(
        lambda _: "2 answers taken up" in work.find_element(By.CSS_SELECTOR, ".work-status").text
    )
    assert state(work, "rmsprop") == "begun"
    (tmp_path / "optimizers.ipynb").unlink()
    again = save(page, work, tmp_path)
    assert again.cells[-1].source == "a_cell_of_mine = 1"
    page.get(f"{site}optimizers.html")
    box = Box(page, "rmsprop")
    WebDriverWait(page, 20).until(lambda _: "config" in box.find(".cell-editor").text)
    box.press("Check")
    assert box.wait() == "all right, 5 of 5 points"


@pytest.mark.nightly
def test_from_the_page_to_the_grade(page, site, tmp_path):
    """A reader with only a browser: wrong, then right, saved, and graded with the same points."""
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.get(f"{site}optimizers.html")
    seen = {}
    for name in ("adam", "rmsprop"):
        right, _, wrong = tries(name, 1)
        box = Box(page, name)
        for code in [wrong, right] if name == "adam" else [wrong]:
            box.write(code)
            box.press("Check")
            box.wait()
            seen.setdefault(name, []).append(box.kept()["score"])
    assert seen["adam"][0] < seen["adam"][1] == 8 and seen["rmsprop"][0] < 5
    save(page, open_work(page, site), tmp_path)
    submitted = tmp_path / "submitted" / "reader" / "optimizers"
    submitted.mkdir(parents=True)
    shutil.move(tmp_path / "optimizers.ipynb", submitted)
    results = tmp_path / "results.jsonl"
    course = copy_course(tmp_path / "course")
    autograder(
        course, "grade", "optimizers", "--submissions", str(tmp_path / "submitted"),
        "--results", str(results), "--device", "cpu",
    )  # fmt: skip
    graded = {row["exercise"]: row for row in map(json.loads, results.read_text().splitlines())}
    for name, scores in seen.items():
        assert graded[name]["score"] == scores[-1]


def open_work(page, site):
    page.get(f"{site}index.html")
    return page.find_element(By.CSS_SELECTOR, ".work[data-assignment=optimizers]")


def state(work, name):
    return work.find_element(By.CSS_SELECTOR, f"[data-exercise={name}] .work-state").text


def save(page, work, folder):
    work.find_element(By.CSS_SELECTOR, ".work-export").click()
    file = folder / "optimizers.ipynb"
    WebDriverWait(page, 10).until(lambda _: file.is_file())
    return nbformat.read(file, as_version=4)


# ---- No answer is on the site ----


@functools.cache
def answer_lines():
    """The lines of solutions, other right answers and mistakes that students' files do not hold."""
    lines = set()
    for name in HOME:
        codes = [answer(name).oracle, *answer(name).alternatives]
        codes += [m.code for m in answer(name).mistakes]
        lines |= formulas(code_lines("\n".join([solution(name), *map(source_of, codes)])))
    own = "\n".join(
        p.read_text() for folder in ("assignments", "autograder", "lab", "book")
        for p in (ROOT / folder).rglob("*") if p.suffix in (".py", ".md", ".js") and "grading" not in p.parts
    )  # fmt: skip
    return lines - code_lines(own)


def answers_in(folder, lines):
    """Where on a site a line of an answer stands."""
    others = [extension.PACKAGES / "pyodide", extension.SOURCES]
    yield from leaks.found_in(folder, leaks.Secrets(lines), others)


@pytest.mark.nightly  # the whole site is read on each push: see test_site.py
def test_no_answer_is_in_what_a_page_loads(folder):
    lines = answer_lines()
    assert len(lines) > 200
    assert list(answers_in(folder, lines)) == []


def test_an_answer_on_the_site_would_be_found(tmp_path):
    line = 'nobody = may_see("this" < line)'
    (tmp_path / "a.html").write_text(f"<pre><span>x</span>\n<span>{html.escape(line)}</span></pre>")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as bundle:
        bundle.writestr("c.ipynb", json.dumps({"source": f"def f():\n    {line}\n"}))
    places = {place for place, _ in answers_in(tmp_path, {line})}
    assert places == {"a.html", "b.zip", "b.zip/c.ipynb"}  # as it lies there, and unpacked
