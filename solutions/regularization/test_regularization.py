"""Regularization in NumPy: oracles against torch and closed forms; what the text promises."""

import ast
import re

import numpy as np
import pytest
import torch
from scipy import stats

from autograder import numeric, report
from autograder.grading.answer import edited, fresh, source_of
from autograder.grading.releasing import keys
from tests.answers import answer, mistake, oracle, statement, verdict

RNG = np.random.default_rng(0)


def tried(name, code, seed="1"):
    """The verdict on code that runs after chance was started from a seed."""
    keys.restart_chance(seed)
    return verdict(name, code, seed)


# Oracles.


def test_the_penalty_is_half_of_the_squares():
    w = RNG.standard_normal((3, 4))
    loss, grad = oracle("l2_penalty")(w, 0.3)
    leaf = torch.tensor(w, requires_grad=True)
    (0.3 * leaf.square().sum() / 2).backward()
    assert loss == pytest.approx(0.15 * (w**2).sum())
    np.testing.assert_allclose(grad, leaf.grad)


@pytest.mark.parametrize("p", [0.3, 0.8])
def test_dropout_keeps_with_probability_p_and_keeps_the_mean(p):
    x = np.full((500, 400), 3.0)
    out, cache = oracle("dropout_forward")(x, {"p": p, "mode": "train", "seed": 5})
    kept = int((out != 0).sum())
    assert stats.binomtest(kept, x.size, p).pvalue > 1e-6
    assert set(np.unique(out)) == {0.0, 3.0 / p}
    np.testing.assert_array_equal(oracle("dropout_backward")(x, cache), out)


def test_the_network_is_that_of_torch():
    X, y = RNG.standard_normal((6, 4)), RNG.integers(3, size=6)
    shapes = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    params = {k: RNG.standard_normal(s) for k, s in shapes.items()}
    loss, grads = oracle("affine_relu_dropout_loss")(X, y, params, {"p": 0.7, "mode": "test"}, 0.2)
    t = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    scores = torch.relu(torch.tensor(X) @ t["W1"] + t["b1"]) @ t["W2"] + t["b2"]
    expected = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
    expected = expected + 0.1 * (t["W1"].square().sum() + t["W2"].square().sum())
    expected.backward()
    assert loss == pytest.approx(expected.item())
    for name, grad in grads.items():
        np.testing.assert_allclose(grad, t[name].grad, rtol=1e-10, atol=1e-12)


def test_with_dropout_the_gradients_are_those_of_one_mask():
    X, y = RNG.standard_normal((6, 4)), RNG.integers(3, size=6)
    shapes = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    params = {k: RNG.standard_normal(s) for k, s in shapes.items()}
    loss = oracle("affine_relu_dropout_loss")
    param = {"p": 0.6, "mode": "train", "seed": 3}
    _, grads = loss(X, y, params, param, 0.1)
    for name in params:

        def f(w, name=name):
            return loss(X, y, {**params, name: w}, param, 0.1)[0]

        assert numeric.gradient_error(f, params[name], grads[name]) < numeric.TOLERANCE


def test_batch_norm_is_that_of_torch_but_for_the_two_conventions_in_the_text():
    x = RNG.standard_normal((7, 3)) * 2 + 1
    gamma, beta, dout = RNG.standard_normal(3), RNG.standard_normal(3), RNG.standard_normal((7, 3))
    theirs = torch.nn.BatchNorm1d(3, eps=0.2, momentum=0.3, dtype=torch.float64)
    theirs.weight.data, theirs.bias.data = torch.tensor(gamma), torch.tensor(beta)
    theirs.running_var.zero_()
    leaf = torch.tensor(x, requires_grad=True)
    expected = theirs(leaf)
    expected.backward(torch.tensor(dout))
    param = {"mode": "train", "eps": 0.2, "momentum": 0.7}
    out, cache = oracle("batchnorm_forward")(x, gamma, beta, param)
    np.testing.assert_allclose(out, expected.detach())
    np.testing.assert_allclose(param["running_mean"], theirs.running_mean)
    np.testing.assert_allclose(param["running_var"] * 7 / 6, theirs.running_var)
    grads = oracle("batchnorm_backward")(dout, cache)
    for got, want in zip(grads, (leaf.grad, theirs.weight.grad, theirs.bias.grad), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-12)
    np.testing.assert_allclose(grads[0].sum(axis=0), 0, atol=1e-12)


# What is said of losses.


def test_a_gradient_of_another_penalty_is_not_right():
    def l2_penalty(w, lam):
        return 0.25 * lam * np.sum(w**4), lam * w**3

    v = tried("l2_penalty", l2_penalty)
    assert v.score == 0 and "not what the exercise asks for" in str(v.findings)


def test_a_loss_alone_where_there_is_no_penalty_is_called_that():
    def affine_relu_dropout_loss(X, y, params, dropout_param, lam):
        loss, grads = oracle("affine_relu_dropout_loss")(X, y, params, dropout_param, lam)
        return (loss, grads) if lam else loss

    v = tried("affine_relu_dropout_loss", affine_relu_dropout_loss)
    assert (v.status, v.score) == ("failed", 0)
    assert {f.message for f in v.findings} == {
        "return two values, the loss and the gradients, not a number"
    }


def test_an_error_inside_the_loss_is_not_called_a_loss_that_is_no_number():
    def l2_penalty(w, lam):
        return 0.5 * lam * np.sum(w**2) + float(w.size and None), lam * w

    v = tried("l2_penalty", l2_penalty)
    assert v.status == "error" and "your code raised TypeError" in v.message


def test_a_gradient_that_is_nan_has_no_relative_error():
    v = tried("batchnorm_backward", mistake("batchnorm_backward", "std-from-a-ratio"))
    assert "dx[0, 0] is nan" in str(v.findings) and "error nan" not in str(v.findings)


# Whose generator draws the masks makes no difference.

ANOTHER_GENERATOR = [
    ("    p, N =", "    rng = np.random.default_rng()\n    p, N ="),
    ("np.random.seed(", "rng = np.random.default_rng("),
    ("np.random.rand(*hidden.shape)", "rng.random(hidden.shape)"),
    ("np.random.rand(1, hidden.shape[1])", "rng.random((1, hidden.shape[1]))"),
]


@pytest.mark.parametrize("id", [m.id for m in answer("affine_relu_dropout_loss").mistakes])
def test_a_mistake_keeps_its_name_whoever_draws_its_masks(id):
    code = mistake("affine_relu_dropout_loss", id)
    held = [(old, new) for old, new in ANOTHER_GENERATOR if old in source_of(code)]
    v = verdict("affine_relu_dropout_loss", fresh(edited(code, *held)))
    assert v.mistake == id, report.text(v)


# Parts.


@pytest.mark.parametrize(
    ("name", "id", "lost"),
    [
        ("l2_penalty", "nothing-halved", {"loss"}),
        ("l2_penalty", "gradient-twice", {"gradient"}),
        ("l2_penalty", "l1", {"loss", "gradient"}),
        ("l2_penalty", "norm", {"loss", "gradient"}),
        ("mixup", "half", {"lambda"}),
        ("dropout_forward", "scaled-twice", {"test time"}),
        ("dropout_forward", "seed-ignored", {"seed"}),
        ("dropout_forward", "seed-0-ignored", {"seed"}),
        ("dropout_forward", "fixed-number", {"training"}),
        ("dropout_forward", "dtype-not-kept", {"any array"}),
        ("dropout_forward", "matrices-only", {"any array"}),
        ("dropout_backward", "not-scaled", {"training"}),
        ("dropout_backward", "mask-from-the-output", {"training"}),
        ("affine_relu_dropout_loss", "penalty-on-biases", {"penalty"}),
        ("affine_relu_dropout_loss", "p-is-dropping", {"dropout"}),
        ("affine_relu_dropout_loss", "always-seeded", {"dropout"}),
        ("affine_relu_dropout_loss", "seed-0-ignored", {"dropout"}),
        ("affine_relu_dropout_loss", "summed", {"loss", "dropout"}),
        ("affine_relu_dropout_loss", "mask-forgotten-backward", {"dropout"}),
        ("batchnorm_forward", "unbiased-running-variance", {"running statistics"}),
        ("batchnorm_forward", "batch-statistics-at-test-time", {"test time"}),
        ("batchnorm_backward", "no-mean-gradient", {"dx"}),
        ("batchnorm_backward", "dgamma-of-x", {"dgamma and dbeta"}),
    ],
)
def test_a_mistake_costs_the_points_of_its_part_alone(name, id, lost):
    parts = tried(name, mistake(name, id)).parts
    assert {part for part, (got, of) in parts.items() if got < of} == lost


# The text.


def matrices(text):
    """Every matrix of numbers and every tuple of numbers of a text, in their order."""
    found = re.findall(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}|(\((?:-?[\d.]+,\s*)+-?[\d.]+\))", text, re.S)  # fmt: skip
    return [
        np.array([[float(v) for v in row.split("&")] for row in matrix.split(r"\\")])
        if matrix
        else np.array(ast.literal_eval(numbers))
        for matrix, numbers in found
    ]


def test_the_worked_example_of_the_penalty():
    w, grad = matrices(statement("l2_penalty"))
    loss, got = oracle("l2_penalty")(w, 0.1)
    assert loss == pytest.approx(0.7) and "the loss 0.7" in statement("l2_penalty")
    np.testing.assert_allclose(got, grad)


def test_the_worked_example_of_dropout():
    x, out = matrices(statement("dropout_forward"))
    dout, dx = matrices(statement("dropout_backward"))
    np.testing.assert_allclose(out, x * [1.25, 0, 1.25])
    np.testing.assert_allclose(dx, dout * [1.25, 0, 1.25])


def test_the_worked_example_of_the_network():
    text = statement("affine_relu_dropout_loss")
    X, y, W1, b1, W2, b2, H, S, *rows = matrices(text)
    of_loss = {"W1": rows[:2], "b1": rows[2], "W2": rows[3:5], "b2": rows[5]}
    of_penalty = {"W1": rows[6:8], "W2": rows[8:10]}
    params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    np.testing.assert_allclose(np.maximum(0, X @ W1 + b1), H)
    np.testing.assert_allclose(H @ W2 + b2, S)
    for lam, loss in ((0.0, "4.600983"), (0.1, "5.050983")):
        args = X, y.astype(int), params, {"p": 0.8, "mode": "test"}, lam
        got, grads = oracle("affine_relu_dropout_loss")(*args)
        assert f"{got:.6f}" == loss and loss in text
        for key, want in of_loss.items():
            more = np.array(of_penalty.get(key, 0.0)) if lam else 0.0
            np.testing.assert_allclose(grads[key], np.array(want) + more, atol=1e-6)


def test_the_worked_example_of_batch_norm():
    text = statement("batchnorm_forward")
    x, gamma, beta, _, var, out, mean, running_var = matrices(text)[-8:]
    param = {"mode": "train"}
    got, cache = oracle("batchnorm_forward")(x, gamma, beta, param)
    np.testing.assert_allclose(x.var(axis=0), var, atol=1e-6)
    np.testing.assert_allclose(got, out, atol=1e-6)
    np.testing.assert_allclose(param["running_mean"], mean, atol=1e-6)
    np.testing.assert_allclose(param["running_var"], running_var, atol=1e-6)
    dout, *expected = matrices(statement("batchnorm_backward"))[-4:]
    for got, want in zip(oracle("batchnorm_backward")(dout, cache), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)
