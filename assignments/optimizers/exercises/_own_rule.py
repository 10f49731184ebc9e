"""How an update rule in NumPy is measured by itself: what a config leaves out, and shapes.

What a config lacks counts as the text's default if the rule makes the same of a config in which that
is written out, and something else of any other value. An array of any shape and dtype is stepped
right if each of its entries, stepped alone, comes out the same. Where a rule sets out makes no
difference to its steps: those that others are compared with set out from zero, so that steps which
were kept from other cases do not agree with them.
"""

import copy
from typing import Any

import numpy as np

from autograder.compare import ROUNDING, numbers, tolerance
from autograder.exercise import Case, Outputs, Unusable

from ._own_measure import ANOTHER, NO_STEPS, THE_SAME, Measure, compared
from ._runs import NEXT_W, run_rule

OTHER = 0.25  # a value that is no hyperparameter's default
WRITTEN_OUT = "the step, compared with that of a config into which the text's defaults are written"
USED, ALL = "settings that make a difference when they are written into the config", "all"
ALONE = "the step, compared with that of each entry alone"


def starts(case: Case) -> list[np.ndarray]:
    return [run["w"] for run in case.inputs["runs"]]


def from_starts(case: Case, steps: Outputs) -> Outputs:
    """Steps that set out from zero, as they are where the runs of the case set out."""
    moved: Outputs = {}
    for (name, value), start in zip(steps.items(), starts(case), strict=False):
        path = numbers(value)
        if path is not None and path.shape[1:] == start.shape:
            moved[name] = start + path
    return moved


# What a config leaves out.


def run_defaults(rule: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The runs as they are, and from zero: with the defaults written out, and with one changed."""

    def with_written_out(values: dict[str, float]) -> Outputs:
        other = copy.deepcopy(inputs)
        for run in other["runs"]:
            config = {**values, **(run["config"] or {})}
            run.update(w=np.zeros_like(run["w"]), config=config, omit=False)
        return run_rule(rule, other, device)

    defaults = inputs["defaults"]
    changed = {key: with_written_out({**defaults, key: OTHER}) for key in inputs["to change"]}
    written_out = with_written_out(defaults)
    return {**run_rule(rule, inputs, device), "written out": written_out, "changed": changed}


def words_on_defaults(case: Case, outputs: Outputs) -> Outputs:
    own, written_out = DEFAULTS.steps_of(outputs), DEFAULTS.steps_of(outputs.get("written out"))
    moved = from_starts(case, written_out)
    words: Outputs = {WRITTEN_OUT: compared(own, moved, tolerance(case.inputs))}
    if keys := case.inputs["to change"]:
        changed = outputs.get("changed")
        if not isinstance(changed, dict):
            raise Unusable(NO_STEPS)
        others = {key: DEFAULTS.steps_of(changed.get(key)) for key in keys}
        used = [k for k in keys if compared(written_out, others[k], ROUNDING) == ANOTHER]
        words[USED] = ALL if used == keys else ", ".join(used) or "none"
    return words


# Shapes and dtypes.


def run_shapes(rule: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The runs as they are, and each entry by itself from zero, as an array of one float64."""
    alone = [
        [run_rule(rule, _only(run, i), device)[NEXT_W] for i in range(run["w"].size)]
        for run in inputs["runs"]
    ]
    return {**run_rule(rule, inputs, device), "alone": alone}


def _only(run: dict[str, Any], entry: int) -> dict[str, Any]:
    """The inputs of a case that steps one entry of a run alone, from zero."""
    steps = len(run["grads"])
    grads = run["grads"].reshape(steps, -1)[:, entry : entry + 1].astype(float)
    alone = {**run, "w": np.zeros(1), "grads": grads}
    return {"runs": [copy.deepcopy(alone)], "order": [0] * steps}


def words_on_shapes(case: Case, outputs: Outputs) -> Outputs:
    came, runs, own = outputs.get("alone"), case.inputs["runs"], SHAPES.steps_of(outputs)
    if not isinstance(came, list) or not len(came) == len(runs) == len(own):
        raise Unusable(NO_STEPS)
    together = {
        name: _put_together(alone, run["grads"])
        for name, alone, run in zip(own, came, runs, strict=True)
    }
    return {ALONE: compared(own, from_starts(case, together), tolerance(case.inputs))}


def _put_together(alone: Any, grads: np.ndarray) -> np.ndarray:
    """The steps of an array, from those of its entries."""
    steps = len(grads)
    entries = [numbers(entry) for entry in alone] if isinstance(alone, list) else []
    columns = [entry for entry in entries if entry is not None and entry.shape == (steps, 1)]
    if len(columns) != grads[0].size or len(columns) != len(entries):
        raise Unusable(
            f"the {NEXT_W} that you return must have the shape of w; for a w of shape (1,) it has not"
        )
    return np.concatenate([np.empty((steps, 0)), *columns], axis=1).reshape(grads.shape)


DEFAULTS = Measure(run_defaults, words_on_defaults, NEXT_W, starts, right=(THE_SAME, ALL))
SHAPES = Measure(run_shapes, words_on_shapes, NEXT_W, starts)
