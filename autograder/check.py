"""``check``: probe and judge the public cases in the student's own process, at once."""

import difflib
import sys
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder import judge, probe, report, wire
from autograder.assignment import Assignment
from autograder.exercise import Exercise, Verdict, no_verdict
from autograder.key import Key, PublicKeys


class _InOneLine:
    """An exception that a notebook shows in one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class NotYet(_InOneLine, AssertionError):
    """An exercise that is not all right yet."""


class NothingToCheck(_InOneLine, LookupError):
    """What ``check`` was given is no answer to an exercise of this assignment."""


class _Shown:
    """A verdict as a notebook or a terminal shows it."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def __repr__(self) -> str:
        return report.text(self.verdict, public=True)

    def _repr_html_(self) -> str:
        return report.html(self.verdict, public=True)


def check(student: Any) -> None:
    """Check a function or class of the assignment on its public cases and show the verdict.

    The exercise is found by the object's name: ``check(adam)``. An exercise that runs on a GPU is
    checked on the CPU and, where there is one, on the GPU. Raises NotYet unless all is right, and
    NothingToCheck if there is nothing to check.
    """
    exercise, key = _find(student)
    verdicts = [_verdict(exercise, key, student, device) for device in _devices(exercise)]
    for verdict in verdicts:
        _show(verdict)
    if any(v.status != "passed" for v in verdicts):
        raise NotYet(f"{exercise.id} is not all right yet: read the report above, mend, run again.")


def _find(student: Any) -> tuple[Exercise, Key]:
    name = getattr(student, "__name__", None)
    if not isinstance(name, str) or not callable(student):
        shown = repr(student)[:60]
        raise NothingToCheck(f"check takes a function or a class, as in check(adam), not {shown}")
    try:
        assignment = Assignment.here()
        keys = _keys_in(assignment.folder)
    except FileNotFoundError as error:
        raise NothingToCheck(f"check finds no assignment: {error}") from None
    if (exercise := keys.entries.get(name)) is None:
        near = difflib.get_close_matches(name, keys.entries, 1)
        hint = f"did you mean {near[0]}?" if near else "use the name that its text gives."
        raise NothingToCheck(f"no exercise of {assignment.name} asks for {name}: {hint}")
    return assignment.exercise(exercise), keys[exercise]


@cache
def _keys_in(folder: Path) -> PublicKeys:
    return Assignment(folder).public_keys()


def _devices(exercise: Exercise) -> list[str]:
    if not exercise.on_device:
        return ["cpu"]
    import torch  # its exercise has imported it

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def _verdict(exercise: Exercise, key: Key, student: Any, device: str) -> Verdict:
    began = time.perf_counter()
    outcomes = probe.run(exercise, student, key.cases, device)
    seconds = time.perf_counter() - began
    if seconds > exercise.seconds:
        limit = f"it ran for {seconds:.0f} s; grading stops it after {exercise.seconds:g} s"
        return no_verdict(exercise, "timeout", limit, device=device, seconds=seconds)
    outcomes = wire.loads(wire.dumps(outcomes))  # as in grading: a tensor arrives as an array
    note = f"on {device}" if exercise.on_device else ""
    return judge.judge(exercise, outcomes, key, device=device, seconds=seconds, note=note)


def _notebook() -> Any:
    """The notebook's shell, None outside of one."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _show(verdict: Verdict) -> None:
    if _notebook() is None:
        print(report.text(verdict, public=True))
    else:
        from IPython.display import display

        display(_Shown(verdict))


def _undefined(
    shell: Any,
    kind: type[NameError],
    error: NameError,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Show a NameError: where ``check`` was to get what does not exist yet, as a sentence."""
    frame = trace
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    code = frame.tb_frame.f_code if frame is not None else None
    in_cell = code is not None and code.co_name == "<module>" and "check" in code.co_names
    if in_cell and error.name and error.name != "check":
        said = f"{error.name} is not defined yet: first run the cell that defines it."
        shell._showtraceback(kind, error, [said])
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


if (shell := _notebook()) is not None:
    shell.set_custom_exc((NameError,), _undefined)
