"""The worked examples of the notebooks: what the text says is what is tried first."""

import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from autograder.chance import EVERY
from autograder.exercise import Case
from autograder.grading.releasing import keys
from autograder.grading.releasing.notebooks import read_source
from autograder.key import PublicKeys
from autograder.slopes import CLAIMED, MEASURED
from tests.answers import COURSE, HOME, OWN, exercise

EXAMPLE = "the example in the text"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# Where the answer is a training of the student's own design, no number of it can stand in the text.
WITHOUT = {
    "hyperparameters": {"overfits_small_sample"},
    "transfer": {"fine_tune"},
}


@cache
def text_of(name: str) -> str:
    """The text that stands before an exercise's answer."""
    text = ""
    for cell in read_source(COURSE.source(HOME[name])).cells:
        if cell.cell_type == "markdown" and not cell.metadata.get("nbgrader", {}).get("solution"):
            text = cell.source
        if cell.id == name:
            return text
    raise LookupError(name)


@cache
def _keys(assignment: str) -> PublicKeys:
    """What students hold."""
    return COURSE.assignment(assignment).public_keys()


def examples(name: str) -> list[tuple[Case, dict[str, Any]]]:
    held = _keys(HOME[name])[name]
    both = zip(held.cases, held.expected, strict=True)
    return [(case, expected) for case, expected in both if case.name.startswith(EXAMPLE)]


def has_an_example(name: str) -> bool:
    """Whether the text's example is a case: the course's own must have one, but for those above."""
    assignment = HOME[name]
    if assignment in OWN:
        return name not in WITHOUT.get(assignment, set())
    return bool(examples(name))


TRIED = [name for name in HOME if has_an_example(name)]


def of_no_example(name: str, case: Case, what: str, value: Any) -> bool:
    """Whether a word or a fact is expected in every case of a part, or nothing was looked at."""
    held = _keys(HOME[name])[name]
    both = zip(held.cases, held.expected, strict=True)
    of_part = [expected for other, expected in both if other.part == case.part]
    everywhere = isinstance(value, str | bool) and all(e.get(what) == value for e in of_part)
    return everywhere or value == "not computed"


def told(case: Case, expected: dict[str, Any]) -> list[tuple[str, Any]]:
    """The numbers and words of what is expected; of slopes those claimed at the inputs themselves."""
    found: list[tuple[str, Any]] = []
    for what, value in expected.items():
        if what == MEASURED:
            continue
        if isinstance(value, dict):
            found.append((what, value))
            continue
        if isinstance(value, list) and all(isinstance(answer, bool) for answer in value):
            found.append((what, ", ".join(map(str, value))))
            continue
        values = np.asarray(value, dtype=object)
        # the text does the state by hand for the first entry
        flat = (
            values.reshape(len(values), -1)[:, 0] if "config[" in what else values.ravel()
        ).tolist()
        if what == CLAIMED and "of" in case.inputs:
            # slopes may be claimed at a second point as well
            arrays = {name: math.prod(shape) for name, shape in case.inputs["of"]}
            flat = flat[: sum(arrays.values())]
        found += [(what, v) for v in flat if v is not None]
    return found


def stands_in(text: str, what: str, value: Any) -> bool:
    """Whether the text says what is expected: a number, a word, numbers in words, or a fact."""
    numbers = [float(number) for number in NUMBER.findall(text)]
    if isinstance(value, dict):
        shown = value.get("share", value.get("mean"))
        return bool(np.isclose(numbers, shown, rtol=0, atol=0.03).any())
    if isinstance(value, bool):
        return what.removesuffix(EVERY) in text.replace("`", "")
    if isinstance(value, str) and (said := NUMBER.findall(value)):
        return {float(number) for number in said} <= {*numbers}
    if isinstance(value, str):
        return value in text
    if math.isnan(value):
        return "nan" in text
    return bool(np.isclose(numbers, value, rtol=0, atol=2e-6).any())


@pytest.mark.parametrize("name", TRIED)
def test_the_text_says_what_the_reference_gives(name):
    text, count = text_of(name), 0
    assert "**Example" in text and examples(name)
    for case, expected in examples(name):
        for what, value in told(case, expected):
            says_so = stands_in(text, what, value)
            assert says_so or of_no_example(name, case, what, value), (case.part, what, value)
            count += says_so
    assert count


@pytest.mark.parametrize("name", TRIED)
def test_the_example_comes_first_in_its_part(name):
    parts: dict[str, str] = {}
    for case in exercise(name).draw(keys.PUBLIC_SEED):
        parts.setdefault(case.part, case.name)
    assert {case.part for case, _ in examples(name)} == {
        part for part, first in parts.items() if first.startswith(EXAMPLE)
    }


@pytest.mark.parametrize("name", sorted(set().union(*WITHOUT.values())))
def test_others_have_an_example_in_words(name):
    assert "**Example" in text_of(name) and not examples(name)
