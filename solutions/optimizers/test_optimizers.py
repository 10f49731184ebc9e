"""The oracles in NumPy are torch's rules, losses and schedules; the worked examples are theirs."""

import math
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answers import ASSIGNMENTS, ROOT, answer, mistake, oracle, statement, verdict

RULES = ["sgd_momentum", "nesterov_momentum", "adagrad", "rmsprop", "adam"]
every_rule = pytest.mark.parametrize("name", RULES)


def shown(value: float) -> str:
    return f"{round(float(value), 6) + 0.0:.6f}".rstrip("0").rstrip(".")


def vector(values) -> str:
    return f"({', '.join(map(shown, values))})"


def test_arithmetic_by_hand_is_right():
    count = 0
    for name in ASSIGNMENTS["optimizers"]:
        for line in re.findall(r"`([^`]+ = -?[\d.]+)`", statement(name)):
            expression, value = line.rsplit(" = ", 1)
            if "_" not in expression:
                by_hand = eval(expression, {"sqrt": math.sqrt})
                assert by_hand == pytest.approx(float(value), abs=6e-7)
                count += 1
    assert count >= 20


def test_exercises_in_numpy_load_without_torch():
    names = [name for name in ASSIGNMENTS["optimizers"] if name != "torch_adam"]
    code = (
        "import sys; from pathlib import Path; from autograder.assignment import Assignment\n"
        f"for name in {names}: Assignment(Path('assignments/optimizers')).exercise(name)\n"
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


# The softmax loss.


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 5), st.floats(-300, 300), st.integers(0, 2**32 - 1))
def test_the_softmax_loss_is_that_of_torch(n, classes, level, seed):
    rng = np.random.default_rng(seed)
    x, y = 5 * rng.standard_normal((n, classes)) + level, rng.integers(classes, size=n)
    scores = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
    expected.backward()
    loss, dx = oracle("softmax_loss")(x, y)
    assert loss == pytest.approx(expected.item(), rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(dx, scores.grad.numpy(), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-12)


def test_example_of_the_softmax_loss():
    text = statement("softmax_loss")
    loss, dx = oracle("softmax_loss")(np.array([[2.0, 1, 0], [0, 0, 0]]), np.array([0, 2]))
    assert shown(loss) in text
    for value in dx.ravel():
        assert f"{value:.6f}" in text
    assert oracle("softmax_loss")(np.array([[2000.0, 0]]), np.array([0]))[0] == 0
    assert oracle("softmax_loss")(np.array([[2000.0, 0]]), np.array([1]))[0] == 2000


def test_what_softmax_loss_returns_wrongly_is_said_in_words():
    right = oracle("softmax_loss")

    def loss_a_sample(x, y):
        return np.zeros(len(x)), right(x, y)[1]

    def flat(x, y):
        return right(x, y)[0], right(x, y)[1].ravel()

    assert "the loss is not a single number" in str(verdict("softmax_loss", loss_a_sample).findings)
    assert "dx: the gradient has shape (12,), but x has shape (3, 4)" in str(
        verdict("softmax_loss", flat).findings
    )


def test_an_error_inside_the_loss_is_not_taken_for_a_loss_that_is_no_number():
    def fails_later(x, y):
        fails_later.calls += 1
        if fails_later.calls % 2 == 0:
            raise TypeError("can't multiply")
        return oracle("softmax_loss")(x, y)

    fails_later.calls = 0
    findings = str(verdict("softmax_loss", fails_later).findings)
    assert "your code raised TypeError: can't multiply" in findings
    assert "single number" not in findings


# Update rules.

PAIRS = {
    "sgd_momentum": (torch.optim.SGD, {"momentum": 0.7}, {"momentum": 0.7}),
    "nesterov_momentum": (
        torch.optim.SGD,
        {"momentum": 0.7},
        {"momentum": 0.7, "nesterov": True},
    ),
    "adagrad": (torch.optim.Adagrad, {"epsilon": 0.1}, {"eps": 0.1}),
    "rmsprop": (
        torch.optim.RMSprop,
        {"decay_rate": 0.8, "epsilon": 0.1},
        {"alpha": 0.8, "eps": 0.1},
    ),
    "adam": (
        torch.optim.Adam,
        {"beta1": 0.6, "beta2": 0.9, "epsilon": 0.1},
        {"betas": (0.6, 0.9), "eps": 0.1},
    ),
}


def gradients(rng, shape, steps=12):
    for step in range(steps):
        yield rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 3) * (step != 5)


@every_rule
@pytest.mark.parametrize("shape", [(), (3,), (4, 2), (0, 2)])
def test_rules_are_those_of_torch(name, shape):
    kind, ours, theirs = PAIRS[name]
    rng = np.random.default_rng(0)
    w = np.asarray(rng.standard_normal(shape))
    p = torch.tensor(w, requires_grad=True)
    optimizer = kind([p], lr=0.05, **theirs)
    config = {"learning_rate": 0.05, **ours}
    for g in gradients(rng, shape):
        w, config = oracle(name)(w, g, config)
        p.grad = torch.tensor(g)
        optimizer.step()
        np.testing.assert_allclose(w, p.detach().numpy(), rtol=1e-12, atol=1e-14)


@every_rule
def test_defaults_are_those_that_the_text_gives(name):
    rng = np.random.default_rng(1)
    w, g = rng.standard_normal((2, 3))
    text = statement(name)
    keys = {
        "learning_rate": r"`learning_rate`[^,]*? (1e-\d)",
        "momentum": r"`momentum`[^,]*? (0\.9)",
        "decay_rate": r"`decay_rate`[^,]*?\s(0\.99)",
        "beta1": r"`beta1` (0\.9)",
        "beta2": r"`beta2` (0\.999)",
        "epsilon": r"`epsilon`\s(1e-8)",
    }
    if name == "nesterov_momentum":
        assert "Keys and defaults as for `sgd_momentum`" in text
        text = statement("sgd_momentum")
    found = {k: float(m.group(1)) for k, pattern in keys.items() if (m := re.search(pattern, text))}
    explicit, _ = oracle(name)(w, g, dict(found))
    implicit, config = oracle(name)(w, g)
    np.testing.assert_array_equal(explicit, implicit)
    assert found and found == {k: config[k] for k in found}
    assert set(config) - set(found) <= {"velocity", "cache", "m", "v", "t"}


def two_steps(name: str, config: dict) -> list[tuple]:
    w, seen = np.array([1.0, 2.0]), []
    for g in ((0.5, -1.0), (1.0, 1.0)):
        w, config = oracle(name)(w, np.array(g), config)
        seen.append((w, dict(config)))
    return seen


@pytest.mark.parametrize(
    ("name", "config", "state", "symbol"),
    [
        ("sgd_momentum", {"learning_rate": 0.1, "momentum": 0.9}, "velocity", "v"),
        ("nesterov_momentum", {"learning_rate": 0.1, "momentum": 0.9}, None, ""),
        ("adagrad", {"learning_rate": 0.1, "epsilon": 0.1}, "cache", "c"),
        ("rmsprop", {"learning_rate": 0.1, "decay_rate": 0.9, "epsilon": 0.1}, "cache", "c"),
        ("adam", {"learning_rate": 0.1, "epsilon": 0.1}, None, ""),
    ],
)
def test_examples_of_the_rules(name, config, state, symbol):
    text = statement(name)
    for step, (w, after) in enumerate(two_steps(name, config), start=1):
        before = f"{symbol} = {vector(after[state])}$ and $" if state else ""
        assert f"${before}w = {vector(w)}$ after step {step}" in text
        assert f"= {shown(w[0])}`" in text
        for key in ("velocity", "cache", "m"):
            if key in after:
                assert f"= {shown(after[key][0])}`" in text


@every_rule
def test_rules_have_five_other_dresses(name):
    assert len(answer(name).alternatives) >= 5


@every_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float32_may_be_kept_or_promoted(name, dtype):
    def in_dtype(w, dw, config=None):
        if w.dtype == np.float64 and dw.dtype == np.float64:
            return oracle(name)(w, dw, config)
        return oracle(name)(w.astype(dtype), dw.astype(dtype), config)

    for seed in ("public", "1", "2"):
        assert verdict(name, in_dtype, seed).status == "passed"


@every_rule
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


def test_what_a_rule_returns_wrongly_is_said_in_words():
    def alone(w, dw, config=None):
        return w - dw

    def no_config(w, dw, config=None):
        return w, config

    def no_w(w, dw, config=None):
        return None, {}

    assert "return two values, next_w and config, not an array" in str(
        verdict("adam", alone).findings
    )
    assert "the second value returned must be the config, not None" in str(
        verdict("adam", no_config).findings
    )
    assert "the next_w that you return is None" in verdict("adam", no_w).message


def test_the_first_wrong_step_is_reported():
    v = verdict("sgd_momentum", mistake("sgd_momentum", "velocity-not-kept"))
    assert re.match(r"step 2 of 2: next_w\[\d\]: expected \S+, got", v.findings[0].message)


# Schedules.


def rates_of_torch(kind, steps, base, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = kind(optimizer, **options)
    rates = []
    for _ in range(steps):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


def test_schedules_are_those_of_torch():
    schedulers, steps = torch.optim.lr_scheduler, range(60)
    assert [oracle("step_decay")(s, 0.3, 0.4, 7) for s in steps] == pytest.approx(
        rates_of_torch(schedulers.StepLR, 60, 0.3, step_size=7, gamma=0.4)
    )
    assert [oracle("exponential_decay")(s, 0.3, 0.05) for s in steps] == pytest.approx(
        rates_of_torch(schedulers.ExponentialLR, 60, 0.3, gamma=math.exp(-0.05))
    )
    assert [oracle("cosine_with_warmup")(s, 0.3, 0, 60, 0.01) for s in steps] == pytest.approx(
        rates_of_torch(schedulers.CosineAnnealingLR, 60, 0.3, T_max=60, eta_min=0.01)
    )
    warm = rates_of_torch(schedulers.LinearLR, 9, 0.3, start_factor=0.1, total_iters=9)
    assert [oracle("cosine_with_warmup")(s, 0.3, 10, 60) for s in range(9)] == pytest.approx(warm)


@settings(deadline=None)
@given(st.integers(0, 500), st.floats(1e-4, 1.0), st.floats(0, 0.9))
def test_decays_start_at_the_base_rate_and_only_fall(step, base, rate):
    for name in ("exponential_decay", "inverse_time_decay"):
        assert oracle(name)(0, base, rate) == base
        assert 0 <= oracle(name)(step + 1, base, rate) <= oracle(name)(step, base, rate)
    assert oracle("inverse_time_decay")(step, base, rate) * (1 + rate * step) == pytest.approx(base)


@settings(deadline=None)
@given(st.integers(0, 20), st.integers(1, 50), st.floats(0.01, 1.0), st.floats(0, 1))
def test_the_cosine_climbs_to_the_base_rate_and_falls_to_the_least(warmup, rest, base, share):
    rates = [
        oracle("cosine_with_warmup")(s, base, warmup, warmup + rest, share * base)
        for s in range(warmup + rest + 5)
    ]
    assert max(rates) == pytest.approx(base) and rates[warmup] == pytest.approx(base)
    assert all(np.diff(rates[:warmup]) > 0) and all(np.diff(rates[warmup:]) <= 1e-12)
    assert rates[-5:] == [share * base] * 5


def test_examples_of_the_schedules():
    text = statement("step_decay")
    for step in (29, 30, 60):
        assert f"`step_decay({step}, 1.0)` is {shown(oracle('step_decay')(step, 1.0))}" in text
    assert shown(oracle("exponential_decay")(10, 1.0, 0.1)) in statement("exponential_decay")
    rate = oracle("inverse_time_decay")(10, 1.0, 0.1)
    assert f"`inverse_time_decay(10, 1.0, 0.1)` is {shown(rate)}" in statement("inverse_time_decay")
    rates = [shown(oracle("cosine_with_warmup")(s, 0.1, 4, 12)) for s in (0, 1, 2, 3, 4, 6, 8, 12)]
    text = statement("cosine_with_warmup")
    assert f"rates {', '.join(rates[:4])};" in text
    assert f"have {', '.join(rates[4:7])} and {rates[7]}." in text


# Newton's step.


@settings(deadline=None)
@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=6),
    st.floats(0.01, 2),
    st.integers(0, 2**32 - 1),
)
def test_newton_descends_from_anywhere(eigenvalues, damping, seed):
    rng = np.random.default_rng(seed)
    n = len(eigenvalues)
    basis = np.linalg.qr(rng.standard_normal((n, n)))[0]
    hessian = basis @ np.diag(eigenvalues) @ basis.T
    hessian = (hessian + hessian.T) / 2
    grad = rng.standard_normal(n)
    step = oracle("newton_step")(grad, hessian, damping)
    shift = max(damping, damping - min(eigenvalues))
    np.testing.assert_allclose((hessian + shift * np.eye(n)) @ step, -grad, atol=1e-8)
    assert grad @ step < 0
    assert np.linalg.norm(step) <= np.linalg.norm(grad) / damping * (1 + 1e-8)


def test_examples_of_newtons_step():
    text, g = statement("newton_step"), np.array([2.0, 1.0])
    for eigenvalues in ((2.0, 4.0), (2.0, -1.0)):
        step = oracle("newton_step")(g, np.diag(eigenvalues), 0.5)
        assert f"${vector(step)}$" in text
