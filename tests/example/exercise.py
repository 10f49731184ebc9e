"""The exercise ``top_k_accuracy``: what students receive."""

from typing import Any

import numpy as np

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable


def case(rng: np.random.Generator, name: str, k: int, items: int = 0, classes: int = 6) -> Case:
    items = items or int(rng.integers(200, 400))  # so that no accuracy is that of another case
    scores = rng.standard_normal((items, classes))
    return Case(name, {"scores": scores, "y": rng.integers(classes, size=items), "k": k})


def example(k: int) -> Case:
    scores = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    return Case("the example in the text", {"scores": scores, "y": np.array([2, 1]), "k": k})


def best_only(rng: np.random.Generator) -> list[Case]:
    return [example(1), case(rng, "the best score", 1), case(rng, "a single item", 1, items=1)]


def several(rng: np.random.Generator) -> list[Case]:
    return [
        example(2),
        case(rng, "two of six", 2),
        case(rng, "three of five", 3, classes=5),
        case(rng, "all classes", 4, classes=4),
    ]


def probe(top_k_accuracy: Any, inputs: dict[str, Any], device: str) -> Outputs:
    accuracy = top_k_accuracy(inputs["scores"], inputs["y"], inputs["k"])
    if accuracy is None:
        raise Unusable("return a number")
    return {"accuracy": accuracy}


EXERCISE = Exercise(
    "top_k_accuracy",
    "top_k_accuracy",
    [Part("k = 1", 1, best_only, probe, close), Part("larger k", 2, several, probe, close)],
)
