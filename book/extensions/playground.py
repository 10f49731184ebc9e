"""The ``playground`` directive: an optimizer playground, and a static figure in its place.

::

    ```{playground}
    :surface: curved-valley
    :rules: sgd momentum adam
    :alt: Three paths along a bent valley. Gradient descent stops half way.

    Which rule comes to the star first?
    ```

``surface``, ``alt`` and a caption are required. The other options are

- ``rules``: the rules switched on at first (all six);
- ``lr``: one rate for all (``0.05``), or rates of their own (``sgd=0.05 adam=0.3``). A rule without
  one gets the rate with which it takes the fewest steps;
- ``start``: where the descent begins, two numbers (the surface's own start);
- ``kappa``, ``angle`` (degrees): the condition number and the turn of the bowls;
- ``rho``, ``decay``, ``beta1``, ``beta2``: the rules' hyperparameters;
- ``noise`` (standard deviation on each gradient entry), ``seed``, ``steps``;
- ``predict``: a flag; the paths stay hidden until the reader has pressed Play;
- ``name``: a label for ``numref``.

The figure is drawn by matplotlib through ``lab`` while the book is built. It is what a reader
without JavaScript, on paper or in a PDF sees; ``playground.js`` puts the widget in its place, and
reads from the page the numbers that both go by. Script and style sheet, in ``html_static_path`` as
``playground/playground.*``, are added only to the pages
that have a playground.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.typing import ExtensionMetadata

from book.extensions.figures import Drawn
from lab import descent, plots, rules, surfaces

Settings = dict[str, Any]  # what a playground starts with, as the widget reads it

SURFACES: dict[str, Callable[[Settings], surfaces.Surface]] = {
    "bowl": lambda o: surfaces.quadratic(o["kappa"]),
    "turned-bowl": lambda o: surfaces.quadratic(o["kappa"], math.radians(o["angle"])),
    "saddle": lambda o: surfaces.saddle(),
    "two-valleys": lambda o: surfaces.two_valleys(),
    "curved-valley": lambda o: surfaces.rosenbrock(),
}
# Each rule: its function, its name in print, and the settings it takes beside the learning rate.
RULES: dict[str, tuple[rules.Rule, str, tuple[str, ...]]] = {
    "sgd": (rules.sgd, "SGD", ()),
    "momentum": (rules.momentum, "Momentum", ("rho",)),
    "nesterov": (rules.nesterov, "Nesterov", ("rho",)),
    "adagrad": (rules.adagrad, "AdaGrad", ()),
    "rmsprop": (rules.rmsprop, "RMSProp", ("decay",)),
    "adam": (rules.adam, "Adam", ("beta1", "beta2")),
}
# The numbers a page may set: default, lowest and highest value.
NUMBERS: dict[str, tuple[float, float, float]] = {
    "kappa": (100, 1, 1000),
    "angle": (35, 0, 90),
    "rho": (0.9, 0, 0.99),
    "decay": (0.99, 0, 0.9999),
    "beta1": (0.9, 0, 0.99),
    "beta2": (0.999, 0, 0.9999),
    "noise": (0, 0, 3),
    "seed": (0, 0, 2**31 - 1),
    "steps": (150, 10, 500),
}
WHOLE = {"seed", "steps"}
TARGET = 0.01  # of the start's height above the lowest minimum
MANTISSAS = (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8)
PATTERNS: dict[str, list[float]] = {
    "-": [],
    "--": mpl.rcParamsDefault["lines.dashed_pattern"],
    "-.": mpl.rcParamsDefault["lines.dashdot_pattern"],
}
RATES = [float(f"{m * 10.0**k:.3g}") for k in range(-4, 1) for m in MANTISSAS] + [10.0]


class PlaygroundError(SphinxError):
    """A directive that can't be drawn; it ends the build."""

    category = "Playground error"


def known(what: str, name: str, table: Mapping[str, Any]) -> str:
    """Return ``name`` if ``table`` has it; else raise ValueError that lists what it has."""
    if name not in table:
        raise ValueError(f"unknown {what} {name!r}; known: {', '.join(table)}")
    return name


def number(
    key: str, text: str | float, low: float, high: float, whole: bool = False
) -> int | float:
    """Read a number between ``low`` and ``high``; else raise ValueError that says so."""
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        kind = "whole number" if whole else "number"
        raise ValueError(f"{key} must be a {kind} from {low:g} to {high:g}, not {text!r}")
    return int(value) if value == int(value) else value


def read_rates(text: str) -> float | dict[str, float]:
    """Read ``0.05`` as a number and ``sgd=0.05 adam=0.3`` as a dict."""
    if "=" not in text:
        return number("lr", text, RATES[0], RATES[-1])
    pairs = [pair.partition("=") for pair in text.split()]
    return {
        known("rule", rule, RULES): number(f"lr of {rule}", rate, RATES[0], RATES[-1])
        for rule, _, rate in pairs
    }


def read_settings(options: Mapping[str, Any]) -> Settings:
    """Turn a directive's options (strings) into the widget's settings, with every default."""
    if "surface" not in options:
        raise ValueError(f"a playground needs a surface; known: {', '.join(SURFACES)}")
    settings: Settings = {
        "surface": known("surface", options["surface"], SURFACES),
        "rules": [
            known("rule", rule, RULES) for rule in options.get("rules", " ".join(RULES)).split()
        ],
        "predict": "predict" in options,
    }
    for key, (default, low, high) in NUMBERS.items():
        settings[key] = number(key, options.get(key, default), low, high, key in WHOLE)
    if "lr" in options:
        settings["lr"] = read_rates(options["lr"])
    if "start" in options:
        settings["start"] = [number("start", x, -10, 10) for x in options["start"].split()]
        if len(settings["start"]) != 2:
            raise ValueError(f"start must be two numbers, not {options['start']!r}")
    return settings


def paths(settings: Settings, rule: str, lr: ArrayLike) -> np.ndarray:
    """The path ``(steps + 1, 2)`` of one rule, or of one run for each rate in an array ``lr``."""
    surface = SURFACES[settings["surface"]](settings)
    function, _, keys = RULES[rule]
    start = np.array(settings.get("start", surface.start))
    if np.ndim(lr):
        lr = np.reshape(lr, (-1, 1))
        start = np.tile(start, (len(lr), 1))
    hyper = {key: settings[key] for key in keys}
    noise, seed, steps = (settings[key] for key in ("noise", "seed", "steps"))
    return descent.descend(
        surface.grad, start, function, steps, lr, noise=noise, seed=seed, **hyper
    )


def tune(settings: Settings, rule: str) -> float:
    """The rate of ``RATES`` with which ``rule`` takes the fewest steps, or else ends lowest.

    The target is ``TARGET`` of the start's height above the lowest minimum, reached for good.
    """
    surface = SURFACES[settings["surface"]](settings)
    low = surface.f(np.array(surface.minima)).min()
    with np.errstate(over="ignore", invalid="ignore"):
        heights = surface.f(paths(settings, rule, RATES)) - low
    steps = descent.steps_to_reach(heights, TARGET * heights[0, 0])
    best = np.nanargmin(heights[-1] if np.isnan(steps).all() else steps)
    return RATES[best]


def rates(settings: Settings) -> dict[str, float]:
    """The learning rate of each rule that is switched on."""
    lr = settings.get("lr", {})
    if not isinstance(lr, dict):
        return dict.fromkeys(settings["rules"], float(lr))
    return {rule: lr[rule] if rule in lr else tune(settings, rule) for rule in settings["rules"]}


def draw(settings: Settings, figure: Figure) -> None:
    """Draw the static figure: the surface, and the path of each rule that is switched on."""
    surface = SURFACES[settings["surface"]](settings)
    ax = figure.add_subplot()
    plots.contours(ax, surface)
    for rule, lr in rates(settings).items():
        path = paths(settings, rule, lr)
        # the first step far outside the window ends a line that diverges
        with np.errstate(invalid="ignore"):
            inside = (np.abs(path) < 100).all(axis=1)
        path = path[: len(path) if inside.all() else inside.argmin()]
        plots.trace(ax, path, label=f"{RULES[rule][1]}, rate {lr:g}", **plots.STYLES[rule])
    if settings["rules"]:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize="small")


class Playground(Drawn):
    """A figure with a caption, its static image, and the widget's settings as JSON."""

    option_spec = {
        **dict.fromkeys(("surface", "rules", "lr", "start", *NUMBERS), directives.unchanged),
        **dict.fromkeys(("alt", "name"), directives.unchanged),
        "predict": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        try:
            settings = read_settings(self.options)
            if not self.options.get("alt"):
                raise ValueError("a playground needs alternative text (:alt:)")
            if not self.content:
                raise ValueError("a playground needs a caption")
        except ValueError as error:
            source, line = self.get_source_info()
            raise PlaygroundError(f"{source}:{line}: {error}") from None

        for module in (descent, plots, rules, surfaces):
            self.env.note_dependency(str(module.__file__))
        self.env.note_dependency(__file__)

        figure = self.figure("playground", settings, (6.4, 4.4), lambda fig: draw(settings, fig))
        return [figure]


def add_assets(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add the script and the style sheet to a page with a playground."""
    figures = doctree.findall(nodes.figure) if doctree else ()
    if any("playground" in figure["classes"] for figure in figures):
        app.add_css_file("playground/playground.css")
        add_scripts(app)


def add_scripts(app: Sphinx) -> None:
    """Add the kit, the playground's script, and before it what it shares with the figures."""
    app.add_js_file("kit/kit.js", loading_method="defer")
    about: Any = {"type": "application/json", "id": "playground-shared"}
    app.add_js_file(None, body=json.dumps(shared()), **about)
    app.add_js_file("playground/playground.js", loading_method="defer")


def shared() -> dict[str, Any]:
    """The numbers that a figure and its widget both go by, and the looks of the rules."""
    return {
        "defaults": {key: default for key, (default, _, _) in NUMBERS.items()},
        "rates": RATES,
        "target": TARGET,
        "rules": {
            rule: {"name": name, "color": plots.STYLES[rule]["color"], "dash": dash(rule)}
            for rule, (_, name, _) in RULES.items()
        },
    }


def dash(rule: str) -> list[float]:
    """The lengths of a rule's strokes and gaps, in line widths; none if its line is whole."""
    style = plots.STYLES[rule]["linestyle"]
    return list(style[1] if isinstance(style, tuple) else PATTERNS[style])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive with Sphinx."""
    app.add_directive("playground", Playground)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
