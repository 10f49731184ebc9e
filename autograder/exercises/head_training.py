"""What the head is trained on: ``extract_features``, and its loss in NumPy, ``softmax_head_loss``.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

from functools import partial
from typing import Any

import numpy as np

from autograder import numeric
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.backbone import (
    changed,
    differing,
    make_network,
    make_pictures,
    modes,
    snapshot,
    some,
)
from autograder.exercises.slopes import (
    all_slopes,
    element,
    is_multiple,
    random_direction,
    same,
    worst,
)
from autograder.judge import close, unusable

# Features.


def run_extract_features(extract_features: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The features, the sizes of the batches, or what is left behind, as ``look`` says."""
    import torch

    network = make_network(inputs, device).to(getattr(torch, inputs["dtype"]))
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(tuple(inputs["frozen"])))
    x = make_pictures(inputs, network, device)
    scores, sizes = _scores(network, x), []
    network.train(inputs["training"])
    network._conv_stem.register_forward_hook(lambda m, args, out: sizes.append(len(args[0])))
    before, mode, hooks, head = snapshot(network), modes(network), _hooks(network), network._fc
    trained = [(n, p, p.requires_grad) for n, p in network.named_parameters()]
    returned = extract_features(network, x, inputs["batch_size"])
    if not isinstance(returned, torch.Tensor):
        return {"unusable": "return a tensor"}
    if inputs["look"] == "state":
        return {
            "every picture was shown to the network": sum(sizes) >= len(x),
            "the features carry a graph": returned.requires_grad,
            "parameters with a gradient": some(
                n for n, p in network.named_parameters() if p.grad is not None
            ),
            "modules whose mode changed": some(differing(mode, modes(network))),
            "the head afterwards": "the same" if network._fc is head else "another module",
            "tensors that changed": some(changed(before, network, but=())),
            "parameters whose requires_grad changed": some(
                n for n, p, was in trained if p.requires_grad != was
            ),
            "modules with hooks that you left": some(differing(hooks, _hooks(network))),
            "scores afterwards": "the same" if _alike(_scores(network, x), scores) else "others",
            "dtype and device": f"{returned.dtype} on {returned.device.type}".replace(
                device, "the device"
            ),
        }
    seen: Outputs = {"features": returned.detach().cpu().numpy()}
    if inputs["look"] == "batches":
        seen["no batch is larger than batch_size"] = max(sizes, default=0) <= inputs["batch_size"]
    return seen


def _scores(network: Any, x: Any) -> Any:
    """What the network says in evaluation mode, in which it stays."""
    import torch

    with torch.no_grad():
        return network.eval()(x)


def _alike(scores: Any, before: Any) -> bool:
    """Whether scores are as before, up to what a GPU's sums differ by from call to call."""
    return scores.shape == before.shape and scores.allclose(before, rtol=1e-3, atol=1e-4)


def _hooks(network: Any) -> dict[str, int]:
    """How many hooks wait for the inputs and outputs of each module that has any."""
    counts = {
        n: len(m._forward_hooks) + len(m._forward_pre_hooks) for n, m in network.named_modules()
    }
    return {n: count for n, count in counts.items() if count}


def extract_features_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, look: str, count: int, batch_size: int, features: int = 5, **more) -> Case:
        dropout = 0.5 if look != "batches" else 0.0
        seed = int(rng.integers(2**31))
        inputs = {
            "network": {"seed": seed, "dropout": dropout, "features": features},
            "pictures": {"seed": int(rng.integers(2**31)), "count": count, "side": 8},
            "batch_size": batch_size,
            "look": look,
            "training": False,
            "frozen": [],
            "dtype": "float64",
            **more,
        }
        return Case(name, look, inputs)

    return [
        case("a network in evaluation mode", "features", 4, 4),
        case("a network in training mode", "features", 4, 4, training=True),
        case("many features", "features", 3, 3, features=40),
        case("a last batch that is not full", "batches", 7, 3),
        case("full batches", "batches", 6, 2),
        case("one picture at a time", "batches", 3, 1),
        case("a single picture", "batches", 1, 4),
        case("a last batch of one", "batches", 5, 4),
        case("from training mode", "state", 4, 2, training=True),
        case("from evaluation mode", "state", 4, 2),
        case("a network that is partly frozen", "state", 4, 2, frozen=["_conv_stem", "_blocks.0"]),
        case("in float32", "state", 4, 2, dtype="float32"),
    ]


EXTRACT_FEATURES = Exercise(
    "extract_features",
    "extract_features",
    {"features": 1, "batches": 1, "state": 1},
    extract_features_cases,
    run_extract_features,
    close,
    on_device=True,
)


# The loss of the head.


def run_softmax_head_loss(softmax_head_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The loss; or slopes claimed by dW or db beside those of the student's own loss."""
    given = {name: inputs[name] for name in ("W", "b", "features", "y")}

    def answer(**moved: np.ndarray) -> Any:
        own = {name: value.copy() for name, value in {**given, **moved}.items()}
        return softmax_head_loss(own["W"], own["b"], own["features"], own["y"])

    returned = answer()
    if not isinstance(returned, tuple | list) or len(returned) != 3:
        return {"unusable": "return three values: the loss, dW and db"}
    of = inputs["check"]
    if of == "loss":
        return {"loss": returned[0]}
    at, gradient = given[of], returned[1 if of == "W" else 2]
    directions = numeric.unit_directions(at.shape)
    if at.size > numeric.ELEMENTWISE_UP_TO:
        rng = np.random.default_rng(inputs["seed"])
        directions = numeric.random_directions(rng, at.shape, 6)
    try:
        claimed = numeric.claimed_derivatives(gradient, directions)
    except (TypeError, ValueError) as error:
        return {"unusable": f"d{of}: {error}".replace("but x has", f"but {of} has")}
    try:
        measured = numeric.directional_derivatives(
            lambda moved: answer(**{of: moved})[0], at, directions, inputs.get("step", numeric.STEP)
        )
    except TypeError:
        return {"unusable": "the loss is not a single number"}
    return {"claimed": claimed, "measured": measured}


def judge_softmax_head_loss(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The loss is compared with the oracle's, a gradient with the slopes of the student's own loss.

    A loss that is off by a constant factor, or not finite, is for the loss's own part to say.
    """
    of = case.inputs["check"]
    if of == "loss":
        return close(case, outputs, expected)
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    if (slopes := all_slopes(outputs, expected)) is None:
        return ["no slopes"]
    claimed, measured, true_claimed, true_measured = slopes
    finite = np.isfinite(measured).all()
    if same(claimed, true_claimed) and (same(measured, true_measured) or not finite):
        return []
    if not np.isfinite(claimed).all():
        return [f"there are numbers in d{of} that are nan or infinite"]
    if not same(claimed, measured):
        shape = case.inputs[of].shape
        if case.inputs[of].size <= numeric.ELEMENTWISE_UP_TO:
            return [worst(claimed, measured, partial(element, f"d{of}", shape))]
        return [worst(claimed, measured, partial(random_direction, f"d{of}"))]
    right = same(true_claimed, true_measured)  # else this is what a known mistake gives
    if right and is_multiple(measured, of=true_measured):
        return []
    return [f"d{of} is the gradient of your loss, but that is no softmax loss of features @ W + b"]


def softmax_head_loss_cases(rng: np.random.Generator) -> list[Case]:
    """Heads of several sizes; scores of a thousand and more, where exp overflows."""

    def case(name: str, check: str, n: int, features: int, classes: int, scale=1.0, **more) -> Case:
        inputs = {
            "W": scale * rng.standard_normal((features, classes)),
            "b": 2 * rng.standard_normal(classes),
            "features": rng.standard_normal((n, features)),
            "y": rng.integers(classes, size=n),
            "check": check,
            **more,
        }
        scores = np.einsum("nf,fc->nc", inputs["features"], inputs["W"]) + inputs["b"]
        inputs["y"][0] = scores[0].argmin()  # one surprise: no slope is lost in rounding
        return Case(name, {"loss": "loss", "W": "dW", "b": "db"}[check], inputs)

    low = case("scores far below zero", "loss", 6, 4, 3)
    low.inputs["b"] -= 1500.0
    single = case("float32", "loss", 6, 4, 3)

    def far(name: str, check: str, offset: float) -> Case:
        """Each picture has one score far above its others, so that slopes are those of straight
        lines: a wide step measures them, from which the rounding of large scores hardly takes."""
        while True:
            made = case(name, check, 4, 3, 3, 1000.0, step=0.01)
            made.inputs["b"] += offset
            scores = np.einsum("nf,fc->nc", made.inputs["features"], made.inputs["W"])
            scores += made.inputs["b"]
            if np.diff(np.sort(scores))[:, -1].min() > 50:
                return made

    for name in ("W", "b", "features"):
        single.inputs[name] = single.inputs[name].astype(np.float32)
    return [
        case("five pictures", "loss", 5, 4, 3),
        case("one picture", "loss", 1, 3, 4),
        case("two classes", "loss", 7, 3, 2),
        case("scores beyond a thousand", "loss", 6, 4, 3, 1000.0),
        low,
        single,
        case("each element", "W", 5, 4, 3),
        case("each element, six classes", "W", 4, 2, 6),
        case("many features", "W", 12, 40, 6, seed=int(rng.integers(2**31))),
        case("one picture", "W", 1, 3, 4),
        far("scores of many thousands", "W", 20_000.0),
        case("each element", "b", 5, 4, 3),
        case("six classes", "b", 9, 2, 6),
        case("one picture", "b", 1, 3, 4),
        far("scores of minus many thousands", "b", -20_000.0),
    ]


SOFTMAX_HEAD_LOSS = Exercise(
    "softmax_head_loss",
    "softmax_head_loss",
    {"loss": 1, "dW": 1, "db": 1},
    softmax_head_loss_cases,
    run_softmax_head_loss,
    judge_softmax_head_loss,
)
