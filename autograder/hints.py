"""Hints that fit a failure, in steps that open one after the other: a question, an idea, a check.

They stand in an assignment's ``hints.toml``: for each exercise by part, and where a known mistake
needs words of its own, by the mistake. They say no line of an answer.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from autograder.exercise import Verdict

FILE = "hints.toml"
AN_ERROR = (
    "What is in the variables of the line that raised? Print the type and the shape of each just before it.",
    "Call your function yourself on the smallest failing case: then the whole traceback is shown, and its "
    "last line of yours is the place.",
)
A_FORM = (
    "It says the same of every case, so it is about the form of what you give back, not about its numbers. "
    "Call your function on the example of the text: what comes back, how many values, of which types?",
    "Compare that with what the docstring says comes back. Does each way through your function end in a "
    "`return`, and does that stand behind the loops, not in them?",
)
A_TIMEOUT = (
    "Which loop runs longest? Print how often it has come round, and what its condition looks at.",
    "Is there a loop over examples or elements that one operation on whole arrays could do?",
)


@dataclass(frozen=True)
class Hints:
    """What the hints are about (a part, or the words of a mistake), and their steps."""

    about: str
    steps: tuple[str, ...]

    def html(self) -> str:
        """The steps, each within the one before it, so that they open one after the other."""
        nested = ""
        for number in range(len(self.steps), 0, -1):
            title = "a hint" if number == 1 else "one more step"
            nested = (
                f'<details class="hint"><summary>{title} ({number} of {len(self.steps)})</summary>'
                f'<p style="margin: 0.3em 0">{_formatted(self.steps[number - 1])}</p>{nested}</details>'
            )
        return nested

    def said(self, step: int) -> str:
        """A step, counted from 0, as a line of text."""
        return f"Hint {step + 1} of {len(self.steps)}, {self.about}: {self.steps[step]}"


def fitting(folder: Path, verdict: Verdict) -> Hints | None:
    """The hints to what a verdict found wrong, None where nothing is, or nothing is written yet.

    Those to the mistake that was named, else those to the first part that failed.
    """
    if verdict.status in ("passed", "missing"):
        return None
    if verdict.status == "timeout":
        return Hints("time", A_TIMEOUT)
    held = _held(folder, verdict.exercise)
    if verdict.mistake and (steps := held.get("mistakes", {}).get(verdict.mistake)):
        return Hints(verdict.says, tuple(steps))
    if verdict.status == "error":
        return Hints("the error", AN_ERROR)
    messages = {finding.message for finding in verdict.findings}
    if len(messages) == 1 < len(verdict.findings) and re.search(r"\breturn\b", min(messages)):
        return Hints("what comes back", A_FORM)
    for part, (got, of) in verdict.parts.items():
        if got < of and (steps := of_part(folder, verdict.exercise, part)):
            return Hints(part, steps)
    return None


def of_part(folder: Path, exercise: str, part: str) -> tuple[str, ...]:
    """The steps to a part of an exercise, none if none are written."""
    return tuple(_held(folder, exercise).get("parts", {}).get(part, ()))


@cache
def _held(folder: Path, exercise: str) -> dict[str, Any]:
    path = folder / FILE
    if not path.is_file():
        return {}
    held: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")).get(exercise, {})
    return held


def _formatted(step: str) -> str:
    """With what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(step))
