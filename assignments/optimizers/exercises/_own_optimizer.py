"""How a torch optimizer is measured by itself: weight decay, groups, and state.

Decoupled decay adds nothing to the steps, so those of the same optimizer without it, each after the
decay, lead to the same place. A parameter is stepped as if it were alone with its gradients and its
options, at a rate that scales the step. And neither a move into a new optimizer nor a closure that
sets the gradients makes a difference; but a move that leaves the state behind does, else there is none.
"""

from typing import Any

import numpy as np

from autograder.compare import ROUNDING, difference, numbers
from autograder.compare import RTOL as BY_DTYPE
from autograder.exercise import Case, Outputs, Unusable

from ._optimizer_runs import run_optimizer, run_without_state
from ._own_measure import ANOTHER, NO_STEPS, THE_SAME, Measure, compared

RTOL = BY_DTYPE["float32"]  # as a count of steps may be, and its powers are no better
DEFAULTS = {"lr": 1e-3, "weight_decay": 0.0}
DECAYED = "the parameters, compared with your optimizer's steps without decay, each after the decay"
EACH_ALONE = (
    "the parameters, compared with each one alone with its gradients and its group's options"
)
UNMOVED = "the parameters, compared with those of an optimizer that is not moved"
STATELESS = "the parameters, compared with those of an optimizer that is moved without its state"
GIVEN = "the parameters, compared with those of a step without closure that is given its gradients"
RETURNED, ITS_LOSS = "what the step returned", "the closure's loss"


def options_of(inputs: dict[str, Any], i: int) -> dict[str, Any]:
    """The options of parameter i."""
    found = {**DEFAULTS, **inputs["options"]}
    for group in inputs.get("groups", []):
        found |= group["options"] if i in group["of"] else {}
    return found


def starts(case: Case) -> list[np.ndarray]:
    """Where the first steps set out: after the decay; nan where no gradient says whereto."""
    found = []
    for i, p in enumerate(case.inputs["params"]):
        options, gradient = options_of(case.inputs, i), case.inputs["grads"][0][i]
        there = p * (1.0 - options["lr"] * options["weight_decay"])
        found.append(np.where(gradient if gradient is not None else 0.0, there, np.nan))
    return found


def starts_without_decay(case: Case) -> list[np.ndarray]:
    """The same, nan where there is decay, which is for its own part to judge."""
    return [
        np.where(options_of(case.inputs, i)["weight_decay"], np.nan, start)
        for i, start in enumerate(starts(case))
    ]


def moves(outputs: Any, i: int, start: np.ndarray) -> np.ndarray:
    """How far parameter i went in each step of a run."""
    found = numbers(outputs.get(f"parameter {i}")) if isinstance(outputs, dict) else None
    if found is None or found.shape[1:] != start.shape:
        raise Unusable(NO_STEPS)
    return np.diff(np.concatenate([start[None], found]), axis=0)


# Weight decay.


def run_decayed(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The run as it is, and the same without decay."""
    without = {**inputs, "options": {**inputs["options"], "weight_decay": 0.0}}
    undecayed = run_optimizer(kind, without, device)
    return {**run_optimizer(kind, inputs, device), "undecayed": undecayed}


def words_on_decay(case: Case, outputs: Outputs) -> Outputs:
    by_hand: Outputs = {}
    for i, p in enumerate(case.inputs["params"]):
        options, at, path = options_of(case.inputs, i), p.astype(float), []
        for move in moves(outputs.get("undecayed"), i, p):
            at = at * (1.0 - options["lr"] * options["weight_decay"]) + move
            path.append(at)
        by_hand[f"parameter {i}"] = np.stack(path)
    return {DECAYED: compared(DECAY.steps_of(outputs), by_hand, RTOL)}


# Groups and missing gradients.


def run_groups(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The run as it is, and each parameter alone, in the steps in which it has a gradient."""
    alone = []
    for i, p in enumerate(inputs["params"]):
        grads = [[step[i]] for step in inputs["grads"] if step[i] is not None]
        own = {"params": [p], "grads": grads, "options": options_of(inputs, i)}
        alone.append(run_optimizer(kind, own, device) if grads else {})
    return {**run_optimizer(kind, inputs, device), "alone": alone}


def words_on_groups(case: Case, outputs: Outputs) -> Outputs:
    came, together = outputs.get("alone"), {}
    if not isinstance(came, list) or len(came) != len(case.inputs["params"]):
        raise Unusable(NO_STEPS)
    for i, p in enumerate(case.inputs["params"]):
        there = [step[i] is not None for step in case.inputs["grads"]]
        path = np.zeros((len(there), *p.shape))
        if any(there):
            own = moves({f"parameter {i}": came[i].get("parameter 0")}, i, p)
            if len(own) != sum(there):
                raise Unusable(NO_STEPS)
            path[there] = own
        path *= rates_of(case.inputs, i).reshape(-1, *[1] * p.ndim)
        together[f"parameter {i}"] = p + np.cumsum(path, axis=0)
    return {EACH_ALONE: compared(GROUPS.steps_of(outputs), together, RTOL)}


def rates_of(inputs: dict[str, Any], i: int) -> np.ndarray:
    """The learning rates of the steps, as multiples of the first."""
    first = options_of(inputs, i)["lr"]
    rates = np.full(len(inputs["grads"]), first)
    for step, changed in enumerate(inputs.get("rates", [])):
        if changed is not None:
            (rates[step:],) = changed  # of the one group
    return rates / first


# State.


def run_state(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The run as it is, the same without a move or closure, and moved, the same without its state."""
    outputs = run_optimizer(kind, inputs, device)
    other = {k: v for k, v in inputs.items() if k not in ("reload", "target")}
    if "target" in inputs:
        other["grads"] = [[2 * (at - inputs["target"])] for at in befores(inputs, outputs)]
    made = {**outputs, "otherwise": run_optimizer(kind, other, device)}
    if "reload" in inputs:
        made["without state"] = run_without_state(kind, inputs, device)
    return made


def befores(inputs: dict[str, Any], outputs: Outputs) -> np.ndarray:
    """Where the first parameter was before each step."""
    return np.concatenate([inputs["params"][0][None], outputs["parameter 0"][:-1]])


def words_on_state(case: Case, outputs: Outputs) -> Outputs:
    own, otherwise = STATE.steps_of(outputs), STATE.steps_of(outputs.get("otherwise"))
    word = compared(own, otherwise, RTOL)
    if "target" not in case.inputs:
        stateless = STATE.steps_of(outputs.get("without state"))
        return {UNMOVED: word, STATELESS: compared(own, stateless, ROUNDING)}
    losses = ((befores(case.inputs, outputs) - case.inputs["target"]) ** 2).sum(axis=1)
    returned = outputs.get("loss returned")
    wrong = difference("loss", returned, losses, RTOL) is not None
    nothing = isinstance(returned, list) and all(one is None for one in returned)
    said = "None" if nothing else "something else" if wrong else ITS_LOSS
    calls = outputs.get("calls of the closure")
    return {RETURNED: said, "calls of the closure, by step": calls, GIVEN: word}


DECAY = Measure(run_decayed, words_on_decay, "parameter", starts, rtol=RTOL)
GROUPS = Measure(run_groups, words_on_groups, "parameter", starts_without_decay, rtol=RTOL)
STATE = Measure(
    run_state,
    words_on_state,
    "parameter",
    starts_without_decay,
    (THE_SAME, ANOTHER, ITS_LOSS),
    RTOL,
)
