"""``softmax_head_loss``: the loss of a linear head on stored features, and its gradients, in NumPy."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder import numeric, slopes
from autograder.compare import close, floats, require_values
from autograder.exercise import Case, Exercise, Outputs, Part

FAR_STEP = (
    0.01  # where the loss is as good as straight: little is left of the rounding of large scores
)
CLEAR = 50  # of a score above the others: exp(-50) is nothing beside 1
NO_EXP = 800  # exp(-800) is 0


def case(
    rng: np.random.Generator,
    name: str,
    n: int,
    features: int,
    classes: int,
    scale: float = 1.0,
    **more: Any,
) -> Case:
    """A head, features and labels; ``scale`` is that of the scores."""
    inputs = {
        "W": scale * rng.standard_normal((features, classes)),
        "b": 2 * rng.standard_normal(classes),
        "features": rng.standard_normal((n, features)),
        "y": rng.integers(classes, size=n),
        **more,
    }
    inputs["y"][0] = scores_of(inputs)[0].argmin()  # one surprise: no slope is lost in rounding
    return Case(name, inputs)


def in_the_text() -> Case:
    given = {
        "W": np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]]),
        "b": np.array([0.0, 0.0, 1.0]),
        "features": np.array([[1.0, 1.0], [2.0, 0.0]]),
        "y": np.array([1, 0]),
    }
    return Case("the example in the text", given)


def scores_of(inputs: dict[str, Any]) -> np.ndarray:
    return np.einsum("nf,fc->nc", inputs["features"], inputs["W"]) + inputs["b"]


def answers_with(
    softmax_head_loss: Any, inputs: dict[str, Any]
) -> Callable[..., tuple[Any, Any, Any]]:
    """The answer as a function of what is moved. It raises Unusable for anything but three values."""

    def answer(**moved: np.ndarray) -> tuple[Any, Any, Any]:
        given = {name: inputs[name] for name in ("W", "b", "features", "y")}
        own = {name: value.copy() for name, value in {**given, **moved}.items()}
        returned = softmax_head_loss(own["W"], own["b"], own["features"], own["y"])
        loss, dW, db = require_values(returned, 3, "three values, the loss, dW and db")
        return loss, dW, db

    return answer


# The loss.


def draw_losses(rng: np.random.Generator) -> list[Case]:
    """Heads of several sizes; scores of a thousand and more, where exp overflows."""
    low = case(rng, "scores far below zero", 6, 4, 3)
    low.inputs["b"] -= 1500.0
    single = case(rng, "float32", 6, 4, 3)
    for name in ("W", "b", "features"):
        single.inputs[name] = single.inputs[name].astype(np.float32)
    return [
        in_the_text(),
        case(rng, "five pictures", 5, 4, 3),
        case(rng, "one picture", 1, 3, 4),
        case(rng, "two classes", 7, 3, 2),
        surprising(rng, "scores beyond a thousand", 6, 4, 3, 1000.0),
        low,
        single,
    ]


def surprising(rng: np.random.Generator, name: str, *size: Any) -> Case:
    """The surprise has a probability that is rounded to 0."""
    while True:
        made = case(rng, name, *size)
        scores, label = scores_of(made.inputs)[0], made.inputs["y"][0]
        if scores.max() - scores[label] > NO_EXP:
            return made


def probe_loss(softmax_head_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    loss, _, _ = answers_with(softmax_head_loss, inputs)()
    return {"loss": loss}


# Its gradients.


def draw_weights(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text(),
        case(rng, "each element", 5, 4, 3),
        case(rng, "each element, six classes", 4, 2, 6),
        case(rng, "many features", 12, 40, 6, seed=int(rng.integers(2**31))),
        case(rng, "one picture", 1, 3, 4),
        far(rng, "scores of many thousands", 20_000.0),
    ]


def draw_biases(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text(),
        case(rng, "each element", 5, 4, 3),
        case(rng, "six classes", 9, 2, 6),
        case(rng, "one picture", 1, 3, 4),
        far(rng, "scores of minus many thousands", -20_000.0),
    ]


def far(rng: np.random.Generator, name: str, offset: float) -> Case:
    """Each picture has one score far above its others, so that slopes are those of straight lines:
    a wide step measures them, from which the rounding of large scores hardly takes."""
    while True:
        made = case(rng, name, 4, 3, 3, 1000.0, step=FAR_STEP)
        made.inputs["b"] += offset
        if np.diff(np.sort(scores_of(made.inputs)))[:, -1].min() > CLEAR:
            return made


def directions_at(of: str, inputs: dict[str, Any]) -> np.ndarray:
    """Along which slopes are taken: each element of W or b, or drawn directions if it is large."""
    at: np.ndarray = inputs[of]
    if at.size <= numeric.ELEMENTWISE_UP_TO:
        return numeric.unit_directions(at.shape)
    return numeric.random_directions(np.random.default_rng(inputs["seed"]), at.shape, 6)


def probe_gradient(of: str, softmax_head_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The gradient of ``of``, W or b, beside the student's own losses a step to both sides."""
    answer = answers_with(softmax_head_loss, inputs)
    _, dW, db = answer()
    gradient = {"W": dW, "b": db}[of]
    directions = directions_at(of, inputs)
    slopes.claimed_by(of, gradient, directions)  # refuses what has another shape
    at, step = np.asarray(inputs[of], np.float64), inputs.get("step", numeric.STEP)
    losses = [
        [slopes.single_number(answer(**{of: at + sign * step * d})[0]) for sign in (1, -1)]
        for d in directions
    ]
    return {"gradient": np.asarray(gradient, np.float64), "losses": np.array(losses)}


def sum_up_gradient(of: str, case: Case, outputs: Outputs) -> Outputs:
    """Slopes claimed by the gradient, beside those of the student's own loss."""
    directions = directions_at(of, case.inputs)
    losses = floats(outputs, "losses", (len(directions), 2))
    claimed = slopes.claimed_by(of, floats(outputs, "gradient", directions.shape[1:]), directions)
    with np.errstate(all="ignore"):
        measured = (losses[:, 0] - losses[:, 1]) / (2 * case.inputs.get("step", numeric.STEP))
    return {slopes.CLAIMED: claimed, slopes.MEASURED: measured}


def judge_gradient(of: str, case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """A gradient is right if it is the exercise's, whatever the loss, or that of the student's own.

    A loss that is off by a constant factor, or not finite, is for the loss's own part to say.
    """
    if (found := slopes.all_slopes(outputs, expected)) is None:
        return ["no slopes"]
    claimed, measured, true_claimed, true_measured = found
    right = slopes.same(true_claimed, true_measured)  # else this is what a known mistake gives
    if slopes.same(claimed, true_claimed) and (right or slopes.same(measured, true_measured)):
        return []
    if not np.isfinite(claimed).all():
        return [f"there are numbers in d{of} that are nan or infinite"]
    if not slopes.same(claimed, measured):
        at = case.inputs[of]
        place = partial(slopes.random_direction, f"d{of}")
        if at.size <= numeric.ELEMENTWISE_UP_TO:
            place = partial(slopes.element, f"d{of}", at.shape)
        return [slopes.worst(claimed, measured, place)]
    if right and slopes.is_multiple(measured, of=true_measured):
        return []
    return [f"d{of} is the gradient of your loss, but that is no softmax loss of features @ W + b"]


def gradient_part(name: str, of: str, draw: Callable[[np.random.Generator], list[Case]]) -> Part:
    probe, judge = partial(probe_gradient, of), partial(judge_gradient, of)
    return Part(name, 1, draw, probe, judge, partial(sum_up_gradient, of))


EXERCISE = Exercise(
    "softmax_head_loss",
    "softmax_head_loss",
    [
        Part("loss", 1, draw_losses, probe_loss, close),
        gradient_part("dW", "W", draw_weights),
        gradient_part("db", "b", draw_biases),
    ],
    minutes=20,
    difficulty=2,
)
