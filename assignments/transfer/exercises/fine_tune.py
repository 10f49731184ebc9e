"""``fine_tune``: a classifier from ten pictures a class, on the real network."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.compare import close, floats
from autograder.exercise import SEEN, Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is
from lab import pretrained
from lab.pictures import CLASSES, Pictures

from . import _pictures, _state, _training
from ._networks import REAL, Network, draw_seed, given_network, make_network, small
from ._state import beside_head, changed, not_as_brought, require_network, tensors_of
from ._training import optimizers_watched

LEAST = 0.6  # of the pictures are to be named right
MOST = 0.3  # mean loss on the training pictures: one step of an optimizer is not enough for that
SURE = 0.67  # mean probability of the answers of a network that is sure of itself
FEW = 0.7  # of the classes: a network that names no more of them knows few
SECONDS = 20.0
BATCH = 32
ENOUGH = "enough pictures are named right, and those that it was trained on are learned"
UNSURE = (
    "; even of the pictures that it was trained on the network is not sure: was this head trained, "
    "on scores, for enough steps and at a rate that is not too small?"
)
HINT = "hint"  # helps to name a mistake, never to judge an answer


def tuned(fine_tune: Any, network: Network, x: Tensor, y: Tensor) -> Network:
    """The network that an answer returns; raises Unusable if it is none."""
    y = y.to(x.device)
    return require_network(fine_tune(network, x, y, int(y.max()) + 1))


def scores_of(network: Network, x: Tensor) -> Tensor:
    """What the network says of prepared pictures; raises Unusable if that is no row for each."""
    x = x.contiguous(memory_format=torch.channels_last)  # convolutions take two thirds of the time
    with torch.no_grad():
        scores = torch.cat([network(part) for part in x.split(BATCH)]).double().cpu()
    if scores.ndim != 2 or scores.shape[1] < 1:
        raise Unusable("the network does not give a row of scores for each picture")
    return scores


# Accuracy: the real network is asked about pictures that it was not trained on, and about those
# that it was. The first alone would leave it to the head's first weights whether a single step does.


@dataclass(frozen=True, repr=False)
class Measured:
    """How a network does, for the message. No key holds the values, which may be others on another
    machine: by a picture, or by many where rounding decides what becomes of a network."""

    right: float
    loss: float

    def __repr__(self) -> str:
        return "how it does"

    def falls_short(self, asked: int, least: float) -> list[str]:
        """In which respects this is not enough."""
        said = []
        if self.right < least:
            share = f"{self.right:.0%} of {asked} pictures are named right"
            said.append(f"{share}; at least {least:.0%} should be")
        if not self.loss <= MOST:
            loss = f"the mean loss on the training pictures is {self.loss:.2f}"
            said.append(f"{loss}; at most {MOST} should remain")
        return said


def accuracy_case(rng: np.random.Generator, held_out: Pictures | None = None) -> Case:
    """The validation pictures are asked about, or held-out ones, which then travel with the case."""
    order = [int(i) for i in rng.permutation(len(CLASSES))]
    inputs: dict[str, Any] = {"network": REAL, "order": order, "salt": draw_seed(rng)}
    x, y = _pictures.in_order(held_out or _pictures.validation(), order)
    if held_out is not None:
        mixed = rng.permutation(len(y))  # or the place of a picture would give its class away
        inputs["x"], y = x[mixed].numpy(), y[mixed]
    return Case("ten pictures of each class", inputs, {"y": y.tolist(), "least": LEAST})


def draw_validation(rng: np.random.Generator) -> list[Case]:
    return [accuracy_case(rng)]


def probe_accuracy(fine_tune: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The scores of the pictures that are asked about, and of those that it was trained on."""
    network = make_network(inputs, device)
    x, y = _pictures.in_order(_pictures.training(), inputs["order"])
    x = pretrained.prepare(x).to(device)
    with optimizers_watched() as steps, _training.pictures_shown(network) as shown:
        returned = tuned(fine_tune, network, x, y)
    if "x" in inputs:
        asked = torch.tensor(inputs["x"])
    else:
        asked, _ = _pictures.in_order(_pictures.validation(), inputs["order"])
    tensors = tensors_of(returned, inputs)
    returned.eval()
    return {
        "scores": as_it_is(scores_of(returned, pretrained.prepare(asked).to(device))),
        "known": as_it_is(scores_of(returned, x)),
        "tensors": tensors,
        SEEN: _training.observed(steps, returned, shown, x),
    }


def sum_up_accuracy(case: Case, outputs: Outputs) -> Outputs:
    """Whether enough is right, by the labels, of which the probe has those that it trains on."""
    scores, known = table(outputs, "scores"), table(outputs, "known")
    predictions, y = scores.argmax(axis=1), np.asarray(case.withheld["y"])
    if predictions.shape != y.shape:
        raise not_as_brought("scores")
    measured = Measured(float((predictions == y).mean()), mean_loss(case, known))
    before = tensors_of(given_network(case.inputs), case.inputs)
    moved = kinds(beside_head(changed(before, _state.arrays(outputs, "tensors"))))
    seen = outputs.get(SEEN)
    how = _training.BY_A_DRAW if _training.single_step(seen) else manner(torch.tensor(known))
    return {
        ENOUGH: not measured.falls_short(len(y), case.withheld["least"]),
        "how it does": measured,
        HINT: f"{moved} changed, {how}",
        SEEN: _training.facts(case, seen, known),
    }


def table(outputs: Outputs, name: str) -> np.ndarray:
    """The rows of scores that a probe brought home; raises Unusable for all else."""
    found = floats(outputs, name, (None, None))
    if found.size == 0:
        raise not_as_brought(name)
    return found


def mean_loss(case: Case, known: np.ndarray) -> float:
    """The mean cross-entropy of the scores of the training pictures."""
    _, y = _pictures.in_order(_pictures.training(), case.inputs["order"])
    if len(known) != len(y):
        raise not_as_brought("known")
    if (few := known.shape[1]) <= int(y.max()):
        raise Unusable(
            f"the head scores {few} class{'es' * (few > 1)}, where there are {int(y.max()) + 1}"
        )
    return float(torch.nn.functional.cross_entropy(torch.tensor(known), y))


def kinds(names: list[str]) -> str:
    """Which kinds of tensors these are."""
    statistics = [
        n for n in names if n.endswith(("running_mean", "running_var", "batches_tracked"))
    ]
    found = [("parameters", len(names) > len(statistics)), ("statistics", bool(statistics))]
    return " and ".join(kind for kind, there in found if there) or "nothing"


def manner(scores: Tensor) -> str:
    """How the network answers: sure of itself or not, and whether it knows few classes only."""
    sure = scores.softmax(1).amax(1).mean()
    if not sure > SURE:
        return "unsure"
    few = len(scores.argmax(1).unique()) <= FEW * scores.shape[1]
    return "sure, few classes" if few else "sure"


def judge_accuracy(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Of a right answer nothing is asked but how it does; wrong ones differ in how they came."""
    enough = outputs[ENOUGH]
    if enough == expected.get(ENOUGH):
        alike = enough or outputs.get(HINT) == expected.get(HINT)
        return [] if alike else ["this went another way"]
    said = outputs["how it does"].falls_short(len(case.withheld["y"]), case.withheld["least"])
    unsure = UNSURE if str(outputs.get(HINT)).endswith("unsure") else ""
    return [f"{'; '.join(said)}{unsure}" or "this went another way"]


# Frozen backbone; optimizer, head and mode: on small networks and random pictures.


def small_case(rng: np.random.Generator, name: str, classes: int, training: bool = False) -> Case:
    network = small(rng, features=12, classes=9)
    inputs = {"network": network, "classes": classes, "training": training}
    return Case(name, {**inputs, "seed": draw_seed(rng)})


def random_set(inputs: dict[str, Any], device: str) -> tuple[Tensor, Tensor]:
    """Prepared random pictures, four of each class, and their labels."""
    rng = np.random.default_rng(inputs["seed"])
    y = torch.arange(inputs["classes"]).repeat_interleave(4)
    pixels = rng.integers(256, size=(len(y), 3, 16, 16)).astype(np.uint8)
    return pretrained.prepare(torch.tensor(pixels)).to(device), y


def draw_backbones(rng: np.random.Generator) -> list[Case]:
    return [
        small_case(rng, "a small network", 4),
        small_case(rng, "a small network in training mode", 3, training=True),
    ]


def probe_backbone(fine_tune: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """All tensors afterwards."""
    returned = tuned(fine_tune, make_network(inputs, device), *random_set(inputs, device))
    return {"tensors": tensors_of(returned, inputs)}


def sum_up_backbone(case: Case, outputs: Outputs) -> Outputs:
    """What became of the backbone, and of the head."""
    before = tensors_of(make_network(case.inputs, "cpu"), case.inputs)
    moved = changed(before, _state.arrays(outputs, "tensors"))
    in_backbone = beside_head(moved)
    return {
        "the head": "new" if len(moved) > len(in_backbone) else "as it was",
        "what changed in the backbone": kinds(in_backbone),
    }


def draw_rest(rng: np.random.Generator) -> list[Case]:
    classes = int(rng.choice([3, 5]))
    return [
        small_case(rng, "a small network, four classes", 4),
        small_case(rng, "a network in training mode", classes, training=True),
    ]


def probe_rest(fine_tune: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the optimizers held, and what the network is and does afterwards."""
    network = make_network(inputs, device)
    x, y = random_set(inputs, device)
    with optimizers_watched() as steps:
        returned = tuned(fine_tune, network, x, y)
    names = {id(p): name for one in (network, returned) for name, p in one.named_parameters()}
    found = {
        "held": [names.get(id(p), "") for p in steps.held],
        "tensors": tensors_of(returned, inputs),
        "in training mode": returned.training,
        "features": as_it_is(features_of(returned, x)),
        "scores as it came": as_it_is(scores_of(returned, x)),
    }
    return {**found, "scores": as_it_is(scores_of(returned.eval(), x))}


def features_of(network: Network, x: Tensor) -> Tensor:
    """What the backbone makes of pictures in the mode that it is in."""
    with torch.no_grad():
        return network.extract_features(x).mean((2, 3))


def sum_up_rest(case: Case, outputs: Outputs) -> Outputs:
    """How much of the backbone optimizers held, what the head scores, and the mode.

    A network is in evaluation mode if its backbone, whatever became of it, makes features so, and
    if it scores as it does in that mode (its dropout may be on).
    """
    own = make_network({**case.inputs, "training": False}, "cpu")
    came = _state.arrays(outputs, "tensors")
    with torch.no_grad():
        for name, tensor in own.state_dict().items():
            now = came.get(name, np.empty(0))
            if (now.shape, now.dtype) == (tensor.shape, as_it_is(tensor).dtype):
                tensor.copy_(torch.tensor(now))
    x, _ = random_set(case.inputs, "cpu")
    as_in_evaluation = _state.alike(
        outputs.get("features"), as_it_is(features_of(own, x)), "float32"
    )
    scores = table(outputs, "scores")
    came_so = _state.alike(outputs.get("scores as it came"), scores, "float32")
    training = _state.flag(outputs, "in training mode")
    held = [name for name in _state.words(outputs, "held") if name]
    if len(scores) != len(x):
        raise not_as_brought("scores")
    return {
        "parameters of the backbone that an optimizer held": len(beside_head(held)),
        "classes that the head scores": scores.shape[1],
        "mode of the network": "evaluation"
        if as_in_evaluation and came_so and not training
        else "training",
    }


EXERCISE = Exercise(
    "fine_tune",
    "fine_tune",
    [
        Part("frozen backbone", 1, draw_backbones, probe_backbone, close, sum_up_backbone),
        Part("optimizer, head and mode", 1, draw_rest, probe_rest, close, sum_up_rest),
        # last: whatever the small networks tell apart need not be tried on the real one
        Part("accuracy", 2, draw_validation, probe_accuracy, judge_accuracy, sum_up_accuracy),
    ],
    on_device=True,
    seconds=SECONDS,
    minutes=25,
    difficulty=3,
)
