"""``freeze_backbone``: only the head trains, and batch norm stays in evaluation mode for good."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._networks import REAL, Network, draw_pictures, make_network, make_pictures, small
from ._state import changed, require_network, requiring_grad, snapshot, some


def frozen(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> tuple[Network, dict]:
    """The network of a case after the answer has frozen it, and a snapshot from before.

    Raises Unusable if the answer returns anything else.
    """
    network = make_network(inputs, device)
    before = snapshot(network)
    if require_network(freeze_backbone(network)) is not network:
        raise Unusable("change the network that you get, and return it")
    return network, before


# What trains.


def draw_networks(rng: np.random.Generator) -> list[Case]:
    def case(name: str, network: Any = None, frozen: tuple[str, ...] = ()) -> Case:
        network = network or small(rng, dropout=0.0, dtype="float64")
        return Case(name, {"network": network, "frozen": list(frozen)})

    return [
        case("a small network"),
        case("all of it was frozen before", frozen=("_",)),
        case("EfficientNet-Lite0", REAL),
    ]


def probe_what_trains(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Outputs:
    network, before = frozen(freeze_backbone, inputs, device)
    return {
        "parameters that train": some(requiring_grad(network)),
        "tensors that changed": some(changed(before, network)),
    }


# Statistics, and normalization: what becomes of a network whose mode training code sets.


def case(
    rng: np.random.Generator, name: str, then: list[str], training: bool = False, **options: Any
) -> Case:
    """A network of a mode, frozen, then set to modes, one after the other, and shown pictures."""
    network = small(rng, dropout=0.0, **options)
    pictures = draw_pictures(rng, 6)
    inputs = {"network": network, "training": training, "then": then, "pictures": pictures}
    return Case(name, inputs)


def set_modes(network: Network, then: list[str]) -> None:
    for mode in then:
        network.train(mode == "train")


def draw_trainings(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "training after network.train()", ["train"]),
        case(rng, "training in the mode you leave it in", [], training=True),
        case(rng, "eval() and train() in turn", ["train", "eval", "train"]),
    ]


def probe_statistics(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What a little training changes."""
    network, before = frozen(freeze_backbone, inputs, device)
    set_modes(network, inputs["then"])
    train_a_little(network, make_pictures(inputs, network, device))
    return {"tensors of the backbone that changed": some(changed(before, network))}


def train_a_little(network: Network, x: Tensor) -> None:
    """Two steps, as training code takes them."""
    moving = [p for p in network.parameters() if p.requires_grad]
    for part in x.chunk(2):
        scores = network(part)
        if not moving:
            continue
        scores.square().mean().backward()
        torch.optim.SGD(moving, lr=0.1).step()
        network.zero_grad()


def draw_forward_passes(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "scores after network.train()", ["train"], dtype="float64"),
        case(rng, "scores after eval() and train()", ["eval", "train"], dtype="float64"),
    ]


def probe_normalization(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the network says then."""
    network, _ = frozen(freeze_backbone, inputs, device)
    set_modes(network, inputs["then"])
    with torch.no_grad():
        return {"scores": network(make_pictures(inputs, network, device)).cpu().numpy()}


EXERCISE = Exercise(
    "freeze_backbone",
    "freeze_backbone",
    [
        Part("what trains", 1, draw_networks, probe_what_trains, close),
        Part("statistics", 1, draw_trainings, probe_statistics, close),
        Part("normalization", 1, draw_forward_passes, probe_normalization, close),
    ],
    on_device=True,
)
