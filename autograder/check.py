"""``check``: probe and judge the public cases in the student's own process, at once."""

import time
from typing import Any

from autograder import judge, probe, publickeys, report, wire
from autograder.exercise import Exercise, Verdict, no_verdict
from autograder.exercises import ASSIGNMENTS


class NotYet(AssertionError):
    """An exercise that is not all right yet. A notebook shows it in one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class _Shown:
    """A verdict as a notebook or a terminal shows it."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def __repr__(self) -> str:
        return report.text(self.verdict)

    def _repr_html_(self) -> str:
        return report.html(self.verdict)


def check(student: Any) -> None:
    """Check a function or class of an assignment on its public cases and show the verdict.

    The exercise is found by the object's name: ``check(adam)``. An exercise that runs on a GPU is
    checked on the CPU and, where there is one, on the GPU. Raises NotYet unless all is right, and
    TypeError or LookupError if there is nothing to check.
    """
    assignment, exercise = _find(student)
    verdicts = [_verdict(assignment, exercise, student, device) for device in _devices(exercise)]
    for verdict in verdicts:
        _show(verdict)
    if any(v.status != "passed" for v in verdicts):
        raise NotYet(f"{exercise.id} is not all right yet: read the report above, mend, run again.")


def _find(student: Any) -> tuple[str, Exercise]:
    name = getattr(student, "__name__", None)
    if name is None:
        raise TypeError(f"check() takes a function or a class, as in check(adam), not {student!r}")
    for assignment, exercises in ASSIGNMENTS.items():
        for exercise in exercises:
            if exercise.entry == name:
                return assignment, exercise
    known = ", ".join(e.entry for exercises in ASSIGNMENTS.values() for e in exercises)
    raise LookupError(f"no exercise asks for {name!r}; they ask for: {known}")


def _devices(exercise: Exercise) -> list[str]:
    if not exercise.on_device:
        return ["cpu"]
    import torch

    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def _verdict(assignment: str, exercise: Exercise, student: Any, device: str) -> Verdict:
    key = publickeys.load(assignment)[exercise.id]
    began = time.perf_counter()
    outcomes = probe.run(exercise, student, key.cases, device)
    seconds = time.perf_counter() - began
    if seconds > exercise.seconds:
        limit = f"it ran for {seconds:.0f} s; grading stops it after {exercise.seconds:g} s"
        return no_verdict(exercise, "timeout", limit, device=device, seconds=seconds)
    outcomes = wire.loads(wire.dumps(outcomes))  # as in grading: a tensor arrives as an array
    note = f"on {device}" if exercise.on_device else ""
    return judge.judge(exercise, outcomes, key, device=device, seconds=seconds, note=note)


def _show(verdict: Verdict) -> None:
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is not None and get_ipython() is not None:
        display(_Shown(verdict))
    else:
        print(report.text(verdict))
