"""A failing case in the student's hands: what their function was called with, as code to paste.

Nothing is said of it anywhere in an exercise: the calls that a probe makes are recorded.
"""

import contextlib
import inspect
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autograder import probe, slopes
from autograder.calls import Call, recorded
from autograder.chance import EVERY
from autograder.compare import LOOSE, difference, numbers
from autograder.exercise import SEEN, Case, Exercise, Outputs
from autograder.literal import LONGEST, SHORT, short, written
from autograder.side_by_side import beside_each_other

MOST_CALLS = 6  # of those shown; a case holds them all
AS_IT_WAS = "is it as it was before the call?"
AFTER = " after the call"  # how the names of outputs end that say what became of an argument


@dataclass
class CaseInHand:
    """A case as ``check.case`` hands it over: ``adam(*case.args, **case.kwargs)`` tries it again.

    ``calls`` are all calls that were made, ``args`` and ``kwargs`` those of the first that raised or
    gave something wrong, as far as one can say; ``inputs`` is what the case was made from,
    ``expected`` and ``got`` are what is compared.
    """

    name: str
    entry: str
    inputs: dict[str, Any]
    expected: Outputs
    got: Outputs
    calls: list[Call] = field(default_factory=list)
    parameters: tuple[str, ...] = ()
    draws: bool = False

    @property
    def args(self) -> tuple:
        """What your function is called with, by position, in copies."""
        return self.calls[self._wrong].args if self.calls else ()

    @property
    def kwargs(self) -> dict[str, Any]:
        """The same by name."""
        return self.calls[self._wrong].kwargs if self.calls else {}

    @property
    def _wrong(self) -> int:
        return self._shown[0]

    @cached_property
    def _shown(self) -> tuple[int, dict[str, tuple[Any, Any]]]:
        """The call that is shown, and what is shown beside it: by name what was expected and given.

        It is the one that raised, the first that gave something wrong where there is an output for
        each call, the one that gave what stands among the outputs and is wrong, or the first that
        got what the case holds.
        """
        pairs: dict[str, tuple[Any, Any]] = {
            n: (w, self.got.get(n)) for n, w in self.expected.items()
        }
        for i, call in enumerate(self.calls):
            if call.raised:
                return i, pairs
        if self._by_call:
            by_call = {n: p for n, p in pairs.items() if _has_length(p[1], len(self.calls))}
            places = (
                i
                for i in range(len(self.calls))
                if any(_differ(want[i], got[i]) for want, got in by_call.values())
            )
            wrong = next(places, 0)
            return wrong, {n: (want[wrong], got[wrong]) for n, (want, got) in by_call.items()}
        if not self._is_class and len(self.calls) > 1:
            for name, (want, got) in pairs.items():
                for one, other in _items(want, got):
                    for i, call in enumerate(self.calls):
                        if _differ(one, other) and _stands_in(other, call.returned):
                            return i, {name: (one, other)}
            given = (
                i
                for i, c in enumerate(self.calls)
                if c.given and _stands_in(c.given[0], self.inputs)
            )
            return next(given, 0), pairs
        return 0, pairs

    def code(self) -> str:
        """The calls as code: of a function the first wrong one, of an object the first ones. Empty if
        that would be too long or can't be written down."""
        lines: list[str] = []
        shown = slice(MOST_CALLS) if self._is_class else slice(self._wrong, self._wrong + 1)
        calls, before = self.calls[shown], ""
        for call in calls:
            if (text := self._code_of(call, lines)) is None:
                return ""
            if text != before or self.draws:  # else the same call again shows nothing new
                printed = self._is_class and call is not calls[-1] and call.says
                lines.append(f"print({text})" if printed else text)
            before = text
        if self._is_class and len(self.calls) > MOST_CALLS:
            lines.append(f"# the first {MOST_CALLS} of {len(self.calls)} calls")
        elif not self._is_class and len(self.calls) > 1:
            lines.append(f"# call {self._wrong + 1} of {len(self.calls)}")
        if not self._is_class:
            lines += [f"{name}  # {AS_IT_WAS}" for name in self._changed(self._wrong).values()]
        code = "\n".join(lines)
        return code if len(code) <= LONGEST else ""

    def side_by_side(self) -> list[str]:
        """The short outputs that differ, expected and given with the same digits; where there is an
        output for each call, those of the call that is shown."""
        lines: list[str] = []
        for name, (want, got) in self._shown[1].items():
            if name in slopes.NAMES and "of" in self.inputs and np.shape(got) == np.shape(want):
                for array, held in slopes.by_array(self.inputs["of"]):
                    said = f"d{array}" if name == slopes.CLAIMED else f"slopes of yours by {array}"
                    lines += beside_each_other(said, want[held], got[held])
            elif not name.endswith(EVERY):  # of those the finding says of how many it holds
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
        for i, value in enumerate(call.given):
            if (text := written(value)) is None:
                return None
            if (
                not self._is_class
                and text.startswith(("np.", "torch."))
                and i < len(self.parameters)
            ):
                before.append(f"{self.parameters[i]} = {text}")
                text = self.parameters[i]
            given.append(text)
        for name, value in call.options.items():
            if (text := written(value)) is None:
                return None
            given.append(f"{name}={text}")
        arguments = ", ".join(given)
        if call.name == "__init__":
            return f"it = {self.entry}({arguments})"
        return f"it.{call.name}({arguments})" if self._is_class else f"{self.entry}({arguments})"

    def by_reference(self) -> str:
        """The calls as code that takes what is too long to be written down from the case itself."""
        if not self._is_class:
            return self._with_references(self.calls[self._wrong])
        lines: list[str] = []
        for i, call in enumerate(self.calls[:MOST_CALLS]):
            if changed := self._changed(i):
                (name,), there = changed.values(), f"case.calls[{i}].args[0]"
                called = f"it.{call.name}({name})"
                return "\n".join([*lines, f"{name} = {there}", called, _asked(name, there)])
            text = self._code_of(call, [])
            if text is None or len(text) > SHORT:
                called = f"it = {self.entry}" if call.name == "__init__" else f"it.{call.name}"
                text = f"{called}(*case.calls[{i}].args, **case.calls[{i}].kwargs)"
            lines.append(text)
        return "\n".join(lines)

    def _with_references(self, call: Call) -> str:
        """A call of a function, its long arguments taken from the case."""
        changed = self._changed(self._wrong)
        given = [changed.get(i) or short(v) or f"case.args[{i}]" for i, v in enumerate(call.given)]
        given += [f"{n}={short(v) or f'case.kwargs[{n!r}]'}" for n, v in call.options.items()]
        before = [f"{name} = case.args[{i}]" for i, name in changed.items()]
        after = [_asked(name, f"case.args[{i}]") for i, name in changed.items()]
        return "\n".join([*before, f"{self.entry}({', '.join(given)})", *after])

    def _changed(self, number: int) -> dict[int, str]:
        """The arguments that a call was not to change, but did: their names, by their places."""
        names = [
            name.removesuffix(AFTER)
            for name, (want, got) in self._shown[1].items()
            if name.endswith(AFTER) and isinstance(got, str) and want != got
        ]
        changed = self.calls[number].changed
        if self._is_class:
            return {0: names[0]} if names and changed == (0,) else {}
        places = {i: name for i, name in enumerate(self.parameters) if name in names}
        return {i: name for i, name in places.items() if i in changed}

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
    watched = recorded(student, calls)
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
        case.draws,
    )


def _has_length(value: Any, length: int) -> bool:
    """Whether a value is a list or an array of this length."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return False
    return isinstance(value, list | np.ndarray) and len(value) == length


def _differ(want: Any, got: Any) -> bool:
    return difference("", got, want, LOOSE["float64"]) is not None


def _items(want: Any, got: Any) -> Iterator[tuple[Any, Any]]:
    """An output as a whole, then what is in it, but for a 0 or 1, which may stand in many places."""
    yield want, got
    sized = isinstance(want, list) or (isinstance(want, np.ndarray) and want.ndim > 0)
    if sized and _has_length(got, len(want)):
        pairs = zip(want, got, strict=True)
        yield from (
            (one, other) for one, other in pairs if np.size(other) > 1 or other not in (0, 1)
        )


def _stands_in(value: Any, returned: Any) -> bool:
    """Whether something that was returned is, or holds, this value."""
    if isinstance(returned, dict | list | tuple):
        held = returned.values() if isinstance(returned, dict) else returned
        return any(_stands_in(value, one) for one in held)
    if hasattr(returned, "detach"):
        returned = returned.detach().cpu().double().numpy()
    one, other = numbers(value), numbers(returned)
    return one is not None and other is not None and np.array_equal(one, other, equal_nan=True)


def _asked(name: str, there: str) -> str:
    """Code that says whether an array is still what it was."""
    return f"bool(({name} == {there}).all())  # {AS_IT_WAS}"


def _without_facts(outputs: Outputs) -> Outputs:
    return {name: value for name, value in outputs.items() if name != SEEN}


def _parameters(student: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(student).parameters)
    except (TypeError, ValueError):
        return ()
