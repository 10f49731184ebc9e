"""The networks of ``exponential_moving_average``: with buffers, a mask, a layer in two places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.tensors import as_it_is

State = dict[str, np.ndarray]

# For each network the shape of an entry of its state, and its kind.
ENTRIES: dict[str, dict[str, tuple[tuple[int, ...], str]]] = {
    "one weight": {"weight": ((1, 1), "signed")},
    "one weight and a counter": {"weight": ((1, 1), "signed"), "seen": ((), "count")},
    "linear": {"weight": ((2, 3), "signed"), "bias": ((2,), "signed")},
    "two layers": {
        "0.weight": ((3, 2), "signed"),
        "0.bias": ((3,), "signed"),
        "2.weight": ((2, 3), "signed"),
        "2.bias": ((2,), "signed"),
    },
    "batch norm": {
        "0.weight": ((3, 2), "signed"),
        "0.bias": ((3,), "signed"),
        "1.weight": ((3,), "signed"),
        "1.bias": ((3,), "signed"),
        "1.running_mean": ((3,), "signed"),
        "1.running_var": ((3,), "positive"),
        "1.num_batches_tracked": ((), "count"),
    },
    "masked": {
        "weight": ((2, 2), "signed"),
        "scale": ((2,), "positive"),
        "mask": ((2, 2), "boolean"),
        "seen": ((3,), "count"),
    },
    "shared": {
        "first.weight": ((2, 2), "signed"),
        "first.bias": ((2,), "signed"),
        "second.weight": ((2, 2), "signed"),
        "second.bias": ((2,), "signed"),
        "scale": ((2,), "positive"),
    },
}


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


MAKERS: dict[str, Callable[[], nn.Module]] = {
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
    states = []
    for step in range(count):
        state = {
            name: _entry(rng, shape, kind, step, dtype)
            for name, (shape, kind) in ENTRIES[network].items()
        }
        if network == "shared":
            state |= {n.replace("first", "second"): a for n, a in state.items() if "first" in n}
        states.append(state)
    return states


def _entry(
    rng: np.random.Generator, shape: tuple[int, ...], kind: str, step: int, dtype: type
) -> np.ndarray:
    if kind == "count":
        return np.asarray(10 * step + rng.integers(1, 8, shape), dtype=np.int64)
    if kind == "boolean":
        return np.asarray(rng.random(shape) < 0.5)
    drawn = rng.standard_normal(shape)
    return np.asarray(np.abs(drawn) + 0.2 if kind == "positive" else drawn, dtype=dtype)


def draw_slopes(rng: np.random.Generator, network: str, dtype: type) -> State:
    """Numbers away from 0 for each parameter of a network."""
    shapes = {name: p.shape for name, p in MAKERS[network]().named_parameters()}
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
    network = MAKERS[name]().to(device=device, dtype=dtype)
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
