"""The exercise ``exponential_moving_average``: a running average of a network's weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.compare import close, difference, equal, tolerance
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._networks import State, build, draw_states, load


@dataclass
class Training:
    """A network and the student's average of it, made on the first state; the states to come."""

    network: nn.Module
    ema: Any
    states: list[State]
    names: list[str]

    def step(self, state: State) -> None:
        """A training step to this state, and an update."""
        load(self.network, state)
        self.ema.update(self.network)

    def averages(self) -> dict[str, torch.Tensor]:
        """The attribute ``average``; raises Unusable if it is not as it should be."""
        average = self.ema.average
        if not isinstance(average, dict):
            raise Unusable(f"average must be a dict, not a value of type {type(average).__name__}")
        for name in self.names:
            if name not in average:
                raise Unusable(f"average lacks {name!r}, a name in model.state_dict()")
            if not hasattr(average[name], "detach"):
                raise Unusable(f"average[{name!r}] must be a tensor")
        for name in average:
            if name not in self.names:
                raise Unusable(f"average holds {name!r}, which is no name in model.state_dict()")
        return average


def begin(kind: Any, inputs: dict[str, Any], device: str) -> Training:
    """A network with gradients, whose parameters in ``frozen`` need none, and its average."""
    first, *states = inputs["states"]
    network = build(inputs["network"], first, device)
    for name in inputs["frozen"]:
        network.get_parameter(name).requires_grad_(False)
    for p in network.parameters():
        p.grad = torch.ones_like(p)
    ema = kind(network, inputs["decay"])
    if inputs["updated_with"] == "another copy":
        network = build(inputs["network"], first, device)
    return Training(network, ema, states, list(first))


def array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy()


def listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def as_before(holds: bool) -> str:
    return "as before" if holds else "changed"


def mode(network: nn.Module) -> str:
    return "training" if network.training else "evaluation"


def case(
    rng: np.random.Generator,
    name: str,
    network: str,
    updates: int = 3,
    dtype: type = np.float32,
    **more: Any,
) -> Case:
    """A network's states, drawn anew for each update; at its decay no average of counters is whole."""
    decay = (10 * int(rng.integers(60, 90)) + int(rng.choice([1, 3, 7, 9]))) / 1000
    inputs = {
        "network": network,
        "states": draw_states(rng, network, updates + 1, dtype),
        "decay": decay,
        "frozen": [],
        "updated_with": "the network",
    }
    return Case(name, inputs | more)


# The averages after each update.


def by_update(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The averages at the start and after each update."""
    training = begin(kind, inputs, device)
    seen = [{n: array(a) for n, a in training.averages().items()}]
    for state in training.states:
        training.step(state)
        seen.append({n: array(a) for n, a in training.averages().items()})
    if any(len({averages[n].shape for averages in seen}) > 1 for n in training.names):
        raise Unusable("an average must keep the shape of what it averages")
    return {f"average[{n!r}]": np.stack([a[n] for a in seen]) for n in training.names}


def judge_by_update(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The first wrong update of each entry, at the scale of the entry's largest value."""
    rtol, findings = tolerance(case.inputs), []
    for name, want in expected.items():
        got = outputs.get(name)
        if not isinstance(got, np.ndarray) or got.shape != want.shape:
            findings.append(f"{name}: there is nothing to compare")
            continue
        scale = float(np.abs(want[np.isfinite(want)]).max(initial=0.0))
        for update, (a, b) in enumerate(zip(got, want, strict=True)):
            when = "before the first update" if update == 0 else f"after update {update}"
            if (finding := difference(f"{when}: {name}", a, b, rtol, scale)) is not None:
                findings.append(finding)
                break
    return findings


def parameters(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "a linear layer", "linear"),
        case(rng, "a linear layer in float64", "linear", 4, np.float64),
        case(rng, "two layers, decay 0.99", "two layers", 5, decay=0.99),
        case(rng, "decay 0", "linear", 2, decay=0.0),
        case(rng, "decay 0.25", "linear", 2, np.float64, decay=0.25),
        case(rng, "a frozen layer", "two layers", 2, frozen=["0.weight", "0.bias"]),
        case(rng, "another copy of the network", "linear", updated_with="another copy"),
    ]


def buffers(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "batch norm", "batch norm"),
        case(rng, "batch norm in float64", "batch norm", 4, np.float64),
        case(rng, "a mask and counters", "masked"),
        case(rng, "a layer in two places, a buffer that is not saved", "shared"),
    ]


# Whether averages and network leave each other alone.


def left_alone(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    training = begin(kind, inputs, device)
    network = training.network
    wrong = ties(training)
    kept = True
    for state in training.states:
        training.step(state)
        kept &= all(
            np.array_equal(array(t), np.asarray(state[name], dtype=array(t).dtype))
            for name, t in network.state_dict().items()
        )
        wrong = {what: names | wrong[what] for what, names in ties(training).items()}
    grads = all(
        p.requires_grad and p.grad is not None and bool((p.grad == 1).all())
        for p in network.parameters()
    )
    return {
        "the network after an update": as_before(kept),
        "requires_grad and grad of its parameters": as_before(grads),
        "its mode": mode(network),
        **{what: listed(names) for what, names in wrong.items()},
    }


def ties(training: Training) -> dict[str, set[str]]:
    """The averages that are tied to the network, or differ from it in kind."""
    state, averages = training.network.state_dict(), training.averages()
    own = {t.untyped_storage().data_ptr() for t in state.values()}
    pairs = [(name, averages[name], t) for name, t in state.items()]
    return {
        "averages that share memory with it": {
            n for n, a, _ in pairs if a.untyped_storage().data_ptr() in own
        },
        "averages that carry a graph of gradients": {n for n, a, _ in pairs if a.requires_grad},
        "averages of another dtype than the network": {
            n for n, a, t in pairs if a.dtype != t.dtype
        },
        "averages on another device than the network": {
            n for n, a, t in pairs if a.device != t.device
        },
    }


def apart(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "averages and a network in training", "two layers"),
        case(rng, "the same in float64", "two layers", 2, np.float64),
    ]


# Whether ``copy_to`` brings a network to the averages, and leaves both as they should be.


def copied(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    training = begin(kind, inputs, device)
    *earlier, last = training.states
    for state in earlier:
        training.step(state)
    before = {name: array(a) for name, a in training.averages().items()}
    other = build(inputs["network"], last, device)
    held = list(other.parameters())
    training.ema.copy_to(other)
    same = all(a is b for a, b in zip(held, other.parameters(), strict=True))
    learns = all(p.requires_grad and p.is_leaf for p in other.parameters())
    seen: Outputs = {
        "entries that differ from the average": listed(differing(other, before)),
        "parameters": "the same objects as before" if same else "replaced by new objects",
        "requires_grad of the parameters": as_before(learns),
        "its mode": mode(other),
        "the network that was averaged": as_before(not differing(training.network, earlier[-1])),
    }
    load(other, last)  # the network is trained on
    after = {name: array(training.ema.average[name]) for name in training.names}
    kept = all(np.array_equal(before[name], after[name]) for name in training.names)
    again = build(inputs["network"], last, device)
    training.ema.copy_to(again)
    return seen | {
        "the averages when that network is trained on": as_before(kept),
        "entries that differ after a second copy_to": listed(differing(again, before)),
    }


def differing(network: nn.Module, state: State) -> set[str]:
    """The entries of the network that are not those of a state."""
    arrays = {name: array(t) for name, t in network.state_dict().items()}
    return {name for name, a in arrays.items() if not same_entry(a, state[name])}


def same_entry(have: np.ndarray, want: np.ndarray) -> bool:
    if have.dtype.kind != "f":
        return np.array_equal(have, want)
    return bool(equal(have, want, have.dtype.name).all())


def into_another(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "into another network", "two layers"),
        case(rng, "into another network, float64", "linear", 2, np.float64),
        case(rng, "into a network with batch norm", "batch norm"),
    ]


EXERCISE = Exercise(
    "exponential_moving_average",
    "ExponentialMovingAverage",
    [
        Part("parameters", 2, parameters, by_update, judge_by_update),
        Part("buffers", 1, buffers, by_update, judge_by_update),
        Part("apart", 1, apart, left_alone, close),
        Part("copy_to", 1, into_another, copied, close),
    ],
    on_device=True,
)
