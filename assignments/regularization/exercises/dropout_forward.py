"""The exercise ``dropout_forward``: inverted dropout in NumPy, judged as a distribution."""

from dataclasses import replace
from typing import Any

import numpy as np

from autograder import sketch
from autograder.chance import becomes, close_in_distribution, share, spread_mean, whole
from autograder.compare import equal, floats
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._layers import (
    CALLS,
    EQUALLY_MANY,
    IN_THE_TEXT,
    after,
    away_from_zero,
    draws,
    forward_pass,
    high_keep_probability,
    low_keep_probability,
)

LARGE = [150, 150]  # rows and columns enough, also for who draws once for each


def train(p: float, **more: int) -> dict[str, Any]:
    return {"p": p, "mode": "train", **more}


def case(rng: np.random.Generator, name: str, *params: dict[str, Any], **more: Any) -> Case:
    """A case that makes a call with each of ``params``, so many ``times``, on arrays of its own."""
    inputs = {"draw": int(rng.integers(2**31)), "shape": LARGE, "dtype": "float64", "times": 1}
    return Case(name, {**inputs, "params": list(params), **more})


def called(dropout_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What ``out`` is, in a call with each of the params."""
    calls = zip(given(inputs), inputs["params"] * inputs["times"], strict=True)
    return {"outs": np.stack([forward_pass(dropout_forward, x, dict(p))[0] for x, p in calls])}


def given(inputs: dict[str, Any]) -> np.ndarray:
    """The array of each call."""
    if "x" in inputs:
        return np.stack([inputs["x"]] * inputs["times"])
    calls = len(inputs["params"]) * inputs["times"]
    return away_from_zero(inputs["draw"], [calls, *inputs["shape"]], inputs["dtype"])


def factors_of(case: Case, outputs: Outputs) -> np.ndarray:
    """out / x in each call; raises Unusable for numbers that are not finite."""
    x = given(case.inputs)
    factors = floats(outputs, "outs", x.shape).astype(np.float64) / x
    if not np.isfinite(factors).all():
        raise Unusable("out holds numbers that are not finite")
    return factors


def of_one_mask(factors: np.ndarray) -> Outputs:
    """What was dropped, as ``factors`` = out / x show it."""
    dropped = factors == 0
    seen: Outputs = {
        "random draws": draws(dropped),
        "share set to 0": spread_mean(dropped),
        "mean of out / x": spread_mean(factors),
    }
    if factors.ndim == 2:
        rows, columns = dropped[1::2] == dropped[:-1:2], dropped[:, 1::2] == dropped[:, :-1:2]
        seen["share kept or dropped as their neighbor in the next row is"] = spread_mean(rows)
        seen["share kept or dropped as their neighbor in the next column is"] = spread_mean(columns)
    return seen


def of_what_is_kept(case: Case, factors: np.ndarray) -> Outputs:
    """By what the rest was multiplied."""
    scaled = equal(factors[factors != 0] * case.inputs["params"][0]["p"], 1.0, case.inputs["dtype"])
    return {"share of what is kept that is x / p": whole(scaled)}


def spread(case: Case, outputs: Outputs, expected: Outputs) -> str:
    """The values of out / x in the first call, beside 0 and 1 / p in their shares."""
    p = case.inputs["params"][0]["p"]
    if case.inputs["params"][0]["mode"] != "train":
        return ""
    bins = np.linspace(-0.05, 1.95, 21) / p  # of 0.1 / p; 0 and 1 / p are in the middle of theirs
    factors = np.clip(factors_of(case, outputs)[0].ravel(), bins[0], bins[-1])
    came, _ = np.histogram(factors, bins)
    shares = np.zeros(20)
    shares[[0, 10]] = 1 - p, p
    title = f"out / x, {case.name}, p = {p:.3g}: expected are 0 and 1 / p = {1 / p:.3g}"
    ends = ("0", f"{bins[-1]:.3g}")
    return sketch.histogram(title, "out / x", ends, shares, came / factors.size)


# In training. What is seen there is seen of seeds as well.


def seen_in_calls(case: Case, outputs: Outputs) -> Outputs:
    """Of two calls what the masks do to an array, and how alike they are; of many, their numbers.

    Of the example in the text, what becomes of each of its elements.
    """
    if "x" in case.inputs:
        x = given(case.inputs)
        return becomes(x[0].ravel(), floats(outputs, "outs", x.shape))
    factors = factors_of(case, outputs)
    kept = of_what_is_kept(case, factors)
    if len(factors) > 2:
        counts = (factors == 0).reshape(len(factors), -1).sum(axis=1)
        return {EQUALLY_MANY: share(counts[::2] == counts[1::2])} | kept
    first, second = factors
    alike = spread_mean((first == 0) == (second == 0))
    return {
        **of_one_mask(first),
        **kept,
        "share kept or dropped alike in two calls": alike,
    }


def training_cases(rng: np.random.Generator) -> list[Case]:
    p = low_keep_probability(rng)
    x, at = np.array([[2.0, -1.0, 0.5]]), {"params": [train(0.8)], "times": CALLS}
    return [
        Case(IN_THE_TEXT, {"x": x, **at}, draws=True),
        case(rng, "two calls", *[train(p)] * 2),
        case(rng, "a high keep probability", *[train(0.9)] * 2),
        case(rng, "many calls", *[train(p)] * 2, times=400, shape=[5, 2]),
        case(rng, "keep everything", *[train(1.0)] * 2, shape=[40, 30]),
    ]


# Any array.


def run_any_array(dropout_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What ``out`` is, in a call, and x afterwards."""
    (x,), (param,) = given(inputs), inputs["params"]
    out, _ = forward_pass(dropout_forward, x, dict(param))
    return {"outs": np.stack([out]), "x": x}


def seen_of_any_array(case: Case, outputs: Outputs) -> Outputs:
    """What one mask does to an array, whether out has its dtype, and whether x stays as it was.

    At test time the last two: the rest is for another part to say.
    """
    (factors,), (x,) = factors_of(case, outputs), given(case.inputs)
    seen: Outputs = {
        "dtype of out": outputs["outs"].dtype.name,
        "x after the call": after(floats(outputs, "x", x.shape), x),
    }
    if case.inputs["params"][0]["mode"] == "test":
        return seen
    return {**of_one_mask(factors), **of_what_is_kept(case, factors), **seen}


def any_array_cases(rng: np.random.Generator) -> list[Case]:
    low, high = low_keep_probability(rng), high_keep_probability(rng)
    return [
        # who draws once for a row has a single draw here
        replace(case(rng, "one long vector", train(low), shape=[6000]), draws=True),
        case(rng, "images", train(high), shape=[80, 3, 5, 5]),
        case(rng, "three axes", train(high), shape=[80, 15, 5]),
        case(rng, "float32", train(low), dtype="float32"),
        case(rng, "float32 at test time", {**train(low), "mode": "test"}, dtype="float32"),
    ]


# At test time.


def seen_at_test_time(case: Case, outputs: Outputs) -> Outputs:
    (factors,) = factors_of(case, outputs)
    return {
        "share set to 0": spread_mean(factors == 0),
        "mean of out / x": spread_mean(factors),
        "share of elements that are x": whole(equal(factors, 1.0, case.inputs["dtype"])),
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
        Part(
            "training",
            2,
            training_cases,
            called,
            close_in_distribution,
            seen_in_calls,
            picture=spread,
        ),
        Part(
            "any array",
            1,
            any_array_cases,
            run_any_array,
            close_in_distribution,
            seen_of_any_array,
            picture=spread,
        ),
        Part("test time", 1, test_time_cases, called, close_in_distribution, seen_at_test_time),
        Part("seed", 1, seed_cases, called, close_in_distribution, seen_in_calls),
    ],
    own_work=("dropout",),
    minutes=20,
    difficulty=2,
)
