"""The exercise ``torch_adam``: ``class Adam(torch.optim.Optimizer)``, on any device."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder.compare import close_by_step
from autograder.exercise import Case, Exercise, Part

from ._optimizer_runs import run_optimizer
from ._own_optimizer import DECAY, GROUPS, RTOL, STATE
from ._steps import between

IN_THE_TEXT = "the example in the text"

# Cases.


def some(rng: np.random.Generator, **more: Any) -> dict[str, Any]:
    """Options of the constructor."""
    betas = [between(rng, 0.3, 0.7), between(rng, 0.75, 0.95)]
    return {"lr": rate(rng), "betas": betas, "eps": between(rng, 0.05, 0.2), **more}


def rate(rng: np.random.Generator) -> float:
    return between(rng, 0.05, 0.5)


def decay(rng: np.random.Generator) -> dict[str, float]:
    return {"weight_decay": between(rng, 0.1, 0.6)}


def case(
    rng: np.random.Generator,
    name: str,
    options: dict[str, Any],
    shapes: Sequence[tuple[int, ...]] = ((2,),),
    factors: Sequence[float] = (1, 1, 1, 1),
    dtype: type = np.float64,
    **more: Any,
) -> Case:
    """A run of as many steps as there are factors; ``factors`` scale the gradients of each."""

    def arrays(factor: float) -> list[np.ndarray]:
        return [np.asarray(factor * rng.standard_normal(s), dtype=dtype) for s in shapes]

    given = {"params": arrays(1), "grads": [arrays(factor) for factor in factors]}
    return Case(name, {**given, "options": options, **more})


def in_the_text(options: dict[str, Any]) -> Case:
    """One parameter that is 1, in a step with the gradient 3."""
    given = {"params": [np.array([1.0])], "grads": [[np.array([3.0])]]}
    return Case(IN_THE_TEXT, {**given, "options": {"lr": 0.1, **options}})


def update_cases(rng: np.random.Generator) -> list[Case]:
    four = [(), (2, 2), (2, 1, 2), (0, 3)]
    return [
        in_the_text({}),
        case(rng, "several steps, all options given", some(rng)),
        case(rng, "four shapes, one of them empty", some(rng), four, [1, 1]),
        case(rng, "default options, gradients of about 1e-7", {}, factors=[1e-7, 1e-7, 1e-7]),
        case(rng, "default options", {}),
        case(rng, "no gradient at first", some(rng, eps=1e-3), factors=[0, 1, 1]),
        case(rng, "growing gradients", some(rng), factors=[0.01, 0.1, 1, 10]),
        case(rng, "float32", some(rng), dtype=np.float32),
    ]


def decay_cases(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text({"weight_decay": 0.5}),
        case(rng, "with weight decay", some(rng, **decay(rng))),
        case(rng, "zero gradients", some(rng, **decay(rng)), factors=[0, 0, 1]),
        case(rng, "weight decay alone given", decay(rng), factors=[1, 1, 1]),
        case(rng, "a matrix in float32", some(rng, **decay(rng)), ((2, 2),), dtype=np.float32),
    ]


def group_cases(rng: np.random.Generator) -> list[Case]:
    two = ((2,), (3,))
    groups = [
        {"of": [0], "options": some(rng, **decay(rng))},
        {"of": [1], "options": {"lr": rate(rng)}},
    ]
    missing = case(rng, "gradients that are missing now and then", some(rng), two, [1] * 5)
    for step, i in ((0, 1), (1, 1), (2, 0)):
        missing.inputs["grads"][step][i] = None
    frozen = case(rng, "no gradient, with weight decay", some(rng, weight_decay=0.5), two, [1] * 3)
    for step in range(3):
        frozen.inputs["grads"][step][1] = None
    rates = [None, None, [between(rng, 0.5, 0.9)], None]
    return [
        case(rng, "two groups with options of their own", some(rng), two, groups=groups),
        missing,
        frozen,
        case(rng, "the learning rate changes after two steps", some(rng), rates=rates),
    ]


def state_cases(rng: np.random.Generator) -> list[Case]:
    moved, target = "moved into a new optimizer by state_dict", rng.standard_normal(2)
    return [
        case(rng, moved, some(rng, **decay(rng)), ((2,), (3,)), reload=2),
        case(rng, "with a closure", some(rng), factors=[1, 1, 1], target=target),
    ]


EXERCISE = Exercise(
    "torch_adam",
    "Adam",
    [
        Part("update rule", 4, update_cases, run_optimizer, partial(close_by_step, rtol=RTOL)),
        DECAY.part("decoupled weight decay", 2, decay_cases),
        GROUPS.part("groups and missing gradients", 2, group_cases),
        STATE.part("state", 2, state_cases),
    ],
    on_device=True,
    own_work=("optimizer",),
    minutes=35,
    difficulty=3,
)
