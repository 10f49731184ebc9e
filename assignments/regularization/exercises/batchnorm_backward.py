"""The exercise ``batchnorm_backward``: gradients judged by the student's own forward pass."""

from functools import partial
from typing import Any

import numpy as np

from autograder import probe
from autograder.compare import require_values
from autograder.exercise import Case, Exercise, Outputs, Part
from autograder.slopes import along_each_element, judge_slopes

from ._layers import IN_THE_TEXT, forward_pass_of

ARRAYS = ("x", "gamma", "beta")


def run_slopes(
    asked: list[str], batchnorm_backward: Any, inputs: dict[str, Any], device: str
) -> Outputs:
    """Slopes that the gradients of the arrays ``asked`` claim, beside those of the forward pass."""
    forward = probe.beside(batchnorm_backward, "batchnorm_forward")
    point = {name: inputs[name] for name in ARRAYS}
    dout, eps = inputs["dout"], inputs["eps"]

    def called(point: dict[str, np.ndarray]) -> tuple[np.ndarray, Any]:
        param = {"mode": "train", "eps": eps}
        return forward_pass_of("batchnorm_forward", forward, *point.values(), param)

    def loss(moved: dict[str, np.ndarray]) -> float:
        exact = {name: value.astype(np.float64) for name, value in point.items()}
        return float(np.sum(called({**exact, **moved})[0] * dout))

    _, cache = called(probe.copies(point))
    returned = require_values(
        batchnorm_backward(dout.copy(), cache), 3, "three values, dx, dgamma and dbeta"
    )
    gradients = dict(zip(ARRAYS, returned, strict=True))
    return along_each_element(gradients, loss, {name: point[name] for name in asked})


def case(
    asked: list[str],
    rng: np.random.Generator,
    name: str,
    count: int,
    features: int,
    eps: float,
    dtype: str = "float64",
) -> Case:
    """A batch far from 0, so that x and what is normalized differ; gammas of either sign.

    Whether a forward pass with a mistake is still much the same does not depend on what is drawn:
    every feature varies, and dout is made of the same shares everywhere.
    """
    noise = standardized(rng.standard_normal((count, features)))
    scales, means = rng.uniform(0.8, 2, features), rng.uniform(1, 3, features)
    signs = rng.permutation(np.resize([1.0, -1.0], features))
    arrays = {
        "x": noise * scales + means,
        "gamma": rng.uniform(0.5, 2, features) * signs,
        "beta": rng.uniform(-2, 2, features),
        "dout": upstream(rng, noise),
    }
    of = [[asked_for, list(arrays[asked_for].shape)] for asked_for in asked]
    inputs = {k: v.astype(dtype) for k, v in arrays.items()}
    return Case(name, {**inputs, "eps": eps, "dtype": dtype, "of": of})


def in_the_text(asked: list[str]) -> Case:
    arrays = {
        "x": np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]]),
        "gamma": np.array([1.0, 2.0]),
        "beta": np.array([0.0, -1.0]),
        "dout": np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]),
    }
    of = [[asked_for, list(arrays[asked_for].shape)] for asked_for in asked]
    return Case(IN_THE_TEXT, {**arrays, "eps": 1e-5, "dtype": "float64", "of": of})


def standardized(columns: np.ndarray) -> np.ndarray:
    """The same with mean 0 and variance 1 in each column."""
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def upstream(rng: np.random.Generator, noise: np.ndarray) -> np.ndarray:
    """A dout of which the way through the mean takes most, that through the variance a little.

    Of either sign in each feature: dbeta is its sum, and not known beforehand.
    """
    rest = standardized(rng.standard_normal(noise.shape))
    rest = standardized(rest - noise * (rest * noise).mean(axis=0))
    return 3.0 * rng.choice([-1.0, 1.0], noise.shape[1]) + 0.5 * noise + rest


def large_eps(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(0.2, 0.4)), 3)


# dx.


DX = ["x"]


def dx_cases(rng: np.random.Generator) -> list[Case]:
    large = large_eps(rng)
    return [
        in_the_text(DX),
        case(DX, rng, "six examples", 6, 3, 1e-5),
        case(DX, rng, "a large eps", 5, 4, large),
        case(DX, rng, "three examples", 3, 6, large),
        case(DX, rng, "nine examples, two features", 9, 2, 1e-3),
        case(DX, rng, "float32", 6, 4, 1e-3, "float32"),
        with_a_constant_feature(case(DX, rng, "a feature that is constant", 5, 3, large)),
    ]


def with_a_constant_feature(made: Case) -> Case:
    """Its deviation from the mean is 0, so that nothing can be divided by it."""
    x = made.inputs["x"]
    x[:, 0] = x[0, 0].round(2)
    return made


# dgamma and dbeta.


OTHERS = ["gamma", "beta"]


def other_cases(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text(OTHERS),
        case(OTHERS, rng, "six examples", 6, 5, 1e-5),
        case(OTHERS, rng, "a large eps", 5, 6, large_eps(rng)),
        case(OTHERS, rng, "float32", 6, 5, 1e-3, "float32"),
    ]


EXERCISE = Exercise(
    "batchnorm_backward",
    "batchnorm_backward",
    [
        Part("dx", 2, dx_cases, partial(run_slopes, DX), judge_slopes),
        Part("dgamma and dbeta", 1, other_cases, partial(run_slopes, OTHERS), judge_slopes),
    ],
    uses=("batchnorm_forward",),
    minutes=45,
    difficulty=3,
)
