"""``check``: probe and judge the public cases in the student's own process, at once."""

import difflib
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder import hints, inhand, judge, literal, patience, report, wire
from autograder.assignment import Assignment
from autograder.exercise import PROBE_SECONDS, Exercise, Verdict
from autograder.inhand import CaseInHand
from autograder.key import Key, PublicKeys
from autograder.onward import Onward, onward
from autograder.progress import Progress

TRIED = 3  # failed cases, until one of them can be written as code


class _InOneLine:
    """An exception that a notebook shows in one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class NotYet(_InOneLine, AssertionError):
    """An exercise that is not all right yet."""


class NothingToCheck(_InOneLine, LookupError):
    """What ``check`` was given is no answer to an exercise of this assignment."""


class Check:
    """Checks answers on the public cases: ``check(adam)``, ``check.hint(adam)``, ``check.all()``."""

    def __init__(self) -> None:
        self.progress = Progress()
        self.given: dict[str, tuple[hints.Hints, int]] = {}  # and how many of the steps were read

    def __call__(self, student: Any) -> None:
        """Check a function or class of the assignment on its public cases and show the verdict.

        The exercise is found by the object's name: ``check(adam)``. An exercise that runs on a GPU
        is checked on the CPU and, where there is one, on the GPU. Raises NotYet unless all is right,
        and NothingToCheck if there is nothing to check.
        """
        exercise, key = _find(student)
        verdicts = [_verdict(exercise, key, student, device) for device in _devices(exercise)]
        self.progress.note(exercise, verdicts)
        folder = Assignment.here().folder
        for verdict in verdicts:
            further = onward(folder, exercise.id)
            hint = hints.fitting(folder, verdict)
            _show(exercise, verdict, _smallest(exercise, key, student, verdict), further, hint)
        if any(v.status != "passed" for v in verdicts):
            raise NotYet(
                f"{exercise.id} is not all right yet: read the report above, mend, run again."
            )

    def case(self, student: Any, name: str = "") -> CaseInHand:
        """A public case, by its name in the report or the beginning of it.

        Of several it is the first that failed when it was last checked. Its ``args`` are what your
        function is called with, ``expected`` and ``got`` what is compared.
        Raises NothingToCheck if none is called so.
        """
        exercise, key = _find(student)
        failed = _failed(key, self.progress.verdicts.get(exercise.id, []))
        for i in [*failed, *range(len(key.cases))]:
            if key.cases[i].name.startswith(name):
                return inhand.take(exercise, student, key.cases[i], key.expected[i], "cpu")
        names = ", ".join(f"{case.name!r}" for case in key.cases)
        raise NothingToCheck(f"no case of {exercise.id} is called {name!r}. There are: {names}.")

    def hint(self, student: Any) -> None:
        """Show the next hint to what ``check`` last found wrong: each call gives one step more.

        Raises NothingToCheck before the first check.
        """
        exercise, _ = _find(student)
        verdicts = self.progress.verdicts.get(exercise.id)
        if not verdicts:
            raise NothingToCheck(f"first check({exercise.entry}): a hint is to what that finds.")
        folder = Assignment.here().folder
        found = next(filter(None, (hints.fitting(folder, v) for v in verdicts)), None)
        if found is None:
            print(f"check has no hint to what it last said of {exercise.entry}.")
            return
        before, read = self.given.get(exercise.id, (found, 0))
        step = read if before == found else 0
        self.given[exercise.id] = found, min(step + 1, len(found.steps))
        print(found.said(min(step, len(found.steps) - 1)))
        if step + 1 >= len(found.steps):
            print("That was the last one.")

    def all(self) -> None:
        """Show every exercise of the assignment with its points and what ``check`` last said of it.

        Raises NothingToCheck where there is no assignment.
        """
        try:
            assignment = Assignment.here()
            entries = _keys_in(assignment.folder).entries
        except FileNotFoundError as error:
            raise NothingToCheck(f"check finds no assignment: {error}") from None
        table = self.progress.table([assignment.exercise(name) for name in entries.values()])
        _display(table.text(), table.html())


check = Check()


class _Shown:
    """Something as a notebook or a terminal shows it."""

    def __init__(self, text: str, html: str) -> None:
        self.text = text
        self.html = html

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


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
    came = patience.run(exercise, student, key.cases, device)
    outcomes = wire.loads(wire.dumps(came.outcomes))  # as in grading: a tensor arrives as an array
    notes = [f"on {device}" if exercise.on_device else "", came.remark]
    note = "; ".join(filter(None, notes))
    verdict = judge.judge(exercise, outcomes, key, device=device, seconds=came.seconds, note=note)
    return replace(verdict, status="timeout") if came.interrupted else verdict


def _failed(key: Key, verdicts: Iterable[Verdict]) -> list[int]:
    """The cases that failed; the parts of an exercise may have cases of one name."""
    failed = {(finding.part, finding.case) for v in verdicts for finding in v.findings}
    return [i for i, case in enumerate(key.cases) if (case.part, case.name) in failed]


def _smallest(exercise: Exercise, key: Key, student: Any, v: Verdict) -> CaseInHand | None:
    """The failed case with the fewest numbers in it, run again; None where that may take long.

    A part's first case comes before others: it is the text's example, or the plainest one.
    """
    held = _failed(key, [v])
    too_slow = v.seconds > exercise.seconds or exercise.seconds > PROBE_SECONDS
    if not held or v.status in ("missing", "timeout") or too_slow:
        return None
    first = {case.part: i for i, case in reversed(list(enumerate(key.cases)))}.values()
    held.sort(key=lambda i: (i not in first, literal.size(key.cases[i].inputs)))
    taken: list[CaseInHand] = []
    try:
        for i in held[:TRIED]:
            taken.append(inhand.take(exercise, student, key.cases[i], key.expected[i], v.device))
            if taken[-1].code():
                return taken[-1]
    except Exception:  # what is shown besides the verdict is not to stand in its way
        return None
    return taken[0]


def _show(
    exercise: Exercise,
    verdict: Verdict,
    case: CaseInHand | None,
    further: Onward | None,
    hint: hints.Hints | None,
) -> None:
    text, html = report.text(verdict, public=True), report.html(verdict, public=True)
    if hint is not None:
        text += f"\n  A hint, one step a call: check.hint({exercise.entry})"
        html += hint.html()
    if further is not None:
        text = "\n  ".join([text, *further.lines(verdict)])
        html += further.html(verdict)
    if case is not None and case.calls:
        shown = case.to_paste().splitlines()
        lines = [f'case = check.case({case.entry}, "{case.name}")', *shown]
        lines += [f"# {line}" for line in case.side_by_side()]
        text += "\n  To try the smallest failing case yourself:\n" + "\n".join(
            f"    {line}" for line in lines
        )
        html += (
            "<p>To try the smallest failing case yourself:</p>"
            f"<pre style='overflow-x: auto'>{escape(chr(10).join(lines))}</pre>"
        )
    _display(text, html)


def _notebook() -> Any:
    """The notebook's shell, None outside of one."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _display(text: str, html: str) -> None:
    if _notebook() is None:
        print(printable(text, getattr(sys.stdout, "encoding", None)))
    else:
        from IPython.display import display

        display(_Shown(text, html))


def printable(text: str, encoding: str | None) -> str:
    """The text as a console can print it that has no ticks."""
    try:
        text.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        text = text.replace("✓", "+").replace("✗", "x")
        text = text.encode("ascii", "replace").decode()
    return text


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
