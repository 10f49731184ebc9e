"""The optimizer playground: its numbers against lab and torch, and its use in a real browser."""

import math
import re
from pathlib import Path
from urllib.parse import quote

import matplotlib as mpl
import numpy as np
import pytest
import torch
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from book.extensions import playground
from lab import plots
from tests.browser import build_site, errors, resize, settle

SURFACES = list(playground.SURFACES)
RULES = list(playground.RULES)
ALT = "Three paths on a narrow bowl."
PAGE = f"""# A page

```{{playground}}
:surface: bowl
:kappa: 30
:rules: sgd momentum adam
:lr: sgd=0.02 momentum=0.02 adam=0.1
:name: fig-first
:alt: {ALT}

Which rate brings **SGD** to the star?
```

```{{playground}}
:surface: curved-valley
:lr: 0.01
:steps: 60
:predict:
:alt: Six paths along a bent valley.

Is one rate for all fair? See {{numref}}`fig-first`.
```
"""


def build(folder, page):
    """Build a book of two pages with Sphinx, warnings as errors; returns the folder of the site."""
    source = folder / "source"
    source.mkdir()
    (source / "index.md").write_text(page, encoding="utf-8")
    (source / "plain.md").write_text("---\norphan: true\n---\n# Nothing to play with\n")
    return build_site(source, folder, "book.extensions.playground", numfig=True, nitpicky=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build(tmp_path_factory.mktemp("playground"), PAGE)


@pytest.fixture
def page(browser, site):
    """The page, freshly opened from its file; afterwards the console holds no error."""
    resize(browser, 1280)
    browser.get((site / "index.html").as_uri())
    browser.get_log("browser")
    settle(browser)
    yield browser
    assert errors(browser) == []


def find(driver, selector):
    return driver.find_element(By.CSS_SELECTOR, selector)


def cells(driver, rule, figure="#fig-first"):
    """One row of the results: (learning rate, steps to target, loss)."""
    row = find(driver, f"{figure} tbody tr:nth-child({RULES.index(rule) + 1})")
    return [td.text for td in row.find_elements(By.TAG_NAME, "td")]


def start(driver):
    """The start point, as the handle tells it to a screen reader."""
    label = find(driver, "#fig-first .pg-start").get_attribute("aria-label").replace("−", "-")
    return tuple(map(float, re.fullmatch(r"Start point, w1 (\S+), w2 (\S+)", label).groups()))


def status(driver, words, figure="#fig-first"):
    """Wait until the status line of a playground has these words."""
    line = find(driver, f"{figure} [role=status]")
    WebDriverWait(driver, 10).until(lambda _: words in line.text, f"{words!r} in {line.text!r}")


# ---- The numbers ----


def settings(surface, **options):
    return playground.read_settings({"surface": surface, **{k: str(v) for k, v in options.items()}})


def torch_path(made, rule, lr, start, steps):
    """The path of torch.optim's own rule on a surface of lab, in float64."""
    make = {
        "sgd": torch.optim.SGD,
        "momentum": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
        "nesterov": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True),
        "adagrad": torch.optim.Adagrad,
        "rmsprop": torch.optim.RMSprop,
        "adam": torch.optim.Adam,
    }
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = make[rule]([w], lr=lr)
    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        w.grad = torch.tensor(np.ascontiguousarray(made.grad(w.detach().numpy())))
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize("surface", SURFACES)
def test_update_rules_equal_torch(page, surface):
    made = playground.SURFACES[surface](settings(surface, kappa=30, angle=20))
    begin = list(made.start)
    for rule in RULES:
        lr = 0.004 if rule in ("sgd", "momentum", "nesterov") else 0.05
        options = {"lr": lr, "kappa": 30, "angle": 20, "steps": 200, "start": begin}
        ours = page.execute_script(
            "return Playground.descend(...arguments)", surface, rule, options
        )
        theirs = torch_path(made, rule, lr, begin, 200)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9, err_msg=f"{surface} {rule}")


@pytest.mark.parametrize("surface", SURFACES)
def test_surfaces_equal_those_of_lab(page, surface):
    options = {"kappa": 47, "angle": 25}
    theirs = playground.SURFACES[surface](settings(surface, **options))
    points = np.random.default_rng(0).uniform(-3, 3, (50, 2))
    ours = page.execute_script(
        """const [id, options, points] = arguments, s = Playground.surface(id, options);
        return [points.map((p) => s.f(...p)), points.map((p) => s.grad(...p)),
                s.start, s.extent, s.minima]""",
        surface,
        options,
        points.tolist(),
    )
    near = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(ours[0], theirs.f(points), **near)
    np.testing.assert_allclose(ours[1], theirs.grad(points), **near)
    np.testing.assert_allclose(ours[2], theirs.start, **near)
    np.testing.assert_allclose(ours[3], theirs.extent)
    ours, theirs = sorted(ours[4]), sorted(map(list, theirs.minima))
    np.testing.assert_allclose(ours, theirs, **near)


@pytest.mark.parametrize("surface", SURFACES)
def test_the_figure_and_the_widget_choose_the_same_rates(page, surface):
    chosen = settings(surface)
    ours = page.execute_script(
        "const [id, o] = arguments;"
        "return Object.keys(Playground.RULES).map((rule) => [rule, Playground.tune(id, rule, o)])",
        surface,
        chosen,
    )
    assert dict(ours) == playground.rates(chosen)


def test_noise_is_normal_and_repeats_with_its_seed(page):
    script = """const [seed] = arguments, flat = { f: () => 0, grad: () => [0, 0], start: [0, 0] };
        return Playground.descend(flat, "sgd", { lr: 1, noise: 2, steps: 20000, seed })"""
    first, again, other = (np.diff(page.execute_script(script, seed), axis=0) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    np.testing.assert_allclose(first.mean(0), 0, atol=0.06)
    np.testing.assert_allclose(first.std(0), 2, atol=0.05)
    assert abs(np.corrcoef(first.T)[0, 1]) < 0.03


def test_the_widget_goes_by_the_figures_numbers_and_looks(page):
    rules, order, defaults, rates = page.execute_script(
        "const { RULES, DEFAULTS, RATES } = Playground;"
        "return [RULES, Object.keys(RULES), DEFAULTS, RATES]"
    )
    shared = playground.shared()
    assert rules == shared["rules"] and order == RULES
    assert rates == shared["rates"] and defaults == {"lr": 0.05, **shared["defaults"]}
    script = Path(playground.__file__).parents[1] / "assets" / "playground" / "playground.js"
    held = script.read_text(encoding="utf-8")  # it has none of its own
    for rule, look in rules.items():
        assert look["color"] == plots.STYLES[rule]["color"]
        assert look["color"] not in held and f'"{look["name"]}"' not in held, rule
    assert rules["sgd"]["dash"] == [] and rules["adagrad"]["dash"] == [5, 1]
    assert rules["momentum"]["dash"] == mpl.rcParamsDefault["lines.dashed_pattern"]


# ---- Its use ----


def test_two_playgrounds_open_with_their_own_settings(page):
    assert len(page.find_elements(By.CSS_SELECTOR, ".pg")) == 2
    assert cells(page, "sgd")[0] == "0.02"
    assert cells(page, "nesterov")[1:] == ["", ""]
    made = playground.SURFACES["bowl"](settings("bowl", kappa=30))
    path = torch_path(made, "sgd", 0.02, list(made.start), 150)
    assert float(cells(page, "sgd")[2].replace("−", "-")) == pytest.approx(
        made.f(path[-1]), rel=6e-3
    )
    assert not find(page, "#fig-first img").is_displayed()
    status(page, "First at the target:")


def test_it_works_with_the_keyboard_alone(page):
    """Tab from control to control; no pointer."""
    page.execute_script("document.querySelector('#fig-first select').focus()")
    names = []
    for _ in range(40):
        element = page.switch_to.active_element
        names.append(element.accessible_name)
        if element.accessible_name.startswith("Start point"):
            before = start(page)
            element.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
            settle(page)
            after = start(page)
            assert after[0] > before[0] and after[1] < before[1]
            before = cells(page, "sgd")
        elif element.accessible_name == "SGD: learning rate":
            element.send_keys(Keys.ARROW_RIGHT)
            settle(page)
            assert cells(page, "sgd")[0] == "0.025"
            assert cells(page, "sgd")[1] != before[1]
            assert element.get_attribute("aria-valuetext") == "0.025"
            element.send_keys(Keys.END)
            settle(page)
            assert re.fullmatch(r"diverged at step \d+", cells(page, "sgd")[1])
        elif element.accessible_name == "Nesterov":
            element.send_keys(Keys.SPACE)
            settle(page)
            assert all(cells(page, "nesterov"))
        elif element.accessible_name == "Run for":
            break
        ActionChains(page).send_keys(Keys.TAB).perform()
    assert all(names), names
    for name in ("Play", "Step", "Reset", "One rate for all", "Tune each", "Condition κ"):
        assert name in names
    assert "Turn" not in names and "RMSProp decay" not in names  # nothing uses them here
    status(page, "Diverged: SGD.")


def test_the_start_can_be_dragged(page):
    handle = find(page, "#fig-first .pg-start")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    before = start(page)
    ActionChains(page).drag_and_drop_by_offset(handle, 60, 40).perform()
    settle(page)
    after = start(page)
    assert after[0] > before[0] + 0.3 and after[1] < before[1] - 0.2
    width = find(page, "#fig-first .pg-map").size["width"]
    assert after[0] - before[0] == pytest.approx(60 * 9.6 / width, abs=0.05)


def test_surface_rates_and_reset(page):
    figure = find(page, "#fig-first")
    find(figure, "select").send_keys("Turned")
    settle(page)
    assert find(figure, "[aria-label=Turn]").is_displayed()
    tuned = playground.rates(settings("turned-bowl", kappa=30))
    on = ["sgd", "momentum", "adam"]
    assert [float(cells(page, rule)[0]) for rule in on] == [tuned[rule] for rule in on]
    assert {cells(page, rule)[0] for rule in RULES if rule not in on} == {""}  # nobody asked yet
    figure.find_element(By.XPATH, ".//tbody//label[contains(., 'RMSProp')]").click()
    settle(page)
    assert float(cells(page, "rmsprop")[0]) == tuned["rmsprop"]
    figure.find_element(By.XPATH, ".//label[contains(., 'One rate')]").click()
    settle(page)
    assert {cells(page, rule)[0] for rule in RULES} == {cells(page, "sgd")[0]}
    for name in ("Nesterov", "AdaGrad"):
        figure.find_element(By.XPATH, f".//tbody//label[contains(., '{name}')]").click()
    figure.find_element(By.XPATH, ".//button[.='Tune each']").click()
    settle(page)
    assert len({cells(page, rule)[0] for rule in RULES}) > 2
    figure.find_element(By.XPATH, ".//button[.='Reset']").click()
    settle(page)
    assert find(figure, "select").get_attribute("value") == "bowl"
    assert [cells(page, rule)[0] for rule in ("sgd", "adam")] == ["0.02", "0.1"]


SECOND = "figure.playground:last-of-type"


def test_a_prediction_comes_first_and_play_runs_to_the_end(page):
    figure = page.find_elements(By.CSS_SELECTOR, "figure.playground")[1]
    status(page, "Choose your prediction", SECOND)
    assert cells(page, "sgd", SECOND)[1] == "…"
    assert find(figure, ".pg-scrub .pg-out").text == "step 0 of 60"
    figure.find_element(By.XPATH, ".//fieldset/label[contains(., 'Adam')]").click()
    figure.find_element(By.XPATH, ".//button[.='Step']").click()
    settle(page)
    assert find(figure, ".pg-scrub .pg-out").text == "step 1 of 60"
    find(figure, ".pg-play").click()
    assert find(figure, ".pg-play").text == "Pause"
    status(page, "You predicted Adam. ", SECOND)
    assert find(figure, ".pg-scrub .pg-out").text == "step 60 of 60"
    assert find(figure, ".pg-play").text == "Play"


def test_the_chart_is_as_tall_as_the_map_in_a_smaller_window_too(page):
    for width in (1280, 900, 700, 1000):
        resize(page, width)
        settle(page)
        settle(page)
        map, chart = (
            find(page, f"#fig-first {s}").size["height"] for s in (".pg-map", ".pg-views > canvas")
        )
        assert abs(map - chart) <= 1, width


def test_reduced_motion_draws_the_whole_path_at_once(page):
    reduce = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": reduce})
    try:
        find(page, "#fig-first .pg-play").click()
        settle(page)
        assert find(page, "#fig-first .pg-scrub .pg-out").text == "step 150 of 150"
        assert find(page, "#fig-first .pg-play").text == "Play"
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("width", [390, 768, 1400])
def test_nothing_is_wider_than_the_page(page, width):
    resize(page, width)
    settle(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    for figure in page.find_elements(By.CSS_SELECTOR, ".pg"):
        assert page.execute_script(
            "return arguments[0].scrollWidth <= arguments[0].clientWidth", figure
        )


def test_without_script_and_on_paper_there_is_a_figure(page, site):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert find(page, "#fig-first img").is_displayed()
        assert not find(page, ".pg").is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.get((site / "index.html").as_uri())
        image = find(page, "#fig-first img")
        assert image.is_displayed() and image.get_dom_attribute("alt") == ALT
        assert int(image.get_property("naturalWidth")) > 600
        assert "Which rate brings SGD" in find(page, "#fig-first figcaption").text
        assert page.find_elements(By.CSS_SELECTOR, ".pg") == []
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


CHANGES = """
const live = [...document.querySelectorAll("#fig-first :is([role=status], [aria-live], output)")];
window.heard = [];
new MutationObserver((list) => list.forEach((m) => heard.push(m.target.textContent))).observe(
  document.querySelector("#fig-first"), { subtree: true, childList: true, characterData: true });
window.said = [];
for (const node of live)
  new MutationObserver(() => said.push(node.textContent)).observe(
    node, { subtree: true, childList: true, characterData: true });
"""


def test_one_play_is_announced_once(page):
    status(page, "First at the target:")
    page.execute_script(CHANGES)
    find(page, "#fig-first .pg-play").click()
    WebDriverWait(page, 15).until(lambda _: find(page, "#fig-first .pg-play").text == "Play")
    page.execute_async_script("setTimeout(arguments[0], 700)")
    assert page.execute_script("return heard.length") > 100, "nothing moved"
    said = page.execute_script("return said")
    assert len(said) <= 1, said


@pytest.mark.nightly
def test_a_notch_is_announced_once(page):
    status(page, "First at the target:")
    page.execute_script(CHANGES)
    find(page, "#fig-first [aria-label='SGD: learning rate']").send_keys(*[Keys.END] * 3)
    status(page, "Diverged: SGD.")
    assert len(page.execute_script("return said")) == 1


WIDTHS = """
return [...document.querySelectorAll(".pg input[type=range]")].filter((e) => e.offsetParent).map((e) =>
  [e.ariaLabel, e.clientHeight, (e.clientWidth - 16) / ((e.max - e.min) / (e.step || 1))]);
"""


def test_sliders_can_be_moved_by_a_finger(page):
    resize(page, 380)
    settle(page)
    found = page.execute_script(WIDTHS)
    assert len(found) > 15
    assert [f for f in found if f[1] < 44 or f[2] < 4] == []


def test_a_link_restores_what_was_set(page, site):
    find(page, "#fig-first select").send_keys("Saddle")
    find(page, "#fig-first [aria-label='SGD: learning rate']").send_keys(Keys.HOME)
    find(page, "#fig-first [aria-label='Run for']").send_keys(Keys.HOME)
    settle(page)
    before = [cells(page, rule) for rule in RULES]
    find(page, "#fig-first").find_element(By.XPATH, ".//button[.='Link to this']").click()
    WebDriverWait(page, 5).until(lambda d: "playground-1" in d.current_url)
    address = page.current_url
    page.get((site / "index.html").as_uri())
    page.get(address)
    settle(page)
    assert find(page, "#fig-first select").get_attribute("value") == "saddle"
    assert [cells(page, rule) for rule in RULES] == before
    assert find(page, "#fig-first .pg-scrub .pg-out").text == "step 10 of 10"


@pytest.mark.nightly
@pytest.mark.parametrize("state", ["nonsense", '{"surface":"__proto__","kappa":1e9,"rules":"x"}'])
def test_a_broken_link_changes_nothing(page, site, state):
    page.get(f"{(site / 'index.html').as_uri()}?playground-1={quote(state)}")
    settle(page)
    assert find(page, "#fig-first select").get_attribute("value") == "bowl"
    assert cells(page, "sgd")[0] == "0.02"


# ---- The directive ----


def test_only_pages_with_a_playground_get_its_files(site):
    html = (site / "index.html").read_text(encoding="utf-8")
    assert html.count("playground/playground.js") == 1
    assert html.count("playground/playground.css") == 1
    assert "playground.js" not in (site / "plain.html").read_text(encoding="utf-8")


def test_defaults_and_rates():
    chosen = settings("saddle", lr="sgd=0.1", rules="adam sgd", start="1.5 0")
    assert chosen["rules"] == ["adam", "sgd"] and chosen["start"] == [1.5, 0]
    assert playground.rates(chosen)["sgd"] == 0.1
    assert playground.rates(settings("bowl", lr=0.05)) == dict.fromkeys(RULES, 0.05)
    made = playground.SURFACES["turned-bowl"](settings("turned-bowl", angle=90))
    assert made.start == pytest.approx((-1, -4)) and math.isclose(made.f(np.array([1.0, 0])), 50)


WRONG = {
    "needs a surface; known: bowl, turned-bowl, saddle, two-valleys, curved-valley": {},
    "unknown surface 'valley'; known: bowl, turned-bowl, saddle, two-valleys, curved-valley": {
        "surface": "valley"
    },
    "unknown rule 'sdg'; known: sgd, momentum, nesterov, adagrad, rmsprop, adam": {
        "surface": "bowl",
        "rules": "sdg adam",
    },
    "unknown rule 'adm'": {"surface": "bowl", "lr": "adm=0.1"},
    "lr of sgd must be a number from 0.0001 to 10, not 'fast'": {
        "surface": "bowl",
        "lr": "sgd=fast",
    },
    "kappa must be a number from 1 to 1000, not '0'": {"surface": "bowl", "kappa": "0"},
    "steps must be a whole number from 10 to 500, not '99.5'": {"surface": "bowl", "steps": "99.5"},
    "start must be two numbers, not '1'": {"surface": "bowl", "start": "1"},
}


@pytest.mark.parametrize("message", WRONG)
def test_bad_options_are_named(message):
    with pytest.raises(ValueError, match=re.escape(message)):
        playground.read_settings(WRONG[message])


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        (":surface: hill\n:alt: A hill.\n\nWhy?", "unknown surface 'hill'; known: bowl, "),
        (":surface: bowl\n\nWhy?", "needs alternative text"),
        (":surface: bowl\n:alt: A bowl.", "needs a caption"),
    ],
)
def test_a_bad_directive_ends_the_build(tmp_path, directive, message):
    text = f"# A page\n\n```{{playground}}\n{directive}\n```\n"
    with pytest.raises(playground.PlaygroundError, match=r"index\.md:3: .*" + re.escape(message)):
        build(tmp_path, text)
