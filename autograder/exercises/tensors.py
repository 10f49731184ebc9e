"""What the probes of random layers and augmentations in torch share.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.chance import mean, share


class NotAllowed(RuntimeError):
    """The answer used what it was asked to write."""


def away_from_zero(draw: int, shape: list[int], dtype: str) -> np.ndarray:
    """Numbers of either sign, none of them near 0, so that a zero in an output was put there."""
    rng = np.random.default_rng(draw)
    return (rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)).astype(dtype)


def drop_probability(rng: np.random.Generator) -> float:
    """One at which keeping and dropping differ."""
    return round(float(rng.choice([rng.uniform(0.2, 0.35), rng.uniform(0.6, 0.75)])), 3)


def as_array(tensor: Any) -> np.ndarray:
    """A tensor's numbers in float64, off its device."""
    import torch

    return tensor.detach().to("cpu", torch.float64).numpy()


def objection(made: Any, name: str, shape: Any, like: Any) -> str | None:
    """What is wrong with the form of a tensor that an answer returned, None if nothing."""
    import torch

    shape = tuple(shape)
    if not isinstance(made, torch.Tensor):
        return f"{name} must be a tensor, not a {type(made).__name__}"
    if tuple(made.shape) != shape or not made.dtype.is_floating_point:
        return f"{name} must be a tensor of floats of shape {shape}"
    if made.device != like.device:
        return f"{name} must be on the device of x"
    return None


def equal(values: np.ndarray, others: Any, dtype: str) -> np.ndarray:
    """Where two arrays are equal up to the rounding of a dtype."""
    rtol = 1e-4 if dtype == "float32" else 1e-9
    return np.abs(values - others) <= rtol * np.maximum(np.abs(others), 1.0)


def spread_mean(values: Any) -> dict[str, float]:
    """As ``chance.mean``, with a scatter that holds too where whole rows or columns go together.

    They do not in a right answer; in a wrong one they may, and its mean is to be known again.
    """
    seen = mean(values)
    table = np.asarray(values, np.float64)
    table = table.reshape(len(table), -1)
    for axis in (0, 1):
        means = table.mean(axis=axis)
        seen["sd"] = max(seen["sd"], float(means.std() * np.sqrt(table.size / len(means))))
    return {"mean": round(seen["mean"], 8), "sd": float(f"{seen['sd']:.4g}"), "of": seen["of"]}


def every(what: str, holds: Any) -> dict[str, Any]:
    """Whether something holds for every one, and for which share: two outputs of a probe.

    In a right answer it does, without exception. The share tells one wrong answer from another,
    where chance may have a part in it.
    """
    holds = np.asarray(holds, dtype=bool)
    return {f"{what}: every one": bool(holds.all()), f"{what}: share": share(holds)}


@contextlib.contextmanager
def no_ready_made_dropout(used: list[str]) -> Iterator[None]:
    """Raise NotAllowed, and note it in ``used``, when a dropout of torch's own is called.

    Watching calls, rather than replacing functions, also sees those that the student's cell
    imported by name, and those inside of torch's modules.
    """

    def watch(frame, event, argument) -> None:
        if event == "c_call" and "dropout" in getattr(argument, "__name__", ""):
            used.append(argument.__name__)
            raise NotAllowed(argument.__name__)

    previous = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(previous)
