"""Results as JSON lines: one object for each student, assignment and exercise."""

import contextlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.exercise import Status
from autograder.grading.course import GradingImpossible
from autograder.grading.storage.files import write_whole


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


def line(result: Result) -> str:
    """A result as a line of JSON; a number that JSON does not have is null."""
    held = {name: _finite(value) for name, value in asdict(result).items()}
    return json.dumps(held, ensure_ascii=False, allow_nan=False) + "\n"


def write(path: Path, results: Iterable[Result]) -> None:
    """Write results to a file, one JSON object a line, whole or not at all."""
    text = "".join(map(line, results))
    write_whole(path, text.encode("utf-8", "replace"))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def from_plain(held: dict[str, Any]) -> Result:
    """The result that was written as this object."""
    return Result(**{**held, "notes": tuple(held.get("notes", ()))})


def read(path: Path) -> list[Result]:
    """Read what ``write`` wrote."""
    with open(path, encoding="utf-8", newline="\n") as file:
        return [from_plain(json.loads(text)) for text in file]


class ResultsFile:
    """A results file that grows as submissions are done: lines of other submissions stay.

    A new result goes to the end at once. When the work ends, however it does, the file is put in
    order: each submission's last lines, in the order in which they were first there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[tuple[str, str], list[Result]] = {}
        for result in _whole_lines(path):
            self.lines.setdefault((result.assignment, result.student), []).append(result)
        for submission, held in self.lines.items():  # of two runs, the second counts
            last = {result.exercise: result for result in held}
            self.lines[submission] = list(last.values())

    def add(self, results: list[Result]) -> None:
        """Add the results of one submission."""
        if not results:
            return
        self.lines[results[0].assignment, results[0].student] = results
        with open(self.path, "ab") as file:
            file.write("".join(map(line, results)).encode("utf-8", "replace"))

    def hold(self, results: Iterable[Result]) -> None:
        """Have the results of whole submissions in the file once it is closed."""
        held: dict[tuple[str, str], list[Result]] = {}
        for result in results:
            held.setdefault((result.assignment, result.student), []).append(result)
        self.lines |= held

    def close(self, order: Iterable[tuple[str, str]] = ()) -> None:
        """Put the file in order: first what has a place in this one."""
        first = {
            submission: self.lines[submission] for submission in order if submission in self.lines
        }
        write(self.path, (r for held in {**first, **self.lines}.values() for r in held))


def _whole_lines(path: Path) -> Iterator[Result]:
    """The results in a file, without a line that was cut off; nothing if there is no file."""
    if not path.exists():
        return
    for text in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        with contextlib.suppress(ValueError, TypeError):
            yield from_plain(json.loads(text))
