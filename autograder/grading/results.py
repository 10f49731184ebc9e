"""Results as JSON lines: one object for each student, assignment and exercise."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from autograder.exercise import Status


@dataclass(frozen=True)
class Result:
    """What one student earned on one exercise, and why; no score if the grader failed on it."""

    student: str
    assignment: str
    exercise: str
    score: float | None
    max_score: float
    status: Status | Literal["ungraded"]
    mistake: str | None
    message: str
    device: str
    seconds: float


def write(path: Path, results: Iterable[Result]) -> None:
    """Write results to a file, one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(asdict(r), ensure_ascii=False) + "\n" for r in results))


def read(path: Path) -> list[Result]:
    """Read what ``write`` wrote."""
    return [Result(**json.loads(line)) for line in path.read_text().splitlines()]
