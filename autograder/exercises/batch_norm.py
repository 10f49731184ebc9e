"""Batch normalization in NumPy, forward and backward."""

from typing import Any

import numpy as np

from autograder import probe
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.layers import forward_pass
from autograder.exercises.slopes import along_each_element, judge_slopes
from autograder.judge import close

# The forward pass.


def run_forward(batchnorm_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The last output, or the running statistics afterwards, of calls that share one bn_param."""
    param = dict(inputs["param"])
    for mode, x in inputs["calls"]:
        param["mode"] = mode
        made = forward_pass(
            batchnorm_forward, x, inputs["gamma"].copy(), inputs["beta"].copy(), param
        )
        if isinstance(made, str):
            return {"unusable": made}
    if inputs["check"] == "out":
        return {"out": made[0]}
    if not {"running_mean", "running_var"} <= param.keys():
        return {"unusable": "bn_param must hold running_mean and running_var afterwards"}
    return {name: param[name] for name in ("running_mean", "running_var")}


def forward_cases(rng: np.random.Generator) -> list[Case]:
    """Batches with means and variances of their own; eps large enough to be seen."""

    def batch(count: int, features: int) -> np.ndarray:
        scales, means = rng.uniform(0.4, 2.5, features), rng.uniform(-2, 2, features)
        return rng.standard_normal((count, features)) * scales + means

    def case(name, part, modes, count=7, features=4, check="out", defaults=False, dtype="float64"):
        calls = [[mode, batch(count, features).astype(dtype)] for mode in modes]
        gamma = rng.uniform(0.5, 2, features) * rng.choice([-1.0, 1.0], features)
        param: dict[str, Any] = {}
        if not defaults:
            param = {
                "eps": round(float(rng.uniform(0.1, 0.6)), 3),
                "momentum": round(float(rng.choice([rng.uniform(0.6, 0.9), 0.2])), 3),
                "running_mean": rng.uniform(-2, 2, features).astype(dtype),
                "running_var": rng.uniform(0.3, 3, features).astype(dtype),
            }
        arrays = {"gamma": gamma.astype(dtype), "beta": rng.uniform(-2, 2, features).astype(dtype)}
        return Case(name, part, {"check": check, "calls": calls, "param": param, **arrays})

    training, running, test = "training", "running statistics", "test time"
    constant = case("a feature that never varies", training, ["train"])
    constant.inputs["calls"][0][1][:, 1] = 1.5
    return [
        case("a batch", training, ["train"]),
        case("a large batch", training, ["train"], count=60, features=3),
        case("one example", training, ["train"], count=1, features=5),
        case("float32", training, ["train"], dtype="float32"),
        case("nothing but the mode in bn_param", training, ["train"], defaults=True),
        constant,
        case("one step", running, ["train"], check="running"),
        case("three steps", running, ["train"] * 3, check="running"),
        case("two steps with defaults", running, ["train"] * 2, check="running", defaults=True),
        case("a small batch", running, ["train"], count=3, check="running"),
        case("test time leaves them alone", running, ["train", "test", "test"], check="running"),
        case("test time", test, ["test"]),
        case("one example at test time", test, ["test"], count=1),
        case("test time in float32", test, ["test"], dtype="float32"),
    ]


BATCHNORM_FORWARD = Exercise(
    "batchnorm_forward",
    "batchnorm_forward",
    {"training": 2, "running statistics": 1, "test time": 1},
    forward_cases,
    run_forward,
    close,
)


# The backward pass.


def run_backward(batchnorm_backward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Slopes that dx, dgamma or dbeta claims, beside those of the student's own forward pass."""
    forward = probe.beside(batchnorm_backward, "batchnorm_forward")
    point = {name: inputs[name] for name in ("x", "gamma", "beta")}
    dout, eps = inputs["dout"], inputs["eps"]

    def called(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Any:
        return forward_pass(forward, x, gamma, beta, {"mode": "train", "eps": eps})

    def loss(point: dict[str, np.ndarray]) -> float:
        return float(np.sum(called(**point)[0] * dout))

    made = called(**{name: value.copy() for name, value in point.items()})
    if isinstance(made, str):
        return {"unusable": f"batchnorm_forward: {made}"}
    returned = batchnorm_backward(dout.copy(), made[1])
    if not isinstance(returned, tuple | list) or len(returned) != 3:
        return {"unusable": "return three values: dx, dgamma and dbeta"}
    gradients = dict(zip(point, returned, strict=True))
    asked = [name for name, _ in inputs["of"]]
    others = {name: value for name, value in point.items() if name not in asked}
    return along_each_element(
        gradients,
        lambda moved: loss({**{k: np.float64(v) for k, v in others.items()}, **moved}),
        {name: point[name] for name in asked},
    )


def backward_cases(rng: np.random.Generator) -> list[Case]:
    """Batches far from 0, so that x and what is normalized differ; gammas of either sign."""

    def case(name: str, part: str, count: int, features: int, eps: float, dtype="float64") -> Case:
        scales, means = rng.uniform(0.5, 2, features), rng.uniform(1, 3, features)
        signs = rng.permutation(np.resize([1.0, -1.0], features))
        arrays = {
            "x": rng.standard_normal((count, features)) * scales + means,
            "gamma": rng.uniform(0.5, 2, features) * signs,
            "beta": rng.uniform(-2, 2, features),
            "dout": rng.standard_normal((count, features)),
        }
        inputs = {k: v.astype(dtype) for k, v in arrays.items()}
        shapes = {"x": [count, features], "gamma": [features], "beta": [features]}
        of = [[k, shapes[k]] for k in (["x"] if part == "dx" else ["gamma", "beta"])]
        return Case(name, part, {**inputs, "eps": eps, "dtype": dtype, "of": of})

    large = round(float(rng.uniform(0.3, 0.8)), 3)
    return [
        case("six examples", "dx", 6, 4, 1e-5),
        case("a large eps", "dx", 5, 4, large),
        case("three examples", "dx", 3, 6, large),
        case("nine examples, two features", "dx", 9, 2, 1e-3),
        case("float32", "dx", 6, 4, 1e-3, "float32"),
        case("six examples", "dgamma and dbeta", 6, 4, 1e-5),
        case("a large eps", "dgamma and dbeta", 5, 3, large),
        case("float32", "dgamma and dbeta", 6, 4, 1e-3, "float32"),
    ]


BATCHNORM_BACKWARD = Exercise(
    "batchnorm_backward",
    "batchnorm_backward",
    {"dx": 2, "dgamma and dbeta": 1},
    backward_cases,
    run_backward,
    judge_slopes,
    uses=("batchnorm_forward",),
)
