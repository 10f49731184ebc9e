"""One look for every figure: colours and line styles that a colour-blind reader can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from lab.stats import Interval, interval

if TYPE_CHECKING:
    from lab.search import Halving
    from lab.surfaces import Surface

# Okabe and Ito's palette, https://jfly.uni-koeln.de/color/
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip

# Each rule keeps its colour and its dashes throughout the book.
STYLES: dict[str, dict[str, Any]] = {
    "sgd": {"color": BLACK, "linestyle": "-"},
    "momentum": {"color": BLUE, "linestyle": "--"},
    "nesterov": {"color": SKY, "linestyle": "-."},
    "adagrad": {"color": GREEN, "linestyle": (0, (5, 1))},
    "rmsprop": {"color": ORANGE, "linestyle": (0, (3, 1, 1, 1))},
    "adam": {"color": RED, "linestyle": "-"},
    "adamw": {"color": PURPLE, "linestyle": "--"},
}


def use_style() -> None:
    """Set the book's matplotlib defaults; a page calls it through ``lab.page.begin_page``."""
    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 3.6),
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "figure.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "axes.prop_cycle": cycler(color=[BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK]),
            "legend.frameon": False,
            "font.size": 10,
            "image.cmap": "cividis",
            "lines.linewidth": 1.8,
        }
    )


def contours(
    ax: Axes, surface: Surface, levels: int | Sequence[float] = 18, logarithmic: bool = True
) -> None:
    """Draw the level lines of a surface over its extent, and mark its minima with a star."""
    x_min, x_max, y_min, y_max = surface.extent
    x, y = np.meshgrid(np.linspace(x_min, x_max, 121), np.linspace(y_min, y_max, 121))
    z = surface.f(np.stack([x, y], axis=-1))
    if logarithmic:
        z = np.log(z - z.min() + 1e-2 * (np.median(z) - z.min()))
    ax.contour(x, y, z, levels=levels, cmap="Greys_r", linewidths=0.6, alpha=0.7)
    ax.plot(*np.transpose(surface.minima), "*", color=GREEN, markersize=11, zorder=4, label="_")
    ax.set(xlim=(x_min, x_max), ylim=(y_min, y_max), xlabel="$w_1$", ylabel="$w_2$")
    ax.grid(False)


def trace(ax: Axes, path: ArrayLike, **style: Any) -> Line2D:
    """Draw a path ``(T, 2)`` with a dot at every point and a ring at its start."""
    path = np.asarray(path)
    style = {"linewidth": 1.2, "marker": ".", "markersize": 4, "zorder": 3, **style}
    (line,) = ax.plot(path[:, 0], path[:, 1], **style)
    ax.plot(*path[0], "o", mfc="none", color=line.get_color(), markersize=8, label="_", zorder=5)
    return line


def band(ax: Axes, x: ArrayLike, samples: ArrayLike, axis: int = 0, **style: Any) -> Line2D:
    """Plot the mean of ``samples`` over ``axis`` against ``x`` with its 95% interval as a band."""
    mean, half = interval(samples, axis)
    (line,) = ax.plot(x, mean, **style)
    ax.fill_between(x, mean - half, mean + half, color=line.get_color(), alpha=0.2, linewidth=0)
    return line


def cross(
    ax: Axes,
    x: Interval,
    y: Interval,
    label: str,
    offset: tuple[float, float] = (6, 4),
    **style: Any,
) -> None:
    """Draw two intervals as a cross at their means, with a label ``offset`` points away."""
    ax.errorbar(x.mean, y.mean, y.half, x.half, capsize=2, linestyle="", **style)
    ax.annotate(label, (x.mean, y.mean), offset, textcoords="offset points", fontsize=8)


def trials(
    ax: Axes, curves: np.ndarray, moments: ArrayLike, result: Halving, rungs: Sequence[int]
) -> None:
    """Draw how far a search trained each of its trials, the one that it chose in red.

    ``curves`` ``(trials, T)`` are scores at moments 1 .. T, drawn at ``moments``, dotted where the
    search did not train; ``result`` is a ``lab.search.Halving``, with its ``rungs``.
    """
    moments = np.asarray(moments)
    for trial, curve in enumerate(curves):
        reached = max(r for r, alive in zip(rungs, result.survivors, strict=True) if trial in alive)
        until = moments[moments <= reached]
        color, width, order = (RED, 2.4, 3) if trial == result.best else (BLUE, 1.2, 2)
        ax.plot(moments, curve[moments - 1], ":", color=BLACK, linewidth=0.6, alpha=0.5)
        ax.plot(until, curve[until - 1], color=color, linewidth=width, zorder=order)
    for r in rungs[:-1]:
        ax.axvline(r, color=BLACK, linewidth=0.8, linestyle="--")
