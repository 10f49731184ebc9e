"""From what a probe brought home to a verdict, and from a verdict to a test cell's outputs and back."""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder import judge, probe, report, wire
from autograder.exercise import Exercise, Verdict, no_verdict
from autograder.hints import Hints
from autograder.judge import CheckFailed
from autograder.key import Key
from autograder.onward import Onward

FINDING_CHARACTERS = 4_000  # a finding says what the student's code returned or raised
MESSAGE_CHARACTERS = 1_000
VERDICT_MIME = "application/vnd.autograder.verdict+json"
PARTS = "parts"  # in a verdict's record: what each part earned, and what it could
NOT_GRADED = (
    "This exercise is not graded yet. That is no fault of yours: the check failed, whatever your "
    "answer is. If you had a score before, it stands until the exercise is graded again."
)
logger = logging.getLogger(__name__)


def replies(outputs: list[NotebookNode]) -> list[Any]:
    """What the outputs of a probe's cell hold as its reply: one text, unless something went wrong."""
    return [
        o.data[probe.MIME]
        for o in outputs
        if o.output_type == "display_data" and probe.MIME in o.data
    ]


def outcomes_of(outputs: list[NotebookNode], order: Sequence[int]) -> list[Any] | None:
    """What a probe brought home, one outcome a case; None if that can't be read, or is nothing.

    ``order`` says which case came first, second and so on.
    """
    try:
        (reply,) = replies(outputs)
        outcomes = wire.loads(reply)["outcomes"]
    except (wire.WireError, LookupError, TypeError, ValueError):
        return None
    return by_case(outcomes, order) if isinstance(outcomes, list) else None


def by_case(outcomes: Any, order: Sequence[int]) -> Any:
    """The outcomes in the order of the cases; whatever is not one outcome a case as it is."""
    if not isinstance(outcomes, list) or len(outcomes) != len(order):
        return outcomes
    came = dict(zip(order, outcomes, strict=True))
    return [came[i] for i in range(len(order))]


def judged(
    exercise: Exercise,
    outputs: list[NotebookNode],
    order: Sequence[int],
    key: Key,
    known: dict[str, Any],
    why_missing: str,
) -> Verdict:
    """The verdict on the outputs of a probe's cell, which tried the cases in this order.

    ``known`` is what is known of the run; ``why_missing`` says why the student's object, or what it
    uses, may not be there. Raises CheckFailed if the reference or a judge fails by itself.
    """
    came = replies(outputs)
    if len(came) != 1 or not isinstance(came[0], str):
        errors = [o for o in outputs if o.output_type == "error"]
        reason = (
            f"the probe failed: {errors[0].ename}: {errors[0].evalue[:200]}"
            if errors
            else "the probe brought back no answers"
        )
        return no_verdict(exercise, "error", reason, **known)
    try:
        reply = wire.loads(came[0])
        outcomes, seconds = by_case(reply["outcomes"], order), float(reply["seconds"])
        if not 0 <= seconds < math.inf:
            raise ValueError("no number of seconds")
    except (wire.WireError, LookupError, ArithmeticError, TypeError, ValueError) as error:
        reason = f"the answers can't be read: {str(error)[:200]}"
        return no_verdict(exercise, "error", reason, **known)
    known["seconds"] = seconds
    if outcomes is None:
        reason = f"{exercise.entry} is not defined{why_missing}"
        return no_verdict(exercise, "missing", reason, **known)
    if why_missing and _met_no_name(outcomes):
        known["note"] = "; ".join(filter(None, [known.get("note"), why_missing.removeprefix(": ")]))
    try:
        return _bounded(judge.judge(exercise, outcomes, key, **known))
    except CheckFailed:
        raise
    except Exception as error:  # judges that work on the reference's answer: it is what came
        logger.exception("%s: the judge raised", exercise.id)
        reason = f"the answers can't be judged: {type(error).__name__}: {str(error)[:200]}"
        return no_verdict(exercise, "error", reason, **known)


def _met_no_name(outcomes: Any) -> bool:
    """Whether code in an answer asked for what is not defined."""
    return isinstance(outcomes, list) and any(
        isinstance(one, dict) and one.get("error") == "NameError" for one in outcomes
    )


def _bounded(verdict: Verdict) -> Verdict:
    """The verdict with findings of bounded length."""
    findings = (replace(f, message=_cut(f.message, FINDING_CHARACTERS)) for f in verdict.findings)
    return replace(verdict, findings=tuple(findings))


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]} ..."


def record_of(verdict: Verdict) -> dict:
    """What the results keep of a verdict, as plain data."""
    return {
        "status": verdict.status,
        "score": verdict.score,
        "max_score": verdict.max_score,
        "mistake": verdict.mistake,
        "message": _cut(verdict.message, MESSAGE_CHARACTERS),
        "device": verdict.device,
        "seconds": round(verdict.seconds, 4),
    }


def verdict_outputs(
    verdict: Verdict, hint: Hints | None = None, further: Onward | None = None
) -> list[NotebookNode]:
    """The outputs that stand for a verdict: a report for people, and the score for nbgrader."""
    below = (hint.html() if hint else "") + (further.html(verdict) if further else "")
    data = {
        "text/html": report.html(verdict) + below,
        "text/plain": report.text(verdict),
        VERDICT_MIME: {**record_of(verdict), PARTS: [[*part] for part in verdict.parts.items()]},
    }
    score = {"text/plain": repr(float(verdict.score))}
    return [
        _output("display_data", data),
        _output("execute_result", score, execution_count=None),
    ]


def ungraded_outputs(points: float, cause: str) -> list[NotebookNode]:
    """The outputs of a test cell whose exercise has no verdict, by no fault of what is judged."""
    record = {
        "status": "ungraded",
        "score": None,
        "max_score": points,
        "mistake": None,
        "message": _cut(f"the grader could not grade it: {cause}", MESSAGE_CHARACTERS),
        "device": "cpu",
        "seconds": 0.0,
    }
    data = {"text/html": f"<p>{NOT_GRADED}</p>", "text/plain": NOT_GRADED, VERDICT_MIME: record}
    return [_output("display_data", data)]


def _output(kind: str, data: dict[str, Any], **more: Any) -> NotebookNode:
    """As nbformat's new_output, which also looks at each by itself: the notebook is looked at as a whole."""
    return nbformat.from_dict({"output_type": kind, "data": data, "metadata": {}, **more})


def is_ungraded(cell: NotebookNode) -> bool:
    """Whether a test cell says that its exercise was not graded."""
    return (_held(cell) or {}).get("status") == "ungraded"


def read_verdict(cell: NotebookNode) -> dict | None:
    """The record that ``verdict_outputs`` left in a graded test cell."""
    held = _held(cell)
    return None if held is None else {k: v for k, v in held.items() if k != PARTS}


def read_parts(cell: NotebookNode) -> dict[str, list[float]]:
    """What each part of a graded test cell's exercise earned, and what it could, in their order.

    They are pairs in a list, since a notebook's file sorts the keys of what it holds.
    """
    return {part: list(of) for part, of in dict((_held(cell) or {}).get(PARTS) or []).items()}


def _held(cell: NotebookNode) -> dict | None:
    for output in cell.get("outputs", []):
        if VERDICT_MIME in output.get("data", {}):
            return output.data[VERDICT_MIME]
    return None
