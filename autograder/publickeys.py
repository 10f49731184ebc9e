"""The public answer keys: for each exercise its public cases, and the outputs they should give.

A key holds outputs alone, those of the known mistakes included, so that ``check`` can name a
mistake without holding anybody's code. ``autograder release`` writes the keys.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from autograder import wire
from autograder.exercise import Case
from autograder.judge import Key, Mistake


def to_plain(key: Key) -> dict:
    """A key as plain data.

    Many mistakes do the same on a case, mostly what is right: each case holds the other outcomes
    (outputs or errors) once, and a mistake their numbers, with 0 for the right one.
    """
    distinct = [{_fingerprint({"outputs": outputs}): 0} for outputs in key.expected]
    tables: list[list[dict]] = [[] for _ in key.cases]
    mistakes = []
    for mistake in key.mistakes:
        numbers = []
        for known, table, outcome in zip(distinct, tables, mistake.outcomes, strict=True):
            mark = _fingerprint(outcome)
            if mark not in known:
                known[mark] = len(known)
                table.append(outcome.get("outputs", outcome))
            numbers.append(known[mark])
        mistakes.append({"id": mistake.id, "says": mistake.says, "outcomes": numbers})
    return {
        "cases": [{k: v for k, v in vars(c).items() if k != "withheld" or v} for c in key.cases],
        "expected": key.expected,
        "others": tables,
        "mistakes": mistakes,
    }


def from_plain(plain: dict) -> Key:
    """The key that ``to_plain`` wrote."""
    tables = [
        [o if "error" in o else {"outputs": o} for o in (outputs, *others)]
        for outputs, others in zip(plain["expected"], plain["others"], strict=True)
    ]
    return Key(
        [Case(**case) for case in plain["cases"]],
        plain["expected"],
        [
            Mistake(
                m["id"],
                m["says"],
                [table[n] for table, n in zip(tables, m["outcomes"], strict=True)],
            )
            for m in plain["mistakes"]
        ],
    )


def _fingerprint(value: Any) -> str:
    """Equal for values that are equal up to rounding."""
    return wire.dumps(_rounded(value))


def _rounded(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic | float):
        return np.asarray(value, np.float32 if np.asarray(value).dtype.kind == "f" else None)
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items() if k != "line"}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return value


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
