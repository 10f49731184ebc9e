"""What the exercises on dropout as a module of torch share.

Random answers, judged as distributions. A probe divides what comes out by what went in: the factors
tell what was dropped, and by how much the rest was scaled.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from autograder.chance import mean, spread_mean
from autograder.compare import equal
from autograder.exercise import Case, Outputs, Unusable
from autograder.tensors import as_array, no_ready_made_dropout, require_floats

from ._layers import after, all_alike, away_from_zero

NO_GRADIENT = "no gradient comes back through out: it must be computed from x by torch's operations"
NOTHING_RANDOM = "in training nothing is dropped, or all: mend that first"
NOT_FINITE = "what you return holds numbers that are not finite"


@contextmanager
def own_work(kind: Any) -> Iterator[None]:
    """Raise Unusable where ``kind`` is no module, or one that uses a dropout of torch's own."""
    if not isinstance(kind, type) or not issubclass(kind, torch.nn.Module):
        raise Unusable("write a class derived from torch.nn.Module")
    if any(base.__module__ == "torch.nn.modules.dropout" for base in kind.__mro__):
        raise Unusable("write the layer yourself: derive it from torch.nn.Module itself")
    used: list[str] = []
    try:
        with no_ready_made_dropout(used):
            yield
    except Exception:
        if not used:
            raise
    if used:
        raise Unusable(f"draw the mask yourself: {used[0]} of torch was used")


def case(
    rng: np.random.Generator,
    name: str,
    p: float,
    shape: list[int],
    dtype: str = "float64",
    **more: Any,
) -> Case:
    """A case on an array of this shape, which the probe draws."""
    inputs = {"draw": int(rng.integers(2**31)), "p": p, "shape": shape, "dtype": dtype}
    return Case(name, {**inputs, **more})


def placed(kind: Any, p: float, device: str, training: bool) -> torch.nn.Module:
    """A layer as part of a network in training, or in evaluation."""
    network = torch.nn.Sequential(kind(p)).to(device)
    network.eval()
    return network.train() if training else network


def called(network: Any, x: torch.Tensor) -> torch.Tensor:
    """What a network makes of x; raises Unusable for anything but a tensor like x."""
    return require_floats(network(x), "what forward returns", x.shape, x)


def factors_of(kind: Any, inputs: dict[str, Any], device: str, calls: int, training: bool) -> Any:
    """out / x in so many calls; raises Unusable for numbers that are not finite."""
    given = away_from_zero(inputs["draw"], inputs["shape"], inputs["dtype"])
    network = placed(kind, inputs["p"], device, training)
    x = torch.tensor(given, device=device)
    factors = np.stack([as_array(called(network, x.clone())) / given for _ in range(calls)])
    if not np.isfinite(factors).all():
        raise Unusable(NOT_FINITE)
    return factors


def of_masks(factors: np.ndarray, again: np.ndarray, scale: float, dtype: str) -> Outputs:
    """What was dropped in a table of factors, and in the same table of another call."""
    dropped = factors == 0
    seen: Outputs = {
        "share set to 0": spread_mean(dropped),
        "mean of out / x": spread_mean(factors),
        "share with the same fate in two calls": spread_mean(dropped == (again == 0)),
    }
    if not dropped.all():
        kept = equal(factors[~dropped] * scale, 1.0, dtype)
        seen["share of what is kept that is x / (1 - p)"] = float(kept.mean())
    if factors.ndim == 2:
        for name, one, other in (
            ("rows", dropped[:-1:2], dropped[1::2]),
            ("columns", dropped[:, :-1:2], dropped[:, 1::2]),
        ):
            if one.size:
                seen[f"share of neighboring {name} with the same fate"] = spread_mean(one == other)
    return seen


# The parts that are the same for elements and for channels.


def run_evaluation(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    with own_work(kind):
        (factors,) = factors_of(kind, inputs, device, 1, training=False)
    return {
        "share of out that is x": spread_mean(equal(factors, 1.0, inputs["dtype"])),
        "mean of out / x": spread_mean(factors),
    }


def run_gradient_and_inputs(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Whether the gradient with respect to x is that of what forward did to x; the rest of its manners.

    Forward multiplies each element by a factor, which out / x shows; in training, by more than one.
    """
    dtype = inputs["dtype"]
    given, upstream = (away_from_zero(inputs["draw"] + i, inputs["shape"], dtype) for i in (0, 1))
    x = torch.tensor(given, device=device)
    with own_work(kind):
        network = placed(kind, inputs["p"], device, inputs["training"])
        leaf = x.clone().requires_grad_()
        out = called(network, leaf * 1)
        if out.requires_grad:
            out.backward(torch.tensor(upstream, device=device, dtype=out.dtype))
        if leaf.grad is None:
            raise Unusable(NO_GRADIENT)
        bytes_of_out = called(network, x).element_size()
    factors = as_array(out) / given
    if inputs["training"] and all_alike(factors, dtype):
        raise Unusable(NOTHING_RANDOM)
    slopes = as_array(leaf.grad) / upstream
    return {
        "share of elements with the gradient of what forward did": mean(
            equal(slopes, factors, dtype)
        ),
        "x after the call": after(as_array(x), given),
        f"bytes of a number in out, for x in {dtype}": bytes_of_out,
    }
