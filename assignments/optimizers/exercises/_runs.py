"""Runs of an update rule in NumPy, and what is seen of them: rule(w, dw, config) -> (next_w, config)."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.compare import form_of, numbers, require_values
from autograder.exercise import Outputs, Unusable

from ._steps import stacked

WHICH = ("first", "second")
NEXT_W = "next_w"


@dataclass
class Run:
    """One parameter that a rule steps: a run of a case, and what was seen of it.

    ``w`` and ``config`` are those before the first step, ``grads`` holds a gradient a step.
    ``omit``: the first call leaves the config out. ``rates``: learning rates to be set before a
    step, None leaves it. ``read``: the state to be read from the config after each step.
    ``saved``: the config is copied between steps, as if it had been saved. ``state_only``: what is
    kept is all that is brought home, which no slip in the step itself can spoil. ``valley``: the
    curvatures (a, b) of a loss (a w0^2 + b w1^2) / 2, whose gradients, where the rule has come to,
    take the place of those given.
    """

    w: Any
    grads: np.ndarray
    config: Any
    omit: bool = False
    rates: Sequence[float | None] = ()
    read: Sequence[str] = ()
    saved: bool = False
    state_only: bool = False
    valley: Sequence[float] = ()
    seen: dict[str, list] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = {**{key: [] for key in self.read}, "next_w": []}  # causes before effects

    def step(self, rule: Any) -> None:
        """Take the next step; raises Unusable for what a rule must not return."""
        step = len(self.seen["next_w"])
        rate = self.rates[step] if self.rates else None
        if rate is not None and isinstance(self.config, dict):
            self.config["learning_rate"] = rate
        arguments = [self.w, self.gradient(step)]
        if not (self.omit and step == 0):
            arguments.append(self.config)
        self.w, self.config = _two_values(rule(*arguments))
        self.seen["next_w"].append(_snapshot(self.w))
        for key in self.read:
            if key in self.config:
                self.seen[key].append(_snapshot(self.config[key]))
        if self.saved:
            self.config = copy.deepcopy(self.config)

    def gradient(self, step: int) -> np.ndarray:
        if not self.valley:
            return np.array(self.grads[step])
        w = numbers(self.w)
        if w is None or w.shape != (2,):
            raise Unusable("the next_w that you return must have the shape of w, (2,)")
        return np.array(self.valley) * w

    def outputs(self, of: str) -> Outputs:
        """What was seen, by step; state that was missing after one is left out."""
        names = {key: f"config[{key!r}]{of}" for key in self.read}
        if not self.state_only:
            names["next_w"] = f"{NEXT_W}{of}"
        steps = len(self.seen["next_w"])
        return {names[k]: stacked(v) for k in names if len(v := self.seen[k]) == steps}


def run_rule(rule: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Step the runs of a case in the given order; next_w and the state asked for, by step."""
    runs = [Run(**run) for run in inputs["runs"]]
    for which in inputs["order"]:
        runs[which].step(rule)
    outputs: Outputs = {}
    for which, run in zip(WHICH, runs, strict=False):
        outputs |= run.outputs(f" of the {which} run" if len(runs) > 1 else "")
    return outputs


def _two_values(returned: Any) -> tuple[Any, dict]:
    """next_w and config; raises Unusable for anything else."""
    w, config = require_values(returned, 2, "two values, next_w and config")
    if not isinstance(config, dict):
        raise Unusable(f"the second value returned must be the config, not {form_of(config)}")
    if w is None:
        raise Unusable("the next_w that you return is None")
    return w, config


def _snapshot(value: Any) -> Any:
    return np.array(value) if isinstance(value, np.ndarray | np.generic) else value
