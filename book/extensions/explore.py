"""The ``explore`` directive: a figure to play with, one of a few, each with a target.

::

    ```{explore} momentum-plane
    :alt: A map with a curve and a point.

    Where is the fastest point of the row?
    ```

``book/assets/explore/NAME.js`` puts the widget in the place of the figure that is drawn here, from the
kit that the playground is built with. ``tests/test_explore.py`` holds its numbers equal to NumPy's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.typing import ExtensionMetadata

from book.extensions.figures import Drawn
from book.extensions.playground import SURFACES, TARGET, add_scripts, paths, read_settings, tune
from lab import plots, rules, search
from lab.descent import descend, steps_to_reach
from lab.experiments import landscape


class ExploreError(SphinxError):
    """A directive that names nothing to explore; it ends the build."""

    category = "Explore error"


def momentum_plane(figure: Figure) -> None:
    plane, chart = figure.subplots(1, 2)
    rate, rho = np.meshgrid(np.linspace(0, 4, 161)[1:], np.linspace(0, 1, 121)[:-1])
    trace = 1 + rho - rate
    inside = np.emath.sqrt(trace**2 - 4 * rho)
    radius = np.maximum(np.abs(trace + inside), np.abs(trace - inside)) / 2
    levels = [0, 0.3, 0.5, 0.7, 0.8, 0.9, 1]
    plane.contourf(rate, rho, radius, levels=levels, cmap="Blues_r")
    for sign in (-1, 1):
        share = np.linspace(0, 1, 101)
        plane.plot((1 + sign * np.sqrt(share)) ** 2, share, color=plots.BLACK, linewidth=1.2)
    plane.plot(0.1, 0.9, "o", mfc="none", color=plots.RED, markersize=9)
    plane.set(xlabel=r"$\eta\lambda$", ylabel=r"momentum $\rho$", xlim=(0, 4), ylim=(0, 1))
    path = descend(lambda w: w, [1.0], rules.momentum, 60, 0.1, rho=0.9)
    chart.plot(path[:, 0], ".-", color=plots.BLUE, linewidth=1.2)
    chart.set(xlabel="step", ylabel="weight", ylim=(-1.2, 1.2))


def two_factors(figure: Figure) -> None:
    factor, chart = figure.subplots(1, 2)
    rates, steps = np.linspace(0, 0.22, 111), np.arange(61)
    looks = [(1, "flat axis", plots.BLUE, "-"), (10, "steep axis", plots.RED, "--")]
    for curvature, name, color, dash in looks:
        style: dict[str, Any] = {"color": color, "linestyle": dash, "label": name}
        factor.plot(rates, np.abs(1 - rates * curvature), **style)
        chart.semilogy(steps, np.maximum(abs(1 - 0.1 * curvature) ** steps, 1e-9), **style)
    factor.axvline(0.1, color=plots.BLACK, linestyle=":")
    factor.set(xlabel=r"rate $\eta$", ylabel="size of the factor", ylim=(0, 1.25))
    chart.set(xlabel="step", ylabel="error", ylim=(1e-4, 10))
    factor.legend()


def adam_hundred(figure: Figure) -> None:
    ax = figure.add_subplot()
    looks: list[tuple[Any, str, str, str]] = [
        (rules.almost_adam, "without correction", plots.BLUE, "--"),
        (rules.adam, "Adam", plots.RED, "-"),
    ]
    for rule, name, color, dash in looks:
        path = descend(np.ones_like, [0.0], rule, 100, 1.0, eps=0.0)
        ax.plot(np.arange(1, 101), -np.diff(path[:, 0]), dash, color=color, label=name)
    ax.set(xlabel="step", ylabel=r"step length / $\eta$", ylim=0)
    ax.legend()


TERMS = np.array([0.9, -0.4, 0.7, 0.2, -0.8, 0.5, 0.3, -0.2, 0.6, 0.4, -0.5, 0.3])


def dropout_masks(figure: Figure) -> None:
    grid, chart = figure.subplots(1, 2)
    masks = np.random.default_rng(1).random((400, len(TERMS))) < 0.5
    inputs = (masks * TERMS / 0.5).sum(1)
    count = np.arange(1, 401)
    grid.imshow(masks[:30].T, cmap="Blues", vmin=-0.2, vmax=1.3, aspect="auto")
    grid.set(xlabel="mask", ylabel="unit")
    grid.grid(False)
    looks = [(inputs, TERMS.sum(), "input", plots.BLUE, "-")]
    looks += [(np.tanh(inputs), np.tanh(TERMS.sum()), "output, tanh", plots.RED, "--")]
    for values, level, name, color, dash in looks:
        chart.plot(count, values.cumsum() / count, dash, color=color, label=f"mean {name}")
        chart.axhline(level, color=plots.BLACK, linestyle=":", linewidth=1)
    chart.set(xlabel="masks", ylim=(-1, 4))
    chart.legend()


def schedule_floor(figure: Figure) -> None:
    """The mean loss on a noisy bowl with curvatures 1 and 10, by its recursion."""
    ax = figure.add_subplot()
    curvature = np.array([1.0, 10.0])
    looks = [
        (300, "rate 0.1 throughout", plots.BLUE, "-"),
        (150, "cut to 0.01 at 150", plots.RED, "--"),
    ]
    for when, name, color, dash in looks:
        square, loss = np.array([16.0, 1.0]), []
        for t in range(301):
            loss.append((curvature * square).sum() / 2)
            rate = 0.1 if t < when else 0.01
            square = (1 - rate * curvature) ** 2 * square + rate**2
        ax.semilogy(loss, dash, color=color, label=name)
    ax.set(xlabel="step", ylabel="mean loss", ylim=(1e-3, 30))
    ax.legend()


def turning_bowl(figure: Figure) -> None:
    """Steps of momentum and Adam against the angle, at the rates that are best upright."""
    ax = figure.add_subplot()
    angles = np.arange(0, 91, 5)
    for rule, name in (("momentum", "Momentum"), ("adam", "Adam")):
        rate = tune(bowl_settings(0), rule)
        counts = [steps_on_bowl(rule, float(angle), rate) for angle in angles]
        ax.plot(angles, counts, label=name, **plots.STYLES[rule])
    ax.set(xlabel="angle, degrees", ylabel="steps to 1%", ylim=0)
    ax.legend()


def growing_ensemble(figure: Figure) -> None:
    """The formula's curves for three correlations, and what they come down to."""
    ax = figure.add_subplot()
    members = np.arange(1, 21)
    looks = [(0.0, plots.GREEN, ":"), (0.2, plots.BLUE, "-"), (0.5, plots.RED, "--")]
    for r, color, dash in looks:
        ax.plot(members, r + (1 - r) / members, dash, color=color, label=f"$r = {r:g}$")
        ax.axhline(r, color=color, linewidth=0.8, alpha=0.6)
    ax.set(xlabel="members M", ylabel="squared error, in those of one", ylim=(0, 1.05))
    ax.set_xticks([1, 5, 10, 15, 20])
    ax.legend()


def nine_trials(figure: Figure) -> None:
    """A grid and a random draw on the measured landscape."""
    seen, _ = landscape.landscapes()
    box = [[-4, -1], [-4, -1]]
    looks = {
        "grid": search.grid(box, 3),
        "random": search.random_points(box, 9, np.random.default_rng(5)),
    }
    for ax, (name, points) in zip(figure.subplots(1, 2, sharey=True), looks.items(), strict=True):
        ax.pcolormesh(*seen.axes, seen.scores.mean(-1).T, shading="gouraud", rasterized=True)
        ax.plot(*points.T, "o", color="white", markeredgecolor="black", markersize=8)
        ax.set(title=f"{name}, nine trials", xlabel=r"$\log_{10}$ learning rate")
        ax.grid(False)
    figure.axes[0].set_ylabel(r"$\log_{10}$ weight decay")


def landscape_settings() -> dict[str, Any]:
    """The errors on record, in percent: ``[rate][decay][seed]``."""
    kinds = {kind: landscape.errors(kind).tolist() for kind in ("validation", "test")}
    return {"rates": landscape.LOG_RATES, "decays": landscape.LOG_DECAYS, **kinds}


def bowl_settings(angle: float, kappa: float = 100) -> dict[str, Any]:
    given = {"surface": "turned-bowl", "kappa": kappa, "angle": angle, "steps": 500}
    return read_settings({key: str(value) for key, value in given.items()})


def steps_on_bowl(rule: str, angle: float, rate: float, kappa: float = 100) -> float:
    """Steps to 1% of the start's height, for good; nan if it takes more than 500."""
    settings = bowl_settings(angle, kappa)
    heights = SURFACES["turned-bowl"](settings).f(paths(settings, rule, rate))
    return float(steps_to_reach(heights, TARGET * heights[0]))


# Each: what draws its figure, and the size in inches.
KINDS: dict[str, tuple[Callable[[Figure], None], tuple[float, float]]] = {
    "momentum-plane": (momentum_plane, (8.0, 3.2)),
    "two-factors": (two_factors, (8.0, 3.2)),
    "adam-hundred": (adam_hundred, (6.4, 3.0)),
    "dropout-masks": (dropout_masks, (8.0, 3.2)),
    "schedule-floor": (schedule_floor, (6.4, 3.2)),
    "turning-bowl": (turning_bowl, (6.4, 3.2)),
    "growing-ensemble": (growing_ensemble, (6.4, 3.2)),
    "nine-trials": (nine_trials, (8.0, 3.4)),
}
# What a script needs beside the name.
SETTINGS: dict[str, Callable[[], dict[str, Any]]] = {"nine-trials": landscape_settings}


class Explore(Drawn):
    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required, "name": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0]
        source, line = self.get_source_info()
        if kind not in KINDS:
            raise ExploreError(
                f"{source}:{line}: nothing is named {kind}; known: {', '.join(KINDS)}"
            )
        if not self.options.get("alt") or not self.content:
            raise ExploreError(f"{source}:{line}: it needs alternative text (:alt:) and a caption")
        for module in (plots, rules, landscape):
            self.env.note_dependency(str(module.__file__))
        self.env.note_dependency(__file__)
        draw, size = KINDS[kind]
        self.env.metadata[self.env.docname].setdefault("explore", []).append(kind)
        settings = {"kind": kind, **(SETTINGS[kind]() if kind in SETTINGS else {})}
        return [self.figure(kind, settings, size, draw)]


def add_assets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add the kit and the scripts to a page that has something to explore."""
    if kinds := app.env.metadata.get(pagename, {}).get("explore"):
        app.add_css_file("playground/playground.css")
        app.add_js_file("kit/kit.js", loading_method="defer")
        if "turning-bowl" in kinds:  # it descends with the playground's rules
            add_scripts(app)
        for kind in sorted(set(kinds)):
            app.add_js_file(f"explore/{kind}.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("explore", Explore)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
