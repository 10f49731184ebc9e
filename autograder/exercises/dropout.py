"""Inverted dropout in NumPy, forward and backward: random answers, judged as distributions."""

from typing import Any

import numpy as np

from autograder import probe
from autograder.chance import SIGMAS, close_in_distribution, share, whole
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.layers import EQUALLY_MANY, away_from_zero, forward_pass
from autograder.exercises.tensors import mean, spread_mean
from autograder.judge import unusable

LARGE = [120, 50]


def keep_probability(rng: np.random.Generator) -> float:
    """One at which keeping and dropping differ."""
    return round(float(rng.choice([rng.uniform(0.25, 0.4), rng.uniform(0.65, 0.85)])), 3)


def _equal(values: np.ndarray, others: Any, dtype: str) -> np.ndarray:
    """Where two arrays are equal up to rounding."""
    rtol = 1e-4 if dtype == "float32" else 1e-9
    return np.abs(values - others) <= rtol * np.maximum(np.abs(others), 1e-6)


# The forward pass.


def run_forward(dropout_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What one mask, and a second one, do to an array."""
    outs = []
    dtype, given = inputs["dtype"], away_from_zero(inputs["draw"], inputs["shape"], inputs["dtype"])
    for param in inputs["params"] * inputs.get("times", 1):
        x = given.copy()
        made = forward_pass(dropout_forward, x, dict(param))
        if isinstance(made, str):
            return {"unusable": made}
        outs.append(made[0].astype(np.float64))
    if inputs["check"] == "x":
        return {"x after the call": "as it was" if (x == given).all() else "changed"}
    if inputs["check"] == "dtype":
        return {"dtype of out": str(made[0].dtype)}
    if inputs["check"] == "counts":
        counts = [(out == 0).sum() for out in outs]
        return {EQUALLY_MANY: share(np.equal(counts[::2], counts[1::2]))}
    p, mode = inputs["params"][0]["p"], inputs["params"][0]["mode"]
    factors = [out / given for out in outs]
    dropped = factors[0] == 0
    seen: Outputs = {
        "share of elements set to 0": spread_mean(dropped),
        "mean of out / x": spread_mean(factors[0]),
    }
    if mode == "test":
        seen["share of elements that are x"] = whole(_equal(factors[0], 1.0, dtype))
        return seen
    scaled = _equal(factors[0][~dropped] * p, 1.0, dtype)
    seen["share of the elements kept that are x / p"] = whole(scaled)
    if len(outs) > 1:
        again = factors[1] == 0
        seen["share of elements with the same fate in two calls"] = spread_mean(dropped == again)
    if given.ndim == 2:
        down, across = dropped[1::2] == dropped[:-1:2], dropped[:, 1::2] == dropped[:, :-1:2]
        seen["share of neighbors in a column with the same fate"] = spread_mean(down)
        seen["share of neighbors in a row with the same fate"] = spread_mean(across)
    return seen


def forward_cases(rng: np.random.Generator) -> list[Case]:
    """Training and test time, at keep probabilities where keeping and dropping differ."""

    def case(name, part, *params, shape=LARGE, dtype="float64", check="values", **more) -> Case:
        inputs = {"draw": int(rng.integers(2**31)), "shape": list(shape), "dtype": dtype}
        return Case(name, part, {**inputs, "check": check, "params": list(params), **more})

    def train(p: float, **more) -> dict:
        return {"p": p, "mode": "train", **more}

    p, q = keep_probability(rng), keep_probability(rng)
    test = {"p": p, "mode": "test"}
    seeds = [int(s) for s in rng.choice(np.arange(1, 10_000), 2, replace=False)]
    return [
        case("two calls", "training", train(p), train(p)),
        case("a high keep probability", "training", train(0.9), train(0.9)),
        case("many calls", "training", train(p), shape=[5, 2], check="counts", times=400),
        case("keep everything", "training", train(1.0), shape=[4, 3]),
        case("one long vector", "any array", train(p), shape=[6000]),
        case("images", "any array", train(q), shape=[20, 3, 10, 10]),
        case("float32", "any array", train(q), dtype="float32"),
        case("the dtype for float32", "any array", train(q), shape=[4, 3], dtype="float32", check="dtype"),
        case("x in training", "any array", train(q), shape=[20, 10], check="x"),
        case("test time", "test time", test, shape=[30, 20]),
        case("test time in float32", "test time", {**test, "p": q}, shape=[20, 6, 5], dtype="float32"),
        case("test time with a seed", "test time", {**test, "seed": seeds[0]}, shape=[30, 20]),
        case("the same seed twice", "seed", *[train(p, seed=seeds[0])] * 2),
        case("two seeds", "seed", *[train(p, seed=s) for s in seeds]),
        case("seed 0 twice", "seed", *[train(p, seed=0)] * 2),
        case("first no seed, then one", "seed", train(p), train(p, seed=seeds[0])),
    ]  # fmt: skip


DROPOUT_FORWARD = Exercise(
    "dropout_forward",
    "dropout_forward",
    {"training": 2, "any array": 1, "test time": 1, "seed": 1},
    forward_cases,
    run_forward,
    close_in_distribution,
)


# The backward pass.

GRADIENT = "dx is the gradient"
WHERE_X_IS_0 = "share of zeros in dx where x is 0"


def run_backward(dropout_backward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What dx is of dout, where the student's own forward pass kept an element and where not.

    The forward pass multiplies each element by a factor, which out / x shows: dx must be dout times
    this factor. Two others are right whatever the forward pass does: dout / p where it kept an
    element, and dout at test time. Where x is 0 nothing shows the factor: there the factors in dx
    must be distributed as elsewhere. ``zeros`` is the share of such elements.
    """
    forward = probe.beside(dropout_backward, "dropout_forward")
    draw, shape, dtype = inputs["draw"], inputs["shape"], inputs["dtype"]
    x, dout = away_from_zero(draw, shape, dtype), away_from_zero(draw + 1, shape, dtype)
    shown = np.random.default_rng(draw + 2).random(shape) >= inputs["zeros"]
    x[~shown] = 0
    param = inputs["param"]
    made = forward_pass(forward, x.copy(), dict(param))
    if isinstance(made, str):
        return {"unusable": f"dropout_forward: {made}"}
    out, cache = made
    factors = out[shown].astype(np.float64) / x[shown]
    training = param["mode"] == "train"
    if training and np.ptp(factors) < 1e-6:
        return {"unusable": "your dropout_forward drops nothing, or all: mend that first"}
    dx = dropout_backward(dout.copy(), cache)
    if not isinstance(dx, np.ndarray) or dx.shape != x.shape or dx.dtype.kind != "f":
        return {"unusable": f"dx must be an array of shape {x.shape} of floats, as dout is"}
    if bad := int((~np.isfinite(dx)).sum()):
        return {"unusable": f"{bad} of {dx.size} elements of dx are nan or infinite"}
    ratio = dx.astype(np.float64) / dout
    ratio, unseen, kept = ratio[shown], ratio[~shown], factors != 0
    right = [factors, kept / param["p"] if training else np.ones(factors.shape)]
    seen: Outputs = {
        GRADIENT: any(bool(_equal(ratio, factor, dtype).all()) for factor in right)
        and _alike(unseen, ratio),
        "out / x where kept": _of_some(mean, factors[kept]),
    }
    for name, where in {"kept": kept, "dropped": ~kept}.items():
        if training or name == "kept":
            seen[f"dx / dout where {name}"] = _of_some(mean, ratio[where])
            seen[f"share of zeros in dx where {name}"] = _of_some(share, ratio[where] == 0)
    if unseen.size:
        seen[WHERE_X_IS_0] = share(unseen == 0)
    return seen


def _alike(some: np.ndarray, others: np.ndarray) -> bool:
    """Whether chance explains how these elements differ from others in their zeros and their mean."""
    for one, other in ((some == 0, others == 0), (some, others)) if some.size else ():
        error = other.std() * np.sqrt(1 / one.size + 1 / other.size)
        if not abs(one.mean() - other.mean()) <= SIGMAS * error + 1e-9:
            return False
    return True


def _of_some(summary: Any, values: np.ndarray) -> dict[str, float]:
    """A summary, or that of nothing, which agrees with none."""
    return summary(values) if values.size else {"of": 0}


def judge_backward(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Right if dx is the gradient; the shares and means tell one wrong answer from another."""
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    if expected[GRADIENT] is not True:
        return close_in_distribution(case, outputs, expected)
    odd = [n for n, want in expected.items() if isinstance(want, dict) and not _numbers(outputs, n)]
    if odd:
        return [f"{name}: there is nothing to compare" for name in odd]
    return [] if outputs.get(GRADIENT) is True else [_not_the_gradient(outputs, expected)]


def _not_the_gradient(outputs: Outputs, expected: Outputs) -> str:
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


def _numbers(outputs: Outputs, name: str) -> bool:
    got = outputs.get(name)
    return (
        isinstance(got, dict) and "of" in got and all(type(v) in (int, float) for v in got.values())
    )


def backward_cases(rng: np.random.Generator) -> list[Case]:
    """The same kinds of cases as for the forward pass."""

    def case(
        name: str, part: str, shape: list[int], dtype="float64", mode="train", zeros=0.0, **more
    ) -> Case:
        inputs = {"draw": int(rng.integers(2**31)), "shape": shape, "dtype": dtype, "zeros": zeros}
        param = {"p": keep_probability(rng), "mode": mode, **more}
        return Case(name, part, {**inputs, "param": param})

    return [
        case("a matrix", "training", [60, 50]),
        case("images", "training", [10, 3, 10, 10]),
        case("float32", "training", [60, 50], "float32"),
        case("with a seed", "training", [60, 50], seed=int(rng.integers(1, 10_000))),
        case("half of x is 0, as after a ReLU", "training", [60, 50], zeros=0.5),
        case("test time", "test time", [20, 30], mode="test"),
        case("images at test time", "test time", [5, 3, 6, 6], mode="test"),
    ]


DROPOUT_BACKWARD = Exercise(
    "dropout_backward",
    "dropout_backward",
    {"training": 2, "test time": 1},
    backward_cases,
    run_backward,
    judge_backward,
    uses=("dropout_forward",),
)
