"""The home page's six panels: their counts against lab's, and their use in a real browser."""

import time

import numpy as np
import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from book.extensions import hero, playground
from tests.browser import build_site, errors, resize

PAGE = "# Home\n\n```{hero}\n:alt: Six panels.\n\nWhich would you bet on?\n```\n"
REDUCED = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hero")
    (folder / "source").mkdir()
    (folder / "source" / "index.md").write_text(PAGE)
    return build_site(folder / "source", folder, "book.extensions.hero")


@pytest.fixture
def page(browser, site):
    resize(browser, 1280)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get((site / "index.html").as_uri())
    yield browser
    assert errors(browser) == []


def words(driver):
    return [p.text for p in driver.find_elements(By.CSS_SELECTOR, ".hero-words")]


def counts(rates):
    """What lab counts at these rates, as the panels say it."""
    return [
        f"{name}: {hero.crowd(rule, np.array([rates[rule]]))[1][0]} of 60 arrive"
        for rule, (_, name, _) in playground.RULES.items()
    ]


def test_the_paths_are_those_of_lab(page):
    rates = hero.best_rates()
    for rule, rate in rates.items():
        ours = page.execute_script(
            "const [rule, rate] = arguments;"
            "return Hero.crowd(rule, { steps: 100, count: 60 }, rate).map((p) => p.slice(0, 40))",
            rule,
            rate,
        )
        paths, _ = hero.crowd(rule, np.array([rate]))
        theirs = np.moveaxis(paths[:40, 0], 1, 0)
        ours = np.array(ours, dtype=float)  # what has left for good comes as None
        near = np.abs(theirs).max(axis=(1, 2)) < 50  # one that leaves for good grows its rounding
        assert near.sum() > 30, rule
        np.testing.assert_allclose(ours[near], theirs[near], rtol=0, atol=1e-9)


@pytest.mark.nightly
def test_it_plays_once_and_says_who_arrived(page):
    assert not page.find_element(By.CSS_SELECTOR, "figure img").is_displayed()
    play = page.find_element(By.CSS_SELECTOR, ".pg-play")
    WebDriverWait(page, 10).until(lambda _: play.text == "Pause")
    WebDriverWait(page, 2, 0.02).until(lambda _: all("…" in text for text in words(page)))
    status = page.find_element(By.CSS_SELECTOR, "[role=status]")
    WebDriverWait(page, 20).until(lambda _: "of 60 arrive" in status.text)
    assert words(page) == counts(hero.best_rates())
    assert play.text == "Play"


MOVING = """
const [done] = arguments, canvas = document.querySelector(".hero canvas"), seen = new Set();
const play = document.querySelector(".hero .pg-play");
const look = () => {
  seen.add(canvas.toDataURL());
  if (play.textContent === "Pause" && seen.size < 10) requestAnimationFrame(look); else done(seen.size);
};
if (play.textContent === "Play") play.click();
requestAnimationFrame(look);
"""


@pytest.mark.nightly
def test_the_paths_grow_while_it_plays(page):
    page.execute_script(
        "arguments[0].scrollIntoView()", page.find_element(By.CSS_SELECTOR, ".hero")
    )
    assert page.execute_async_script(MOVING) >= 10


def test_the_keyboard_changes_all_rates(page):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", REDUCED)
    page.refresh()
    slider = page.find_element(By.CSS_SELECTOR, ".hero input[type=range]")
    slider.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    expected = counts({rule: 2 * rate for rule, rate in hero.best_rates().items()})
    WebDriverWait(page, 10).until(lambda _: words(page) == expected)
    assert slider.get_attribute("aria-valuetext") == "2 × the best rates"


SIZES = """
return [...document.querySelectorAll(".hero canvas")].map((c) => `${c.clientWidth} x ${c.clientHeight}`)
"""
COUNT = """
window.made = 0;
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (...a) { window.made++; put.apply(this, a); };
"""


def test_panels_that_rounding_makes_unlike_share_their_terrain(page):
    """Else each would have its own made when it is drawn, and all be drawn again for that, for ever."""
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", REDUCED)
    page.refresh()
    page.execute_script(COUNT)
    for width in range(400, 1200):
        resize(page, width)
        if len(set(page.execute_script(SIZES))) > 1:
            break
    else:
        pytest.fail("panels are alike at every width")
    time.sleep(1)  # until the terrain for this width has been made
    page.execute_script("window.made = 0")
    time.sleep(1)
    assert page.execute_script("return window.made") == 0


@pytest.mark.nightly
def test_it_fits_a_phone_and_paper(page):
    resize(page, 320)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 320
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.find_element(By.CSS_SELECTOR, "figure img").is_displayed()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
