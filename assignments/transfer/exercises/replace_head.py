"""``replace_head``: a new last layer in the place of the old one."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.compare import RTOL, close, equal, floats
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is

from . import _state
from ._networks import (
    HEAD,
    REAL,
    Network,
    draw_frozen,
    draw_pictures,
    draw_seed,
    given_network,
    make_network,
    make_pictures,
    small,
)
from ._state import beside_head, changed, modes, require_network, some, tensors_of

SMALL = 1 / 4  # of the bound that torch draws within: no random start scatters as little as that
ROWS = 3  # of numbers that a head is tried on


def case(rng: np.random.Generator, name: str, network: Any = None, **more: Any) -> Case:
    """A network, by default a small one with ``options`` of its own, and how many classes to have."""
    if network is None:
        sizes = {"features": int(rng.integers(16, 25)), "classes": int(rng.integers(9, 14))}
        network = small(rng, **sizes, **more.pop("options", {}))
    inputs = {"network": network, "classes": int(rng.integers(4, 9)), "seed": draw_seed(rng)}
    return Case(name, {**inputs, "pictures": draw_pictures(rng), **more})


# The new head.


def draw_heads(rng: np.random.Generator) -> list[Case]:
    """Networks on the CPU, one excepted: what a head is there it is everywhere."""

    def head(name: str, network: Any = None, moved: bool = False, **more: Any) -> Case:
        return case(rng, name, network, moved=moved, **more)

    return [
        head("the example in the text, EfficientNet-Lite0", REAL, classes=6),
        head("a small network"),
        head("another number of classes", classes=int(rng.integers(14, 20))),
        head("the network was frozen", frozen=["_"]),
        head("a network in float64", options={"dtype": "float64"}),
        head("the device", moved=True),
    ]


def probe_head(replace_head: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The new head's numbers, where it lies, what the network makes of pictures, and the gradient.

    ``moved`` says that the network was moved to the device before.
    """
    network = make_network(inputs, device if inputs["moved"] else "cpu")
    old = network._fc.weight.detach().clone()
    returned = require_network(replace_head(network, inputs["classes"]))
    head = require_linear(returned)
    found = {
        "weight": as_it_is(head.weight),
        "bias": None if head.bias is None else as_it_is(head.bias),
        "dtype": str(head.weight.dtype),
        "devices": sorted({str(p.device) for p in head.parameters()}),
        "the network's": str(old.device),
    }
    head.to(old.device)
    if head.weight.dtype == old.dtype and inputs["network"] != REAL:  # small networks are quicker
        found.update(scores_of(returned, inputs, old))
    return {**found, "gradients": gradients_of(head, inputs["seed"])}


def require_linear(network: Network) -> nn.Linear:
    """The head of a network; raises Unusable if it is no linear layer."""
    head = network._fc
    if not isinstance(head, nn.Linear):
        inside = " and ".join(type(m).__name__ for m in head.children())
        kind = type(head).__name__ + (f" of {inside}" if inside else "")
        raise Unusable(f"the head is a {kind}, not a torch.nn.Linear")
    return head


def scores_of(network: Network, inputs: dict[str, Any], old: Tensor) -> Outputs:
    """Features and scores of pictures, or the error that comes in their place."""
    x = make_pictures(inputs, network, str(old.device))
    network.eval()
    try:
        with torch.no_grad():
            features, scores = network.extract_features(x).mean((2, 3)), network(x)
    except RuntimeError as error:
        return {"error": str(error)[:80]}
    return {"features": as_it_is(features), "scores": as_it_is(scores)}


def drawn_for(weight: Any, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features for a head with such a weight, and the slopes of a loss by its scores."""
    rng = np.random.default_rng(seed)
    outputs, size = weight.shape
    return rng.standard_normal((ROWS, size)), rng.standard_normal((ROWS, outputs))


def gradients_of(head: nn.Linear, seed: int) -> dict[str, np.ndarray]:
    """The gradients of those of its parameters that require grad, in float64."""
    features, slopes = (
        torch.tensor(array, device=head.weight.device) for array in drawn_for(head.weight, seed)
    )
    head.double().zero_grad()
    if any(p.requires_grad for p in head.parameters()):
        (head(features) * slopes).sum().backward()
    named = head.named_parameters()
    return {name: as_it_is(p.grad) for name, p in named if p.grad is not None}


def sum_up_head(case: Case, outputs: Outputs) -> Outputs:
    """What the new head is, where it lies, and whether the network gives its scores."""
    inputs = case.inputs
    old = given_network(inputs)._fc.weight.detach()
    weight, bias = head_of(outputs)
    dtype, devices = _state.word(outputs, "dtype"), _state.words(outputs, "devices")
    same_dtype = dtype == str(old.dtype) and weight.dtype == as_it_is(old).dtype
    computed = same_dtype and inputs["network"] != REAL
    return {
        "head": f"{weight.shape[1]} -> {len(weight)}, {'without' if bias is None else 'with'} a bias",
        "dtype of the head": "the network's" if same_dtype else dtype,
        "start of the head": start_of(weight, bias, as_it_is(old)),
        "the head trains": it_trains(weight, bias, outputs, inputs["seed"]),
        "scores": scores_are(weight, bias, outputs) if computed else "not computed",
        "the head is on the network's device": devices == [_state.word(outputs, "the network's")],
    }


def head_of(outputs: Outputs) -> tuple[np.ndarray, np.ndarray | None]:
    """The weight and the bias that came; raises Unusable if they are not those of a linear layer."""
    weight, bias = floats(outputs, "weight", (None, None)), outputs.get("bias")
    if weight.size == 0:
        raise _state.not_as_brought("weight")
    return weight, None if bias is None else floats(outputs, "bias", weight.shape[:1])


def start_of(weight: np.ndarray, bias: np.ndarray | None, old: np.ndarray) -> str:
    """How the numbers were drawn; torch's default is uniform within 1/sqrt(inputs) of 0."""
    bound = weight.shape[1] ** -0.5
    beyond = bound * (1 + RTOL["float32"])
    rows = min(len(weight), len(old))
    if weight.shape[1] == old.shape[1] and (weight[:rows] == old[:rows]).all():
        return "weights of the old head"
    if not weight.std(dtype=np.float64) >= SMALL * bound:
        return "weights much smaller than torch's default"
    if not np.abs(weight).max() <= beyond:
        return "weights larger than torch's default"
    if bias is not None and (bias == bias[0]).all():
        return "a bias that is the same number for all classes"
    if bias is not None and not np.abs(bias).max() <= beyond:
        return "a bias larger than torch's default"
    return "torch's default"


def it_trains(weight: np.ndarray, bias: np.ndarray | None, outputs: Outputs, seed: int) -> bool:
    """Whether all of the head has a gradient; raises Unusable if that is not what it should be."""
    came = _state.arrays(outputs, "gradients")
    features, slopes = drawn_for(weight, seed)
    want = {"weight": slopes.T @ features}
    if bias is not None:
        want["bias"] = slopes.sum(axis=0)
    for name, gradient in came.items():
        if name not in want or not _state.alike(gradient, want[name], "float64"):
            raise _state.not_as_brought("gradients")
    return came.keys() == want.keys()


def scores_are(weight: np.ndarray, bias: np.ndarray | None, outputs: Outputs) -> str:
    """Whether the network's scores are what the head makes of its features."""
    if isinstance(error := outputs.get("error"), str):
        return f"an error: {error[:80]}"
    features, scores = outputs.get("features"), outputs.get("scores")
    if not isinstance(features, np.ndarray) or not isinstance(scores, np.ndarray):
        raise _state.not_as_brought("scores")
    if features.ndim != 2 or features.shape[1] != weight.shape[1]:
        return "not what the head gives"
    want = features.astype(np.float64) @ weight.T.astype(np.float64)
    want = want if bias is None else want + bias
    right = scores.shape == want.shape and equal(scores, want, weight.dtype.name).all()
    return "what the head gives" if right else "not what the head gives"


# Nothing else changes.


def draw_networks(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "a network in evaluation mode"),
        case(rng, "a network in training mode", training=True),
        case(rng, "a network that is partly frozen", frozen=draw_frozen(rng)),
    ]


def probe_the_rest(replace_head: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The state of what is returned.

    Then other numbers are put into the old head, and into the first layer of the network that was
    given: they show where these are still in use.
    """
    network = make_network(inputs, device)
    x = make_pictures(inputs, network, device).double()
    old_head = list(network._fc.parameters())
    returned = require_network(replace_head(network, inputs["classes"]))
    found = {
        "it is the network": returned is network,
        "tensors": tensors_of(returned, inputs),
        "requires grad": _state.requiring_grad(returned),
        "modes": modes(returned),
    }
    put_other_numbers(network, old_head, inputs["seed"])
    found["head"] = {name: as_it_is(t) for name, t in returned._fc.state_dict().items()}
    return {**found, "reaction": pooled_reaction(returned.double(), x)}


def put_other_numbers(network: Network, head: list[Tensor], seed: int) -> None:
    first = network._conv_stem.weight
    drawn = np.random.default_rng(seed).standard_normal(1 + first.numel())
    with torch.no_grad():
        first.copy_(torch.tensor(drawn[1:]).reshape(first.shape))
        for parameter in head:
            parameter.fill_(drawn[0])


def pooled_reaction(network: Network, x: Tensor) -> Outputs:
    """How the backbone reacts in the mode that it is in."""
    return _state.reaction(network, lambda: network.extract_features(x).mean((2, 3)))


def sum_up_the_rest(case: Case, outputs: Outputs) -> Outputs:
    """What is no longer as it was, the head excepted."""
    inputs = case.inputs
    network = make_network(inputs, "cpu")
    x = make_pictures(inputs, network, "cpu").double()
    came = {name: _state.flags(outputs, name) for name in ("requires grad", "modes")}
    tensors, head = _state.arrays(outputs, "tensors"), _state.arrays(outputs, "head")
    others = beside_head(changed(tensors_of(network, inputs), tensors))
    thawed = beside_head(changed(_state.requiring_grad(network), came["requires grad"]))
    moved = changed(modes(network), came["modes"])
    it_is = _state.flag(outputs, "it is the network")
    put_other_numbers(network, [], inputs["seed"])
    if it_is and not others:
        _state.set_requiring_grad(network, came["requires grad"])
        _state.set_modes(network, came["modes"])
        _state.require_reaction(outputs, "reaction", pooled_reaction(network.double(), x))
    first = {n.removeprefix(HEAD): array for n, array in tensors.items() if n.startswith(HEAD)}
    return {
        "there is a new head": bool(head) and not changed(first, head),
        "what is returned": "the network itself" if it_is else "another network",
        "other tensors that changed": some(others),
        "other parameters whose requires_grad changed": some(thawed),
        "modules whose mode changed": some(moved),
    }


EXERCISE = Exercise(
    "replace_head",
    "replace_head",
    [
        Part("the new head", 1, draw_heads, probe_head, close, sum_up_head),
        Part("nothing else changes", 1, draw_networks, probe_the_rest, close, sum_up_the_rest),
    ],
    on_device=True,
    minutes=8,
    difficulty=1,
)
