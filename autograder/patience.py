"""How long ``check`` waits: never so that a right answer is voided, never without end.

What torch loads at its first use is loaded before the clock starts. An answer that takes longer than
it may in grading is judged all the same, with a remark. One that does not end is interrupted, and
what it gave until then is judged. Of what it prints the first lines are shown.
"""

import _thread
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from autograder import prints, probe
from autograder.exercise import Case, Exercise

LONGEST = 4.0  # times as long as in grading: then it is interrupted
NOT_TRIED = "this case was not tried: the check was interrupted before it"


class Run(NamedTuple):
    """Outcomes (see ``autograder.probe.run``), the seconds they took, a remark on that, and whether
    the run was interrupted because it did not end."""

    outcomes: list[dict]
    seconds: float
    remark: str
    interrupted: bool


def run(exercise: Exercise, student: Any, cases: Sequence[Case], device: str) -> Run:
    """Probe all cases, at most so long that an endless loop comes to an end."""
    warm_up()
    outcomes: list[dict] = []
    longest = LONGEST * exercise.seconds
    rung = threading.Event()

    def ring() -> None:
        rung.set()
        _thread.interrupt_main()

    alarm = threading.Timer(longest, ring)
    alarm.daemon = True
    began = time.perf_counter()
    if threading.current_thread() is threading.main_thread():
        if not callable(
            signal.getsignal(signal.SIGINT)
        ):  # as in what was started in the background
            signal.signal(signal.SIGINT, signal.default_int_handler)
        alarm.start()
    try:
        with prints.first_lines():
            probe.run(exercise, student, cases, device, outcomes)
    except KeyboardInterrupt:
        if not rung.is_set():
            raise
        place = (
            f"it did not end within {longest:.0f} s and was interrupted: is there an endless loop?"
        )
        outcomes.append({"unusable": place})
    finally:
        alarm.cancel()
    seconds = time.perf_counter() - began
    outcomes += [{"unusable": NOT_TRIED}] * (len(cases) - len(outcomes))
    late = seconds > exercise.seconds and not rung.is_set()
    remark = (
        f"it took {seconds:.0f} s; grading stops it after {exercise.seconds:g} s" if late else ""
    )
    return Run(outcomes, seconds, remark, rung.is_set())


def warm_up() -> None:
    """Load what torch loads at the first use of an optimizer, if torch is in use."""
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.optim.SGD([torch.zeros(1)], lr=0.1)
