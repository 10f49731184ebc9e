"""A classifier from ten pictures a class: ``fine_tune``, on the real network.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

from typing import Any

import numpy as np

from autograder import networks, pictures
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.backbone import HEAD, changed, make_network, network_objection, snapshot
from autograder.judge import close, unusable

LEAST = 0.6  # of the pictures are to be named right
SECONDS = 20.0
BATCH = 32
NO_SCORES = "the network does not give a row of scores for each picture"
HINT = "hint"  # helps to name a mistake, never to judge an answer


def run_fine_tune(fine_tune: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the network answers afterwards; or what became of it, and what the optimizers held."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    network = make_network(inputs, device)
    network.train(inputs["training"])
    x, y = _training_set(inputs)
    x = networks.prepare(x).to(device)
    before, old = snapshot(network), snapshot(network._fc)
    held: dict[int, list] = {}  # by optimizer

    def note(optimizer: Any, args: Any, kwargs: Any) -> None:
        if id(optimizer) not in held:
            held[id(optimizer)] = [p for group in optimizer.param_groups for p in group["params"]]

    watching = register_optimizer_step_pre_hook(note)
    try:
        returned = fine_tune(network, x, torch.tensor(y, device=device), int(y.max()) + 1)
    finally:
        watching.remove()
    if (objection := network_objection(returned)) is not None:
        return {"unusable": objection}
    moved = _kinds(changed(before, returned))
    if inputs["look"] == "backbone":
        return {
            "the head": "new" if changed(old, returned._fc, but=()) else "as it was",
            "what changed in the backbone": moved,
        }
    if inputs["look"] == "the rest":
        backbone = {
            id(p)
            for one in (network, returned)
            for n, p in one.named_parameters()
            if not n.startswith(HEAD)
        }
        mode = "training" if returned.training else "evaluation"
        scores = _scores(returned.eval(), x, device)
        if scores.ndim != 2:
            return {"unusable": NO_SCORES}
        return {
            "parameters of the backbone that an optimizer held": sum(
                id(p) in backbone for params in held.values() for p in params
            ),
            "classes that the head scores": scores.shape[1],
            "mode of the network": mode,
        }
    returned.eval()
    asked = inputs.get("x")
    if asked is None:
        asked = _chosen(pictures.validation(), inputs["order"])[0]
    seen, known = (_scores(returned, part, device) for part in (asked, x[::3]))
    if seen.ndim != 2 or seen.shape[1] < 1:
        return {"unusable": NO_SCORES}
    return {
        "predictions": seen.argmax(1).astype(np.int64),
        HINT: f"{moved} changed, {_manner(known)}",
    }


def _training_set(inputs: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels: the training pictures, or random ones for a small network."""
    if inputs["network"] == "real":
        return _chosen(pictures.training(), inputs["order"])
    rng = np.random.default_rng(inputs["seed"])
    y = np.arange(inputs["classes"]).repeat(4)
    return rng.integers(256, size=(len(y), 3, 16, 16)).astype(np.uint8), y


def _chosen(found: pictures.Pictures, order: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of these classes, which are numbered in this order, sorted by class."""
    parts = [np.flatnonzero(found.y == label) for label in order]
    y = np.repeat(np.arange(len(order)), [len(part) for part in parts])
    return found.x[np.concatenate(parts)], y


def _scores(network: Any, x: Any, device: str) -> np.ndarray:
    """What the network says of pictures: pixels as an array, or a tensor of prepared ones."""
    import torch

    if isinstance(x, np.ndarray):
        x = networks.prepare(x)
    with torch.no_grad():
        parts = [network(part.to(device)) for part in x.split(BATCH)]
    return torch.cat(parts).double().cpu().numpy()


def _kinds(names: list[str]) -> str:
    """Which kinds of tensors these are."""
    statistics = [
        n for n in names if n.endswith(("running_mean", "running_var", "batches_tracked"))
    ]
    kinds = [("parameters", len(names) > len(statistics)), ("statistics", bool(statistics))]
    return " and ".join(kind for kind, there in kinds if there) or "nothing"


def _manner(scores: np.ndarray) -> str:
    """How the network answers: sure of itself or not, and whether it knows few classes only."""
    with np.errstate(all="ignore"):
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        sure = (p / p.sum(axis=1, keepdims=True)).max(axis=1).mean()
    if not sure > 0.67:
        return "unsure"
    return (
        "sure, few classes" if len(set(scores.argmax(axis=1))) <= 0.7 * scores.shape[1] else "sure"
    )


def summarize(case: Case, outputs: Outputs) -> Outputs:
    """Whether enough of the pictures are named right, in the place of the predictions."""
    if "predictions" not in outputs:
        return outputs
    enough = _share_right(case, outputs) >= case.withheld["least"]
    return {"enough pictures are named right": bool(enough), HINT: outputs.get(HINT)}


def _share_right(case: Case, outputs: Outputs) -> float:
    predictions, y = outputs.get("predictions"), np.asarray(case.withheld["y"])
    if not isinstance(predictions, np.ndarray) or predictions.dtype.kind != "i":
        return -1.0
    return float((predictions == y).mean()) if predictions.shape == y.shape else -1.0


def judge_fine_tune(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Accuracy is judged by the labels that the probe does not have, all else as in ``close``."""
    if case.inputs["look"] != "accuracy":
        return close(case, outputs, expected)
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    share = _share_right(case, outputs)
    if share < 0:
        return ["no predictions"]
    asked, least = len(case.withheld["y"]), case.withheld["least"]
    enough = share >= least
    if enough != expected.get("enough pictures are named right"):
        return [f"{share:.0%} of {asked} pictures are named right; at least {least:.0%} should be"]
    return [] if enough or outputs.get(HINT) == expected.get(HINT) else ["this went another way"]


def fine_tune_cases(
    rng: np.random.Generator, held_out: pictures.Pictures | None = None
) -> list[Case]:
    """The real network is asked about the validation pictures, or about held-out ones."""

    def small(name: str, look: str, part: str, classes: int, training: bool = False) -> Case:
        network = {"seed": int(rng.integers(2**31)), "features": 12, "classes": 9}
        seed = int(rng.integers(2**31))
        inputs = {"network": network, "seed": seed, "classes": classes, "look": look}
        return Case(name, part, {**inputs, "training": training})

    order = [int(i) for i in rng.permutation(len(pictures.CLASSES))]
    x, y = _chosen(held_out or pictures.validation(), order)
    inputs = {"network": "real", "order": order, "look": "accuracy", "training": False}
    if held_out is not None:
        mixed = rng.permutation(len(y))  # or the place of a picture would give its class away
        inputs["x"], y = x[mixed], y[mixed]
    return [
        Case("ten pictures of each class", "accuracy", inputs, {"y": y.tolist(), "least": LEAST}),
        small("a small network", "backbone", "frozen backbone", 4),
        small("a small network in training mode", "backbone", "frozen backbone", 3, training=True),
        small("a small network, four classes", "the rest", "optimizer, head and mode", 4),
        small("a network in training mode", "the rest", "optimizer, head and mode", 3, True),
    ]


FINE_TUNE = Exercise(
    "fine_tune",
    "fine_tune",
    {"accuracy": 2, "frozen backbone": 1, "optimizer, head and mode": 1},
    fine_tune_cases,
    run_fine_tune,
    judge_fine_tune,
    on_device=True,
    seconds=SECONDS,
    summary=summarize,
)
