"""The words of the course: exercise, case, finding, verdict."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

Status = Literal["passed", "partial", "failed", "error", "timeout", "missing"]
Outputs = dict[str, Any]
PROBE_SECONDS = 10.0


@dataclass(frozen=True)
class Case:
    """One set of inputs for a student's function.

    ``name`` is what the student reads; ``part`` says which part of the exercise it belongs to;
    ``inputs`` is plain data (see ``autograder.wire``). ``withheld`` is for the judge alone (the
    labels of pictures that are to be classified): the probe does not get it.
    """

    name: str
    part: str
    inputs: dict[str, Any]
    withheld: dict[str, Any] = field(default_factory=dict)

    def as_sent(self) -> dict[str, Any]:
        """What travels to where the student's code is."""
        return {"name": self.name, "part": self.part, "inputs": self.inputs}


@dataclass(frozen=True)
class Finding:
    """What is wrong on one case, in words a student can act on."""

    case: str
    message: str


@dataclass(frozen=True)
class Exercise:
    """One thing that a student implements.

    ``id`` is the ``grade_id`` of its test cell, ``entry`` the name that the student defines.
    ``parts`` maps each part to its points. ``cases`` draws the cases from a generator; ``probe``
    feeds one case's inputs to the student's object on a device and returns plain outputs;
    ``judge`` compares them with the expected ones and returns what is wrong, nothing if all is
    right. ``on_device`` says that the exercise runs on CUDA as well. ``uses`` names other things of
    the student's that the probe needs (a backward pass is tried on the cache of the student's own
    forward pass); the probe gets them from ``autograder.probe.beside``. ``seconds`` is the longest its
    probe may run, all cases together. ``summary`` says what a key holds of the outputs of an oracle
    or a mistake, None if all of them.
    """

    id: str
    entry: str
    parts: dict[str, float]
    cases: Callable[[np.random.Generator], list[Case]]
    probe: Callable[[Any, dict[str, Any], str], Outputs]
    judge: Callable[[Case, Outputs, Outputs], list[str]]
    on_device: bool = False
    uses: tuple[str, ...] = ()
    seconds: float = PROBE_SECONDS
    summary: Callable[[Case, Outputs], Outputs] | None = None

    @property
    def points(self) -> float:
        return sum(self.parts.values())


@dataclass(frozen=True)
class Verdict:
    """What an exercise earned, and why.

    ``parts`` maps each part to (points earned, points possible); ``mistake`` is the id of the known
    mistake that gives the same numbers and ``says`` its name in words; ``seconds`` is the time the
    probe took.
    """

    exercise: str
    status: Status
    score: float
    max_score: float
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    mistake: str | None = None
    says: str = ""
    device: str = "cpu"
    seconds: float = 0.0
    note: str = ""

    @property
    def message(self) -> str:
        """The reason in one line."""
        if self.status == "passed":
            reason = "all right"
        elif self.says:
            reason = f"this is what one gets from: {self.says}"
        elif self.findings:
            first = self.findings[0]
            reason = f"{first.case}: {first.message}" if first.case else first.message
        else:
            reason = "no answer"
        return f"{reason} ({self.note})" if self.note else reason

    def out_of(self, points: float) -> "Verdict":
        """The same verdict with its scores scaled so that ``points`` is the most one can earn."""
        factor = points / self.max_score if self.max_score else 0.0
        return replace(
            self,
            score=self.score * factor,
            max_score=points,
            parts={p: (got * factor, of * factor) for p, (got, of) in self.parts.items()},
        )


def no_verdict(exercise: Exercise, status: Status, reason: str, **known) -> Verdict:
    """The verdict where there are no outputs to judge: no points, and the reason."""
    return Verdict(
        exercise.id,
        status,
        0.0,
        exercise.points,
        {part: (0.0, points) for part, points in exercise.parts.items()},
        (Finding("", reason),),
        **known,
    )
