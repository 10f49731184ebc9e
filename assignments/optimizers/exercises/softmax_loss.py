"""The exercise ``softmax_loss``: a loss and its gradient."""

from functools import partial
from typing import Any

import numpy as np

from autograder import numeric, slopes
from autograder.compare import close, require_values
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable


def returned(softmax_loss: Any, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
    """The loss and dx, of arrays that are copied; raises Unusable for anything but two values."""
    loss, dx = require_values(softmax_loss(x.copy(), y.copy()), 2, "two values, the loss and dx")
    if np.ndim(loss) == 2 and np.ndim(dx) == 0:
        raise Unusable("return the loss first, then dx: here they come the other way round")
    return loss, dx


# The loss.


def run_loss(softmax_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"loss": returned(softmax_loss, inputs["x"], inputs["y"])[0]}


def loss_cases(rng: np.random.Generator) -> list[Case]:
    """Losses, also where exp overflows or underflows."""
    normal = rng.standard_normal

    def case(name: str, x: np.ndarray) -> Case:
        return Case(name, {"x": x, "y": rng.integers(x.shape[1], size=len(x))})

    huge = case("scores of about 10000", 10000 * (permutations(rng, 4, 3) + 0.1 * normal((4, 3))))
    x, y = huge.inputs["x"], huge.inputs["y"]
    y[0], y[1] = x[0].argmin(), x[1].argmax()  # a probability that is 0 when rounded, and one of 1
    low = case("all scores near -5000", normal((3, 4)) - 5000.0)
    x, y = low.inputs["x"], low.inputs["y"]
    x[0, y[0]] = np.delete(x[0], y[0]).max() - 7.0  # so that 1e-8 more of this probability shows
    return [
        in_the_text(),
        case("five samples, four classes", 2 * normal((5, 4))),
        case("one sample", normal((1, 3))),
        case("float32 scores", normal((4, 3)).astype(np.float32)),
        huge,
        case("one row 900 below the other", normal((2, 3)) - [[0.0], [900.0]]),
        low,
        case("rows at levels 1500, 0 and -1500", normal((3, 4)) + [[1500.0], [0.0], [-1500.0]]),
    ]


def in_the_text(**more: float) -> Case:
    x = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    return Case("the example in the text", {"x": x, "y": np.array([0, 2]), **more})


def permutations(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """The numbers 0, 1, 2, ... in each row, in an order of its own."""
    return np.array([rng.permutation(columns) for _ in range(rows)])


# Its gradient.


def run_gradient(softmax_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The slopes that dx claims beside those that the student's own loss has.

    Along each element of an ``x`` that is given; through one of a ``shape`` that is drawn here,
    from the ``seed`` that the case holds, along so many random ``directions``.
    """
    if "x" in inputs:
        x, y = inputs["x"], inputs["y"]
        directions = numeric.unit_directions(x.shape)
    else:
        rng, shape = np.random.default_rng(inputs["seed"]), tuple(inputs["shape"])
        x, y = rng.standard_normal(shape), rng.integers(shape[1], size=shape[0])
        directions = numeric.random_directions(rng, shape, inputs["directions"])

    def loss(scores: np.ndarray) -> float:
        return slopes.single_number(returned(softmax_loss, scores, y)[0])

    return {
        slopes.CLAIMED: slopes.claimed_by("x", returned(softmax_loss, x, y)[1], directions),
        slopes.MEASURED: numeric.directional_derivatives(loss, x, directions, inputs["h"]),
    }


def gradient_cases(rng: np.random.Generator) -> list[Case]:
    """Gradients of small and of large inputs; no label has the highest score of its row."""

    def elements(name: str, x: np.ndarray, h: float = numeric.STEP) -> Case:
        y = (x.argmax(axis=1) + rng.integers(1, x.shape[1], size=len(x))) % x.shape[1]
        return Case(name, {"x": x, "y": y, "h": h})

    def directions(name: str, shape: list[int], count: int) -> Case:
        seed = int(rng.integers(2**31))
        return Case(name, {"shape": shape, "seed": seed, "directions": count, "h": numeric.STEP})

    far = 800.0 * permutations(rng, 3, 4)
    return [
        in_the_text(h=numeric.STEP),
        elements("each element of a 3 x 4 dx", rng.standard_normal((3, 4))),
        elements("each element of a 4 x 3 dx, larger scores", 3 * rng.standard_normal((4, 3))),
        elements("each element of dx where scores lie 800 apart", far, h=1e-3),
        directions("random directions through a 100 x 300 dx", [100, 300], 3),
    ]


def judge_gradient(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """dx is right if it is the exercise's, whatever the loss, or that of the student's own loss.

    Slopes that agree with nothing but a constant factor are accepted as those of a softmax loss:
    what is wrong with the loss is for the other part to say.
    """
    if (found := slopes.all_slopes(outputs, expected)) is None:
        return ["no slopes"]
    claimed, measured, true_claimed, true_measured = found
    consistent = slopes.same(
        true_claimed, true_measured
    )  # else a known mistake's, with a loss apart
    if slopes.same(claimed, true_claimed) and (consistent or slopes.same(measured, true_measured)):
        return []
    if not slopes.same(claimed, measured):
        if "x" in case.inputs:
            place = partial(slopes.element, "dx", case.inputs["x"].shape)
        else:
            place = partial(slopes.random_direction, "dx")
        return [slopes.worst(claimed, measured, place)]
    if slopes.is_multiple(measured, of=true_measured):
        return []
    return ["dx is the gradient of your loss, but your loss does not change as a softmax loss does"]


EXERCISE = Exercise(
    "softmax_loss",
    "softmax_loss",
    [
        Part("loss", 2, loss_cases, run_loss, close),
        Part("gradient", 2, gradient_cases, run_gradient, judge_gradient),
    ],
    minutes=25,
    difficulty=2,
)
