"""The worked examples of the notebooks: what the text says is what is tried first."""

import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from autograder.exercise import Case
from autograder.grading import keys
from autograder.grading.notebooks import read_source
from autograder.key import PublicKeys
from tests.answers import ASSIGNMENTS, COURSE, HOME, exercise

EXAMPLE = "the example in the text"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
# Their examples hold a draw, a network, or another function of the student's.
WITHOUT = {
    "ensembles": {"collect_snapshots", "exponential_moving_average", "early_stopping"},
    "hyperparameters": {"overfits_small_sample", "log_uniform", "random_search"},
    "optimizers": {"torch_adam"},
    "regularization": {*ASSIGNMENTS["regularization"]} - {"l2_penalty", "batchnorm_forward"},
    "transfer": {*ASSIGNMENTS["transfer"]} - {"softmax_head_loss"},
}
TRIED = [name for name in HOME if name not in WITHOUT[HOME[name]]]


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


def told(case: Case, expected: dict[str, Any]) -> list[Any]:
    """The numbers and words of what is expected; of slopes those claimed at the inputs themselves."""
    found: list[Any] = []
    for what, value in expected.items():
        if what == "measured":
            continue
        values = np.asarray(value, dtype=object)
        # the text does the state by hand for the first entry
        flat = (
            values.reshape(len(values), -1)[:, 0] if "config" in what else values.ravel()
        ).tolist()
        if what == "claimed" and "of" in case.inputs:
            flat = flat[: math.prod(case.inputs["of"][0][1])]
        found += [v for v in flat if v is not None]
    return found


@pytest.mark.parametrize("name", TRIED)
def test_the_text_says_what_the_reference_gives(name):
    text, count = text_of(name), 0
    assert "**Example" in text and examples(name)
    numbers = np.array([float(number) for number in NUMBER.findall(text)])
    for case, expected in examples(name):
        for value in told(case, expected):
            if isinstance(value, str):
                assert f'"{value}"' in text
            elif math.isnan(value):
                assert "nan" in text
            else:
                assert np.isclose(numbers, value, rtol=0, atol=2e-6).any(), (case.part, value)
            count += 1
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
