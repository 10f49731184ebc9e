"""Outcomes that were not made by right answers, for the exercises on layers in NumPy, earn nothing."""

from functools import cache

import numpy as np
import pytest

from autograder import judge
from autograder.grading.answer import beside
from autograder.slopes import CLAIMED, MEASURED
from tests.answers import exercise, mistake, oracle, outcomes, right_answers

RANDOM = ["dropout_forward", "dropout_backward", "affine_relu_dropout_loss"]
LAYERS = [*RANDOM, "l2_penalty", "batchnorm_forward", "batchnorm_backward"]


def earned(name, found, seed):
    """The parts that outcomes earn on hidden cases."""
    v = judge.judge(exercise(name), found, right_answers(name, seed))
    return {part for part, (got, _) in v.parts.items() if got}


@cache
def recorded(name):
    """What a right answer brings home from the public cases."""
    return outcomes(name, oracle(name), right_answers(name, "public").cases)


def forged(name, code, forge, seed="1"):
    """The parts that code earns if ``forge`` changes what a probe brings home from each case."""
    found = outcomes(name, code, right_answers(name, seed).cases)
    for case, outcome in zip(right_answers(name, seed).cases, found, strict=True):
        if "outputs" in outcome:
            forge(case, outcome["outputs"])
    return earned(name, found, seed)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("seed", [f"hidden {i}" for i in range(5)])
def test_a_recording_of_the_public_cases_earns_nothing(name, seed):
    assert earned(name, recorded(name), seed) == set()


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("seed", ["public", "1"])
def test_summaries_in_place_of_raw_outputs_earn_nothing(name, seed):
    found = [{"outputs": dict(expected)} for expected in right_answers(name, seed).expected]
    summed_up = {part.name for part in exercise(name).parts if part.summary}
    assert summed_up and not earned(name, found, seed) & summed_up


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize(
    "other",
    [np.zeros_like, np.ones_like, lambda a: np.full_like(a, 1e-9), lambda a: a[..., :0],
     lambda a: a[:0], lambda a: a.astype(bool), lambda a: None, lambda a: "1 / p",
     lambda a: a * np.nan, lambda a: a * np.inf, lambda a: a[..., None]],
)  # fmt: skip
def test_arrays_that_no_right_answer_makes_earn_nothing(name, other):
    def forge(case, outputs):
        outputs.update({k: other(v) for k, v in outputs.items() if isinstance(v, np.ndarray)})

    summed_up = {part.name for part in exercise(name).parts if part.summary}
    with np.errstate(all="ignore"):
        assert not forged(name, oracle(name), forge) & summed_up


def test_a_mask_that_is_not_that_of_the_seed_is_no_answer_if_it_is_sent_twice():
    def forge(case, outputs):
        outputs["outs"] = np.stack([outputs["outs"][0]] * len(outputs["outs"]))

    assert "seed" in forged("dropout_forward", oracle("dropout_forward"), lambda *_: None)
    assert "seed" not in forged(
        "dropout_forward", mistake("dropout_forward", "seed-ignored"), forge
    )


def test_a_backward_pass_of_zeros_is_wrong_whatever_is_said_of_the_forward_pass():
    def dropout_backward(dout, cache):
        return np.zeros_like(dout)

    def zeros(case, outputs):
        outputs["out"] = np.zeros_like(outputs["out"])

    code = beside(dropout_forward=oracle("dropout_forward"))(dropout_backward)
    assert forged("dropout_backward", code, zeros) == set()


def test_a_backward_pass_without_a_mask_is_wrong_beside_a_forward_pass_that_drops_nothing():
    def nothing_dropped(case, outputs):
        out = outputs["out"]
        outputs["out"] = out + (out == 0) * np.linspace(1, 2, out.size).reshape(out.shape)

    code = mistake("dropout_backward", "scaled-but-not-masked")
    assert "training" not in forged("dropout_backward", code, nothing_dropped)


@pytest.mark.parametrize(
    "id", ["mask-forgotten-backward", "not-scaled-backward", "fresh-mask-backward",
           "dw2-without-dropout", "seed-ignored", "seed-0-ignored"],
)  # fmt: skip
def test_dropout_is_wrong_even_if_slopes_are_said_to_be_as_claimed(id):
    def forge(case, outputs):
        if MEASURED in outputs and case.part == "dropout":
            outputs[MEASURED] = outputs[CLAIMED]
        if "losses" in outputs:
            outputs["losses"] = np.full_like(outputs["losses"], outputs["losses"][0])

    name = "affine_relu_dropout_loss"
    assert "dropout" in forged(name, oracle(name), forge)
    assert "dropout" not in forged(name, mistake(name, id), forge)
