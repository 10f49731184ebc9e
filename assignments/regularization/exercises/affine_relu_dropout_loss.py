"""The exercise ``affine_relu_dropout_loss``: a small network with dropout and a penalty, in NumPy."""

from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, every, mean, share
from autograder.compare import RTOL, close, equal, floats, require_values
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable
from autograder.slopes import CLAIMED, along_each_element, judge_slopes, single_number
from autograder.slopes import NAMES as SLOPES

from ._layers import (
    IN_THE_TEXT,
    away_from_zero,
    high_keep_probability,
    keep_probability,
    low_keep_probability,
)

NAMES = ("W1", "b1", "W2", "b2")
USUAL, SMALL = (5, 2, 4, 3), (4, 2, 3, 2)  # examples, features, hidden units, classes
MANY_MASKS = (16, 2, 3, 2)  # so many active hidden units that two masks are hardly ever alike
LOSSES = "losses"
FIT = "kept hidden units whose dW1 and dW2 fit a mask of zeros and 1 / p"
OFF = -8.0  # a bias that keeps a hidden unit off for every example


def returned(function: Any, inputs: dict[str, Any], **changed: Any) -> tuple[float, dict]:
    """``(loss, grads)`` for these inputs, some of them changed; raises Unusable for another form."""
    loss, grads = loss_and_grads(function, inputs, **changed)
    for name in NAMES:
        shape = inputs["params"][name].shape
        if "params" in changed:
            shape = changed["params"][name].shape
        if not isinstance(grads[name], np.ndarray) or grads[name].shape != shape:
            got = f", not {grads[name].shape}" if isinstance(grads[name], np.ndarray) else ""
            raise Unusable(f"grads[{name!r}] must be an array of shape {shape}{got}")
    return loss, grads


def loss_and_grads(function: Any, inputs: dict[str, Any], **changed: Any) -> tuple[float, dict]:
    """The same, whatever stands in grads."""
    given = {**inputs, **changed}
    params = {name: value.copy() for name, value in given["params"].items()}
    returned = function(
        given["X"].copy(), given["y"].copy(), params, dict(given["dropout"]), given["lam"]
    )
    loss, grads = require_values(returned, 2, "two values, the loss and the gradients")
    if not isinstance(grads, dict) or not set(NAMES) <= set(grads):
        raise Unusable("grads must be a dict with the keys W1, b1, W2 and b2")
    return single_number(loss), grads


def further_calls(inputs: dict[str, Any]) -> int:
    """How many calls more there are: with a seed they are to give the same loss."""
    return 8 if "seed" in inputs["dropout"] else 0


def called(function: Any, inputs: dict[str, Any]) -> tuple[np.ndarray, dict]:
    """The losses of a call and of further ones, and the gradients of the first."""
    loss, grads = returned(function, inputs)
    further = (returned(function, inputs)[0] for _ in range(further_calls(inputs)))
    return np.array([loss, *further]), grads


def require_same_again(case: Case, outputs: Outputs) -> None:
    """Raise Unusable if calls with a seed did not give the loss that the first one gave."""
    losses = floats(outputs, LOSSES, [1 + further_calls(case.inputs)])
    if (np.abs(losses - losses[0]) > RTOL["float64"] * np.abs(losses[0])).any():
        raise Unusable("calls with the same seed gave different losses")


# Cases: small networks without hidden units near the kink.


def network(
    rng: np.random.Generator, size: tuple[int, ...], units_off: int = 0
) -> dict[str, np.ndarray | dict]:
    """X, y and params; ``units_off`` hidden units are off for every example.

    The others are on for a third of the examples at least, taken together.
    """
    n, d, h, c = size
    while True:
        X, y = rng.standard_normal((n, d)), rng.integers(c, size=n)
        params = {
            "W1": rng.standard_normal((d, h)),
            "b1": 0.5 * rng.standard_normal(h),
            "W2": 0.7 * rng.standard_normal((h, c)),
            "b2": 0.5 * rng.standard_normal(c),
        }
        params["b1"][:units_off] = OFF
        before = np.einsum("nd,dh->nh", X, params["W1"]) + params["b1"]
        off, on = before[:, :units_off], before[:, units_off:] > 0
        if np.abs(before).min() > 0.02 and (off < OFF / 2).all() and on.mean() > 1 / 3:
            # One label that the network gives little: no gradient is lost in rounding.
            y[0] = (before[0].clip(0).dot(params["W2"]) + params["b2"]).argmin()
            return {"X": X, "y": y, "params": params}


def case(
    rng: np.random.Generator,
    name: str,
    size: tuple[int, ...],
    dropout: dict[str, Any],
    lam: float = 0.0,
    dtype: str = "float64",
    units_off: int = 0,
) -> Case:
    inputs: dict[str, Any] = network(rng, size, units_off)
    inputs["X"] = inputs["X"].astype(dtype)
    inputs["params"] = {k: v.astype(dtype) for k, v in inputs["params"].items()}
    return Case(name, {**inputs, "dropout": dropout, "lam": lam})


def in_the_text(lam: float) -> Case:
    params = {
        "W1": np.array([[1.0, -1.0], [0.0, 2.0]]),
        "b1": np.array([0.0, 1.0]),
        "W2": np.array([[1.0, 0.0], [-1.0, 1.0]]),
        "b2": np.array([0.0, 0.5]),
    }
    given = {"X": np.array([[1.0, 2.0], [2.0, -1.0]]), "y": np.array([0, 1]), "params": params}
    return Case(f"{IN_THE_TEXT}, lam={lam:g}", {**given, "dropout": test_time(0.8), "lam": lam})


def with_slopes(case: Case) -> Case:
    """The case, with what the judge of slopes needs to know."""
    of = [[name, list(value.shape)] for name, value in case.inputs["params"].items()]
    case.inputs.update(of=of, random="seed" in case.inputs["dropout"])
    return case


def test_time(p: float) -> dict[str, Any]:
    return {"p": p, "mode": "test"}


def train(p: float, **seed: int) -> dict[str, Any]:
    return {"p": p, "mode": "train", **seed}


def any_seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 10_000))


# The loss without dropout.


def run_loss(affine_relu_dropout_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"loss": loss_and_grads(affine_relu_dropout_loss, inputs)[0]}


def loss_cases(rng: np.random.Generator) -> list[Case]:
    test = test_time(keep_probability(rng))
    return [
        in_the_text(0.0),
        case(rng, "test time", (6, 4, 5, 3), test),
        case(rng, "keep everything", USUAL, train(1.0)),
        case(rng, "one example", (1, 4, 5, 3), test),
        case(rng, "float32", USUAL, test, dtype="float32"),
    ]


# The gradients without dropout.


def run_slopes(affine_relu_dropout_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return slopes(affine_relu_dropout_loss, inputs, returned(affine_relu_dropout_loss, inputs)[1])


def slopes(affine_relu_dropout_loss: Any, inputs: dict[str, Any], grads: dict) -> Outputs:
    """What the gradients claim, beside what the student's own loss does."""
    return along_each_element(
        grads,
        lambda params: returned(affine_relu_dropout_loss, inputs, params=params)[0],
        inputs["params"],
    )


def gradient_cases(rng: np.random.Generator) -> list[Case]:
    """At a high p: a network that is scaled by p is much the same then, and its gradients are right.

    A network without ReLU is another one wherever hidden units are off.
    """
    test = test_time(high_keep_probability(rng))
    return [
        with_slopes(in_the_text(0.0)),
        with_slopes(case(rng, "test time", USUAL, test, units_off=2)),
        with_slopes(case(rng, "keep everything", SMALL, train(1.0))),
        with_slopes(case(rng, "one example at test time", (1, 2, 3, 2), test)),
    ]


# Dropout. With a seed the loss is a function like any other, and has slopes. The masks are looked
# at with a seed and without, on a batch that shows them: one example twice, each with a feature of
# its own. W2 is so small that both classes have probability 1/2 whatever is dropped: a row of dW2 is
# -1/2 times the unit's mean activation in the two examples, and a row of dW1 is what came back
# through the units for one of them.


def run_dropout(affine_relu_dropout_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """dW1 and dW2 of two calls that show their masks; with a seed slopes as well."""
    batch = {"X": np.eye(2), "y": np.zeros(2, dtype=int), "dropout": inputs["dropout"], "lam": 0.0}
    calls = []
    for hidden, weights in zip(*of_hidden_units(inputs), strict=True):
        params = {
            "W1": np.full((2, len(hidden)), 2.0),
            "b1": hidden - 2.0,
            "W2": np.stack([weights, -weights], axis=1),
            "b2": np.zeros(2),
        }
        calls.append(returned(affine_relu_dropout_loss, {**batch, "params": params})[1])
    seen: Outputs = {f"d{name}": np.stack([g[name] for g in calls]) for name in ("W1", "W2")}
    if "seed" in inputs["dropout"]:
        seen[LOSSES], grads = called(affine_relu_dropout_loss, inputs)
        seen |= slopes(affine_relu_dropout_loss, inputs, grads)
    return seen


def of_hidden_units(inputs: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Their activations in each call, and their weights for the first class, less for the second."""
    hidden, weights = away_from_zero(inputs["draw"], [2, 2, inputs["units"]], "float64")
    return np.abs(hidden), 1e-12 * weights


def seen_of_dropout(case: Case, outputs: Outputs) -> Outputs:
    """Which hidden units were dropped, as dW2 shows it, and whether dW1 shows the same."""
    p, units = case.inputs["dropout"]["p"], case.inputs["units"]
    hidden, weights = of_hidden_units(case.inputs)
    forward = -2.0 * floats(outputs, "dW2", (2, units, 2))[:, :, 0] / hidden
    backward = -2.0 * floats(outputs, "dW1", (2, 2, units)).mean(axis=1) / weights
    halves = np.round(2 * p * forward) / 2
    fits = equal(p * forward, halves, "float64") & (halves >= 0) & (halves <= 1)
    fits &= equal(backward, forward, "float64")
    kept = (forward != 0) | (backward != 0)
    if not kept.any():
        raise Unusable("in training every hidden unit is dropped")
    masks: Outputs = {
        "share of hidden units dropped for both examples": share(halves[0] == 0),
        "share of hidden units dropped for one of two examples": share(halves[0] == 0.5),
        **every(FIT, fits[kept]),
        "mean gradient that comes back through a hidden unit / without dropout, as dW1 shows it": mean(
            backward[0]
        ),
    }
    alike = equal(forward[0], forward[1], "float64")
    if "seed" in case.inputs["dropout"]:
        require_same_again(case, outputs)
        if not alike.all():
            raise Unusable("calls with the same seed dropped different hidden units")
        return masks | {name: outputs.get(name) for name in SLOPES}
    return {
        "share of hidden units kept or dropped alike in two calls": share(alike),
        "mean activation with dropout / without, as dW2 shows it": mean(forward[0]),
        **masks,
    }


def judge_dropout(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Slopes are judged as slopes, masks as distributions."""
    masks = {name: value for name, value in expected.items() if name not in SLOPES}
    of_slopes = judge_slopes(case, outputs, expected) if CLAIMED in expected else []
    return of_slopes + close_in_distribution(case, outputs, masks)


def dropout_cases(rng: np.random.Generator) -> list[Case]:
    p, q = keep_probability(rng), low_keep_probability(rng)
    seeded, with_0 = train(p, seed=any_seed(rng)), train(keep_probability(rng), seed=0)
    drawn = [
        with_slopes(case(rng, "with a seed", MANY_MASKS, seeded)),
        with_slopes(case(rng, "with seed 0", MANY_MASKS, with_0)),
        Case("which units are dropped", {"dropout": train(q)}),
    ]
    for one, units in zip(drawn, (400, 400, 2000), strict=True):
        one.inputs.update(units=units, draw=int(rng.integers(2**31)))
    return drawn


# What a penalty adds.


def run_penalty(affine_relu_dropout_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    losses, grads = called(affine_relu_dropout_loss, inputs)
    without = returned(affine_relu_dropout_loss, inputs, lam=0.0)
    return {
        LOSSES: losses,
        "what the penalty adds to the loss": float(losses[0]) - without[0],
        **{f"what it adds to d{name}": grads[name] - without[1][name] for name in NAMES},
    }


def seen_of_penalty(case: Case, outputs: Outputs) -> Outputs:
    require_same_again(case, outputs)
    return {name: value for name, value in outputs.items() if name != LOSSES}


def penalty_cases(rng: np.random.Generator) -> list[Case]:
    def lam() -> float:
        return round(float(rng.uniform(0.1, 0.6)), 3)

    test = test_time(keep_probability(rng))
    seeded = train(keep_probability(rng), seed=any_seed(rng))
    return [
        in_the_text(0.1),
        case(rng, "at test time", USUAL, test, lam()),
        case(rng, "in training, with a seed", MANY_MASKS, seeded, lam()),
        case(rng, "a batch of twelve", (12, 2, 3, 2), test, lam()),
    ]


EXERCISE = Exercise(
    "affine_relu_dropout_loss",
    "affine_relu_dropout_loss",
    [
        Part("loss", 1, loss_cases, run_loss, close),
        Part("gradients", 2, gradient_cases, run_slopes, judge_slopes),
        Part("dropout", 2, dropout_cases, run_dropout, judge_dropout, seen_of_dropout),
        Part("penalty", 1, penalty_cases, run_penalty, close, seen_of_penalty),
    ],
    own_work=("dropout",),
    minutes=40,
    difficulty=3,
)
