"""The exercise ``stochastic_depth``: dropout of a block's residual branch, in torch."""

from typing import Any

import numpy as np
import torch

from autograder.chance import (
    close_in_distribution,
    drop_probability,
    mean,
    share,
    spread_mean,
)
from autograder.compare import equal
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_array, require_floats

from ._layers import FATES, after, all_alike, away_from_zero
from ._modules import NOT_FINITE, NOTHING_RANDOM

Tensors = tuple[torch.Tensor, torch.Tensor]


def drawn(inputs: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """x and residual as arrays."""
    draw, shape, dtype = inputs["draw"], inputs["shape"], inputs["dtype"]
    return away_from_zero(draw, shape, dtype), away_from_zero(draw + 1, shape, dtype)


def called(stochastic_depth: Any, tensors: Tensors, p: float, training: bool) -> torch.Tensor:
    """The answer; raises Unusable for anything but a tensor like x."""
    x = tensors[0]
    return require_floats(stochastic_depth(*tensors, p, training), "what you return", x.shape, x)


def outs_and_factors(
    stochastic_depth: Any, inputs: dict[str, Any], device: str, training: bool
) -> tuple[np.ndarray, np.ndarray]:
    """What comes out in several calls, and in the same shape (out - x) / residual."""
    x, residual = drawn(inputs)
    outs = []
    for _ in range(inputs["calls"]):
        tensors = torch.tensor(x, device=device), torch.tensor(residual, device=device)
        outs.append(as_array(called(stochastic_depth, tensors, inputs["p"], training)))
    made = np.stack(outs)
    if not np.isfinite(made).all():
        raise Unusable(NOT_FINITE)
    return made, (made - x) / residual


def case(
    rng: np.random.Generator,
    name: str,
    p: float,
    shape: list[int],
    dtype: str = "float64",
    **more: Any,
) -> Case:
    inputs = {"draw": int(rng.integers(2**31)), "p": p, "shape": shape, "dtype": dtype}
    return Case(name, {**inputs, **more})


# In training.


def run_training(stochastic_depth: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What became of the residual branch in batches of small examples, of which there are many."""
    dtype, p = inputs["dtype"], inputs["p"]
    outs, factors = outs_and_factors(stochastic_depth, inputs, device, training=True)
    factors = factors.reshape(*factors.shape[:2], -1)  # calls, examples, elements
    first = factors[:, :, 0]  # one element stands for its example
    dropped = equal(first, 0.0, dtype)
    seen: Outputs = {
        "share of examples that are treated as a whole": mean(
            equal(factors, factors[:, :, :1], dtype).all(axis=2)
        ),
        "share of examples without their residual": spread_mean(dropped),
        "mean of (out - x) / residual": spread_mean(first),
        "share of calls in which all examples have the same fate": share(
            (dropped == dropped[:, :1]).all(axis=1)
        ),
        "share with the same fate in two calls": spread_mean(dropped[::2] == dropped[1::2]),
        "share of results that are 0": spread_mean(equal(outs, 0.0, dtype)),
        "share of results that are residual alone": spread_mean(
            equal(outs, drawn(inputs)[1], dtype)
        ),
    }
    if not dropped.all():
        kept = equal(first[~dropped] * (1 - p), 1.0, dtype)
        seen["share of the rest with residual / (1 - p)"] = float(kept.mean())
    return seen


def training_cases(rng: np.random.Generator) -> list[Case]:
    """Batches of small examples, many calls each, so that the fate of a batch shows."""
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "images", p, [16, 3, 2, 2], calls=40),
        case(rng, "vectors in float32", q, [16, 5], "float32", calls=40),
        case(rng, "one number an example", p, [16], calls=40),
        case(rng, "a low probability of dropping", 0.1, [20, 4], calls=40),
        case(rng, "p = 0", 0.0, [16, 3, 2, 2], calls=4),
    ]


# At test time.


def run_test_time(stochastic_depth: Any, inputs: dict[str, Any], device: str) -> Outputs:
    _, factors = outs_and_factors(stochastic_depth, inputs, device, training=False)
    factors = factors.reshape(*factors.shape[:2], -1)
    return {
        "mean of (out - x) / residual": spread_mean(factors),
        "share of out that is x + residual": mean(equal(factors, 1.0, inputs["dtype"])),
        "out is x": bool(equal(factors, 0.0, inputs["dtype"]).all()),
    }


def test_time_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "test time", p, [60, 2, 2, 2], calls=2),
        case(rng, "test time, vectors in float32", q, [60, 4], "float32", calls=2),
    ]


# Gradients and inputs.


def run_gradients(stochastic_depth: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Whether the gradients are those of what was done to x and to residual, and both as they were."""
    dtype, p, given = inputs["dtype"], inputs["p"], drawn(inputs)
    x, residual = (torch.tensor(array, device=device) for array in given)
    leaves = [tensor.clone().requires_grad_() for tensor in (x, residual)]
    out = called(stochastic_depth, (leaves[0] * 1, leaves[1] * 1), p, True)
    if not out.requires_grad:
        raise Unusable("no gradient comes back: compute with torch's operations")
    upstream = away_from_zero(inputs["draw"] + 2, inputs["shape"], dtype)
    out.backward(torch.tensor(upstream, device=device, dtype=out.dtype))
    slopes = [as_array(leaf.grad) / upstream for leaf in leaves if leaf.grad is not None]
    if len(slopes) < 2:
        raise Unusable("a gradient must come back to x and to residual")
    factors = (as_array(out) - given[0]) / given[1]
    if all_alike(factors, dtype):
        raise Unusable(NOTHING_RANDOM)
    again = called(stochastic_depth, (x, residual), p, True)
    return {
        "share of elements with the gradient of x": mean(equal(slopes[0], 1.0, dtype)),
        "share of elements with the gradient of what was done to residual": mean(
            equal(slopes[1], factors, dtype)
        ),
        "x after the call": after(as_array(x), given[0]),
        "residual after the call": after(as_array(residual), given[1]),
        f"bytes of a number in the result, for {dtype}": again.element_size(),
    }


def gradient_cases(rng: np.random.Generator) -> list[Case]:
    """So many examples that not all have the same fate."""
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "gradients, x and residual after the call", p, [FATES, 3, 2, 2]),
        case(rng, "the same in float32", q, [FATES, 3, 2, 2], "float32"),
    ]


EXERCISE = Exercise(
    "stochastic_depth",
    "stochastic_depth",
    [
        Part("training", 1, training_cases, run_training, close_in_distribution),
        Part("test time", 1, test_time_cases, run_test_time, close_in_distribution),
        Part("gradients and inputs", 1, gradient_cases, run_gradients, close_in_distribution),
    ],
    on_device=True,
)
