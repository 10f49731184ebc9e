"""Backward passes in NumPy are judged by the student's own forward pass."""

import numpy as np
import pytest

from autograder import check, judge, numeric, probe, report
from autograder.grading.answer import beside
from autograder.grading.releasing import keys
from tests import answers
from tests.answers import COURSE, answer, exercise, mistake, oracle, verdict


def tried(name, code, seed="1"):
    """The verdict on code that runs after chance was started from a seed."""
    keys.restart_chance(seed)
    return verdict(name, code, seed)


def together(name, forward_name, forward, code):
    """The verdict on a backward pass next to some forward pass."""
    return tried(name, beside(**{forward_name: forward})(code))


@pytest.mark.parametrize("name", ["dropout", "batchnorm"])
def test_other_dresses_of_forward_and_backward_fit_in_one_notebook(name):
    pairs = [answer(f"{name}_forward"), answer(f"{name}_backward")]
    codes = ([a.oracle, *a.alternatives] for a in pairs)
    for forward, backward in zip(*codes, strict=True):
        assert probe.beside(backward, f"{name}_forward").__code__ is forward.__code__


@pytest.mark.parametrize(
    "id",
    ["p-is-dropping", "not-inverted", "times-p", "scaled-twice", "scaled-at-test-time",
     "one-mask-a-row", "seed-ignored", "mask-without-comparison", "dtype-not-kept"],
)  # fmt: skip
def test_a_right_backward_pass_earns_its_points_beside_a_wrong_forward_pass(id):
    forward = mistake("dropout_forward", id)
    v = together("dropout_backward", "dropout_forward", forward, oracle("dropout_backward"))
    assert v.status == "passed", report.text(v)


@pytest.mark.parametrize("id", ["beta-missing", "unbiased-running-variance", "not-stored",
                                     "momentum-the-wrong-way", "batch-statistics-at-test-time"])  # fmt: skip
def test_a_right_backward_pass_of_batch_norm_is_right_beside_a_wrong_forward_pass(id):
    forward = mistake("batchnorm_forward", id)
    v = together("batchnorm_backward", "batchnorm_forward", forward, oracle("batchnorm_backward"))
    assert v.status == "passed", report.text(v)


@pytest.mark.parametrize("id", ["eps-outside", "eps-hard-coded", "unbiased-everywhere"])
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_a_gradient_that_fits_its_own_forward_pass_is_right(id, seed):
    v = tried("batchnorm_backward", measured_beside(mistake("batchnorm_forward", id)), seed)
    assert v.status == "passed", report.text(v)


def test_a_small_slope_in_float32_may_have_the_rounding_of_the_large_ones():
    name, alike = "batchnorm_backward", set()
    held = keys.draw_key(exercise(name), answer(name), "set 1795")  # one dx is a 400th of another
    for code in [answer(name).oracle, *answer(name).alternatives]:
        outcomes = answers.outcomes(name, code, held.cases)
        alike.add(str(outcomes))
        v = judge.judge(exercise(name), outcomes, held)
        assert v.status == "passed", report.text(v)
    assert len(alike) > 1  # they are rounded in another order


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["dropout", "batchnorm", "batchnorm, measured"])
def test_beside_any_wrong_forward_pass_the_score_does_not_depend_on_the_seed(name):
    name, _, own = name.partition(", ")
    for wrong in answer(f"{name}_forward").mistakes:
        beside_it = beside(**{f"{name}_forward": wrong.code})(oracle(f"{name}_backward"))
        code = measured_beside(wrong.code) if own else beside_it
        verdicts = [tried(f"{name}_backward", code, str(seed)) for seed in range(20)]
        assert len({(v.score, v.status) for v in verdicts}) == 1, wrong.id


def measured_beside(forward):
    """A backward pass that is the gradient of a forward pass, whatever this does, next to it."""

    def remembers(x, gamma, beta, bn_param):
        cache = x.copy(), gamma.copy(), beta.copy(), dict(bn_param), forward
        return forward(x, gamma, beta, bn_param)[0], cache

    return beside(batchnorm_forward=remembers)(_measured)


def _measured(dout, cache):
    *point, param, forward = cache
    return tuple(slopes(forward, point, which, param, dout) for which in range(3))


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
    v = tried("dropout_backward", code, seed)
    assert {f.case for f in v.findings} == {"half of x is 0, as after a ReLU"}, report.text(v)
    assert (v.mistake == "mask-from-the-output") == (backward is _nonzero)


def test_an_identity_is_no_batch_norm():
    def batchnorm_forward(x, gamma, beta, bn_param):
        return x * 1.0, x

    v = together("batchnorm_backward", "batchnorm_forward", batchnorm_forward, _identity)
    assert v.score == 0 and "not what the exercise asks for" in str(v.findings)


def _identity(dout, cache):
    return dout, np.zeros(dout.shape[1]), np.zeros(dout.shape[1])


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_a_shift_is_no_batch_norm(seed):
    """That beta has its full effect does not make up for a gamma that has none."""

    def batchnorm_forward(x, gamma, beta, bn_param):
        return 0 * x + beta, None

    def batchnorm_backward(dout, cache):
        return 0 * dout, 0 * dout.sum(axis=0), dout.sum(axis=0)

    code = beside(batchnorm_forward=batchnorm_forward)(batchnorm_backward)
    assert tried("batchnorm_backward", code, seed).score == 0


@pytest.mark.parametrize("name", ["dropout", "batchnorm"])
def test_without_the_forward_pass_there_is_a_reason(name):
    backward = beside(**{f"{name}_forward": None})(oracle(f"{name}_backward"))
    v = tried(f"{name}_backward", backward)
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
    v = tried(f"{name}_backward", odd)
    assert v.score == 0 and v.findings


def test_check_finds_the_forward_pass_in_the_notebook(capsys, monkeypatch):
    monkeypatch.chdir(COURSE.assignment("regularization").folder)
    namespace = {"dropout_forward": oracle("dropout_forward")}
    exec("def dropout_backward(dout, cache):\n    mask = cache[1]\n"
         "    return dout if mask is None else dout * mask", namespace)  # fmt: skip
    check(namespace["dropout_backward"])
    assert "dropout_backward: all right" in capsys.readouterr().out
    assert exercise("dropout_backward").uses == ("dropout_forward",)


@pytest.mark.parametrize("name", ["dropout", "batchnorm"])
def test_a_backward_pass_is_not_blamed_for_a_forward_pass_that_is_not_written(name):
    def forward(*arguments):
        raise NotImplementedError

    backward = oracle(f"{name}_backward")
    v = together(f"{name}_backward", f"{name}_forward", forward, backward)
    assert v.status == "failed" and f"{name}_forward is not answered yet" in v.message
