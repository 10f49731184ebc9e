"""Where the marks of a class's plots stand: across in percent, so that they fit any width with their
words at their size, and down in pixels.

The page draws them as SVG: what is there are bars and points in the page's own colors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograder.grading.display.class_statistics import Item

STATUSES = ("passed", "partial", "failed", "error", "timeout", "missing", "ungraded")
MOST_BARS = 13
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)  # widths of a bar, in points
TALLEST, TOP, FLOOR = 150, 22, 172  # pixels, of a histogram
UPPER, LOWER = 28, 288  # of the field of points
LEFT, RIGHT = 9.0, 62.0  # percent: beside it are the names
LINE = 19  # pixels from one name to the next


@dataclass(frozen=True)
class Bar:
    """Submissions with ``label`` points, or more, and fewer than the next bar's."""

    label: str
    says: str
    count: int
    x: float
    width: float
    height: float


def histogram(scores: Sequence[float], most: float) -> list[Bar]:
    """Scores in bars of a round width; who has as many points as the last bar begins with is in it."""
    step = next((s for s in STEPS if most / s + 1 <= MOST_BARS), most / MOST_BARS or 1.0)
    last = int(most / step + 1e-9)
    counts = [0] * (last + 1)
    for score in scores:
        counts[min(last, max(0, int(score / step + 1e-9)))] += 1
    ends = [*(f"{step * k:.4g}" for k in range(last + 1)), ""]
    width = 100 / len(counts)
    return [
        Bar(
            low,
            f"{low} to under {high}" if high else f"{low} or more",
            count,
            round(k * width, 2),
            round(width, 2),
            round(TALLEST * count / max(*counts, 1), 1),
        )
        for k, (count, (low, high)) in enumerate(zip(counts, pairwise(ends), strict=True))
    ]


@dataclass(frozen=True)
class Segment:
    """A part of a bar, from ``x`` on, for those with a status."""

    status: str
    x: float
    width: float


def stacked(counts: Mapping[str, float]) -> list[Segment]:
    """One bar for all: a segment for each status that there is."""
    whole, x, segments = sum(counts.values()) or 1.0, 0.0, []
    for status in (s for s in STATUSES if counts.get(s)):
        width = 100 * counts[status] / whole
        segments.append(Segment(status, round(x, 2), round(width, 2)))
        x += width
    return segments


@dataclass(frozen=True)
class Point:
    """An exercise: where it stands, and at which height its name."""

    name: str
    x: float
    y: float
    line: float


@dataclass(frozen=True)
class Scatter:
    """Discrimination, upward, over the mean share of points; how tall the plot is, and its grid."""

    points: list[Point]
    height: float
    across: list[tuple[str, float]]
    up: list[tuple[str, float]]


def scatter(items: Sequence[Item]) -> Scatter:
    """The exercises whose discrimination is known."""
    known = [(item, item.discrimination) for item in items if item.discrimination is not None]
    low = min(0.0, *(-0.5 if d >= -0.5 else -1.0 for _, d in known if d < 0), 0.0)

    def y(discrimination: float) -> float:
        return round(LOWER - (discrimination - low) / (1 - low) * (LOWER - UPPER), 1)

    def x(share: float) -> float:
        return round(LEFT + share * (RIGHT - LEFT), 2)

    placed = sorted((y(d), x(item.mean), item.exercise) for item, d in known)
    lines: list[float] = []
    for height, _, _ in placed:
        lines.append(max(height, lines[-1] + LINE if lines else UPPER))
    bottom = max(float(LOWER), UPPER + LINE * (len(lines) - 1))
    for k in reversed(range(len(lines))):  # those that were pushed out go up again
        lines[k] = min(lines[k], bottom - LINE * (len(lines) - 1 - k))
    return Scatter(
        [Point(n, x, y, line) for (y, x, n), line in zip(placed, lines, strict=True)],
        bottom + 40,
        [(f"{25 * k}%", x(k / 4)) for k in range(5)],
        [(f"{low + k / 2:g}", y(low + k / 2)) for k in range(int((1 - low) * 2) + 1)],
    )
