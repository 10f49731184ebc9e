"""``extract_features``: what the backbone makes of pictures, computed once."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.compare import close, equal, form_of
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is

from . import _state
from ._networks import (
    Network,
    draw_frozen,
    draw_pictures,
    draw_seed,
    make_network,
    make_pictures,
    small,
)
from ._state import changed, modes, some, tensors_of


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
    return Case(name, {**inputs, "batch_size": batch_size, "seed": draw_seed(rng), **more})


def features_from(
    extract_features: Any, network: Network, x: Tensor, inputs: dict[str, Any]
) -> Tensor:
    """What an answer returns; raises Unusable if it is no tensor."""
    returned = extract_features(network, x, inputs["batch_size"])
    if not isinstance(returned, Tensor):
        raise Unusable(f"return one tensor, not {form_of(returned)}")
    return returned


# Features.


def in_the_text() -> Case:
    """A network whose maps are the first two channels of a picture."""
    values = np.array(
        [[[[1.0, 3.0], [5.0, 7.0]], [[0.0, 0.0], [0.0, 4.0]], [[9.0, 9.0], [9.0, 9.0]]]]
    )
    options = {"seed": 0, "features": 2, "dropout": 0.5, "dtype": "float64", "passes": True}
    more = {"pictures": {"values": values}, "batch_size": 1, "seed": 0}
    return Case("the example in the text", {"network": options, **more})


def draw_networks(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text(),
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
    marked = {"dropout": 0.0, "marks": 8}
    return [
        case(rng, "a last batch that is not full", 7, 3, marked),
        case(rng, "full batches", 6, 2, marked),
        case(rng, "one picture at a time", 3, 1, marked),
        case(rng, "a single picture", 1, 4, marked),
        case(rng, "a last batch of one", 5, 4, marked),
    ]


def probe_batches(extract_features: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The features, which bear the marks of the batches that they are from, and all batch sizes."""
    network = make_network(inputs, device)
    x = make_pictures(inputs, network, device)
    sizes: list[int] = []
    network._conv_stem.register_forward_hook(lambda m, args, out: sizes.append(len(args[0])))
    features = features_from(extract_features, network, x, inputs)
    return {"features": as_it_is(features), "sizes": sizes}


def sum_up_batches(case: Case, outputs: Outputs) -> Outputs:
    """The features without marks, and whether no batch was too large."""
    features, sizes = outputs.get("features"), outputs.get("sizes")
    if not isinstance(features, np.ndarray):
        raise _state.not_as_brought("features")
    if not isinstance(sizes, list) or not all(isinstance(size, int) for size in sizes):
        raise _state.not_as_brought("sizes")
    network = make_network(case.inputs, "cpu")
    marks = as_it_is(network._marks)
    network._marks.zero_()
    x = make_pictures(case.inputs, network, "cpu")
    with torch.no_grad():
        bare = as_it_is(network.extract_features(x).mean((2, 3)))
    if features.shape == bare.shape:
        off = np.abs(features[:, None] - bare[:, None] - marks).max(axis=2)
        nearest = off.argmin(axis=1)
        features = features - marks[nearest]
        known = equal(features, bare, "float64").all(axis=1)
        sizes = [*sizes, *(int(size) for size in nearest[known])]
    return {
        "features": features,
        "no batch is larger than batch_size": max(sizes, default=0) <= case.inputs["batch_size"],
    }


# State.


def draw_states(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "from training mode", 4, 2, training=True),
        case(rng, "from evaluation mode", 4, 2),
        case(rng, "a network that is partly frozen", 4, 2, frozen=draw_frozen(rng)),
        case(rng, "in float32", 4, 2, {"dtype": "float32"}),
    ]


def probe_state(extract_features: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What is left behind.

    Afterwards other numbers are put into the head that the network had. Scores in evaluation mode,
    and the reaction in the mode that was left, show what the network is now.
    """
    network = make_network(inputs, device)
    x = make_pictures(inputs, network, device)
    shown: list[np.ndarray] = []
    stem, head, held = network._conv_stem, network._fc, dict(network.named_parameters())
    watching = stem.register_forward_hook(lambda m, args, out: shown.append(as_it_is(out)))
    features = features_from(extract_features, network, x, inputs)
    watching.remove()
    found = {
        "shown": shown,
        "features": as_it_is(features),
        "dtype": str(features.dtype),
        "device": features.device.type,
        "asked for": device,
        "carry a graph": features.requires_grad,
        "with a gradient": [n for n, p in network.named_parameters() if p.grad is not None],
        "tensors": tensors_of(network, inputs),
        "requires grad": {name: p.requires_grad for name, p in held.items()},
        "modes": modes(network),
        "hooks": modules_with_hooks(network),
        "it is the head": network._fc is head,
    }
    return {**found, **react(network, head, x, inputs["seed"])}


def modules_with_hooks(network: nn.Module) -> list[str]:
    """The names of modules at which hooks wait for inputs and outputs."""
    return [n for n, m in network.named_modules() if m._forward_hooks or m._forward_pre_hooks]


def react(network: Network, head: nn.Linear, x: Tensor, seed: int) -> Outputs:
    """The reaction to pictures, in float64, and the scores in evaluation mode."""
    rng = np.random.default_rng(seed)
    network.double()._dropout.p = 0.0  # chance has no part in it
    with torch.no_grad():
        for parameter in head.double().parameters():
            parameter.copy_(torch.tensor(rng.standard_normal(parameter.shape)))
    left = _state.reaction(network, lambda: network(x.double()))
    with torch.no_grad():
        return {"reaction": left, "scores": as_it_is(network.eval()(x.double()))}


def sum_up_state(case: Case, outputs: Outputs) -> Outputs:
    """What is no longer as it was."""
    inputs = case.inputs
    network = make_network(inputs, "cpu")
    x = make_pictures(inputs, network, "cpu")
    left, trains = _state.flags(outputs, "modes"), _state.flags(outputs, "requires grad")
    moved = changed(tensors_of(network, inputs), _state.arrays(outputs, "tensors"))
    summary = {
        "every picture was shown to the network": all_shown(network, x, outputs.get("shown")),
        "the features carry a graph": _state.flag(outputs, "carry a graph"),
        "parameters with a gradient": some(_state.words(outputs, "with a gradient")),
        "modules whose mode changed": some(changed(modes(network), left)),
        "the head afterwards": "the same"
        if _state.flag(outputs, "it is the head")
        else "another module",
        "tensors that changed": some(moved),
        "parameters whose requires_grad changed": some(
            changed(_state.requiring_grad(network), trains)
        ),
        "modules with hooks that you left": some(_state.words(outputs, "hooks")),
    }
    _state.set_modes(network, left)
    _state.set_requiring_grad(network, trains)
    own = react(network, network._fc, x, inputs["seed"])
    same = _state.alike(outputs.get("scores"), own["scores"], "float64")
    if same:
        _state.require_reaction(outputs, "reaction", own["reaction"])
    return {
        **summary,
        "scores afterwards": "the same" if same else "others",
        "dtype and device": kind_of(outputs),
    }


def all_shown(network: Network, x: Tensor, shown: Any) -> bool:
    """Whether what came out of the first layer is what comes of every picture."""
    if not isinstance(shown, list) or not all(isinstance(maps, np.ndarray) for maps in shown):
        raise _state.not_as_brought("shown")
    with torch.no_grad():
        want = as_it_is(network._conv_stem(x))
    came = [maps for part in shown if part.shape[1:] == want.shape[1:] for maps in part]
    kind = want.dtype.name
    return all(any(equal(maps, one, kind).all() for maps in came) for one in want)


def kind_of(outputs: Outputs) -> str:
    """Where the features are, and in which dtype."""
    features, dtype = outputs.get("features"), _state.word(outputs, "dtype")
    sent_as = dtype.replace("bfloat", "float")
    if not isinstance(features, np.ndarray) or f"torch.{features.dtype.name}" != sent_as:
        raise _state.not_as_brought("features")
    where, asked_for = (_state.word(outputs, name) for name in ("device", "asked for"))
    return f"{dtype} on {'the device' if where == asked_for else where}"


EXERCISE = Exercise(
    "extract_features",
    "extract_features",
    [
        Part("features", 1, draw_networks, probe_features, close),
        Part("batches", 1, draw_batches, probe_batches, close, sum_up_batches),
        Part("state", 1, draw_states, probe_state, close, sum_up_state),
    ],
    on_device=True,
    minutes=15,
    difficulty=2,
)
