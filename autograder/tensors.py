"""What the probes of exercises in torch share."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from autograder.compare import form_of
from autograder.exercise import Unusable


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """A tensor's numbers in float64, off its device."""
    return tensor.detach().to("cpu", torch.float64).numpy()


def as_it_is(tensor: torch.Tensor) -> np.ndarray:
    """A copy of a tensor's numbers in their own dtype, off its device."""
    if tensor.dtype == torch.bfloat16:  # which NumPy does not have
        tensor = tensor.half()
    return tensor.detach().cpu().numpy().copy()


def require_floats(made: Any, name: str, shape: Any, like: torch.Tensor) -> torch.Tensor:
    """What an answer returned, if it is a tensor of floats of this shape on the device of ``like``.

    Raises Unusable otherwise; ``name`` says what it is, as in "mixed_x".
    """
    shape = tuple(shape)
    if not isinstance(made, torch.Tensor):
        raise Unusable(f"{name} must be a tensor, not {form_of(made)}")
    if tuple(made.shape) != shape or not made.dtype.is_floating_point:
        got = f"{str(made.dtype).removeprefix('torch.')} of shape {tuple(made.shape)}"
        raise Unusable(f"{name} must be a tensor of floats of shape {shape}, not of {got}")
    if made.device != like.device:
        raise Unusable(f"{name} must be on the device of x")
    return made


def any_gradient(parameters: Iterable[torch.Tensor]) -> bool:
    """Whether one of them has a gradient other than 0."""
    return any(p.grad is not None and bool(p.grad.ne(0).any()) for p in parameters)
