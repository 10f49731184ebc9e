"""The judge: tolerances by dtype, the worst element, points by part, the mistake that is named."""

import numpy as np
import pytest

from autograder import judge, report
from autograder.exercise import Case, Exercise
from autograder.wire import Other


def exercise(**parts):
    return Exercise(
        "double", "double", parts, lambda rng: [], lambda f, inputs, device: {}, judge.close
    )


def key(cases, expected, mistakes=()):
    return judge.Key(cases, expected, list(mistakes))


CASES = [
    Case("a vector", "values", {"x": np.array([1.0, 2.0])}),
    Case("an empty array", "shapes", {"x": np.zeros(0)}),
]
EXPECTED = [{"y": np.array([2.0, 4.0])}, {"y": np.zeros(0)}]
HALF = judge.Mistake(
    "half",
    "halved, not doubled",
    [{"outputs": {"y": np.array([0.5, 1.0])}}, {"outputs": {"y": np.zeros(0)}}],
)


def verdict(*outcomes, mistakes=(HALF,)):
    return judge.judge(
        exercise(values=3.0, shapes=1.0), list(outcomes), key(CASES, EXPECTED, mistakes)
    )


def right(i):
    return {"outputs": EXPECTED[i]}


def test_all_right():
    v = verdict(right(0), right(1))
    assert (v.status, v.score, v.max_score, v.findings, v.mistake) == ("passed", 4.0, 4.0, (), None)


def test_one_part_wrong_is_partial_and_the_mistake_is_named():
    v = verdict({"outputs": {"y": np.array([0.5, 1.0])}}, right(1))
    assert (v.status, v.score, v.mistake) == ("partial", 1.0, "half")
    assert "halved, not doubled" in report.text(v) and "halved, not doubled" in report.html(v)


def test_an_unknown_mistake_is_not_named_and_the_worst_element_is_reported():
    v = verdict({"outputs": {"y": np.array([2.1, 7.0])}}, right(1))
    assert v.mistake is None
    assert "y[1]: expected 4, got 7 (2 of 2 values differ)" in report.text(v)


def test_shape_type_and_missing_outputs():
    shape = verdict({"outputs": {"y": np.zeros((2, 1))}}, right(1)).findings[0].message
    assert shape == "y: expected shape (2,), got shape (2, 1)"
    assert "is missing" in verdict({"outputs": {}}, right(1)).message
    assert (
        "expected numbers, got oops (str)"
        in verdict({"outputs": {"y": Other("str", "oops")}}, right(1)).message
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_inf_are_wrong(bad):
    assert verdict({"outputs": {"y": np.array([2.0, bad])}}, right(1)).status == "partial"


def test_errors():
    error = {"error": "KeyError", "message": "'velocity'", "line": 3}
    v = verdict(error, error)
    assert (v.status, v.score) == ("error", 0)
    assert "KeyError: 'velocity' (line 3 of your cell)" in v.message
    todo = {"error": "NotImplementedError", "message": "", "line": 2}
    assert verdict(todo, todo).status == "missing"


@pytest.mark.parametrize(
    "outcomes", [None, [], [right(0)], "outputs", [right(0), None], [right(0), {"outputs": 3}]]
)
def test_it_fails_closed(outcomes):
    v = judge.judge(exercise(values=3.0, shapes=1.0), outcomes, key(CASES, EXPECTED))
    assert v.status != "passed" and v.score < v.max_score and v.findings


@pytest.mark.parametrize(("dtype", "error"), [("float64", 1e-6), ("float32", 1e-4)])
def test_tolerance_follows_the_dtype_of_the_inputs(dtype, error):
    case = Case("x", "values", {"x": np.ones(3, dtype)})
    want = {"y": np.array([1.0, -2.0, 3.0])}
    assert judge.close(case, {"y": want["y"] * (1 + error)}, want)
    assert not judge.close(case, {"y": want["y"] * (1 + error / 100)}, want)
    assert not judge.close(case, {"y": want["y"].astype(dtype)}, want)


def test_rows_of_very_different_size_are_each_compared_at_their_own_scale():
    want = {"y": np.array([[1e6, 1e6], [1.0, 1.0]])}
    off = {"y": want["y"] + np.array([[0, 0], [0, 1e-3]])}
    assert judge.close(Case("x", "values", {"x": np.ones(1)}), off, want)


def test_scores_scale_to_the_points_of_the_cell():
    v = verdict({"outputs": {"y": np.array([0.5, 1.0])}}, right(1)).out_of(8)
    assert (v.score, v.max_score, v.parts["values"]) == (2.0, 8.0, (0.0, 6.0))


def test_html_escapes_what_a_student_wrote():
    v = verdict({"error": "E", "message": "<script>alert(1)</script>", "line": None}, right(1))
    assert "<script>" not in report.html(v)


def test_a_yes_or_no_reads_as_one():
    said = judge.difference("the head trains", False, True, 1e-6)
    assert said == "the head trains: expected True, got False"
    assert judge.difference("the head trains", True, True, 1e-6) is None
