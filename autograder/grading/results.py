"""Results as JSON lines: one object for each student, assignment and exercise."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.exercise import Status
from autograder.grading.course import GradingImpossible


@dataclass(frozen=True)
class Result:
    """What one student earned on one exercise, and why; no score if the grader failed on it.

    ``notes`` says what of the submission was mended before it was graded, and what was left out.
    """

    student: str
    assignment: str
    exercise: str
    score: float | None
    max_score: float
    status: Status | Literal["ungraded"]
    mistake: str | None
    message: str
    device: str
    seconds: float | None
    notes: tuple[str, ...] = ()


def require_writable(path: Path) -> None:
    """Raise GradingImpossible if results can't be written to a file; what it holds stays."""
    existed = path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a"):
            pass
    except OSError as error:
        raise GradingImpossible(f"can't write results to {path}: {error.strerror}") from None
    if not existed:
        path.unlink()


def write(path: Path, results: Iterable[Result]) -> None:
    """Write results to a file, one JSON object a line; a number that JSON does not have is null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="replace", newline="\n") as file:
        for result in results:
            held = {name: _finite(value) for name, value in asdict(result).items()}
            file.write(json.dumps(held, ensure_ascii=False, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read(path: Path) -> list[Result]:
    """Read what ``write`` wrote."""
    with open(path, encoding="utf-8", newline="\n") as file:
        held = [json.loads(line) for line in file]
    return [Result(**{**one, "notes": tuple(one.get("notes", ()))}) for one in held]
