"""Small pictures of a failing case, as inline SVG: what was expected, and what came.

They need no style sheet and no library, have a title and a text for those who can't see them, and
tell the two apart by form as well as by color (blue and orange, which nearly everybody tells apart).
"""

from collections.abc import Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 328, 34, 160  # of the field
EXPECTED, CAME, INK = "#0072b2", "#d55e00", "#222"
MOST_POINTS = 200
BEYOND = 1.5  # heights of what was expected, by which what came may leave it; the rest is cut off
KEY = (
    f'<path d="M{LEFT} 14h22" stroke="{EXPECTED}" stroke-width="2"/>'
    f'<text x="{LEFT + 28}" y="18">expected</text>'
    f'<path d="M{LEFT + 92} 14h22" stroke="{CAME}" stroke-width="2" stroke-dasharray="5 3"/>'
    f'<text x="{LEFT + 120}" y="18">yours</text>'
)
TOLD = 6  # numbers of each in the text


def curves(title: str, along: str, x: Sequence[float], expected: object, came: object) -> str:
    """Two series over ``x``, a line with circles and a dashed one with crosses.

    Empty where there is no curve to see: fewer than two points, or no numbers.
    """
    at = np.asarray(x, dtype=np.float64)
    want, have = (np.asarray(values, dtype=np.float64) for values in (expected, came))
    if not 2 <= at.size <= MOST_POINTS or not want.shape == have.shape == at.shape:
        return ""
    if not np.isfinite(want).all() or np.ptp(at) == 0:
        return ""
    order = np.argsort(at, kind="stable")
    at, want, have = at[order], want[order], have[order]
    low, high = limits(want, have)
    across = LEFT + (at - at[0]) / np.ptp(at) * (RIGHT - LEFT)
    marks = [
        line(across, heights(want, low, high), EXPECTED, "circle"),
        line(across, heights(have, low, high), CAME, "cross"),
    ]
    text = f"{title}, by {along}. Expected: {_told(want)}. Yours: {_told(have)}."
    ends = (f"{at[0]:.4g}", f"{at[-1]:.4g}")
    return picture(title, text, along, ends, (f"{low:.3g}", f"{high:.3g}"), marks)


def histogram(title: str, along: str, ends: tuple[str, str], expected: object, came: object) -> str:
    """Shares in bins of one width: bars of what came, and steps of what was expected."""
    want, have = (np.asarray(shares, dtype=np.float64) for shares in (expected, came))
    if want.ndim != 1 or want.shape != have.shape or not np.isfinite([want, have]).all():
        return ""
    high = float(max(want.max(), have.max())) or 1.0
    sides = np.linspace(LEFT, RIGHT, want.size + 1)
    tops = heights(have, 0.0, high), heights(want, 0.0, high)
    bars = "".join(
        f'<rect x="{a:.1f}" y="{top:.1f}" width="{b - a:.1f}" height="{BOTTOM - top:.1f}"/>'
        for a, b, top in zip(sides, sides[1:], tops[0], strict=False)
    )
    steps = " ".join(
        f"{a:.1f},{top:.1f} {b:.1f},{top:.1f}"
        for a, b, top in zip(sides, sides[1:], tops[1], strict=False)
    )
    marks = [
        f'<g fill="{CAME}" fill-opacity="0.55" stroke="#fff">{bars}</g>',
        f'<polyline points="{steps}" fill="none" stroke="{EXPECTED}" stroke-width="2"/>',
    ]
    most = [f"{100 * shares.max():.0f}% in the fullest bin" for shares in (want, have)]
    text = f"{title}: a histogram along {along}. Expected: {most[0]}. Yours: {most[1]}."
    return picture(title, text, along, ends, ("0", f"{100 * high:.0f}%"), marks)


def limits(want: np.ndarray, have: np.ndarray) -> tuple[float, float]:
    """The ends of the height: all of what was expected, and of what came what is not far off."""
    size = float(np.ptp(want)) or float(np.abs(want).max()) or 1.0
    near = np.clip(have[np.isfinite(have)], want.min() - BEYOND * size, want.max() + BEYOND * size)
    both = np.concatenate([want, near])
    low, high = float(both.min()), float(both.max())
    return (low, high) if high > low else (low - size / 2, high + size / 2)


def heights(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Where values lie in the picture; at the edge where they lie beyond it."""
    return BOTTOM - shares(values, low, high) * (BOTTOM - TOP)


def shares(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """How much of the way from low to high values lie; at an end where they lie beyond it."""
    with np.errstate(all="ignore"):
        return np.clip((values - low) / (high - low), 0.0, 1.0)


def line(across: np.ndarray, heights: np.ndarray, color: str, mark: str) -> str:
    """A line through points, marked each; points that are nan are left out."""
    points = [(x, y) for x, y in zip(across, heights, strict=True) if np.isfinite(y)]
    dash = ' stroke-dasharray="5 3"' if mark == "cross" else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<g fill="none" stroke="{color}" stroke-width="2"><polyline points="{path}"{dash}/>'
        + "".join(_mark(x, y, mark) for x, y in points)
        + "</g>"
    )


def _mark(x: float, y: float, mark: str) -> str:
    if mark == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    return f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m-6 0l6-6"/>'


def _told(values: np.ndarray) -> str:
    shown = ", ".join(f"{value:.4g}" for value in values[:TOLD])
    return f"{shown}, and so on" if values.size > TOLD else shown


def picture(
    title: str,
    text: str,
    along: str,
    across: tuple[str, str],
    upward: tuple[str, str],
    marks: Sequence[str],
    frame: bool = True,
    key: str = "",
) -> str:
    """A field with its ends written at the sides, a key above it, on white in every theme."""
    shown = f'<text x="{LEFT}" y="18">{escape(key)}</text>' if key else KEY
    words = (
        f'<text x="{LEFT}" y="{BOTTOM + 16}">{escape(across[0])}</text>'
        f'<text x="{RIGHT}" y="{BOTTOM + 16}" text-anchor="end">{escape(across[1])}</text>'
        f'<text x="{(LEFT + RIGHT) // 2}" y="{BOTTOM + 16}" text-anchor="middle">{escape(along)}</text>'
        f'<text x="{LEFT - 6}" y="{BOTTOM}" text-anchor="end">{escape(upward[0])}</text>'
        f'<text x="{LEFT - 6}" y="{TOP + 8}" text-anchor="end">{escape(upward[1])}</text>'
    )
    axes = f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="{INK}"/>' if frame else ""
    return (
        f'<svg class="sketch" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" style="max-width: 100%; height: auto; background: #fff" '
        f'aria-label="{escape(text)}"><title>{escape(title)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f"{axes}"
        f'<g font-family="sans-serif" font-size="12" fill="{INK}">{shown}{words}</g>'
        f"{''.join(marks)}</svg>"
    )


def captioned(drawing: str) -> str:
    """A picture as a figure, with its title below it for everybody to see."""
    title = drawing.partition("<title>")[2].partition("</title>")[0]
    caption = f'<figcaption style="font-size: 0.9em">{title}</figcaption>'
    return f'<figure style="margin: 0.5em 0">{drawing}{caption}</figure>'
