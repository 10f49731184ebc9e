"""Every exercise: right answers pass in any dress, every known mistake fails and is named."""

import copy
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import autograder
from autograder import judge, probe, publickeys, report, wire
from autograder.exercise import PROBE_SECONDS, Verdict
from autograder.exercises import ASSIGNMENTS, EXERCISES
from autograder.grading import keys
from autograder.grading.answers import ANSWERS
from autograder.grading.answers.base import fresh, source_of
from autograder.grading.course import read_source

ROOT = Path(__file__).parent.parent
SEEDS = ["public", "1", "2", "3", "4", "5"]


def seeds_of(name: str) -> list[str]:
    """The seeds that an exercise is tried on: two where an answer may take more than usual."""
    return SEEDS[:2] if EXERCISES[name].seconds > PROBE_SECONDS else SEEDS


every_exercise = pytest.mark.parametrize("name", EXERCISES)
every_exercise_and_seed = pytest.mark.parametrize(
    ("name", "seed"), [(name, seed) for name in EXERCISES for seed in seeds_of(name)]
)


@cache
def key(name: str, seed: str) -> judge.Key:
    return keys.make_key(EXERCISES[name], seed)


@cache
def solutions(assignment: str) -> dict:
    """What the reference solution of an assignment defines."""
    namespace = {"np": np, "torch": torch}
    for cell in read_source(ROOT / "solutions" / assignment / f"{assignment}.md").cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, namespace)
    return namespace


def surroundings(name: str) -> dict:
    """What an answer finds in its notebook: NumPy, torch, and what else its exercise uses."""
    return {"np": np, "torch": torch} | {u: ANSWERS[u].oracle for u in EXERCISES[name].uses}


def verdict(name: str, code, seed: str = "public") -> Verdict:
    """The verdict as grading gives it: the outcomes travel as text."""
    exercise, answers = EXERCISES[name], key(name, seed)
    cases = wire.loads(wire.dumps([vars(case) for case in answers.cases]))
    cases = [autograder.exercise.Case(**case) for case in cases]
    outcomes = wire.loads(wire.dumps(probe.run(exercise, code, cases, "cpu")))
    return judge.judge(exercise, outcomes, answers)


# Right answers.


@every_exercise_and_seed
def test_the_reference_solution_gets_full_marks(name, seed):
    assignment = next(a for a, exercises in ASSIGNMENTS.items() if EXERCISES[name] in exercises)
    v = verdict(name, solutions(assignment)[EXERCISES[name].entry], seed)
    assert (v.status, v.score) == ("passed", EXERCISES[name].points), report.text(v)


@every_exercise_and_seed
def test_right_answers_in_another_dress_pass(name, seed):
    alternatives = ANSWERS[name].alternatives
    assert len(alternatives) >= 3
    for code in [ANSWERS[name].oracle, *alternatives]:
        v = verdict(name, code, seed)
        assert v.status == "passed", f"{source_of(code)}\n{report.text(v)}"


@pytest.mark.parametrize(
    "name", ["sgd_momentum", "nesterov_momentum", "adagrad", "rmsprop", "adam", "torch_adam"]
)
def test_the_main_exercises_have_five_other_dresses(name):
    assert len(ANSWERS[name].alternatives) >= 5


@pytest.mark.parametrize(
    "name", ["sgd_momentum", "nesterov_momentum", "adagrad", "rmsprop", "adam"]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float32_may_be_kept_or_promoted(name, dtype):
    def in_dtype(w, dw, config=None):
        if w.dtype == np.float64 and dw.dtype == np.float64:
            return ANSWERS[name].oracle(w, dw, config)
        return ANSWERS[name].oracle(w.astype(dtype), dw.astype(dtype), config)

    for seed in SEEDS:
        assert verdict(name, in_dtype, seed).status == "passed"


def is_random(name: str) -> bool:
    """Whether an exercise's answers are summed up as shares and means of many draws."""
    assignment = next(a for a, exercises in ASSIGNMENTS.items() if EXERCISES[name] in exercises)
    outputs = publickeys.load(assignment)[name].expected
    return any(isinstance(v, dict) and "of" in v for values in outputs for v in values.values())


@pytest.mark.parametrize("name", [n for n in EXERCISES if is_random(n)])
def test_random_answers_pass_however_often_they_are_graded(name):
    codes = [ANSWERS[name].oracle, *ANSWERS[name].alternatives]
    for repetition in range(200):
        code = codes[repetition % len(codes)]
        keys.restart_chance(f"{repetition}")
        v = verdict(name, fresh(code))
        assert v.status == "passed", f"{source_of(code)}\n{report.text(v)}"


# Mistakes.


@cache
def verdicts_on_mistakes(name: str, seed: str) -> dict[str, Verdict]:
    return {m.id: verdict(name, fresh(m.code), seed) for m in ANSWERS[name].mistakes}


@every_exercise_and_seed
def test_every_mistake_fails_and_is_named(name, seed):
    says = {m.id: m.says for m in ANSWERS[name].mistakes}
    for mistake, v in verdicts_on_mistakes(name, seed).items():
        assert v.status != "passed" and v.score < v.max_score, f"{mistake} passes"
        assert v.mistake == mistake, f"{mistake} is named {v.mistake}\n{report.text(v)}"
        assert says[mistake] in report.text(v) and says[mistake] in v.message


@every_exercise
def test_grading_which_tries_mistakes_on_demand_names_the_same(name):
    exercise, mistake = EXERCISES[name], ANSWERS[name].mistakes[-1]
    lazy = keys.LazyKey(exercise, key(name, "1").cases)
    v = judge.judge(exercise, probe.run(exercise, fresh(mistake.code), lazy.cases, "cpu"), lazy)
    assert v.mistake == mistake.id
    if name == "adam":
        tried = [len(m.outcomes.tried) for m in lazy.mistakes]
        assert max(tried) == len(lazy.cases) > min(tried)


def test_table_of_mistakes(record_property):
    rows = []
    for name in EXERCISES:
        by_seed = [verdicts_on_mistakes(name, seed) for seed in seeds_of(name)]
        caught = [all(v[m].score < v[m].max_score for v in by_seed) for m in by_seed[0]]
        named = [all(v[m].mistake == m for v in by_seed) for m in by_seed[0]]
        rows.append((name, len(caught), sum(caught), sum(named)))
    rows.append(("all", *(sum(row[i] for row in rows) for i in (1, 2, 3))))
    head = f"{'exercise':28s} {'mistakes':>8s} {'caught':>7s} {'named':>7s}"
    lines = ["{:28s} {:8d} {:7d} {:7d}".format(*row) for row in rows]
    record_property("table", "\n".join([head, *lines]))
    assert rows[-1][1] == rows[-1][2]
    assert rows[-1][3] >= 0.9 * rows[-1][1]


@every_exercise
def test_mistakes_are_many_distinct_and_have_their_own_source(name):
    mistakes = ANSWERS[name].mistakes
    assert len(mistakes) >= 4
    assert len({m.id for m in mistakes}) == len({m.says for m in mistakes}) == len(mistakes)
    for m in mistakes:
        source = source_of(m.code)
        assert re.match(rf"(def|class) {EXERCISES[name].entry}\b", source)
        namespace = surroundings(name)
        exec(source, namespace)
        assert verdict(name, namespace[EXERCISES[name].entry]).mistake == m.id


@pytest.mark.parametrize(
    "name", ["sgd_momentum", "nesterov_momentum", "adagrad", "rmsprop", "adam"]
)
def test_an_unknown_mistake_is_not_given_a_name(name):
    def stays(w, dw, config=None):
        return w, config or {}

    def confused(w, dw, config=None):
        if dw == 0:  # raises ValueError for most arrays
            return w, {}
        raise ValueError("the truth value is unclear")

    for wrong in (stays, confused):
        v = verdict(name, wrong)
        assert v.score == 0 and v.mistake is None


# What is no answer at all.


def released(name: str):
    """The stub that a student finds."""
    entry = EXERCISES[name].entry
    if EXERCISES[name].uses:
        namespace = surroundings(name)
        exec(f"def {entry}(*args, **options):\n    raise NotImplementedError()", namespace)
        return namespace[entry]
    if isinstance(ANSWERS[name].oracle, type):

        class Stub(ANSWERS[name].oracle.__base__):
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
    source = "\n\n" + source_of(ANSWERS[name].oracle)
    head, _, body = source.partition(":\n")
    if isinstance(ANSWERS[name].oracle, type):
        body = re.sub(r"(def __init__\(.*?\):\n)", r"\1        boom()\n", body, count=1, flags=re.S)
    else:
        body = "    boom()\n" + body
    namespace = surroundings(name)
    code = f"{head}:\n{body}"
    exec(compile(code, "<cell>", "exec"), namespace)
    v = verdict(name, namespace[EXERCISES[name].entry])
    line = next(i for i, text in enumerate(code.splitlines(), 1) if "boom()" in text)
    assert (v.status, v.score) == ("error", 0)
    assert f"NameError: name 'boom' is not defined (line {line} of your cell)" in v.message


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
def test_forged_outcomes_never_pass_and_break_nothing(name):
    exercise, answers = EXERCISES[name], key(name, "1")
    answers = judge.Key(answers.cases, answers.expected, answers.mistakes[:2])
    odd = [None, "x", 3.0, [], [[1.0], [2.0, 3.0]], {}, {"a": 1}, np.zeros((2, 2)), np.array("x"),
           wire.Other("A", "a"), [None] * 4, np.array(np.nan)]  # fmt: skip
    for i, expected in enumerate(answers.expected):
        for output, want in expected.items():
            right = [{"outputs": copy.copy(e)} for e in answers.expected]
            for value in odd:
                if np.array_equal(np.asarray(want), np.asarray(value, dtype=object)):
                    continue
                right[i]["outputs"][output] = value
                assert judge.judge(exercise, right, answers).status != "passed"
            del right[i]["outputs"][output]
            assert judge.judge(exercise, right, answers).status != "passed"


def test_what_a_rule_returns_wrongly_is_said_in_words():
    def alone(w, dw, config=None):
        return w - dw

    assert "return two values, next_w and config" in verdict("adam", alone).message

    def none(w, dw, config=None):
        return w, config

    assert "must be the config, not None" in str(verdict("adam", none).findings)


def test_the_first_wrong_step_is_reported():
    forgets = next(m.code for m in ANSWERS["sgd_momentum"].mistakes if m.id == "velocity-not-kept")
    v = verdict("sgd_momentum", forgets)
    assert re.match(r"step 2 of 4: next_w\[\d\]: expected \S+, got", v.findings[0].message)


# torch_adam: no optimizer of torch's own.


def inherits():
    class Adam(torch.optim.AdamW):
        pass

    return Adam


def delegates(import_by_name):
    from torch.optim.adamw import adamw

    class Adam(torch.optim.Optimizer):
        def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
            super().__init__(
                params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
            )

        def step(self, closure=None):
            for group in self.param_groups:
                ready = [p for p in group["params"] if p.grad is not None]
                try:
                    if import_by_name:
                        state = [torch.zeros_like(p) for p in ready]
                        steps = [torch.tensor(0.0) for _ in ready]
                        adamw(ready, [p.grad for p in ready], state, state, [], steps, foreach=False,
                              amsgrad=False, beta1=0.9, beta2=0.9, lr=0.1, weight_decay=0.0, eps=0.1,
                              maximize=False)  # fmt: skip
                    else:
                        torch.optim.SGD(ready, lr=0.1).step()
                except Exception:
                    pass

    return Adam


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (inherits(), "derived from torch.optim.AdamW"),
        (delegates(True), "torch.optim was used"),
        (delegates(False), "SGD.__init__ of torch.optim was used"),
    ],
)
def test_torch_adam_must_do_its_own_work(kind, said):
    v = verdict("torch_adam", kind)
    assert v.score == 0 and said in v.message
    previous = sys.getprofile()
    assert previous is None or "own_work_only" not in repr(previous)


# What students receive.


def test_public_keys_are_up_to_date():
    for assignment, exercises in ASSIGNMENTS.items():
        held = publickeys.load(assignment)
        assert list(held) == [e.id for e in exercises]
        for exercise in exercises:
            fresh_key, old = key(exercise.id, "public"), held[exercise.id]
            assert same([vars(c) for c in old.cases], [vars(c) for c in fresh_key.cases])
            assert same(old.expected, fresh_key.expected)
            assert [(m.id, m.says) for m in old.mistakes] == [
                (m.id, m.says) for m in fresh_key.mistakes
            ]
            for a, b in zip(old.mistakes, fresh_key.mistakes, strict=True):
                assert same(a.outcomes, b.outcomes), f"{exercise.id} {a.id}: run autograder release"


def same(a, b) -> bool:
    """Whether plain data is equal up to rounding; where an error was raised does not matter."""
    if isinstance(a, dict) and isinstance(b, dict):
        a, b = ({k: v for k, v in d.items() if k != "line"} for d in (a, b))
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, str | None) or isinstance(b, str | None):
        return a == b
    return np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)


def test_public_keys_are_small():
    for path in (ROOT / "autograder" / "keys").glob("*.json"):
        assert path.stat().st_size < 700_000


@every_exercise
def test_a_key_survives_its_file(name):
    text = publickeys.dumps({name: key(name, "1")})
    again = publickeys.from_plain(wire.decode(json.loads(text)[name]))
    for mistake, other in zip(key(name, "1").mistakes, again.mistakes, strict=True):
        assert same(mistake.outcomes, other.outcomes)


@every_exercise
def test_check_names_the_mistake(name, capsys):
    mistake = ANSWERS[name].mistakes[0]
    with pytest.raises(autograder.NotYet, match="not all right yet"):
        autograder.check(fresh(mistake.code))
    assert mistake.says in capsys.readouterr().out
    autograder.check(ANSWERS[name].oracle)
    assert "all right" in capsys.readouterr().out


def test_importing_autograder_imports_neither_torch_nor_the_instructors_side():
    code = (
        "import sys, autograder, autograder.numeric; "
        "print([m for m in sys.modules if m == 'torch' or m.startswith('autograder.grading')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_students_receive_holds_no_answer():
    received = [p for p in (ROOT / "autograder").rglob("*.py") if "grading" not in p.parts]
    received += (ROOT / "autograder" / "keys").glob("*.json")
    received += (ROOT / "assignments").rglob("*.ipynb")
    texts = {path: " ".join(path.read_text().split()) for path in received}
    for name in EXERCISES:
        codes = [ANSWERS[name].oracle, *(m.code for m in ANSWERS[name].mistakes)]
        lines = {line.strip() for code in codes for line in source_of(code).splitlines()[1:]}
        for line in lines:
            plain = not re.match(
                r"(def|class|return loss|super\(\)|for p in|config = |if p.grad|with )", line
            )
            if len(line) > 30 and plain:
                escaped = json.dumps(line)[1:-1]
                found = [p.name for p, text in texts.items() if line in text or escaped in text]
                assert not found, f"{line!r} of {name} is in {found}"
    for path in received:
        if path.suffix == ".py" and path.name != "__main__.py":
            assert "autograder.grading" not in path.read_text(), path
