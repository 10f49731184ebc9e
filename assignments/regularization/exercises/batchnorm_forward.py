"""The exercise ``batchnorm_forward``: batch normalization in NumPy."""

from typing import Any

import numpy as np

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._layers import forward_pass


def called(batchnorm_forward: Any, inputs: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """The last output of calls that share one bn_param, and what this holds afterwards."""
    param = dict(inputs["param"])
    for mode, x in inputs["calls"]:
        param["mode"] = mode
        gamma, beta = inputs["gamma"].copy(), inputs["beta"].copy()
        out, _ = forward_pass(batchnorm_forward, x, gamma, beta, param)
    return out, param


def case(
    rng: np.random.Generator,
    name: str,
    modes: list[str],
    count: int = 7,
    features: int = 4,
    dtype: str = "float64",
    defaults: bool = False,
) -> Case:
    """A case with batches of a mean and a variance of their own, and eps large enough to be seen."""

    def batch() -> np.ndarray:
        scales, means = rng.uniform(0.4, 2.5, features), rng.uniform(-2, 2, features)
        return (rng.standard_normal((count, features)) * scales + means).astype(dtype)

    param: dict[str, Any] = {}
    if not defaults:
        param = {
            "eps": round(float(rng.uniform(0.1, 0.6)), 3),
            "momentum": round(float(rng.choice([rng.uniform(0.6, 0.9), 0.2])), 3),
            "running_mean": rng.uniform(-2, 2, features).astype(dtype),
            "running_var": rng.uniform(0.3, 3, features).astype(dtype),
        }
    gamma = rng.uniform(0.5, 2, features) * rng.choice([-1.0, 1.0], features)
    arrays = {"gamma": gamma.astype(dtype), "beta": rng.uniform(-2, 2, features).astype(dtype)}
    return Case(name, {"calls": [[mode, batch()] for mode in modes], "param": param, **arrays})


# In training, and at test time.


def run_out(batchnorm_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"out": called(batchnorm_forward, inputs)[0]}


def in_the_text() -> Case:
    x = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    arrays = {"gamma": np.array([1.0, 2.0]), "beta": np.array([0.0, -1.0])}
    return Case("the example in the text", {"calls": [["train", x]], "param": {}, **arrays})


def training_cases(rng: np.random.Generator) -> list[Case]:
    constant = case(rng, "a feature that never varies", ["train"])
    constant.inputs["calls"][0][1][:, 1] = 1.5
    return [
        in_the_text(),
        case(rng, "a batch", ["train"]),
        case(rng, "a large batch", ["train"], count=20, features=3),
        case(rng, "one example", ["train"], count=1, features=5),
        case(rng, "float32", ["train"], dtype="float32"),
        case(rng, "nothing but the mode in bn_param", ["train"], defaults=True),
        constant,
    ]


def test_time_cases(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "test time", ["test"]),
        case(rng, "one example at test time", ["test"], count=1),
        case(rng, "test time in float32", ["test"], dtype="float32"),
    ]


# The running statistics.


def run_running(batchnorm_forward: Any, inputs: dict[str, Any], device: str) -> Outputs:
    _, param = called(batchnorm_forward, inputs)
    if not {"running_mean", "running_var"} <= param.keys():
        raise Unusable("bn_param must hold running_mean and running_var afterwards")
    return {name: param[name] for name in ("running_mean", "running_var")}


def running_cases(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text(),
        case(rng, "one step", ["train"]),
        case(rng, "three steps", ["train"] * 3),
        case(rng, "two steps with defaults", ["train"] * 2, defaults=True),
        case(rng, "a small batch", ["train"], count=3),
        case(rng, "test time leaves them alone", ["train", "test", "test"]),
    ]


EXERCISE = Exercise(
    "batchnorm_forward",
    "batchnorm_forward",
    [
        Part("training", 2, training_cases, run_out, close),
        Part("running statistics", 1, running_cases, run_running, close),
        Part("test time", 1, test_time_cases, run_out, close),
    ],
    minutes=25,
    difficulty=2,
)
