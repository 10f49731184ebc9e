"""Parts of a rule that a slip in its formula does not cost: the student's own rule is their measure.

The rule steps a case once more in another way, one that a rule of the right form makes no difference
between. What comes of the comparison are words, which are judged. Then any steps will do, as long as
the first one goes where the exercise's goes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograder.compare import close, close_by_step, difference, numbers
from autograder.exercise import Case, Draw, Outputs, Part, Picture, Probe, Unusable

THE_SAME, ANOTHER = "the same", "another one"
NO_STEPS = "there are no steps to compare with"


@dataclass(frozen=True)
class Measure:
    """How a case is stepped twice, and what the two say of each other, in words.

    The names of outputs that are steps begin with ``steps``. ``starts`` says of a case where each of
    its runs sets out, nan where no direction is asked for. ``right`` are the words with which any
    steps will do. ``rtol`` is how far steps may be off, None: as far as their dtype says.
    """

    probe: Probe
    words: Callable[[Case, Outputs], Outputs]
    steps: str
    starts: Callable[[Case], Sequence[np.ndarray]]
    right: Sequence[str] = (THE_SAME,)
    rtol: float | None = None

    def part(self, name: str, points: float, cases: Draw, picture: Picture | None = None) -> Part:
        """The part that is judged by this measure."""
        judge = partial(judge_steps, self)
        return Part(name, points, cases, self.probe, judge, self.summary, picture)

    def summary(self, case: Case, outputs: Outputs) -> Outputs:
        """The words and the steps."""
        return {**self.words(case, outputs), **self.steps_of(outputs)}

    def steps_of(self, outputs: Any) -> Outputs:
        """The steps of all runs; raises Unusable if there are no outputs."""
        if not isinstance(outputs, dict):
            raise Unusable(NO_STEPS)
        return {name: value for name, value in outputs.items() if name.startswith(self.steps)}


def judge_steps(measure: Measure, case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """What the words say, or else steps that are the exercise's or, by the words, right as they are."""
    steps, right = measure.steps_of(outputs), measure.steps_of(expected)
    words = {name: word for name, word in expected.items() if name not in right}
    wrong = close(case, outputs, words)
    will_do = all(word in measure.right for word in words.values() if isinstance(word, str))
    if not wrong and will_do and _set_out_alike(measure.starts(case), steps, right):
        return []
    return wrong + close_by_step(case, steps, right, measure.rtol)


def _set_out_alike(starts: Sequence[np.ndarray], steps: Outputs, right: Outputs) -> bool:
    """Whether all runs have the shapes expected, and each entry's first step its direction."""
    if steps.keys() != right.keys():
        return False
    for name, start in zip(right, starts, strict=True):
        got, want = numbers(steps[name]), numbers(right[name])
        if got is None or want is None or got.shape != want.shape or not np.isfinite(got).all():
            return False
        turned = np.sign(got[0] - start) != np.sign(want[0] - start)
        if (turned & np.isfinite(start)).any():
            return False
    return True


def compared(steps: Outputs, others: Outputs, rtol: float) -> str:
    """Whether all steps are the same, in a word."""
    agree = all(difference(k, steps[k], others.get(k), rtol) is None for k in steps)
    return THE_SAME if agree else ANOTHER
