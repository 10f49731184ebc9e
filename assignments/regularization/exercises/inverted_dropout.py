"""The exercise ``inverted_dropout``: dropout as a module of torch."""

from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, drop_probability, share
from autograder.exercise import Case, Exercise, Outputs, Part

from ._layers import EQUALLY_MANY, FATES
from ._modules import (
    case,
    factors_of,
    of_masks,
    own_work,
    run_evaluation,
    run_gradient_and_inputs,
)

# In training.


def run_training(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Of two calls what the masks do to an array, and how alike they are; of many, their numbers."""
    calls = inputs["calls"]
    with own_work(kind):
        factors = factors_of(kind, inputs, device, calls, training=True)
    if calls > 2:
        counts = (factors == 0).reshape(calls, -1).sum(axis=1)
        return {EQUALLY_MANY: share(counts[::2] == counts[1::2])}
    return of_masks(factors[0], factors[1], 1 - inputs["p"], inputs["dtype"])


def training_cases(rng: np.random.Generator) -> list[Case]:
    """At probabilities where keeping and dropping differ, and at the ends of their range."""
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "a matrix", p, [80, 40], calls=2),
        case(rng, "a low probability of dropping", 0.1, [80, 40], calls=2),
        case(rng, "one long vector", q, [3000], calls=2),
        case(rng, "images in float32", q, [16, 3, 8, 8], "float32", calls=2),
        case(rng, "many calls", q, [10], calls=400),
        case(rng, "p = 0", 0.0, [6, 5], calls=2),
    ]


# In evaluation.


def evaluation_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "evaluation", p, [20, 15]),
        case(rng, "images in evaluation", q, [5, 3, 4, 4]),
        case(rng, "evaluation in float32", q, [9], "float32"),
    ]


# Gradient, inputs, limits.


def run_limits(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The layer's manners, and what it says to each ``p`` that is to be ``refused``."""
    seen = run_gradient_and_inputs(kind, inputs, device)
    with own_work(kind):
        return seen | {f"what p = {p} raises": raised(kind, p) for p in inputs["refused"]}


def raised(kind: Any, p: float) -> str:
    """The type of the error that a layer of this p raises."""
    try:
        kind(p)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "nothing"


def limits_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    outside = [round(float(v), 2) for v in (rng.uniform(-1, -0.05), 1, rng.uniform(1.05, 2))]
    training: dict[str, Any] = {"training": True, "refused": []}
    evaluation = {**training, "training": False}
    return [
        case(rng, "gradient, dtype and x after the call", p, [FATES, FATES], **training),
        case(rng, "the same in float32", q, [FATES, FATES // 10, 10], "float32", **training),
        case(rng, "the same in evaluation", p, [6, 5], **evaluation),
        case(rng, "p that is no probability of dropping", q, [6, 5],
             **{**evaluation, "refused": outside}),
    ]  # fmt: skip


EXERCISE = Exercise(
    "inverted_dropout",
    "InvertedDropout",
    [
        Part("training", 1, training_cases, run_training, close_in_distribution),
        Part("evaluation", 1, evaluation_cases, run_evaluation, close_in_distribution),
        Part("gradient, inputs, limits", 1, limits_cases, run_limits, close_in_distribution),
    ],
    on_device=True,
)
