"""``extract_features``: what the backbone makes of pictures, computed once."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._networks import Network, draw_pictures, make_network, make_pictures, small
from ._state import alike, changed, differing, modes, snapshot, some


def case(
    rng: np.random.Generator,
    name: str,
    count: int,
    batch_size: int,
    options: dict[str, Any] | None = None,
    **more: Any,
) -> Case:
    """So many pictures, for a small network with these options."""
    options = {"dropout": 0.5, "dtype": "float64", **(options or {})}
    inputs = {"network": small(rng, **options), "pictures": draw_pictures(rng, count)}
    return Case(name, {**inputs, "batch_size": batch_size, **more})


def features_from(
    extract_features: Any, network: Network, x: Tensor, inputs: dict[str, Any]
) -> Tensor:
    """What an answer returns; raises Unusable if it is no tensor."""
    returned = extract_features(network, x, inputs["batch_size"])
    if not isinstance(returned, Tensor):
        raise Unusable("return a tensor")
    return returned


def watch_batches(network: Network) -> list[int]:
    """A list that gets the number of pictures whenever the network is shown some."""
    sizes: list[int] = []
    network._conv_stem.register_forward_hook(lambda m, args, out: sizes.append(len(args[0])))
    return sizes


# Features.


def draw_networks(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "a network in evaluation mode", 4, 4),
        case(rng, "a network in training mode", 4, 4, training=True),
        case(rng, "many features", 3, 3, {"features": 40}),
    ]


def probe_features(extract_features: Any, inputs: dict[str, Any], device: str) -> Outputs:
    network = make_network(inputs, device)
    x = make_pictures(inputs, network, device)
    features = features_from(extract_features, network, x, inputs)
    return {"features": features.detach().cpu().numpy()}


# Batches.


def draw_batches(rng: np.random.Generator) -> list[Case]:
    still = {"dropout": 0.0}
    return [
        case(rng, "a last batch that is not full", 7, 3, still),
        case(rng, "full batches", 6, 2, still),
        case(rng, "one picture at a time", 3, 1, still),
        case(rng, "a single picture", 1, 4, still),
        case(rng, "a last batch of one", 5, 4, still),
    ]


def probe_batches(extract_features: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The features, and whether no batch was too large."""
    network = make_network(inputs, device)
    x = make_pictures(inputs, network, device)
    sizes = watch_batches(network)
    features = features_from(extract_features, network, x, inputs)
    return {
        "features": features.detach().cpu().numpy(),
        "no batch is larger than batch_size": max(sizes, default=0) <= inputs["batch_size"],
    }


# State.


def draw_states(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "from training mode", 4, 2, training=True),
        case(rng, "from evaluation mode", 4, 2),
        case(rng, "a network that is partly frozen", 4, 2, frozen=["_conv_stem", "_blocks.0"]),
        case(rng, "in float32", 4, 2, {"dtype": "float32"}),
    ]


def probe_state(extract_features: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What is left behind."""
    network = make_network(inputs, device)
    x = make_pictures(inputs, network, device)
    scores = scores_of(network, x)
    network.train(inputs.get("training", False))
    sizes = watch_batches(network)
    before, mode, hooks, head = snapshot(network), modes(network), count_hooks(network), network._fc
    trained = [(n, p, p.requires_grad) for n, p in network.named_parameters()]
    features = features_from(extract_features, network, x, inputs)
    with_gradient = [n for n, p in network.named_parameters() if p.grad is not None]
    return {
        "every picture was shown to the network": sum(sizes) >= len(x),
        "the features carry a graph": features.requires_grad,
        "parameters with a gradient": some(with_gradient),
        "modules whose mode changed": some(differing(mode, modes(network))),
        "the head afterwards": "the same" if network._fc is head else "another module",
        "tensors that changed": some(changed(before, network, but=())),
        "parameters whose requires_grad changed": some(
            n for n, p, was in trained if p.requires_grad != was
        ),
        "modules with hooks that you left": some(differing(hooks, count_hooks(network))),
        "scores afterwards": "the same" if alike(scores_of(network, x), scores) else "others",
        "dtype and device": f"{features.dtype} on {features.device.type}".replace(
            device, "the device"
        ),
    }


def scores_of(network: Network, x: Tensor) -> Tensor:
    """What the network says in evaluation mode, in which it stays."""
    with torch.no_grad():
        return network.eval()(x)


def count_hooks(network: nn.Module) -> dict[str, int]:
    """How many hooks wait for the inputs and outputs of each module that has any."""
    counts = {
        n: len(m._forward_hooks) + len(m._forward_pre_hooks) for n, m in network.named_modules()
    }
    return {n: count for n, count in counts.items() if count}


EXERCISE = Exercise(
    "extract_features",
    "extract_features",
    [
        Part("features", 1, draw_networks, probe_features, close),
        Part("batches", 1, draw_batches, probe_batches, close),
        Part("state", 1, draw_states, probe_state, close),
    ],
    on_device=True,
)
