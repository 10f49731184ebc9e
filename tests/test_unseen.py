"""What is far from the screen costs nothing when a page opens, and is there when it is needed."""

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import launch, resize, settle
from tests.test_site import HTML
from tests.test_site import driver as driver  # a browser
from tests.test_site import site as site  # builds it

pytestmark = pytest.mark.timeout(2400)  # seconds; the first test waits for the build

PAGES = ("index", "optimization/index", "optimization/adam", "optimization/real-networks")
MOST = 7000  # boxes in the first layout; the page of Adam has 17,600 as a whole
SECTION = "arguments[0].closest('article > section > section')"
WIDE = """
return [...document.querySelectorAll("main :is(pre, .katex-display, .pst-scrollable-table-container, p .katex)")]
  .filter((e) => e.checkVisibility() && e.clientWidth && e.scrollWidth > e.clientWidth)
  .map((e) => [e.tabIndex, e.textContent.slice(0, 40)]);
"""


def open_page(driver, address):
    driver.get("about:blank")  # nothing of another page is counted
    driver.get(address)
    settle(driver)


def laid_out(driver):
    """How many boxes the browser has made of the page so far."""
    found = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(each["value"] for each in found if each["name"] == "LayoutObjects")


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_a_page_opens_with_what_is_near_the_screen(every, site):
    names = [p.relative_to(HTML / "book").with_suffix("") for p in (HTML / "book").rglob("*.html")]
    with launch(412, 823) as driver:
        driver.execute_cdp_cmd("Performance.enable", {})
        found = {}
        for name in names if every else PAGES:
            open_page(driver, f"{site}book/{name}.html")
            found[str(name)] = laid_out(driver)
    assert {name: boxes for name, boxes in found.items() if not 200 < boxes < MOST} == {}


def test_what_scrolls_is_reached_from_the_keyboard(site, driver):
    resize(driver, 320)
    open_page(driver, f"{site}book/optimization/adam.html")
    ActionChains(driver).send_keys(Keys.TAB).perform()
    wide = driver.execute_script(WIDE)
    assert len(wide) > 3 and [text for at, text in wide if at != 0] == []
    resize(driver, 1280)


def test_what_scrolls_is_reached_once_it_has_been_seen(site, driver):
    resize(driver, 320)
    open_page(driver, f"{site}book/optimization/adam.html")
    box = "[...document.querySelectorAll('main section section .katex-display')].at(-1)"
    before = driver.execute_script(f"return {box}.hasAttribute('tabindex')")
    driver.execute_script(f"{box}.style.width = '3rem'; {box}.scrollIntoView({{block: 'center'}})")
    settle(driver)
    settle(driver)
    assert not before and driver.execute_script(f"return {box}.tabIndex") == 0
    resize(driver, 1280)


def test_a_link_leads_to_a_section_far_below(site, driver):
    open_page(driver, f"{site}book/optimization/adam.html")
    far = driver.execute_script(
        "return [...document.querySelectorAll('article > section > section')].at(-2).id"
    )
    open_page(driver, f"{site}book/optimization/adam.html#{far}")
    top = driver.execute_script(
        "return document.getElementById(arguments[0]).getBoundingClientRect().top", far
    )
    assert 0 <= top < 200


@pytest.mark.parametrize("width", [380, 1280])
def test_a_page_that_is_loaded_again_opens_where_it_was_left(width, site, driver):
    resize(driver, width)
    open_page(driver, f"{site}book/optimization/momentum.html")
    far = "[...document.querySelectorAll('article > section > section')].at(-2)"
    driver.execute_script(f"{far}.scrollIntoView({{behavior: 'instant'}})")
    settle(driver)
    top = f"return {far}.getBoundingClientRect().top"
    before = driver.execute_script(top)
    driver.refresh()
    settle(driver)
    WebDriverWait(driver, 10).until(lambda d: abs(d.execute_script(top) - before) < 2)
    settle(driver)
    assert driver.execute_script(top) == pytest.approx(before, abs=2)
    resize(driver, 1280)


def test_a_term_s_card_lies_at_the_screen_s_edge(site, driver):
    """Nothing is fixed to the screen in a section that may be left out."""
    open_page(driver, f"{site}book/optimization/adam.html")
    [term] = driver.find_elements(By.CSS_SELECTOR, "article > section > section a.term")[-1:]
    look = f"return getComputedStyle({SECTION}).contentVisibility"
    before = driver.execute_script(look, term)
    driver.execute_script("arguments[0].focus({focusVisible: true})", term)
    assert (before, driver.execute_script(look, term)) == ("auto", "visible")
