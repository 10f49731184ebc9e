"""The oracles are torch's own optimizers, losses and schedules; the worked examples are theirs."""

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grading.answers import ANSWERS
from autograder.grading.course import read_source

SOURCE = Path(__file__).parent.parent / "solutions" / "optimizers" / "optimizers.md"


def oracle(name):
    return ANSWERS[name].oracle


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


@pytest.mark.parametrize("name", PAIRS)
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


@pytest.mark.parametrize("name", PAIRS)
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


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_the_class_is_adamw(decay):
    rng = np.random.default_rng(2)
    values = [rng.standard_normal(shape) for shape in ((), (3,), (2, 2))]
    ours, theirs = ([torch.tensor(v, requires_grad=True) for v in values] for _ in range(2))
    options = {"lr": 0.05, "betas": (0.6, 0.9), "eps": 0.1, "weight_decay": decay}

    def groups(params):
        return [{"params": params[:1], "lr": 0.2}, {"params": params[1:], "betas": (0.3, 0.8)}]

    a = oracle("torch_adam")(groups(ours), **options)
    b = torch.optim.AdamW(groups(theirs), **options)
    for step in range(10):
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            g = None if (step + i) % 4 == 0 else torch.tensor(rng.standard_normal(p.shape))
            p.grad, q.grad = g, g
        a.step()
        b.step()
        for p, q in zip(ours, theirs, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-12, atol=1e-14)


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


# The worked examples in the statements.


@cache
def statements() -> dict[str, str]:
    cells = read_source(SOURCE).cells
    texts = {c.id: c.source for c in cells if c.id.endswith("-text")}
    return {name.removesuffix("-text").replace("-", "_"): text for name, text in texts.items()}


def statement(name: str) -> str:
    return " ".join(statements()[name].split())


def shown(value: float) -> str:
    return f"{round(float(value), 6) + 0.0:.6f}".rstrip("0").rstrip(".")


def vector(values) -> str:
    return f"({', '.join(map(shown, values))})"


def two_steps(name: str, config: dict) -> list[tuple]:
    w, seen = np.array([1.0, 2.0]), []
    for g in ((0.5, -1.0), (1.0, 1.0)):
        w, config = oracle(name)(w, np.array(g), config)
        seen.append((w, dict(config)))
    return seen


def test_arithmetic_by_hand_is_right():
    count = 0
    for text in statements().values():
        for line in re.findall(r"`([^`\n]+ = -?[\d.]+)`", text):
            expression, value = line.rsplit(" = ", 1)
            if "_" not in expression:
                assert eval(expression, {"sqrt": math.sqrt}) == pytest.approx(
                    float(value), abs=6e-7
                )
                count += 1
    assert count >= 20


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


def test_example_of_the_softmax_loss():
    text = statement("softmax_loss")
    loss, dx = oracle("softmax_loss")(np.array([[2.0, 1, 0], [0, 0, 0]]), np.array([0, 2]))
    assert shown(loss) in text
    for value in dx.ravel():
        assert f"{value:.6f}" in text
    assert oracle("softmax_loss")(np.array([[2000.0, 0]]), np.array([0]))[0] == 0
    assert oracle("softmax_loss")(np.array([[2000.0, 0]]), np.array([1]))[0] == 2000


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


def test_examples_of_newtons_step():
    text, g = statement("newton_step"), np.array([2.0, 1.0])
    for eigenvalues in ((2.0, 4.0), (2.0, -1.0)):
        step = oracle("newton_step")(g, np.diag(eigenvalues), 0.5)
        assert f"${vector(step)}$" in text


def test_example_of_the_class():
    p = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    p.grad = torch.tensor([3.0], dtype=torch.float64)
    oracle("torch_adam")([p], lr=0.1, weight_decay=0.5).step()
    assert f"so $p = {shown(p.item())}$" in statement("torch_adam")
