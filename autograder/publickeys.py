"""The public answer keys: for each exercise its public cases, and the outputs they should give.

A key holds outputs alone, those of the known mistakes included, so that ``check`` can name a
mistake without holding anybody's code. ``autograder release`` writes the keys.
"""

import json
from functools import cache
from importlib import resources

from autograder import wire
from autograder.exercise import Case
from autograder.judge import Key, Mistake


def to_plain(key: Key) -> dict:
    """A key as plain data."""
    return {
        "cases": [vars(case) for case in key.cases],
        "expected": key.expected,
        "mistakes": [vars(mistake) for mistake in key.mistakes],
    }


def from_plain(plain: dict) -> Key:
    """The key that ``to_plain`` wrote."""
    return Key(
        [Case(**case) for case in plain["cases"]],
        plain["expected"],
        [Mistake(**mistake) for mistake in plain["mistakes"]],
    )


def dumps(keys: dict[str, Key]) -> str:
    """Keys by exercise id as JSON text, one exercise a line."""
    lines = [f"{json.dumps(name)}:{wire.dumps(to_plain(key))}" for name, key in keys.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def load(assignment: str) -> dict[str, Key]:
    """The public keys of an assignment by exercise id; raises FileNotFoundError if not released."""
    path = resources.files("autograder") / "keys" / f"{assignment}.json"
    plain = json.loads(path.read_text())
    return {name: from_plain(wire.decode(key)) for name, key in plain.items()}
