"""``replace_head``: a new last layer in the place of the old one."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.compare import RTOL, close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._networks import HEAD, REAL, Network, draw_pictures, make_network, make_pictures, small
from ._state import alike, changed, differing, modes, require_network, snapshot, some

SMALL = 1 / 4  # of the bound that torch draws within: no random start scatters as little as that


def case(rng: np.random.Generator, name: str, network: Any = None, **more: Any) -> Case:
    """A network, by default a small one with ``options`` of its own, and how many classes to have."""
    if network is None:
        sizes = {"features": int(rng.integers(16, 25)), "classes": int(rng.integers(9, 14))}
        network = small(rng, **sizes, **more.pop("options", {}))
    inputs = {"network": network, "classes": int(rng.integers(4, 9)), **more}
    return Case(name, inputs)


# The new head.


def draw_heads(rng: np.random.Generator) -> list[Case]:
    """Networks on the CPU, one excepted: what a head is there it is everywhere."""

    def head(name: str, network: Any = None, moved: bool = False, **more: Any) -> Case:
        return case(rng, name, network, pictures=draw_pictures(rng), moved=moved, **more)

    return [
        head("a small network"),
        head("another number of classes", classes=int(rng.integers(14, 20))),
        head("the network was frozen", frozen=["_"]),
        head("a network in float64", options={"dtype": "float64"}),
        head("the device", moved=True),
        head("EfficientNet-Lite0", REAL),
    ]


def probe_head(replace_head: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the new head is, where it lies, and whether the network gives its scores.

    ``moved`` says that the network was moved to the device before.
    """
    network = make_network(inputs, device if inputs["moved"] else "cpu")
    old = network._fc.weight.detach().clone()
    returned = require_network(replace_head(network, inputs["classes"]))
    head = require_linear(returned)
    on_device = {p.device for p in head.parameters()} == {old.device}
    head.to(old.device)
    outputs, size = head.weight.shape
    same_dtype = head.weight.dtype == old.dtype
    return {
        "head": f"{size} -> {outputs}, {'without' if head.bias is None else 'with'} a bias",
        "dtype of the head": "the network's" if same_dtype else str(head.weight.dtype),
        "start of the head": start_of(head, old),
        "the head trains": all(p.requires_grad for p in head.parameters()),
        "scores": scores_are(returned, head, inputs) if same_dtype else "not computed",
        "the head is on the network's device": on_device,
    }


def require_linear(network: Network) -> nn.Linear:
    """The head of a network; raises Unusable if it is no linear layer."""
    head = network._fc
    if not isinstance(head, nn.Linear):
        inside = " and ".join(type(m).__name__ for m in head.children())
        kind = type(head).__name__ + (f" of {inside}" if inside else "")
        raise Unusable(f"the head is a {kind}, not a torch.nn.Linear")
    return head


def start_of(head: nn.Linear, old: Tensor) -> str:
    """How the numbers were drawn; torch's default is uniform within 1/sqrt(inputs) of 0."""
    weight, bias = head.weight.detach(), head.bias
    bound = weight.shape[1] ** -0.5
    beyond = bound * (1 + RTOL["float32"])
    rows = min(len(weight), len(old))
    if weight.shape[1] == old.shape[1] and (weight[:rows] == old[:rows]).all():
        return "weights of the old head"
    if weight.double().std() < SMALL * bound:
        return "weights much smaller than torch's default"
    if weight.abs().max() > beyond:
        return "weights larger than torch's default"
    if bias is not None and (bias == bias[0]).all():
        return "a bias that is the same number for all classes"
    if bias is not None and bias.abs().max() > beyond:
        return "a bias larger than torch's default"
    return "torch's default"


def scores_are(network: Network, head: nn.Linear, inputs: dict[str, Any]) -> str:
    """Whether the network's scores are what the head makes of its features."""
    if inputs["network"] == REAL:
        return "not computed"  # small networks are quicker
    x = make_pictures(inputs, network, str(head.weight.device))
    network.eval()
    try:
        with torch.no_grad():
            features = network.extract_features(x).mean((2, 3))
            scores, want = network(x), nn.functional.linear(features, head.weight, head.bias)
    except RuntimeError as error:
        return f"an error: {str(error)[:80]}"
    return "what the head gives" if alike(scores, want) else "not what the head gives"


# Nothing else changes.


def draw_networks(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "a network in evaluation mode"),
        case(rng, "a network in training mode", training=True),
        case(rng, "a network that is partly frozen", frozen=["_conv_stem", "_blocks.0"]),
    ]


def probe_the_rest(replace_head: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What is no longer as it was, the head excepted."""
    network = make_network(inputs, device)
    of_old_head = list(network._fc.parameters())
    before, trains, mode = snapshot(network), trains_beside_head(network), modes(network)
    returned = require_network(replace_head(network, inputs["classes"]))
    reused = any(p is q for p in returned._fc.parameters() for q in of_old_head)
    now = trains_beside_head(returned)
    return {
        "there is a new head": not reused,
        "what is returned": "the network itself" if returned is network else "another network",
        "other tensors that changed": some(changed(before, returned)),
        "other parameters whose requires_grad changed": some(differing(trains, now)),
        "modules whose mode changed": some(differing(mode, modes(returned))),
    }


def trains_beside_head(network: nn.Module) -> dict[str, bool]:
    """Which parameters require grad, those of the head left out."""
    named = network.named_parameters()
    return {name: p.requires_grad for name, p in named if not name.startswith(HEAD)}


EXERCISE = Exercise(
    "replace_head",
    "replace_head",
    [
        Part("the new head", 1, draw_heads, probe_head, close),
        Part("nothing else changes", 1, draw_networks, probe_the_rest, close),
    ],
    on_device=True,
)
