"""Can a network overfit a few examples? ``overfits_small_sample``, on any device.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.judge import close

FEATURES, CLASSES = 6, 4


def _layers(kind: str) -> list:
    """The networks of the cases: six that can learn, two that cannot."""
    from torch import nn

    first, last = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES)
    linear = nn.Linear(FEATURES, CLASSES)
    if kind in ("zeros", "dead", "linear"):
        for layer in (first, last, linear):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
    if kind == "dead":
        nn.init.constant_(first.bias, -50.0)
        nn.init.normal_(last.weight)
    return {
        "dropout": [first, nn.ReLU(), nn.Dropout(0.5), last],
        "batch norm": [first, nn.BatchNorm1d(32), nn.ReLU(), last],
        "tanh": [first, nn.Tanh(), last],
        "linear": [linear],
        "normalized inputs": [nn.BatchNorm1d(FEATURES), first, nn.ReLU(), last],
    }.get(kind, [first, nn.ReLU(), last])


def run_overfits(overfits_small_sample: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The answer, what the network was shown, and what became of its loss."""
    import torch

    x = torch.tensor(inputs["x"], device=device)
    y = torch.tensor(inputs["y"], device=device)
    shown: list[int] = []
    modes: list[str] = ["none"]
    made: list[Any] = []
    learned: list[int] = []
    first: dict[str, Any] = {}

    class Network(torch.nn.Sequential):
        def forward(self, batch):
            shown.append(len(batch))
            modes.append("training" if self.training else "evaluation")
            scores = super().forward(batch)
            if scores.requires_grad:
                scores.register_hook(lambda gradient: learned.append(len(batch)))
            return scores

    def make_model():
        network = Network(*_layers(inputs["network"])).to(device=device, dtype=x.dtype)
        if not made:
            first.update({k: v.clone() for k, v in network.state_dict().items()})
        made.append(network)
        return network

    torch.manual_seed(inputs["seed"])
    options = {name: inputs[name] for name in ("sample", "steps", "lr") if name in inputs}
    answer = overfits_small_sample(make_model, x, y, **options)
    count = inputs.get("sample", 20)
    seen: Outputs = {
        "answer": f"the bool {answer}"
        if isinstance(answer, bool)
        else f"a {type(answer).__name__}, no bool",
        "most examples the network saw at once": max(shown, default=0),
        "fewest examples in a step": min(learned, default=min(count, len(x))),
        "mode in which the network was last used": modes[-1],
        "networks made": len(made),
        "more steps than asked for": "yes"
        if len(learned) > inputs.get("steps", 100) + 1  # one more is no harm
        else "no",
    }
    if made:
        seen["what training did to the network's loss"] = _change(
            made[0], first, x[:count], y[:count]
        )
    return seen


def _change(network: Any, before: dict, x: Any, y: Any) -> str:
    """Whether the loss of the trained network is lower, higher or the same as at its start."""
    import torch

    def loss() -> float:
        network.eval()
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(network(x), y).item()

    after = loss()
    network.load_state_dict(before)
    change = after - loss()
    return "nothing" if abs(change) < 1e-6 else "lowered it" if change < 0 else "raised it"


def overfits_cases(rng: np.random.Generator) -> list[Case]:
    """Sound and broken networks; labels that contradict each other inside and outside the sample."""

    def case(
        name: str, part: str, network="mlp", count=60, dtype="float32", center=0.0, **more
    ) -> Case:
        x = (center + rng.standard_normal((count, FEATURES))).astype(dtype)
        y = rng.integers(CLASSES, size=count)
        return Case(
            name,
            part,
            {"x": x, "y": y, "network": network, "seed": int(rng.integers(2**31)), **more},
        )

    def contradict(made: Case, *pairs: tuple[int, int]) -> Case:
        x, y = made.inputs["x"], made.inputs["y"]
        for one, other in pairs:
            x[other] = x[one]
            y[other] = (y[one] + 1) % CLASSES
        return made

    def easy(made: Case) -> Case:
        """One class, one feature: all is right after a step or two, at a loss that is still large."""
        x, y = made.inputs["x"], made.inputs["y"]
        x *= 0.1
        x[np.arange(len(y)), y] += 3
        return made

    beyond = [(0, 30), (1, 31), (2, 32), (40, 41), (42, 43)]
    quick = {"steps": 40, "lr": 0.05}
    return [
        case("a small network", "sound networks"),
        case("a network in float64", "sound networks", "tanh", dtype="float64", **quick),
        case("a network with batch norm", "sound networks", "batch norm", **quick),
        case("a network with dropout", "sound networks", "dropout", sample=8, steps=100, lr=0.05),
        easy(
            case("few steps, far from a loss of 0", "sound networks", "linear", steps=10, lr=0.01)
        ),
        # Right in training mode long before the running means have come as far as the inputs.
        case(
            "a network that normalizes its inputs",
            "sound networks",
            "normalized inputs",
            center=30.0,
            steps=100,
            lr=0.05,
        ),
        case("all weights start at 0", "broken networks", "zeros", steps=30),
        case("a dead hidden layer", "broken networks", "dead", steps=30),
        case("a learning rate of 0", "broken networks", steps=10, lr=0.0),
        contradict(case("two equal inputs, two labels", "the sample", **quick), (3, 11)),
        contradict(case("contradictions outside the sample", "the sample", **quick), *beyond),
        contradict(
            case("a contradiction at the last example", "the sample", sample=8, **quick), (2, 7)
        ),
        contradict(
            case("a contradiction after the last example", "the sample", sample=8, **quick), (2, 8)
        ),
        case("fewer examples than asked for", "the sample", count=9, **quick),
    ]


OVERFITS_SMALL_SAMPLE = Exercise(
    "overfits_small_sample",
    "overfits_small_sample",
    {"sound networks": 2, "broken networks": 1, "the sample": 2},
    overfits_cases,
    run_overfits,
    close,
    on_device=True,
)
