"""Pictures of a failing case: their numbers, their words, and that they come with a verdict."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import nbformat
import numpy as np
import pytest

from autograder import judge, report, sketch, sketch_plane
from autograder.grading.display.feedback_page import FeedbackPage
from autograder.grading.judge.verdicts import verdict_outputs
from tests.answers import HOME, answer, exercise, key, mistake, oracle, outcomes, verdict

DRAWN = [name for name in HOME if any(part.picture for part in exercise(name).parts)]


def parsed(drawing):
    return ET.fromstring(drawing)


def points(drawing):
    """The points of each line that goes through some."""
    lines = [e.get("points") for e in parsed(drawing).iter("polyline")]
    return [np.array([p.split(",") for p in line.split()], dtype=float) for line in lines]


def test_curves_show_their_numbers():
    drawing = sketch.curves("Rates", "step", [0, 30, 10], [4, 1, 3], [4, 2, 3.5])
    (want, have) = points(drawing)
    left, right, top, bottom = sketch.LEFT, sketch.RIGHT, sketch.TOP, sketch.BOTTOM
    x = left + np.array([0, 10, 30]) / 30 * (right - left)
    for line, values in ((want, [4, 3, 1]), (have, [4, 3.5, 2])):
        height = bottom - (np.array(values) - 1) / 3 * (bottom - top)
        np.testing.assert_allclose(line, np.stack([x, height], 1), atol=0.06)
    root = parsed(drawing)
    assert root.get("role") == "img" and root.find("title").text == "Rates"
    assert root.get("aria-label") == "Rates, by step. Expected: 4, 3, 1. Yours: 4, 3.5, 2."
    words = [e.text for e in root.iter("text")]
    assert words == ["expected", "yours", "0", "30", "step", "1", "4"]


def test_what_came_may_be_anything():
    (want, have) = points(
        sketch.curves("t", "x", [0, 1, 2, 3], [0, 1, 2, 3], [np.nan, np.inf, 1e300, -5])
    )
    assert len(want) == 4 and len(have) == 3
    assert np.ptp(want[:, 1]) > 20, "what was expected is still seen"
    assert have[:, 1].min() >= sketch.TOP and have[:, 1].max() <= sketch.BOTTOM
    for x, expected, came in (
        ([0], [1], [2]),
        ([0, 1], [1, np.nan], [1, 1]),
        ([0, 1], [1, 2], [1]),
    ):
        assert sketch.curves("t", "x", x, expected, came) == ""
    assert "<b>" not in sketch.curves("<b>", "<b>", [0, 1], [1, 2], [1, 2])


def test_a_histogram_shows_shares():
    drawing = sketch.histogram("Draws", "value", ("0", "1"), [0.5, 0.5], [1.0, 0.0])
    bars = [float(r.get("height")) for g in parsed(drawing).iter("g") for r in g.findall("rect")]
    assert bars == [sketch.BOTTOM - sketch.TOP, 0.0]
    [steps] = points(drawing)
    assert set(steps[:, 1]) == {(sketch.BOTTOM + sketch.TOP) / 2}
    assert "Expected: 50% in the fullest bin. Yours: 100%" in parsed(drawing).get("aria-label")


def test_paths_lie_in_one_plane_and_begin_in_one_place():
    want, have = [[1, 2], [0, 1], [0, 0]], [[1, 2], [1, 0], [np.nan, 5]]
    drawing = sketch_plane.paths("Two", ("w0", "w1"), want, have)
    expected, came = points(drawing)
    assert (expected[0] == came[0]).all() and len(expected) == 3 and len(came) >= 2
    assert expected[0, 0] > expected[1, 0] and expected[0, 1] < expected[2, 1], "up is less"
    assert "w0 across, w1 upward" in [e.text for e in parsed(drawing).iter("text")]
    assert "Expected: it ends at (0, 0). Yours: at (nan, 5)." in parsed(drawing).get("aria-label")
    assert sketch_plane.paths("t", ("a", "b"), [[1, 2]], [[1, 2]]) == ""
    assert sketch_plane.paths("t", ("a", "b"), [[1], [2]], [[1], [2]]) == ""


def test_paths_down_a_valley_lie_over_its_contours():
    want, have = [[2, 1], [1, 0.5], [0.5, 0.1]], [[2, 1], [3, 2], [5, 4]]
    drawing = sketch_plane.paths("Two", ("w0", "w1"), want, have, valley=(0.5, 2.0))
    assert len(drawing) < 15_000
    (inner,) = [e for e in parsed(drawing) if e.tag == "svg"]
    rings = [{k: float(v) for k, v in ring.attrib.items()} for ring in inner.iter("ellipse")]
    assert len(rings) == len(sketch_plane.LEVELS)
    start = points(drawing)[0][0] - [sketch.LEFT, sketch.TOP]
    off = [
        ((start[0] - r["cx"]) / r["rx"]) ** 2 + ((start[1] - r["cy"]) / r["ry"]) ** 2 for r in rings
    ]
    assert min(abs(x - 1) for x in off) < 0.01, "one goes through the start"
    (lowest,) = inner.iter("circle")
    width, height = float(inner.get("width")), float(inner.get("height"))
    assert 0 <= float(lowest.get("cx")) <= width and 0 <= float(lowest.get("cy")) <= height
    assert "lowest at (0, 0)" in parsed(drawing).get("aria-label")


@pytest.mark.parametrize(
    "name", [n for n in HOME if any(c.name.endswith("down a valley") for c in key(n, "1").cases)]
)
def test_a_rule_that_fails_in_a_valley_is_drawn_there(name):
    wrong = answer(name).mistakes[:4]
    drawn = [v for m in wrong if "<ellipse" in (v := verdict(name, m.code)).picture]
    assert len(drawn) > len(wrong) / 2
    assert all("down a valley" in v.picture for v in drawn)


def boxes(drawing):
    """Rectangles but for the ground: x, y, width, height, and the color of the line."""
    held = [r for r in parsed(drawing).iter("rect") if r.get("stroke") not in (None, "#222")]
    return [(*(float(r.get(k)) for k in ("x", "y", "width", "height")), r) for r in held]


def test_rectangles_stand_where_they_lie_in_the_image():
    drawing = sketch_plane.rectangles("Crops", (4, 8), [(0, 0, 2, 2), (2, 6, 2, 2)], [(0, 1, 2, 2)])
    image, *expected, came = boxes(drawing)
    scale = image[2] / 8
    assert image[3] == pytest.approx(4 * scale) and len(expected) == 2
    assert expected[1][0] + expected[1][2] == pytest.approx(image[0] + image[2], abs=0.2)
    assert expected[1][1] + expected[1][3] == pytest.approx(image[1] + image[3], abs=0.2)
    assert came[0] == pytest.approx(image[0] + scale + 2, abs=0.2)
    assert came[4].get("stroke") == sketch.CAME and came[4].get("stroke-dasharray")
    said = parsed(drawing).get("aria-label")
    assert "Expected: 2 with their first pixel at (0, 0), (2, 6). Yours: 1 with" in said
    assert sketch_plane.rectangles("t", (4, 4), [(0, 0, 2, 2)], [(0, 0, 2, 2)]) == ""


def test_a_mask_has_a_square_for_each_pixel():
    cut = np.zeros((3, 5), bool)
    cut[1:, :2] = True
    drawing = sketch_plane.cut_out("Cut", "a square of 2 x 2", cut)
    filled = [r[4].get("fill") == sketch.CAME for r in boxes(drawing)]
    assert filled == cut.ravel().tolist()
    said = parsed(drawing).get("aria-label")
    assert "Expected: a square of 2 x 2. Yours: 4 pixels are 0, in 2 rows and 2 columns." in said
    assert sketch_plane.cut_out("t", "w", np.zeros((2, 400))) == ""


def test_crops_in_the_wrong_place_are_seen_there():
    """The image is flipped first: of what is left over on one side, the center lies elsewhere."""
    v = verdict("ten_crop", mistake("ten_crop", "flipped-first"))
    columns = {"(0, 0)", "(0, 1)", "(0, 3)", "(1, 0)", "(1, 3)"}
    said = parsed(v.picture).get("aria-label")
    expected, yours = said.split("Yours:")
    assert all(corner in expected for corner in columns) and "(0, 2)" not in expected
    assert "(0, 2)" in yours


def test_every_picture_has_a_caption_for_all():
    v = verdict("cutout", mistake("cutout", "one-more"))
    title = parsed(v.picture).find("title").text
    figure = parsed(sketch.captioned(v.picture))
    assert figure.find("figcaption").text == title and "3 x 3 was asked for" in title
    assert sketch.captioned(v.picture) in report.html(v)


def luminance(color):
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("color", [sketch.EXPECTED, sketch.CAME])
def test_lines_stand_out_from_white(color):
    assert 1.05 / (luminance(color) + 0.05) > 3


def test_some_exercises_have_pictures():
    assert len(DRAWN) >= 14
    drawn = {"optimizers", "ensembles", "hyperparameters", "regularization"}
    assert {HOME[name] for name in DRAWN} >= drawn


@pytest.mark.parametrize("name", DRAWN)
def test_no_known_mistake_stops_a_picture(name):
    """Called directly: the judge would go on without one. Some mistake of each exercise has one."""
    held, some = key(name, "public"), 0
    for number, wrong in enumerate(answer(name).mistakes):
        if number >= 6 and some:
            break
        for case, found, expected in zip(
            held.cases, outcomes(name, wrong.code, held.cases), held.expected, strict=True
        ):
            draw = exercise(name).part(case.part).picture
            if draw and "outputs" in found and (drawn := draw(case, found["outputs"], expected)):
                assert parsed(drawn).get("aria-label").count("Yours") == 1
                some += 1
    assert some


def test_a_verdict_has_the_picture_of_its_first_failed_case():
    v = verdict("step_decay", mistake("step_decay", "not-rounded-down"))
    assert "between the drops" in parsed(v.picture).find("title").text
    assert v.picture in report.html(v) and "<svg" not in report.text(v)
    assert verdict("step_decay", oracle("step_decay")).picture == ""


def test_a_picture_that_fails_costs_no_verdict():
    def fails(case, outputs, expected):
        raise ZeroDivisionError

    name, held = "step_decay", key("step_decay", "public")
    parts = [replace(part, picture=fails) for part in exercise(name).parts]
    found = outcomes(name, mistake(name, "not-rounded-down"), held.cases)
    broken = judge.judge(replace(exercise(name), parts=parts), found, held)
    assert broken == replace(judge.judge(exercise(name), found, held), picture="")


def test_feedback_shows_it():
    v = verdict("adam", mistake("adam", "uphill"))
    cell = nbformat.v4.new_code_cell("check(adam)", outputs=verdict_outputs(v))
    page, _ = FeedbackPage().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    lines = [e.get("points") for e in parsed(v.picture).iter("polyline")]
    assert len(lines) == 2 and all(line in page for line in lines)
    assert f'aria-label="{parsed(v.picture).get("aria-label")}"' in page
