"""Small drawings without matplotlib, for cells that run in a reader's browser: plain SVG.

They take the color of the text around them, so they are right in light and in dark.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lab.surfaces import Surface

WIDTH, HEIGHT = 480, 300  # units of the drawing
GRID = 41  # points a side on which the surface is looked up
LEVELS = 9


@dataclass(frozen=True)
class Sketch:
    """A drawing, as a page shows it."""

    svg: str
    says: str  # the same in words

    def __repr__(self) -> str:
        return self.says

    def _repr_html_(self) -> str:
        return (
            f'<svg class="sketch" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{self.says}" fill="none" stroke="currentColor">{self.svg}</svg>'
        )


def path_on(surface: Surface, path: ArrayLike) -> Sketch:
    """A path ``(steps + 1, 2)`` over the level lines of a surface; the star is its minimum."""
    path = np.asarray(path, float)
    left, right, low, high = surface.extent

    def place(points: np.ndarray) -> np.ndarray:
        scale = np.array([WIDTH / (right - left), -HEIGHT / (high - low)])
        return (points - [left, high]) * scale

    x, y = np.linspace(left, right, GRID), np.linspace(low, high, GRID)
    values = surface.f(np.stack(np.meshgrid(x, y), axis=-1))
    bottom, top = values.min(), values.max()
    levels = bottom + (top - bottom) * np.linspace(0.03, 0.97, LEVELS) ** 2
    lines = "".join(
        "M{:.0f},{:.0f}L{:.0f},{:.0f}".format(*place(piece).ravel())
        for level in levels
        for piece in level_line(x, y, values, level)
    )
    with np.errstate(invalid="ignore"):
        inside = (np.abs(path) < 10 * max(right - left, high - low)).all(axis=1)
    shown = path[: len(path) if inside.all() else int(inside.argmin())]
    dots = "".join(
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2" fill="currentColor" />'
        for px, py in place(shown)
    )
    stars = "".join(
        f'<text x="{px:.1f}" y="{py + 6:.1f}" text-anchor="middle" font-size="20" stroke="none" '
        f'fill="currentColor">★</text>'
        for px, py in place(np.reshape(surface.minima, (-1, 2)))
    )
    svg = (
        f'<g stroke-width="0.7" opacity="0.45"><path d="{lines}" /></g>'
        f'<g stroke-width="1.3">{_polyline(place(shown))}{dots}</g>{stars}'
    )
    x_end, y_end = (round(float(end), 3) + 0.0 for end in path[-1])  # no -0, no rounding errors
    ended = "leaves the map" if len(shown) < len(path) else f"ends at ({x_end}, {y_end})"
    return Sketch(svg, f"A path of {len(path) - 1} steps that {ended}.")


def level_line(x: np.ndarray, y: np.ndarray, values: np.ndarray, level: float) -> list[np.ndarray]:
    """The pieces of a level line, one for each triangle of the grid that it crosses."""
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    v = values.ravel() - level
    n = len(x)
    corner = (np.arange(len(y) - 1)[:, None] * n + np.arange(n - 1)).ravel()
    triangles = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + n], axis=1),
            np.stack([corner + n + 1, corner + 1, corner + n], axis=1),
        ]
    )
    above = v[triangles] > 0
    crossed = triangles[above.any(axis=1) & ~above.all(axis=1)]
    pieces = []
    for triangle in crossed:
        ends = []
        for a, b in ((0, 1), (1, 2), (2, 0)):
            i, j = triangle[a], triangle[b]
            if (v[i] > 0) != (v[j] > 0):
                ends.append(points[i] + (points[j] - points[i]) * v[i] / (v[i] - v[j]))
        pieces.append(np.array(ends))
    return pieces


def _polyline(points: np.ndarray) -> str:
    return '<polyline points="{}" />'.format(" ".join(f"{x:.1f},{y:.1f}" for x, y in points))
