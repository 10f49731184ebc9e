"""A figure as a page shows it: a drawing in SVG, and inside it a second one for phones.

The second has its panels under each other, at the width of a phone, with text that can be read there. It
is kept in the first one's ``metadata``, which no program draws; ``book/extensions/light.py`` makes two
files of them. What would be heavy as lines is drawn as an image inside of the drawing.
"""

import base64
import io
import math
import re
import textwrap
import warnings
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter, MaxNLocator
from PIL import Image

DENSE = 20_000  # points of one artist's lines; more are an image
MARKED = 2_000  # marks of one artist
SHARP = 200  # dots an inch of such images: two for each pixel of a page
PHONE = 3.6  # inches: a phone of 380 pixels shows them at their size
SMALLEST, LARGEST = 7.2, 8.5  # points of the text on a phone
LETTER = 0.062  # inches, about, of a letter of that size
EMBEDDED = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
PLACES = re.compile(r'\s(?:d|x|y|points)="[^"]*"|translate\([^)]*\)')


def both(figure: Figure) -> str:
    """The drawing of a figure with the one for phones; afterwards the figure has the latter's form."""
    for artist in figure.findobj(is_dense):
        artist.set_rasterized(True)
    for ax in figure.axes:
        if not ax.axison:
            ax.set(xticks=[], yticks=[])  # matplotlib would place them, and none is drawn
    for i, artist in enumerate(on_pictures(figure)):
        artist.set_gid(f"keep-{i}")
    wide = svg(figure)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a layout that finds no room is left as it is
        narrow = svg(figure) if stack(figure) else ""
    if not narrow:
        return wide
    return wide.replace("</svg>", f'<metadata id="narrow">{narrow}</metadata></svg>')


def is_dense(artist: Artist) -> bool:
    """Whether an artist would be heavy as lines; those of a bare line are simplified by matplotlib."""
    if isinstance(artist, Line2D):
        marked = artist.get_marker() not in ("None", "none", "", " ", None)
        return marked and np.size(artist.get_xdata(orig=False)) > MARKED
    if isinstance(artist, Collection):
        drawn = sum(np.shape(path.vertices)[0] for path in artist.get_paths())
        return len(np.atleast_2d(artist.get_offsets())) > MARKED or drawn > DENSE
    return False


def on_pictures(figure: Figure) -> list[Artist]:
    """What is drawn over an image or over filled contours: its colors stay as they are on a dark page."""
    filled = [
        ax
        for ax in figure.findobj(Axes)
        if ax.images
        or any(isinstance(c, QuadMesh) or getattr(c, "filled", False) for c in ax.collections)
    ]
    return [
        artist
        for ax in filled
        for artist in (*filter(is_inside, ax.texts), *ax.lines, *ax.collections)
    ]


def is_inside(text: Text) -> bool:
    """Whether a text begins inside of its panel; a heading above it does not."""
    ax = text.axes
    assert ax is not None
    ax.get_xlim(), ax.get_ylim()  # limits that wait for the data are found now
    x, y = ax.transAxes.inverted().transform(text.get_transform().transform(text.get_position()))
    return bool(0 <= x <= 1 and 0 <= y <= 1)


def svg(figure: Figure) -> str:
    """The same figure gives the same text; only the ``svg`` element, without what stands before it."""
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "course"}):
        figure.savefig(file, format="svg", dpi=SHARP, bbox_inches="tight", metadata={"Date": None})
    text = file.getvalue()
    return EMBEDDED.sub(lighter, rounded(text[text.index("<svg") :])).strip()


def rounded(text: str) -> str:
    """A drawing with its coordinates rounded to a hundredth of a point: half the size, the same picture."""

    def shorten(match: re.Match[str]) -> str:
        return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", match[0])

    return PLACES.sub(shorten, text)


def lighter(match: re.Match[str]) -> str:
    """An image inside of a drawing as WebP: without loss, or, if it is a photograph, nearly so."""
    image = Image.open(io.BytesIO(base64.b64decode(match[1])))
    exact, near = io.BytesIO(), io.BytesIO()
    image.save(exact, "webp", lossless=True, exact=True)
    image.save(near, "webp", quality=90)
    photograph = exact.tell() > 8_000 and near.tell() < exact.tell() / 2
    file = near if photograph else exact
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


# ---- For a phone


@dataclass(frozen=True)
class Part:
    """A grid of panels, in reading order."""

    panels: list[Axes]
    columns: int

    @property
    def pictures(self) -> bool:
        return all(
            not ax.axison or not (ax.get_xlabel() or len(ax.get_xticks()) or len(ax.get_yticks()))
            for ax in self.panels
        )

    @property
    def rows(self) -> int:
        return math.ceil(len(self.panels) / self.columns)

    def columns_on_phone(self) -> int:
        """Pictures in a part of the columns, if they are many; plots in one, or two if they are many.

        Names along an axis that are as wide as a plot leave no room for a second.
        """
        if not self.pictures:
            names = [label.get_text() for ax in self.panels for label in ax.get_yticklabels()]
            wide = max(map(len, names), default=0) * LETTER > PHONE / 6
            return 2 if len(self.panels) > 4 and self.columns > 1 and not wide else 1
        if self.columns < (4 if self.rows == 1 else 6):
            return self.columns
        if self.rows == 1:
            return 2 if self.columns % 2 == 0 else 3
        most = 8 if self.columns > 10 else 5
        return max(n for n in range(1, most + 1) if self.columns % n == 0)

    def height_on_phone(self) -> float:
        """Inches."""
        fewer = self.columns_on_phone()
        rows = math.ceil(len(self.panels) / fewer)
        box = self.panels[0].get_position()
        figure = self.panels[0].get_figure(root=True)
        assert figure is not None
        # of a panel, without its labels
        wide, high = figure.get_size_inches() * [box.width, box.height]
        if self.pictures:
            titled = any(ax.get_title() for ax in self.panels)
            return rows * (PHONE / fewer * high / wide + (0.18 if titled else 0))
        return rows * min(max(high * min(1, PHONE / fewer / wide), 1.5) + 0.5, 3.4)


def stack(figure: Figure) -> bool:
    """Lay a figure out for a phone; False, and nothing is changed, if it has no grids of panels."""
    parts = parts_of(figure)
    if not parts:
        return False
    heights = [part.height_on_phone() for part in parts]
    outer = figure.add_gridspec(len(parts), 1, height_ratios=heights)
    for i, (part, height) in enumerate(zip(parts, heights, strict=True)):
        restack(part, outer[i, 0])
        rows = math.ceil(len(part.panels) / part.columns_on_phone())
        for ax in part.panels:
            shorten(ax, PHONE / part.columns_on_phone(), height / rows)
    for text in figure.findobj(Text):
        text.set_fontsize(min(max(text.get_fontsize(), SMALLEST), LARGEST))
    more = sum(raise_legend(ax, PHONE) for part in parts for ax in part.panels)
    figure.set_layout_engine("constrained")
    figure.set_size_inches(PHONE, sum(heights) + more)
    figure.draw_without_rendering()
    hidden = [ax for part in parts for ax in part.panels if hides_lines(ax)]
    more += sum(
        raise_legend(ax, PHONE * ax.get_position().width + 0.5, at_all=True) for ax in hidden
    )
    figure.set_size_inches(PHONE, sum(heights) + more)
    return True


def hides_lines(ax: Axes) -> bool:
    """Whether a panel's legend, as it was last laid out, lies over a line or a mark."""
    legend = ax.get_legend()
    if legend is None:
        return False
    box = legend.get_window_extent()
    lines = [line.get_transform().transform_path(line.get_path()) for line in ax.lines]
    marks = [path.vertices for path in lines]
    for each in ax.collections:
        marks.append(each.get_offset_transform().transform(each.get_offsets()))
        if isinstance(each, LineCollection):
            lines += map(each.get_transform().transform_path, each.get_paths())
    return any(line.intersects_bbox(box, filled=False) for line in lines) or any(
        box.count_contains(points) for points in marks
    )


def raise_legend(ax: Axes, wide: float, at_all: bool = False) -> float:
    """Put a legend of several columns, or any, above its panel, in as many as fit; the inches that it takes."""
    legend = ax.get_legend()
    if legend is None or (legend._ncols == 1 and not at_all):  # type: ignore[attr-defined]
        return 0.0
    names = [text.get_text() for text in legend.get_texts()]
    fit = int((wide - 0.5) / (max(map(len, names)) * LETTER + 0.45))
    columns = min(max(fit, 1), len(names) if at_all else legend._ncols)  # type: ignore[attr-defined]
    title = legend.get_title().get_text() or None
    rows = math.ceil(len(names) / columns) + bool(title)
    if heading := ax.get_title():
        ax.set_title(heading, fontsize=ax.title.get_fontsize(), pad=14 + 72 * 0.2 * rows)
    ax.legend(
        [handle for handle in legend.legend_handles if handle],
        names,
        title=title,
        ncols=columns,
        fontsize=LARGEST,
        title_fontsize=LARGEST,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.02),
    )
    return 0.2 * rows


def parts_of(figure: Figure) -> list[Part]:
    """The grids that a figure consists of: one, or, where those are in a grid, one for each of its cells."""
    panels: dict[tuple[int, int], list[Axes]] = {}
    for ax in figure.axes:
        if spec := ax.get_subplotspec():
            if (len(spec.rowspan), len(spec.colspan)) != (1, 1):
                return []
            top = spec.get_topmost_subplotspec()
            nested = top is not spec
            panels.setdefault((id(spec.get_gridspec()), top.num1 if nested else 0), []).append(ax)
    if figure.subfigs or len({key[0] for key in panels}) not in (1, len(panels)):
        return []
    return [Part(found, grid_columns(found[0])) for found in panels.values()]


def grid_columns(ax: Axes) -> int:
    spec = ax.get_subplotspec()
    assert spec is not None
    return spec.get_gridspec().ncols


def restack(part: Part, place: SubplotSpec) -> None:
    """Put panels into fewer columns, of pictures block by block, so that what was below a picture stays there.

    An axis that a neighbor's labels named gets its own.
    """
    fewer, before, count = part.columns_on_phone(), part.columns, len(part.panels)
    grid = place.subgridspec(math.ceil(count / fewer), fewer)
    for i, ax in enumerate(part.panels):
        row, column = divmod(i, fewer)
        if part.pictures:
            row = i % before // fewer * part.rows + i // before
            column = i % before % fewer
        ax.set_subplotspec(grid[row, column])
        if part.pictures and column == 0 and i % before:
            name_row(ax, part.panels[i - i % before])
        if not ax.axison:
            continue
        first, last = part.panels[i - i % before], part.panels[-before + i % before]
        if column == 0 and ax.get_shared_y_axes().joined(ax, first):
            ax.tick_params(labelleft=shows(first, "left"))
            ax.set_ylabel(ax.get_ylabel() or first.get_ylabel())
        if ax.get_shared_x_axes().joined(ax, last) and shows(last, "bottom"):
            ax.tick_params(labelbottom=True)


def name_row(ax: Axes, first: Axes) -> None:
    """Give the first picture of a row the name that stands left of another picture."""
    ax.set_ylabel(ax.get_ylabel() or first.get_ylabel(), fontsize=first.yaxis.label.get_fontsize())
    for text in first.texts:
        if text.get_position()[0] < 0 and text.get_transform() == first.transAxes:
            copy = ax.text(*text.get_position(), text.get_text(), transform=ax.transAxes)
            copy.set(
                ha=text.get_horizontalalignment(),
                va=text.get_verticalalignment(),
                fontsize=text.get_fontsize(),
            )


def shows(ax: Axes, side: str) -> bool:
    """Whether an axis has numbers on a side."""
    axis = ax.yaxis if side == "left" else ax.xaxis
    return bool(axis.get_tick_params(which="major").get(f"label{side}", True))


def shorten(ax: Axes, wide: float, high: float) -> None:
    """Break a title and the axes' names where they are longer than the panel."""
    for text, inches in (
        (ax.title, wide - 0.4),
        (ax.xaxis.label, wide - 0.4),
        (ax.yaxis.label, high - 0.3),
    ):
        words = text.get_text()
        letters = max(12, int(inches / LETTER))
        if "$" not in words and "\n" not in words and len(words) > letters:
            text.set_text(textwrap.fill(words, letters))
    names = [label.get_text() for label in ax.get_xticklabels()]
    crowd = sum(len(name) + 2 for name in names) * LETTER / max(wide - 0.6, 0.5)
    if crowd > 1 and isinstance(ax.xaxis.get_major_formatter(), FixedFormatter | FuncFormatter):
        each = math.ceil(crowd)
        ax.set_xticks(ax.get_xticks()[::each], names[::each])
    elif crowd > 1 and ax.get_xscale() == "linear":
        fewer = math.floor(len(names) / crowd)
        ax.xaxis.set_major_locator(MaxNLocator(max(fewer - 1, 2), steps=[1, 2, 2.5, 5, 10]))
