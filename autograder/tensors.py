"""What the probes of exercises in torch share."""

import contextlib
from typing import Any

import numpy as np
import torch

from autograder.exercise import Unusable
from autograder.own_work import own_work_only


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """A tensor's numbers in float64, off its device."""
    return tensor.detach().to("cpu", torch.float64).numpy()


def require_floats(made: Any, name: str, shape: Any, like: torch.Tensor) -> torch.Tensor:
    """What an answer returned, if it is a tensor of floats of this shape on the device of ``like``.

    Raises Unusable otherwise; ``name`` says what it is, as in "mixed_x".
    """
    shape = tuple(shape)
    if not isinstance(made, torch.Tensor):
        raise Unusable(f"{name} must be a tensor, not a {type(made).__name__}")
    if tuple(made.shape) != shape or not made.dtype.is_floating_point:
        got = f"{str(made.dtype).removeprefix('torch.')} of shape {tuple(made.shape)}"
        raise Unusable(f"{name} must be a tensor of floats of shape {shape}, not of {got}")
    if made.device != like.device:
        raise Unusable(f"{name} must be on the device of x")
    return made


def no_ready_made_dropout(used: list[str]) -> contextlib.AbstractContextManager[None]:
    """Raise NotAllowed, and note it in ``used``, when a dropout of torch's own is called."""

    def named(frame: Any, event: str, argument: Any) -> str | None:
        name = getattr(argument, "__name__", "")
        return name if event == "c_call" and "dropout" in name else None

    return own_work_only(named, used)
