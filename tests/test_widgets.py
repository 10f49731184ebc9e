"""All that a reader acts on, on the pages of the built site: by keyboard alone, by finger, without motion, without JavaScript."""

import pytest
from selenium.webdriver.common.by import By

from tests.browser import resize
from tests.test_site import HTML
from tests.test_site import driver as driver  # a browser
from tests.test_site import site as site  # builds it

pytestmark = pytest.mark.timeout(2400)

WIDGETS = ".pg, .predict, .cell-bar, .predict-answer"
CONTROLS = "button, input, select, summary"
# What Tab comes to: its place among the widgets' controls, its name, and whether a reader sees that it is there.
LISTEN = """
const [widgets, controls] = arguments;
const inside = [...document.querySelectorAll(widgets)].flatMap((w) => [...w.querySelectorAll(controls)]);
const there = (e) => e.checkVisibility() && !e.disabled && (e.type !== "radio" || e === e.form?.querySelector("[type=radio]"));
window.expected = [...new Set(inside)].filter(there);
window.reached = new Set();
window.unseen = [];
document.addEventListener("focusin", ({ target }) => {
  if (!expected.includes(target)) return;
  reached.add(target);
  const shows = [target, target.closest("label")].some((e) => {
    const style = e && getComputedStyle(e);
    return style && (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 || style.boxShadow !== "none");
  });
  if (!shows) unseen.push(target.outerHTML.slice(0, 120));
});
expected[0]?.focus({ focusVisible: true });
return expected.length;
"""
MISSED = "return [expected.filter((e) => !reached.has(e)).map((e) => e.outerHTML.slice(0, 120)), unseen];"
SMALL = """
const [widgets, controls] = arguments;
const found = [...document.querySelectorAll(widgets)].flatMap((w) => [...w.querySelectorAll(controls)]);
return [...new Set(found)].filter((e) => e.checkVisibility()).flatMap((e) => {
  const box = (e.closest("label") ?? e).getBoundingClientRect();
  return box.height < 24 || box.width < 24 ? [`${Math.round(box.width)} x ${Math.round(box.height)} ${e.outerHTML.slice(0, 100)}`] : [];
});
"""


def pages():
    """The pages with something to act on, as the built site has them."""
    for file in sorted((HTML / "book").rglob("*.html")):
        text = file.read_text(encoding="utf-8")
        if 'class="predict"' in text or "-settings" in text or "solve-data" in text:
            yield file.relative_to(HTML).as_posix()


def press(driver, key, code):
    for kind in ("keyDown", "keyUp"):
        event = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
        driver.execute_cdp_cmd("Input.dispatchKeyEvent", event)


@pytest.mark.nightly
def test_every_control_is_reached_by_tab_and_seen_there(site, driver):
    found, count = {}, 0
    resize(driver, 1280)
    for name in pages():
        driver.get(site + name)
        expected = driver.execute_script(LISTEN, WIDGETS, CONTROLS)
        count += expected
        for _ in range(12 * expected + 60):
            press(driver, "Tab", 9)
            if not driver.execute_script("return reached.size < expected.length"):
                break
        missed, unseen = driver.execute_script(MISSED)
        if missed or unseen:
            found[name] = missed, unseen
    assert found == {}, found
    assert count > 300


@pytest.mark.nightly
def test_every_control_is_large_enough_for_a_finger(site, driver):
    """24 CSS pixels, as WCAG 2.2 asks for; test_playground and test_explore ask for 44 of sliders."""
    found = {}
    try:
        driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
        resize(driver, 380)
        for name in pages():
            driver.get(site + name)
            if small := driver.execute_script(SMALL, WIDGETS, CONTROLS):
                found[name] = small
    finally:
        driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
        resize(driver, 1280)
    assert found == {}, found


@pytest.mark.nightly
def test_without_javascript_every_widget_has_a_figure_or_words(site, driver):
    found, count = {}, 0
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        for name in pages():
            driver.get(site + name)
            figures = driver.find_elements(By.CSS_SELECTOR, "figure.playground img")
            answers = driver.find_elements(By.CSS_SELECTOR, ".predict-answer > summary")
            boxes = driver.find_elements(By.CSS_SELECTOR, ".solve")
            count += len(figures) + len(answers)
            if not all(e.is_displayed() for e in [*figures, *answers, *boxes]):
                found[name] = "hidden"
            if not all(e.text.strip() for e in boxes):
                found[name] = "an exercise without words"
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert found == {}, found
    assert count > 30
