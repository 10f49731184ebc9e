"""Dropout in torch: of elements, of channels, and of a block's residual branch; on any device.

Random answers, judged as distributions. A probe divides what comes out by what went in: the factors
tell what was dropped, and by how much the rest was scaled.
"""

from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, share
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.layers import EQUALLY_MANY, away_from_zero
from autograder.exercises.tensors import (
    as_array,
    drop_probability,
    equal,
    mean,
    no_ready_made_dropout,
    objection,
    spread_mean,
)

OTHER = "gradient, inputs, limits"
NO_GRADIENT = "no gradient comes back through out: it must be computed from x by torch's operations"
MASK = 1e-6  # torch rounds a mask of its own, (torch.rand(...) >= p) / (1 - p), to float32
NOTHING_RANDOM = "in training nothing is dropped, or all: mend that first"


def _fates(factors: np.ndarray, calls: np.ndarray, scale: float, dtype: str) -> Outputs:
    """What was dropped in a table of factors, and in the same table of another call."""
    dropped, again = factors == 0, calls == 0
    seen: Outputs = {
        "share set to 0": spread_mean(dropped),
        "mean of out / x": spread_mean(factors),
        "share with the same fate in two calls": spread_mean(dropped == again),
    }
    if not dropped.all():
        kept = equal(factors[~dropped] * scale, 1.0, dtype, float64=MASK)
        seen["share of what is kept that is x / (1 - p)"] = float(kept.mean())
    if factors.ndim == 2:
        for name, one, other in (
            ("rows", dropped[:-1:2], dropped[1::2]),
            ("columns", dropped[:, :-1:2], dropped[:, 1::2]),
        ):
            if one.size:
                seen[f"share of neighboring {name} with the same fate"] = spread_mean(one == other)
    return seen


# Modules: of elements and of channels.


def run_module(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What a module does to a tensor, by what a case looks at."""
    import torch

    if not isinstance(kind, type) or not issubclass(kind, torch.nn.Module):
        return {"unusable": "write a class derived from torch.nn.Module"}
    if any(base.__module__ == "torch.nn.modules.dropout" for base in kind.__mro__):
        return {"unusable": "write the layer yourself: derive it from torch.nn.Module itself"}
    used: list[str] = []
    try:
        with no_ready_made_dropout(used):
            seen = _of_module(kind, inputs, device)
    except Exception:
        if not used:
            raise
    if used:
        return {"unusable": f"draw the mask yourself: {used[0]} of torch was used"}
    return seen


def _of_module(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    import torch

    look, dtype, p = inputs["look"], inputs["dtype"], inputs["p"]
    if look == "refused":
        kind(0.5)  # what a right p raises is an error like any other
        return {f"what p = {value} raises": _raised(kind, value) for value in p}
    given = away_from_zero(inputs["draw"], inputs["shape"], dtype)
    network = torch.nn.Sequential(kind(p)).to(device)
    network.eval()
    if "evaluation" not in look:
        network.train()
    x = torch.tensor(given, device=device)
    if look.startswith("gradient"):
        return _gradient(
            lambda leaf: network(leaf * 1), x, dtype, inputs["draw"] + 1, random=look == "gradient"
        )
    outs = [network(x.clone()) for _ in range(inputs.get("calls", 2) - 1)] + [network(x)]
    for out in outs:
        if (wrong := objection(out, "what forward returns", given.shape, x)) is not None:
            return {"unusable": wrong}
    if look == "counts":
        counts = [(as_array(out) == 0).sum() for out in outs]
        return {EQUALLY_MANY: share(np.equal(counts[::2], counts[1::2]))}
    factors, calls = (as_array(out) / given for out in outs)
    if not np.isfinite(factors).all():
        return {"share of out that is a finite number": spread_mean(np.isfinite(factors))}
    if look == "evaluation":
        return {
            "share of out that is x": spread_mean(equal(factors, 1.0, dtype)),
            "mean of out / x": spread_mean(factors),
        }
    if look in ("inputs", "dtype"):
        if np.ptp(factors) < 1e-6:
            return {"unusable": NOTHING_RANDOM}
        if look == "dtype":
            return {f"bytes of a number in out, for x in {dtype}": outs[0].element_size()}
        return {"share of x that is as it was": mean(as_array(x) == given)}
    if given.ndim < 4 or inputs["of"] == "elements":
        return _fates(factors, calls, 1 - p, dtype)
    alike = equal(factors, factors[:, :, :1, :1], dtype).all(axis=(2, 3))
    seen = {"share of channels that are treated as a whole": spread_mean(alike)}
    return seen | _fates(factors[:, :, 0, 0], calls[:, :, 0, 0], 1 - p, dtype)


def _raised(kind: Any, p: float) -> str:
    try:
        kind(p)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "nothing"


def _gradient(function: Any, x: Any, dtype: str, draw: int, random: bool) -> Outputs:
    """Whether the gradient with respect to x is that of what the function did to x.

    The function multiplies each element by a factor, which out / x shows; if it is ``random``, by
    more than one.
    """
    import torch

    leaf = x.clone().requires_grad_()
    out = function(leaf)
    if (wrong := objection(out, "what forward returns", x.shape, x)) is not None:
        return {"unusable": wrong}
    if not out.requires_grad:
        return {"unusable": NO_GRADIENT}
    upstream = away_from_zero(draw, list(x.shape), dtype)
    out.backward(torch.tensor(upstream, device=x.device, dtype=out.dtype))
    if leaf.grad is None:
        return {"unusable": NO_GRADIENT}
    factors = as_array(out) / as_array(x)
    if random and np.ptp(factors) < 1e-6:
        return {"unusable": NOTHING_RANDOM}
    slopes = as_array(leaf.grad) / upstream
    return {
        "share of elements with the gradient of what forward did": mean(
            equal(slopes, factors, dtype)
        )
    }


def _module_case(rng: np.random.Generator, of: str, shape: list[int]) -> Any:
    def case(name: str, part: str, p: Any, look: str = "training", **more) -> Case:
        inputs = {"draw": int(rng.integers(2**31)), "of": of, "look": look, "p": p}
        return Case(name, part, {**inputs, "shape": shape, "dtype": "float64", **more})

    return case


def element_cases(rng: np.random.Generator) -> list[Case]:
    """Training, evaluation and the rest, at probabilities where keeping and dropping differ."""
    case = _module_case(rng, "elements", [80, 40])
    p, q = drop_probability(rng), drop_probability(rng)
    outside = [round(float(v), 2) for v in (rng.uniform(-1, -0.05), 1, rng.uniform(1.05, 2))]
    return [
        case("a matrix", "training", p),
        case("a low probability of dropping", "training", 0.1),
        case("one long vector", "training", q, shape=[3000]),
        case("images in float32", "training", q, shape=[16, 3, 8, 8], dtype="float32"),
        case("many calls", "training", q, "counts", shape=[10], calls=400),
        case("p = 0", "training", 0.0, shape=[6, 5]),
        case("evaluation", "evaluation", p, "evaluation", shape=[20, 15]),
        case("images in evaluation", "evaluation", q, "evaluation", shape=[5, 3, 4, 4]),
        case("evaluation in float32", "evaluation", q, "evaluation", shape=[9], dtype="float32"),
        case("gradient", OTHER, p, "gradient", shape=[20, 15]),
        case("gradient in float32", OTHER, q, "gradient", shape=[5, 4, 6], dtype="float32"),
        case("gradient in evaluation", OTHER, p, "gradient in evaluation", shape=[6, 5]),
        case("x after the call", OTHER, p, "inputs", shape=[20, 15]),
        case("dtype", OTHER, q, "dtype", shape=[20, 15], dtype="float32"),
        case("p that is no probability of dropping", OTHER, outside, "refused"),
    ]


def channel_cases(rng: np.random.Generator) -> list[Case]:
    """The same for whole channels of images."""
    case = _module_case(rng, "channels", [60, 40, 2, 3])
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case("images", "training", p),
        case("a low probability of dropping", "training", 0.1),
        case("float32", "training", q, dtype="float32"),
        case("images of one pixel", "training", q, shape=[50, 40, 1, 1]),
        case("one channel", "training", q, shape=[1200, 1, 2, 2]),
        case("p = 0", "training", 0.0, shape=[6, 5, 3, 2]),
        case("evaluation", "evaluation", p, "evaluation", shape=[6, 5, 3, 2]),
        case("evaluation in float32", "evaluation", q, "evaluation", shape=[4, 8, 2, 2],
             dtype="float32"),
        case("gradient", OTHER, p, "gradient", shape=[12, 10, 2, 3]),
        case("gradient in float32", OTHER, q, "gradient", shape=[12, 10, 3, 2], dtype="float32"),
        case("gradient in evaluation", OTHER, p, "gradient in evaluation", shape=[3, 2, 3, 2]),
        case("x after the call", OTHER, p, "inputs", shape=[12, 10, 2, 3]),
        case("dtype", OTHER, q, "dtype", shape=[12, 10, 2, 3], dtype="float32"),
    ]  # fmt: skip


INVERTED_DROPOUT = Exercise(
    "inverted_dropout",
    "InvertedDropout",
    {"training": 1, "evaluation": 1, OTHER: 1},
    element_cases,
    run_module,
    close_in_distribution,
    on_device=True,
)

CHANNEL_DROPOUT = Exercise(
    "channel_dropout",
    "ChannelDropout",
    {"training": 1, "evaluation": 1, OTHER: 1},
    channel_cases,
    run_module,
    close_in_distribution,
    on_device=True,
)


# Stochastic depth.


def run_stochastic_depth(stochastic_depth: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What became of the residual branch, by what a case looks at: factors (out - x) / residual."""
    import torch

    look, dtype, p, shape = inputs["look"], inputs["dtype"], inputs["p"], inputs["shape"]
    given = [away_from_zero(inputs["draw"] + i, shape, dtype) for i in (0, 1)]
    x, residual = (torch.tensor(array, device=device) for array in given)
    if look == "gradient":
        return _two_gradients(stochastic_depth, x, residual, p, dtype, inputs["draw"] + 2)
    factors, outs = [], []
    for _ in range(inputs["calls"]):
        out = stochastic_depth(x.clone(), residual.clone(), p, look != "test")
        if (wrong := objection(out, "what you return", shape, x)) is not None:
            return {"unusable": wrong}
        outs.append(as_array(out))
        factors.append((outs[-1] - given[0]) / given[1])
    factors = np.stack(factors).reshape(len(factors), shape[0], -1)
    if not np.isfinite(factors).all():
        return {"share of the result that is a finite number": spread_mean(np.isfinite(factors))}
    if look == "test":
        seen = {"mean of (out - x) / residual": spread_mean(factors)}
        return seen | {
            "share of out that is x + residual": mean(equal(factors, 1.0, dtype)),
            "out is x": bool(equal(factors, 0.0, dtype).all()),
        }
    if look == "inputs":
        if np.ptp(factors) < 1e-6:
            return {"unusable": NOTHING_RANDOM}
        stochastic_depth(x, residual, p, True)
        return {
            "share of x that is as it was": mean(as_array(x) == given[0]),
            "share of residual that is as it was": mean(as_array(residual) == given[1]),
            f"bytes of a number in the result, for {dtype}": out.element_size(),
        }
    alike = equal(factors, factors[:, :, :1], dtype).all(axis=2)
    first = factors[:, :, 0]  # one element stands for its example
    dropped = equal(first, 0.0, dtype)
    seen = {
        "share of examples that are treated as a whole": mean(alike),
        "share of examples without their residual": spread_mean(dropped),
        "mean of (out - x) / residual": spread_mean(first),
        "share of calls in which all examples have the same fate": share(
            (dropped == dropped[:, :1]).all(axis=1)
        ),
        "share with the same fate in two calls": spread_mean(dropped[::2] == dropped[1::2]),
    }
    for name, other in (("0", 0.0), ("residual alone", given[1])):
        alone = np.stack([equal(out, other, dtype) for out in outs])
        seen[f"share of results that are {name}"] = spread_mean(alone)
    if not dropped.all():
        kept = equal(first[~dropped] * (1 - p), 1.0, dtype, float64=MASK)
        seen["share of the rest with residual / (1 - p)"] = float(kept.mean())
    return seen


def _two_gradients(
    stochastic_depth: Any, x: Any, residual: Any, p: float, dtype: str, draw: int
) -> Outputs:
    """As ``_gradient``, for each of two inputs while the other is held."""
    import torch

    upstream = away_from_zero(draw, list(x.shape), dtype)
    leaves = [tensor.clone().requires_grad_() for tensor in (x, residual)]
    out = stochastic_depth(leaves[0] * 1, leaves[1] * 1, p, True)
    if (wrong := objection(out, "what you return", x.shape, x)) is not None:
        return {"unusable": wrong}
    if not out.requires_grad:
        return {"unusable": "no gradient comes back: compute with torch's operations"}
    out.backward(torch.tensor(upstream, device=x.device, dtype=out.dtype))
    if any(leaf.grad is None for leaf in leaves):
        return {"unusable": "a gradient must come back to x and to residual"}
    factors = (as_array(out) - as_array(x)) / as_array(residual)
    if np.ptp(factors) < 1e-6:
        return {"unusable": NOTHING_RANDOM}
    slopes = [as_array(leaf.grad) / upstream for leaf in leaves]
    return {
        "share of elements with the gradient of x": mean(equal(slopes[0], 1.0, dtype)),
        "share of elements with the gradient of what was done to residual": mean(
            equal(slopes[1], factors, dtype)
        ),
    }


def stochastic_depth_cases(rng: np.random.Generator) -> list[Case]:
    """Batches of small examples, many calls each, so that the fate of a batch shows."""

    def case(name: str, part: str, p: float, look: str = "training", **more) -> Case:
        inputs = {"draw": int(rng.integers(2**31)), "look": look, "p": p, "calls": 40}
        return Case(name, part, {**inputs, "shape": [16, 3, 2, 2], "dtype": "float64", **more})

    p, q = drop_probability(rng), drop_probability(rng)
    few = {"calls": 2, "shape": [150, 3, 2, 2]}  # so many that not all have the same fate
    return [
        case("images", "training", p),
        case("vectors in float32", "training", q, shape=[16, 5], dtype="float32"),
        case("one number an example", "training", p, shape=[16]),
        case("a low probability of dropping", "training", 0.1, shape=[20, 4]),
        case("p = 0", "training", 0.0, calls=4),
        case("test time", "test time", p, "test", calls=2, shape=[60, 2, 2, 2]),
        case("test time, vectors in float32", "test time", q, "test", calls=2, shape=[60, 4],
             dtype="float32"),
        case("gradients", "gradients and inputs", p, "gradient", **few),
        case("gradients in float32", "gradients and inputs", q, "gradient", dtype="float32", **few),
        case("x and residual after the call", "gradients and inputs", p, "inputs", **few),
        case("the same in float32", "gradients and inputs", q, "inputs", dtype="float32", **few),
    ]  # fmt: skip


STOCHASTIC_DEPTH = Exercise(
    "stochastic_depth",
    "stochastic_depth",
    {"training": 1, "test time": 1, "gradients and inputs": 1},
    stochastic_depth_cases,
    run_stochastic_depth,
    close_in_distribution,
    on_device=True,
)
