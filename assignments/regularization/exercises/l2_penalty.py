"""The exercise ``l2_penalty``: a loss that grows with the weights, and its gradient."""

from functools import partial
from typing import Any

import numpy as np

from autograder.compare import close, require_values
from autograder.exercise import Case, Exercise, Outputs, Part
from autograder.slopes import along_each_element, is_multiple, judge_slopes


def returned(l2_penalty: Any, w: np.ndarray, lam: float) -> tuple[Any, Any]:
    """The loss and its gradient, of weights that are copied; raises Unusable for other than two values."""
    loss, gradient = require_values(
        l2_penalty(w.copy(), lam), 2, "two values, the loss and its gradient"
    )
    return loss, gradient


def cases(rng: np.random.Generator) -> list[Case]:
    """Weights of several shapes, at several strengths of the penalty."""

    def case(name: str, shape: list[int], lam: float | None = None, dtype: str = "float64") -> Case:
        lam = round(float(rng.uniform(0.05, 0.4)), 3) if lam is None else lam
        return Case(name, {"w": (rng.standard_normal(shape) + 0.5).astype(dtype), "lam": lam})

    return [
        Case("the example in the text", {"w": np.array([[1.0, -2.0], [0.0, 3.0]]), "lam": 0.1}),
        case("a matrix", [3, 2]),
        case("a vector", [5]),
        case("filters of a convolution", [2, 2, 1, 2]),
        case("one number", [1]),
        case("a strong penalty", [2, 2], 3.0),
        case("float32", [2, 3], dtype="float32"),
        case("lam = 0", [2, 3], 0.0),
    ]


# The loss.


def run_loss(l2_penalty: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"loss": returned(l2_penalty, inputs["w"], inputs["lam"])[0]}


# Its gradient.


def run_gradient(l2_penalty: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Slopes claimed and measured at w and at 2 w.

    At a single point, the slopes of the norm are a multiple of those of the squares.
    """
    lam = inputs["lam"]
    seen = [
        along_each_element(
            {"w": returned(l2_penalty, w, lam)[1]},
            lambda point: returned(l2_penalty, point["w"], lam)[0],
            {"w": w},
        )
        for w in (inputs["w"], 2 * inputs["w"])
    ]
    return {name: np.concatenate([slopes[name] for slopes in seen]) for name in seen[0]}


def is_scaled(arrays: list, measured: np.ndarray, true_measured: np.ndarray) -> bool:
    """Whether a loss is the exercise's but for a factor, the same at w and at 2 w."""
    return is_multiple(measured, of=true_measured)


def gradient_cases(rng: np.random.Generator) -> list[Case]:
    drawn = cases(rng)
    for case in drawn:
        w = case.inputs["w"]
        case.inputs.update(of=[["w", list(w.shape)]] * 2, dtype=w.dtype.name)
    return drawn


EXERCISE = Exercise(
    "l2_penalty",
    "l2_penalty",
    [
        Part("loss", 1, cases, run_loss, close),
        Part("gradient", 1, gradient_cases, run_gradient, partial(judge_slopes, alike=is_scaled)),
    ],
    minutes=5,
    difficulty=1,
)
