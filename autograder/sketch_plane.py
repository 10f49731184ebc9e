"""Small pictures in the plane: two paths, over the contours of a loss where there is one, rectangles
on an image, and which pixels were cut out."""

from collections.abc import Sequence
from html import escape

import numpy as np

from autograder import sketch
from autograder.sketch import BOTTOM, CAME, EXPECTED, LEFT, RIGHT, TOP

# of the loss at the start: contours at equal distances
LEVELS = tuple((k / 5) ** 2 for k in range(1, 7))
MOST_SIDE = 24  # pixels of an image that are drawn one by one
Rectangle = tuple[float, float, float, float]  # row, column, height, width
Ends = tuple[float, float]


def paths(
    title: str,
    names: tuple[str, str],
    expected: object,
    came: object,
    valley: Sequence[float] = (),
) -> str:
    """Two paths ``(steps + 1, 2)`` from one start, a square; the first entry goes to the right.

    ``valley`` holds the curvatures (a, b) of the loss (a x^2 + b y^2) / 2 that they descend, if there
    is one. Empty where there is no path to see.
    """
    want, have = (np.asarray(path, dtype=np.float64) for path in (expected, came))
    if want.ndim != 2 or want.shape[1] != 2 or want.shape != have.shape or len(want) < 2:
        return ""
    if len(want) > sketch.MOST_POINTS or not np.isfinite(want).all():
        return ""
    lowest = np.zeros((1 if valley else 0, 2))
    ends = [sketch.limits(np.concatenate([want, lowest])[:, i], have[:, i]) for i in (0, 1)]
    marks = [_contours(valley, want[0], ends)] if valley else []
    for path, color, mark in ((want, EXPECTED, "circle"), (have, CAME, "cross")):
        across = LEFT + sketch.shares(path[:, 0], *ends[0]) * (RIGHT - LEFT)
        marks.append(sketch.line(across, sketch.heights(path[:, 1], *ends[1]), color, mark))
    x = LEFT + sketch.shares(want[:1, 0], *ends[0])[0] * (RIGHT - LEFT)
    y = sketch.heights(want[:1, 1], *ends[1])[0]
    marks.append(
        f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="none" stroke="#222"/>'
    )
    last = [", ".join(f"{value:.4g}" for value in path[-1]) for path in (want, have)]
    text = (
        f"{title}: a path of {len(want) - 1} steps from ({want[0, 0]:.4g}, {want[0, 1]:.4g}). "
        f"Expected: it ends at ({last[0]}). Yours: at ({last[1]})."
    )
    if valley:
        text += " Grey are the contours of the loss, which is lowest at (0, 0)."
    written = [(f"{low:.3g}", f"{high:.3g}") for low, high in ends]
    along = f"{names[0]} across, {names[1]} upward"
    return sketch.picture(title, text, along, written[0], written[1], marks)


def _contours(valley: Sequence[float], start: np.ndarray, ends: Sequence[Ends]) -> str:
    """Ellipses of equal loss around its lowest point, a dot; what is beyond the field is cut off."""
    (x0, x1), (y0, y1) = ends
    wide, high = (RIGHT - LEFT) / (x1 - x0), (BOTTOM - TOP) / (y1 - y0)
    x, y = -x0 * wide, BOTTOM - TOP + y0 * high
    loss = float(np.asarray(valley) @ start**2)
    rings = "".join(
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{wide * (level * loss / valley[0]) ** 0.5:.1f}" '
        f'ry="{high * (level * loss / valley[1]) ** 0.5:.1f}"/>'
        for level in LEVELS
    )
    return (
        f'<svg x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}">'
        f'<g fill="none" stroke="#aaa">{rings}</g><circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="#777"/></svg>'
    )


def rectangles(
    title: str,
    image: tuple[int, int],
    expected: Sequence[Rectangle],
    came: Sequence[Rectangle],
) -> str:
    """Parts of an image of so many rows and columns: those expected, and those that came.

    Empty where they are the same, so that there is nothing to see.
    """
    if not (expected and came) or set(expected) == set(came):
        return ""
    scale, left = _placed(image)
    marks = [_box((0, 0, *image), scale, left, "#777", 0.0, 'stroke-width="1"')]
    marks += [
        _box(one, scale, left, EXPECTED, 0.0, 'stroke-width="4" stroke-opacity="0.55"')
        for one in expected
    ]
    marks += [
        _box(one, scale, left, CAME, 2.0, 'stroke-width="2" stroke-dasharray="5 3"') for one in came
    ]
    text = (
        f"{title}, in an image of {image[0]} x {image[1]}. Expected: {_corners(expected)}. "
        f"Yours: {_corners(came)}."
    )
    return sketch.picture(title, text, "", ("", ""), ("", ""), marks, frame=False)


def cut_out(title: str, wanted: str, cut: object) -> str:
    """Which pixels of an image are 0, ``wanted`` says in words which should be."""
    zero = np.asarray(cut, dtype=bool)
    if zero.ndim != 2 or not zero.size or max(zero.shape) > MOST_SIDE:
        return ""
    scale, left = _placed((zero.shape[0], zero.shape[1]))
    marks = [
        _box((i, j, 1, 1), scale, left, "#999", 0.0, f'fill="{CAME if zero[i, j] else "#fff"}"')
        for i, j in np.ndindex(zero.shape)
    ]
    rows, columns = zero.any(axis=1), zero.any(axis=0)
    held = f"{int(zero.sum())} pixels are 0, in {int(rows.sum())} rows and {int(columns.sum())} columns"
    text = f"{title}. Expected: {wanted}. Yours: {held}."
    return sketch.picture(
        title, text, "", ("", ""), ("", ""), marks, frame=False, key="yours alone"
    )


def _placed(image: tuple[int, int]) -> tuple[float, float]:
    """The size of a pixel, and where the image begins, in the middle of the field."""
    scale = min((RIGHT - LEFT) / image[1], (BOTTOM - TOP + 20) / image[0])
    return scale, (LEFT + RIGHT - scale * image[1]) / 2


def _box(one: Rectangle, scale: float, left: float, color: str, inset: float, looks: str) -> str:
    row, column, height, width = one
    fill = "" if "fill=" in looks else ' fill="none"'
    return (
        f'<rect x="{left + scale * column + inset:.1f}" y="{TOP + scale * row + inset:.1f}" '
        f'width="{scale * width - 2 * inset:.1f}" height="{scale * height - 2 * inset:.1f}"'
        f'{fill} stroke="{escape(color)}" {looks}/>'
    )


def _corners(held: Sequence[Rectangle]) -> str:
    """The upper left corners of rectangles, each once."""
    corners = dict.fromkeys((f"({row:g}, {column:g})" for row, column, *_ in held))
    return f"{len(held)} with their first pixel at {', '.join(corners)}"
