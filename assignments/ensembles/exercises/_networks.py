"""The networks of ``exponential_moving_average``: with buffers, a mask, a layer in two places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.tensors import as_it_is

State = dict[str, np.ndarray]

POSITIVE = ("scale", "running_var")  # entries that are divided by, or whose root is taken


class Masked(nn.Module):
    """A parameter and buffers of three dtypes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 2))
        self.register_buffer("scale", torch.zeros(2))
        self.register_buffer("mask", torch.zeros(2, 2, dtype=torch.bool))
        self.register_buffer("seen", torch.zeros(3, dtype=torch.int64))


class Counted(nn.Module):
    """A parameter and a counter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 1))
        self.register_buffer("seen", torch.tensor(0))


class Shared(nn.Module):
    """A layer that stands in two places, and a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.second = nn.Linear(2, 2)
        self.register_buffer("scale", torch.zeros(2))
        self.register_buffer("scratch", torch.zeros(3), persistent=False)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "one weight": lambda: nn.Linear(1, 1, bias=False),
    "one weight and a counter": Counted,
    "linear": lambda: nn.Linear(3, 2),
    "two layers": lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)),
    "batch norm": lambda: nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)),
    "masked": Masked,
    "shared": Shared,
}


def draw_states(rng: np.random.Generator, network: str, count: int, dtype: type) -> list[State]:
    """States of a network, one after the other: its counters grow."""
    with torch.device("meta"):  # for the names, shapes and dtypes of its entries
        entries = NETWORKS[network]().state_dict(keep_vars=True)
    states = []
    for step in range(count):
        drawn: dict[int, np.ndarray] = {}  # by entry, which may bear two names
        for name, entry in entries.items():
            if id(entry) not in drawn:
                drawn[id(entry)] = _numbers(rng, name, entry, step, dtype)
        states.append({name: drawn[id(entry)] for name, entry in entries.items()})
    return states


def _numbers(
    rng: np.random.Generator, name: str, entry: torch.Tensor, step: int, dtype: type
) -> np.ndarray:
    shape = tuple(entry.shape)
    if entry.dtype == torch.bool:
        return np.asarray(rng.random(shape) < 0.5)
    if not entry.dtype.is_floating_point:
        return np.asarray(10 * step + rng.integers(1, 8, shape), dtype=np.int64)
    drawn = rng.standard_normal(shape)
    return np.asarray(np.abs(drawn) + 0.2 if name.endswith(POSITIVE) else drawn, dtype=dtype)


def draw_slopes(rng: np.random.Generator, network: str, dtype: type) -> State:
    """Numbers away from 0 for each parameter of a network."""
    shapes = {name: p.shape for name, p in NETWORKS[network]().named_parameters()}
    return {
        name: np.asarray(rng.uniform(0.5, 1.5, s) * rng.choice([-1, 1], s), dtype=dtype)
        for name, s in shapes.items()
    }


@dataclass
class Marks:
    """A hook that lets a network's outputs tell its mode: it adds one of two numbers to them."""

    training: float
    evaluation: float

    def __call__(self, network: nn.Module, given: Any, outputs: torch.Tensor) -> torch.Tensor:
        return outputs + (self.training if network.training else self.evaluation)


def build(name: str, state: State, device: str, marks: Sequence[float] = ()) -> nn.Module:
    """A network with these weights and buffers, in the dtype of its weights."""
    dtype = next(torch.tensor(a).dtype for a in state.values())
    network = NETWORKS[name]().to(device=device, dtype=dtype)
    if marks:
        network.register_forward_hook(Marks(*marks))
    load(network, state)
    return network


def load(network: nn.Module, state: State) -> None:
    """Change the network's entries in place, as an optimizer and batch norm do."""
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            tensor.copy_(torch.tensor(state[name]))


def outputs_with(state: State, inputs: dict[str, Any], training: bool) -> np.ndarray:
    """What the network of a case makes of its examples with this state, in training or not."""
    double = {n: a.astype(np.float64) if a.dtype.kind == "f" else a for n, a in state.items()}
    network = build(inputs["network"], double, "cpu", inputs["marks"]).train(training)
    return outputs(network, inputs)


def outputs(network: nn.Module, inputs: dict[str, Any]) -> np.ndarray:
    """What a network makes of the examples of a case, in the mode that it is in."""
    like = next(network.parameters())
    return as_it_is(network(torch.tensor(inputs["x"], device=like.device, dtype=like.dtype)))


def arrays(tensors: dict[str, torch.Tensor]) -> State:
    return {name: as_it_is(t) for name, t in tensors.items()}
