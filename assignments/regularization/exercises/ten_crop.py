"""The exercise ``ten_crop``: a prediction averaged over ten crops at test time, in torch."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from autograder import sketch_plane
from autograder.compare import ROUNDING, RTOL, close, numbers
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_array, require_floats

SEEN = "sums of the crops that the model saw, in rising order"


def asked(
    ten_crop: Any, inputs: dict[str, Any], device: str
) -> tuple[torch.Tensor, list[np.ndarray]]:
    """The answer, and the batches of crops that the model was asked about, a row a crop.

    Raises Unusable for an answer that is not a probability for each image and class.
    """
    x = torch.tensor(inputs["x"], device=device)
    weights = torch.tensor(inputs["weights"], device=device)
    bias = torch.tensor(inputs.get("bias", 0.0), device=device)
    size = inputs["size"]
    shown: list[np.ndarray] = []

    def model(batch: torch.Tensor) -> torch.Tensor:
        if batch.ndim != 4 or tuple(batch.shape[1:]) != (x.shape[1], size, size):
            raise ValueError(
                f"the model takes batches of shape (M, {x.shape[1]}, {size}, {size}), "
                f"got {tuple(batch.shape)}"
            )
        shown.append(as_array(batch).reshape(len(batch), -1))
        return batch.reshape(len(batch), -1) @ weights + bias

    answer = ten_crop(model, x.clone(), size)
    return require_floats(answer, "what you return", (len(x), weights.shape[1]), x), shown


def case(
    rng: np.random.Generator,
    name: str,
    shape: tuple[int, ...],
    size: int,
    classes: int = 3,
    dtype: str = "float64",
) -> Case:
    """Images, and the weights of a linear model of their crops."""
    elements = shape[1] * size * size
    weights = 2.5 * rng.standard_normal((elements, classes)) / np.sqrt(elements)
    x = rng.standard_normal(shape).astype(dtype)
    return Case(name, {"x": x, "weights": weights.astype(dtype), "size": size})


def in_the_text(**more: Any) -> Case:
    """A model with the scores (a, 4) for a crop with a at its top left."""
    weights = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    image = np.arange(9.0).reshape(1, 1, 3, 3)
    given = {"x": image, "weights": weights, "bias": np.array([0.0, 4.0]), "size": 2}
    return Case("the example in the text", {**given, **more})


# The crops alone.


def run_crops(ten_crop: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """A number for each crop that the model was asked about."""
    _, shown = asked(ten_crop, inputs, device)
    if not shown:
        raise Unusable("the model was never asked")
    return {SEEN: np.sort(np.concatenate(shown) @ inputs["marks"])}


def crop_cases(rng: np.random.Generator) -> list[Case]:
    """Images whose sides exceed those of a crop by even and by odd numbers."""
    drawn = [
        case(rng, "two more rows and columns than a crop", (1, 2, 5, 5), 3),
        case(rng, "one more row, three more columns", (2, 1, 4, 6), 3),
        case(rng, "three more rows, one more column", (1, 2, 7, 5), 4),
        case(rng, "five more rows, no more columns", (2, 1, 7, 2), 2),
        case(rng, "crops of one pixel", (1, 3, 4, 3), 1),
    ]
    for one in drawn:
        one.inputs["marks"] = rng.uniform(1, 2, len(one.inputs["weights"]))
    digits = np.array([1000.0, 100.0, 10.0, 1.0])  # the pixels of a crop are read as a number
    return [in_the_text(marks=digits), *drawn]


def places(case: Case, sums: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Where in the first image the crops with these sums lie; two crops of it never have one sum."""
    x, size, marks = case.inputs["x"][0], case.inputs["size"], case.inputs["marks"]
    found = []
    for row in range(x.shape[1] - size + 1):
        for column in range(x.shape[2] - size + 1):
            crop = x[:, row : row + size, column : column + size]
            both = [one.ravel() @ marks for one in (crop, crop[:, :, ::-1])]
            if np.isclose(np.asarray(sums)[:, None], both, rtol=ROUNDING, atol=1e-12).any():
                found.append((row, column, size, size))
    return found


def judge_crops(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Which crops are missing, and which were not asked for, by the place of their first pixel."""
    wrong = close(case, outputs, expected)
    got = numbers(outputs.get(SEEN))
    if not wrong or got is None or got.ndim != 1:
        return wrong
    known = dict(all_crops(case))
    names, values = list(known), np.array(list(known.values()))
    counts = []
    for sums in (np.asarray(expected[SEEN]), got):
        alike = np.isclose(sums[:, None], values, rtol=RTOL["float32"])
        counts.append(Counter(names[i] for i in alike.argmax(axis=1)[alike.any(axis=1)]))
    want, have = counts
    strange = got.size - have.total()
    said = {
        "missing, by row and column of the first pixel": list(want - have),
        "not asked for, or too often": list(have - want),
        "neither a crop of the images nor one mirrored left to right": [str(strange)]
        if strange
        else [],
    }
    found = [f"{what}: {_few(which)}" for what, which in said.items() if which]
    more = got.size != want.total()
    seen = [f"the model saw {got.size} crops, expected {want.total()}"] if more else []
    return ["; ".join([*seen, *found])] if found else wrong


def all_crops(case: Case) -> Iterator[tuple[str, float]]:
    """Each crop that there is and its mirror image: its name, and its sum."""
    images, size, marks = case.inputs["x"], case.inputs["size"], case.inputs["marks"]
    for number, x in enumerate(images):
        of = f" of image {number}" if len(images) > 1 else ""
        for row, column in np.ndindex(x.shape[1] - size + 1, x.shape[2] - size + 1):
            crop = x[:, row : row + size, column : column + size]
            yield f"({row}, {column}){of}", crop.ravel() @ marks
            if size > 1:  # one pixel is its own mirror image
                yield f"({row}, {column}) mirrored{of}", crop[:, :, ::-1].ravel() @ marks


def _few(which: list[str]) -> str:
    return ", ".join(which[:3]) + (f" and {len(which) - 3} more" if len(which) > 3 else "")


def drawn_crops(case: Case, outputs: Outputs, expected: Outputs) -> str:
    """The crops of the first image as rectangles."""
    want, have = (places(case, one[SEEN]) for one in (expected, outputs))
    rows, columns = case.inputs["x"].shape[2:]
    title = f"crops of {case.inputs['size']} x {case.inputs['size']}, {case.name}"
    return sketch_plane.rectangles(title, (rows, columns), want, have)


# The average alone, where all crops are the image or its mirror image; then both.


def run_probabilities(ten_crop: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"probabilities": as_array(asked(ten_crop, inputs, device)[0])}


def average_cases(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "crops as large as the image", (1, 2, 3, 3), 3),
        case(rng, "three images", (3, 1, 4, 4), 4, 5),
        case(rng, "three images in float32", (3, 2, 3, 3), 3, 4, "float32"),
    ]


def cases_of_both(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text(),
        case(rng, "one image", (1, 2, 6, 8), 4),
        case(rng, "four images", (4, 2, 7, 5), 4, 5),
        case(rng, "float32", (3, 3, 5, 6), 3, 4, "float32"),
    ]


EXERCISE = Exercise(
    "ten_crop",
    "ten_crop",
    [
        Part("crops", 1, crop_cases, run_crops, judge_crops, picture=drawn_crops),
        Part("average", 1, average_cases, run_probabilities, close),
        Part("crops and average", 1, cases_of_both, run_probabilities, close),
    ],
    on_device=True,
    minutes=20,
    difficulty=2,
)
