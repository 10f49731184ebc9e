"""The words of the course: exercise, part, case, finding, verdict."""

import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

Status = Literal["passed", "partial", "failed", "error", "timeout", "missing"]
Outputs = dict[str, Any]
Outcome = dict[str, Any]  # what a probe made of a case: see ``autograder.probe.run``
PROBE_SECONDS = 10.0
SEEN = "what was seen"


class Unusable(Exception):
    """What an answer returned cannot be used; the message says what it should be.

    A probe raises it, and the message is what the student reads.
    """


@dataclass(frozen=True)
class Case:
    """One set of inputs for a student's function.

    ``name`` is what the student reads; ``inputs`` is plain data (see ``autograder.wire``).
    ``withheld`` is for the judge alone (the labels of pictures that are to be classified): the probe
    does not get it. ``draws`` says that what code draws as it runs decides how a wrong answer fares:
    no mistake is named by such a case. ``part`` names the part that drew the case, once one has.
    """

    name: str
    inputs: dict[str, Any]
    withheld: dict[str, Any] = field(default_factory=dict)
    draws: bool = False
    part: str = ""

    def as_sent(self) -> dict[str, Any]:
        """What travels to where the student's code is: not the name, which may tell what is right."""
        return {"part": self.part, "inputs": self.inputs}


Draw = Callable[[np.random.Generator], list[Case]]
Probe = Callable[[Any, dict[str, Any], str], Outputs]
Judge = Callable[[Case, Outputs, Outputs], list[str]]
Picture = Callable[[Case, Outputs, Outputs], str]


@dataclass(frozen=True)
class Part:
    """What earns points by itself: all of its cases must be right.

    ``cases`` draws its cases from a generator; ``probe`` feeds one case's inputs to the student's
    object on a device and brings home raw outputs that depend on them, or raises Unusable. Where
    the student's code is not, ``summary`` says what of a case's outputs is compared (shares, means,
    how many parameters moved), None if they themselves are; it may raise Unusable as well. ``judge``
    compares that with the oracle's and returns what is wrong, nothing if all is right. Keys hold
    summaries: they tell nobody which outputs would be right. Under SEEN, outputs may hold facts by
    name that no answer is judged by, such as how an answer trained: they tell causes apart, and are
    said where something is wrong. ``picture`` draws a failed case, from its raw outputs and what was
    expected, with ``autograder.sketch``; empty where there is nothing to see.
    """

    name: str
    points: float
    cases: Draw
    probe: Probe
    judge: Judge
    summary: Callable[[Case, Outputs], Outputs] | None = None
    picture: Picture | None = None

    def summarized(self, case: Case, outcome: dict[str, Any]) -> dict[str, Any]:
        """The outcome of a case (see ``autograder.probe.run``) with its outputs summarized."""
        if self.summary is None or not isinstance(outcome.get("outputs"), dict):
            return outcome
        try:
            with np.errstate(all="ignore"):
                return {"outputs": self.summary(case, outcome["outputs"])}
        except Unusable as objection:
            return {"unusable": str(objection)}

    def wrong(self, case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
        """What is wrong with outputs, nothing if all is right; facts that were SEEN are not judged."""
        held = [{k: v for k, v in one.items() if k != SEEN} for one in (outputs, expected)]
        return self.judge(case, *held)

    def draw(self, rng: np.random.Generator) -> list[Case]:
        """Its cases, each with the name of this part."""
        return [replace(case, part=self.name) for case in self.cases(rng)]


@dataclass(frozen=True)
class Exercise:
    """One thing that a student implements.

    ``id`` is the ``grade_id`` of its test cell and the name of its file, ``entry`` the name that the
    student defines. ``on_device`` says that the exercise runs on CUDA as well. ``uses`` names other
    things of the student's that a probe needs (a backward pass is tried on the cache of the
    student's own forward pass); the probe gets them from ``autograder.probe.beside``. ``own_work``
    names what of torch's the student is to write (see ``autograder.own_work``). ``seconds`` is the
    longest that its probes may run, all cases together. ``minutes`` is how long somebody may need
    who is new to it, ``difficulty`` goes from 1 to 3.
    """

    id: str
    entry: str
    parts: Sequence[Part]
    on_device: bool = False
    uses: tuple[str, ...] = ()
    own_work: tuple[str, ...] = ()
    seconds: float = PROBE_SECONDS
    minutes: int = 15
    difficulty: int = 2

    @property
    def stars(self) -> str:
        """The difficulty as three stars, filled and empty."""
        return "★" * self.difficulty + "☆" * (3 - self.difficulty)

    @property
    def points(self) -> float:
        """The most that one can earn: the sum over the parts."""
        return sum(part.points for part in self.parts)

    def part(self, name: str) -> Part:
        """The part of this name; raises KeyError if there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)

    def draw(self, seed: str) -> list[Case]:
        """The cases of all parts for a seed: each part has a stream of its own."""
        return [case for part in self.parts for case in part.draw(self.stream(part, seed))]

    def stream(self, part: Part, seed: str) -> np.random.Generator:
        """The generator that a part draws its cases from."""
        digest = hashlib.sha256(f"{seed}/{self.id}/{part.name}".encode()).digest()
        return np.random.default_rng(list(digest))


def in_one_line(text: str) -> str:
    """What may be an answer's own text, in one line and without control marks.

    It could go on with lines that look like a verdict's, or turn the direction of what follows.
    """
    line = " ".join(text.splitlines())
    return "".join("?" if unicodedata.category(c).startswith("C") else c for c in line)


@dataclass(frozen=True)
class Finding:
    """What is wrong on one case of a part, in words a student can act on, in one line."""

    case: str
    message: str
    part: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", in_one_line(self.message))


@dataclass(frozen=True)
class Verdict:
    """What an exercise earned, and why.

    ``parts`` maps each part to (points earned, points possible); ``mistake`` is the id of the known
    mistake that explains all that was seen and ``says`` its name in words; where two or three do,
    there is no id, and ``suspects`` are their names. ``picture`` is SVG, or empty. ``seconds`` is the
    time the probe took.
    """

    exercise: str
    status: Status
    score: float
    max_score: float
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    mistake: str | None = None
    says: str = ""
    suspects: tuple[str, ...] = ()
    picture: str = ""
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
        elif self.suspects:
            reason = f"this is what one gets from one of these: {'; '.join(self.suspects)}"
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


def no_verdict(exercise: Exercise, status: Status, reason: str, **known: Any) -> Verdict:
    """The verdict where there are no outputs to judge: no points, and the reason."""
    return Verdict(
        exercise.id,
        status,
        0.0,
        exercise.points,
        {part.name: (0.0, part.points) for part in exercise.parts},
        (Finding("", reason),),
        **known,
    )
