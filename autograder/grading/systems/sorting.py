"""Sorts what came: which student and which assignment each file is of, and which attempt counts."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from autograder.grading.course import Course
from autograder.grading.intake.belonging import Belonging
from autograder.grading.releasing.handout import engine, lab_modules
from autograder.grading.systems.arrivals import Arrival
from autograder.grading.systems.roster import Student
from autograder.grading.systems.whose import GRADESCOPE, Claim, Unclear, Whose

METADATA = "submission_metadata.yml"
LARGEST_METADATA = 256 * 2**20
SYSTEMS = ("__MACOSX", ".DS_Store", ".ipynb_checkpoints", ".git", "Thumbs.db", "desktop.ini")
MAYBE = ("", ".json", ".txt")  # what programs make of a notebook's name
LARGEST_MAYBE = 20 * 2**20
COPY = re.compile(r"(?:\((\d{1,9})\)|-(\d{1,9}))\s*$")


class What(Enum):
    """What became of a file, or that there is none."""

    COLLECTED = "collected"
    BESIDE = "put beside its notebook"
    THERE = "is there already"
    EARLIER = "an earlier attempt, left where it is"
    SAME = "the same as another"
    GIVEN = "as it was handed out"
    LEFT = "left out"
    UNCLEAR = "not collected"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True)
class Outcome:
    """What became of a file."""

    file: str
    what: What
    says: str = ""
    student: str = ""
    assignment: str = ""
    late: bool = False


@dataclass(frozen=True)
class Piece:
    """A file that came from a student; ``assignment`` only if it is a notebook of one."""

    arrival: Arrival
    student: str
    claim: Claim
    notebook: bool = False
    assignment: str = ""
    by_content: bool = False
    note: str = ""
    given: bool = False  # as it was handed out, byte for byte

    def became(self, what: What, says: str = "", assignment: str = "") -> Outcome:
        """What is told of the file: what it became, and why."""
        says = "; ".join(filter(None, (says, self.note)))
        file, assignment = str(self.arrival.place), assignment or self.assignment
        return Outcome(file, what, says, self.student, assignment, self.claim.late)

    @property
    def order(self) -> tuple:
        """The later of two attempts has the greater one; what has an assignment's cells comes last."""
        stem = self.arrival.place.name.partition(".ipynb")[0]
        copy = COPY.search(stem)
        number = int(next(filter(None, copy.groups()))) if copy else 0
        handed_in = self.claim.handed_in
        known = handed_in.timestamp() if handed_in else 0.0
        changed = not self.given
        return self.by_content, known, self.claim.file, changed, self.arrival.modified, number, stem


@dataclass(frozen=True)
class Submission:
    """The notebook that counts, and what lies beside it, by its place there."""

    notebook: Piece
    beside: dict[PurePosixPath, Piece] = field(default_factory=dict)


class Sorting:
    """Sorts the files of one export."""

    def __init__(
        self,
        course: Course,
        belonging: Belonging,
        roster: list[Student] | None,
        assignment: str | None,
    ) -> None:
        self.belonging = belonging
        self.roster = roster
        self.assignment = assignment
        self.given = {
            hashlib.sha256(path.read_bytes()).hexdigest(): PurePosixPath(path)
            for path in _handed_out(course, belonging)
        }
        self.outcomes: list[Outcome] = []

    def sort(self, came: list[Arrival]) -> tuple[list[Submission], list[Outcome]]:
        """The submissions that there are, and what is to be said of all other files."""
        files = [a for a in came if not self._is_of_a_system(a)]
        wrapper = _wrapper(files)
        whose = Whose(self.roster, self.belonging.names, wrapper)
        metadata = [a for a in files if a.place == wrapper / METADATA and whose.is_nobodys(a.place)]
        if len(metadata) == 1:
            whose.submitters = _submitters(metadata[0])
            if not whose.submitters:
                says = "it can't be read, and tells whose each submission is"
                self.outcomes.append(Outcome(str(metadata[0].place), What.UNCLEAR, says))
        pieces: list[Piece] = []
        for arrival in files:
            if arrival not in metadata:
                pieces += self._pieces(arrival, whose)
        chosen = list(self._chosen([p for p in pieces if p.assignment]))
        self._put_beside(chosen, [p for p in pieces if not p.assignment])
        return chosen, self.outcomes

    def _is_of_a_system(self, arrival: Arrival) -> bool:
        parts = arrival.place.parts
        if any(part in SYSTEMS or part.startswith("._") for part in parts):
            return True
        given = self.given.get(arrival.digest)
        if given is not None and not any(map(_is_named_notebook, (given, arrival.place))):
            self.outcomes.append(Outcome(str(arrival.place), What.GIVEN))
            return True
        return False

    def _pieces(self, arrival: Arrival, whose: Whose) -> Iterator[Piece]:
        """A file of one student, or of each one of a group; none if whose it is can't be told."""
        notebook = _is_named_notebook(arrival.place)
        by_content = self._content(arrival, notebook)
        notebook = notebook or by_content is not None
        by_name = self._name(arrival.place) if notebook else None
        assignment = by_content or by_name or (self.assignment if notebook else None) or ""
        note = ""
        if by_content and by_name and by_content != by_name:
            note = f"it is called after {by_name}, and has the cells of {by_content}"
        elif notebook and assignment and not by_content:
            note = f"it has none of the cells of {assignment}"
        try:
            owners = whose.of(arrival.place)
        except Unclear as error:
            what = What.UNCLEAR if notebook else What.LEFT
            said = Outcome(str(arrival.place), what, str(error), "", assignment)
            self.outcomes.append(said)
            return
        told, given = by_content is not None, arrival.digest in self.given
        for student, claim in owners:
            yield Piece(arrival, student, claim, notebook, assignment, told, note, given)

    def _content(self, arrival: Arrival, notebook: bool) -> str | None:
        maybe = (
            arrival.place.suffix.casefold() in MAYBE and arrival.copy.stat().st_size < LARGEST_MAYBE
        )
        return self.belonging.by_content(arrival.copy) if notebook or maybe else None

    def _name(self, place: PurePosixPath) -> str | None:
        """The assignment that the file is called after, or the nearest folder that is."""
        names = (self.belonging.by_name(part) for part in reversed(place.parts))
        return next(filter(None, names), None)

    def _chosen(self, notebooks: list[Piece]) -> Iterator[Submission]:
        """The latest notebook of each student's for each assignment."""
        attempts: dict[tuple[str, str], list[Piece]] = {}
        for piece in notebooks:
            attempts.setdefault((piece.student, piece.assignment), []).append(piece)
        for pieces in attempts.values():
            if _are_namesakes(pieces):
                says = (
                    "more than one person of this name handed it in, and the roster has one at most"
                )
                self.outcomes += [piece.became(What.UNCLEAR, says) for piece in pieces]
                continue
            *others, last = sorted(pieces, key=lambda p: p.order)
            for other in others:
                same = other.arrival.digest == last.arrival.digest
                what = What.SAME if same else What.EARLIER
                self.outcomes.append(other.became(what, f"{last.arrival.place} counts"))
            yield Submission(last)

    def _put_beside(self, chosen: list[Submission], others: list[Piece]) -> None:
        """Put each other file beside the notebook that came with it, if there is one alone."""
        by_root: dict[tuple[str, PurePosixPath], list[Submission]] = {}
        for submission in chosen:
            root = submission.notebook.student, submission.notebook.claim.root
            by_root.setdefault(root, []).append(submission)
        for piece in sorted(others, key=lambda p: p.order):
            found = by_root.get((piece.student, piece.claim.root), [])
            if len(found) != 1:
                what = What.UNCLEAR if piece.notebook else What.LEFT
                why = "of which assignment it is can't be told" if found or piece.notebook else ""
                self.outcomes.append(piece.became(what, why or "no notebook came with it"))
                continue
            place = _beside(piece, found[0].notebook)
            before = found[0].beside.get(place)
            if before is not None:
                says = f"{piece.arrival.place} counts"
                self.outcomes.append(
                    before.became(What.EARLIER, says, found[0].notebook.assignment)
                )
            found[0].beside[place] = piece


def _beside(piece: Piece, notebook: Piece) -> PurePosixPath:
    """Where a file lies beside its notebook: as it did when it came."""
    rest = piece.claim.rest if piece.claim.rest.parts else PurePosixPath(piece.arrival.place.name)
    folder = notebook.claim.rest.parent
    return rest.relative_to(folder) if rest.is_relative_to(folder) else rest


def _are_namesakes(pieces: list[Piece]) -> bool:
    """Whether a system says of pieces with one name that they are of several people."""
    of_moodle: dict[PurePosixPath, set[str]] = {}
    for claim in (piece.claim for piece in pieces if piece.claim.moodle):
        of_moodle.setdefault(claim.root.parent, set()).add(claim.moodle)  # one export's numbers
    of_canvas = {piece.claim.canvas for piece in pieces if piece.claim.canvas}
    return len(of_canvas) > 1 or any(len(numbers) > 1 for numbers in of_moodle.values())


def _is_named_notebook(place: PurePosixPath) -> bool:
    """Whether a file is called a notebook, if only at first, as in ``NAME.ipynb.txt``."""
    return ".ipynb" in place.name.casefold()


def _wrapper(files: list[Arrival]) -> PurePosixPath:
    """The folder that all files lie in."""
    common: list[str] = []
    if len(files) > 1:
        for parts in zip(*(a.place.parent.parts for a in files), strict=False):
            if len(set(parts)) > 1:
                break
            common.append(parts[0])
    return PurePosixPath(*common)


def _handed_out(course: Course, belonging: Belonging) -> Iterator[Path]:
    """The files that every student has, as far as they lie here."""
    places = list(engine().files.values())
    for name in belonging.names:
        places += [course.assignment(name).folder, course.release_folder / name]
        places += lab_modules(course, name)
    for place in places:
        yield from (p for p in [place, *place.rglob("*")] if p.is_file())


def _submitters(arrival: Arrival) -> dict[PurePosixPath, list[Claim]]:
    """What Gradescope's metadata say of each submission: who handed it in, and when."""
    if arrival.copy.stat().st_size > LARGEST_METADATA:
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        held = yaml.load(arrival.copy.read_bytes(), Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    found: dict[PurePosixPath, list[Claim]] = {}
    for folder, said in held.items() if isinstance(held, dict) else ():
        people = said.get(":submitters") if isinstance(said, dict) else None
        if not (
            isinstance(folder, str) and GRADESCOPE.fullmatch(folder) and isinstance(people, list)
        ):
            continue
        root = arrival.place.parent / folder
        handed_in = _utc(said.get(":created_at"))
        claims = [_claim(root, p, handed_in) for p in people if isinstance(p, dict)]
        if claims:
            found[root] = claims
    return found


def _claim(root: PurePosixPath, person: dict[str, Any], handed_in: datetime | None) -> Claim:
    name, number, email = (str(person.get(f":{k}") or "") for k in ("name", "sid", "email"))
    return Claim(root, PurePosixPath(), name=name, number=number, email=email, handed_in=handed_in)


def _utc(said: Any) -> datetime | None:
    if not isinstance(said, datetime):
        return None
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
