"""Augmentations of a batch in torch, on any device: mixup and cutout, judged as distributions."""

from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, share
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.layers import away_from_zero
from autograder.exercises.tensors import (
    as_array,
    equal,
    every,
    mean,
    objection,
    spread_mean,
)

# Mixup. Examples that are linearly independent show the weights with which they were mixed.

MANY = 300
EACH = "each example has a lambda of its own"


def run_mixup(mixup: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """With which weights the examples and their labels were mixed, by what a case looks at."""
    import torch

    look, dtype, classes = inputs["look"], inputs["dtype"], inputs["classes"]
    if inputs["shape"] is None:
        given = 2.0 * np.eye(MANY, dtype=dtype)
    else:
        given = away_from_zero(inputs["draw"], inputs["shape"], dtype)
    labels = _labels(inputs["draw"] + 1, inputs["labels"], len(given))
    x, y = torch.tensor(given, device=device), torch.tensor(labels, device=device)
    returned = mixup(x, y, inputs["alpha"], classes)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return {"unusable": "return two tensors: mixed_x and mixed_y"}
    for name, made, shape in zip(
        ("mixed_x", "mixed_y"), returned, (given.shape, (len(labels), classes)), strict=True
    ):
        if (wrong := objection(made, name, shape, x)) is not None:
            return {"unusable": wrong}
    mixed_x, mixed_y = map(as_array, returned)
    flat, mixed = given.reshape(len(given), -1).astype(np.float64), mixed_x.reshape(len(given), -1)
    if not (np.isfinite(mixed).all() and np.isfinite(mixed_y).all()):
        return {"unusable": "a result holds numbers that are not finite"}
    if inputs["shape"] is None:
        weights = mixed / 2.0
    else:
        weights = np.linalg.lstsq(flat.T, mixed.T, rcond=None)[0].T
    if look == "lambda":
        return _of_lambda(weights)
    if look == "labels":
        return _of_labels(weights, labels, mixed_y)
    if look == "x":
        return {
            "x is as it was": bool((as_array(x) == given).all()),
            "mixed_x is not x": bool((mixed_x != given).any()),
            f"bytes of a number in mixed_x, for {dtype}": returned[0].element_size(),
        }
    return _of_inputs(weights, flat, mixed)


def _labels(draw: int, kinds: int | None, count: int) -> np.ndarray:
    """Labels of so many kinds, for None a label of its own for each example."""
    rng = np.random.default_rng(draw)
    return rng.permutation(count) if kinds is None else rng.integers(kinds, size=count)


def _partners(weights: np.ndarray) -> np.ndarray:
    """The example with which each one was mixed: itself if there is no other.

    A weight below 1e-4 may be rounding. With a large alpha no other weight is as small.
    """
    others = np.abs(weights)
    np.fill_diagonal(others, 1e-4)
    return others.argmax(axis=1)


def _of_inputs(weights: np.ndarray, flat: np.ndarray, mixed: np.ndarray) -> Outputs:
    """Whether each example was mixed with one other, and who with whom."""
    count, partners = len(weights), _partners(weights)
    rows = np.arange(count)
    own = np.diag(weights)
    other = np.where(partners == rows, 0.0, weights[rows, partners])
    rebuilt = own[:, None] * flat + other[:, None] * flat[partners]
    two = (np.abs(rebuilt - mixed) <= 1e-4).all(axis=1)
    proper = two & (np.abs(own + other - 1) <= 1e-4) & (own > -1e-4) & (other > -1e-4)
    step = np.diff(partners)
    return {
        **every("examples that are a weighted sum of themselves and one other", two),
        **every("examples that have the weights lambda and 1 - lambda", proper),
        **every(
            "examples that are the partner of exactly one",
            np.bincount(partners, minlength=count) == 1,
        ),
        "share of neighbors that have neighbors as partners": share(step == 1),
        "share of neighbors that have neighbors as partners, in reverse order": share(step == -1),
    }


def _of_lambda(weights: np.ndarray) -> Outputs:
    """How the weights are distributed."""
    own = np.diag(weights)[_partners(weights) != np.arange(len(weights))]
    if not own.size:
        return {"share of examples that are mixed": 0.0}
    distinct = np.unique(own.round(6)).size / own.size
    if distinct < 0.5:
        return {EACH: False, "all lambdas are 1/2": bool((np.abs(own - 0.5) < 1e-6).all())}
    return {
        EACH: True,
        "mean of lambda": mean(own),
        "mean distance of lambda from 1/2": mean(np.abs(own - 0.5)),
        "share of lambdas below 1/2": share(own < 0.5),
    }


def _of_labels(weights: np.ndarray, labels: np.ndarray, mixed_y: np.ndarray) -> Outputs:
    """Whether the labels were mixed as the examples were."""
    rows, partners = np.arange(len(labels)), _partners(weights)

    def near(values: Any, others: Any) -> np.ndarray:
        return np.abs(values - others) <= 1e-4

    right = np.zeros_like(mixed_y)
    for example, weight in enumerate(weights.T):
        right[:, labels[example]] += weight
    seen: Outputs = {
        **every("rows of mixed_y that sum to 1", near(mixed_y.sum(axis=1), 1.0)),
        **every("rows of mixed_y that are mixed as mixed_x is", near(mixed_y, right).all(axis=1)),
    }
    if len(set(labels.tolist())) == len(labels):
        given, own = np.diag(weights), mixed_y[rows, labels]
        other = mixed_y[rows, labels[partners]]
        seen |= {
            "share of rows with the example's weight at its own label": share(near(own, given)),
            "share of rows with 1 minus this weight there": share(near(own, 1 - given)),
            "share of rows with a weight of 1 there": share(near(own, 1.0)),
            "share of rows with a weight of 1 somewhere": share(near(mixed_y, 1.0).any(axis=1)),
            "share of rows with the partner's weight at the partner's label": share(
                near(other, weights[rows, partners])
            ),
        }
    return seen


def mixup_cases(rng: np.random.Generator) -> list[Case]:
    """Small batches that show who was mixed with whom, large ones that show how."""

    def case(name: str, part: str, alpha: float, shape=(30, 3, 4, 4), labels=0, **more) -> Case:
        """``labels`` says from how many the labels are drawn; 0: each example has its own."""
        count = MANY if shape is None else shape[0]
        inputs = {
            "draw": int(rng.integers(2**31)),
            "look": part,
            "alpha": round(alpha, 3),
            "shape": None if shape is None else list(shape),
            "labels": labels or None,
            "classes": labels or count,
            "dtype": "float64",
        }
        return Case(name, part, {**inputs, **more})

    def large() -> float:
        return float(rng.uniform(4, 7))

    def small() -> float:
        return float(rng.uniform(0.2, 0.4))

    return [
        case("images", "inputs", large()),
        case("vectors in float32", "inputs", large(), (30, 40), dtype="float32"),
        case("many examples", "inputs", large(), None, 10),
        case("x after the call", "inputs", large(), (30, 40), look="x"),
        case("x after the call, float32", "inputs", large(), (30, 40), look="x", dtype="float32"),
        case("each example has a label of its own", "labels", large(), None),
        case("five classes, ten in all", "labels", large(), (30, 3, 4, 4), 5, classes=10),
        case("ten classes, float32", "labels", large(), (30, 40), 10, dtype="float32"),
        case("a large alpha", "lambda", large(), None, 3),
        case("a small alpha", "lambda", small(), None, 3),
    ]


MIXUP = Exercise(
    "mixup",
    "mixup",
    {"inputs": 1, "labels": 1, "lambda": 1},
    mixup_cases,
    run_mixup,
    close_in_distribution,
    on_device=True,
)


# Cutout.


def run_cutout(cutout: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Which pixels of each image are 0 afterwards, by what a case looks at."""
    import torch

    look, size = inputs["look"], inputs["size"]
    given = away_from_zero(inputs["draw"], inputs["shape"], inputs["dtype"])
    x = torch.tensor(given, device=device)
    out = cutout(x, size)
    if (wrong := objection(out, "what you return", given.shape, x)) is not None:
        return {"unusable": wrong}
    made = as_array(out)
    if look == "x":
        return {
            "share of x that is as it was": mean(as_array(x) == given),
            "some pixels of the result are 0": bool((made == 0).any()),
            f"bytes of a number in the result, for {inputs['dtype']}": out.element_size(),
        }
    if look == "squares":
        return _of_squares(made, given, size, inputs["dtype"])
    zero = (made == 0).any(axis=1)
    if look != "places":
        return _of_ends(zero, look)
    again = as_array(cutout(torch.tensor(given[:40], device=device), size))
    return _of_places(zero, (again == 0).any(axis=1))


def _of_squares(made: np.ndarray, given: np.ndarray, size: int, dtype: str) -> Outputs:
    """Whether the zeros are squares, wherever they lie; if not, how many there are."""
    zero = made == 0
    alike = (zero == zero[:, :1]).all(axis=(1, 2, 3))
    square = _are_squares(zero.any(axis=1), size)
    of_size = f"images whose zeros are a square of {size} x {size}, or what the image holds of it"
    seen: Outputs = {
        **every("images with the same zeros in all channels", alike),
        **every(of_size, square),
        "share of other pixels that are as in x": spread_mean(zero | equal(made, given, dtype)),
    }
    if not (square & alike).all():
        seen["mean number of zeros in a channel"] = spread_mean(zero.sum(axis=(2, 3)))
    return seen


def _are_squares(zero: np.ndarray, size: int) -> np.ndarray:
    """Which images have zeros just where a square of this size lies that overlaps the image."""
    spans = []
    for side in zero.shape[1:]:
        first = np.arange(1 - size, side)
        offset = np.arange(side) - first[:, None]
        spans.append((offset >= 0) & (offset < size))
    squares = spans[0][:, None, :, None] & spans[1][None, :, None, :]
    squares = squares.reshape(-1, zero[0].size)
    return (zero.reshape(len(zero), 1, -1) == squares).all(axis=2).any(axis=1)


def _of_places(zero: np.ndarray, again: np.ndarray) -> Outputs:
    """Where the zeros lie: what they touch, where they begin and end."""
    height, width = zero.shape[1:]
    same = (zero[::2] == zero[1::2]).all(axis=(1, 2))
    seen: Outputs = {"share of neighboring images with the same place": share(same)}
    if same.all():
        return seen
    rows, columns = zero.any(axis=2), zero.any(axis=1)
    seen["share of images with the same place in two calls"] = share(
        (zero[: len(again)] == again).all(axis=(1, 2))
    )
    seen["share of images without zeros"] = share(~rows.any(axis=1))
    for name, edge in (
        ("top", rows[:, 0]),
        ("bottom", rows[:, height - 1]),
        ("left", columns[:, 0]),
        ("right", columns[:, width - 1]),
    ):
        seen[f"share of squares at the {name} edge"] = share(edge)
    for name, lines in (("row", rows), ("column", columns)):
        seen[f"mean of the first {name} with zeros"] = mean(lines.argmax(axis=1))
        seen[f"mean number of {name}s with zeros"] = mean(lines.sum(axis=1))
    seen["correlation of row and column"] = mean(_standard(rows) * _standard(columns))
    return seen


def _of_ends(zero: np.ndarray, look: str) -> Outputs:
    """In which rows and columns the zeros begin or end.

    A square of size 2 ends at its center. Where an odd one begins shows on which side its middle
    lies, and does not depend on how large it is.
    """
    seen: Outputs = {}
    for name, lines in (("row", zero.any(axis=2)), ("column", zero.any(axis=1))):
        numbers = np.arange(lines.shape[1])
        if look == "end":
            numbers, lines = numbers[::-1], lines[:, ::-1]
        for i, number in enumerate(numbers):
            at = lines[:, i] & ~lines[:, :i].any(axis=1)
            seen[f"share that {look} in {name} {number}"] = share(at)
    return seen


def _standard(lines: np.ndarray) -> np.ndarray:
    """Where the zeros lie in each image along an axis, with mean 0 and deviation 1."""
    middle = lines.argmax(axis=1) - lines[:, ::-1].argmax(axis=1)
    return (middle - middle.mean()) / max(middle.std(), 1e-9)


def cutout_cases(rng: np.random.Generator) -> list[Case]:
    """Images that are not square, since rows and columns are easily confused."""

    def case(name: str, part: str, size: int, shape: list[int], look="", dtype="float64") -> Case:
        inputs = {"draw": int(rng.integers(2**31)), "look": look or part, "size": size}
        return Case(name, part, {**inputs, "shape": shape, "dtype": dtype})

    tall, wide = int(rng.integers(8, 11)), int(rng.integers(8, 11))
    return [
        case("an even size", "squares", 4, [40, 3, tall, 6]),
        case("an odd size", "squares", 3, [40, 2, 6, wide]),
        case("size 1", "squares", 1, [40, 1, 4, 5]),
        case("float32", "squares", 5, [40, 2, 7, 6], dtype="float32"),
        case("x after the call", "squares", 2, [10, 2, 5, 6], "x"),
        case("x after the call, float32", "squares", 3, [10, 2, 5, 6], "x", "float32"),
        case("tall images", "places", 4, [400, 1, tall, 5]),
        case("wide images", "places", 2, [200, 1, 5, wide]),
        case("all centers of a small image", "places", 2, [2500, 1, 3, 3], "end"),
        case("an odd size, where it begins", "places", 3, [500, 1, 3, 3], "begin"),
    ]


CUTOUT = Exercise(
    "cutout",
    "cutout",
    {"squares": 1, "places": 1},
    cutout_cases,
    run_cutout,
    close_in_distribution,
    on_device=True,
)
