"""What has become of a network: what a probe brings home of it, and what that says."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.compare import LOOSE, difference, form_of
from autograder.exercise import Outputs, Unusable
from autograder.tensors import as_it_is

from ._networks import HEAD, Network

MOST_NAMES = 3
MOST_NUMBERS = 50_000  # of a network that comes home whole; of a larger one fingerprints do
Arrays = dict[str, np.ndarray]


# Where the student's code is.


def require_network(returned: Any) -> Network:
    """What an answer returned, if it is a network with a head; raises Unusable otherwise."""
    if not isinstance(returned, nn.Module):
        raise Unusable(f"return the network, not {form_of(returned)}")
    if not isinstance(getattr(returned, "_fc", None), nn.Module):
        raise Unusable(f"return the network, not {form_of(returned)}, which has no head _fc")
    return returned


def tensors_of(network: nn.Module, inputs: dict[str, Any]) -> Arrays:
    """All parameters and buffers by name.

    The real network's four million numbers are too many to send. Each of its tensors sends a
    fingerprint, which depends on ``inputs["salt"]``: nobody knows it who does not hold the tensor.
    """
    found = {name: as_it_is(tensor) for name, tensor in network.state_dict().items()}
    if sum(array.size for array in found.values()) <= MOST_NUMBERS:
        return found
    return {name: _fingerprint(array, inputs.get("salt", 0)) for name, array in found.items()}


def _fingerprint(array: np.ndarray, salt: int) -> np.ndarray:
    text = f"{salt} {array.dtype} {array.shape}".encode()
    made = hashlib.blake2b(array.tobytes(), digest_size=8, key=text)
    return np.frombuffer(made.digest(), np.uint8)


def modes(network: nn.Module) -> dict[str, bool]:
    """The mode of each module, the head excepted: it works the same in both."""
    return {n: m.training for n, m in network.named_modules() if not f"{n}.".startswith(HEAD)}


def requiring_grad(network: nn.Module) -> dict[str, bool]:
    """Which parameters require grad."""
    return {name: p.requires_grad for name, p in network.named_parameters()}


def reaction(network: Network, output: Callable[[], Tensor]) -> Outputs:
    """What an output of a network is, and the gradient of half the sum of its squares.

    These numbers show in which mode the network was, and what of it requires grad: there is a
    gradient for nothing else.
    """
    made = output()
    moving = {name: p for name, p in network.named_parameters() if p.requires_grad}
    found: list[Any] = []
    if moving and made.requires_grad:
        half = made.square().sum() / 2
        found = list(torch.autograd.grad(half, list(moving.values()), allow_unused=True))
    gradients = {
        name: as_it_is(gradient)
        for name, gradient in zip(moving, found, strict=False)
        if gradient is not None
    }
    return {"output": as_it_is(made), "gradients": gradients}


# Where it is not. What came may be anything: it is looked at before it is used.


def not_as_brought(what: str) -> Unusable:
    return Unusable(f"{what}: this is not what the check brought home")


def arrays(outputs: Outputs, name: str) -> Arrays:
    """The arrays by name that a probe brought home; raises Unusable for all else."""
    found = outputs.get(name)
    if not isinstance(found, dict) or not all(isinstance(a, np.ndarray) for a in found.values()):
        raise not_as_brought(name)
    return found


def flags(outputs: Outputs, name: str) -> dict[str, bool]:
    """The booleans by name that a probe brought home; raises Unusable for all else."""
    found = outputs.get(name)
    if not isinstance(found, dict) or not all(isinstance(b, bool) for b in found.values()):
        raise not_as_brought(name)
    return found


def flag(outputs: Outputs, name: str) -> bool:
    """The boolean that a probe brought home; raises Unusable for all else."""
    found = outputs.get(name)
    if not isinstance(found, bool):
        raise not_as_brought(name)
    return found


def word(outputs: Outputs, name: str) -> str:
    """The short text that a probe brought home; raises Unusable for all else."""
    found = outputs.get(name)
    if not isinstance(found, str):
        raise not_as_brought(name)
    return found[:80]


def words(outputs: Outputs, name: str) -> list[str]:
    """The list of texts that a probe brought home; raises Unusable for all else."""
    found = outputs.get(name)
    if not isinstance(found, list) or not all(isinstance(n, str) for n in found):
        raise not_as_brought(name)
    return found


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names whose arrays or flags are not bit for bit as before, or that one of the two lacks."""
    return [
        name
        for name in sorted({*before, *now})
        if name not in before or name not in now or not _same(before[name], now[name])
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool):
        return bool(one == other)
    return one.dtype == other.dtype and np.array_equal(one, other)


def beside_head(found: Iterable[str]) -> list[str]:
    return [name for name in found if not name.startswith(HEAD)]


def set_modes(network: nn.Module, found: Mapping[str, bool]) -> None:
    """Set the mode of the modules that have these names, of each by itself."""
    for name, module in network.named_modules():
        module.training = found.get(name, module.training)


def set_requiring_grad(network: nn.Module, found: Mapping[str, bool]) -> None:
    """Set which of the parameters that have these names require grad."""
    for name, p in network.named_parameters():
        p.requires_grad = found.get(name, p.requires_grad)


def alike(got: Any, want: np.ndarray, dtype: str) -> bool:
    """Whether numbers are equal up to what a GPU's sums differ by from call to call."""
    return isinstance(got, np.ndarray) and difference("", got, want, LOOSE[dtype]) is None


def require_reaction(outputs: Outputs, name: str, own: Outputs) -> None:
    """Raise Unusable unless what a network reacted is what another, as it is said to be, does."""
    came = outputs.get(name)
    if not isinstance(came, dict) or not alike(came.get("output"), own["output"], "float64"):
        raise not_as_brought(name)
    gradients = arrays(came, "gradients")
    if gradients.keys() != own["gradients"].keys() or not all(
        alike(gradients[n], g, "float64") for n, g in own["gradients"].items()
    ):
        raise not_as_brought(name)


def some(found: Iterable[str]) -> str:
    """The first of some names, and how many there are."""
    shown = [n or "the network" for n in found]
    if not shown:
        return "none"
    more = ", ..." if len(shown) > MOST_NAMES else ""
    return f"{len(shown)} ({', '.join(shown[:MOST_NAMES])}{more})"
