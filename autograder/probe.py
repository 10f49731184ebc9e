"""Runs where the student's code is: feeds cases to it and collects plain outputs. Judges nothing."""

import contextlib
import hashlib
import inspect
import io
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder import own_work, place, settings, wire
from autograder.assignment import Assignment
from autograder.exercise import Case, Exercise, Outputs, Unusable

MIME = "application/vnd.autograder.outcomes"
PATH = tuple(sys.path)  # where modules are found, until a cell changes that


def run(
    exercise: Exercise,
    student: Any,
    cases: Sequence[Case],
    device: str,
    outcomes: list[dict] | None = None,
) -> list[dict]:
    """One outcome a case, added to ``outcomes`` as it comes: ``{"outputs": ...}``, ``{"unusable": what to return instead}``, or
    ``{"error": type, "message": text, "line": n, "at": operation}``.

    ``line`` counts from the beginning of the cell where the student's code raised, None if none of
    the student's code was running; ``at`` says what it was doing there (see ``autograder.place``).
    Warnings are not shown.
    """
    outcomes = [] if outcomes is None else outcomes
    for case in cases:
        try:
            with settings.as_they_start():
                outcomes.append({"outputs": _outputs(exercise, student, case, device)})
        except Unusable as objection:
            outcomes.append({"unusable": str(objection)})
        except (Exception, SystemExit) as error:
            outcomes.append(
                {
                    "error": type(error).__name__,
                    "message": _message(error),
                    **place.of(error, student),
                }
            )
    return outcomes


def _message(error: BaseException) -> str:
    try:
        return str(error)[:300]
    except Exception:  # it is the student's own
        return ""


def _outputs(exercise: Exercise, student: Any, case: Case, device: str) -> Outputs:
    for name in exercise.uses:
        if beside(student, name) is None:
            raise Unusable(f"{exercise.entry} is tried together with {name}: define that first")
    with own_work.watched(exercise.own_work) as used:
        try:
            called = settings.left_as_found(student)
            return exercise.part(case.part).probe(called, copies(case.inputs), device)
        finally:
            if used:
                raise Unusable(f"write it yourself: {used[0]} was used")


def beside(student: Any, name: str) -> Any:
    """What a student's function finds under a global name, or else the notebook; None if nothing.

    For functions of a notebook that is whatever the notebook defines last under this name. An answer
    that is no function of its own (a ``functools.partial``, an object that can be called, what a
    decorator of another module made) has no globals, or those of that module.
    """
    own = getattr(inspect.unwrap(student), "__globals__", {}).get(name)
    return getattr(sys.modules["__main__"], name, None) if own is None else own


def copies(value: Any) -> Any:
    """The same plain data, every array copied, so that in-place updates harm nobody."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {k: copies(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [copies(v) for v in value]
    return value


class _Dropped(io.StringIO):
    """Holds nothing of what is printed: a loop that prints would fill the memory before its time is up."""

    encoding = "UTF-8"  # as a notebook's own says: code that prints may ask

    def write(self, text: str) -> int:
        return len(text)


def publish(
    folder: str,
    exercise_id: str,
    cases_text: str,
    device: str,
    chance: str,
    namespace: dict[str, Any],
) -> None:
    """Probe the student's object in ``namespace`` and publish the outcomes as a message.

    This is what the grader runs in the student's kernel; ``folder`` is the assignment's. The global
    generators start from ``chance``, so that the same code draws the same numbers at each grading.
    What the student's code prints or displays is dropped.
    """
    from IPython.display import publish_display_data

    sys.path += [place for place in PATH if place not in sys.path]
    with settings.as_they_start():
        exercise = Assignment(Path(folder)).exercise(exercise_id)
    began = time.perf_counter()
    if exercise.entry not in namespace:
        outcomes: Any = None
    else:
        cases = [Case("", **sent) for sent in wire.loads(cases_text)]
        start_generators(f"{chance}/{exercise_id}")
        with _nothing_shown():
            outcomes = run(exercise, namespace[exercise.entry], cases, device)
    reply = wire.dumps({"outcomes": outcomes, "seconds": time.perf_counter() - began})
    publish_display_data({MIME: reply})


@contextlib.contextmanager
def _nothing_shown() -> Iterator[None]:
    """Drop what code prints and displays: it would fill the memory, or leave no room for the reply."""
    from IPython import get_ipython
    from IPython.core.displaypub import DisplayPublisher

    class NotShown(DisplayPublisher):
        def publish(self, *data: Any, **more: Any) -> None:
            pass

        def clear_output(self, wait: bool = False) -> None:
            pass

    shell = get_ipython()
    shown, shell.display_pub = shell.display_pub, NotShown()
    try:
        with contextlib.redirect_stdout(_Dropped()), contextlib.redirect_stderr(_Dropped()):
            yield
    finally:
        shell.display_pub = shown


def start_generators(seed: str) -> None:
    """Start the global generators of Python, NumPy and, where it is in use, torch."""
    digest = hashlib.sha256(seed.encode()).digest()
    random.seed(digest)
    np.random.seed(int.from_bytes(digest[:4], "little"))
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(int.from_bytes(digest[4:8], "little"))
