"""Small pictures in the plane: two paths, rectangles on an image, and which pixels were cut out."""

from collections.abc import Sequence
from html import escape

import numpy as np

from autograder import sketch
from autograder.sketch import BOTTOM, CAME, EXPECTED, LEFT, RIGHT, TOP

MOST_SIDE = 24  # pixels of an image that are drawn one by one
Rectangle = tuple[float, float, float, float]  # row, column, height, width


def paths(title: str, names: tuple[str, str], expected: object, came: object) -> str:
    """Two paths ``(steps + 1, 2)`` from one start, a square; the first entry goes to the right.

    Empty where there is no path to see.
    """
    want, have = (np.asarray(path, dtype=np.float64) for path in (expected, came))
    if want.ndim != 2 or want.shape[1] != 2 or want.shape != have.shape or len(want) < 2:
        return ""
    if len(want) > sketch.MOST_POINTS or not np.isfinite(want).all():
        return ""
    ends = [sketch.limits(want[:, i], have[:, i]) for i in (0, 1)]
    marks = []
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
    written = [(f"{low:.3g}", f"{high:.3g}") for low, high in ends]
    along = f"{names[0]} across, {names[1]} upward"
    return sketch.picture(title, text, along, written[0], written[1], marks)


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
