"""The exercise ``cutout``: a square of each image set to 0, in torch; judged as distributions."""

from typing import Any

import numpy as np
import torch

from autograder import sketch_plane
from autograder.chance import close_in_distribution, every, mean, share, spread_mean
from autograder.compare import equal, floats
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is, require_floats

from ._layers import IN_THE_TEXT, after, away_from_zero

EXAMPLE = {"draw": 0, "size": 3, "shape": [600, 1, 5, 6], "dtype": "float64"}  # the text's
AGAIN = 40  # images of a second call that are looked at
SMALL = 3  # sides of images in which every row and column gets enough squares to count them


def images(inputs: dict[str, Any]) -> np.ndarray:
    """What a case cuts squares from: no pixel of it is 0."""
    return away_from_zero(inputs["draw"], inputs["shape"], inputs["dtype"])


def called(cutout: Any, x: torch.Tensor, size: int) -> torch.Tensor:
    """The answer; raises Unusable for anything but a tensor like x."""
    return require_floats(cutout(x, size), "what you return", x.shape, x)


def case(
    rng: np.random.Generator, name: str, size: int, shape: list[int], dtype: str = "float64"
) -> Case:
    """Images that are not square, since rows and columns are easily confused."""
    inputs = {"draw": int(rng.integers(2**31)), "size": size, "shape": shape, "dtype": dtype}
    return Case(name, inputs)


def in_the_text() -> Case:
    """The example's images, so many that each of their centers comes."""
    return Case(f"{IN_THE_TEXT}, size=3", EXAMPLE, draws=True)


# Squares.


def run_squares(cutout: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The images that come out, and what went in as it is after the call."""
    x = torch.tensor(images(inputs), device=device)
    out = called(cutout, x, inputs["size"])
    return {"out": as_it_is(out), "x": as_it_is(x)}


def seen_in_squares(case: Case, outputs: Outputs) -> Outputs:
    """Whether the zeros are squares, wherever they lie, and all else is as it was."""
    size, dtype, given = case.inputs["size"], case.inputs["dtype"], images(case.inputs)
    made, x = (floats(outputs, name, given.shape) for name in ("out", "x"))
    zero = made == 0
    if case.inputs == EXAMPLE:
        return lines_of_squares(zero.any(axis=1))
    alike = (zero == zero[:, :1]).all(axis=(1, 2, 3))
    square = are_squares(zero.any(axis=1), size)
    of_size = f"images whose zeros are a square of {size} x {size}, or what the image holds of it"
    same = equal(made.astype(np.float64), given, dtype)
    seen: Outputs = {
        **every("images with the same zeros in all channels", alike),
        **every(of_size, square),
        "share of other pixels that are as in x": spread_mean(zero | same),
        "x after the call": after(x, given),
        f"dtype of the result, for {dtype}": made.dtype.name,
    }
    if not (square & alike).all():
        seen["mean number of zeros in a channel"] = spread_mean(zero.sum(axis=(2, 3)))
    return seen


def lines_of_squares(zero: np.ndarray) -> Outputs:
    """How far the squares of the example go that lie in the image where they begin in this line."""
    seen: Outputs = {}
    for line, start, first, last in zip(
        ("row", "column"), (1, 3), first_lines(zero), last_lines(zero), strict=True
    ):
        what = f"those that begin in {line} {start} have the {line}s {start} to {start + 2}"
        seen |= every(what, last[first == start] == start + 2)  # there may be none: not asked here
    return seen


def are_squares(zero: np.ndarray, size: int) -> np.ndarray:
    """Which images have zeros just where a square of this size lies that overlaps the image."""
    spans = []
    for side in zero.shape[1:]:
        first = np.arange(1 - size, side)
        offset = np.arange(side) - first[:, None]
        spans.append((offset >= 0) & (offset < size))
    squares = spans[0][:, None, :, None] & spans[1][None, :, None, :]
    squares = squares.reshape(-1, zero[0].size)
    return (zero.reshape(len(zero), 1, -1) == squares).all(axis=2).any(axis=1)


def drawn_zeros(case: Case, outputs: Outputs, expected: Outputs) -> str:
    """The zeros of the first image whose zeros are no square, in the channel that has most of them."""
    size = case.inputs["size"]
    zero = np.asarray(outputs["out"]) == 0
    wrong = ~(are_squares(zero.any(axis=1), size) & (zero == zero[:, :1]).all(axis=(1, 2, 3)))
    if not wrong.any():
        return ""
    image = zero[wrong.argmax()]
    most = int(image.sum(axis=(1, 2)).argmax())
    wanted = f"a square of {size} x {size}, or what the image holds of it, the same in all channels"
    title = f"where an image is 0 in channel {most}, {case.name}: {size} x {size} was asked for"
    return sketch_plane.cut_out(title, wanted, image[most])


def square_cases(rng: np.random.Generator) -> list[Case]:
    tall, wide = (int(side) for side in rng.integers(8, 11, size=2))
    return [
        in_the_text(),
        case(rng, "an even size", 4, [40, 3, tall, 6]),
        case(rng, "an odd size", 3, [40, 2, 6, wide]),
        case(rng, "size 1", 1, [40, 1, 4, 5]),
        case(rng, "float32", 5, [40, 2, 7, 6], "float32"),
    ]


# Places.


def run_places(cutout: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The images that come out, and the first ones of those that come out of a second call."""
    given, size = images(inputs), inputs["size"]
    out, again = (
        as_it_is(called(cutout, torch.tensor(given, device=device), size)) for _ in range(2)
    )
    return {"out": out, "again": again[:AGAIN]}


def seen_in_places(case: Case, outputs: Outputs) -> Outputs:
    """Where the squares begin and end.

    Where one of an odd size begins shows on which side of the center its larger half lies; where it
    ends depends on how large it is, which is for the other part to say.
    """
    given, size = images(case.inputs), case.inputs["size"]
    zero = cut_from(floats(outputs, "out", given.shape), given)
    if case.inputs == EXAMPLE:
        return {
            f"{line}s in which squares begin": ", ".join(
                "none" if at < 0 else str(at) for at in np.unique(first)
            )
            for line, first in zip(("row", "column"), first_lines(zero), strict=True)
        }
    again = cut_from(floats(outputs, "again", given[:AGAIN].shape), given[:AGAIN])
    starts, starts_again, ends = first_lines(zero), first_lines(again), last_lines(zero)
    alike = (starts[:, ::2] == starts[:, 1::2]).all(axis=0)
    seen: Outputs = {"share of neighboring images with the same place": share(alike)}
    if alike.all():
        return seen  # the rest depends on where that is
    seen |= {
        "share of images with the same place in two calls": share(
            (starts[:, : len(again)] == starts_again).all(axis=0)
        ),
        "correlation of row and column": mean(standard(starts[0]) * standard(starts[1])),
    }
    small = max(zero.shape[1:]) <= SMALL
    for line, first, last in zip(("row", "column"), starts, ends, strict=True):
        seen |= counted(f"begin in {line}", first) if small else averages(line, first, last)
        if small and size % 2 == 0:
            seen |= counted(f"end in {line}", last)
    return seen


def cut_from(made: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Where images were set to 0. Raises Unusable unless all else is theirs, scaled at most."""
    zero = made == 0
    factors = made.astype(np.float64) / given
    kept = np.maximum((~zero).sum(axis=(1, 2, 3), keepdims=True), 1)
    scale = factors.sum(axis=(1, 2, 3), keepdims=True) / kept
    if not (zero | equal(factors, scale, given.dtype.name)).all():
        raise Unusable("all but the squares must be as in x: mend that first")
    return zero.any(axis=1)


def first_lines(zero: np.ndarray) -> np.ndarray:
    """The first row and the first column that hold zeros, of each image; -1 where none does."""
    first = np.stack([zero.any(axis=2).argmax(axis=1), zero.any(axis=1).argmax(axis=1)])
    return np.where(zero.any(axis=(1, 2)), first, -1)


def last_lines(zero: np.ndarray) -> np.ndarray:
    """The last row and the last column that hold zeros, of each image; -2 where none does."""
    from_the_end = first_lines(zero[:, ::-1, ::-1])
    sides = np.array(zero.shape[1:])[:, None]
    return np.where(from_the_end < 0, -2, sides - 1 - from_the_end)


def standard(values: np.ndarray) -> np.ndarray:
    """The same with mean 0 and deviation 1."""
    return (values - values.mean()) / (values.std() or 1.0)


def averages(line: str, first: np.ndarray, last: np.ndarray) -> Outputs:
    """Where squares begin on average, and how much of them lies in the image."""
    return {
        f"mean of the first {line} with zeros": mean(first),
        f"mean number of {line}s with zeros": mean(last - first + 1),
    }


def counted(what: str, lines: np.ndarray) -> Outputs:
    """How many squares do this in each line but the last of a small image."""
    return {f"share of squares that {what} {i}": share(lines == i) for i in range(SMALL - 1)}


def place_cases(rng: np.random.Generator) -> list[Case]:
    tall, wide = (int(side) for side in rng.integers(8, 11, size=2))
    return [
        in_the_text(),
        case(rng, "tall images", 4, [400, 1, tall, 5]),
        case(rng, "wide images", 2, [200, 1, 5, wide]),
        case(rng, "all centers of a small image", 2, [2500, 1, SMALL, SMALL]),
        case(rng, "an odd size, where it begins", 3, [500, 1, SMALL, SMALL]),
    ]


EXERCISE = Exercise(
    "cutout",
    "cutout",
    [
        Part(
            "squares",
            1,
            square_cases,
            run_squares,
            close_in_distribution,
            seen_in_squares,
            drawn_zeros,
        ),
        Part("places", 1, place_cases, run_places, close_in_distribution, seen_in_places),
    ],
    on_device=True,
    minutes=20,
    difficulty=2,
)
