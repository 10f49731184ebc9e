"""The exercise ``dropout_forward``: inverted dropout in NumPy, judged as a distribution."""

from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, share, spread_mean, whole
from autograder.compare import equal
from autograder.exercise import Case, Exercise, Outputs, Part

from ._layers import (
    EQUALLY_MANY,
    after,
    away_from_zero,
    forward_pass,
    high_keep_probability,
    low_keep_probability,
)

LARGE = [120, 50]


def train(p: float, **more: int) -> dict[str, Any]:
    return {"p": p, "mode": "train", **more}


def case(rng: np.random.Generator, name: str, *params: dict[str, Any], **more: Any) -> Case:
    """A case that makes a call with each of ``params``, so many ``times``, on an array that the probe
    draws."""
    inputs = {"draw": int(rng.integers(2**31)), "shape": LARGE, "dtype": "float64", "times": 1}
    return Case(name, {**inputs, "params": list(params), **more})


def called(dropout_forward: Any, inputs: dict[str, Any]) -> tuple[list[np.ndarray], np.ndarray]:
    """What ``out`` is, in a call with each of the params, and the array that was given."""
    x = away_from_zero(inputs["draw"], inputs["shape"], inputs["dtype"])
    params = inputs["params"] * inputs["times"]
    return [forward_pass(dropout_forward, x.copy(), dict(param))[0] for param in params], x


def of_one_mask(factors: np.ndarray, p: float, dtype: str) -> Outputs:
    """What was dropped, and by what the rest was multiplied, as ``factors`` = out / x show it."""
    dropped = factors == 0
    seen: Outputs = {
        "share of elements set to 0": spread_mean(dropped),
        "mean of out / x": spread_mean(factors),
        "share of the elements kept that are x / p": whole(
            equal(factors[~dropped] * p, 1.0, dtype)
        ),
    }
    if factors.ndim == 2:
        down, across = dropped[1::2] == dropped[:-1:2], dropped[:, 1::2] == dropped[:, :-1:2]
        seen["share of neighbors in a column with the same fate"] = spread_mean(down)
        seen["share of neighbors in a row with the same fate"] = spread_mean(across)
    return seen


# In training. The probe is that of seeds as well.


def run_calls(dropout_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Of two calls what the masks do to an array, and how alike they are; of many, their numbers."""
    outs, x = called(dropout_forward, inputs)
    if len(outs) > 2:
        counts = [int((out == 0).sum()) for out in outs]
        return {EQUALLY_MANY: share(np.equal(counts[::2], counts[1::2]))}
    first, second = (out.astype(np.float64) / x for out in outs)
    alike = (first == 0) == (second == 0)
    return {
        **of_one_mask(first, inputs["params"][0]["p"], inputs["dtype"]),
        "share of elements with the same fate in two calls": spread_mean(alike),
    }


def training_cases(rng: np.random.Generator) -> list[Case]:
    p = low_keep_probability(rng)
    return [
        case(rng, "two calls", *[train(p)] * 2),
        case(rng, "a high keep probability", *[train(0.9)] * 2),
        case(rng, "many calls", *[train(p)] * 2, times=400, shape=[5, 2]),
        case(rng, "keep everything", *[train(1.0)] * 2, shape=[4, 3]),
    ]


# Any array.


def run_any_array(dropout_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What one mask does to an array, whether out has its dtype, and whether x stays as it was."""
    given = away_from_zero(inputs["draw"], inputs["shape"], inputs["dtype"])
    x, (param,) = given.copy(), inputs["params"]
    out, _ = forward_pass(dropout_forward, x, dict(param))
    return {
        **of_one_mask(out.astype(np.float64) / given, param["p"], inputs["dtype"]),
        "dtype of out": out.dtype.name,
        "x after the call": after(x, given),
    }


def any_array_cases(rng: np.random.Generator) -> list[Case]:
    low, high = low_keep_probability(rng), high_keep_probability(rng)
    return [
        case(rng, "one long vector", train(low), shape=[6000]),
        case(rng, "images", train(high), shape=[20, 3, 10, 10]),
        case(rng, "float32", train(low), dtype="float32"),
    ]


# At test time.


def run_test_time(dropout_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    (out,), x = called(dropout_forward, inputs)
    factors = out.astype(np.float64) / x
    return {
        "share of elements set to 0": spread_mean(factors == 0),
        "mean of out / x": spread_mean(factors),
        "share of elements that are x": whole(equal(factors, 1.0, inputs["dtype"])),
    }


def test_time_cases(rng: np.random.Generator) -> list[Case]:
    p, q = low_keep_probability(rng), high_keep_probability(rng)
    test = {"p": p, "mode": "test"}
    seeded = {**test, "seed": int(rng.integers(1, 10_000))}
    return [
        case(rng, "test time", test, shape=[30, 20]),
        case(rng, "test time in float32", {**test, "p": q}, shape=[20, 6, 5], dtype="float32"),
        case(rng, "test time with a seed", seeded, shape=[30, 20]),
    ]


# Seeds.


def seed_cases(rng: np.random.Generator) -> list[Case]:
    p = low_keep_probability(rng)
    one, other = (int(s) for s in rng.choice(np.arange(1, 10_000), 2, replace=False))
    return [
        case(rng, "the same seed twice", *[train(p, seed=one)] * 2),
        case(rng, "two seeds", train(p, seed=one), train(p, seed=other)),
        case(rng, "seed 0 twice", *[train(p, seed=0)] * 2),
        case(rng, "first no seed, then one", train(p), train(p, seed=one)),
    ]


EXERCISE = Exercise(
    "dropout_forward",
    "dropout_forward",
    [
        Part("training", 2, training_cases, run_calls, close_in_distribution),
        Part("any array", 1, any_array_cases, run_any_array, close_in_distribution),
        Part("test time", 1, test_time_cases, run_test_time, close_in_distribution),
        Part("seed", 1, seed_cases, run_calls, close_in_distribution),
    ],
)
