"""The exercise ``expected_initial_loss``: the loss before the first step."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part


def probe(expected_initial_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The loss; ``weights`` and ``reg`` are passed only where a case has them."""
    options = {name: inputs[name] for name in ("weights", "reg") if name in inputs}
    return {"loss": expected_initial_loss(inputs["num_classes"], **options)}


def softmax_loss(rng: np.random.Generator) -> list[Case]:
    return [
        Case("the example in the text: ten classes", {"num_classes": 10}),
        Case("some classes", {"num_classes": int(rng.integers(3, 30))}),
        Case("two classes", {"num_classes": 2}),
        Case("one class", {"num_classes": 1}),
        Case("hundreds of classes", {"num_classes": int(rng.integers(100, 1000))}),
        Case("thousands of classes", {"num_classes": int(rng.integers(1000, 100_000))}),
    ]


def with_a_penalty(rng: np.random.Generator) -> list[Case]:
    classes = int(rng.integers(3, 30))
    reg = round(float(rng.uniform(0.05, 0.5)), 3)

    def case(name: str, classes: int, *shapes: Sequence[int], **penalty: float) -> Case:
        weights = [rng.standard_normal(shape) + 0.5 for shape in shapes]
        return Case(name, {"num_classes": classes, "weights": weights, **penalty})

    example = [np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[3.0]])]
    biases_too = [(4, 3), (3,), (3, 6), (6,)]
    return [
        Case("the example in the text", {"num_classes": 3, "weights": example, "reg": 0.1}),
        case("a penalty on two layers", classes, (4, 3), (3, classes), reg=reg),
        case("a penalty on one layer", 5, (6, 5), reg=reg),
        case("a penalty on weights and biases", 6, *biases_too, reg=reg),
        case("a convolution's weights", 4, (2, 3, 3, 3), (18, 4), reg=reg),
        case("weights, but no penalty", classes, (4, 3), (3, classes)),
        case("a penalty, but no weights", classes, reg=reg),
    ]


EXERCISE = Exercise(
    "expected_initial_loss",
    "expected_initial_loss",
    [
        Part("softmax loss", 1, softmax_loss, probe, close),
        Part("with a penalty", 1, with_a_penalty, probe, close),
    ],
    minutes=5,
    difficulty=1,
)
