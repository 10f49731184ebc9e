"""The verdict on an exercise's outcomes. Runs where the student's code is not (``check`` excepted)."""

import logging
from typing import Any

from autograder import naming
from autograder.exercise import (
    SEEN,
    Case,
    Exercise,
    Finding,
    Outcome,
    Status,
    Verdict,
    no_verdict,
)
from autograder.key import Key, Mistake

NO_OUTCOME = (OSError, ImportError, NameError)  # errors that nothing in an outcome can bring about
logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())  # in a student's notebook nobody is to read them


class CheckFailed(Exception):
    """A check fails by itself, whatever is judged: no verdict, and nobody's points."""


def judge(
    exercise: Exercise,
    outcomes: list[Outcome],
    key: Key,
    *,
    device: str = "cpu",
    seconds: float = 0.0,
    note: str = "",
) -> Verdict:
    """The verdict on a student's outcomes, one a case of the key.

    A part earns its points if nothing is wrong on any of its cases. If something is wrong, the
    known mistake that explains all that was seen is named (see ``autograder.naming``).

    A judge or a summary that raises has met something odd in an outcome: that case is wrong. Raises
    CheckFailed if it is no outcome's doing: the judge raises on the reference's own outcome too, or
    what it raises comes from elsewhere.
    """
    known: dict[str, Any] = {"device": device, "seconds": seconds, "note": note}
    if not isinstance(outcomes, list) or len(outcomes) != len(key.cases):
        return no_verdict(exercise, "error", "the answers did not arrive whole", **known)
    if all(map(_is_unwritten, outcomes)):
        return no_verdict(exercise, "missing", "it still raises NotImplementedError", **known)
    raw = outcomes
    outcomes = [
        summarized(exercise, case, outcome, expected) if isinstance(outcome, dict) else outcome
        for case, outcome, expected in zip(key.cases, outcomes, key.expected, strict=True)
    ]
    findings: dict[int, list[str]] = {}
    for i, (case, outcome) in enumerate(zip(key.cases, outcomes, strict=True)):
        if wrong := _wrong(exercise, case, outcome, key.expected[i]):
            findings[i] = wrong
    failed = {key.cases[i].part for i in findings}
    parts = {p.name: (0.0 if p.name in failed else p.points, p.points) for p in exercise.parts}
    score = sum(got for got, _ in parts.values())
    named = _named(exercise, outcomes, key, list(findings))
    mistake = named[0] if len(named) == 1 else None
    return Verdict(
        exercise.id,
        _status(outcomes, findings, score),
        float(score),
        float(exercise.points),
        parts,
        tuple(
            Finding(key.cases[i].name, text, key.cases[i].part)
            for i, texts in findings.items()
            for text in texts
        ),
        mistake.id if mistake else None,
        mistake.says if mistake else "",
        () if mistake else tuple(m.says for m in named),
        _picture(exercise, raw, key, list(findings)),
        **known,
    )


def summarized(exercise: Exercise, case: Case, outcome: Outcome, expected: dict) -> Outcome:
    """An outcome with its outputs summarized, or why that can't be; raises CheckFailed as judging does."""
    try:
        return exercise.part(case.part).summarized(case, outcome)
    except Exception as error:
        return {"unusable": _of_stumbling(exercise, case, expected, error)}


def _of_stumbling(exercise: Exercise, case: Case, expected: dict, error: Exception) -> str:
    """What is wrong with an outcome on which a check raised; CheckFailed if that is nothing."""
    what = f"{type(error).__name__}: {str(error)[:300]}"
    if isinstance(error, NO_OUTCOME):
        raise CheckFailed(f"the check of {exercise.id} raised {what}") from error
    try:
        exercise.part(case.part).wrong(case, expected, expected)
    except Exception:
        raise CheckFailed(
            f"the check of {exercise.id} raised {what}, and does so on the reference's own answer"
        ) from error
    logger.warning("%s, %s: what came can't be judged", exercise.id, case.name, exc_info=error)
    return f"the check can't use what your code returned: {what}"


def _named(exercise: Exercise, outcomes: list[Any], key: Key, failed: list[int]) -> list[Mistake]:
    """The known mistakes that explain the outcomes; none if naming fails: points need no name."""
    try:
        return naming.explanations(exercise, outcomes, key, failed)
    except Exception:
        logger.exception("%s: no mistake can be named", exercise.id)
        return []


def _picture(exercise: Exercise, outcomes: list[Outcome], key: Key, failed: list[int]) -> str:
    """Of the first failed case of which something can be seen."""
    for i in failed:
        case, outcome = key.cases[i], outcomes[i]
        outputs = outcome.get("outputs") if isinstance(outcome, dict) else None
        draw = exercise.part(case.part).picture
        if draw is None or not isinstance(outputs, dict):
            continue
        try:
            if drawn := draw(case, outputs, key.expected[i]):
                return drawn
        except Exception:  # of numbers of any kind and shape; a verdict needs no picture
            continue
    return ""


def _is_unwritten(outcome: Any) -> bool:
    """Whether a case met the stub of an answer; what torch does not implement, it says in words."""
    unwritten = isinstance(outcome, dict) and outcome.get("error") == "NotImplementedError"
    return unwritten and not outcome.get("message")


def _wrong(exercise: Exercise, case: Case, outcome: Any, expected: dict[str, Any]) -> list[str]:
    """What is wrong with the outcome of one case."""
    if not isinstance(outcome, dict):
        return ["no outputs"]
    if "unusable" in outcome:
        return [str(outcome["unusable"])]
    if "error" in outcome:
        return [_of_error(outcome)]
    outputs = outcome.get("outputs")
    if not isinstance(outputs, dict):
        return ["no outputs"]
    try:
        wrong = exercise.part(case.part).wrong(case, outputs, expected)
    except Exception as error:
        wrong = [_of_stumbling(exercise, case, expected, error)]
    if wrong and (seen := _seen(outputs.get(SEEN), expected.get(SEEN))):
        wrong[0] = f"{wrong[0]} (seen besides: {seen})"
    return wrong


def _seen(came: Any, usual: Any) -> str:
    """The facts, in words, that are other than a right answer's usually are."""
    if not isinstance(came, dict) or not isinstance(usual, dict):
        return ""
    told = {name: v for name, v in came.items() if isinstance(v, str) and v != usual.get(name)}
    return "; ".join(f"{name}: {value[:80] or 'none'}" for name, value in told.items())


def _of_error(outcome: Outcome) -> str:
    """An error in words: the student's code raised it, or the check did on what it got."""
    what = f"{outcome['error']}: {outcome.get('message')}".removesuffix(": ")
    if isinstance(line := outcome.get("line"), int):
        return f"your code raised {what} (line {line} of your cell)"
    return f"the check could not call your code, or not use what it returned: {what}"


def _status(outcomes: list[Outcome], findings: dict[int, list[str]], score: float) -> Status:
    if not findings:
        return "passed"
    if score > 0:
        return "partial"
    raised = all(isinstance(outcomes[i], dict) and "error" in outcomes[i] for i in findings)
    return "error" if raised else "failed"
