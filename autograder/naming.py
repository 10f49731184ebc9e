"""Which known mistake explains what was seen of an answer.

A mistake *explains* an answer if it agrees with it on every case, those that the answer passed
included: so whatever it would have got wrong, or right, can refute it. That is not enough where
little can be seen. What is seen of a wrong answer are *facts*: on one case, a word, a truth value,
an error at a place; a number that is not the expected one, which is worth several. A single fact
has too many causes to name one, unless the name says no more than the fact itself.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.compare import difference, tolerance
from autograder.exercise import SEEN, Case, Exercise, Outcome
from autograder.key import Key, Mistake

ENOUGH = 3  # facts
MOST_NAMES = 3  # more than these explain nothing
# How many cases that went right refute as many mistakes as one that went wrong, where most do nothing
# wrong.
PASSED = 4


def explanations(
    exercise: Exercise, outcomes: Sequence[Any], key: Key, failed: Sequence[int]
) -> list[Mistake]:
    """The known mistakes, three at most, that explain outcomes of which some failed.

    What chance decides is compared within chance's margins, and must agree on every case as well:
    an outcome that is far off speaks against a mistake, however many others agree.
    """
    failed = [i for i in failed if not key.cases[i].draws]
    if not failed:
        return []
    compared = sorted(  # as mistakes are tried: most are out of the question after the first case
        (i for i, case in enumerate(key.cases) if not case.draws),
        key=lambda i: key.costs[i] * (1 if i in failed else PASSED),
    )
    enough = sum(_facts(key, outcomes, failed)) >= ENOUGH
    found = [
        mistake
        for mistake in key.mistakes
        if (enough or mistake.observed)
        and all(_alike(exercise, key.cases[i], outcomes[i], mistake.outcomes[i]) for i in compared)
    ]
    return found if len(found) <= MOST_NAMES else []


def _alike(exercise: Exercise, case: Case, outcome: Any, other: Outcome) -> bool:
    """Whether two outcomes agree in turn: not within the margin of the one that scatters more alone."""
    return _agrees(exercise, case, outcome, other) and _agrees(exercise, case, other, outcome)


def _agrees(exercise: Exercise, case: Case, outcome: Any, other: Outcome) -> bool:
    """Whether an outcome is the one that a mistake gives."""
    if not isinstance(outcome, dict):
        return False
    if "outputs" in outcome and "outputs" in other:
        ours, theirs = outcome["outputs"], other["outputs"]
        if not isinstance(ours, dict) or exercise.part(case.part).wrong(case, ours, theirs):
            return False
        return not any(unlike(ours.get(SEEN), theirs.get(SEEN)))
    failures = [failure(one) for one in (outcome, other)]
    return failures[0] is not None and failures[0] == failures[1]


def failure(outcome: Outcome) -> Sequence[str] | None:
    """What an outcome without outputs says, None if it has some.

    Of an error: its type, what the code was doing, and what it is about: the first quoted name, else
    its text with the numbers in it.
    """
    if "unusable" in outcome:
        return ["unusable", str(outcome["unusable"])]
    if "error" not in outcome:
        return None
    text = str(outcome.get("message"))
    quoted = re.search(r"'[^']*'", text)
    about = quoted.group() if quoted else re.sub(r"0x[0-9a-f]+", "", text)
    return ["error", str(outcome["error"]), str(outcome.get("at")), about]


def unlike(ours: Any, theirs: Any) -> Iterator[str]:
    """The names of the facts in which two answers differ.

    Numbers may differ by a hundredth: rounding grows in a training, and keys travel to other machines.
    """
    ours, theirs = (held if isinstance(held, dict) else {} for held in (ours, theirs))
    for name in {**theirs, **ours}:
        if difference(name, ours.get(name), theirs.get(name), rtol=1e-2) is not None:
            yield name


def _facts(key: Key, outcomes: Sequence[Any], failed: Sequence[int]) -> Iterator[int]:
    """The weight of each thing about the failed cases that is not as expected."""
    for i in failed:
        outcome, expected = outcomes[i], key.expected[i]
        outputs = outcome.get("outputs") if isinstance(outcome, dict) else None
        if not isinstance(outputs, dict):
            yield 2 if isinstance(outcome, dict) and outcome.get("at") else 1
            continue
        for name in {**expected, **outputs}:
            got, want = outputs.get(name), expected.get(name)
            if name == SEEN:
                yield from (
                    ENOUGH if _is_number(got[fact]) else 1
                    for fact in unlike(got, want)
                    if isinstance(got, dict) and fact in got
                )
            else:
                yield from _differences(name, got, want, tolerance(key.cases[i].inputs))


def _differences(name: str, got: Any, want: Any, rtol: float) -> Iterator[int]:
    """Of an output, or of each item of a list of answers."""
    if isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        for one, other in zip(got, want, strict=True):
            yield from _differences(name, one, other, rtol)
    elif difference(name, got, want, rtol) is not None:
        yield ENOUGH if _is_number(got) else 1


def _is_number(value: Any) -> bool:
    """Whether a value says more than a word does: a float that is not 0 or 1, a share, a mean."""
    if isinstance(value, dict) and "of" in value:
        return True
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return any(_is_number(item) for item in items)
    array = np.asarray(value)
    return array.dtype.kind == "f" and bool(
        np.any(np.isfinite(array) & (array != 0) & (array != 1))
    )
