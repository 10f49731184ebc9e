"""Answer keys: for some cases the outputs they should give, and those that known mistakes give.

The public key of an assignment, ``key.json``, is what students hold. It has outputs alone, so that
``check`` can name a mistake without holding anybody's code. ``autograder release`` writes it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from autograder import wire
from autograder.exercise import Case, Outputs

BITS = 33  # of a wrong answer's numbers: 1e-10 of each, where comparing allows 1e-7


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: its id, its name in words, and its outcome on each case.

    ``observed`` says that the words state no more than what the cases show.
    """

    id: str
    says: str
    outcomes: Sequence[dict]
    observed: bool = False


class Key(Protocol):
    """The answers to a set of cases: the expected outputs, and the outcomes of the known mistakes."""

    @property
    def cases(self) -> Sequence[Case]:
        """The cases, in the order of the outcomes."""

    @property
    def expected(self) -> Sequence[Outputs]:
        """The oracle's outputs, by case."""

    @property
    def costs(self) -> Sequence[float]:
        """How long it takes to try a mistake on each case, beside others."""

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """The known mistakes, each with its outcome by case."""


@dataclass(frozen=True)
class WholeKey:
    """A key with all of its numbers at hand."""

    cases: Sequence[Case]
    expected: Sequence[Outputs]
    mistakes: Sequence[Mistake]

    @property
    def costs(self) -> Sequence[float]:
        return [0.0] * len(self.cases)


def dumps(keys: Mapping[str, tuple[str, Key]]) -> str:
    """Keys by exercise id, each with what the exercise asks for, as JSON text: a line an exercise."""
    lines = (
        f'{json.dumps(name)}:{{"entry":{json.dumps(entry)},"key":{wire.dumps(to_plain(key))}}}'
        for name, (entry, key) in keys.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


class PublicKeys:
    """The keys in a ``key.json``, decoded one by one as they are asked for."""

    def __init__(self, text: str) -> None:
        self._records: dict[str, dict] = json.loads(text)

    @property
    def entries(self) -> dict[str, str]:
        """The exercise that asks for each name."""
        return {record["entry"]: name for name, record in self._records.items()}

    def __getitem__(self, exercise: str) -> WholeKey:
        return from_plain(wire.decode(self._records[exercise]["key"]))


def to_plain(key: Key) -> dict:
    """A key as plain data.

    Many mistakes do the same on a case, mostly what is right: each case holds the other outcomes
    (outputs or failures) once, and a mistake their numbers, with 0 for the right one. What is wrong
    has fewer digits than what is right: it is to be recognized alone, and keys travel to readers.
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
                table.append(map_arrays(outcome, _shortened))
            numbers.append(known[mark])
        plain = {"id": mistake.id, "says": mistake.says, "outcomes": numbers}
        mistakes.append(plain | ({"observed": True} if mistake.observed else {}))
    cases = [{k: v for k, v in vars(c).items() if k != "withheld" or v} for c in key.cases]
    return {"cases": cases, "expected": key.expected, "others": tables, "mistakes": mistakes}


def from_plain(plain: dict) -> WholeKey:
    """The key that ``to_plain`` wrote."""
    tables = [
        [{"outputs": outputs}, *others]
        for outputs, others in zip(plain["expected"], plain["others"], strict=True)
    ]
    mistakes = [
        Mistake(
            m["id"],
            m["says"],
            [table[n] for table, n in zip(tables, m["outcomes"], strict=True)],
            m.get("observed", False),
        )
        for m in plain["mistakes"]
    ]
    return WholeKey([Case(**case) for case in plain["cases"]], plain["expected"], mistakes)


def _fingerprint(value: Any) -> str:
    """Equal for values that are equal up to rounding."""
    return wire.dumps(_rounded(value))


def map_arrays(value: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """The same plain data with every array changed; tuples become lists."""
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, dict):
        return {k: map_arrays(v, change) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [map_arrays(v, change) for v in value]
    return value


def _shortened(array: np.ndarray) -> np.ndarray:
    """To ten decimal digits, so that the bytes take less room when they are packed."""
    if array.dtype != np.float64:
        return array
    fractions, exponents = np.frexp(array)
    return np.ldexp(np.round(fractions * 2.0**BITS) / 2.0**BITS, exponents)


def _rounded(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic | float):
        return np.asarray(value, np.float32 if np.asarray(value).dtype.kind == "f" else None)
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items() if k != "line"}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return value
