"""What ``check`` shows besides a verdict: the failing case as code, the whole in view, patience."""

import signal
import time

import numpy as np
import pytest
import torch

import autograder
from autograder import NotYet, check, patience
from autograder.calls import Call, recorded
from autograder.check import printable
from autograder.compare import expected_and_got
from autograder.exercise import Case, Exercise, Part
from autograder.grading.answer import edited
from autograder.grading.releasing.dress import GOES_ON, dressed
from autograder.grading.releasing.exercise_cells import bound_exercise
from autograder.grading.releasing.notebooks import read_source
from autograder.inhand import CaseInHand
from autograder.literal import literal
from autograder.side_by_side import beside_each_other
from tests.answers import ASSIGNMENTS, COURSE, exercise, mistake, oracle


@pytest.fixture
def optimizers(monkeypatch):
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)
    return edited(oracle("adam"), ("(1 - b2) * dw**2", "(1 - b2) * m**2"))


def test_the_smallest_failing_case_can_be_pasted(optimizers, capsys):
    with pytest.raises(NotYet):
        check(optimizers)
    said = capsys.readouterr().out
    code = said.partition("try the smallest failing case yourself:\n")[2]
    lines = [line.strip() for line in code.splitlines()]
    namespace = {"np": np, "check": check, "adam": optimizers}
    exec("\n".join(lines), namespace)
    assert namespace["case"].name in lines[0]
    case = namespace["case"]
    np.testing.assert_allclose(namespace["w"], case.args[0])
    np.testing.assert_allclose(namespace["dw"], case.args[1])
    columns = [line.split() for line in lines if "expected" in line or "got" in line][-2:]
    assert [len(number) for number in columns[0][3:]] == [len(n) for n in columns[1][2:]]


def test_a_case_is_handed_over(optimizers):
    case = check.case(optimizers, "several steps")
    assert len(case.calls) == 4
    given, _ = optimizers(*case.args, **case.kwargs)
    np.testing.assert_allclose(given, case.got["next_w"][0])
    assert not np.allclose(given, case.expected["next_w"][0])
    with pytest.raises(LookupError, match="There are: 'the example in the text', 'eight steps"):
        check.case(optimizers, "no such case")


def test_a_case_that_failed_is_shown_where_another_part_has_one_of_its_name(monkeypatch, capsys):
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)
    saddle = edited(oracle("newton_step"), ("max(damping, damping - lowest)", "damping"))
    with pytest.raises(NotYet):
        check(saddle)
    said = capsys.readouterr().out
    (hessian,) = [line for line in said.splitlines() if "hessian = np.array" in line]
    assert "-1." in hessian
    case = check.case(saddle, "the example in the text")
    assert case.args[1][1, 1] == -1


def test_of_several_calls_the_outputs_of_the_one_that_is_shown_stand_beside_it(optimizers, capsys):
    with pytest.raises(NotYet):
        check(optimizers)
    said = capsys.readouterr().out
    assert "# call 1 of 2" in said
    (expected,) = [line.split() for line in said.splitlines() if "# next_w: expected" in line]
    assert len(expected[3:]) == 2


def test_the_call_that_raised_is_the_one_that_is_shown(monkeypatch):
    """Before it, the same case makes others, with the defaults written into the config."""
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)
    case = check.case(mistake("sgd_momentum", "needs-a-config"), "config=None")
    assert case.args[2] is None and case.code().splitlines()[-2].endswith("(w, dw, None)")


def test_the_call_that_is_shown_gives_the_wrong_value_that_is_shown(monkeypatch):
    """There are more calls than outputs: each entry is also stepped alone."""
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)
    wrong = mistake("rmsprop", "uphill")
    case = check.case(wrong, "a single number")
    _, got = case.side_by_side()
    assert np.shape(case.args[0]) == ()
    given, _ = wrong(*case.args, **case.kwargs)
    assert float(got.split()[-1]) == pytest.approx(float(given), rel=1e-6)


def test_arguments_that_are_short_are_written_out_beside_those_of_the_case(monkeypatch):
    monkeypatch.chdir(COURSE.assignment("hyperparameters").folder)
    case = check.case(oracle("log_uniform"))
    assert case.to_paste() == "log_uniform(0.0001, 0.1, 4000, case.args[3])"
    assert eval(case.to_paste(), {"case": case, "log_uniform": oracle("log_uniform")}).size == 4000


def test_a_class_is_shown_by_what_was_called(monkeypatch):
    monkeypatch.chdir(COURSE.assignment("ensembles").folder)
    case = check.case(oracle("early_stopping"))
    assert case.code().startswith("it = EarlyStopping(") and "it.update(" in case.code()


def test_a_module_in_evaluation_is_shown_in_evaluation(monkeypatch):
    monkeypatch.chdir(COURSE.assignment("regularization").folder)
    code = check.case(oracle("inverted_dropout"), "evaluation in float32").code()
    assert code.index("it.train(False)") < code.index("it.forward(")


def test_calls_that_are_too_long_are_made_by_reference(monkeypatch):
    monkeypatch.chdir(COURSE.assignment("regularization").folder)
    case = check.case(oracle("channel_dropout"), "images")
    code, p = case.by_reference(), case.calls[0].args[0]
    assert case.code() == "" and code.startswith(f"it = ChannelDropout({p})\nit.train(False)\n")
    exec(code, {"case": case, "ChannelDropout": oracle("channel_dropout")})


def test_the_same_call_is_shown_again_only_where_chance_decides():
    calls = [
        Call("__init__", (2,), {}),
        *(Call("update", (1.5,), {}, returned=False) for _ in range(3)),
    ]
    again = "it = Stop(2)\nprint(it.update(1.5))\nprint(it.update(1.5))\nit.update(1.5)"
    assert CaseInHand("", "Stop", {}, {}, {}, calls, draws=True).code() == again
    assert CaseInHand("", "Stop", {}, {}, {}, calls).code().count("update") == 1


def changes_x(x):
    x.mul_(2)
    return x


def test_an_argument_that_was_changed_can_be_seen_to_be():
    """Also one that was computed and has a gradient, which deepcopy refuses."""
    x = torch.ones(3, requires_grad=True) * 1
    calls = []
    recorded(changes_x, calls)(x)
    assert calls[0].changed == (0,) and (calls[0].args[0] == 1).all()
    said = {"x after the call": "as it was"}, {"x after the call": "changed"}
    case = CaseInHand("", "changes_x", {}, *said, calls, ("x",))
    for code in (case.code(), case.by_reference()):
        namespace = {"case": case, "torch": torch, "changes_x": changes_x}
        *before, asked = code.splitlines()
        exec("\n".join(before), namespace)
        seen = eval(asked, namespace)
        assert seen is False if code.startswith("x = case") else (seen == 2).all()
    assert (case.args[0] == 1).all()
    unasked = CaseInHand("", "changes_x", {}, {"y": 1.0}, {"y": 2.0}, calls, ("x",))
    assert "before the call" not in unasked.code() + unasked.by_reference()


def test_an_output_that_is_as_long_as_there_are_calls_is_not_taken_for_one_a_call(monkeypatch):
    """Both biases have two entries, and there are two calls; the second is one without penalty."""
    monkeypatch.chdir(COURSE.assignment("regularization").folder)
    wrong = mistake("affine_relu_dropout_loss", "penalty-on-biases")
    case = check.case(wrong, "the example in the text, lam=0.1")
    assert case.args[-1] == 0.1


def test_digits_are_the_numbers_own():
    expected, got = beside_each_other(
        "w", np.array([23 / 11, 1.0]), np.array([0.000123456789, 1.0])
    )
    assert expected.split()[2] == "2.09090909091"[: len(expected.split()[2])]
    assert expected_and_got(23 / 11, 0.012345678) == "expected 2.090909091, got 0.012345678"


def test_a_truth_value_is_shown_as_one():
    assert beside_each_other("there", True, False) == [
        "there: expected  True",
        "       got       False",
    ]
    assert beside_each_other("there", True, True) == []


@pytest.mark.parametrize(
    "value",
    [np.array([[1.5, np.nan], [-np.inf, 0.1]]), np.zeros((0, 3)), np.float32([0.1, 2]), {"a": (1,)}],
)  # fmt: skip
def test_a_literal_makes_the_value_again(value):
    again = eval(literal(value))
    np.testing.assert_equal(again, value)
    assert getattr(again, "dtype", None) == getattr(value, "dtype", None)


def test_the_whole_in_view(optimizers, capsys):
    autograder.check.progress.verdicts.clear()
    check.all()
    assert capsys.readouterr().out.count("not checked yet") == 12
    with pytest.raises(NotYet):
        check(optimizers)
    check(oracle("step_decay"))
    capsys.readouterr()
    check.all()
    said = capsys.readouterr().out
    rows = {row.split()[0]: row for row in said.splitlines()}
    assert "2 of 2" in rows["step_decay"] and "all right" in rows["step_decay"]
    assert "2 of 8" in rows["adam"] and "partly right" in rows["adam"]
    assert "4 of 55" in rows["all"] and "1 of 12 all right" in rows["all"]


def alone(probe, seconds):
    judge = lambda case, outputs, expected: []  # noqa: E731
    part = Part("values", 1.0, lambda rng: [], probe, judge)
    return Exercise("one", "one", [part], seconds=seconds)


CASES = [Case("first", {}, part="values"), Case("second", {}, part="values")]


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_an_endless_loop_is_interrupted_with_a_sentence(handler):
    """Also in a process that ignores interrupts, as one does that was started in the background."""
    before = signal.signal(signal.SIGINT, handler)

    def endless(student, inputs, device):
        while True:
            time.sleep(0.01)

    try:
        outcomes, seconds, _, interrupted = patience.run(alone(endless, 0.1), None, CASES, "cpu")
    finally:
        signal.signal(signal.SIGINT, before)
    assert "is there an endless loop?" in outcomes[0]["unusable"] and seconds < 5
    assert outcomes[1]["unusable"] == patience.NOT_TRIED and interrupted


def test_an_endless_loop_took_too_long_and_is_not_run_again(monkeypatch, capsys):
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)
    monkeypatch.setattr(patience, "LONGEST", 0.02)

    def step_decay(step, base_lr, drop=0.1, every=30):
        calls.append(step)
        while step >= 0:
            time.sleep(0.01)

    calls = []
    with pytest.raises(NotYet):
        check(step_decay)
    said = capsys.readouterr().out
    assert "step_decay: took too long" in said and "is there an endless loop?" in said
    assert len(calls) == 1 and "try the smallest failing case" not in said
    check.hint(step_decay)
    assert "Which loop runs longest?" in capsys.readouterr().out


def test_what_a_check_shows_does_not_depend_on_how_long_it_took(monkeypatch, capsys):
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)

    def exponential_decay(step, base_lr, rate):
        time.sleep(0.4)
        return base_lr

    with pytest.raises(NotYet):
        check(exponential_decay)
    assert "try the smallest failing case" in capsys.readouterr().out


def test_what_takes_too_long_is_judged_all_the_same():
    def slow(student, inputs, device):
        time.sleep(0.1)
        return {"y": 1.0}

    came = patience.run(alone(slow, 0.1), None, CASES, "cpu")
    assert [o["outputs"] for o in came.outcomes] == [{"y": 1.0}] * 2
    assert "grading stops it after 0.1 s" in came.remark and not came.interrupted


def test_a_console_without_ticks_gets_other_marks():
    assert printable("✓ all right", "cp1252") == "+ all right"
    assert printable("✓ all right", "utf-8") == "✓ all right"


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_titles_points_and_times_come_from_one_place(name):
    assignment = COURSE.assignment(name)
    notebook = dressed(read_source(COURSE.source(name)), assignment)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(GOES_ON in cell.metadata.tags for cell in code[1:])
    assert code[-1].source == "check.all()"
    titles = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    for cell in code:
        if (id := bound_exercise(cell, assignment)) is not None:
            one = exercise(id)
            assert cell.metadata.nbgrader.points == one.points
            said = f"({one.points:g} points, {one.minutes} minutes, {one.stars})"
            assert sum(said in title for title in titles) >= 1, said
