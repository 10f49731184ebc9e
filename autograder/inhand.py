"""A failing case in the student's hands: what their function was called with, as code to paste.

Nothing is said of it anywhere in an exercise: the calls that a probe makes are recorded.
"""

import contextlib
import copy
import functools
import inspect
import io
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder import probe
from autograder.chance import EVERY
from autograder.compare import difference
from autograder.exercise import SEEN, Case, Exercise, Outputs
from autograder.literal import literal

MOST_CALLS = 6  # of those shown; a case holds them all
LONGEST = 900  # characters of code that are shown
SHORT = 80  # characters of a call beside which others are too long


@dataclass
class Call:
    """One call of the student's function or method, and what it gave."""

    name: str
    args: tuple
    kwargs: dict[str, Any]
    returned: Any = None


@dataclass
class CaseInHand:
    """A case as ``check.case`` hands it over: ``adam(*case.args, **case.kwargs)`` tries it again.

    ``calls`` are all calls that were made, ``args`` and ``kwargs`` those of the first that gave
    something wrong, as far as one can say; ``inputs`` is what the case was made from, ``expected``
    and ``got`` are what is compared.
    """

    name: str
    entry: str
    inputs: dict[str, Any]
    expected: Outputs
    got: Outputs
    calls: list[Call] = field(default_factory=list)
    parameters: tuple[str, ...] = ()

    @property
    def args(self) -> tuple:
        return copy.deepcopy(self.calls[self._wrong].args) if self.calls else ()

    @property
    def kwargs(self) -> dict[str, Any]:
        return copy.deepcopy(self.calls[self._wrong].kwargs) if self.calls else {}

    @property
    def _wrong(self) -> int:
        """The first call that gave something wrong, where there is an output for each call."""
        places = []
        if not self._by_call:
            return 0
        for name, want in self.expected.items():
            got: Any = self.got.get(name)
            if not _has_length(got, len(self.calls)):
                continue
            places += [
                i
                for i, (one, other) in enumerate(zip(want, got, strict=True))
                if difference(name, other, one, 1e-6) is not None
            ]
        return min(places, default=0)

    def code(self) -> str:
        """The calls as code: of a function the first wrong one, of an object the first ones. Empty if
        that would be too long or can't be written down."""
        lines: list[str] = []
        shown = slice(MOST_CALLS) if self._is_class else slice(self._wrong, self._wrong + 1)
        for call in self.calls[shown]:
            if (text := self._code_of(call, lines)) is None:
                return ""
            if text not in lines[-1:]:  # the same call again shows nothing new
                lines.append(text)
        if self._is_class and len(self.calls) > MOST_CALLS:
            lines.append(f"# the first {MOST_CALLS} of {len(self.calls)} calls")
        elif not self._is_class and len(self.calls) > 1:
            lines.append(f"# call {self._wrong + 1} of {len(self.calls)}")
        code = "\n".join(lines)
        return code if len(code) <= LONGEST else ""

    def side_by_side(self) -> list[str]:
        """The short outputs that differ, expected and given with the same digits; where there is an
        output for each call, those of the call that is shown."""
        lines: list[str] = []
        for name, want in self.expected.items():
            if name.endswith(EVERY):
                continue  # the finding says of how many it holds
            got: Any = self.got.get(name)
            if self._by_call and _has_length(got, len(self.calls)):
                want, got = want[self._wrong], got[self._wrong]
            lines += beside_each_other(name, want, got)
        return lines

    @property
    def _by_call(self) -> bool:
        """Whether every output holds a value for each call; a single one may be as long by chance."""
        return not self._is_class and all(
            _has_length(want, len(self.calls)) for want in self.expected.values()
        )

    @property
    def _is_class(self) -> bool:
        return bool(self.calls) and self.calls[0].name == "__init__"

    def _code_of(self, call: Call, before: list[str]) -> str | None:
        """A call as a line; arrays get lines of their own before it where they have names."""
        given: list[str] = []
        for i, value in enumerate(call.args):
            if (text := literal(value)) is None:
                return None
            if (
                not self._is_class
                and text.startswith(("np.", "torch."))
                and i < len(self.parameters)
            ):
                before.append(f"{self.parameters[i]} = {text}")
                text = self.parameters[i]
            given.append(text)
        for name, value in call.kwargs.items():
            if (text := literal(value)) is None:
                return None
            given.append(f"{name}={text}")
        arguments = ", ".join(given)
        if call.name == "__init__":
            return f"it = {self.entry}({arguments})"
        return f"it.{call.name}({arguments})" if self._is_class else f"{self.entry}({arguments})"

    def by_reference(self) -> str:
        """The calls as code that takes what is too long to be written down from the case itself."""
        if not self._is_class:
            return f"{self.entry}(*case.args, **case.kwargs)"
        lines = []
        for i, call in enumerate(self.calls[:MOST_CALLS]):
            text = self._code_of(call, [])
            if text is None or len(text) > SHORT:
                called = f"it = {self.entry}" if call.name == "__init__" else f"it.{call.name}"
                text = f"{called}(*case.calls[{i}].args, **case.calls[{i}].kwargs)"
            lines.append(text)
        return "\n".join(lines)

    def to_paste(self) -> str:
        """The calls as code, by reference where they can't be written out."""
        return self.code() or self.by_reference()

    def __repr__(self) -> str:
        return f"{self.name}:\n{self.to_paste()}"


def take(
    exercise: Exercise, student: Any, case: Case, expected: Outputs, device: str
) -> CaseInHand:
    """Run a case once more and record the calls of the student's object."""
    calls: list[Call] = []
    watched = _class(student, calls) if inspect.isclass(student) else _function(student, calls)
    silent = io.StringIO()
    got: Outputs = {}
    with (
        contextlib.redirect_stdout(silent),
        contextlib.redirect_stderr(silent),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        (outcome,) = probe.run(exercise, watched, [case], device)
    outcome = exercise.part(case.part).summarized(case, outcome)
    if isinstance(outcome.get("outputs"), dict):
        got = outcome["outputs"]
    return CaseInHand(
        case.name,
        exercise.entry,
        probe.copies(case.inputs),
        _without_facts(expected),
        _without_facts(got),
        calls,
        _parameters(student),
    )


def _has_length(value: Any, length: int) -> bool:
    """Whether a value is a list or an array of this length."""
    return isinstance(value, list | np.ndarray) and np.ndim(value) > 0 and len(value) == length


def _without_facts(outputs: Outputs) -> Outputs:
    return {name: value for name, value in outputs.items() if name != SEEN}


def _parameters(student: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(student).parameters)
    except (TypeError, ValueError):
        return ()


def _function(function: Any, calls: list[Call], name: str = "") -> Any:
    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        own = args[1:] if name else args
        call = Call(name, *(_kept(one) for one in (own, kwargs)))
        calls.append(call)
        returned = function(*args, **kwargs)
        call.returned = _kept(returned)
        return returned

    return recorded


def _class(student: type, calls: list[Call]) -> type:
    """A subclass that records how it is made and which of its own methods are called."""
    methods = {
        name: _function(method, calls, name)
        for name, method in vars(student).items()
        if inspect.isfunction(method) and (name == "__init__" or not name.startswith("_"))
    }
    if callable(switch := getattr(student, "train", None)):  # a module's mode: eval() calls it too
        methods.setdefault("train", _function(switch, calls, "train"))
    try:
        return type(student.__name__, (student,), methods)
    except TypeError:
        return student


def _kept(value: Any) -> Any:
    """A copy, or the thing itself where it can't be copied."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def beside_each_other(name: str, expected: Any, got: Any) -> list[str]:
    """Two short arrays in two lines with the same digits, nothing for anything longer."""
    if not all(isinstance(v, np.ndarray | float | int) for v in (expected, got)):
        return []
    want, have = np.asarray(expected, np.float64), np.asarray(got, np.float64)
    if want.shape != have.shape or not 1 <= want.size <= 8:
        return []
    with np.errstate(all="ignore"):
        if np.allclose(have, want, rtol=1e-7, atol=1e-12, equal_nan=True):
            return []
    lines = [str(expected), str(bool(got))] if isinstance(expected, bool) else _aligned(want, have)
    return [f"{name}: expected  {lines[0]}", f"{' ' * len(name)}  got       {lines[1]}"]


def _aligned(*arrays: np.ndarray) -> list[str]:
    """Each array's numbers in a line, with the same digits below each other."""
    cells = [[f"{v:.7g}" for v in a.ravel()] for a in arrays]
    digits = max(
        (len(c.partition(".")[2]) for row in cells for c in row if "e" not in c), default=0
    )
    cells = [
        [c if "e" in c or "n" in c else f"{float(c):.{digits}f}" for c in row] for row in cells
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in cells]


def size(value: Any) -> float:
    """How many numbers there are in a value; an empty one, in which there is nothing to see, is last."""

    def count(value: Any) -> int:
        if isinstance(value, np.ndarray):
            return value.size
        if isinstance(value, dict | list | tuple):
            return sum(map(count, value.values() if isinstance(value, dict) else value))
        return 1

    def has_empty(value: Any) -> bool:
        if isinstance(value, dict | list | tuple):
            return any(map(has_empty, value.values() if isinstance(value, dict) else value))
        return isinstance(value, np.ndarray) and value.size == 0

    return float("inf") if has_empty(value) else count(value)
