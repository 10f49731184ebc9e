"""The exercise ``inverted_dropout``: dropout as a module of torch."""

from dataclasses import replace
from typing import Any

import numpy as np

from autograder.chance import becomes, drop_probability, share
from autograder.compare import floats
from autograder.exercise import Case, Exercise, Outputs, Unusable

from . import _modules as layers
from ._layers import EQUALLY_MANY, FATES
from ._modules import case

# In training.


def seen_in_training(case: Case, outputs: Outputs) -> Outputs:
    """Of two calls what the masks do to an array, and how alike they are; of many, their numbers.

    Of the example in the text, what becomes of each of its elements.
    """
    if "given" in case.inputs:
        (x,) = layers.arrays(case.inputs, 1)
        return becomes(x, floats(outputs, "outs", (case.inputs["calls"], *x.shape)))
    factors = layers.factors_of(case, outputs)
    if len(factors) > 2:
        counts = (factors == 0).reshape(len(factors), -1).sum(axis=1)
        return {EQUALLY_MANY: share(counts[::2] == counts[1::2])}
    once, again = factors
    return layers.of_masks(once, again, 1 - case.inputs["p"], case.inputs["dtype"])


def training_cases(rng: np.random.Generator) -> list[Case]:
    """At probabilities where keeping and dropping differ, and at the ends of their range.

    Of rows and columns there are so many that also of those some are kept and some dropped.
    """
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        layers.in_the_text(0.2, np.array([2.0, -1.0, 0.5])),
        case(rng, "a matrix", p, [150, 150], calls=2),
        case(rng, "a low probability of dropping", 0.1, [150, 150], calls=2),
        # who draws once for a row has a single draw here
        replace(case(rng, "one long vector", q, [3000], calls=2), draws=True),
        case(rng, "images in float32", q, [80, 3, 4, 4], "float32", calls=2),
        case(rng, "many calls", q, [10], calls=400),
        case(rng, "p = 0", 0.0, [6, 5], calls=2),
    ]


# In evaluation.


def evaluation_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    return [
        case(rng, "evaluation", p, [20, 15], calls=1),
        case(rng, "images in evaluation", q, [5, 3, 4, 4], calls=1),
        case(rng, "evaluation in float32", q, [40], "float32", calls=1),
    ]


# Gradient, inputs, limits.


def run_limits(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The layer's manners, and what it says to each ``p`` that is tried."""
    brought = layers.run_limits(kind, inputs, device)
    return brought | {"raised": [raised(kind, p) for p in inputs["tried"]]}


def raised(kind: Any, p: float) -> str:
    """The type of the error that a layer of this p raises."""
    try:
        kind(p)
    except ValueError:
        return "ValueError"
    except Exception as error:
        return type(error).__name__
    return "nothing"


def seen_at_limits(case: Case, outputs: Outputs) -> Outputs:
    tried, answers = case.inputs["tried"], outputs.get("raised")
    if not isinstance(answers, list) or len(answers) != len(tried):
        raise Unusable("it is not known what the layer says to a p")
    said = {f"what p = {p} raises": answer for p, answer in zip(tried, answers, strict=True)}
    return layers.seen_at_limits(case, outputs) | said


def limits_cases(rng: np.random.Generator) -> list[Case]:
    p, q = drop_probability(rng), drop_probability(rng)
    outside, inside = (
        [rng.uniform(-1, -0.05), 1, rng.uniform(1.05, 2)],
        [0, rng.uniform(0.01, 0.99)],
    )
    tried = [round(float(v), 2) for v in rng.permutation([*outside, *inside])]
    training: dict[str, Any] = {"training": True, "tried": []}
    evaluation = {**training, "training": False}
    refused = {**evaluation, "tried": tried}
    return [
        case(rng, "gradient, dtype and x after the call", p, [FATES, FATES], **training),
        case(rng, "the same in float32", q, [FATES, FATES // 10, 10], "float32", **training),
        case(rng, "the same in evaluation", p, [6, 5], "float32", **evaluation),
        case(rng, "p that is no probability of dropping", q, [6, 5], **refused),
    ]


EXERCISE = Exercise(
    "inverted_dropout",
    "InvertedDropout",
    [
        layers.training(training_cases, seen_in_training),
        layers.evaluation(evaluation_cases),
        layers.limits(limits_cases, run_limits, seen_at_limits),
    ],
    on_device=True,
    own_work=("dropout",),
    minutes=12,
    difficulty=1,
)
