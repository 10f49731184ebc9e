"""Regularization in NumPy: oracles against torch and closed forms; what the text promises."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from autograder import check, judge, numeric, probe, report
from autograder.exercises import EXERCISES
from autograder.exercises.dropout import DROPOUT_BACKWARD
from autograder.grading import keys
from autograder.grading.answers import ANSWERS
from autograder.grading.answers.base import beside

SOURCE = Path(__file__).parent.parent / "solutions" / "regularization" / "regularization.md"
RNG = np.random.default_rng(0)


def oracle(name):
    return ANSWERS[name].oracle


def forward_and_backward(name):
    """Each pair that fits together: the oracles, and the alternatives in their order."""
    pairs = [ANSWERS[f"{name}_forward"], ANSWERS[f"{name}_backward"]]
    return zip(*([a.oracle, *a.alternatives] for a in pairs), strict=True)


def verdict(name, code, seed="1"):
    keys.restart_chance(seed)
    key = keys.make_key(EXERCISES[name], seed)
    return judge.judge(EXERCISES[name], probe.run(EXERCISES[name], code, key.cases, "cpu"), key)


def together(name, forward_name, forward, code):
    """The verdict on a backward pass next to some forward pass."""
    return verdict(name, beside(**{forward_name: forward})(code))


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


# A backward pass is judged by the student's own forward pass.


@pytest.mark.parametrize("name", ["dropout", "batchnorm"])
def test_other_dresses_of_forward_and_backward_fit_in_one_notebook(name):
    for forward, backward in forward_and_backward(name):
        assert probe.beside(backward, f"{name}_forward").__code__ is forward.__code__


@pytest.mark.parametrize(
    "mistake",
    ["p-is-dropping", "not-inverted", "times-p", "scaled-twice", "scaled-at-test-time",
     "one-mask-a-row", "seed-ignored", "mask-without-comparison", "dtype-not-kept"],
)  # fmt: skip
def test_a_right_backward_pass_earns_its_points_beside_a_wrong_forward_pass(mistake):
    forward = next(m.code for m in ANSWERS["dropout_forward"].mistakes if m.id == mistake)
    v = together("dropout_backward", "dropout_forward", forward, oracle("dropout_backward"))
    assert v.status == "passed", report.text(v)


@pytest.mark.parametrize("mistake", ["beta-missing", "unbiased-running-variance", "not-stored",
                                     "momentum-the-wrong-way", "batch-statistics-at-test-time"])  # fmt: skip
def test_a_right_backward_pass_of_batch_norm_is_right_beside_a_wrong_forward_pass(mistake):
    forward = next(m.code for m in ANSWERS["batchnorm_forward"].mistakes if m.id == mistake)
    v = together("batchnorm_backward", "batchnorm_forward", forward, oracle("batchnorm_backward"))
    assert v.status == "passed", report.text(v)


@pytest.mark.parametrize("mistake", ["eps-outside", "eps-hard-coded", "unbiased-everywhere"])
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_a_gradient_that_fits_its_own_forward_pass_is_right(mistake, seed):
    forward = next(m.code for m in ANSWERS["batchnorm_forward"].mistakes if m.id == mistake)

    def remembers(x, gamma, beta, bn_param):
        cache = x.copy(), gamma.copy(), beta.copy(), dict(bn_param)
        return forward(x, gamma, beta, bn_param)[0], cache

    def measured(dout, cache):
        *point, param = cache
        return tuple(slopes(forward, point, which, param, dout) for which in range(3))

    key = keys.make_key(EXERCISES["batchnorm_backward"], seed)
    measured.__globals__["batchnorm_forward"] = remembers
    try:
        outcomes = probe.run(EXERCISES["batchnorm_backward"], measured, key.cases, "cpu")
    finally:
        del measured.__globals__["batchnorm_forward"]
    v = judge.judge(EXERCISES["batchnorm_backward"], outcomes, key)
    assert v.status == "passed", report.text(v)


def slopes(forward, point, which, param, dout):
    """The gradient of sum(out * dout) with respect to one of x, gamma and beta, by differences."""
    point = [np.asarray(v, np.float64) for v in point]

    def f(value):
        moved = [value if i == which else v.copy() for i, v in enumerate(point)]
        return float(np.sum(forward(*moved, dict(param))[0] * dout))

    shape = point[which].shape
    directions = numeric.unit_directions(shape)
    return numeric.directional_derivatives(f, point[which], directions).reshape(shape)


@pytest.mark.parametrize("factor", [0.0, 1.0, 2.5])
def test_a_forward_pass_that_drops_nothing_earns_nothing_for_the_backward_pass(factor):
    def forward(x, dropout_param):
        return x * factor, factor

    v = together("dropout_backward", "dropout_forward", forward, _times_cache)
    assert v.parts["training"][0] == 0
    assert "drops nothing, or all" in str(v.findings)


def _times_cache(dout, cache):
    return dout * cache


def _nonzero(dout, cache):
    return dout if cache[2] is None else dout * (cache[1] != 0) / cache[2]


def _quotient(dout, cache):
    with np.errstate(invalid="ignore"):
        return dout * cache[1] / cache[0]


@pytest.mark.parametrize("backward", [_nonzero, _quotient])
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_a_mask_read_off_the_output_is_wrong_where_x_is_0(backward, seed):
    def forward(x, dropout_param):
        if dropout_param["mode"] == "test":
            return x, (np.ones_like(x), np.ones_like(x), None)
        out = oracle("dropout_forward")(x, dropout_param)[0]
        return out, (x, out, dropout_param["p"])

    code = beside(dropout_forward=forward)(backward)
    v = verdict("dropout_backward", code, seed)
    assert {f.case for f in v.findings} == {"half of x is 0, as after a ReLU"}, report.text(v)
    assert (v.mistake == "mask-from-the-output") == (backward is _nonzero)


def test_a_gradient_of_another_penalty_is_not_right():
    def l2_penalty(w, lam):
        return 0.25 * lam * np.sum(w**4), lam * w**3

    v = verdict("l2_penalty", l2_penalty)
    assert v.score == 0 and "not what the exercise asks for" in str(v.findings)


def test_an_identity_is_no_batch_norm():
    def batchnorm_forward(x, gamma, beta, bn_param):
        return x * 1.0, x

    v = together("batchnorm_backward", "batchnorm_forward", batchnorm_forward, _identity)
    assert v.score == 0 and "not what the exercise asks for" in str(v.findings)


def _identity(dout, cache):
    return dout, np.zeros(dout.shape[1]), np.zeros(dout.shape[1])


@pytest.mark.parametrize("name", ["dropout", "batchnorm"])
def test_without_the_forward_pass_there_is_a_reason(name):
    backward = beside(**{f"{name}_forward": None})(oracle(f"{name}_backward"))
    v = verdict(f"{name}_backward", backward)
    assert (v.status, v.score) == ("failed", 0)
    assert f"is tried together with {name}_forward: define that first" in v.message


@pytest.mark.parametrize(
    "odd",
    [None, 3, lambda dout, cache: None, lambda dout, cache: (1, 2), lambda dout, cache: ["a"]],
)
@pytest.mark.parametrize("name", ["dropout", "batchnorm"])
def test_odd_backward_passes_earn_nothing(name, odd):
    if callable(odd):
        odd = beside(**{f"{name}_forward": oracle(f"{name}_forward")})(odd)
    v = verdict(f"{name}_backward", odd)
    assert v.score == 0 and v.findings


def test_check_finds_the_forward_pass_in_the_notebook(capsys):
    namespace = {"dropout_forward": oracle("dropout_forward")}
    exec("def dropout_backward(dout, cache):\n    mask = cache[1]\n"
         "    return dout if mask is None else dout * mask", namespace)  # fmt: skip
    check(namespace["dropout_backward"])
    assert "dropout_backward: all right" in capsys.readouterr().out
    assert DROPOUT_BACKWARD.uses == ("dropout_forward",)


# Parts.


def part_scores(name, mistake):
    code = next(m.code for m in ANSWERS[name].mistakes if m.id == mistake)
    return {part for part, (got, of) in verdict(name, code).parts.items() if got < of}


@pytest.mark.parametrize(
    ("name", "mistake", "lost"),
    [
        ("l2_penalty", "nothing-halved", {"loss"}),
        ("l2_penalty", "gradient-twice", {"gradient"}),
        ("l2_penalty", "l1", {"loss", "gradient"}),
        ("l2_penalty", "norm", {"loss", "gradient"}),
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
def test_a_mistake_costs_the_points_of_its_part_alone(name, mistake, lost):
    assert part_scores(name, mistake) == lost


# The text.


def statement(name):
    text = SOURCE.read_text()
    start = text.index(f'"grade_id": "{name.replace("_", "-")}-text"')
    return text[start : text.index("```{code-cell}", start)]


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
    X, y, W1, b1, W2, b2, H, S, dW1, db2, dW1_too = matrices(text)
    params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    np.testing.assert_allclose(np.maximum(0, X @ W1 + b1), H)
    np.testing.assert_allclose(H @ W2 + b2, S)
    for lam, loss, gradient in ((0.0, "4.600983", dW1), (0.1, "5.050983", dW1_too)):
        args = X, y.astype(int), params, {"p": 0.8, "mode": "test"}, lam
        got, grads = oracle("affine_relu_dropout_loss")(*args)
        assert f"{got:.6f}" == loss and loss in text
        np.testing.assert_allclose(grads["W1"], gradient, atol=1e-6)
        np.testing.assert_allclose(grads["b2"], db2, atol=1e-6)


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
