"""Predictions and progress: what a reader says is kept, compared and counted, in a real browser."""

import json

import pytest
from docutils import nodes
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from book.extensions import predict
from tests.browser import FORMULAS, build_site, errors, requests, resize, serve

PAGE = """# One

A **question**.

**Predict:** which of the two?

```{predict} which
:choices: the first | * the second, $x$

The second: see *below*.
```

**Predict** a number.

```{predict} number
:number: steps
:within: 1.5

It takes {raw-number}`40` steps.
```

**Predict before you read on.** In words: why?

The end.

```{solve} adam
```
"""


def build(folder, text=PAGE):
    source = folder / "source"
    (source / "book").mkdir(parents=True)
    (source / "index.md").write_text(
        "# Start\n\n```{doors}\nRead: book/one\n```\n\n```{toctree}\nbook/one\nbook/two\n```\n"
    )
    (source / "book" / "one.md").write_text(text)
    (source / "book" / "two.md").write_text("# Two\n\nShort.\n")
    ours = (f"book.extensions.{name}" for name in ("predict", "front", "exercises", "browser"))
    return build_site(source, folder, "sphinx.ext.mathjax", "tests.test_predict", *ours, **FORMULAS)


def setup(app):
    """A role that stands for a glued number, as MyST-NB writes it."""

    def role(name, raw, text, line, inliner, options=None, content=()):
        return [nodes.inline(text, text, classes=["pasted-text"])], []

    app.add_role("raw-number", role)
    return {"version": "1", "parallel_read_safe": True}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with serve(build(tmp_path_factory.mktemp("predict"))) as address:
        yield address


@pytest.fixture
def page(browser, site):
    resize(browser, 1280)
    browser.get(site + "search.html")
    browser.execute_script("localStorage.clear()")
    browser.get(site + "book/one.html")
    browser.get_log("browser")
    requests(browser)
    yield browser
    assert errors(browser) == []


def box(page, name):
    return page.find_element(By.CSS_SELECTOR, f"[data-predict='{name}']")


def said(page, name):
    return box(page, name).find_element(By.CSS_SELECTOR, ".predict-said").text


def test_a_choice_is_given_from_the_keyboard_and_kept(page):
    which = box(page, "which")
    answer = which.find_element(By.TAG_NAME, "details")
    assert answer.get_attribute("open") is None
    radio = which.find_element(By.CSS_SELECTOR, "input[type=radio]")
    radio.send_keys(Keys.SPACE)
    radio.send_keys(Keys.ENTER)
    assert said(page, "which") == "You said: the first. We measured something else."
    assert answer.get_attribute("open") is not None
    assert page.switch_to.active_element.text == "Change it"
    page.refresh()
    assert said(page, "which").startswith("You said: the first.")
    ActionChains(page).move_to_element(box(page, "which")).perform()
    box(page, "which").find_element(By.XPATH, ".//button[.='Change it']").click()
    assert said(page, "which") == ""
    box(page, "which").find_elements(By.TAG_NAME, "label")[1].click()
    box(page, "which").find_element(By.CSS_SELECTOR, "[type=submit]").click()
    assert said(page, "which").startswith("You said: the second, ")
    assert said(page, "which").endswith(". That is what we measured.")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("40", "Exactly."),
        ("30", "Close."),
        pytest.param("4", "It is more than that.", marks=pytest.mark.nightly),
        pytest.param("400", "It is less than that.", marks=pytest.mark.nightly),
        pytest.param("-1", "It is more than that.", marks=pytest.mark.nightly),
    ],
)
def test_a_number_is_compared_with_the_measured_one(page, number, words):
    field = box(page, "number").find_element(By.TAG_NAME, "input")
    field.send_keys(number, Keys.ENTER)
    assert said(page, "number") == f"You said: {number} steps. {words}"


@pytest.mark.nightly
def test_nothing_said_is_nothing_kept(page):
    field = box(page, "number").find_element(By.TAG_NAME, "input")
    field.send_keys("many", Keys.ENTER)
    assert said(page, "number") == "Give a number first."
    kept = "return Object.keys(localStorage).filter((k) => k.startsWith('training-neural'))"
    assert page.execute_script(kept) == []
    box(page, "which").find_element(By.CSS_SELECTOR, "[type=submit]").click()
    assert said(page, "which") == "Choose one first."


def test_a_prompt_without_choices_takes_words(page):
    names = [
        e.get_attribute("data-predict")
        for e in page.find_elements(By.CSS_SELECTOR, "[data-predict]")
    ]
    assert names == ["which", "number", "prompt-1"]
    field = box(page, "prompt-1").find_element(By.TAG_NAME, "input")
    field.send_keys("<b>because</b>", Keys.ENTER)
    assert said(page, "prompt-1") == "You said: <b>because</b>"


def test_progress_is_counted_in_the_side_bar_and_at_the_start(page, site):
    assert not any("pages.json" in url for url, _ in requests(page)), "nothing is kept yet"
    box(page, "number").find_element(By.TAG_NAME, "input").send_keys("3", Keys.ENTER)
    marked = "return document.querySelector('.bd-sidebar-primary .progress-mark')?.title"
    WebDriverWait(page, 5).until(lambda d: d.execute_script(marked) == "1 of 3 predicted")
    page.get(site + "book/two.html")  # it ends on the first screen
    read = "return [...document.querySelectorAll('.progress-mark')].map((e) => e.title)"
    WebDriverWait(page, 5).until(lambda d: "read" in d.execute_script(read))
    page.get(site + "index.html")
    place = page.find_element(By.CLASS_NAME, "your-progress")
    WebDriverWait(page, 5).until(lambda _: place.is_displayed())
    assert "1 of 2 pages read, 1 of 3 predictions made, 0 of 1 exercises solved" in place.text
    assert place.find_element(By.TAG_NAME, "a").text == "One"
    page.execute_script(
        "localStorage.setItem('training-neural-networks/outcome/optimizers/adam', arguments[0])",
        json.dumps({"status": "passed"}),
    )
    page.refresh()
    place = page.find_element(By.CLASS_NAME, "your-progress")
    WebDriverWait(page, 5).until(lambda _: "1 of 1 exercises solved" in place.text)


@pytest.mark.nightly
def test_without_script_the_choices_and_the_answer_are_there(page, site):
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.get(site + "book/one.html")
        assert "the second" in box(page, "which").text
        summary = box(page, "which").find_element(By.TAG_NAME, "summary")
        summary.send_keys(Keys.ENTER)
        assert "The second: see below." in box(page, "which").text
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.nightly
def test_a_broken_store_changes_nothing(page):
    key = "training-neural-networks/predict/book/one#"
    for name, value in {"which": '"x"', "number": "[1]", "prompt-1": "{}"}.items():
        page.execute_script("localStorage.setItem(...arguments)", key + name, value)
    page.refresh()
    assert {said(page, name) for name in ("which", "number", "prompt-1")} == {""}


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("x\n\nAn answer.", "needs choices or a number"),
        ("x\n:choices: a | b\n\nAn answer.", "one of them with a star"),
        ("x\n:number: steps", "and an answer"),
    ],
)
def test_a_bad_directive_ends_the_build(tmp_path, directive, message):
    with pytest.raises(predict.PredictError, match=message):
        build(tmp_path, f"# One\n\n```{{predict}} {directive}\n```\n")
