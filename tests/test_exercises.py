"""Every exercise: right answers pass in any dress, every known mistake fails and is named."""

import copy
import cProfile
import functools
import inspect
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

import autograder
from autograder import judge, key, naming, probe, report, settings, wire
from autograder.exercise import Verdict
from autograder.grading.answer import edited, fresh, source_of
from autograder.grading.releasing import keys
from autograder.grading.releasing.release import same_numbers
from tests import answers
from tests.answers import ASSIGNMENTS, COURSE, HOME, ROOT, answer, exercise, is_slow, verdict

SEEDS = ["public", "1"]
MANY_SEEDS = [str(seed) for seed in range(2, 51)]
TENS = [MANY_SEEDS[i : i + 10] for i in range(0, len(MANY_SEEDS), 10)]
BLOCKS = [range(first, first + 250) for first in range(0, 3_000, 250)]  # of case sets

SLOW = [name for name in HOME if is_slow(name)]
QUICK = [name for name in HOME if name not in SLOW]
# On every push, hidden cases of one seed for what is slow.
every_right_answer = pytest.mark.parametrize(
    ("name", "seed"), [(n, seed) for n in HOME for seed in (["1"] if n in SLOW else SEEDS)]
)
every_exercise = pytest.mark.parametrize("name", HOME)
slow_ones_nightly = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.nightly] if n in SLOW else []) for n in HOME]
)


# Right answers.


def assert_right_answers_pass(name: str, seed: str) -> None:
    solution = answers.solutions(HOME[name])[exercise(name).entry]
    for code in [solution, answer(name).oracle, *answer(name).alternatives]:
        keys.restart_chance(f"{name}/{seed}")
        v = verdict(name, fresh(code), seed)
        source = source_of(code) if code is not solution else "the reference solution"
        assert (v.status, v.score) == ("passed", exercise(name).points), (
            f"{source}\n{report.text(v)}"
        )


@every_right_answer
def test_right_answers_get_full_marks_in_any_dress(name, seed):
    assert len(answer(name).alternatives) >= 3
    assert_right_answers_pass(name, seed)


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)  # by the clock: a busy machine takes its time
@every_exercise
def test_right_answers_get_full_marks_on_fifty_seeds(name):
    for seed in MANY_SEEDS:
        assert_right_answers_pass(name, seed)


@pytest.mark.nightly
@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize("sets", BLOCKS, ids=lambda sets: f"{sets[0]}-{sets[-1]}")
@every_exercise
def test_no_right_answer_fails_on_three_thousand_case_sets(name, sets, capsys):
    """A check that rests on rounding, or on luck, fails a right answer once in a hundred sets."""
    codes = [answer(name).oracle, *answer(name).alternatives]
    for seed in sets:
        held = keys.draw_key(exercise(name), answer(name), f"set {seed}")
        for code in codes:
            v = judge.judge(exercise(name), answers.outcomes(name, fresh(code), held.cases), held)
            capsys.readouterr()  # some answers print
            assert v.status == "passed", f"set {seed}: {source_of(code)}\n{report.text(v)}"


PROFILE = cProfile.Profile()
SETTINGS = {
    "float64": (lambda: torch.set_default_dtype(torch.float64), lambda: torch.set_default_dtype(torch.float32)),
    "no gradients": (lambda: torch.set_grad_enabled(False), lambda: torch.set_grad_enabled(True)),
    "another device": (lambda: torch.set_default_device("meta"), lambda: torch.set_default_device(None)),
    "autocast": (lambda: torch.set_autocast_enabled("cpu", True), lambda: torch.set_autocast_enabled("cpu", False)),
    "anomalies": (lambda: torch.autograd.set_detect_anomaly(True), lambda: torch.autograd.set_detect_anomaly(False)),
    "odd numbers": (lambda: np.seterr(all="raise"), lambda: np.seterr(all="warn")),
    "warnings": (lambda: warnings.simplefilter("error"), warnings.resetwarnings),
    "a profile": (PROFILE.enable, PROFILE.disable),
}  # fmt: skip


def assert_costs_no_right_answer(name: str, settings: list[tuple], each_call: bool = False) -> None:
    """``each_call`` says that the answer itself leaves them so at its end, whenever it is called."""
    held = answers.right_answers(name)
    assert len(held.expected) == len(held.cases)  # they are made before

    def set_all() -> None:
        for set_it, _ in settings:
            set_it()

    @functools.wraps(answer(name).oracle)
    def leaves_them_set(*args, **kwargs):
        returned = answer(name).oracle(*args, **kwargs)
        set_all()
        return returned

    set_all()
    try:
        code = leaves_them_set if each_call else answer(name).oracle
        came = answers.outcomes(name, code, held.cases)
    finally:
        for _, take_back in settings:
            take_back()
    v = judge.judge(exercise(name), came, held)
    assert v.status == "passed", report.text(v)


@slow_ones_nightly
def test_what_a_cell_sets_for_all_of_torch_costs_no_right_answer(name):
    assert_costs_no_right_answer(name, list(SETTINGS.values()))


@slow_ones_nightly
def test_what_an_answer_leaves_set_costs_it_nothing(name):
    if inspect.isclass(answer(name).oracle):
        pytest.skip("its methods are called one by one")
    assert_costs_no_right_answer(name, list(SETTINGS.values())[:-1], each_call=True)


def test_what_can_not_be_taken_back_costs_no_case():
    torch.set_default_device("meta")
    torch.device("meta").__enter__()  # on top of which torch does not take the other back
    try:
        for _ in range(2):
            with settings.as_they_start():
                assert torch.ones(1).device.type == "cpu"
    finally:
        torch.set_default_device(None)
    assert torch.ones(1).device.type == "cpu"


@pytest.mark.nightly
@pytest.mark.parametrize("setting", SETTINGS)
@every_exercise
def test_none_of_it_alone_does(name, setting):
    assert_costs_no_right_answer(name, [SETTINGS[setting]])


def is_random(name: str) -> bool:
    """Whether an exercise's answers are summed up as shares and means of many draws."""
    outputs = COURSE.assignment(HOME[name]).public_keys()[name].expected
    return any(isinstance(v, dict) and "of" in v for values in outputs for v in values.values())


RANDOM = [name for name in HOME if is_random(name)]


def assert_random_answers_pass(name: str, times: int) -> None:
    codes = [answer(name).oracle, *answer(name).alternatives]
    for repetition in range(times):
        code = codes[repetition % len(codes)]
        keys.restart_chance(f"{repetition}")
        v = verdict(name, fresh(code))
        assert v.status == "passed", f"{source_of(code)}\n{report.text(v)}"


@pytest.mark.parametrize("name", RANDOM)
def test_random_answers_pass_however_often_they_are_graded(name):
    assert_random_answers_pass(name, 10)


@pytest.mark.nightly
@pytest.mark.parametrize("name", RANDOM)
def test_random_answers_pass_five_hundred_times(name):
    assert_random_answers_pass(name, 500)


KNOWN = [name for name in HOME if answer(name).known]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_of_the_reference_is_what_it_does(name, seed):
    known = keys.draw_key(exercise(name), answer(name), seed)
    tried = keys.LazyKey(exercise(name), replace(answer(name), known={}), known.cases)
    for case, says, does in zip(known.cases, known.expected, tried.expected, strict=True):
        if case.part in answer(name).known:
            assert repr(does) == repr(says)
            assert not exercise(name).part(case.part).wrong(case, does, says)


# What is sent back in place of outputs.


def recorded(name: str) -> dict[str, list[dict]]:
    """What somebody may have who wrote nothing: right outcomes on the public cases, and their key."""
    cases = exercise(name).draw("public")
    outcomes = answers.outcomes(name, answer(name).oracle, cases)
    public = COURSE.assignment(HOME[name]).public_keys()[name].expected
    return {"outcomes": outcomes, "key": [{"outputs": outputs} for outputs in public]}


def assert_what_was_recorded_earns_nothing(name: str, seeds: list[str]) -> None:
    public, known = exercise(name).draw("public"), recorded(name)
    places = {(case.part, case.name): i for i, case in reversed(list(enumerate(public)))}
    for seed in seeds:
        held = answers.right_answers(name, seed)
        like = [
            places.get((case.part, case.name), min(i, len(public) - 1))
            for i, case in enumerate(held.cases)
        ]
        for what, made in known.items():
            v = judge.judge(exercise(name), [made[i] for i in like], held)
            assert v.score == 0, f"the public {what} earn {v.parts} on seed {seed}"


@every_exercise
def test_what_was_right_on_the_public_cases_earns_nothing_on_hidden_ones(name):
    assert_what_was_recorded_earns_nothing(name, SEEDS[-1:])


@pytest.mark.nightly
@every_exercise
def test_what_was_recorded_earns_nothing_on_fifty_seeds(name):
    assert_what_was_recorded_earns_nothing(name, MANY_SEEDS)


# Mistakes.


@cache
def verdicts_on_mistakes(name: str, seed: str) -> dict[str, Verdict]:
    found = {}
    for mistake in answer(name).mistakes:
        keys.restart_chance(f"{name}/{mistake.id}/{seed}/student")
        found[mistake.id] = verdict(name, fresh(mistake.code), seed)
    return found


def verdicts_on_mistakes_in_the_key(name: str) -> dict[str, Verdict]:
    """Those on what the public key says that they do: they were tried when it was made."""
    held = answers.key(name, keys.PUBLIC_SEED)
    summed_up = [replace(part, summary=None) for part in exercise(name).parts]
    judged = replace(exercise(name), parts=summed_up)
    return {m.id: judge.judge(judged, list(m.outcomes), held) for m in held.mistakes}


def assert_mistakes_are_named(name: str, verdicts: dict[str, Verdict]) -> None:
    says = {m.id: m.says for m in answer(name).mistakes}
    assert list(verdicts) == list(says)
    for mistake, v in verdicts.items():
        assert v.status != "passed" and v.score < v.max_score, f"{mistake} passes"
        assert v.mistake == mistake, f"{mistake} is named {v.mistake}\n{report.text(v)}"
        assert says[mistake] in report.text(v) and says[mistake] in v.message


def record_and_assert_they_are_named(name: str, verdicts: dict[str, Verdict], record) -> None:
    """Note them for the table of the tests; see conftest.py."""
    caught = [m for m, v in verdicts.items() if v.score < v.max_score]
    named = [m for m, v in verdicts.items() if v.mistake == m]
    row = {"all": list(verdicts), "caught": caught, "named": named}
    record("mistakes", [name, row, len(answer(name).alternatives)])
    assert_mistakes_are_named(name, verdicts)


@every_exercise
def test_every_mistake_in_the_public_key_fails_and_is_named(name, record_property):
    verdicts = verdicts_on_mistakes_in_the_key(name)
    record_and_assert_they_are_named(name, verdicts, record_property)


@pytest.mark.parametrize("name", QUICK)
def test_every_mistake_fails_and_is_named(name, record_property):
    record_and_assert_they_are_named(name, verdicts_on_mistakes(name, "1"), record_property)


def assert_scores_do_not_depend_on_the_seed(by_seed: list[dict[str, Verdict]]) -> None:
    for mistake in by_seed[0]:
        results = {(v[mistake].score, v[mistake].status, v[mistake].mistake) for v in by_seed}
        assert len(results) == 1, f"{mistake}: {results}"


@pytest.mark.parametrize("name", QUICK)
def test_the_same_mistake_gets_the_same_score_on_every_seed(name):
    by_seed = [verdicts_on_mistakes_in_the_key(name), verdicts_on_mistakes(name, "1")]
    assert_scores_do_not_depend_on_the_seed(by_seed)


@pytest.mark.nightly
@pytest.mark.timeout(4 * 3600)  # by the clock: on a busy machine an hour was too short
@pytest.mark.parametrize("seeds", TENS, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
@every_exercise
def test_the_same_mistake_gets_one_score_and_one_name_on_fifty_seeds(name, seeds):
    by_seed = [verdicts_on_mistakes(name, seed) for seed in ["public", *seeds]]
    for verdicts in by_seed:
        assert_mistakes_are_named(name, verdicts)
    assert_scores_do_not_depend_on_the_seed(by_seed)


@slow_ones_nightly
def test_grading_which_tries_mistakes_on_demand_names_the_same(name):
    code = answer(name).mistakes[-1]
    lazy = keys.draw_key(exercise(name), answer(name), "1")
    outcomes = probe.run(exercise(name), fresh(code.code), lazy.cases, "cpu")
    v = judge.judge(exercise(name), wire.loads(wire.dumps(outcomes)), lazy)
    assert v.mistake == code.id


def test_mistakes_are_tried_no_further_than_somebody_asks():
    code = answer("adam").mistakes[-1].code
    lazy = keys.draw_key(exercise("adam"), answer("adam"), "1")
    judge.judge(exercise("adam"), probe.run(exercise("adam"), fresh(code), lazy.cases, "cpu"), lazy)
    tried = [len(m.outcomes.tried) for m in lazy.mistakes]
    assert max(tried) == len(lazy.cases) > min(tried)


def test_mistakes_are_tried_first_on_a_case_that_failed():
    """Most do nothing wrong there, and that is all that is tried of them."""
    code = answers.mistake("affine_relu_dropout_loss", "penalty-on-biases")
    lazy = keys.draw_key(
        exercise("affine_relu_dropout_loss"), answer("affine_relu_dropout_loss"), "1"
    )
    came = answers.outcomes("affine_relu_dropout_loss", fresh(code), lazy.cases)
    v = judge.judge(exercise("affine_relu_dropout_loss"), came, lazy)
    assert v.mistake == "penalty-on-biases"
    failed = {i for i, case in enumerate(lazy.cases) if case.name in {f.case for f in v.findings}}
    assert 0 not in failed and {next(iter(m.outcomes.tried)) for m in lazy.mistakes} <= failed
    assert sorted(len(m.outcomes.tried) for m in lazy.mistakes)[-4] < 3


def test_what_takes_long_to_try_is_tried_last():
    """As what is known of the reference does: a mistake that nothing else refutes is tried there."""
    code = answers.mistake("freeze_backbone", "head-frozen")
    lazy = keys.draw_key(exercise("freeze_backbone"), answer("freeze_backbone"), "1")
    v = judge.judge(
        exercise("freeze_backbone"), answers.outcomes("freeze_backbone", code, lazy.cases), lazy
    )
    assert v.mistake == "head-frozen"
    tried = {m.id: list(m.outcomes.tried) for m in lazy.mistakes}
    order = tried["head-frozen"]
    assert [lazy.cases[i].part for i in order[-3:]] == ["what trains"] * 3
    assert len(order) == len(lazy.cases) > min(map(len, tried.values()))
    assert all(cases == order[: len(cases)] for cases in tried.values())


def assert_the_order_of_cases_decides_nothing(name: str) -> None:
    """What a mistake does on a case is in the key as done after the cases before."""
    in_order = answers.key(name, keys.PUBLIC_SEED)
    lazy = keys.draw_key(exercise(name), answer(name), keys.PUBLIC_SEED)
    for known, mistake in zip(in_order.mistakes, lazy.mistakes, strict=True):
        for i, case in reversed(list(enumerate(lazy.cases))):
            alike = naming._alike(exercise(name), case, mistake.outcomes[i], known.outcomes[i])
            assert alike or case.draws, f"{mistake.id}: say remembers=True of it ({case.name})"


@pytest.mark.parametrize("name", ["adam", "mixup"])
def test_a_mistake_does_the_same_whichever_case_comes_first(name):
    assert_the_order_of_cases_decides_nothing(name)


@pytest.mark.nightly
@every_exercise
def test_so_does_every_mistake(name):
    assert_the_order_of_cases_decides_nothing(name)


@pytest.mark.parametrize("name", ["dropout_forward", "mixup"])  # NumPy's draws, and torch's
def test_a_mistake_that_is_tried_in_two_goes_does_the_same(name):
    in_one, in_two = (
        keys.draw_key(exercise(name), answer(name), "1").mistakes[0].outcomes for _ in range(2)
    )
    in_two[0]
    keys.restart_chance("something else")
    assert wire.dumps(list(in_two)) == wire.dumps(list(in_one))


@every_exercise
def test_mistakes_are_many_distinct_and_have_their_own_source(name):
    mistakes = answer(name).mistakes
    assert len(mistakes) >= 4
    assert len({m.id for m in mistakes}) == len({m.says for m in mistakes}) == len(mistakes)
    sources = {source_of(m.code) for m in mistakes}
    assert len(sources) == len(mistakes)
    for source in sources:
        assert re.match(rf"(def|class) {exercise(name).entry}\b", source)


@pytest.mark.nightly
@every_exercise
def test_the_source_of_a_mistake_makes_it(name):
    for m in answer(name).mistakes:
        source = source_of(m.code)
        namespace = answers.surroundings(name)
        exec(source, namespace)
        assert verdict(name, namespace[exercise(name).entry]).mistake == m.id


# Wrong answers that nobody planned for.


@slow_ones_nightly
def test_no_unlisted_answer_passes_or_is_named_falsely(name, record_property):
    tried, wrongly = 0, []
    for what, edits, *named in answers.unlisted(name):
        keys.restart_chance(what)
        v = verdict(name, fresh(edited(answer(name).oracle, *edits)), "1")
        assert v.status != "passed", what
        assert v.findings and all(f.message for f in v.findings), what
        tried += 1
        if v.suspects or v.mistake not in (None, *named):
            wrongly.append(f"{what}: {v.says or v.suspects}")
        assert not named or v.mistake == named[0], f"{what} is {named[0]}\n{report.text(v)}"
    record_property("unlisted", [name, tried, len(wrongly)])  # see conftest.py
    assert not wrongly, wrongly


def test_unlisted_answers_are_many():
    """More than a hundred; those that were named falsely once are among them."""
    assert sum(len(answers.unlisted(name)) for name in HOME) >= 115


def test_an_error_agrees_only_at_its_place():
    """Two answers that end with the same words, for different reasons."""
    code = answers.mistake("sgd_momentum", "needs-every-key")
    assert verdict("sgd_momentum", fresh(code), "1").mistake == "needs-every-key"

    def sgd_momentum(w, dw, config=None):
        if config is None or "momentum" not in config:
            raise KeyError("momentum")
        return answer("sgd_momentum").oracle(w, dw, config)

    assert verdict("sgd_momentum", sgd_momentum, "1").mistake is None


# What is no answer at all.


def released(name: str):
    """The stub that a student finds."""
    entry = exercise(name).entry
    if exercise(name).uses:
        namespace = answers.surroundings(name)
        exec(f"def {entry}(*args, **options):\n    raise NotImplementedError()", namespace)
        return namespace[entry]
    if isinstance(answer(name).oracle, type):

        class Stub(answer(name).oracle.__base__):
            def __init__(self, *args, **options):
                raise NotImplementedError()

        return Stub

    def stub(*args, **options):
        raise NotImplementedError()

    stub.__name__ = entry
    return stub


@every_exercise
def test_an_untouched_stub_is_missing(name):
    v = verdict(name, released(name))
    assert (v.status, v.score, v.mistake) == ("missing", 0, None)


@every_exercise
def test_an_error_is_reported_with_its_line(name):
    source = "\n\n" + source_of(answer(name).oracle)
    head, _, body = source.partition(":\n")
    if isinstance(answer(name).oracle, type):
        body = re.sub(r"(def __init__\(.*?\):\n)", r"\1        boom()\n", body, count=1, flags=re.S)
    else:
        body = "    boom()\n" + body
    namespace = answers.surroundings(name)
    code = f"{head}:\n{body}"
    exec(compile(code, "<cell>", "exec"), namespace)
    v = verdict(name, namespace[exercise(name).entry])
    line = next(i for i, text in enumerate(code.splitlines(), 1) if "boom()" in text)
    assert (v.status, v.score) == ("error", 0)
    assert f"your code raised NameError: name 'boom' is not defined (line {line} of" in v.message


def test_an_error_that_cannot_be_said_costs_its_own_case():
    class Silent(Exception):
        def __str__(self):
            raise ZeroDivisionError

    def code(best, low, high, fraction=0.1):
        if best > high:
            raise Silent
        return oracle(best, low, high, fraction)

    oracle = answers.oracle("at_edge_of_range")
    v = verdict("at_edge_of_range", code)
    assert 0 < v.score < v.max_score and "raised Silent" in v.message


ODD = [
    None,
    3,
    "adam",
    lambda *a, **k: None,
    lambda *a, **k: (1, 2, 3),
    lambda *a, **k: ("w", {}),
    lambda *a, **k: (None, {}),
    lambda *a, **k: (np.array(["a"]), "config"),
    lambda *a, **k: (np.full(3, np.nan), {"velocity": object()}),
    lambda *a, **k: [[1, 2], [3]],
    type("Adam", (), {}),
    type("Adam", (torch.optim.Optimizer,), {}),
]


@every_exercise
@pytest.mark.parametrize("odd", ODD)
def test_odd_answers_earn_nothing_and_break_nothing(name, odd):
    v = verdict(name, odd)
    assert v.score == 0 and v.findings and v.status in ("failed", "error")


@every_exercise
@pytest.mark.parametrize("odd", [lambda *a, **k: None, lambda *a, **k: (1, 2, 3), lambda: 0])
def test_what_the_probe_can_not_use_is_not_called_an_error_of_the_students(name, odd):
    v = verdict(name, odd)
    said = " ".join(finding.message for finding in v.findings)
    assert "your code raised" not in said, said


def assert_forged_outcomes_fail(name: str, cases: Sequence[int]) -> None:
    """Right outcomes of all cases, but for one output of one of these, which is something odd.

    An output may be shown without being judged, if it is judged in another part.
    """
    judged, shown = set(), set()
    whole = answers.key(name, "1")
    held = key.WholeKey(whole.cases, whole.expected, whole.mistakes[:2])
    odd = [None, "x", 3.0, [], [[1.0], [2.0, 3.0]], {}, {"a": 1}, np.zeros((2, 2)), np.array("x"),
           wire.Other("A", "a"), [None] * 4, np.array(np.nan)]  # fmt: skip
    for i in cases:
        of_this = set()
        for output, want in held.expected[i].items():
            right = [{"outputs": copy.copy(e)} for e in held.expected]
            passes = set()
            for value in odd:
                if np.array_equal(np.asarray(want), np.asarray(value, dtype=object)):
                    continue
                right[i]["outputs"][output] = value
                passes.add(judge.judge(exercise(name), right, held).status == "passed")
            del right[i]["outputs"][output]
            passes.add(judge.judge(exercise(name), right, held).status == "passed")
            assert len(passes) == 1, f"{held.cases[i].name}: {output} is judged at times"
            (shown if passes.pop() else of_this).add(output.partition(" of the ")[0])
        assert of_this, f"{held.cases[i].name}: nothing is judged"
        judged |= of_this
    assert shown <= judged, f"never judged: {shown - judged}"


@every_exercise
def test_forged_outcomes_never_pass_and_break_nothing(name):
    last = {case.part: i for i, case in enumerate(answers.key(name, "1").cases)}
    assert_forged_outcomes_fail(name, list(last.values()))


@pytest.mark.nightly
@every_exercise
def test_forged_outcomes_of_any_case_never_pass(name):
    assert_forged_outcomes_fail(name, range(len(answers.key(name, "1").cases)))


# What students receive.


@slow_ones_nightly
def test_a_key_survives_its_file(name):
    whole = answers.key(name, "1")
    again = key.PublicKeys(key.dumps({name: ("entry", whole)}))[name]
    for one, other in zip(whole.mistakes, again.mistakes, strict=True):
        encoded = [json.loads(wire.dumps(rounded(list(m.outcomes)))) for m in (one, other)]
        assert same_numbers(*encoded)


def rounded(outcomes: list[dict]) -> list[dict]:
    """Outcomes as far as a key tells them apart: in float32, without the lines of errors."""
    return [key._rounded(outcome) for outcome in outcomes]


@every_exercise
def test_check_names_the_mistake(name, capsys, monkeypatch):
    monkeypatch.chdir(COURSE.assignment(HOME[name]).folder)
    mistake = answer(name).mistakes[0]
    with pytest.raises(autograder.NotYet, match="not all right yet"):
        autograder.check(fresh(mistake.code))
    assert mistake.says in capsys.readouterr().out
    autograder.check(answer(name).oracle)
    assert "all right on the public cases" in capsys.readouterr().out


def test_exercises_and_answers_bear_the_same_names():
    for name, exercises in ASSIGNMENTS.items():
        folder = ROOT / "solutions" / name / "answers"
        named = {path.stem for path in folder.glob("[!_]*.py")}
        assert named == set(exercises) == set(COURSE.assignment(name).exercise_ids)
        assert all(exercise(e).id == e for e in exercises)
