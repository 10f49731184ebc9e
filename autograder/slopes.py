"""Gradients judged by the student's own function: slopes claimed beside slopes measured.

A gradient is right if it is the exercise's, or if it is that of the student's own forward pass or
loss, as long as this does much the same as the exercise's: what is wrong with it is for other parts
to say.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder import numeric
from autograder.compare import LOOSE
from autograder.exercise import Case, Outputs, Unusable

NAMES = CLAIMED, MEASURED = "slopes by your gradient", "slopes of what you compute"
ALIKE = 0.7  # the least cosine between slopes for which a function is one of those asked for
# Where all was computed in float32, slopes below this share of the largest are compared as if they
# were that large: they may be differences of slopes of that size, and have their rounding.
FLOOR = {"float64": numeric.FLOOR, "float32": 0.1}
SAME_FACTOR = 1e-3  # up to which two wrong answers are wrong by the same factor


def single_number(loss: Any) -> float:
    """A loss as a float; raises Unusable if it is not a single number."""
    try:
        return float(loss)
    except (TypeError, ValueError, RuntimeError):
        raise Unusable("the loss is not a single number") from None


def claimed_by(name: str, gradient: Any, directions: np.ndarray) -> np.ndarray:
    """What a gradient claims along directions; raises Unusable if it has another shape."""
    try:
        return numeric.claimed_derivatives(gradient, directions)
    except (TypeError, ValueError) as error:
        said = str(error).replace("but x has", f"but {name} has")
        raise Unusable(f"d{name}: {said}") from None


def along_each_element(
    gradients: dict[str, Any],
    loss: Callable[[dict[str, np.ndarray]], Any],
    point: dict[str, np.ndarray],
) -> Outputs:
    """What ``gradients`` claim about each element of each array of ``point``, beside what ``loss``
    does there: two arrays of slopes, one for each element of all arrays together. ``loss`` is called
    with float64 arrays. Raises Unusable for gradients of other shapes and a loss that is no number."""
    point = {name: np.asarray(value, np.float64) for name, value in point.items()}
    claimed, measured = [], []
    for name, value in point.items():
        directions = numeric.unit_directions(value.shape)
        claimed.append(claimed_by(name, gradients[name], directions))

        def moved(changed: np.ndarray, name: str = name) -> float:
            others = {k: v.copy() for k, v in point.items()}
            return single_number(loss({**others, name: changed}))

        measured.append(numeric.directional_derivatives(moved, value, directions))
    return {CLAIMED: np.concatenate(claimed), MEASURED: np.concatenate(measured)}


def all_slopes(outputs: Outputs, expected: Outputs) -> list[np.ndarray] | None:
    """Claimed and measured slopes of an answer, then the expected ones; None if they do not match."""
    given = [held.get(name) for held in (outputs, expected) for name in NAMES]
    slopes = [s for s in given if isinstance(s, np.ndarray) and s.dtype.kind == "f"]
    matching = len(slopes) == len(given) and len({s.shape for s in slopes}) == 1
    return slopes if matching else None


def same(one: np.ndarray, other: np.ndarray, dtype: str = "float64") -> bool:
    """Whether all slopes agree up to the relative error that is usual in a dtype."""
    with np.errstate(all="ignore"):
        if np.array_equal(one, other, equal_nan=True):
            return True
        return bool((numeric.relative_errors(one, other, FLOOR[dtype]) < LOOSE[dtype]).all())


def is_multiple(measured: np.ndarray, of: np.ndarray) -> bool:
    """Whether slopes agree with others but for a positive factor, that of least squares."""
    with np.errstate(all="ignore"):
        factor = (measured @ of) / (of @ of)
    return bool(factor > 0) and same(measured, factor * of)


def much_the_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether slopes point in about the same direction as others: a cosine above ALIKE."""
    with np.errstate(all="ignore"):
        cosine = one @ other / np.sqrt((one @ one) * (other @ other))
    return bool(cosine > ALIKE)


def each_much_the_same(arrays: list, one: np.ndarray, other: np.ndarray) -> bool:
    """Whether the slopes of each array are, or point in about the same direction as, the other's.

    Of each by itself: what one array does can outweigh that another has no effect at all.
    """
    pairs = [(one[held], other[held]) for _, held in by_array(arrays)]
    return all(same(a, b) or much_the_same(a, b) for a, b in pairs)


def judge_slopes(
    case: Case,
    outputs: Outputs,
    expected: Outputs,
    alike: Callable[[list, np.ndarray, np.ndarray], bool] = each_much_the_same,
) -> list[str]:
    """The judge of what ``along_each_element`` returns.

    ``case.inputs["of"]`` lists the name and the shape of each array, for the message;
    ``case.inputs["random"]`` says that slopes depend on chance: then they need not be alike, and those
    of a wrong answer are another's if they are wrong in the same arrays, by the same factors.
    ``alike`` says, of those arrays, whether measured slopes are those of a function that the exercise
    asks for.
    """
    if (slopes := all_slopes(outputs, expected)) is None:
        return ["no slopes"]
    claimed, measured, true_claimed, true_measured = slopes
    dtype = case.inputs.get("dtype", "float64")
    consistent = same(true_claimed, true_measured, dtype)
    if same(claimed, true_claimed, dtype) and (consistent or same(measured, true_measured, dtype)):
        return []
    random = case.inputs.get("random", False) and np.abs(measured).max(initial=0.0) > 0
    if random and not consistent:
        ours, theirs = (
            _factors(case.inputs["of"], *pair)
            for pair in ((claimed, measured), (true_claimed, true_measured))
        )
        if np.allclose(ours, theirs, rtol=SAME_FACTOR, equal_nan=True):
            return []
    if not same(claimed, measured, dtype):
        place = partial(_element_of_any, case.inputs["of"])
        return [worst(claimed, measured, place, "what you compute changes")]
    if consistent and (random or alike(case.inputs["of"], measured, true_measured)):
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
    if not np.isfinite(measured[i]):
        return f"{place(i)} is {claimed[i]:.6g}, but what you compute is nan or infinite there"
    size = f" (relative error {errors[i]:.1e})" if np.isfinite(errors[i]) else ""
    said, true = unlike_texts(claimed[i], measured[i])
    return f"{place(i)} is {said}, but {changes} at the rate {true}{size}"


def unlike_texts(one: float, other: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart, six at least."""
    texts = [(f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in (6, 8, 10, 17)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[0])


def element(name: str, shape: Sequence[int], i: int) -> str:
    """How a student writes the i-th element of an array: ``dx[1, 0]``."""
    return f"{name}[{', '.join(map(str, np.unravel_index(i, shape)))}]"


def random_direction(name: str, i: int) -> str:
    """Where a slope was taken that belongs to no element."""
    return f"along random direction {i + 1}, the sum of {name} * direction"


def by_array(arrays: list) -> Iterator[tuple[str, slice]]:
    """The name of each of these arrays, and where its slopes stand."""
    start = 0
    for name, shape in arrays:
        yield name, slice(start, start := start + int(np.prod(shape)))


def _factors(arrays: list, claimed: np.ndarray, measured: np.ndarray) -> list[float]:
    """Of each array how many times its measured slopes are claimed, nan where that is no number."""
    found = []
    for _, held in by_array(arrays):
        said, done = claimed[held], measured[held]
        with np.errstate(all="ignore"):
            factor = float((said @ done) / (done @ done))
        found.append(factor if same(said, factor * done) else np.nan)
    return found


def _element_of_any(arrays: list, i: int) -> str:
    """The i-th element of several arrays, of which names and shapes are given."""
    for name, shape in arrays:
        if 0 <= i < (size := int(np.prod(shape))):
            return element(f"d{name}", shape, i)
        i -= size
    return "an element"
