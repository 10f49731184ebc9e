"""The judge: tolerances by dtype, the worst element, points by part, the mistake that is named."""

import re

import numpy as np
import pytest

from autograder import compare, judge, naming, report, slopes
from autograder.chance import close_in_distribution
from autograder.exercise import SEEN, Case, Exercise, Finding, Part, Unusable, Verdict
from autograder.grading.judge import why
from autograder.key import Mistake, WholeKey
from autograder.wire import Other


def exercise(**points):
    parts = [
        Part(name, of, lambda rng: [], lambda f, inputs, device: {}, compare.close)
        for name, of in points.items()
    ]
    return Exercise("double", "double", parts)


def key(cases, expected, mistakes=()):
    return WholeKey(cases, expected, list(mistakes))


CASES = [
    Case("a vector", {"x": np.array([1.0, 2.0])}, part="values"),
    Case("an empty array", {"x": np.zeros(0)}, part="shapes"),
]
EXPECTED = [{"y": np.array([2.0, 4.0])}, {"y": np.zeros(0)}]
HALF = Mistake(
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
    of_the_check = verdict({**error, "line": None}, right(1))
    assert "your code raised" not in of_the_check.message
    assert "could not call your code, or not use what it returned" in of_the_check.message
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
    case = Case("x", {"x": np.ones(3, dtype)})
    want = {"y": np.array([1.0, -2.0, 3.0])}
    assert compare.close(case, {"y": want["y"] * (1 + error)}, want)
    assert not compare.close(case, {"y": want["y"] * (1 + error / 100)}, want)
    assert not compare.close(case, {"y": want["y"].astype(dtype)}, want)


def test_rows_of_very_different_size_are_each_compared_at_their_own_scale():
    want = {"y": np.array([[1e6, 1e6], [1.0, 1.0]])}
    off = {"y": want["y"] + np.array([[0, 0], [0, 1e-3]])}
    assert compare.close(Case("x", {"x": np.ones(1)}), off, want)


def test_scores_scale_to_the_points_of_the_cell():
    v = verdict({"outputs": {"y": np.array([0.5, 1.0])}}, right(1)).out_of(8)
    assert (v.score, v.max_score, v.parts["values"]) == (2.0, 8.0, (0.0, 6.0))


def test_html_escapes_what_a_student_wrote():
    v = verdict({"error": "E", "message": "<script>alert(1)</script>", "line": None}, right(1))
    assert "<script>" not in report.html(v)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\v", "\x85", "\u2028"])
def test_what_an_answer_says_forges_no_line_of_a_verdict(end):
    forged = f"x{end}{end}✓ double: all right, 4 of 4 points"
    for kind in ("error", "unusable"):
        said = report.text(verdict({kind: "E", "message": forged} | {kind: forged}, {kind: forged}))
        assert "all right, 4 of 4" in said
        assert not any(line.startswith("✓") for line in said.splitlines())


def test_a_yes_or_no_reads_as_one():
    said = compare.difference("the head trains", False, True, 1e-6)
    assert said == "the head trains: expected True, got False"
    assert compare.difference("the head trains", True, True, 1e-6) is None


def test_what_can_not_be_used_is_said_in_the_probes_words():
    v = verdict({"unusable": "return an array"}, right(1))
    assert (v.status, v.score, v.message) == ("partial", 1.0, "a vector: return an array")


def test_a_single_fact_names_a_mistake_only_if_its_words_say_no_more():
    outcomes = [{"unusable": "return an array"}, right(1)]
    cause = Mistake("cause", "the last line forgotten", outcomes)
    seen = Mistake("seen", "something that is no array is returned", outcomes, observed=True)
    assert verdict(outcomes[0], right(1), mistakes=(HALF, cause)).mistake is None
    assert verdict(outcomes[0], right(1), mistakes=(HALF, cause, seen)).mistake == "seen"
    assert verdict({"unusable": "return a number"}, right(1), mistakes=(seen,)).mistake is None


def test_what_an_answer_got_right_refutes_a_mistake():
    both = Mistake("both", "wrong everywhere", [HALF.outcomes[0], {"unusable": "no"}])
    assert verdict(HALF.outcomes[0], right(1), mistakes=(both,)).mistake is None
    assert verdict(HALF.outcomes[0], right(1), mistakes=(both, HALF)).mistake == "half"


def test_mistakes_that_explain_all_alike_are_all_said():
    other = Mistake("other", "shifted, not doubled", HALF.outcomes)
    v = verdict(HALF.outcomes[0], right(1), mistakes=(HALF, other))
    assert v.mistake is None and v.suspects == (HALF.says, other.says)
    for shown in (report.text(v), report.html(v)):
        assert "One of these gives this result" in shown
        assert HALF.says in shown and other.says in shown


def test_an_error_agrees_by_type_words_and_place():
    def raised(at, message="operands (2,) (3,)"):
        return {"error": "ValueError", "message": message, "line": 3, "at": at}

    product = Mistake("product", "a wrong product", [raised("*"), raised("*")])
    assert verdict(raised("*"), raised("*"), mistakes=(product,)).mistake == "product"
    assert verdict(raised("+"), raised("+"), mistakes=(product,)).mistake is None
    sizes = raised("*", "operands (4,) (3,)")
    assert verdict(sizes, raised("*"), mistakes=(product,)).mistake is None


def test_facts_that_nobody_is_judged_by_refute_a_mistake_and_are_said():
    def outputs(y, fact):
        return {"outputs": {"y": np.array(y), SEEN: {"steps": fact}}}

    held = key(CASES[:1], [{"y": np.array([2.0, 4.0]), SEEN: {"steps": "all"}}])
    mistake = Mistake("none", "no step taken", [outputs([1.0, 2.0], "none")])
    held = key(held.cases, held.expected, [mistake])

    def judged(*given):
        return judge.judge(exercise(values=3.0), [outputs(*given)], held)

    assert judged([2.0, 4.0], "none").status == "passed"
    assert judged([1.0, 2.0], "none").mistake == "none"
    assert "(seen besides: steps: none)" in report.text(judged([1.0, 2.0], "none"))
    assert judged([1.0, 2.0], "some").mistake is None


def test_one_finding_a_part_and_the_same_words_once():
    findings = [
        Finding("first", "y: wrong", "values"),
        Finding("second", "y: also wrong", "values"),
        Finding("third", "y: wrong", "shapes"),
    ]
    parts = {"values": (0.0, 3.0), "shapes": (0.0, 1.0)}
    v = Verdict("double", "failed", 0.0, 4.0, parts, tuple(findings))
    said = report.text(v)
    assert "in 2 cases: y: wrong; 1 more case wrong" in said
    assert "as above" in said and "also wrong" not in said
    assert "<details>" in report.html(v) and "also wrong" in report.html(v)


def test_arrays_of_different_shapes_are_compared_one_by_one():
    want = [np.ones(2), np.ones((3, 1))]
    assert compare.difference("y", [np.ones(2), np.ones((3, 1))], want, 1e-6) is None
    said = compare.difference("y", [np.ones(2), np.zeros((3, 1))], want, 1e-6)
    assert said == "y[1][0, 0]: expected 1, got 0 (3 of 3 values differ)"
    assert compare.difference("y", [np.ones(2)], want, 1e-6) == "y: expected a list of 2"


def test_public_verdicts_say_that_no_other_cases_were_tried():
    v = verdict(right(0), right(1))
    assert "all right on the public cases, 4 of 4 points" in report.text(v, public=True)
    assert "all right on the public cases" in report.html(v, public=True)
    assert "double: all right, 4 of 4 points" in report.text(v)


# ---- judges that raise


def judged_by(a_judge, *outcomes, summary=None, mistakes=(HALF,)):
    parts = [
        Part(name, of, lambda rng: [], lambda f, inputs, device: {}, a_judge, summary)
        for name, of in (("values", 3.0), ("shapes", 1.0))
    ]
    held = key(CASES, EXPECTED, mistakes)
    return judge.judge(Exercise("double", "double", parts), list(outcomes), held)


def needs_y(case, outputs, expected):
    """A judge that does not look whether there is an output at all."""
    return [] if np.array_equal(outputs["y"], expected["y"]) else ["y is wrong"]


def test_what_a_judge_stumbles_over_is_wrong_if_it_takes_the_references_answer():
    v = judged_by(needs_y, {"outputs": {}}, right(1))
    assert (v.status, v.score) == ("partial", 1.0)
    assert v.message == "a vector: the check can't use what your code returned: KeyError: 'y'"
    assert judged_by(needs_y, right(0), right(1)).status == "passed"


def test_what_a_summary_stumbles_over_is_wrong():
    v = judged_by(
        compare.close, {"outputs": {}}, right(1), summary=lambda case, outputs: {"y": outputs["y"]}
    )
    assert (v.status, v.score) == ("partial", 1.0) and "KeyError: 'y'" in v.message


@pytest.mark.parametrize("outcome", [right(0), {"outputs": {}}, {"outputs": {"y": np.nan}}])
def test_a_judge_that_raises_on_the_references_answer_too_fails_by_itself(outcome):
    def broken(case, outputs, expected):
        return [] if expected["y"][99] == outputs["y"][99] else ["y is wrong"]

    with pytest.raises(judge.CheckFailed, match="the check of double raised"):
        judged_by(broken, outcome, right(1))


def test_what_no_outcome_can_bring_about_is_the_checks_own():
    def careless(case, outputs, expected):
        return wrong if outputs["y"] is None else []  # noqa: F821  (there is no such name)

    with pytest.raises(judge.CheckFailed, match="NameError"):
        judged_by(careless, {"outputs": {"y": None}}, right(1))


def test_a_name_that_can_not_be_found_costs_nothing():
    class Raises(list):
        def __getitem__(self, i):
            raise RuntimeError("this mistake is broken")

    broken = Mistake("broken", "never said", Raises())
    v = verdict({"outputs": {"y": np.array([0.5, 1.0])}}, right(1), mistakes=(broken,))
    assert (v.status, v.score, v.mistake) == ("partial", 1.0, None)


def test_a_finding_drives_no_terminal_and_turns_no_line_around():
    finding = Finding("first", "x\x1b[2J\u202e0 fo 3\u2066\0\ud83d a\u00a0b", "values")
    assert finding.message == "x?[2J?0 fo 3??? a\u00a0b"


def test_what_came_stands_in_lines_that_begin_with_its_name_whatever_it_is_called():
    forged = "x\n✓ adam: all right, 8 of 8 points"
    came = {forged: {forged: 1, "y": np.zeros(1_000)}, "z": forged}
    lines = list(why._side_by_side({"z": 1.0}, came))
    assert len(lines) == 4 and not any("\n" in line for line in lines)


def of_chance(*means):
    """Outcomes of cases that hold a mean of 400 draws each."""
    return [{"outputs": {"y": {"mean": mean, "sd": 0.5, "of": 400}}} for mean in means]


def named_by_chance(*outcomes):
    cases = [Case(f"draw {i}", {}, part="values") for i in range(len(outcomes))]
    part = Part("values", 1.0, lambda rng: [], lambda f, inputs, device: {}, close_in_distribution)
    expected = [outcome["outputs"] for outcome in of_chance(*[0.0] * len(outcomes))]
    doubled = Mistake("doubled", "twice as often", of_chance(*[2.0] * len(outcomes)))
    held = key(cases, expected, [doubled])
    return judge.judge(Exercise("draws", "draws", [part]), list(outcomes), held).mistake


def test_where_chance_decides_a_far_outlier_speaks_against_a_mistake():
    assert named_by_chance(*of_chance(2.02, 1.97, 2.0, 2.01)) == "doubled"
    assert named_by_chance(*of_chance(2.02, 1.97, 2.0, 9.0)) is None
    assert named_by_chance(*of_chance(2.02, 1.97, 2.0, 0.0)) is None  # right on one case


def test_what_does_not_scatter_is_not_explained_by_what_does():
    fixed = [{"outputs": {"y": {"mean": 2.1, "sd": 0.0, "of": 400}}}] * 4
    assert named_by_chance(*fixed) is None


def test_rounding_that_grew_in_a_training_is_no_other_fact():
    """The loss after 80 steps differs by 1 in 1000 from one machine to the next, and keys travel."""
    assert not list(naming.unlike({"loss": 0.029319}, {"loss": 0.029289}))
    assert list(naming.unlike({"loss": 0.0300}, {"loss": 0.0293})) == ["loss"]


def test_what_torch_does_not_implement_is_an_error_and_no_stub():
    stub = {"error": "NotImplementedError", "message": "", "line": 2}
    assert verdict(stub, stub).status == "missing"
    of_torch = stub | {"message": 'Module [Mine] is missing the required "forward" function'}
    v = verdict(of_torch, of_torch)
    assert v.status == "error" and "missing the required" in v.message


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "return two values, low and high, not None: is there a `return`?"),
        (np.zeros(2), "return two values, low and high, not an array"),
        (np.float32(2), "return two values, low and high, not a number"),
        ({}, "return two values, low and high, not a dict"),
        ((1, 2, 3), "return two values, low and high, not 3 values"),
        ([1], "return two values, low and high, not 1 value"),
    ],
)
def test_what_came_instead_is_said_in_the_same_words_for_all_cases(returned, said):
    with pytest.raises(Unusable, match=f"^{re.escape(said)}$"):
        compare.require_values(returned, 2, "two values, low and high")
    assert compare.require_values([1, 2], 2, "") == [1, 2]


def test_slopes_that_hardly_differ_are_said_with_the_digits_that_do():
    assert slopes.unlike_texts(0.5, 0.25) == ("0.5", "0.25")
    assert slopes.unlike_texts(0.10206322, 0.10206303) == ("0.10206322", "0.10206303")
    assert slopes.unlike_texts(1.0, 1.0) == ("1", "1")
