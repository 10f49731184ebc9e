"""The exercise ``dropout_backward``: the gradient of dropout, judged by the student's own forward pass."""

from typing import Any

import numpy as np

from autograder import probe
from autograder.chance import SIGMAS, becomes, close_in_distribution, mean, share
from autograder.compare import LOOSE, equal, floats, kind_of
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._layers import (
    CALLS,
    FATES,
    IN_THE_TEXT,
    all_alike,
    away_from_zero,
    forward_pass_of,
    keep_probability,
)

GRADIENT = "dx is the gradient"
WHERE_X_IS_0 = "share of zeros in dx where x is 0"


# What dx is of dout, where the student's own forward pass kept an element and where not.
#
# The forward pass multiplies each element by a factor, which out / x shows: dx must be dout times
# this factor. Two others are right whatever the forward pass does: dout / p where it kept an
# element, and dout at test time. Where x is 0 nothing shows the factor: there the factors in dx
# must be distributed as elsewhere. The input ``zeros`` is the share of such elements.


def run_both(dropout_backward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the student's forward pass makes of x, and dx."""
    forward = probe.beside(dropout_backward, "dropout_forward")
    x, dout = given(inputs)
    out, cache = forward_pass_of("dropout_forward", forward, x.copy(), dict(inputs["param"]))
    out = out.copy()  # a cache may hold it, and a backward pass write into it
    dx = dropout_backward(dout.copy(), cache)
    if not isinstance(dx, np.ndarray) or dx.shape != x.shape or dx.dtype.kind != "f":
        asked = f"an array of floats of shape {x.shape}, as dout is"
        raise Unusable(f"return dx, {asked}, not {kind_of(dx)}")
    return {"out": out, "dx": dx}


def given(inputs: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """x and dout."""
    if "x" in inputs:
        return inputs["x"].copy(), inputs["dout"].copy()
    draw, shape, dtype = inputs["draw"], inputs["shape"], inputs["dtype"]
    x, dout = away_from_zero(draw, shape, dtype), away_from_zero(draw + 1, shape, dtype)
    x[np.random.default_rng(draw + 2).random(shape) < inputs["zeros"]] = 0
    return x, dout


def factors_and_ratios(case: Case, outputs: Outputs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """out / x and dx / dout where x is not 0, then dx / dout where it is."""
    x, dout = given(case.inputs)
    out, dx = (floats(outputs, name, x.shape).astype(np.float64) for name in ("out", "dx"))
    shown = x != 0
    factors = out[shown] / x[shown]
    if case.inputs["param"]["mode"] == "train" and all_alike(factors, case.inputs["dtype"]):
        raise Unusable("your dropout_forward drops nothing, or all: mend that first")
    for name, array in {"dropout_forward: out": out, "dx": dx}.items():
        if bad := int((~np.isfinite(array)).sum()):
            raise Unusable(f"{bad} of {array.size} elements of {name} are nan or infinite")
    ratios = dx / dout
    return factors, ratios[shown], ratios[~shown]


def seen_in_training(case: Case, outputs: Outputs) -> Outputs:
    factors, ratios, unseen = factors_and_ratios(case, outputs)
    dtype, kept = case.inputs["dtype"], factors != 0
    right = equal(ratios, factors, dtype).all()
    if not kept.all():
        right |= equal(ratios, kept / case.inputs["param"]["p"], dtype).all()
    seen: Outputs = {
        GRADIENT: bool(right) and alike(unseen, ratios, dtype),
        "out / x where kept": of_some(mean, factors[kept]),
    }
    for name, where in {"kept": kept, "dropped": ~kept}.items():
        seen[f"dx / dout where {name}"] = of_some(mean, ratios[where])
        seen[f"share of zeros in dx where {name}"] = of_some(share, ratios[where] == 0)
    if unseen.size:
        seen[WHERE_X_IS_0] = share(unseen == 0)
    if "x" in case.inputs:
        dout, dx = case.inputs["dout"], outputs["dx"]
        seen |= {f"dout = {what}": text for what, text in becomes(dout[0], dx).items()}
    return seen


def seen_at_test_time(case: Case, outputs: Outputs) -> Outputs:
    factors, ratios, _ = factors_and_ratios(case, outputs)
    dtype, kept = case.inputs["dtype"], factors != 0
    right = equal(ratios, 1.0, dtype).all()
    if not equal(factors, 0.0, dtype).all():  # zeros would be the gradient of zeros
        right |= equal(ratios, factors, dtype).all()
    return {
        GRADIENT: bool(right),
        "out / x where kept": of_some(mean, factors[kept]),
        "dx / dout where kept": of_some(mean, ratios[kept]),
        "share of zeros in dx where kept": of_some(share, ratios[kept] == 0),
    }


def alike(some: np.ndarray, others: np.ndarray, dtype: str) -> bool:
    """Whether chance explains how these elements differ from others in their zeros and their mean."""
    for one, other in ((some == 0, others == 0), (some, others)) if some.size else ():
        error = other.std() * np.sqrt(1 / one.size + 1 / other.size)
        if not abs(one.mean() - other.mean()) <= SIGMAS * error + LOOSE[dtype]:
            return False
    return True


def of_some(summary: Any, values: np.ndarray) -> dict[str, float]:
    """A summary, or that of nothing, which agrees with none."""
    return summary(values) if values.size else {"of": 0}


# Right is a dx that is the gradient. Shares and means tell one wrong answer from another.


def judge_gradient(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    if expected[GRADIENT] is not True:
        return close_in_distribution(case, outputs, expected)
    odd = [n for n, want in expected.items() if isinstance(want, dict) and not numbers(outputs, n)]
    if odd:
        return [f"{name}: there is nothing to compare" for name in odd]
    if outputs.get(GRADIENT) is True:
        return []
    lines = [
        f"{name} {outputs.get(name)}, by the text {want}"
        for name, want in expected.items()
        if name.endswith("becomes") and outputs.get(name) != want
    ]
    return ["; ".join([not_the_gradient(outputs, expected), *lines])]


def not_the_gradient(outputs: Outputs, expected: Outputs) -> str:
    kept, dropped = "dx / dout where kept", "dx / dout where dropped"
    said = (
        "dx is not the gradient: where your dropout_forward kept an element, out / x is "
        f"{outputs['out / x where kept'].get('mean', 0):.3g} and dx / dout is "
        f"{outputs[kept].get('mean', 0):.3g} on average"
    )
    if dropped in expected:
        said += f"; where it dropped one, dx / dout is {outputs[dropped].get('mean', 0):.3g}"
    if WHERE_X_IS_0 in expected:
        said += f"; where x is 0, {outputs[WHERE_X_IS_0].get('share', 0):.0%} of dx is 0"
    return said


def numbers(outputs: Outputs, name: str) -> bool:
    """Whether an output is a summary."""
    got = outputs.get(name)
    return (
        isinstance(got, dict) and "of" in got and all(type(v) in (int, float) for v in got.values())
    )


# The cases are of the same kinds as those of the forward pass.


def case(
    rng: np.random.Generator, name: str, shape: list[int], param: dict[str, Any], **more: Any
) -> Case:
    inputs = {"draw": int(rng.integers(2**31)), "shape": shape, "dtype": "float64", "zeros": 0.0}
    return Case(name, {**inputs, "param": {"p": keep_probability(rng), **param}, **more})


def training_cases(rng: np.random.Generator) -> list[Case]:
    train, matrix = {"mode": "train"}, [FATES, FATES]
    seeded = {**train, "seed": int(rng.integers(1, 10_000))}
    rows = {
        "x": np.array([[2.0, -1.0, 0.5]] * CALLS),
        "dout": np.array([[1.0, 10.0, 100.0]] * CALLS),
    }
    param = {"param": {"p": 0.8, **train}, "dtype": "float64"}
    return [
        Case(f"{IN_THE_TEXT}, as each row of a matrix", {**rows, **param}, draws=True),
        case(rng, "a matrix", matrix, train),
        case(rng, "images", [FATES, 3, 8, 8], train),
        case(rng, "float32", matrix, train, dtype="float32"),
        case(rng, "with a seed", matrix, seeded),
        case(rng, "half of x is 0, as after a ReLU", matrix, train, zeros=0.5),
    ]


def test_time_cases(rng: np.random.Generator) -> list[Case]:
    test = {"mode": "test"}
    return [
        case(rng, "test time", [20, 30], test),
        case(rng, "images at test time", [5, 3, 6, 6], test),
    ]


EXERCISE = Exercise(
    "dropout_backward",
    "dropout_backward",
    [
        Part("training", 2, training_cases, run_both, judge_gradient, seen_in_training),
        Part("test time", 1, test_time_cases, run_both, judge_gradient, seen_at_test_time),
    ],
    uses=("dropout_forward",),
    minutes=10,
    difficulty=1,
)
