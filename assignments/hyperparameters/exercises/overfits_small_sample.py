"""The exercise ``overfits_small_sample``: can a network learn a few examples by heart?

What is asked of a case is right or wrong by far, so that neither rounding nor a draw decides. Where
only a few weights can learn, and where a mistake is to show, the data are therefore laid out: labels
that are not balanced, or one class, one feature.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from autograder.compare import close, equal
from autograder.exercise import Case, Exercise, Outputs, Part

FEATURES, CLASSES = 6, 4
SAMPLE, STEPS = 20, 100  # the defaults that the text names


def layers(kind: str) -> list[nn.Module]:
    """The networks of the cases: some that can learn, two that cannot, one that starts at 0."""
    first, last = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES)
    linear = nn.Linear(FEATURES, CLASSES)
    if kind in ("zeros", "dead", "linear"):
        for layer in (first, last, linear):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
    if kind == "dead":
        nn.init.constant_(first.bias, -50.0)
        nn.init.normal_(last.weight)
    others: dict[str, list[nn.Module]] = {
        "dropout": [first, nn.ReLU(), nn.Dropout(0.5), last],
        "batch norm": [first, nn.BatchNorm1d(32), nn.ReLU(), last],
        "tanh": [first, nn.Tanh(), last],
        "linear": [linear],
        "normalized inputs": [nn.BatchNorm1d(FEATURES), first, nn.ReLU(), last],
    }
    return others.get(kind, [first, nn.ReLU(), last])


@dataclass
class Record:
    """What the networks made in a run were shown, in which mode, and how many examples a gradient
    was asked for."""

    shown: list[int] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    learned: list[int] = field(default_factory=list)

    def __deepcopy__(self, memo: Any) -> "Record":
        return self  # a copy of a network goes on writing it


class Network(nn.Sequential):
    """Writes a record."""

    def __init__(self, kind: str, record: Record) -> None:
        super().__init__(*layers(kind))
        self.record = record

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        count = len(batch)
        self.record.shown.append(count)
        self.record.modes.append("training" if self.training else "evaluation")
        scores = super().forward(batch)
        if scores.requires_grad:
            scores.register_hook(lambda gradient: self.record.learned.append(count))
        return scores


def probe(overfits_small_sample: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The answer, what the network was shown, and what became of its loss."""
    x = torch.tensor(inputs["x"], device=device)
    y = torch.tensor(inputs["y"], device=device)
    record = Record()
    made: list[Network] = []
    starts: list[dict[str, torch.Tensor]] = []

    def make_model() -> Network:
        network = Network(inputs["network"], record).to(device=device, dtype=x.dtype)
        made.append(network)
        starts.append({k: v.clone() for k, v in network.state_dict().items()})
        return network

    torch.manual_seed(inputs["seed"])
    options = {name: inputs[name] for name in ("sample", "steps", "lr") if name in inputs}
    answer = overfits_small_sample(make_model, x, y, **options)
    sample = min(inputs.get("sample", SAMPLE), len(x))
    too_many = len(record.learned) > inputs.get("steps", STEPS) + 1  # one more is no harm
    kind = type(answer).__name__
    seen: Outputs = {
        "answer": f"the bool {answer}" if isinstance(answer, bool) else f"a {kind}, no bool",
        "most examples the network saw at once": max(record.shown, default=0),
        "fewest examples in a step": min(record.learned, default=sample),
        "mode in which the network was last used": (record.modes or ["none"])[-1],
        "networks made": len(made),
        "more steps than asked for": "yes" if too_many else "no",
    }
    if made:
        change = change_of_loss(made[0], starts[0], x[:sample], y[:sample])
        seen["what training did to the network's loss"] = change
    return seen


def change_of_loss(
    network: Network, start: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> str:
    """Whether the loss of the trained network is lower, higher or the same as at its start."""
    after = loss_of(network, x, y)
    network.load_state_dict(start)
    before = loss_of(network, x, y)
    if equal(after, before, "float32").all():
        return "nothing"
    return "lowered it" if after < before else "raised it"


def loss_of(network: Network, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    network.eval()
    with torch.no_grad():
        return np.asarray(cross_entropy(network(x), y).item())


# The data of the cases: inputs (count, FEATURES) and labels.

Data = tuple[np.ndarray, np.ndarray]


def at_random(rng: np.random.Generator, count: int = 60) -> Data:
    return rng.standard_normal((count, FEATURES)), rng.integers(CLASSES, size=count)


def clusters(rng: np.random.Generator, count: int = 60, center: float = 0.0) -> Data:
    """One class, one feature; among the first 4 n examples each class has n."""
    y = np.concatenate([rng.permutation(CLASSES) for _ in range(count // CLASSES + 1)])[:count]
    x = center + 0.1 * rng.standard_normal((count, FEATURES))
    x[np.arange(count), y] += 3
    return x, y


def unbalanced(rng: np.random.Generator) -> Data:
    """Labels that a constant prediction fits better than an even one: all that a bias can learn."""
    x, y = at_random(rng)
    y[:SAMPLE] = rng.permutation(np.repeat(rng.permutation(CLASSES), (11, 4, 3, 2)))
    return x, y


def turned(data: Data) -> Data:
    """The last examples are the first with other labels: who learns those unlearns these."""
    x, y = data
    x[-SAMPLE:], y[-SAMPLE:] = x[:SAMPLE], (y[:SAMPLE] + 1) % CLASSES
    return x, y


def contradicted(data: Data, one: int, other: int) -> Data:
    """Two equal inputs with two labels."""
    x, y = data
    x[other], y[other] = x[one], (y[one] + 1) % CLASSES
    return x, y


def case(
    rng: np.random.Generator,
    name: str,
    network: str,
    data: Data,
    dtype: str = "float32",
    **more: Any,
) -> Case:
    x, y = data
    seed = int(rng.integers(2**31))
    return Case(name, {"x": x.astype(dtype), "y": y, "network": network, "seed": seed, **more})


def sound_networks(rng: np.random.Generator) -> list[Case]:
    """The last three tell apart: right answers and a small loss; training and evaluation mode, long
    before the running means have come as far as the inputs; gradients set to zero and kept, where
    what is kept carries the weights far beyond what fits."""
    quick: dict[str, Any] = {"steps": 40, "lr": 0.05}
    few_steps, far = clusters(rng), "inputs whose mean is far from 0"
    return [
        case(rng, "a small network", "mlp", turned(at_random(rng))),
        case(rng, "a network in float64", "tanh", at_random(rng), "float64", **quick),
        case(rng, "a network with batch norm", "batch norm", at_random(rng), **quick),
        case(
            rng, "a network with dropout", "dropout", at_random(rng), sample=8, steps=100, lr=0.05
        ),
        case(rng, "few steps, far from a loss of 0", "linear", few_steps, steps=10, lr=0.01),
        case(
            rng,
            "a network that normalizes its inputs",
            "normalized inputs",
            clusters(rng, center=100.0),
            steps=100,
            lr=0.05,
        ),
        case(rng, far, "linear", clusters(rng, center=5.0), steps=80, lr=0.05),
    ]


def broken_networks(rng: np.random.Generator) -> list[Case]:
    """Those of which the last bias alone can learn, and one that does not move."""
    return [
        case(rng, "all weights start at 0", "zeros", turned(unbalanced(rng)), steps=30),
        case(rng, "a dead hidden layer", "dead", turned(unbalanced(rng)), steps=30),
        case(rng, "a learning rate of 0", "mlp", at_random(rng), steps=10, lr=0.0),
    ]


def the_sample(rng: np.random.Generator) -> list[Case]:
    """Labels that contradict each other inside and outside the sample."""
    data = clusters(rng)

    def of(name: str, data: Data, **more: Any) -> Case:
        return case(rng, name, "linear", data, steps=30, lr=0.05, **more)

    inside, last, after = (contradicted(clusters(rng), *pair) for pair in ((3, 11), (2, 7), (2, 8)))
    return [
        of("two equal inputs, two labels", inside),
        of("contradictions outside the sample", turned(data)),
        of("a contradiction at the last example", last, sample=8),
        of("a contradiction after the last example", after, sample=8),
        of("fewer examples than asked for", clusters(rng, 9)),
    ]


EXERCISE = Exercise(
    "overfits_small_sample",
    "overfits_small_sample",
    [
        Part("sound networks", 2, sound_networks, probe, close),
        Part("broken networks", 1, broken_networks, probe, close),
        Part("the sample", 2, the_sample, probe, close),
    ],
    on_device=True,
)
