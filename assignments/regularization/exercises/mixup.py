"""The exercise ``mixup``: examples and labels mixed in pairs, in torch; judged as distributions."""

from typing import Any, NamedTuple

import numpy as np
import torch

from autograder.chance import close_in_distribution, every, mean, share
from autograder.compare import LOOSE, RTOL, floats, require_values
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is, require_floats

from ._layers import CALLS, IN_THE_TEXT, after, away_from_zero

MANY = 300
NOT_FINITE = "a result holds numbers that are not finite"
EACH = "each example has a lambda of its own"
NEAR = LOOSE["float32"]  # weights that agree: lambda may be float32 whatever x is
ROUNDING = RTOL["float32"]  # a weight below this may be rounding; what it adds is less than NEAR


class Mixed(NamedTuple):
    """What came of a batch of N examples, as arrays in float64.

    ``weights`` (N, N) are those with which the examples were mixed; ``partners`` says with which
    other example each one was, itself if there is none; ``flat`` (N, D) are the examples, ``made``
    (N, D) the mixed ones.
    """

    weights: np.ndarray
    partners: np.ndarray
    flat: np.ndarray
    made: np.ndarray


# Examples that are linearly independent show the weights with which they were mixed.


def batch_of(inputs: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The examples and the labels of a case. ``shape`` None stands for MANY examples.

    Those have one number each, every one at a place of its own.
    """
    if "x" in inputs:
        return inputs["x"].copy(), inputs["y"].copy()
    draw, shape = inputs["draw"], inputs["shape"] or [MANY]
    x = away_from_zero(draw, shape, inputs["dtype"])
    if inputs["shape"] is None:
        x = np.diag(x)[:, np.random.default_rng(draw).permutation(MANY)]
    return x, labels_of(draw + 1, inputs["labels"], len(x))


def mixed_by(mixup: Any, inputs: dict[str, Any], device: str) -> dict[str, np.ndarray]:
    """What became of the batch of a case, and what x is after the call.

    Raises Unusable for anything but two tensors of finite floats of the right shapes.
    """
    x, y = (torch.tensor(given, device=device) for given in batch_of(inputs))
    returned = require_values(
        mixup(x, y, inputs["alpha"], inputs["classes"]), 2, "two tensors, mixed_x and mixed_y"
    )
    mixed_x = require_floats(returned[0], "mixed_x", x.shape, x)
    mixed_y = require_floats(returned[1], "mixed_y", (len(y), inputs["classes"]), x)
    if not (torch.isfinite(mixed_x).all() and torch.isfinite(mixed_y).all()):
        raise Unusable(NOT_FINITE)
    return {"mixed_x": as_it_is(mixed_x), "mixed_y": as_it_is(mixed_y), "x": as_it_is(x)}


def mixed_twice(mixup: Any, inputs: dict[str, Any], device: str) -> dict[str, np.ndarray]:
    """The same, and ``again``: what a second call makes of the batch."""
    first, second = (mixed_by(mixup, inputs, device) for _ in range(2))
    return first | {"again": second["mixed_x"]}


def unmixed(case: Case, outputs: Outputs) -> Mixed:
    """With which weights the examples of a case were mixed; raises Unusable if that can't be said."""
    x, _ = batch_of(case.inputs)
    flat = x.reshape(len(x), -1).astype(np.float64)
    made = floats(outputs, "mixed_x", x.shape).reshape(flat.shape).astype(np.float64)
    if not np.isfinite(made).all():
        raise Unusable(NOT_FINITE)
    if case.inputs["shape"] is None:
        places = np.abs(flat).argmax(axis=1)
        weights = made[:, places] / flat[np.arange(MANY), places]
    else:
        weights = np.linalg.lstsq(flat.T, made.T, rcond=None)[0].T
    return Mixed(weights, partners_of(weights), flat, made)


def both_calls(case: Case, outputs: Outputs) -> list[Mixed]:
    return [unmixed(case, {"mixed_x": outputs.get(name)}) for name in ("mixed_x", "again")]


def labels_of(draw: int, kinds: int | None, count: int) -> np.ndarray:
    """Labels of so many kinds, for None a label of its own for each example."""
    rng = np.random.default_rng(draw)
    return rng.permutation(count) if kinds is None else rng.integers(kinds, size=count)


def partners_of(weights: np.ndarray) -> np.ndarray:
    """The example with which each one was mixed: itself if no other has more than rounding."""
    others = np.abs(weights)
    np.fill_diagonal(others, ROUNDING)
    return others.argmax(axis=1)


def case(
    rng: np.random.Generator,
    name: str,
    alpha: float,
    shape: list[int] | None,
    labels: int | None = None,
    classes: int | None = None,
    dtype: str = "float64",
) -> Case:
    """``labels`` says from how many the labels are drawn; None: each example has its own."""
    count = MANY if shape is None else shape[0]
    inputs = {
        "draw": int(rng.integers(2**31)),
        "alpha": round(alpha, 3),
        "shape": shape,
        "labels": labels,
        "classes": classes or labels or count,
        "dtype": dtype,
    }
    return Case(name, inputs)


def large(rng: np.random.Generator) -> float:
    """An alpha at which hardly any example is left as it was."""
    return float(rng.uniform(4, 7))


# The inputs: each example mixed with one other, at random.


def run_inputs(mixup: Any, inputs: dict[str, Any], device: str) -> Outputs:
    brought = mixed_twice(mixup, inputs, device)
    return {name: brought[name] for name in ("mixed_x", "again", "x")}


def seen_in_inputs(case: Case, outputs: Outputs) -> Outputs:
    """Whether each example was mixed with one other, and who with whom; what a call leaves."""
    (given, _), calls = batch_of(case.inputs), both_calls(case, outputs)
    two, proper = (np.concatenate(facts) for facts in zip(*map(in_pairs, calls), strict=True))
    partners, rows = calls[0].partners, np.arange(len(given))
    with_other = partners != rows
    # where an example is no such sum, its partner is a guess, and chance's
    served = np.bincount(partners[with_other & two[: len(rows)]], minlength=len(rows))
    step = np.diff(partners)
    return {
        **every("examples that are a weighted sum of themselves and one other", two),
        **every("examples that have the weights lambda and 1 - lambda", proper),
        **every("examples that are the partner of one other at most", served <= 1),
        "share of examples that are mixed": share(with_other),
        "share of examples that are the partner of their partner": share(
            with_other & (partners[partners] == rows)
        ),
        "share of examples whose partner is in the same half of the batch": share(
            (partners < len(rows) / 2) == (rows < len(rows) / 2)
        ),
        "share of neighbors that have neighbors as partners": share(step == 1),
        "share of neighbors that have neighbors as partners, in reverse order": share(step == -1),
        "a second call has other partners": bool((partners != calls[1].partners).any()),
        "x after the call": after(floats(outputs, "x", given.shape), given),
        f"dtype of mixed_x, for {given.dtype}": outputs["mixed_x"].dtype.name,
    }


def in_pairs(mixed: Mixed) -> tuple[np.ndarray, np.ndarray]:
    """Which examples are a weighted sum of themselves and one other, and which with weights that fit."""
    rows = np.arange(len(mixed.weights))
    own = np.diag(mixed.weights)
    other = np.where(mixed.partners == rows, 0.0, mixed.weights[rows, mixed.partners])
    rebuilt = own[:, None] * mixed.flat + other[:, None] * mixed.flat[mixed.partners]
    two = (np.abs(rebuilt - mixed.made) <= NEAR).all(axis=1)
    proper = two & (np.abs(own + other - 1) <= NEAR) & (own > -NEAR) & (other > -NEAR)
    return two, proper


def input_cases(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "images", large(rng), [30, 3, 4, 4]),
        case(rng, "vectors in float32", large(rng), [30, 40], dtype="float32"),
        case(rng, "many examples", large(rng), None, 10, dtype="float32"),
    ]


# The labels: mixed as the examples were.


def run_labels(mixup: Any, inputs: dict[str, Any], device: str) -> Outputs:
    brought = mixed_by(mixup, inputs, device)
    return {name: brought[name] for name in ("mixed_x", "mixed_y")}


def seen_in_labels(case: Case, outputs: Outputs) -> Outputs:
    (x, labels), classes = batch_of(case.inputs), case.inputs["classes"]
    if "x" in case.inputs:
        return as_in_the_text(floats(outputs, "mixed_x", x.shape), outputs)
    weights, partners, *_ = unmixed(case, outputs)
    mixed_y = floats(outputs, "mixed_y", (len(labels), classes)).astype(np.float64)

    def near(values: Any, others: Any) -> np.ndarray:
        return np.abs(values - others) <= NEAR

    right = np.zeros_like(mixed_y)
    for example, weight in enumerate(weights.T):
        right[:, labels[example]] += weight
    seen: Outputs = {
        **every("rows of mixed_y that sum to 1", near(mixed_y.sum(axis=1), 1.0)),
        **every("rows of mixed_y that are mixed as mixed_x is", near(mixed_y, right).all(axis=1)),
    }
    if len(set(labels.tolist())) == len(labels):
        rows = np.arange(len(labels))
        given, own = np.diag(weights), mixed_y[rows, labels]
        other = mixed_y[rows, labels[partners]]
        seen |= {
            "share of rows with the example's weight at its own label": share(near(own, given)),
            "share of rows with the partner's weight at the example's own label": share(
                near(own, 1 - given) & ~near(own, given)
            ),
            "share of rows with a weight of 1 at the example's own label": share(near(own, 1.0)),
            "share of rows with a weight of 1 at one label": share(near(mixed_y, 1.0).any(axis=1)),
            "share of rows with the partner's weight at the partner's label": share(
                near(other, weights[rows, partners])
            ),
        }
    return seen


def as_in_the_text(mixed_x: np.ndarray, outputs: Outputs) -> Outputs:
    """Whether the example's mixtures and their labels say the same s: any two of its rows mix so."""
    mixed_y = floats(outputs, "mixed_y", (len(mixed_x), 3)).astype(np.float64)
    s = mixed_y[:, :1]
    wanted = {
        "mixed_x[i] is (4 s, 8 s) for s = mixed_y[i, 0]": np.abs(mixed_x - s * [4, 8]),
        "mixed_y[i] is (s, 0, 1 - s)": np.abs(mixed_y - np.hstack([s, 0 * s, 1 - s])),
    }
    return {
        name: fact
        for what, off in wanted.items()
        for name, fact in every(what, (off <= 8 * NEAR).all(axis=1)).items()
    }


def label_cases(rng: np.random.Generator) -> list[Case]:
    pairs = {"x": np.array([[0.0, 0.0], [4.0, 8.0]] * CALLS), "y": np.array([2, 0] * CALLS)}
    more = {"alpha": 2.0, "classes": 3}
    return [
        Case(f"{IN_THE_TEXT}, its two rows many times", {**pairs, **more}, draws=True),
        case(rng, "each example has a label of its own", large(rng), None, dtype="float32"),
        case(rng, "five classes, ten in all", large(rng), [30, 3, 4, 4], 5, classes=10),
        case(rng, "ten classes, float32", large(rng), [30, 40], 10, dtype="float32"),
    ]


# Lambda: how the weights are distributed.


def run_lambda(mixup: Any, inputs: dict[str, Any], device: str) -> Outputs:
    brought = mixed_twice(mixup, inputs, device)
    return {name: brought[name] for name in ("mixed_x", "again")}


def seen_in_lambda(case: Case, outputs: Outputs) -> Outputs:
    first, second = both_calls(case, outputs)
    weights = np.stack([np.diag(call.weights) for call in (first, second)])
    mixed = np.stack([call.partners != np.arange(MANY) for call in (first, second)])
    own = weights[0][mixed[0]]
    if not own.size and case.inputs["alpha"] > 1:
        raise Unusable("no example is mixed with another: mend that first")
    # At a small alpha one lambda for all may be so close to 1 that nothing is mixed.
    distinct = np.unique(own.round(6)).size / max(own.size, 1)
    if distinct < 0.5:
        return {
            EACH: False,
            "all lambdas are 1/2": bool(own.size and (np.abs(own - 0.5) <= NEAR).all()),
        }
    own = weights[mixed]
    return {
        EACH: True,
        "a second call draws other lambdas": bool((np.ptp(weights, axis=0) > NEAR).any()),
        "mean of lambda": mean(own),
        "mean distance of lambda from 1/2": mean(np.abs(own - 0.5)),
        "share of lambdas below 1/2": share(own < 0.5),
        "share of neighbors with lambdas on the same side of 1/2": share(
            (weights[:, ::2] < 0.5) == (weights[:, 1::2] < 0.5)
        ),
    }


def lambda_cases(rng: np.random.Generator) -> list[Case]:
    small = float(rng.uniform(0.2, 0.4))
    return [
        case(rng, "a large alpha", large(rng), None, 3, dtype="float32"),
        case(rng, "a small alpha", small, None, 3, dtype="float32"),
    ]


EXERCISE = Exercise(
    "mixup",
    "mixup",
    [
        Part("inputs", 1, input_cases, run_inputs, close_in_distribution, seen_in_inputs),
        Part("labels", 1, label_cases, run_labels, close_in_distribution, seen_in_labels),
        Part("lambda", 1, lambda_cases, run_lambda, close_in_distribution, seen_in_lambda),
    ],
    on_device=True,
    minutes=20,
    difficulty=2,
)
