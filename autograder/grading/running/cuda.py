"""The CUDA device: whether there is one, and how a kernel comes to it."""

from functools import cache

from autograder.grading.course import GradingImpossible
from autograder.grading.running.session import Session

DEVICE_MEMORY = 8 * 2**30  # of a GPU's memory, what a kernel may take at most
START_CUDA = f"""
import torch
_all = torch.cuda.get_device_properties(0).total_memory
torch.cuda.set_per_process_memory_fraction(min(1.0, {DEVICE_MEMORY} / _all))
torch.zeros(1, device="cuda")
del torch, _all
"""


class CudaMissing(GradingImpossible):
    """CUDA was asked for, and torch finds no device."""


@cache
def cuda_is_available() -> bool:
    """Whether torch finds a CUDA device on this machine."""
    import torch

    return torch.cuda.is_available()


def resolve_device(device: str) -> str:
    """``cpu`` or ``cuda`` for a setting of auto, cpu or cuda; raises CudaMissing without CUDA."""
    if device == "auto":
        return "cuda" if cuda_is_available() else "cpu"
    if device == "cuda" and not cuda_is_available():
        raise CudaMissing("the device is cuda, but torch finds no CUDA device here")
    return device


def start(session: Session) -> None:
    """Bring CUDA up before any clock runs; raises KernelNotStarted if the device has no room."""
    session.prepare(START_CUDA, "the device can't be used")
