"""What has become of a network: its tensors, its modes, and how to say it in few words."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder import compare
from autograder.exercise import Unusable
from autograder.tensors import as_array

from ._networks import HEAD, Network

MOST_NAMES = 3


def require_network(returned: Any) -> Network:
    """What an answer returned, if it is a network with a head; raises Unusable otherwise."""
    if not isinstance(returned, nn.Module):
        got = "None" if returned is None else "something else"
        raise Unusable(f"return the network, not {got}")
    if not isinstance(getattr(returned, "_fc", None), nn.Module):
        raise Unusable("what you return is no network with a head _fc")
    return returned


def snapshot(network: nn.Module) -> dict[str, Tensor]:
    """Copies of all parameters and buffers by name."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def changed(
    before: Mapping[str, Tensor], network: nn.Module, but: tuple[str, ...] = (HEAD,)
) -> list[str]:
    """The names of parameters and buffers that are not bit for bit as before, the head's excepted."""
    now = network.state_dict()
    return [
        name
        for name in sorted({*before, *now})
        if not name.startswith(but)
        and not (name in before and name in now and torch.equal(before[name], now[name]))
    ]


def modes(network: nn.Module) -> dict[str, bool]:
    """The mode of each module, the head excepted: it works the same in both."""
    return {n: m.training for n, m in network.named_modules() if not f"{n}.".startswith(HEAD)}


def requiring_grad(network: nn.Module) -> list[str]:
    """The names of the parameters that require grad, sorted."""
    return sorted(name for name, p in network.named_parameters() if p.requires_grad)


def alike(scores: Tensor, others: Tensor) -> bool:
    """Whether scores are equal up to what a GPU's sums differ by from call to call."""
    dtype = str(others.dtype).removeprefix("torch.")
    if scores.shape != others.shape:
        return False
    return bool(compare.equal(as_array(scores), as_array(others), dtype).all())


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names whose values differ, or that only one of the two has."""
    return sorted(n for n in {*before, *now} if before.get(n) != now.get(n))


def some(names: Iterable[str]) -> str:
    """The first of some names, and how many there are."""
    shown = [n or "the network" for n in names]
    if not shown:
        return "none"
    more = ", ..." if len(shown) > MOST_NAMES else ""
    return f"{len(shown)} ({', '.join(shown[:MOST_NAMES])}{more})"
