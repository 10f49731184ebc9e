"""The exercise ``stochastic_depth``: dropout of a block's residual branch, in torch."""

from typing import Any

import numpy as np
import torch

from autograder.chance import (
    becomes,
    close_in_distribution,
    drop_probability,
    mean,
    share,
    spread_mean,
)
from autograder.compare import equal, floats
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is, require_floats

from ._layers import FATES, after, all_alike
from ._modules import NOT_FINITE, NOTHING_RANDOM, arrays, case, in_the_text

Tensors = tuple[torch.Tensor, torch.Tensor]
BROUGHT = ("out", "x", "residual", "gradient of x", "gradient of residual")


def called(stochastic_depth: Any, tensors: Tensors, p: float, training: bool) -> torch.Tensor:
    """The answer; raises Unusable for anything but a tensor like x."""
    x = tensors[0]
    return require_floats(stochastic_depth(*tensors, p, training), "what you return", x.shape, x)


# Calls: what comes out for one x and one residual, time and again.


def run_training(stochastic_depth: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return run_calls(stochastic_depth, inputs, device, training=True)


def run_test_time(stochastic_depth: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return run_calls(stochastic_depth, inputs, device, training=False)


def run_calls(
    stochastic_depth: Any, inputs: dict[str, Any], device: str, training: bool
) -> Outputs:
    """What comes out in so many calls."""
    x, residual = arrays(inputs, 2)
    outs = []
    for _ in range(inputs["calls"]):
        tensors = torch.tensor(x, device=device), torch.tensor(residual, device=device)
        outs.append(as_it_is(called(stochastic_depth, tensors, inputs["p"], training)))
    return {"outs": np.stack(outs)}


def outs_and_factors(case: Case, outputs: Outputs) -> tuple[np.ndarray, np.ndarray]:
    """What came out, and (out - x) / residual with the elements of an example in one axis."""
    x, residual = arrays(case.inputs, 2)
    outs = floats(outputs, "outs", (case.inputs["calls"], *x.shape)).astype(np.float64)
    factors = (outs - x) / residual
    if not np.isfinite(factors).all():
        raise Unusable(NOT_FINITE)
    return outs, factors.reshape(*factors.shape[:2], -1)


# In training.


def seen_in_training(case: Case, outputs: Outputs) -> Outputs:
    """What became of the residual branch in batches of small examples, of which there are many.

    Of the example in the text, what becomes of each of its examples.
    """
    if "given" in case.inputs:
        x = arrays(case.inputs, 1)[0]
        return becomes(x, floats(outputs, "outs", (case.inputs["calls"], *x.shape)))
    dtype, p = case.inputs["dtype"], case.inputs["p"]
    outs, factors = outs_and_factors(case, outputs)
    first = factors[:, :, 0]  # one element stands for its example
    dropped = equal(first, 0.0, dtype)
    seen: Outputs = {
        "share of examples that are treated as a whole": mean(
            equal(factors, factors[:, :, :1], dtype).all(axis=2)
        ),
        "share of examples without their residual": spread_mean(dropped),
        "mean of (out - x) / residual": spread_mean(first),
        "share of calls in which all examples are kept or dropped together": share(
            (dropped == dropped[:, :1]).all(axis=1)
        ),
        "share kept or dropped alike in two calls": spread_mean(dropped[::2] == dropped[1::2]),
        "share of results that are 0": spread_mean(equal(outs, 0.0, dtype)),
        "share of results that are residual alone": spread_mean(
            equal(outs, arrays(case.inputs, 2)[1], dtype)
        ),
    }
    if not dropped.all():
        kept = equal(first[~dropped] * (1 - p), 1.0, dtype)
        seen["share of examples with a residual that have residual / (1 - p)"] = float(kept.mean())
    return seen


def training_cases(rng: np.random.Generator) -> list[Case]:
    """Batches of small examples, and so many calls that of whole batches, too, some lose their residual."""
    p, q = drop_probability(rng), drop_probability(rng)
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    return [
        in_the_text(0.2, x, 10 * x),
        case(rng, "images", p, [16, 3, 6, 6], calls=120),
        case(rng, "vectors in float32", q, [16, 5], "float32", calls=120),
        case(rng, "one number an example", p, [16], calls=120),
        case(rng, "a low probability of dropping", 0.1, [20, 4], calls=400),
        case(rng, "p = 0", 0.0, [16, 3, 2, 2], calls=4),
    ]


# At test time.


def seen_at_test_time(case: Case, outputs: Outputs) -> Outputs:
    dtype = case.inputs["dtype"]
    _, factors = outs_and_factors(case, outputs)
    return {
        "share of out that is x + residual": mean(equal(factors, 1.0, dtype)),
        # the elements of an example are dropped together: it counts once
        "mean of (out - x) / residual": spread_mean(factors.mean(axis=2)),
        "out is x": bool(equal(factors, 0.0, dtype).all()),
    }


def test_time_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "test time", p, [60, 2, 2, 2], calls=2),
        case(rng, "test time, vectors in float32", q, [60, 4], "float32", calls=2),
    ]


# Gradients and inputs.


def run_gradients(stochastic_depth: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What comes out in a call, the gradients that come back, and what both inputs are after it."""
    *given, upstream = arrays(inputs, 3)
    leaves = [torch.tensor(array, device=device).requires_grad_() for array in given]
    x, residual = (leaf * 1 for leaf in leaves)
    out = called(stochastic_depth, (x, residual), inputs["p"], inputs["training"])
    if not out.requires_grad:
        raise Unusable("no gradient comes back: compute with torch's operations")
    (out * torch.tensor(upstream, device=device, dtype=out.dtype)).sum().backward()
    gradients = [leaf.grad for leaf in leaves if leaf.grad is not None]
    if len(gradients) < 2:
        raise Unusable("a gradient must come back to x and to residual")
    brought = map(as_it_is, (out, x, residual, *gradients))
    return dict(zip(BROUGHT, brought, strict=True))


def seen_in_gradients(case: Case, outputs: Outputs) -> Outputs:
    """Whether the gradients are those of what was done to x and to residual, and both as they were."""
    dtype = case.inputs["dtype"]
    *given, upstream = arrays(case.inputs, 3)
    out, x, residual, *gradients = (floats(outputs, name, upstream.shape) for name in BROUGHT)
    factors = (out.astype(np.float64) - given[0]) / given[1]
    if case.inputs["training"] and all_alike(factors, dtype):
        raise Unusable(NOTHING_RANDOM)
    slopes = [gradient.astype(np.float64) / upstream for gradient in gradients]
    return {
        "share of elements where the gradient of x is that of out": mean(
            equal(slopes[0], 1.0, dtype)
        ),
        "share of elements where the gradient of residual is that of out, times (out - x) / residual": mean(
            equal(slopes[1], factors, dtype)
        ),
        "x after the call": after(x, given[0]),
        "residual after the call": after(residual, given[1]),
        f"dtype of the result, for {dtype}": out.dtype.name,
    }


def gradient_cases(rng: np.random.Generator) -> list[Case]:
    """In training, so many examples that not all have the same fate."""
    p, q = drop_probability(rng), drop_probability(rng)
    shape = [FATES, 3, 2, 2]
    return [
        case(rng, "gradients, x and residual after the call", p, shape, training=True),
        case(rng, "the same in float32", q, shape, "float32", training=True),
        case(rng, "the same at test time", q, [6, 5], "float32", training=False),
    ]


EXERCISE = Exercise(
    "stochastic_depth",
    "stochastic_depth",
    [
        Part("training", 1, training_cases, run_training, close_in_distribution, seen_in_training),
        Part(
            "test time", 1, test_time_cases, run_test_time, close_in_distribution, seen_at_test_time
        ),
        Part(
            "gradients and inputs",
            1,
            gradient_cases,
            run_gradients,
            close_in_distribution,
            seen_in_gradients,
        ),
    ],
    on_device=True,
    own_work=("dropout",),
    minutes=10,
    difficulty=1,
)
