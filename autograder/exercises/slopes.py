"""Gradients judged by the student's own function: slopes claimed beside slopes measured.

A gradient is right if it is the exercise's, or if it is that of the student's own forward pass or
loss, as long as this does much the same as the exercise's: what is wrong with it is for other parts
to say.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder import numeric
from autograder.exercise import Case, Outputs
from autograder.judge import unusable

ALIKE = 0.7  # the least cosine between slopes for which a function is one of those asked for
TOLERANCE = {"float32": 1e-4}


def along_each_element(
    gradients: dict[str, Any],
    loss: Callable[[dict[str, np.ndarray]], float],
    point: dict[str, np.ndarray],
) -> Outputs:
    """What ``gradients`` claim about each element of each array of ``point``, beside what ``loss``
    does there. ``loss`` is called with float64 arrays."""
    point = {name: np.asarray(value, np.float64) for name, value in point.items()}
    claimed, measured = [], []
    for name, value in point.items():
        directions = numeric.unit_directions(value.shape)
        try:
            claimed.append(numeric.claimed_derivatives(gradients[name], directions))
        except (TypeError, ValueError) as error:
            return {"unusable": f"{name}: {error}".replace("but x has", f"but {name} has")}

        def moved(changed: np.ndarray, name: str = name) -> float:
            return loss({**{k: v.copy() for k, v in point.items()}, name: changed})

        try:
            measured.append(numeric.directional_derivatives(moved, value, directions))
        except TypeError:
            return {"unusable": "the loss is not a single number"}
    return {"claimed": np.concatenate(claimed), "measured": np.concatenate(measured)}


def all_slopes(outputs: Outputs, expected: Outputs) -> list[np.ndarray] | None:
    """Claimed and measured slopes of an answer, then the expected ones; None if they do not match."""
    slopes = [given.get(name) for given in (outputs, expected) for name in ("claimed", "measured")]
    usable = all(isinstance(s, np.ndarray) and s.dtype.kind == "f" for s in slopes)
    return slopes if usable and len({s.shape for s in slopes}) == 1 else None


def same(one: np.ndarray, other: np.ndarray, tolerance: float = numeric.TOLERANCE) -> bool:
    """Whether all slopes agree up to a relative error."""
    with np.errstate(all="ignore"):
        if np.array_equal(one, other, equal_nan=True):
            return True
        return bool((numeric.relative_errors(one, other) < tolerance).all())


def is_multiple(measured: np.ndarray, of: np.ndarray) -> bool:
    """Whether slopes agree with others but for a positive factor."""
    with np.errstate(all="ignore"):
        factor = (measured @ of) / (of @ of)
    return bool(factor > 0) and same(measured, factor * of)


def much_the_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether slopes point in about the same direction as others."""
    with np.errstate(all="ignore"):
        cosine = one @ other / np.sqrt((one @ one) * (other @ other))
    return bool(cosine > ALIKE)


def judge_slopes(
    case: Case,
    outputs: Outputs,
    expected: Outputs,
    alike: Callable[[np.ndarray, np.ndarray], bool] = much_the_same,
) -> list[str]:
    """The judge of what ``along_each_element`` returns.

    ``case.inputs["of"]`` lists the name and the shape of each array, for the message;
    ``case.inputs["random"]`` says that slopes depend on chance: then they need not be alike.
    ``alike`` says whether measured slopes are those of a function that the exercise asks for.
    """
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    if (slopes := all_slopes(outputs, expected)) is None:
        return ["no slopes"]
    claimed, measured, true_claimed, true_measured = slopes
    tolerance = TOLERANCE.get(case.inputs.get("dtype", "float64"), numeric.TOLERANCE)
    consistent = same(true_claimed, true_measured, tolerance)
    if same(claimed, true_claimed, tolerance) and (
        consistent or same(measured, true_measured, tolerance)
    ):
        return []
    if not same(claimed, measured, tolerance):
        place = partial(_element_of_any, case.inputs["of"])
        return [worst(claimed, measured, place, "what you compute changes")]
    random = case.inputs.get("random", False) and np.abs(measured).max(initial=0.0) > 0
    if consistent and (random or alike(measured, true_measured)):
        return []
    return ["this is the gradient of what you compute, but that is not what the exercise asks for"]


def worst(
    claimed: np.ndarray,
    measured: np.ndarray,
    place: Callable[[int], str],
    changes: str = "your loss changes",
) -> str:
    """What to say of the slope that is farthest from the measured one; ``place`` names it."""
    with np.errstate(all="ignore"):
        errors = numeric.relative_errors(claimed, measured)
    i = int(np.nan_to_num(errors, nan=np.inf).argmax())
    return (
        f"{place(i)} is {claimed[i]:.6g}, but {changes} at the rate "
        f"{measured[i]:.6g} (relative error {errors[i]:.1e})"
    )


def element(name: str, shape: Sequence[int], i: int) -> str:
    """How a student writes the i-th element of an array: ``dx[1, 0]``."""
    return f"{name}[{', '.join(map(str, np.unravel_index(i, shape)))}]"


def random_direction(name: str, i: int) -> str:
    """Where a slope was taken that belongs to no element."""
    return f"along random direction {i + 1}, the sum of {name} * direction"


def _element_of_any(arrays: list, i: int) -> str:
    """The i-th element of several arrays, of which names and shapes are given."""
    for name, shape in arrays:
        if 0 <= i < (size := int(np.prod(shape))):
            return element(f"d{name}", shape, i)
        i -= size
    return "an element"
