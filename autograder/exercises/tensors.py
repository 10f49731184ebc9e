"""What the probes of random layers and augmentations share, most of them in torch.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

import contextlib
from typing import Any

import numpy as np

from autograder import chance
from autograder.chance import share
from autograder.exercises.own_work import own_work_only


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


def equal(values: np.ndarray, others: Any, dtype: str, float64: float = 1e-9) -> np.ndarray:
    """Where two arrays are equal up to the rounding of a dtype; ``float64`` is what that one allows."""
    rtol = 1e-4 if dtype == "float32" else float64
    return np.abs(values - others) <= rtol * np.maximum(np.abs(others), 1.0)


def mean(values: Any) -> dict[str, float]:
    """As ``chance.mean``, rounded to what keys need."""
    return _rounded(chance.mean(values))


def spread_mean(values: Any) -> dict[str, float]:
    """As ``chance.spread_mean``, rounded to what keys need."""
    return _rounded(chance.spread_mean(values))


def _rounded(seen: dict[str, float]) -> dict[str, float]:
    return {"mean": round(seen["mean"], 8), "sd": float(f"{seen['sd']:.4g}"), "of": seen["of"]}


def every(what: str, holds: Any) -> dict[str, Any]:
    """Whether something holds for every one, and for which share: two outputs of a probe.

    In a right answer it does, without exception. The share tells one wrong answer from another,
    where chance may have a part in it.
    """
    holds = np.asarray(holds, dtype=bool)
    return {f"{what}: every one": bool(holds.all()), f"{what}: share": share(holds)}


def no_ready_made_dropout(used: list[str]) -> contextlib.AbstractContextManager[None]:
    """Raise NotAllowed, and note it in ``used``, when a dropout of torch's own is called."""

    def named(frame, event, argument) -> str | None:
        name = getattr(argument, "__name__", "")
        return name if event == "c_call" and "dropout" in name else None

    return own_work_only(named, used)
