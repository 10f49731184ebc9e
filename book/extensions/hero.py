"""The ``hero`` directive: six rules from sixty starting points, as a figure that moves.

::

    ```{hero}
    :alt: Six panels, one for each rule.

    Which rule would you bet on?
    ```

``book/assets/hero/hero.js`` puts the moving panels in the figure's place; it gets the rates from here.
"""

from typing import Any

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from book.extensions.figures import Drawn
from book.extensions.playground import RULES, add_scripts
from lab import descent, plots, rules, surfaces

STEPS, COUNT = 100, 60
NEAR = 0.1  # of the minimum: there
RATES = np.geomspace(1e-3, 10, 33)
VALLEY = surfaces.rosenbrock()


def starts() -> np.ndarray:
    """The starting points ``(COUNT, 2)``, on a ring."""
    angle = np.linspace(0, 2 * np.pi, COUNT, endpoint=False)
    return np.stack([1.75 * np.cos(angle), 0.7 + 1.45 * np.sin(angle)], axis=-1)


def crowd(rule: str, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Paths ``(STEPS + 1, rates, COUNT, 2)``, and how many of each rate end near the minimum."""
    batch = np.broadcast_to(starts(), (len(rates), COUNT, 2))
    paths = descent.descend(VALLEY.grad, batch, RULES[rule][0], STEPS, rates[:, None, None])
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.linalg.norm(paths[-1] - VALLEY.minima[0], axis=-1)
    return paths, (distance < NEAR).sum(axis=1)


def best_rates() -> dict[str, float]:
    """The rate of each rule with which the most points arrive."""
    return {rule: float(RATES[crowd(rule, RATES)[1].argmax()]) for rule in RULES}


def draw(figure: Figure, rates: dict[str, float]) -> None:
    axes = figure.subplots(2, 3, sharex=True, sharey=True)
    for ax, (rule, (_, name, _)) in zip(axes.flat, RULES.items(), strict=True):
        paths, arrived = crowd(rule, np.array([rates[rule]]))
        plots.contours(ax, VALLEY)
        paths[np.abs(paths) > 9] = np.nan  # a run that left for good
        x, y = np.moveaxis(paths[:, 0], -1, 0)  # one column for each path
        ax.plot(x, y, linewidth=0.7, alpha=0.7, color=plots.STYLES[rule]["color"])
        ax.set_title(f"{name}: {arrived[0]} of {COUNT} arrive", fontsize=10)
        ax.label_outer()


class Hero(Drawn):
    option_spec = {"alt": directives.unchanged_required, "name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        for module in (descent, plots, rules, surfaces):
            self.env.note_dependency(str(module.__file__))
        self.env.note_dependency(__file__)
        rates = best_rates()
        settings: dict[str, Any] = {"rates": rates, "steps": STEPS, "count": COUNT}
        self.env.metadata[self.env.docname]["hero"] = True
        return [self.figure("hero", settings, (8.4, 5.6), lambda figure: draw(figure, rates))]


def add_assets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add the script to the page with the panels; it builds upon the playground's."""
    if "hero" in app.env.metadata.get(pagename, {}):
        app.add_css_file("playground/playground.css")
        add_scripts(app)
        app.add_js_file("hero/hero.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("hero", Hero)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
