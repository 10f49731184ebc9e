"""The exercise ``channel_dropout``: dropout of whole channels, as a module of torch."""

from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, drop_probability, spread_mean
from autograder.compare import equal
from autograder.exercise import Case, Exercise, Outputs, Part

from ._layers import FATES
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
    """Whether channels are treated as a whole, and what two masks do to their first pixels."""
    dtype = inputs["dtype"]
    with own_work(kind):
        factors, again = factors_of(kind, inputs, device, 2, training=True)
    alike = equal(factors, factors[:, :, :1, :1], dtype).all(axis=(2, 3))
    first = of_masks(factors[:, :, 0, 0], again[:, :, 0, 0], 1 - inputs["p"], dtype)
    return {"share of channels that are treated as a whole": spread_mean(alike)} | first


def training_cases(rng: np.random.Generator) -> list[Case]:
    """At probabilities where keeping and dropping differ, and at the ends of their range."""
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "images", p, [60, 40, 2, 3]),
        case(rng, "a low probability of dropping", 0.1, [60, 40, 2, 3]),
        case(rng, "float32", q, [60, 40, 2, 3], "float32"),
        case(rng, "images of one pixel", q, [50, 40, 1, 1]),
        case(rng, "one channel", q, [1200, 1, 2, 2]),
        case(rng, "p = 0", 0.0, [6, 5, 3, 2]),
    ]


# In evaluation.


def evaluation_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "evaluation", p, [6, 5, 3, 2]),
        case(rng, "evaluation in float32", q, [4, 8, 2, 2], "float32"),
    ]


# Gradient, inputs, limits.


def limits_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "gradient, dtype and x after the call", p, [FATES, FATES, 1, 2], training=True),
        case(rng, "the same in float32", q, [FATES, FATES, 2, 1], "float32", training=True),
        case(rng, "the same in evaluation", p, [3, 2, 3, 2], training=False),
    ]


EXERCISE = Exercise(
    "channel_dropout",
    "ChannelDropout",
    [
        Part("training", 1, training_cases, run_training, close_in_distribution),
        Part("evaluation", 1, evaluation_cases, run_evaluation, close_in_distribution),
        Part(
            "gradient, inputs, limits",
            1,
            limits_cases,
            run_gradient_and_inputs,
            close_in_distribution,
        ),
    ],
    on_device=True,
)
