"""Compares outputs with expected ones, at the precision of the inputs: what judges are made of."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercise import Case, Outputs, Unusable
from autograder.wire import Other, name_of

# Relative tolerances for values computed from inputs of this dtype. The oracle is float64; a chain
# of some twenty float32 operations stays well inside its bound.
RTOL = {"float64": 1e-7, "float32": 1e-5, "float16": 1e-2}
# The same where more is lost: long sums, differences of nearly equal numbers, slopes.
LOOSE = {"float64": 1e-6, "float32": 1e-4, "float16": 1e-2}
ROUNDING = 1e-9  # what is computed in float64 again, in another order, differs by less
FLOOR = 1e-5  # magnitudes below this are compared as if they were this large


def tolerance(inputs: Any) -> float:
    """The relative tolerance for outputs computed from these inputs: that of their coarsest dtype."""
    if isinstance(inputs, np.ndarray | np.generic):
        return RTOL.get(name_of(inputs.dtype), RTOL["float64"])
    if isinstance(inputs, dict):
        inputs = inputs.values()
    elif not isinstance(inputs, list | tuple):
        return RTOL["float64"]
    return max(map(tolerance, inputs), default=RTOL["float64"])


def numbers(value: Any) -> np.ndarray | None:
    """The value as a float64 array, or None if it is not numbers of one shape."""
    if isinstance(value, bool | int | float | np.ndarray | np.generic | list):
        try:
            array = np.asarray(value, dtype=np.float64)
        except (ValueError, TypeError):
            return None
        return array
    return None


def floats(outputs: Outputs, name: str, shape: Sequence[int | None]) -> np.ndarray:
    """The array of floats of this shape that a probe brought home; raises Unusable for all else.

    A length that is None may be any.
    """
    made = outputs.get(name)
    if not isinstance(made, np.ndarray) or made.dtype.kind != "f" or not _fits(made.shape, shape):
        wanted = f"an array of floats of shape {tuple(shape)}"
        raise Unusable(f"{name}: expected {wanted}, got {kind_of(made)}")
    return made


def kind_of(value: Any) -> str:
    """What a value is, in words: None, a float, an array of float64 of shape (2,), ..."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype.name} of shape {value.shape}"
    if isinstance(value, Other):
        return f"{value}"
    return "None" if value is None else f"a {type(value).__name__}"


def form_of(value: Any) -> str:
    """What came back, in words that are the same for all cases: a tensor, a list, None and its usual cause."""
    if value is None:
        return "None: is there a `return`?"
    if isinstance(value, int | float | np.generic) and not isinstance(value, bool):
        return "a number"
    kind = type(value).__name__
    article = "an" if kind[0] in "aeiou" else "a"
    return {"ndarray": "an array", "Tensor": "a tensor"}.get(kind, f"{article} {kind}")


def require_values(returned: Any, count: int, asked: str) -> tuple | list:
    """The so many values that came back; raises Unusable, which says what was ``asked``, for all else."""
    if not isinstance(returned, tuple | list):
        raise Unusable(f"return {asked}, not {form_of(returned)}")
    if len(returned) != count:
        raise Unusable(f"return {asked}, not {len(returned)} value{'s' * (len(returned) != 1)}")
    return returned


def _fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    lengths = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(w is None or n == w for n, w in lengths)


def equal(values: np.ndarray, others: Any, dtype: str) -> np.ndarray:
    """Where two arrays are equal up to what is lost in a dtype, element by element.

    That is where |values - others| <= LOOSE[dtype] max(|others|, 1).
    """
    return np.abs(values - others) <= LOOSE[dtype] * np.maximum(np.abs(others), 1.0)


def difference(
    name: str, got: Any, expected: Any, rtol: float, scale: float | np.ndarray | None = None
) -> str | None:
    """How ``got`` differs from ``expected``, None if it does not.

    Numbers agree if |got - expected| <= rtol max(m, FLOOR), with m the ``scale`` if it is given,
    else the largest magnitude in ``expected``'s row of the first axis (a step of a run, say). The
    worst element is reported. Infinities and nan, which a mistake may give, agree with themselves.
    A list of arrays of different shapes is compared item by item.
    """
    if isinstance(expected, bool) and isinstance(got, bool):
        return None if got == expected else f"{name}: expected {expected}, got {got}"
    want = numbers(expected)
    if want is None:
        return _difference_of_others(name, got, expected, rtol, scale)
    have = numbers(got)
    if have is None:
        if got is None:
            what = "a number" if want.ndim == 0 else "numbers"
            return f"{name}: expected {what}, got None; is there a `return`?"
        shown = got if isinstance(got, Other) else repr(got)[:80]
        return f"{name}: expected numbers, got {shown}"
    if have.shape != want.shape:
        return f"{name}: expected {_form(want)}, got {_form(have)}"
    same = (have == want) | (np.isnan(have) & np.isnan(want))
    if same.all():
        return None
    if scale is None:
        sizes = np.where(np.isfinite(want), np.abs(want), 0.0)
        scale = sizes.max(axis=tuple(range(1, want.ndim)), keepdims=True)
    allowed = np.broadcast_to(rtol * np.maximum(scale, FLOOR), want.shape)
    with np.errstate(all="ignore"):
        excess = np.abs(have - want) / allowed
    wrong = ~((excess <= 1) & np.isfinite(want) | same)
    if not wrong.any():
        return None
    excess = np.where(wrong, np.nan_to_num(excess, nan=np.inf), -1.0)
    at = np.unravel_index(int(excess.argmax()), want.shape)
    if want.ndim == 0:
        return f"{name}: {expected_and_got(want, have)}"
    where = ", ".join(map(str, at))
    return (
        f"{name}[{where}]: {expected_and_got(want[at], have[at])} "
        f"({int(wrong.sum())} of {want.size} values differ)"
    )


def expected_and_got(expected: Any, got: Any) -> str:
    """Two numbers with the same digits after the point."""
    texts = [f"{float(number):.8g}" for number in (expected, got)]
    if all(set(text) <= set("-.0123456789") for text in texts):
        digits = max(len(text.partition(".")[2]) for text in texts)
        texts = [f"{float(number):.{digits}f}" for number in (expected, got)]
    return f"expected {texts[0]}, got {texts[1]}"


def _form(array: np.ndarray) -> str:
    return f"shape {array.shape}" if array.ndim else "a single number"


def _difference_of_others(
    name: str, got: Any, expected: Any, rtol: float, scale: float | np.ndarray | None
) -> str | None:
    """As ``difference``, for what is not numbers of one shape: text, None, lists of anything."""
    if isinstance(expected, list):
        sized = isinstance(got, list) or (isinstance(got, np.ndarray) and got.ndim > 0)
        if not sized or len(got) != len(expected):
            return f"{name}: expected a list of {len(expected)}"
        pairs = enumerate(zip(got, expected, strict=True))
        findings = (difference(f"{name}[{i}]", g, e, rtol, scale) for i, (g, e) in pairs)
        return next((finding for finding in findings if finding is not None), None)
    same = type(got) is type(expected) and got == expected
    return None if same else f"{name}: expected {expected}, got {got}"


def close(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The ordinary judge: every expected output is there and agrees."""
    rtol = tolerance(case.inputs)
    findings = []
    for name, want in expected.items():
        if name not in outputs:
            findings.append(f"{name} is missing")
        elif (finding := difference(name, outputs[name], want, rtol)) is not None:
            findings.append(finding)
    return findings


def close_line_by_line(effect: str, case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The judge of runs by one output, the effect; the others are what it is made from, line by line.

    They are not judged. Where the effect is wrong, they tell which line of the first wrong step is.
    """
    rtol = tolerance(case.inputs)
    if effect not in outputs:
        return [f"there is no {effect}"]
    found: dict[str, tuple[int, str]] = {}
    for name in (*(cause for cause in expected if cause != effect), effect):
        if name in outputs:
            first = _first_wrong_step(name, outputs[name], expected[name], rtol)
            found |= {} if first is None else {name: first}
    if effect not in found:
        return []
    step = min(at for at, _ in found.values())
    right = [n for n in expected if n in outputs and (n not in found or found[n][0] > step)]
    wrong = [text for at, text in found.values() if at == step]
    said = f"{', '.join(right)} {'are' if len(right) > 1 else 'is'} right; " if right else ""
    place = f"step {step} of {len(expected[effect])}: " if step else ""
    return [f"{place}{said}{'; '.join(wrong)}"]


def close_by_step(
    case: Case, outputs: Outputs, expected: Outputs, rtol: float | None = None
) -> list[str]:
    """The judge of runs: each output holds a value a step, and the first wrong step is reported.

    A value is compared at the scale of the largest one so far in the run; ``rtol`` is that of the
    inputs, unless it is given.
    """
    rtol = tolerance(case.inputs) if rtol is None else rtol
    findings = [f"{name} is not expected here" for name in outputs if name not in expected]
    for name, want in expected.items():
        if name not in outputs:
            findings.append(f"there is no {name}")
        elif (wrong := _first_wrong_step(name, outputs[name], want, rtol)) is not None:
            step, finding = wrong
            findings.append(f"step {step} of {len(want)}: {finding}" if step else finding)
    return findings


def _first_wrong_step(name: str, got: Any, want: Any, rtol: float) -> tuple[int, str] | None:
    """Its number, from 1 on, and what is wrong; the number is 0 if there are not as many steps."""
    count = len(want)
    whole = isinstance(got, list) or (isinstance(got, np.ndarray) and got.ndim > 0)
    if not whole or len(got) != count:
        return 0, f"{name}: expected {count} steps"
    scale = 0.0
    for step, (have, value) in enumerate(zip(got, want, strict=True), start=1):
        sizes = np.abs(known) if (known := numbers(value)) is not None else np.zeros(1)
        scale = max(scale, float(sizes[np.isfinite(sizes)].max(initial=0.0)))
        if (finding := difference(name, have, value, rtol, scale)) is not None:
            return step, finding
    return None
