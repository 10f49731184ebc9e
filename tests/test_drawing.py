"""What a figure becomes on a page: a wide drawing, one for phones, and images only where lines would be heavy."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from book.extensions import light
from lab import drawing

PIXELS = 348  # of the text's column on a phone of 380


def pair():
    """Two plots that share an axis, with long names and a legend in small type."""
    figure = Figure(figsize=(8.6, 3.3))
    left, right = figure.subplots(1, 2, sharey=True)
    for ax in (left, right):
        ax.plot([0, 1, 2], [1, 3, 2], label="a line")
        ax.set(title="How far it is after " + "many " * 12 + "steps", xlabel="step")
    left.set_ylabel("loss")
    right.legend(fontsize=6)
    return figure


def parts(text):
    """The wide drawing and the narrow one."""
    found = light.NARROW.search(text)
    return light.NARROW.sub("", text), found[1]


def sizes(svg):
    """A drawing's width and height, and the sizes of its labels, in CSS pixels."""
    root = ElementTree.fromstring(svg)
    wide, high = light.drawn_size(svg)
    scales = re.findall(r"scale\(([\d.]+) -[\d.]+\)", svg)
    assert root.tag.endswith("svg") and scales
    return wide, high, [float(s) * 100 * 96 / 72 for s in scales]


def images(svg):
    for kind, code in re.findall(r"data:image/(\w+);base64,([^\"]+)", svg):
        yield kind, Image.open(io.BytesIO(base64.b64decode(code)))


def test_a_phone_gets_panels_below_each_other_and_text_to_read():
    wide, narrow = (sizes(part) for part in parts(drawing.both(pair())))
    assert wide[0] > 1.5 * wide[1] and narrow[0] < narrow[1] < 2 * wide[1]
    shown = min(1, PIXELS / narrow[0])
    assert min(narrow[2]) * shown >= 9
    assert min(wide[2]) * PIXELS / wide[0] < 6, "the wide one could be read as well"


def test_a_panel_whose_neighbor_named_its_axis_gets_names():
    figure = pair()
    left, right = figure.axes
    drawing.both(figure)
    assert right.get_ylabel() == left.get_ylabel() == "loss"
    assert right.yaxis.get_tick_params()["labelleft"]
    assert left.get_position().y0 > right.get_position().y1
    assert "\n" in left.get_title()


@pytest.mark.parametrize("title", ["", "A title"])
@pytest.mark.parametrize("place", ["upper left", "lower left"])
def test_on_a_phone_no_legend_lies_over_a_line(title, place):
    figure = Figure(figsize=(6.4, 3.2))
    ax = figure.subplots()
    ax.set_title(title)
    for i in range(3):
        ax.plot([0, 1], [1, 0.8 - 0.1 * i], label=f"the {i + 1}. line of the figure")
    legend = ax.legend(loc=place)
    figure.draw_without_rendering()
    assert drawing.hides_lines(ax) == (place == "upper left")
    drawing.both(figure)
    figure.draw_without_rendering()
    assert not drawing.hides_lines(ax)
    legend, panel = ax.get_legend().get_window_extent(), ax.get_window_extent()
    heading = ax.title.get_window_extent()
    assert legend.y0 >= panel.y1 or place == "lower left"
    assert not title or not heading.overlaps(legend)
    assert len(ax.get_legend().get_texts()) == 3


def test_the_same_figure_gives_the_same_drawing():
    assert drawing.both(pair()) == drawing.both(pair())


def test_what_was_below_a_picture_stays_below_it():
    figure = Figure(figsize=(8, 2))
    panels = figure.subplots(2, 8)
    for ax in panels.flat:
        ax.imshow(np.eye(3))
        ax.axis("off")
    drawing.both(figure)
    for above, below in panels.T:
        high, low = above.get_position(), below.get_position()
        assert low.x0 == pytest.approx(high.x0) and 0 < high.y0 - low.y0 < 0.3
    assert panels[0, 4].get_position().y1 < panels[1, 0].get_position().y0


def test_every_row_of_pictures_has_its_name():
    figure = Figure(figsize=(8, 3))
    panels = figure.subplots(3, 10)
    for row in panels:
        for ax in row:
            ax.imshow(np.eye(3))
    for ax, name in zip(panels[:, 0], ("duck", "cat"), strict=False):
        ax.set_ylabel(name)
        for each in ax.figure.axes:
            each.set(xticks=[], yticks=[])
    panels[2, 0].axis("off")
    panels[2, 0].text(-0.1, 0.5, "fox", ha="right", transform=panels[2, 0].transAxes)
    drawing.both(figure)
    left = min(ax.get_position().x0 for ax in panels.flat)
    for row, name in zip(panels, ("duck", "cat", "fox"), strict=True):
        first = [ax for ax in row if ax.get_position().x0 == pytest.approx(left)]
        names = [ax.get_ylabel() or ax.texts[0].get_text() for ax in first]
        assert names == [name] * 2
        others = [ax for ax in row if ax not in first]
        assert not any(ax.get_ylabel() or ax.texts for ax in others)


def test_numbers_along_an_axis_keep_their_distance():
    figure = Figure(figsize=(6.4, 3))
    ax = figure.subplots()
    ax.plot([-0.0292, 0.0025], [0, 1])
    drawing.both(figure)
    figure.draw_without_rendering()
    low, high = ax.get_xlim()
    shown = [
        label.get_window_extent()
        for at, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
        if low <= at <= high
    ]
    assert len(shown) > 2
    gaps = [right.x0 - left.x1 for left, right in zip(shown, shown[1:], strict=False)]
    assert min(gaps) > shown[0].height / 2


def test_what_is_black_can_be_seen_in_the_dark():
    """matplotlib says no color of what it fills with black."""
    figure = Figure()
    plain, pictured = figure.subplots(1, 2)
    pictured.imshow(np.eye(3))
    for ax in (plain, pictured):
        ax.scatter([0.5], [0.5], color="black", marker="P")
    wide, _ = parts(drawing.both(figure))
    marks = re.findall(r'<g id="(?:keep-\d+|PathCollection_\d+)">', wide)
    assert len(marks) == 2 and "fill: #000000" not in wide
    assert "svg { fill: #dfe3ea }" in light.DARK
    assert 'g[id^="keep"] { fill: #000000 }' in light.DARK


def test_a_legend_of_many_columns_stands_above_in_fewer():
    figure = Figure(figsize=(7, 3.6))
    ax = figure.subplots()
    for i in range(6):
        ax.plot([0, 1], [i, 0], label=f"contender number {i}, cosine")
    ax.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.3))
    svg = parts(drawing.both(figure))[1]
    assert ax.get_position().width > 0.7
    assert ax.get_legend().get_window_extent().y0 > ax.get_window_extent().y1
    assert min(sizes(svg)[2]) * min(1, PIXELS / sizes(svg)[0]) >= 9


def test_grids_in_a_grid_are_stacked_part_by_part():
    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.add_gridspec(1, 2)
    small, large = left.subgridspec(2, 2).subplots(), right.subgridspec(1, 1).subplots()
    for ax in (*small.flat, large):
        ax.plot([0, 1], [0, 1])
    drawing.both(figure)
    assert all(ax.get_position().y0 > large.get_position().y1 for ax in small.flat)


def test_many_marks_are_an_image_and_few_are_lines():
    figure = Figure()
    ax = figure.subplots()
    ax.scatter(*np.random.default_rng(0).random((2, 100)))
    assert list(images(drawing.both(figure))) == []
    ax.scatter(*np.random.default_rng(0).random((2, drawing.MARKED + 1)))
    text = drawing.both(figure)
    assert len(list(images(text))) == 2 and len(text) < 200_000


def test_an_image_keeps_its_colors_and_a_photograph_is_light():
    few = Image.fromarray(np.kron(np.eye(4), np.full((20, 20), 200)).astype("uint8"))
    noise = np.random.default_rng(0).integers(0, 60, (300, 300, 3))
    smooth = np.add.outer(np.arange(300), np.arange(300))[..., None] // 4
    many = Image.fromarray((noise // 8 + smooth).astype("uint8"))
    for image, exact in ((few, True), (many, False)):
        file = io.BytesIO()
        image.save(file, "png")
        code = base64.b64encode(file.getvalue()).decode()
        text = drawing.EMBEDDED.sub(drawing.lighter, f"data:image/png;base64,{code}")
        [(kind, again)] = images(f'{text}"')
        off = np.abs(np.asarray(again.convert("RGB"), int) - np.asarray(image.convert("RGB"), int))
        assert kind == "webp" and len(text) < len(code)
        assert off.max() == 0 if exact else off.mean() < 6


def test_what_lies_on_an_image_keeps_its_colors_in_the_dark():
    figure = Figure()
    plain, pictured = figure.subplots(1, 2)
    plain.text(0.5, 0.5, "on the page")
    pictured.imshow(np.eye(3))
    pictured.text(1, 1, "on the image", color="white")
    pictured.text(0.5, 1.2, "above it", transform=pictured.transAxes)
    wide, _ = parts(drawing.both(figure))
    root = ElementTree.fromstring(light.with_dark(wide))
    kept = [e for e in root.iter() if (e.get("id") or "").startswith("keep-")]
    assert len(kept) == 1 and "fill: #ffffff" in ElementTree.tostring(kept[0], "unicode")
    assert ':not([id^="keep"] *)' in light.DARK
