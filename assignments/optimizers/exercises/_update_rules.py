"""What the update rules in NumPy share: rule(w, dw, config=None) -> (next_w, config)."""

import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from autograder import sketch, sketch_plane
from autograder.compare import close_by_step, close_line_by_line
from autograder.exercise import Case, Exercise, Outputs, Part

from ._own_rule import DEFAULTS, SHAPES
from ._runs import NEXT_W, run_rule
from ._steps import between

IN_THE_TEXT = "the example in the text"
EXAMPLE_GRADIENTS = np.array([[0.5, -1.0], [1.0, 1.0]])  # of every worked example in the text
Range = tuple[float, float]
Kind = Literal["signed", "positive", "count"]

# Cases.


@dataclass(frozen=True)
class Rule:
    """What the cases of a rule are drawn from.

    ``hyperparameters`` maps the keys of the rule's hyperparameters to their ranges, ``defaults`` to
    the values that the text gives them, ``state`` the keys of its state to their kind. ``example``
    is the config of the text's worked example.
    """

    hyperparameters: dict[str, Range]
    defaults: dict[str, float]
    state: dict[str, Kind]
    example: dict[str, Any]

    def some(self, rng: np.random.Generator) -> dict[str, Any]:
        """A config that holds all hyperparameters."""
        return {key: between(rng, *bounds) for key, bounds in self.hyperparameters.items()}

    def some_state(self, rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
        """The state of a parameter that has taken steps before."""
        draws = {
            "signed": lambda: rng.standard_normal(shape),
            "positive": lambda: rng.uniform(0.2, 2.0, shape),
            "count": lambda: int(rng.integers(3, 12)),
        }
        return {key: draws[kind]() for key, kind in self.state.items()}


def _run(
    rng: np.random.Generator,
    config: dict | None,
    shape: tuple[int, ...] = (3,),
    steps: int = 4,
    **more: Any,
) -> dict[str, Any]:
    w, grads = np.asarray(rng.standard_normal(shape)), rng.standard_normal((steps, *shape))
    return {"w": w, "grads": grads, "config": config, **more}


def _case(name: str, *runs: dict, order: list[int] | None = None) -> Case:
    """A case of runs that take their steps in this order, else one run after the other."""
    if order is None:
        order = [which for which, run in enumerate(runs) for _ in run["grads"]]
    return Case(name, {"runs": list(runs), "order": order})


def down_a_valley(rule: Rule, rng: np.random.Generator) -> Case:
    """A loss that is flat along w0 and steep along w1, seen from its slope."""
    curvatures = [between(rng, 0.2, 0.5), between(rng, 1.5, 3.0)]
    sides = rng.choice([-1.0, 1.0], 2)
    run = {"w": sides * [between(rng, 1.5, 2.5), between(rng, 0.6, 1.0)], "valley": curvatures}
    return _case(
        "eight steps down a valley", {**run, "grads": np.zeros((8, 2)), "config": rule.some(rng)}
    )


def update_cases(rule: Rule, rng: np.random.Generator) -> list[Case]:
    zeros = _run(rng, rule.some(rng))
    zeros["grads"][0] = 0.0
    zeros["grads"][2, 1] = 0.0
    if "epsilon" in zeros["config"]:
        zeros["config"]["epsilon"] = 1e-3
    changed = _run(rng, rule.some(rng))
    changed["rates"] = [None, None, 3 * changed["config"]["learning_rate"], None]
    growing = _run(rng, rule.some(rng))
    growing["grads"] *= 10.0 ** np.arange(-2, 2)[:, None]
    drawn = [
        _case("several steps, all hyperparameters given", _run(rng, rule.some(rng))),
        _case("some gradients are zero", zeros),
        _case("the learning rate changes after two steps", changed),
        _case("small gradients first, large ones later", growing),
    ]
    example = {"w": np.array([1.0, 2.0]), "grads": EXAMPLE_GRADIENTS, "config": rule.example}
    valley = down_a_valley(rule, rng)
    of_the_text = _case(IN_THE_TEXT, copy.deepcopy(example))
    for case in [of_the_text, *drawn]:
        case.inputs["runs"][0]["read"] = list(rule.state)
    return [of_the_text, valley, *drawn]


def default_cases(rule: Rule, rng: np.random.Generator) -> list[Case]:
    twice = [_run(rng, None, (2,), steps=2, omit=True) for _ in range(2)]
    without = _case("config=None", _run(rng, None, (2,), steps=3))
    cases = [_case("config left out, in two runs", *twice), without]
    if "epsilon" in rule.hyperparameters:
        tiny = _run(rng, None, (2,), steps=3)
        tiny["grads"] *= 1e-7
        cases.append(_case("config=None, gradients of about 1e-7", tiny))
    some = rule.some(rng)
    if "epsilon" in some:  # less than a rate, so that one added to a step does not turn it round
        some["epsilon"] /= 40
    for key, value in some.items():
        run = _run(rng, {key: value}, (2,), steps=3)
        cases.append(_case(f"config holds only {key}", run))
    for case in cases:
        case.inputs.update({"defaults": dict(rule.defaults), "to change": []})
    without.inputs["to change"] = list(rule.defaults)
    return cases


def state_cases(rule: Rule, rng: np.random.Generator) -> list[Case]:
    kept: dict[str, Any] = {"read": list(rule.state), "state_only": True}
    ongoing = _run(rng, rule.some(rng) | rule.some_state(rng, (2,)), (2,), steps=3, **kept)
    fresh = _run(rng, rule.some(rng), (2,), steps=3, saved=True, **kept)
    pair = [
        _run(rng, rule.some(rng), shape, steps=3, saved=True, **kept) for shape in ((3,), (2, 2))
    ]
    again = _run(rng, rule.some(rng), (2,), steps=2, **kept)
    return [
        _case("a run that goes on from a given state", ongoing),
        _case("state read from the returned config", fresh),
        _case("two parameters in turns", *pair, order=[0, 1, 1, 0, 1, 0]),
        _case("the same run twice", again, copy.deepcopy(again)),
    ]


def shape_cases(rule: Rule, rng: np.random.Generator) -> list[Case]:
    def run(
        shape: tuple[int, ...], steps: int, w: type = np.float64, grads: type = np.float64
    ) -> dict[str, Any]:
        config = {
            key: between(rng, low + 0.9 * (high - low), high)  # the rate above any epsilon
            for key, (low, high) in rule.hyperparameters.items()
        }
        drawn = _run(rng, config, shape, steps)
        return {**drawn, "w": drawn["w"].astype(w), "grads": drawn["grads"].astype(grads)}

    w_alone, grads_alone = run((2,), 2, w=np.float32), run((2,), 2, grads=np.float32)
    return [
        _case("a single number (shape ())", run((), steps=3)),
        _case("three axes", run((1, 2, 1), steps=2)),
        _case("an empty array", run((0, 3), steps=2)),
        _case("float32", run((3,), 3, np.float32, np.float32)),
        _case("float32 beside float64", w_alone, grads_alone),
    ]


def path(case: Case, outputs: Outputs, expected: Outputs) -> str:
    """Two weights as a path in their plane; of others the one that ends up most wrong, step by step.

    Of the example in the text there is none: its two steps are said number by number.
    """
    if case.name == IN_THE_TEXT:
        return ""
    names = [name for name in expected if name.startswith(NEXT_W)]
    for run, name in zip(case.inputs["runs"], names, strict=False):
        start = np.asarray(run["w"]).reshape(1, -1)
        want, have = (
            np.asarray(one[name]).reshape(len(run["grads"]), -1) for one in (expected, outputs)
        )
        if np.array_equal(want, have):
            continue
        if start.size == 2:
            want, have = (np.concatenate([start, one]) for one in (want, have))
            title, entries = f"{name}, {case.name}", ("entry 0", "entry 1")
            return sketch_plane.paths(title, entries, want, have, run.get("valley", ()))
        entry = int(np.nan_to_num(abs(have - want), nan=np.inf).max(axis=0).argmax())
        series = [np.concatenate([start, one])[:, entry] for one in (want, have)]
        title = f"{name}, entry {entry}, {case.name}"
        return sketch.curves(title, "step", range(len(series[0])), *series)
    return ""


# Exercise.

RATE: dict[str, Range] = {"learning_rate": (0.05, 0.5)}
MOMENTUM: dict[str, Range] = {**RATE, "momentum": (0.3, 0.8)}
EPSILON: dict[str, Range] = {"epsilon": (0.05, 0.2)}


def update_rule(
    name: str,
    rule: Rule,
    points: tuple[float, float, float, float],
    minutes: int,
    difficulty: int,
) -> Exercise:
    """The exercise for a rule, with the points of its four parts."""
    formula, defaults, state, shapes = points
    line_by_line = partial(close_line_by_line, NEXT_W)
    return Exercise(
        name,
        name,
        [
            Part(
                "update rule",
                formula,
                partial(update_cases, rule),
                run_rule,
                line_by_line,
                picture=path,
            ),
            DEFAULTS.part("defaults", defaults, partial(default_cases, rule), path),
            Part("state", state, partial(state_cases, rule), run_rule, close_by_step, picture=path),
            SHAPES.part("shapes and dtypes", shapes, partial(shape_cases, rule), path),
        ],
        own_work=("optimizer",),
        minutes=minutes,
        difficulty=difficulty,
    )
