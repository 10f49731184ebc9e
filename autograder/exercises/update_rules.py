"""The update rules in NumPy: rule(w, dw, config=None) -> (next_w, config)."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.judge import close_by_step

Draw = Callable[[np.random.Generator], Any]
WHICH = ("first", "second")


def update_rule(name: str, draws: dict[str, Draw], state: dict[str, str], points: list) -> Exercise:
    """The exercise for one rule.

    ``draws`` says how each hyperparameter is drawn, ``state`` maps the keys of the rule's state to
    their kind: ``signed``, ``positive`` or ``count``.
    """
    names = ("update rule", "defaults", "state", "shapes and dtypes")
    parts = dict(zip(names, points, strict=True))
    return Exercise(name, name, parts, partial(rule_cases, draws, state), run_rule, close_by_step)


# Probe.


def run_rule(rule: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Step each run of a case in the given order; next_w and the state that is asked for, by step.

    A run: the first ``w``, the gradients ``grads`` of its steps, the first ``config`` (``omit``: it
    is left out), and learning rates to be set before a step (``rates``, None leaves it).
    """
    runs = inputs["runs"]
    seen: list[dict[str, list]] = [{"next_w": [], **{k: [] for k in inputs["read"]}} for _ in runs]
    now = [(run["w"], run["config"]) for run in runs]
    for which in inputs["order"]:
        run, (w, config) = runs[which], now[which]
        step = len(seen[which]["next_w"])
        rate = run["rates"][step] if run.get("rates") else None
        if rate is not None and isinstance(config, dict):
            config["learning_rate"] = rate
        dw = np.array(run["grads"][step])
        arguments = [w, dw] if run.get("omit") and step == 0 else [w, dw, config]
        returned = rule(*arguments)
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            return {"unusable": f"return two values, next_w and config, not {_kind(returned)}"}
        w, config = returned
        if not isinstance(config, dict):
            return {
                "unusable": f"the second value returned must be the config, not {_kind(config)}"
            }
        if w is None:
            return {"unusable": "the next_w that you return is None"}
        seen[which]["next_w"].append(_snapshot(w))
        for key in inputs["read"]:
            if key in config:
                seen[which][key].append(_snapshot(config[key]))
        now[which] = (w, copy.deepcopy(config) if inputs["copy"] else config)
    outputs = {}
    for which, kept in enumerate(seen):
        of = f" of the {WHICH[which]} run" if len(runs) > 1 else ""
        for name, values in kept.items():
            label = name if name == "next_w" else f"config[{name!r}]"
            if len(values) == len(kept["next_w"]):
                outputs[label + of] = _stack(values)
    return outputs


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{len(value)} values"
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _snapshot(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray | np.generic) else value


def _stack(values: list) -> Any:
    """Values of one shape as one array, else as they are."""
    plain = all(isinstance(v, np.ndarray | float | int) for v in values)
    return np.stack(values) if plain and len({np.shape(v) for v in values}) == 1 else values


# Cases.


def rule_cases(
    draws: dict[str, Draw], state: dict[str, str], rng: np.random.Generator
) -> list[Case]:
    """The cases of a rule, with hyperparameters drawn anew for each."""

    def some() -> dict[str, float]:
        return {name: draw(rng) for name, draw in draws.items()}

    return [
        *_update_cases(rng, some),
        *_default_cases(rng, some, "epsilon" in draws),
        *_state_cases(rng, some, state),
        *_shape_cases(rng, some),
    ]


def _run(rng: np.random.Generator, config: dict | None, shape=(3,), steps=4, **more) -> dict:
    return {
        "w": np.asarray(rng.standard_normal(shape)),
        "grads": rng.standard_normal((steps, *shape)),
        "config": config,
        **more,
    }


def _case(name: str, part: str, *runs: dict, order=None, read=(), copy=False) -> Case:
    if order is None:
        order = [i for i, run in enumerate(runs) for _ in run["grads"]]
    inputs = {"runs": list(runs), "order": order, "read": list(read), "copy": copy}
    return Case(name, part, inputs)


def _update_cases(rng, some) -> list[Case]:
    part = "update rule"
    zeros = _run(rng, some(), shape=(3,))
    zeros["grads"][0] = 0.0
    zeros["grads"][2, 1] = 0.0
    zeros["config"].update({"epsilon": 1e-3} if "epsilon" in zeros["config"] else {})
    changed = _run(rng, some(), shape=(3,), steps=4)
    changed["rates"] = [None, None, 3 * changed["config"]["learning_rate"], None]
    growing = _run(rng, some(), shape=(3,), steps=4)
    growing["grads"] *= 10.0 ** np.arange(-2, 2)[:, None]
    return [
        _case("several steps, all hyperparameters given", part, _run(rng, some())),
        _case("some gradients are zero", part, zeros),
        _case("the learning rate changes after two steps", part, changed),
        _case("small gradients first, large ones later", part, growing),
    ]


def _default_cases(rng, some, has_epsilon: bool) -> list[Case]:
    part = "defaults"
    twice = [_run(rng, None, shape=(2,), steps=2, omit=True) for _ in range(2)]
    cases = [
        _case("config left out, in two runs", part, *twice),
        _case("config=None", part, _run(rng, None, shape=(2,), steps=3)),
    ]
    if has_epsilon:
        tiny = _run(rng, None, shape=(2,), steps=3)
        tiny["grads"] *= 1e-7
        cases.append(_case("config=None, gradients of about 1e-7", part, tiny))
    for name, value in some().items():
        run = _run(rng, {name: value}, shape=(2,), steps=3)
        cases.append(_case(f"config holds only {name}", part, run))
    return cases


def _state_cases(rng, some, state: dict[str, str]) -> list[Case]:
    part = "state"
    kinds = {
        "signed": lambda shape: rng.standard_normal(shape),
        "positive": lambda shape: rng.uniform(0.2, 2.0, shape),
        "count": lambda shape: int(rng.integers(3, 12)),
    }
    given = {name: kinds[kind]((2,)) for name, kind in state.items()}
    ongoing = _run(rng, {**some(), **given}, shape=(2,), steps=3)
    fresh = _run(rng, some(), shape=(2,), steps=3)
    pair = [_run(rng, some(), shape=(3,), steps=3), _run(rng, some(), shape=(2, 2), steps=3)]
    again = _run(rng, some(), shape=(2,), steps=2)
    return [
        _case("a run that goes on from a given state", part, ongoing, read=state),
        _case("state read from the returned config", part, fresh, read=state, copy=True),
        _case("two parameters in turns", part, *pair, order=[0, 1, 1, 0, 1, 0], copy=True),
        _case("the same run twice", part, again, {**again, "config": dict(again["config"])}),
    ]


def _shape_cases(rng, some) -> list[Case]:
    part = "shapes and dtypes"

    def cast(run: dict, w: type, grads: type) -> dict:
        return {**run, "w": run["w"].astype(w), "grads": run["grads"].astype(grads)}

    mixed = [_run(rng, some(), shape=(2,), steps=2) for _ in range(2)]
    mixed = [cast(mixed[0], np.float32, np.float64), cast(mixed[1], np.float64, np.float32)]
    return [
        _case("a single number (shape ())", part, _run(rng, some(), shape=(), steps=3)),
        _case("three axes", part, _run(rng, some(), shape=(1, 2, 1), steps=2)),
        _case("an empty array", part, _run(rng, some(), shape=(0, 3), steps=2)),
        _case("float32", part, cast(_run(rng, some(), steps=3), np.float32, np.float32)),
        _case("float32 beside float64", part, *mixed),
    ]


# Exercises.


def _between(low: float, high: float) -> Draw:
    return lambda rng: round(float(rng.uniform(low, high)), 3)


_RATE = {"learning_rate": _between(0.05, 0.5)}
_MOMENTUM = {**_RATE, "momentum": _between(0.3, 0.8)}
_EPSILON = {"epsilon": _between(0.05, 0.2)}

EXERCISES = [
    update_rule("sgd_momentum", _MOMENTUM, {"velocity": "signed"}, [2, 1, 1, 1]),
    update_rule("nesterov_momentum", _MOMENTUM, {"velocity": "signed"}, [2, 1, 1, 1]),
    update_rule("adagrad", {**_RATE, **_EPSILON}, {"cache": "positive"}, [2, 1, 1, 1]),
    update_rule(
        "rmsprop",
        {**_RATE, "decay_rate": _between(0.55, 0.9), **_EPSILON},
        {"cache": "positive"},
        [2, 1, 1, 1],
    ),
    update_rule(
        "adam",
        {**_RATE, "beta1": _between(0.3, 0.7), "beta2": _between(0.75, 0.95), **_EPSILON},
        {"m": "signed", "v": "positive", "t": "count"},
        [4, 1, 2, 1],
    ),
]
