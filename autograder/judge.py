"""The verdict on an exercise's outcomes. Runs where the student's code is not (``check`` excepted)."""

import re
from collections.abc import Sequence
from typing import Any

from autograder.exercise import Case, Exercise, Finding, Status, Verdict, no_verdict
from autograder.key import Key, Mistake

Outcome = dict[str, Any]  # what a probe made of a case: see ``autograder.probe.run``


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
    known mistake that agrees with the student's outcomes on most of the failed cases, and on no
    fewer than half of them, is named; of several such, the one that agrees on most of all cases.
    """
    known: dict[str, Any] = {"device": device, "seconds": seconds, "note": note}
    if not isinstance(outcomes, list) or len(outcomes) != len(key.cases):
        return no_verdict(exercise, "error", "the answers did not arrive whole", **known)
    outcomes = [
        exercise.part(case.part).summarized(case, outcome) if isinstance(outcome, dict) else outcome
        for case, outcome in zip(key.cases, outcomes, strict=True)
    ]
    findings: dict[int, list[str]] = {}
    for i, (case, outcome) in enumerate(zip(key.cases, outcomes, strict=True)):
        if wrong := _wrong(exercise, case, outcome, key.expected[i]):
            findings[i] = wrong
    if all(_is(outcome, "error", "NotImplementedError") for outcome in outcomes):
        return no_verdict(exercise, "missing", "it still raises NotImplementedError", **known)
    failed = {key.cases[i].part for i in findings}
    parts = {p.name: (0.0 if p.name in failed else p.points, p.points) for p in exercise.parts}
    score = sum(got for got, _ in parts.values())
    mistake = _name_mistake(exercise, outcomes, key, findings)
    return Verdict(
        exercise.id,
        _status(outcomes, findings, score),
        float(score),
        float(exercise.points),
        parts,
        tuple(Finding(key.cases[i].name, text) for i, texts in findings.items() for text in texts),
        mistake.id if mistake else None,
        mistake.says if mistake else "",
        **known,
    )


def _is(outcome: Any, kind: str, value: str) -> bool:
    return isinstance(outcome, dict) and outcome.get(kind) == value


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
    return exercise.part(case.part).judge(case, outputs, expected)


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


def _name_mistake(
    exercise: Exercise, outcomes: list[Outcome], key: Key, findings: dict[int, list[str]]
) -> Mistake | None:
    if not findings:
        return None

    def agrees(mistake: Mistake, i: int) -> bool:
        return _agrees(exercise, key.cases[i], outcomes[i], mistake.outcomes[i])

    best, fewest, most = None, len(findings) // 2, -1
    for mistake in key.mistakes:
        missed = 0
        for i in findings:
            missed += not agrees(mistake, i)
            if missed > fewest:
                break
        else:
            others = sum(agrees(mistake, i) for i in range(len(key.cases)) if i not in findings)
            if missed < fewest or others > most:
                best, fewest, most = mistake, missed, others
    return best


def _agrees(exercise: Exercise, case: Case, outcome: Any, other: Outcome) -> bool:
    """Whether an outcome is the one that a mistake gives."""
    if not isinstance(outcome, dict):
        return False
    if "outputs" in outcome and "outputs" in other:
        outputs = outcome["outputs"]
        judge_part = exercise.part(case.part).judge
        return isinstance(outputs, dict) and not judge_part(case, outputs, other["outputs"])
    kinds = [_kind_of_failure(one) for one in (outcome, other)]
    return kinds[0] is not None and kinds[0] == kinds[1]


def _kind_of_failure(outcome: Outcome) -> Sequence[str] | None:
    """What an outcome without outputs says.

    Of an error, its type and what it is about: the first quoted name, else its text less the numbers.
    """
    if "unusable" in outcome:
        return ["unusable", str(outcome["unusable"])]
    if "error" not in outcome:
        return None
    text = str(outcome.get("message"))
    quoted = re.search(r"'[^']*'", text)
    about = quoted.group() if quoted else re.sub(r"[\d\s(),.]+", " ", text)
    return ["error", str(outcome["error"]), about]
