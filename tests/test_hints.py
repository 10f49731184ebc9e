"""Hints: steps for each part of each exercise, none of which gives an answer away, one after the other."""

import re
from html.parser import HTMLParser

import pytest
from nbgrader.utils import is_solution

from autograder import NotYet, check, hints
from autograder.check import NothingToCheck
from autograder.exercise import Verdict
from autograder.grading.answer import source_of
from autograder.grading.judge.verdicts import verdict_outputs
from autograder.grading.releasing.handout import handout
from autograder.grading.releasing.notebooks import read_source
from tests.answers import (
    COURSE,
    HOME,
    answer,
    exercise,
    exercises_having,
    having,
    mistake,
    oracle,
)


def held(name):
    """What the assignment's folder holds for an exercise."""
    return hints._held(COURSE.assignment(HOME[name]).folder, name)


def every_step(name):
    return [step for table in held(name).values() for steps in table.values() for step in steps]


@pytest.mark.parametrize("name", exercises_having(hints.FILE))
def test_each_part_has_two_or_three_steps_and_mistakes_are_known(name):
    parts = held(name)["parts"]
    assert list(parts) == [part.name for part in exercise(name).parts]
    by_mistake = held(name).get("mistakes", {})
    assert set(by_mistake) <= {m.id for m in answer(name).mistakes}
    for steps in (*parts.values(), *by_mistake.values()):
        assert len(steps) in (2, 3) and len(set(steps)) == len(steps)
        assert "?" in steps[0], "the first step asks"
        for step in steps:
            assert 15 < len(step) < 320 and step[-1] in ".?" and step.count("`") % 2 == 0


def bare(code):
    return re.sub(r"\s+", "", code)


def test_they_stand_under_a_verdict_in_the_feedback():
    v = Verdict("adam", "partial", 4.0, 8.0, {"update rule": (0.0, 4)})
    hint = hints.fitting(COURSE.assignment("optimizers").folder, v)
    shown, _score = verdict_outputs(v, hint)
    assert hint is not None and hint.html() in shown.data["text/html"]


@pytest.mark.parametrize("name", HOME)
def test_no_hint_holds_a_line_of_an_answer(name):
    """Neither a whole line nor, as code, a piece of one that computes something."""
    cells = read_source(COURSE.source(HOME[name])).cells
    codes = [c.source for c in cells if c.cell_type == "code" and is_solution(c)]
    codes += [source_of(code) for code in (oracle(name), *answer(name).alternatives)]
    lines = {bare(line) for code in codes for line in code.splitlines()}
    lines = {line for line in lines if len(line) > 8 and not line.startswith("#")}
    everything = "\n".join(map(bare, codes))
    for step in every_step(name):
        assert not [line for line in lines if line in bare(step)], step
        for piece in re.findall("`([^`]+)`", step):
            computes = len(piece) > 3 and re.search(r"[-+*/@<>]|\(.*[\w.]+.*\)", piece)
            assert not (computes and bare(piece) in everything), piece


class Nesting(HTMLParser):
    """Notes how deep each ``details`` lies, and the text in it."""

    def __init__(self):
        super().__init__()
        self.depth, self.found = 0, []

    def handle_starttag(self, tag, attributes):
        if tag == "details":
            self.depth += 1
            self.found.append((self.depth, dict(attributes)))

    def handle_endtag(self, tag):
        self.depth -= tag == "details"


def test_steps_open_one_after_the_other():
    html = hints.Hints("it", ("Is 1 < 2?", "See `a < b`.", "So <b>.")).html()
    nesting = Nesting()
    nesting.feed(html)
    assert [depth for depth, _ in nesting.found] == [1, 2, 3] and nesting.depth == 0
    assert "Is 1 &lt; 2?" in html and "<code>a &lt; b</code>" in html and "&lt;b&gt;" in html


@pytest.fixture
def optimizers(monkeypatch, capsys):
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)
    check.progress.verdicts.clear()
    check.given.clear()
    return capsys


def said(capsys, code):
    check.hint(code)
    return capsys.readouterr().out


def test_a_call_gives_the_next_step(optimizers):
    wrong = mistake("adam", "no-bias-correction")
    with pytest.raises(NothingToCheck, match=r"first check\(adam\)"):
        check.hint(wrong)
    with pytest.raises(NotYet):
        check(wrong)
    assert "check.hint(adam)" in optimizers.readouterr().out
    steps = held("adam")["mistakes"]["no-bias-correction"]
    for number, step in enumerate(steps, start=1):
        text = said(optimizers, wrong)
        assert f"Hint {number} of 3" in text and step in text
        assert ("the last one" in text) == (number == 3)
    assert steps[-1] in said(optimizers, wrong)
    with pytest.raises(NotYet):
        check(mistake("adam", "epsilon-inside"))
    assert held("adam")["mistakes"]["epsilon-inside"][0] in said(optimizers, wrong)
    check(oracle("adam"))
    assert "check.hint" not in optimizers.readouterr().out
    assert "no hint" in said(optimizers, wrong)


def test_without_words_of_its_own_a_mistake_gets_those_of_its_first_failed_part(optimizers):
    wrong = mistake("step_decay", "counts-from-1")
    assert "counts-from-1" not in held("step_decay").get("mistakes", {})
    with pytest.raises(NotYet):
        check(wrong)
    verdict = check.progress.verdicts["step_decay"][0]
    first = next(part for part, (got, of) in verdict.parts.items() if got < of)
    assert held("step_decay")["parts"][first][0] in said(optimizers, wrong)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("error", hints.AN_ERROR), ("timeout", hints.A_TIMEOUT), ("missing", None), ("passed", None)],
)
def test_an_error_and_a_long_run_have_hints_of_their_own(status, expected):
    folder = COURSE.assignment("optimizers").folder
    verdict = Verdict("adam", status, 0.0, 8.0, {"update rule": (0.0, 4.0)})
    found = hints.fitting(folder, verdict)
    assert (found and found.steps) == expected


@pytest.mark.parametrize("name", having(hints.FILE))
def test_students_receive_them(name):
    assert hints.FILE in handout(COURSE, name).files


def test_what_has_the_wrong_form_everywhere_gets_a_hint_to_its_form(capsys, monkeypatch):
    """Not to the formulas of the first part; words that do not say what to return get that as ever."""
    monkeypatch.chdir(COURSE.assignment("optimizers").folder)

    def sgd_momentum(w, dw, config=None):
        return w

    with pytest.raises(NotYet):
        check(sgd_momentum)
    check.hint(sgd_momentum)
    assert "about the form of what you give back" in capsys.readouterr().out
    monkeypatch.chdir(COURSE.assignment("hyperparameters").folder)
    with pytest.raises(NotYet):
        check(mistake("random_search", "overwritten"))
    capsys.readouterr()
    check.hint(oracle("random_search"))
    assert "about the form" not in capsys.readouterr().out
