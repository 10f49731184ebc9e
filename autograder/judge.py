"""Compares outputs with expected ones. Runs where the student's code is not (``check`` excepted)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Finding, Outputs, Verdict, no_verdict
from autograder.wire import Other

# Relative tolerances for values computed from inputs of this dtype. The oracle is float64; a chain
# of some twenty float32 operations stays well inside its bound.
RTOL = {"float64": 1e-7, "float32": 1e-5, "float16": 1e-2}
FLOOR = 1e-5  # magnitudes below this are compared as if they were this large


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: its id, its name in words, and its outcome on each case."""

    id: str
    says: str
    outcomes: list[dict]


@dataclass(frozen=True)
class Key:
    """The answers to a set of cases: the expected outputs, and those of the known mistakes."""

    cases: list[Case]
    expected: list[Outputs]
    mistakes: list[Mistake]


def tolerance(inputs: Any) -> float:
    """The relative tolerance for outputs computed from these inputs: that of their coarsest dtype."""
    if isinstance(inputs, np.ndarray | np.generic):
        return RTOL.get(inputs.dtype.name, RTOL["float64"])
    if isinstance(inputs, Mapping):
        inputs = list(inputs.values())
    if isinstance(inputs, Sequence) and not isinstance(inputs, str):
        return max((tolerance(v) for v in inputs), default=RTOL["float64"])
    return RTOL["float64"]


def numbers(value: Any) -> np.ndarray | None:
    """The value as a float64 array, or None if it is not numbers of one shape."""
    if isinstance(value, bool | int | float | np.ndarray | np.generic | list):
        try:
            array = np.asarray(value, dtype=np.float64)
        except (ValueError, TypeError):
            return None
        return array
    return None


def difference(
    name: str, got: Any, expected: Any, rtol: float, scale: float | None = None
) -> str | None:
    """How ``got`` differs from ``expected``, None if it does not.

    Numbers agree if |got - expected| <= rtol max(m, FLOOR), with m the ``scale`` if it is given,
    else the largest magnitude in ``expected``'s row of the first axis (a step of a run, say). The
    worst element is reported. Infinities and nan, which a mistake may give, agree with themselves.
    """
    if isinstance(expected, bool) and isinstance(got, bool):
        return None if got == expected else f"{name}: expected {expected}, got {got}"
    want = numbers(expected)
    if want is None:
        same = type(got) is type(expected) and got == expected
        return None if same else f"{name}: expected {expected!r}, got {got}"
    have = numbers(got)
    if have is None:
        shown = got if isinstance(got, Other) else repr(got)[:80]
        return f"{name}: expected numbers, got {shown}"
    if have.shape != want.shape:
        return f"{name}: expected shape {want.shape}, got shape {have.shape}"
    if want.size == 0:
        return None
    if scale is None:
        sizes = np.where(np.isfinite(want), np.abs(want), 0.0)
        scale = sizes.max(axis=tuple(range(1, want.ndim)), keepdims=True)
    allowed = np.broadcast_to(rtol * np.maximum(scale, FLOOR), want.shape)
    with np.errstate(all="ignore"):
        excess = np.nan_to_num(np.abs(have - want) / allowed, nan=np.inf)
    same = (have == want) | (np.isnan(have) & np.isnan(want))
    wrong = ~((excess <= 1) & np.isfinite(want) | same)
    if not wrong.any():
        return None
    excess = np.where(wrong, excess, -1.0)
    at = np.unravel_index(int(excess.argmax()), want.shape)
    if want.ndim == 0:
        return f"{name}: expected {float(want):.8g}, got {float(have):.8g}"
    where = ", ".join(map(str, at))
    return (
        f"{name}[{where}]: expected {want[at]:.8g}, got {have[at]:.8g} "
        f"({int(wrong.sum())} of {want.size} values differ)"
    )


def unusable(outputs: Outputs, expected: Outputs) -> list[str] | None:
    """What to say where a probe could make nothing of an answer and says why under ``unusable``.

    None where that is not so.
    """
    if "unusable" not in outputs and "unusable" not in expected:
        return None
    if outputs.get("unusable") == expected.get("unusable"):
        return []
    return [str(outputs.get("unusable", "this answer can be used"))]


def close(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The ordinary judge: every expected output is there and agrees."""
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    rtol = tolerance(case.inputs)
    findings = []
    for name, want in expected.items():
        if name not in outputs:
            findings.append(f"{name} is missing")
        elif (finding := difference(name, outputs[name], want, rtol)) is not None:
            findings.append(finding)
    return findings


def close_by_step(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The judge of runs: each output holds a value a step, and the first wrong step is reported.

    A value is compared at the scale of the largest one so far in the run.
    """
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    rtol = tolerance(case.inputs)
    findings = [f"{name} is not expected here" for name in outputs if name not in expected]
    for name, want in expected.items():
        if name not in outputs:
            findings.append(f"there is no {name}")
        elif (finding := _first_wrong_step(name, outputs[name], want, rtol)) is not None:
            findings.append(finding)
    return findings


def _first_wrong_step(name: str, got: Any, want: Any, rtol: float) -> str | None:
    count = len(want)
    whole = isinstance(got, list) or (isinstance(got, np.ndarray) and got.ndim > 0)
    if not whole or len(got) != count:
        return f"{name}: expected {count} steps"
    scale = 0.0
    for step, (have, value) in enumerate(zip(got, want, strict=True), start=1):
        sizes = np.abs(known) if (known := numbers(value)) is not None else np.zeros(1)
        scale = max(scale, float(sizes[np.isfinite(sizes)].max(initial=0.0)))
        label = f"step {step} of {count}: {name}"
        if (finding := difference(label, have, value, rtol, scale)) is not None:
            return finding
    return None


def judge(
    exercise: Exercise,
    outcomes: list[dict],
    key: Key,
    *,
    device: str = "cpu",
    seconds: float = 0.0,
    note: str = "",
) -> Verdict:
    """The verdict on a student's outcomes, one a case of the key.

    A part earns its points if nothing is wrong on any of its cases. If something is wrong, the
    known mistake that agrees with the student's outcomes on most of the failed cases, and on no
    fewer than half of them, is named; of several such, the one that agrees on most of all cases.
    """
    known = {"device": device, "seconds": seconds, "note": note}
    if not isinstance(outcomes, list) or len(outcomes) != len(key.cases):
        return no_verdict(exercise, "error", "the answers did not arrive whole", **known)
    findings: dict[int, list[str]] = {}
    for i, (case, outcome, expected) in enumerate(
        zip(key.cases, outcomes, key.expected, strict=True)
    ):
        wrong = _wrong(exercise, case, outcome, expected)
        if wrong:
            findings[i] = wrong
    if _untouched(outcomes):
        return no_verdict(exercise, "missing", "it still raises NotImplementedError", **known)
    failed_parts = {key.cases[i].part for i in findings}
    parts = {
        part: (0.0 if part in failed_parts else points, points)
        for part, points in exercise.parts.items()
    }
    score = sum(got for got, _ in parts.values())
    mistake = _name_mistake(exercise, outcomes, key, findings)
    return Verdict(
        exercise.id,
        _status(outcomes, findings, score),
        float(score),
        float(exercise.points),
        parts,
        tuple(Finding(key.cases[i].name, text) for i, texts in findings.items() for text in texts),
        mistake.id if mistake else None,
        mistake.says if mistake else "",
        **known,
    )


def _wrong(exercise: Exercise, case: Case, outcome: Any, expected: Outputs) -> list[str]:
    if not isinstance(outcome, dict):
        return ["no outputs"]
    if "error" in outcome:
        line = outcome.get("line")
        where = f" (line {line} of your cell)" if isinstance(line, int) else ""
        what = f"{outcome['error']}: {outcome.get('message')}".removesuffix(": ")
        return [f"your code raised {what}{where}"]
    outputs = outcome.get("outputs")
    if not isinstance(outputs, dict):
        return ["no outputs"]
    return exercise.judge(case, outputs, expected)


def _untouched(outcomes: list[dict]) -> bool:
    return all(isinstance(o, dict) and o.get("error") == "NotImplementedError" for o in outcomes)


def _status(outcomes: list[dict], findings: dict[int, list[str]], score: float):
    if not findings:
        return "passed"
    errors = {
        o.get("error") for i, o in enumerate(outcomes) if i in findings and isinstance(o, dict)
    }
    if score > 0:
        return "partial"
    return "failed" if None in errors or not errors else "error"


def _name_mistake(
    exercise: Exercise, outcomes: list[dict], key: Key, findings: dict[int, list[str]]
) -> Mistake | None:
    if not findings:
        return None

    def agrees(mistake: Mistake, i: int) -> bool:
        return _agrees(exercise, key.cases[i], outcomes[i], mistake.outcomes[i])

    best, fewest, most = None, len(findings) // 2, -1
    for mistake in key.mistakes:
        missed = 0
        for i in findings:
            missed += not agrees(mistake, i)
            if missed > fewest:
                break
        else:
            others = sum(agrees(mistake, i) for i in range(len(key.cases)) if i not in findings)
            if missed < fewest or others > most:
                best, fewest, most = mistake, missed, others
    return best


def _agrees(exercise: Exercise, case: Case, outcome: Any, other: dict) -> bool:
    if not isinstance(outcome, dict):
        return False
    if "error" in other or "error" in outcome:
        return _kind_of_error(outcome) == _kind_of_error(other)
    outputs = outcome.get("outputs")
    return isinstance(outputs, dict) and not exercise.judge(case, outputs, other["outputs"])


def _kind_of_error(outcome: dict) -> tuple[str, str] | None:
    """An error's type and what it is about: the first quoted name, else its text less the numbers."""
    if "error" not in outcome:
        return None
    text = str(outcome.get("message"))
    quoted = re.search(r"'[^']*'", text)
    return str(outcome["error"]), quoted.group() if quoted else re.sub(r"[\d\s(),.]+", " ", text)
