"""``freeze_backbone``: only the head trains, and batch norm stays in evaluation mode for good."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is

from . import _state
from ._networks import (
    HEAD,
    REAL,
    Network,
    draw_pictures,
    draw_seed,
    given_network,
    make_network,
    make_pictures,
    small,
)
from ._state import beside_head, changed, require_network, some, tensors_of

RATE = 0.1


def frozen(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Network:
    """The network of a case after the answer has frozen it; raises Unusable for anything else."""
    network = make_network(inputs, device)
    if require_network(freeze_backbone(network)) is not network:
        raise Unusable("change the network that you get, and return it")
    return network


# What trains.


def draw_networks(rng: np.random.Generator) -> list[Case]:
    def case(name: str, network: Any = None, frozen: tuple[str, ...] = ()) -> Case:
        network = network or small(rng, dropout=0.0, dtype="float64")
        inputs = {"network": network, "frozen": list(frozen)}
        return Case(name, {**inputs, "pictures": draw_pictures(rng), "salt": draw_seed(rng)})

    return [
        case("the example in the text, EfficientNet-Lite0", REAL),
        case("a small network"),
        case("all of it was frozen before", frozen=("_",)),
    ]


def probe_what_trains(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Outputs:
    network = frozen(freeze_backbone, inputs, device)
    found = {
        "requires grad": _state.requiring_grad(network),
        "tensors": tensors_of(network, inputs),
    }
    if inputs["network"] != REAL:  # a gradient of the real one may be four million numbers
        found["reaction"] = reaction_to_pictures(network, inputs, device)
    return found


def reaction_to_pictures(network: Network, inputs: dict[str, Any], device: str) -> Outputs:
    """How a network reacts in evaluation mode."""
    x = make_pictures(inputs, network.eval(), device)
    return _state.reaction(network, lambda: shown_to(network, x))


def sum_up_what_trains(case: Case, outputs: Outputs) -> Outputs:
    """Which parameters train; the gradients that came must be those of these."""
    network = given_network(case.inputs)
    trains = _state.flags(outputs, "requires grad")
    moved = changed(tensors_of(network, case.inputs), _state.arrays(outputs, "tensors"))
    if case.inputs["network"] != REAL and not moved:
        _state.set_requiring_grad(network, trains)
        own = reaction_to_pictures(network, case.inputs, "cpu")
        _state.require_reaction(outputs, "reaction", own)
    return {
        "parameters that train": some(sorted(name for name, does in trains.items() if does)),
        "tensors that changed": some(beside_head(moved)),
    }


# Statistics, and normalization: what becomes of a network whose mode training code sets.


def case(rng: np.random.Generator, name: str, then: list[bool], training: bool = False) -> Case:
    """A network in training or not, frozen, ``then`` set to modes one after the other, and shown pictures."""
    network = small(rng, dropout=0.0, dtype="float64")
    pictures = draw_pictures(rng, 6)
    inputs = {"network": network, "training": training, "then": then, "pictures": pictures}
    return Case(name, inputs)


def set_modes(network: Network, then: list[bool]) -> None:
    """As training code does; raises Unusable if that no longer works."""
    for training in then:
        call = "network.train()" if training else "network.eval()"
        with in_use(call, "a train method of yours must take the mode, as in train(False)"):
            network.train(training)


@contextlib.contextmanager
def in_use(call: str, advice: str) -> Iterator[None]:
    """Say of an error that what an answer made of the network can't be used, and what often helps."""
    try:
        yield
    except (
        AttributeError,
        TypeError,
    ) as error:  # what torch raises for another form; others are said as they are
        said = f"{type(error).__name__}: {error}"
        raise Unusable(f"afterwards {call} raises {said:.150}; {advice}") from error


def shown_to(network: Network, x: Tensor) -> Tensor:
    """The scores; raises Unusable if the network no longer gives any."""
    with in_use("network(x)", "a hook that is to change nothing must return None"):
        return network(x)


def draw_trainings(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "training after network.train()", [True]),
        case(rng, "training in the mode you leave it in", [], training=True),
        case(rng, "eval() and train() in turn", [True, False, True]),
    ]


def probe_statistics(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The scores in a little training, and all tensors after it."""
    network = frozen(freeze_backbone, inputs, device)
    set_modes(network, inputs["then"])
    trains = _state.requiring_grad(network)
    scores = train_a_little(network, make_pictures(inputs, network, device))
    return {"requires grad": trains, "scores": scores, "tensors": tensors_of(network, inputs)}


def train_a_little(network: Network, x: Tensor) -> np.ndarray:
    """Two steps, as training code takes them; returns the scores on the way."""
    moving = [p for p in network.parameters() if p.requires_grad]
    found = []
    for part in x.chunk(2):
        scores = shown_to(network, part)
        found.append(as_it_is(scores))
        if not moving:
            continue
        scores.square().mean().backward()
        torch.optim.SGD(moving, lr=RATE).step()
        network.zero_grad()
    return np.concatenate(found)


def sum_up_statistics(case: Case, outputs: Outputs) -> Outputs:
    """What a little training changed in the backbone.

    If nothing, then scores and head must be those that one gets by training on this backbone. Whether
    it normalizes with running statistics or with those of batches is for another part to say.
    """
    trains, after = _state.flags(outputs, "requires grad"), _state.arrays(outputs, "tensors")
    before = tensors_of(make_network(case.inputs, "cpu"), case.inputs)
    moved = beside_head(changed(before, after))
    came = {**after, "scores": outputs.get("scores")}
    if not moved and not any(
        all(_state.alike(came.get(name), array, "float64") for name, array in own.items())
        for own in (own_training(case.inputs, trains, batches) for batches in (False, True))
    ):
        raise _state.not_as_brought("scores")
    return {"tensors of the backbone that changed": some(moved)}


def own_training(inputs: dict[str, Any], trains: dict[str, bool], batches: bool) -> _state.Arrays:
    """Scores in a little training, and the head after it, where the head alone may train.

    ``batches`` says that batch norm normalizes with the statistics of batches.
    """
    network = make_network({**inputs, "training": batches}, "cpu").requires_grad_(False)
    of_head = {name: does for name, does in trains.items() if name.startswith(HEAD)}
    _state.set_requiring_grad(network, of_head)
    scores = train_a_little(network, make_pictures(inputs, network, "cpu"))
    after = tensors_of(network, inputs)
    return {"scores": scores, **{n: a for n, a in after.items() if n.startswith(HEAD)}}


def draw_forward_passes(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "scores after network.train()", [True]),
        case(rng, "scores after eval() and train()", [False, True]),
    ]


def probe_normalization(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the network says then."""
    network = frozen(freeze_backbone, inputs, device)
    set_modes(network, inputs["then"])
    with torch.no_grad():
        scores = shown_to(network, make_pictures(inputs, network, device))
    return {"scores": scores.cpu().numpy()}


EXERCISE = Exercise(
    "freeze_backbone",
    "freeze_backbone",
    [
        Part("what trains", 1, draw_networks, probe_what_trains, close, sum_up_what_trains),
        Part("statistics", 1, draw_trainings, probe_statistics, close, sum_up_statistics),
        Part("normalization", 1, draw_forward_passes, probe_normalization, close),
    ],
    on_device=True,
    minutes=25,
    difficulty=3,
)
