"""What the exercises on dropout as a module of torch share.

Random answers, judged as distributions. A probe brings home what comes out; divided by what went in
it gives the factors that tell what was dropped, and by how much the rest was scaled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from autograder.chance import close_in_distribution, mean, spread_mean
from autograder.compare import equal, floats
from autograder.exercise import Case, Draw, Outputs, Part, Probe, Unusable
from autograder.tensors import as_it_is, require_floats

from ._layers import CALLS, IN_THE_TEXT, after, all_alike, away_from_zero, draws

NO_GRADIENT = "no gradient comes back through out: it must be computed from x by torch's operations"
NOTHING_RANDOM = "in training nothing is dropped, or all: mend that first"
NOT_FINITE = "what you return holds numbers that are not finite"

Summary = Callable[[Case, Outputs], Outputs]


def require_module(kind: Any) -> None:
    """Raise Unusable where ``kind`` is no module, or one that is derived from a dropout of torch's."""
    if not isinstance(kind, type) or not issubclass(kind, torch.nn.Module):
        raise Unusable("write a class derived from torch.nn.Module")
    if any(base.__module__ == "torch.nn.modules.dropout" for base in kind.__mro__):
        raise Unusable("write the layer yourself: derive it from torch.nn.Module itself")


def case(
    rng: np.random.Generator,
    name: str,
    p: float,
    shape: list[int],
    dtype: str = "float64",
    **more: Any,
) -> Case:
    """A case on arrays of this shape, drawn by ``arrays``."""
    inputs = {"draw": int(rng.integers(2**31)), "p": p, "shape": shape, "dtype": dtype}
    return Case(name, {**inputs, **more})


def in_the_text(p: float, *given: np.ndarray) -> Case:
    """The example of the text, in so many calls that each fate comes."""
    more = {"p": p, "dtype": "float64", "calls": CALLS}
    return Case(IN_THE_TEXT, {"given": list(given), **more}, draws=True)


def arrays(inputs: dict[str, Any], count: int) -> list[np.ndarray]:
    """So many arrays of a case's shape and dtype: what goes in, and what else is needed beside it."""
    if "given" in inputs:
        return [np.array(array) for array in inputs["given"][:count]]
    draw, shape, dtype = inputs["draw"], inputs["shape"], inputs["dtype"]
    return [away_from_zero(draw + i, shape, dtype) for i in range(count)]


def placed(kind: Any, p: float, device: str, training: bool) -> torch.nn.Module:
    """A layer as part of a network in training, or in evaluation; raises Unusable for half a module."""
    layer = kind(p)
    if not hasattr(layer, "_modules"):
        raise Unusable("begin __init__ with super().__init__(), or torch can't use it as a module")
    network = torch.nn.Sequential(layer).to(device)
    network.eval()
    return network.train() if training else network


def called(network: Any, x: torch.Tensor) -> torch.Tensor:
    """What a network makes of x; raises Unusable for anything but a tensor like x."""
    return require_floats(network(x), "what forward returns", x.shape, x)


# Calls: what a layer makes of one array, time and again.


def run_training(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return run_calls(kind, inputs, device, training=True)


def run_evaluation(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return run_calls(kind, inputs, device, training=False)


def run_calls(kind: Any, inputs: dict[str, Any], device: str, training: bool) -> Outputs:
    """What comes out in so many calls."""
    (given,) = arrays(inputs, 1)
    x = torch.tensor(given, device=device)
    require_module(kind)
    network = placed(kind, inputs["p"], device, training)
    outs = [as_it_is(called(network, x.clone())) for _ in range(inputs["calls"])]
    return {"outs": np.stack(outs)}


def factors_of(case: Case, outputs: Outputs) -> np.ndarray:
    """out / x in each of the calls; raises Unusable for numbers that are not finite."""
    (given,) = arrays(case.inputs, 1)
    outs = floats(outputs, "outs", (case.inputs["calls"], *given.shape))
    factors = outs.astype(np.float64) / given
    if not np.isfinite(factors).all():
        raise Unusable(NOT_FINITE)
    return factors


def of_masks(
    factors: np.ndarray,
    again: np.ndarray,
    scale: float,
    dtype: str,
    lines: tuple[str, str] = ("row", "column"),
) -> Outputs:
    """What was dropped in a table of factors, and in the same table of another call.

    ``lines`` says what the table's rows and columns are."""
    dropped = factors == 0
    seen: Outputs = {
        "random draws": draws(dropped, lines),
        "share set to 0": spread_mean(dropped),
        "mean of out / x": spread_mean(factors),
        "share kept or dropped alike in two calls": spread_mean(dropped == (again == 0)),
    }
    if not dropped.all():
        kept = equal(factors[~dropped] * scale, 1.0, dtype)
        seen["share of what is kept that is x / (1 - p)"] = float(kept.mean())
    if factors.ndim == 2:
        for name, one, other in (
            (lines[0], dropped[:-1:2], dropped[1::2]),
            (lines[1], dropped[:, :-1:2], dropped[:, 1::2]),
        ):
            if one.size:
                seen[f"share kept or dropped as their neighbor in the next {name} is"] = (
                    spread_mean(one == other)
                )
    return seen


# The parts that are the same for elements and for channels.


def training(cases: Draw, summary: Summary) -> Part:
    """What the masks are like, summed up for elements or for channels."""
    return Part("training", 1, cases, run_training, close_in_distribution, summary)


def evaluation(cases: Draw) -> Part:
    """Out is x."""
    return Part("evaluation", 1, cases, run_evaluation, close_in_distribution, seen_in_evaluation)


def seen_in_evaluation(case: Case, outputs: Outputs) -> Outputs:
    factors = factors_of(case, outputs)[0]
    return {
        "share of out that is x": spread_mean(equal(factors, 1.0, case.inputs["dtype"])),
        "mean of out / x": spread_mean(factors),
    }


def run_limits(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What comes out in a call, the gradient with respect to x, and what x is after the call."""
    given, upstream = arrays(inputs, 2)
    leaf = torch.tensor(given, device=device).requires_grad_()
    require_module(kind)
    x = leaf * 1
    out = called(placed(kind, inputs["p"], device, inputs["training"]), x)
    if out.requires_grad:
        (out * torch.tensor(upstream, device=device, dtype=out.dtype)).sum().backward()
    if leaf.grad is None:
        raise Unusable(NO_GRADIENT)
    return {"out": as_it_is(out), "gradient": as_it_is(leaf.grad), "x": as_it_is(x)}


def seen_at_limits(case: Case, outputs: Outputs) -> Outputs:
    """Whether the gradient is that of what forward did to x; the rest of its manners.

    Forward multiplies each element by a factor, which out / x shows; in training, by more than one.
    """
    dtype = case.inputs["dtype"]
    given, upstream = arrays(case.inputs, 2)
    out, gradient, x = (floats(outputs, name, given.shape) for name in ("out", "gradient", "x"))
    factors = out.astype(np.float64) / given
    if case.inputs["training"] and all_alike(factors, dtype):
        raise Unusable(NOTHING_RANDOM)
    slopes = gradient.astype(np.float64) / upstream
    return {
        "share of elements where the gradient of x is that of out, times out / x": mean(
            equal(slopes, factors, dtype)
        ),
        "x after the call": after(x, given),
        f"dtype of out, for x in {dtype}": out.dtype.name,
    }


def limits(cases: Draw, probe: Probe = run_limits, summary: Summary = seen_at_limits) -> Part:
    """Gradient, dtype, and x after the call; what else belongs to a layer's manners."""
    return Part("gradient, inputs, limits", 1, cases, probe, close_in_distribution, summary)
