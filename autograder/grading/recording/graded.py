"""What passes between the command and its workers. The command needs none of what workers import."""

from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from autograder.grading.recording.gradebook import Entry, Marks
from autograder.grading.storage.jobs import Job
from autograder.grading.storage.results import Result


class Work(Enum):
    """What may be done for a submission."""

    NEEDED = "what is needed: nothing if nothing has changed; run it unless there is a record of it"
    AGAIN = "run it again, whatever there is"
    JUDGE = "judge its record; never run it"


@dataclass(frozen=True)
class Plan:
    """The submissions that are done, with their results, and those that are to be judged or run."""

    done: dict[Job, list[Result]]
    judge: list[Job]
    run: list[Job]


@dataclass(frozen=True)
class Graded:
    """A submission that was judged, and not recorded yet.

    ``folder`` holds what is to be published; without marks, the submission was not handed in. Without
    a folder, the grader could not grade it, and nothing is recorded. ``parts`` says of each exercise
    what its parts earned, and could; ``submission`` is the digest of what was handed in.
    """

    job: Job
    results: list[Result]
    record: str = ""
    judge: str = ""
    folder: Path | None = None
    marks: Marks | None = None
    parts: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    submission: str = ""

    @property
    def entry(self) -> Entry:
        """What the gradebook gets of it."""
        return Entry(self.job, self.marks)

    def with_notes(self, notes: list[str]) -> "Graded":
        """The same with notes to each of its results."""
        more = [replace(result, notes=(*result.notes, *notes)) for result in self.results]
        return replace(self, results=more)
