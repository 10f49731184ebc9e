"""The explorables: their numbers against NumPy and lab, and their use in a real browser."""

from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from book.extensions import explore, playground
from lab import rules, search
from lab.descent import descend, steps_to_reach
from lab.experiments import landscape
from tests.browser import ALSO, build_site, errors, resize, set_theme, settle

KINDS = list(explore.KINDS)
ASSETS = Path(explore.__file__).parents[1] / "assets"
TIGHT = {"rtol": 0, "atol": 1e-9}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    (folder / "source").mkdir()
    boxes = [
        f"```{{explore}} {k}\n:name: fig-{k}\n:alt: A figure.\n\nWhat now?\n```" for k in KINDS
    ]
    (folder / "source" / "index.md").write_text("# A page\n\n" + "\n\n".join(boxes) + "\n")
    return build_site(folder / "source", folder, "book.extensions.explore", numfig=True)


@pytest.fixture
def page(browser, site):
    resize(browser, 1280)
    browser.get((site / "index.html").as_uri())
    browser.get_log("browser")
    yield browser
    assert errors(browser) == []


def call(page, function, *arguments):
    return page.execute_script(f"return Explore.{function}(...arguments)", *arguments)


def test_momentum_moves_as_lab_s_does(page):
    grid = [(a, rho) for a in (0.02, 0.1, 0.5, 1.0, 2.5) for rho in (0.0, 0.3, 0.52, 0.9)]
    for rate, rho in grid:
        theirs = descend(lambda w: w, [1.0], rules.momentum, 60, rate, rho=rho)[:, 0]
        scale = max(1.0, np.abs(theirs).max())  # one that diverges grows its rounding
        ours = np.array(call(page, "momentumPlane.path", rate, rho))
        np.testing.assert_allclose(ours / scale, theirs / scale, **TIGHT)
        matrix = [[1 + rho - rate, -rho], [1, 0]]
        radius = np.abs(np.linalg.eigvals(matrix)).max()
        found = call(page, "momentumPlane.radius", rate, rho)
        assert found == pytest.approx(radius, abs=1e-7)  # a double root has half the digits
        long = descend(lambda w: w, [1.0], rules.momentum, 2000, rate, rho=rho)[:, 0]
        steps = steps_to_reach(np.nan_to_num(np.abs(long), nan=np.inf), 0.01)
        assert (call(page, "momentumPlane.reached", rate, rho) or np.inf) == (
            np.inf if np.isnan(steps) else steps
        )


def test_the_two_factors_are_those_of_a_bowl(page):
    for rate, kappa in [(0.01, 10), (0.1, 10), (2 / 11, 10), (0.015, 100)]:
        ours = call(page, "twoFactors.factors", rate, kappa)
        one_step = descend(
            lambda w, k=kappa: w * np.array([1, k]), [1.0, 1.0], rules.sgd, 500, rate
        )
        np.testing.assert_allclose(ours, one_step[1], **TIGHT)
        steps = steps_to_reach(np.abs(one_step).max(-1), 0.01)
        assert call(page, "twoFactors.reached", rate, kappa) == steps
    assert call(page, "twoFactors.tie", 30) == pytest.approx(2 / 31, abs=1e-12)
    assert call(page, "twoFactors.reached", 0.2, 10) is None  # Infinity: it does not shrink


@pytest.mark.parametrize("corrected", [False, True])
def test_the_step_lengths_are_lab_s(page, corrected):
    rule = rules.adam if corrected else rules.almost_adam
    for betas in [(0.9, 0.999), (0.0, 0.5), (0.99, 0.9)]:
        path = descend(np.ones_like, [0.0], rule, 100, 1.0, beta1=betas[0], beta2=betas[1], eps=0.0)
        ours = call(page, "adamHundred.lengths", *betas, corrected)
        np.testing.assert_allclose(ours, -np.diff(path[:, 0]), **TIGHT)


@pytest.mark.nightly
def test_masks_keep_their_share_and_average_out(page):
    terms = np.array(page.execute_script("return Explore.dropoutMasks.TERMS"))
    np.testing.assert_array_equal(terms, explore.TERMS)
    for keep in (0.2, 0.5, 0.85):
        masks = np.array(call(page, "dropoutMasks.masks", keep, 2000, 3))
        assert set(np.unique(masks)) == {0, 1}
        spread = 5 * np.sqrt(keep * (1 - keep) / masks.size)
        assert abs(masks.mean() - keep) < spread
        assert np.abs(np.corrcoef(masks.T) - np.eye(12)).max() < 0.12
        ours = page.execute_script(
            "const d = Explore.dropoutMasks, z = d.inputs(arguments[0], arguments[1]);"
            "return [z, d.running(z)]",
            masks.tolist(),
            keep,
        )
        z = (masks * terms / keep).sum(1)
        np.testing.assert_allclose(ours[0], z, **TIGHT)
        np.testing.assert_allclose(ours[1], z.cumsum() / np.arange(1, 2001), **TIGHT)


def mean_losses(rate, when, factor):
    """The mean loss on a bowl with curvatures 1 and 10 under unit noise, from the exact recursion."""
    second, curvature = np.diag([16.0, 1.0]), np.array([1.0, 10.0])
    found = []
    for t in range(301):
        found.append(float(np.trace(np.diag(curvature) @ second)) / 2)
        lr = rate if t < when else rate * factor
        shrink = np.diag(1 - lr * curvature)
        second = shrink @ second @ shrink + lr**2 * np.eye(2)
    return found


def test_the_floor_is_that_of_the_recursion_and_of_lab_s_runs(page):
    for rate, when, factor in [(0.1, 300, 0.1), (0.1, 150, 0.1), (0.04, 0, 0.5)]:
        state = {"rate": rate, "when": when, "factor": factor}
        ours = call(page, "scheduleFloor.run", state)
        np.testing.assert_allclose(ours, mean_losses(rate, when, factor), **TIGHT)
    bowl = np.array([1.0, 10.0])
    starts = np.tile([4.0, 1.0], (4000, 1))
    lr = lambda t: 0.1 if t < 150 else 0.01  # noqa: E731
    runs = descend(lambda w: w * bowl, starts, rules.sgd, 300, lr, noise=1.0, seed=0)
    measured = (bowl * runs[-1] ** 2).sum(-1) / 2
    exact = call(page, "scheduleFloor.run", {"rate": 0.1, "when": 150, "factor": 0.1})[-1]
    assert abs(measured.mean() - exact) < 5 * measured.std() / np.sqrt(4000)
    assert call(page, "scheduleFloor.floor", 0.1) == pytest.approx(
        mean_losses(0.1, 300, 1)[-1], rel=1e-9
    )


def test_the_turned_bowl_s_steps_are_lab_s(page):
    for kappa in (20, 100):
        for rule in ("momentum", "adam"):
            rate = call(page, "turningBowl.upright", rule, kappa)
            assert rate == playground.tune(explore.bowl_settings(0, kappa), rule)
            for angle in (0, 35, 45, 90):
                ours = call(page, "turningBowl.steps", rule, kappa, angle, rate)
                theirs = explore.steps_on_bowl(rule, angle, rate, kappa)
                assert (ours if ours is not None else np.nan) == pytest.approx(theirs, nan_ok=True)


def test_the_ensemble_s_error_is_numpy_s_and_near_the_formula_s(page):
    drawn = np.array(call(page, "growingEnsemble.draws", 3))
    count = drawn.size
    assert abs(drawn.mean()) < 5 / np.sqrt(count)
    assert abs(drawn.var() - 1) < 5 * np.sqrt(2 / count)
    for r in (0.0, 0.35, 1.0):
        errors = np.sqrt(r) * drawn[:, :1] + np.sqrt(1 - r) * drawn[:, 1:]
        means = errors.cumsum(1) / np.arange(1, 21)
        squares = (means**2).mean(0)
        ours = page.execute_script(
            "const g = Explore.growingEnsemble;"
            "return [g.squares(g.errors(arguments[0], arguments[1])),"
            "  Array.from({ length: 20 }, (_, m) => g.formula(arguments[1], m + 1))]",
            drawn.tolist(),
            r,
        )
        np.testing.assert_allclose(ours[0], squares, **TIGHT)
        formula = r + (1 - r) / np.arange(1, 21)
        np.testing.assert_allclose(ours[1], formula, **TIGHT)
        spread = 5 * formula * np.sqrt(2 / len(drawn))
        assert (np.abs(squares - formula) < spread).all()


def test_the_trials_are_read_off_the_measured_landscape(page):
    seen, worth = landscape.landscapes()
    points = search.random_points([[-4, -1], [-4, -1]], 9, np.random.default_rng(1))
    points[0] = [-4, -1]  # the edges count, too
    for kind, theirs in (("validation", seen), ("worth", worth)):
        ours = [call(page, "nineTrials.read", kind, *map(float, point)) for point in points]
        np.testing.assert_allclose(ours, theirs.at(points), **TIGHT)
    chosen = seen.at(points).argmin(0)
    best = worth.scores.reshape(-1, landscape.SEEDS).min(0)
    lost = worth.at(points)[chosen, range(landscape.SEEDS)] - best
    found = call(page, "nineTrials.search", points.tolist())
    assert found["chosen"] == chosen.tolist()
    np.testing.assert_allclose(found["lost"], lost, **TIGHT)
    assert found["loss"] == pytest.approx(lost.mean(), abs=1e-9)


def test_the_same_draw_gives_the_same_masks(page):
    first, again, other = (call(page, "dropoutMasks.masks", 0.5, 50, seed) for seed in (1, 1, 2))
    assert first == again != other


# The key presses that reach each target, by the label of the slider.
SOLUTIONS: dict[str, list[tuple[str, list[str]]]] = {
    "momentum-plane": [("Momentum ρ", [Keys.HOME] + [Keys.ARROW_RIGHT] * 13)],
    "two-factors": [("Rate η", [Keys.ARROW_RIGHT] * 21)],
    "adam-hundred": [("β₂, squares", [Keys.ARROW_LEFT] * 3)],
    "dropout-masks": [("Masks", [Keys.END])],
    "schedule-floor": [("Cut it at step", [Keys.ARROW_LEFT] * 15)],
    "turning-bowl": [("Turn", [Keys.ARROW_RIGHT] * 9)],
    "growing-ensemble": [
        ("Members M", [Keys.ARROW_RIGHT] * 4),
        ("Correlation r", [Keys.ARROW_LEFT] * 7),
    ],
    "nine-trials": [
        ("Trial", [Keys.END]),
        ("Its log₁₀ rate", [Keys.ARROW_LEFT] * 5),
        ("Trial", [Keys.ARROW_LEFT]),
        ("Its log₁₀ rate", [Keys.ARROW_LEFT] * 5),
        ("Its log₁₀ decay", [Keys.ARROW_LEFT] * 3),
    ],
}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=[pytest.mark.nightly] if i else []) for i, k in enumerate(KINDS)],
)
def test_the_target_can_be_reached_from_the_keyboard_and_linked_to(page, site, kind):
    figure = page.find_element(By.ID, f"fig-{kind}")
    status = figure.find_element(By.CSS_SELECTOR, "[role=status]")
    WebDriverWait(page, 5).until(lambda _: status.text)
    assert "Target reached" not in status.text
    for label, keys in SOLUTIONS[kind]:
        figure.find_element(By.CSS_SELECTOR, f"input[aria-label='{label}']").send_keys(*keys)
    WebDriverWait(page, 5).until(lambda _: "Target reached" in status.text, status.text)
    table = figure.find_element(By.TAG_NAME, "table").text
    figure.find_element(By.XPATH, ".//button[.='Link to this']").click()
    WebDriverWait(page, 5).until(lambda d: f"{kind}-1" in d.current_url)
    address = page.current_url
    page.get((site / "index.html").as_uri())
    page.get(address)
    figure = page.find_element(By.ID, f"fig-{kind}")
    WebDriverWait(page, 5).until(lambda _: figure.find_element(By.TAG_NAME, "table").text == table)
    figure.find_element(By.XPATH, ".//button[.='Reset']").click()
    WebDriverWait(page, 5).until(lambda _: figure.find_element(By.TAG_NAME, "table").text != table)


SLIDERS = """
return [...document.querySelectorAll(".pg input[type=range]")].map((e) =>
  [e.ariaLabel, e.clientHeight, (e.clientWidth - 16) / (e.max - e.min)]);
"""


BRIGHTNESS = """
const [done] = arguments, found = [];
(async () => {
  for (const canvas of document.querySelectorAll(".pg canvas")) {
    canvas.scrollIntoView({block: "center"});
    for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const light = new Uint32Array(64);
    for (let i = 0; i < data.length; i += 4) light[(data[i] + data[i + 1] + data[i + 2]) / 12 | 0]++;
    const total = data.length / 4, middle = light.reduce((sum, n, i) => sum + n * i * 4, 0) / total;
    found.push([canvas.closest("figure").id, middle, light.filter((n) => n > total / 2000).length]);
  }
  done(found);
})();
"""


# The words and curves of each canvas, as they are drawn: [figure, words] where a curve runs through words and
# their rim of paper, or words leave their canvas. Grid lines are thinner than curves, and what lies outside of
# the axes is not seen.
RECORD = """
const far = 1e9;
const drawn = (ctx) => (ctx.canvas.drawn ??= { words: [], curves: [], box: [-far, -far, far, far] });
also("fillRect", (ctx, x, y, w, h) => { if (!x && !y && h > 99) delete ctx.canvas.drawn; });
also("beginPath", (ctx) => { ctx.path = []; });
also("moveTo", (ctx, x, y) => ctx.path.push([x, y]));
also("lineTo", (ctx, x, y) => ctx.path.push([x, y]));
also("rect", (ctx, x, y, w, h) => { ctx.last = [x, y, x + w, y + h]; });
also("clip", (ctx) => { drawn(ctx).box = ctx.last; });
also("stroke", (ctx) => { if (ctx.lineWidth === 2) drawn(ctx).curves.push(ctx.path); });
also("fillText", (ctx, words, x, y) => {
  const w = ctx.measureText(words).width, left = x - { left: 0, right: w, center: w / 2 }[ctx.textAlign];
  drawn(ctx).words.push([words, left - 2, y - 11, left + w + 2, y + 3]);
});
"""
CROSSED = """
const faults = [];
let count = 0;
for (const canvas of document.querySelectorAll(".pg-explorable canvas")) {
  const { words, curves, box } = canvas.drawn ?? { words: [], curves: [] }, figure = canvas.closest("figure").id;
  count += words.length;
  for (const [text, ...edges] of words) {
    if (edges[0] < -1 || edges[2] > canvas.clientWidth + 1) faults.push([figure, text, "leaves the canvas"]);
    const [a, b, c, d] = edges.map((edge, i) => (i < 2 ? Math.max : Math.min)(edge, box[i]));
    const inside = ([x, y]) => x > a && x < c && y > b && y < d;
    const through = (path) => path.some((to, i) => {
      const from = path[Math.max(0, i - 1)], n = 1 + Math.ceil(Math.min(9999, Math.hypot(to[0] - from[0], to[1] - from[1])));
      return Array.from({ length: n + 1 }, (_, k) => from.map((v, j) => v + ((to[j] - v) * k) / n)).some(inside);
    });
    if (curves.some(through)) faults.push([figure, text]);
  }
}
return [faults, count];
"""


@pytest.fixture
def recorded(page, site):
    """The page, with what its canvases draw on record."""
    script = page.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": ALSO + RECORD}
    )
    page.get((site / "index.html").as_uri())
    yield page
    page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


@pytest.mark.parametrize("width", [380, pytest.param(1280, marks=pytest.mark.nightly)])
def test_no_curve_runs_through_words(recorded, width):
    resize(recorded, width)
    for reached in (False, True):
        for kind in KINDS:
            figure = recorded.find_element(By.ID, f"fig-{kind}")
            recorded.execute_script("arguments[0].scrollIntoView()", figure)
            for label, keys in SOLUTIONS[kind] if reached else []:
                slider = figure.find_element(By.CSS_SELECTOR, f"input[aria-label='{label}']")
                slider.send_keys(*keys)
            settle(recorded)
        faults, count = recorded.execute_script(CROSSED)
        assert faults == [] and count > 100


def media(page, **features):
    found = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": found})


def test_canvases_have_the_page_s_colors(page):
    """Mean brightness from 0 to 255, and that something is drawn on it."""
    for theme, low, high in (("light", 130, 255), ("dark", 15, 110), ("light", 130, 255)):
        set_theme(page, theme)
        found = page.execute_async_script(BRIGHTNESS)
        assert len(found) > len(KINDS)
        assert [f for f in found if not low < f[1] < high or f[2] < 2] == [], theme


@pytest.mark.nightly
@pytest.mark.parametrize("scheme, low, high", [("dark", -1, 100), ("light", 150, 256)])
def test_canvases_take_forced_colors(page, scheme, low, high):
    try:
        media(page, forced_colors="active", prefers_color_scheme=scheme)
        found = page.execute_async_script(BRIGHTNESS)
        assert [f for f in found if not low < f[1] < high or f[2] < 2] == []
    finally:
        media(page)


@pytest.mark.nightly
@pytest.mark.parametrize("width", [320, 380])
def test_it_fits_a_phone_and_a_finger(page, width):
    resize(page, width)
    settle(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    if width == 380:
        found = page.execute_script(SLIDERS)
        assert len(found) >= 2 * len(KINDS) - 1
        assert [f for f in found if f[1] < 44 or f[2] < 4] == []


@pytest.mark.nightly
def test_the_map_takes_a_point(page):
    canvas = page.find_element(By.CSS_SELECTOR, "#fig-momentum-plane canvas")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    ActionChains(page).move_to_element(canvas).click().perform()
    slider = page.find_element(By.CSS_SELECTOR, "#fig-momentum-plane input")
    WebDriverWait(page, 5).until(lambda _: float(slider.get_attribute("value")) > 10)


@pytest.mark.nightly
def test_without_script_and_on_paper_there_is_a_figure(page, site):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    images = page.find_elements(By.CSS_SELECTOR, "figure img")
    try:
        assert len(images) == len(KINDS) and all(image.is_displayed() for image in images)
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.get((site / "index.html").as_uri())
        images = page.find_elements(By.CSS_SELECTOR, "figure img")
        assert all(int(image.get_property("naturalWidth")) > 400 for image in images)
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_an_unknown_name_ends_the_build(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "index.md").write_text("# A\n\n```{explore} hill\n:alt: A.\n\nB\n```\n")
    with pytest.raises(explore.ExploreError, match=r"index\.md:3: nothing is named hill; known:"):
        build_site(tmp_path / "source", tmp_path, "book.extensions.explore")
