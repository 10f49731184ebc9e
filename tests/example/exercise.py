"""The exercise ``top_k_accuracy``: what students receive."""

from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.judge import close


def cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, part: str, k: int, items: int = 40, classes: int = 6) -> Case:
        scores = rng.standard_normal((items, classes))
        return Case(name, part, {"scores": scores, "y": rng.integers(classes, size=items), "k": k})

    return [
        case("the best score", "k = 1", 1),
        case("a single item", "k = 1", 1, items=1),
        case("two of six", "larger k", 2),
        case("three of five", "larger k", 3, classes=5),
        case("all classes", "larger k", 4, classes=4),
    ]


def probe(top_k_accuracy: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"accuracy": top_k_accuracy(inputs["scores"], inputs["y"], inputs["k"])}


EXERCISES = [
    Exercise(
        id="top_k_accuracy",
        entry="top_k_accuracy",
        parts={"k = 1": 1, "larger k": 2},
        cases=cases,
        probe=probe,
        judge=close,
    )
]
