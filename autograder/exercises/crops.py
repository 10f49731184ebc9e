"""Ten crops at test time, in torch, on any device."""

from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.tensors import as_array, objection
from autograder.judge import close

SEEN = "sums of the crops that the model saw, in rising order"


def run_ten_crop(ten_crop: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The answer, or a number for each crop that the model was asked about."""
    import torch

    x = torch.tensor(inputs["x"], device=device)
    weights = torch.tensor(inputs["weights"], device=device)
    size, classes = inputs["size"], weights.shape[1]
    shown: list[np.ndarray] = []

    def model(batch):
        if batch.ndim != 4 or tuple(batch.shape[1:]) != (x.shape[1], size, size):
            raise ValueError(
                f"the model takes batches of shape (M, {x.shape[1]}, {size}, {size}), "
                f"got {tuple(batch.shape)}"
            )
        shown.append(as_array(batch).reshape(len(batch), -1))
        return batch.reshape(len(batch), -1) @ weights

    answer = ten_crop(model, x.clone(), size)
    if (wrong := objection(answer, "what you return", (len(x), classes), x)) is not None:
        return {"unusable": wrong}
    if inputs["look"] == "crops":
        if not shown:
            return {"unusable": "the model was never asked"}
        return {SEEN: np.sort(np.concatenate(shown) @ inputs["marks"])}
    return {"probabilities": as_array(answer)}


def ten_crop_cases(rng: np.random.Generator) -> list[Case]:
    """The crops alone; the average alone, where all crops are the image; and both."""

    def case(name: str, part: str, shape: tuple, size: int, classes=3, dtype="float64") -> Case:
        parts = shape[1] * size * size
        weights = 2.5 * rng.standard_normal((parts, classes)) / np.sqrt(parts)
        inputs = {
            "look": part,
            "x": rng.standard_normal(shape).astype(dtype),
            "weights": weights.astype(dtype),
            "size": size,
        }
        if part == "crops":
            inputs["marks"] = rng.uniform(1, 2, parts)
        return Case(name, part, inputs)

    both = "crops and average"
    return [
        case("two more rows and columns than a crop", "crops", (1, 2, 5, 5), 3),
        case("one more row, three more columns", "crops", (2, 1, 4, 6), 3),
        case("three more rows, one more column", "crops", (1, 2, 7, 5), 4),
        case("five more rows, no more columns", "crops", (2, 1, 7, 2), 2),
        case("crops of one pixel", "crops", (1, 3, 4, 3), 1),
        case("crops as large as the image", "average", (1, 2, 3, 3), 3),
        case("three images", "average", (3, 1, 4, 4), 4, 5),
        case("three images in float32", "average", (3, 2, 3, 3), 3, 4, "float32"),
        case("one image", both, (1, 2, 6, 8), 4),
        case("four images", both, (4, 2, 7, 5), 4, 5),
        case("float32", both, (3, 3, 5, 6), 3, 4, "float32"),
    ]


TEN_CROP = Exercise(
    "ten_crop",
    "ten_crop",
    {"crops": 1, "average": 1, "crops and average": 1},
    ten_crop_cases,
    run_ten_crop,
    close,
    on_device=True,
)
