"""``fine_tune``: a classifier from ten pictures a class, on the real network."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from lab import pretrained
from lab.pictures import CLASSES, Pictures

from . import _pictures
from ._networks import HEAD, REAL, Network, make_network, small
from ._state import changed, require_network, snapshot

LEAST = 0.6  # of the pictures are to be named right
SURE = 0.67  # mean probability of the answers of a network that is sure of itself
FEW = 0.7  # of the classes: a network that names no more of them knows few
SECONDS = 20.0
BATCH = 32
HINT = "hint"  # helps to name a mistake, never to judge an answer


def tuned(fine_tune: Any, network: Network, x: Tensor, y: Tensor) -> Network:
    """The network that an answer returns; raises Unusable if it is none."""
    y = y.to(x.device)
    return require_network(fine_tune(network, x, y, int(y.max()) + 1))


def scores_of(network: Network, x: Tensor) -> Tensor:
    """What the network says of prepared pictures; raises Unusable if that is no row for each."""
    with torch.no_grad():
        scores = torch.cat([network(part) for part in x.split(BATCH)]).double().cpu()
    if scores.ndim != 2 or scores.shape[1] < 1:
        raise Unusable("the network does not give a row of scores for each picture")
    return scores


# Accuracy: the real network is asked about pictures that it was not trained on.


def accuracy_case(rng: np.random.Generator, held_out: Pictures | None = None) -> Case:
    """The validation pictures are asked about, or held-out ones, which then travel with the case."""
    order = [int(i) for i in rng.permutation(len(CLASSES))]
    inputs: dict[str, Any] = {"network": REAL, "order": order}
    x, y = _pictures.in_order(held_out or _pictures.validation(), order)
    if held_out is not None:
        mixed = rng.permutation(len(y))  # or the place of a picture would give its class away
        inputs["x"], y = x[mixed].numpy(), y[mixed]
    return Case("ten pictures of each class", inputs, {"y": y.tolist(), "least": LEAST})


def draw_validation(rng: np.random.Generator) -> list[Case]:
    return [accuracy_case(rng)]


def probe_accuracy(fine_tune: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the network answers afterwards."""
    network = make_network(inputs, device)
    x, y = _pictures.in_order(_pictures.training(), inputs["order"])
    x = pretrained.prepare(x).to(device)
    before = snapshot(network)
    returned = tuned(fine_tune, network, x, y)
    moved = kinds(changed(before, returned))
    if "x" in inputs:
        asked = torch.tensor(inputs["x"])
    else:
        asked, _ = _pictures.in_order(_pictures.validation(), inputs["order"])
    returned.eval()
    seen = scores_of(returned, pretrained.prepare(asked).to(device))
    known = scores_of(returned, x[::3])
    return {
        "predictions": seen.argmax(1).numpy(),
        HINT: f"{moved} changed, {manner(known)}",
    }


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
    """Accuracy is judged by the labels, which the probe does not have."""
    share = share_right(case, outputs)
    if share is None:
        return ["no predictions"]
    asked, least = len(case.withheld["y"]), case.withheld["least"]
    enough = share >= least
    if enough != expected.get("enough pictures are named right"):
        return [f"{share:.0%} of {asked} pictures are named right; at least {least:.0%} should be"]
    return [] if enough or outputs.get(HINT) == expected.get(HINT) else ["this went another way"]


def summarize(case: Case, outputs: Outputs) -> Outputs:
    """Whether enough of the pictures are named right, in the place of the predictions."""
    share = share_right(case, outputs)
    enough = share is not None and share >= case.withheld["least"]
    return {"enough pictures are named right": enough, HINT: outputs.get(HINT)}


def share_right(case: Case, outputs: Outputs) -> float | None:
    """The share of predictions that are right, None without a prediction for each picture."""
    predictions, y = outputs.get("predictions"), np.asarray(case.withheld["y"])
    if not isinstance(predictions, np.ndarray) or predictions.dtype.kind != "i":
        return None
    return float((predictions == y).mean()) if predictions.shape == y.shape else None


# Frozen backbone; optimizer, head and mode: on small networks and random pictures.


def small_case(rng: np.random.Generator, name: str, classes: int, training: bool = False) -> Case:
    network = small(rng, features=12, classes=9)
    inputs = {"network": network, "classes": classes, "training": training}
    return Case(name, {**inputs, "seed": int(rng.integers(2**31))})


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
    """What became of the backbone, and of the head."""
    network = make_network(inputs, device)
    x, y = random_set(inputs, device)
    before, old = snapshot(network), snapshot(network._fc)
    returned = tuned(fine_tune, network, x, y)
    return {
        "the head": "new" if changed(old, returned._fc, but=()) else "as it was",
        "what changed in the backbone": kinds(changed(before, returned)),
    }


def draw_rest(rng: np.random.Generator) -> list[Case]:
    return [
        small_case(rng, "a small network, four classes", 4),
        small_case(rng, "a network in training mode", 3, training=True),
    ]


def probe_rest(fine_tune: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the optimizers held, and what the head and the mode are."""
    network = make_network(inputs, device)
    x, y = random_set(inputs, device)
    with what_optimizers_hold() as held:
        returned = tuned(fine_tune, network, x, y)
    named = [pair for one in (network, returned) for pair in one.named_parameters()]
    backbone = {id(p) for name, p in named if not name.startswith(HEAD)}
    mode = "training" if returned.training else "evaluation"
    return {
        "parameters of the backbone that an optimizer held": sum(id(p) in backbone for p in held),
        "classes that the head scores": scores_of(returned.eval(), x).shape[1],
        "mode of the network": mode,
    }


@contextlib.contextmanager
def what_optimizers_hold() -> Iterator[list[Tensor]]:
    """A list that gets all parameters of each optimizer of torch's at its first step."""
    held: list[Tensor] = []
    optimizers: list[torch.optim.Optimizer] = []

    def note(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if not any(optimizer is known for known in optimizers):
            optimizers.append(optimizer)
            held.extend(p for group in optimizer.param_groups for p in group["params"])

    watching = register_optimizer_step_pre_hook(note)
    try:
        yield held
    finally:
        watching.remove()


EXERCISE = Exercise(
    "fine_tune",
    "fine_tune",
    [
        Part("accuracy", 2, draw_validation, probe_accuracy, judge_accuracy, summarize),
        Part("frozen backbone", 1, draw_backbones, probe_backbone, close),
        Part("optimizer, head and mode", 1, draw_rest, probe_rest, close),
    ],
    on_device=True,
    seconds=SECONDS,
)
