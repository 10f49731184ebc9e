"""The exercise ``exponential_moving_average``: a running average of a network's weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.compare import close, difference, tolerance
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is

from ._networks import State, arrays, build, draw_slopes, draw_states, load, outputs
from ._states import (
    are_gradients,
    as_before,
    dicts_in,
    differing,
    in_the_text,
    is_state,
    listed,
    mode_of,
    same_numbers,
    state_in,
    states_in,
    unchanging,
)


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
    network = build(inputs["network"], first, device, inputs.get("marks", ()))
    for name in inputs["frozen"]:
        network.get_parameter(name).requires_grad_(False)
    for name, p in network.named_parameters():
        p.grad = slope(inputs, name, p)
    ema = kind(network, inputs["decay"])
    if inputs["another_copy"]:
        network = build(inputs["network"], first, device)
    return Training(network, ema, states, list(first))


def slope(inputs: dict[str, Any], name: str, p: torch.Tensor) -> torch.Tensor:
    """The gradient of a parameter: drawn by the case, or 1."""
    drawn = inputs.get("slopes", {}).get(name)
    return torch.ones_like(p) if drawn is None else torch.tensor(drawn, device=p.device)


def add_gradients(network: nn.Module, inputs: dict[str, Any]) -> dict[str, np.ndarray | None]:
    """The gradients after a backward pass, which adds to those of the parameters that need one."""
    named = dict(network.named_parameters())
    with torch.enable_grad():
        total = torch.stack([(p * slope(inputs, name, p)).sum() for name, p in named.items()]).sum()
    if total.requires_grad:
        total.backward()
    return {name: None if p.grad is None else as_it_is(p.grad) for name, p in named.items()}


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
        "another_copy": False,
    }
    return Case(name, inputs | more)


def watched(rng: np.random.Generator, name: str, network: str, *args: Any) -> Case:
    """A case that also says how the network learns, and by what its outputs tell its mode."""
    made = case(rng, name, network, *args)
    weight = next(iter(made.inputs["states"][0].values()))
    sign = int(rng.choice([-1, 1]))
    return Case(
        name,
        {
            **made.inputs,
            "slopes": draw_slopes(rng, network, weight.dtype.type),
            "x": rng.standard_normal((4, weight.shape[1])),
            "marks": [sign * float(rng.uniform(1, 2)), -sign * float(rng.uniform(1, 2))],
        },
    )


# The averages after each update.


def by_update(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The averages at the start and after each update."""
    training = begin(kind, inputs, device)
    seen = [arrays(training.averages())]
    for state in training.states:
        training.step(state)
        seen.append(arrays(training.averages()))
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
        in_the_text(counted=False),
        case(rng, "a linear layer", "linear"),
        case(rng, "a linear layer in float64", "linear", 4, np.float64),
        case(rng, "two layers, decay 0.99", "two layers", 5, decay=0.99),
        case(rng, "decay 0", "linear", 2, decay=0.0),
        case(rng, "decay 0.25", "linear", 2, np.float64, decay=0.25),
        case(rng, "a frozen layer", "two layers", 2, frozen=["0.weight", "0.bias"]),
        case(rng, "another copy of the network", "linear", another_copy=True),
    ]


def buffers(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text(counted=True),
        case(rng, "batch norm", "batch norm"),
        case(rng, "batch norm in float64", "batch norm", 4, np.float64),
        case(rng, "a mask and counters", "masked"),
        case(rng, "a layer in two places, a buffer that is not saved", "shared"),
    ]


# Whether averages and network leave each other alone.


def left_alone(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The averages at the start and after each update, and once the network has moved on; what
    became of the network."""
    training = begin(kind, inputs, device)
    network = training.network
    held, moved, states = [arrays(training.averages())], [], []
    devices = [device_of(training.averages())]
    for state in training.states:
        load(network, state)
        moved.append(without_graph(training.averages()))
        training.ema.update(network)
        states.append(arrays(network.state_dict()))
        held.append(arrays(training.averages()))
        devices.append(device_of(training.averages()))
    load(network, inputs["states"][0])
    moved.append(without_graph(training.averages()))
    return {
        "averages": held,
        "averages when the network has moved on": moved,
        "devices of the averages": devices,
        "network after an update": states,
        "device of the network": next(network.parameters()).device.type,
        "gradients": add_gradients(network, inputs),
        "output": outputs(network, inputs),
    }


def without_graph(averages: dict[str, torch.Tensor]) -> State:
    """The averages whose numbers can be had without detaching them from a graph."""
    return arrays({name: a for name, a in averages.items() if not a.requires_grad})


def device_of(averages: dict[str, torch.Tensor]) -> dict[str, str]:
    return {name: a.device.type for name, a in averages.items()}


def whether_apart(case: Case, made: Outputs) -> Outputs:
    first, *states = case.inputs["states"]
    found = states_in(case, made, "network after an update", len(states))
    kept = all(is_state(a, b) for a, b in zip(found, states, strict=True))
    # the gradients that there were, and as much from a backward pass
    learns = are_gradients(case, made.get("gradients"), times=2)
    return {
        "the network after an update": as_before(kept),
        "requires_grad and grad of the network's parameters": as_before(learns),
        "mode of the network": mode_of(case, made, first),
        **{what: listed(names) for what, names in ties(case, made, found[0]).items()},
    }


def ties(case: Case, made: Outputs, network: State) -> dict[str, set[str]]:
    """The averages that are tied to the network, differ from it in kind, or are none."""
    times = len(case.inputs["states"])
    held = states_in(case, made, "averages", times)
    moved = dicts_in(made, "averages when the network has moved on", times)
    devices = dicts_in(made, "devices of the averages", times)
    home = str(made.get("device of the network"))
    pairs = [(a, b, name) for a, b in zip(held, moved, strict=True) for name in network]
    return {
        "averages that no update changes": unchanging(held),
        "averages that share memory with the network": {
            name for a, b, name in pairs if name in b and not same_numbers(a[name], b[name])
        },
        "averages that carry a graph of gradients": {n for _, b, n in pairs if n not in b},
        "averages of another dtype than the network": {
            name for a, _, name in pairs if a[name].dtype != network[name].dtype
        },
        "averages on another device than the network": {
            name for where in devices for name in network if str(where.get(name)) != home
        },
    }


def apart(rng: np.random.Generator) -> list[Case]:
    return [
        watched(rng, "averages and a network in training", "two layers"),
        watched(rng, "the same in float64", "two layers", 2, np.float64),
    ]


# Whether ``copy_to`` brings a network to the averages, and leaves both as they should be.


def copied(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The averages, and what ``copy_to`` made of another network; what becomes of both when an
    optimizer that holds this network's parameters changes them, and when it is trained on."""
    training = begin(kind, inputs, device)
    *earlier, last = training.states
    for state in earlier:
        training.step(state)
    averages = arrays(training.averages())
    other = build(inputs["network"], last, device, inputs["marks"])
    held = dict(other.named_parameters())
    training.ema.copy_to(other)
    seen: Outputs = {
        "averages": averages,
        "copy": arrays(other.state_dict()),
        "network": arrays(training.network.state_dict()),
        "gradients": add_gradients(other, inputs),
    }
    with torch.no_grad():
        for name, p in held.items():
            p.add_(slope(inputs, name, p))
    seen["copy after a step"] = arrays(other.state_dict())
    load(other, last)
    seen["averages afterwards"] = arrays(training.averages())
    again = build(inputs["network"], last, device)
    training.ema.copy_to(again)
    seen["second copy"] = arrays(again.state_dict())
    seen["output"] = outputs(other, inputs)
    return seen


def what_copy_to_did(case: Case, made: Outputs) -> Outputs:
    *earlier, last = case.inputs["states"]
    names = (
        "averages",
        "copy",
        "network",
        "copy after a step",
        "averages afterwards",
        "second copy",
    )
    averages, copy, network, stepped, afterwards, second = (
        state_in(case, made.get(name)) for name in names
    )
    slopes = case.inputs["slopes"]
    moved = {name: a + slopes[name] if name in slopes else a for name, a in copy.items()}
    new = differing(stepped, moved)
    objects = "replaced by new objects" if new else "the same objects as before"
    again = listed(differing(second, averages))
    kept = all(same_numbers(a, afterwards[name]) for name, a in averages.items())
    return {
        "entries of the network that differ from the average": listed(differing(copy, averages)),
        "parameters of the network": objects,
        "requires_grad of the parameters": as_before(are_gradients(case, made.get("gradients"), 1)),
        "mode of the network": mode_of(case, made, last),
        "the network that was averaged": as_before(not differing(network, earlier[-1])),
        "the averages when that network is trained on": as_before(kept),
        "entries of the network that differ after a second copy_to": again,
    }


def into_another(rng: np.random.Generator) -> list[Case]:
    return [
        watched(rng, "into another network", "two layers"),
        watched(rng, "into another network, float64", "linear", 2, np.float64),
        watched(rng, "into a network with batch norm", "batch norm"),
    ]


EXERCISE = Exercise(
    "exponential_moving_average",
    "ExponentialMovingAverage",
    [
        Part("parameters", 2, parameters, by_update, judge_by_update),
        Part("buffers", 1, buffers, by_update, judge_by_update),
        Part("apart", 1, apart, left_alone, close, whether_apart),
        Part("copy_to", 1, into_another, copied, close, what_copy_to_did),
    ],
    on_device=True,
    minutes=35,
    difficulty=3,
)
