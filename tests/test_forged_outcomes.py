"""Outcomes that somebody made up, at the judge: no value that stands for everything earns a point.

And right ones arrive, however much a probe brings home.
"""

from typing import Any

import numpy as np
import pytest

from autograder import judge, wire
from autograder.grading.running import messages
from autograder.key import WholeKey
from tests.answers import HOME, exercise, oracle, outcomes, right_answers

pytestmark = pytest.mark.nightly
VALUES = {
    "none": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1.0,
    "nan": float("nan"),
    "infinity": float("inf"),
    "huge": 10**400,
    "text": "x",
    "empty": np.zeros(0),
    "wide and empty": np.zeros((0, 5)),
    "large": np.zeros(wire.MAX_ELEMENTS, dtype=bool),
    "tall": np.zeros((wire.MAX_ELEMENTS, 1), dtype=bool),
    "list": [],
    "dict": {},
    "other": wire.Other("Odd", "odd"),
}


@pytest.fixture(scope="module", params=HOME)
def right(request) -> tuple[str, WholeKey, list[dict]]:
    """An exercise, a key to hidden cases that names no mistakes, and right outcomes."""
    name = request.param
    held = right_answers(name, "forged")
    return name, held, outcomes(name, oracle(name), held.cases)


def everywhere(value: Any, outputs: Any) -> Any:
    """The same outputs, each number, text and array in them replaced."""
    if isinstance(outputs, dict):
        return {name: everywhere(value, held) for name, held in outputs.items()}
    if isinstance(outputs, list):
        return [everywhere(value, held) for held in outputs]
    return value


def points(name: str, key: WholeKey, made: list[dict]) -> float:
    """What outcomes earn; grading gives nothing where the judge raises."""
    try:
        return judge.judge(exercise(name), made, key).score
    except Exception:
        return 0.0


def test_one_value_for_everything_earns_nothing(right):
    name, key, outcomes = right
    assert points(name, key, outcomes) == exercise(name).points
    for what, value in VALUES.items():
        made = [{**o, "outputs": everywhere(value, o["outputs"])} for o in outcomes]
        assert points(name, key, made) == 0, what
    for made in ([{"outputs": {}}] * len(outcomes), [{}] * len(outcomes), outcomes[:-1]):
        assert points(name, key, made) == 0


def test_what_a_right_answer_sends_home_gets_through(right):
    name, _, outcomes = right
    reply = wire.dumps({"outcomes": outcomes, "seconds": 1.0})
    assert len(reply) < messages.PROBE_CHARACTERS
