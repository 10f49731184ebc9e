"""The exercise ``channel_dropout``: dropout of whole channels, as a module of torch."""

from dataclasses import replace

import numpy as np

from autograder.chance import becomes, drop_probability, spread_mean
from autograder.compare import equal, floats
from autograder.exercise import Case, Exercise, Outputs

from . import _modules as layers
from ._layers import FATES
from ._modules import case

# In training.


def seen_in_training(case: Case, outputs: Outputs) -> Outputs:
    """Whether channels are treated as a whole, and what two masks do to their first pixels.

    Of the example in the text, what becomes of each of its channels.
    """
    if "given" in case.inputs:
        (x,) = layers.arrays(case.inputs, 1)
        return becomes(x[0], floats(outputs, "outs", (case.inputs["calls"], *x.shape)))
    dtype = case.inputs["dtype"]
    factors, again = layers.factors_of(case, outputs)
    alike = equal(factors, factors[:, :, :1, :1], dtype).all(axis=(2, 3))
    tables, scale = (factors[..., 0, 0], again[..., 0, 0]), 1 - case.inputs["p"]
    first = layers.of_masks(*tables, scale, dtype, ("example", "channel"))
    return {"share of channels that are treated as a whole": spread_mean(alike)} | first


def training_cases(rng: np.random.Generator) -> list[Case]:
    """At probabilities where keeping and dropping differ, and at the ends of their range.

    Of examples and channels there are so many that also of those some are kept and some dropped.
    """
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        layers.in_the_text(0.2, np.array([[[[4.0, 8.0]], [[-4.0, 2.0]]]])),
        case(rng, "images", p, [100, 100, 2, 3], calls=2),
        case(rng, "a low probability of dropping", 0.1, [150, 150, 1, 2], calls=2),
        case(rng, "float32", q, [100, 100, 2, 3], "float32", calls=2),
        case(rng, "images of one pixel", q, [100, 100, 1, 1], calls=2),
        # who draws once for all examples has a single draw here
        replace(case(rng, "one channel", q, [1200, 1, 2, 2], calls=2), draws=True),
        case(rng, "p = 0", 0.0, [6, 5, 3, 2], calls=2),
    ]


# In evaluation.


def evaluation_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "evaluation", p, [6, 5, 3, 2], calls=1),
        case(rng, "evaluation in float32", q, [4, 8, 2, 2], "float32", calls=1),
    ]


# Gradient, inputs, limits.


def limits_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "gradient, dtype and x after the call", p, [FATES, FATES, 1, 2], training=True),
        case(rng, "the same in float32", q, [FATES, FATES, 2, 1], "float32", training=True),
        case(rng, "the same in evaluation", p, [3, 2, 3, 2], "float32", training=False),
    ]


EXERCISE = Exercise(
    "channel_dropout",
    "ChannelDropout",
    [
        layers.training(training_cases, seen_in_training),
        layers.evaluation(evaluation_cases),
        layers.limits(limits_cases),
    ],
    on_device=True,
    own_work=("dropout",),
    minutes=8,
    difficulty=1,
)
