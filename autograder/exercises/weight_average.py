"""A running average of a network's weights: ``ExponentialMovingAverage``, on any device.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.judge import close, difference, tolerance, unusable

# The networks of the cases: for each name the shape of an entry, and its kind.
NETWORKS: dict[str, dict[str, tuple[tuple[int, ...], str]]] = {
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


def _network(kind: str, state: dict[str, np.ndarray], device: str) -> Any:
    """A network with these weights and buffers, in the dtype of its weights."""
    import torch
    from torch import nn

    if kind == "masked":

        class Masked(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.zeros(2, 2))
                self.register_buffer("scale", torch.zeros(2))
                self.register_buffer("mask", torch.zeros(2, 2, dtype=torch.bool))
                self.register_buffer("seen", torch.zeros(3, dtype=torch.int64))

        network = Masked()
    elif kind == "shared":

        class Shared(nn.Module):
            """A layer that stands in two places, and a buffer that is not saved."""

            def __init__(self):
                super().__init__()
                self.first = self.second = nn.Linear(2, 2)
                self.register_buffer("scale", torch.zeros(2))
                self.register_buffer("scratch", torch.zeros(3), persistent=False)

        network = Shared()
    else:
        network = {
            "linear": lambda: nn.Linear(3, 2),
            "two layers": lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)),
            "batch norm": lambda: nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)),
        }[kind]()
    dtype = next(torch.tensor(a).dtype for a in state.values())
    network = network.to(device=device, dtype=dtype)
    _load(network, state)
    return network


def _load(network: Any, state: dict[str, np.ndarray]) -> None:
    """Change the network's entries in place, as an optimizer and batch norm do."""
    import torch

    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            tensor.copy_(torch.tensor(state[name]))


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy().copy()


# Probe.


def run_average(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Build the average on the first state, update it with the others, and look at what a case asks."""
    import torch

    first, *states = inputs["states"]
    network = _network(inputs["network"], first, device)
    for name in inputs["frozen"]:
        network.get_parameter(name).requires_grad_(False)
    for p in network.parameters():
        p.grad = torch.ones_like(p)
    ema = kind(network, inputs["decay"])
    names = list(first)
    if inputs["look at"] in ("averages", "averages of a copy"):
        if inputs["look at"] == "averages of a copy":
            network = _network(inputs["network"], first, device)
        return _averages(ema, network, states, names)
    return {"apart": _apart, "copy": _copied}[inputs["look at"]](
        ema, network, states, names, inputs["network"], device
    )


def _objection(ema: Any, names: list[str]) -> str | None:
    """What is wrong with the attribute ``average``."""
    average = ema.average
    if not isinstance(average, dict):
        return f"average must be a dict, not a value of type {type(average).__name__}"
    for name in names:
        if name not in average:
            return f"average lacks {name!r}, a name in model.state_dict()"
        if not hasattr(average[name], "detach"):
            return f"average[{name!r}] must be a tensor"
    for name in average:
        if name not in names:
            return f"average holds {name!r}, which is no name in model.state_dict()"
    return None


def _averages(ema: Any, network: Any, states: list, names: list[str]) -> Outputs:
    """The averages at the start and after each update."""
    seen: dict[str, list] = {name: [] for name in names}
    for state in [None, *states]:
        if state is not None:
            _load(network, state)
            ema.update(network)
        if (objection := _objection(ema, names)) is not None:
            return {"unusable": objection}
        for name in names:
            seen[name].append(_array(ema.average[name]))
    same = all(len({v.shape for v in values}) == 1 for values in seen.values())
    if not same:
        return {"unusable": "an average must keep the shape of what it averages"}
    return {f"average[{name!r}]": np.stack(values) for name, values in seen.items()}


def _apart(
    ema: Any, network: Any, states: list, names: list[str], kind: str, device: str
) -> Outputs:
    """Whether averages and network leave each other alone."""
    wrong: dict[str, set[str]] = {"share": set(), "graph": set(), "dtype": set(), "device": set()}
    kept = True
    for state in [None, *states]:
        if state is not None:
            _load(network, state)
            ema.update(network)
            kept &= all(
                np.array_equal(_array(t), np.asarray(state[name], dtype=_array(t).dtype))
                for name, t in network.state_dict().items()
            )
        if (objection := _objection(ema, names)) is not None:
            return {"unusable": objection}
        own = {t.untyped_storage().data_ptr() for t in network.state_dict().values()}
        for name, t in network.state_dict().items():
            average = ema.average[name]
            checks = {
                "share": average.untyped_storage().data_ptr() in own,
                "graph": average.requires_grad,
                "dtype": average.dtype != t.dtype,
                "device": average.device != t.device,
            }
            for what, holds in checks.items():
                if holds:
                    wrong[what].add(name)
    grads = all(
        p.requires_grad and p.grad is not None and bool((p.grad == 1).all())
        for p in network.parameters()
    )
    return {
        "the network after an update": "as before" if kept else "changed",
        "requires_grad and grad of its parameters": "as before" if grads else "changed",
        "its mode": _mode(network),
        "averages that share memory with it": _listed(wrong["share"]),
        "averages that carry a graph of gradients": _listed(wrong["graph"]),
        "averages of another dtype than the network": _listed(wrong["dtype"]),
        "averages on another device than the network": _listed(wrong["device"]),
    }


def _mode(network: Any) -> str:
    return "training" if network.training else "evaluation"


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _copied(
    ema: Any, network: Any, states: list, names: list[str], kind: str, device: str
) -> Outputs:
    """Whether ``copy_to`` brings a network to the averages, and leaves both as they should be."""
    import torch

    *earlier, last = states
    for state in earlier:
        _load(network, state)
        ema.update(network)
    if (objection := _objection(ema, names)) is not None:
        return {"unusable": objection}
    before = {name: _array(ema.average[name]) for name in names}
    other = _network(kind, last, device)
    parameters = list(other.parameters())
    ema.copy_to(other)
    seen: Outputs = {
        "entries that differ from the average": _different(other, before),
        "parameters": "the same objects as before"
        if all(a is b for a, b in zip(parameters, other.parameters(), strict=True))
        else "replaced by new objects",
        "requires_grad of the parameters": "as before"
        if all(p.requires_grad and p.is_leaf for p in other.parameters())
        else "changed",
        "its mode": _mode(other),
        "the network that was averaged": "as before"
        if not earlier or _different(network, earlier[-1]) == "none"
        else "changed",
    }
    with torch.no_grad():  # the network is trained on
        _load(other, last)
    after = {name: _array(ema.average[name]) for name in names}
    kept = all(np.array_equal(before[name], after[name]) for name in names)
    seen["the averages when that network is trained on"] = "as before" if kept else "changed"
    again = _network(kind, last, device)
    ema.copy_to(again)
    seen["entries that differ after a second copy_to"] = _different(again, before)
    return seen


def _different(network: Any, state: dict[str, np.ndarray]) -> str:
    """The entries of the network that are not those of a state."""
    return _listed(
        {
            name
            for name, t in network.state_dict().items()
            if not np.allclose(_array(t), state[name], rtol=1e-5, atol=1e-7)
        }
    )


def judge_average(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Averages update by update, the first wrong one of each entry; all else as ``close``."""
    if case.inputs["look at"] in ("apart", "copy"):
        return close(case, outputs, expected)
    if (objection := unusable(outputs, expected)) is not None:
        return objection
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


# Cases.


def average_cases(rng: np.random.Generator) -> list[Case]:
    """States of a network, drawn anew for each update."""

    def entry(shape: tuple[int, ...], kind: str, step: int, dtype: type) -> np.ndarray:
        if kind == "count":
            return np.asarray(10 * step + rng.integers(1, 8, shape), dtype=np.int64)
        if kind == "boolean":
            return rng.random(shape) < 0.5
        drawn = rng.standard_normal(shape)
        return np.asarray(np.abs(drawn) + 0.2 if kind == "positive" else drawn, dtype=dtype)

    def case(name: str, part: str, network: str, updates=3, dtype=np.float32, **more) -> Case:
        states = [
            {n: entry(shape, kind, step, dtype) for n, (shape, kind) in NETWORKS[network].items()}
            for step in range(updates + 1)
        ]
        decay = round(float(rng.uniform(0.6, 0.9)), 3)
        inputs = {"network": network, "states": states, "decay": decay, "frozen": [], **more}
        if network == "shared":
            for state in states:
                state |= {n.replace("first", "second"): a for n, a in state.items() if "first" in n}
        return Case(name, part, {"look at": "averages", **inputs})

    parameters, buffers, apart, copy = "parameters", "buffers", "apart", "copy_to"
    look_apart, look_copy = {"look at": "apart"}, {"look at": "copy"}
    look_elsewhere = {"look at": "averages of a copy"}
    return [
        case("a linear layer", parameters, "linear"),
        case("a linear layer in float64", parameters, "linear", 4, np.float64),
        case("two layers, decay 0.99", parameters, "two layers", 5, decay=0.99),
        case("decay 0", parameters, "linear", 2, decay=0.0),
        case("decay 0.25", parameters, "linear", 2, np.float64, decay=0.25),
        case("a frozen layer", parameters, "two layers", 2, frozen=["0.weight", "0.bias"]),
        case("another copy of the network", parameters, "linear", **look_elsewhere),
        case("batch norm", buffers, "batch norm"),
        case("batch norm in float64", buffers, "batch norm", 4, np.float64),
        case("a mask and counters", buffers, "masked"),
        case("a layer in two places, a buffer that is not saved", buffers, "shared"),
        case("averages and a network in training", apart, "two layers", **look_apart),
        case("the same in float64", apart, "two layers", 2, np.float64, **look_apart),
        case("into another network", copy, "two layers", **look_copy),
        case("into another network, float64", copy, "linear", 2, np.float64, **look_copy),
        case("into a network with batch norm", copy, "batch norm", **look_copy),
    ]


EXPONENTIAL_MOVING_AVERAGE = Exercise(
    "exponential_moving_average",
    "ExponentialMovingAverage",
    {"parameters": 2, "buffers": 1, "apart": 1, "copy_to": 1},
    average_cases,
    run_average,
    judge_average,
    on_device=True,
)
