"""Whose a file is: what learning-management systems write into its path, held against the roster.

Canvas: ``leejane_LATE_123_456_work.ipynb``, the user's number and the file's. Moodle: a folder
``Jane Lee_123_assignsubmission_file_`` with the participant's number, which is another one in each
assignment. Gradescope: ``submission_123``, said more of in ``submission_metadata.yml``. GitHub
Classroom: ``NAME-username``. Google Classroom: ``Jane Lee - Title``. Else a folder's name, or what
the file's own name begins or ends with.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from autograder.grading.storage.jobs import gradebook_name
from autograder.grading.systems.roster import (
    Student,
    orders,
    squashed,
    why_no_folder,
    without_accents,
)

CANVAS = re.compile(
    r"(?P<name>.+?)_(?P<late>late_)?(?P<user>\d+)_(?P<file>\d{1,18})_(?P<rest>.+)", re.I
)
TYPED = re.compile(
    r"(?P<name>.+?)_(?P<late>late_)?(?P<user>\d+)_(?P<rest>text\.html|link\.html)", re.I
)
MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<user>\d+)_assignsubmission_[a-z]+(_(?P<rest>.*))?")
GITHUB = re.compile(r"(?P<user>[A-Za-z0-9][A-Za-z0-9-]*?)(-(main|master|[0-9a-f]{40}))?")
GRADESCOPE = re.compile(r"submission_\d+")
BETWEEN = " - "


@dataclass(frozen=True)
class Claim:
    """What a path says of whose a file is.

    ``root`` is the folder in which all is the student's, and ``rest`` the file's place in it. ``file``
    counts up from one upload to the next. Nothing but a name may be known: then it is enough if
    the roster knows one student by it. ``certain`` says that a system wrote it, not a person.
    """

    root: PurePosixPath
    rest: PurePosixPath
    name: str = ""
    canvas: str = ""
    moodle: str = ""
    github: str = ""
    number: str = ""
    email: str = ""
    late: bool = False
    file: int = 0
    handed_in: datetime | None = None
    certain: bool = True


class Unclear(Exception):
    """Whose a file is can't be told; the message says why."""


class Whose:
    """Tells whose files are, with a roster or, as far as a system wrote it, without one.

    ``submitters`` has for a folder of Gradescope's what its metadata say: name, sid, email, time.
    ``wrapper`` is the folder that all files lie in.
    """

    def __init__(
        self,
        roster: Sequence[Student] | None,
        assignments: Iterable[str],
        wrapper: PurePosixPath,
    ) -> None:
        self.roster = roster
        self.assignments = list(assignments)
        self.submitters: Mapping[PurePosixPath, Sequence[Claim]] = {}
        self.outer = len(wrapper.parts)
        self.called: dict[str, set[Student]] = {}
        for student in roster or ():
            for name in _names(student):
                self.called.setdefault(name, set()).add(student)

    def of(self, place: PurePosixPath) -> list[tuple[str, Claim]]:
        """The students whose a file is, more than one for work of a group; raises Unclear."""
        for folder in place.parents:
            if folder in self.submitters:
                rest = place.relative_to(folder)
                own = [Claim(**{**vars(c), "rest": rest}) for c in self.submitters[folder]]
                return [(self._resolved(claim), claim) for claim in own]
        unclear: Unclear | None = None
        for claim in self._claims(place):
            if self.roster is None and not claim.certain:
                continue
            try:
                return [(self._resolved(claim), claim)]
            except Unclear as error:
                if self._is_final(claim):  # what a student called a file says nothing against it
                    raise
                unclear = unclear or (error if claim.certain else None)
        raise unclear or Unclear("whose it is can't be told from its name")

    def is_nobodys(self, place: PurePosixPath) -> bool:
        """Whether a file lies where no student can have put it."""
        if any(claim for i in range(len(place.parts)) for claim in self._of_a_system(place, i)):
            return False
        try:
            return not self.of(place)
        except Unclear:
            return True

    def _is_final(self, claim: Claim) -> bool:
        """Whether a system has surely written a claim: what follows it in a path is a student's."""
        of_canvas = claim.canvas and not re.search(r"\s", claim.name)
        outside = len(claim.root.parts) <= self.outer  # of what holds all that came
        if of_canvas and claim.rest.parts[0].casefold().endswith(".zip"):
            outside = False
        return bool(claim.moodle or ((of_canvas or claim.github) and not outside))

    def _claims(self, place: PurePosixPath) -> Iterator[Claim]:
        """All that a path may say, outer folders first: what lies in them a student may have named."""
        parts = place.parts
        places = range(len(parts))
        if self.roster is not None:
            for i in places:
                yield from self._of_a_system(place, i)
                yield from self._of_a_folder(place, i)
        else:  # any folder could be a student, and STUDENT/ASSIGNMENT is one
            for i in places:
                yield from self._of_a_system(place, i)
                if i >= self.outer and parts[i + 1 : i + 2] and parts[i + 1] in self.assignments:
                    yield from self._of_a_folder(place, i)
            yield from (claim for i in places for claim in self._of_a_folder(place, i))
        stem = parts[-1].partition(".ipynb")[0]
        if BETWEEN in stem:
            sides = stem.split(BETWEEN)
            for name in (sides[0], sides[-1]):
                certain = not any(a in name.casefold() for a in self.assignments)
                yield Claim(place, PurePosixPath(parts[-1]), name=name, certain=certain)
        of_canvas = any(CANVAS.fullmatch(part) for part in parts)
        if not of_canvas and (said := self._said_in(stem)) is not None:
            yield Claim(place, PurePosixPath(parts[-1]), name=said, certain=False)

    def _of_a_system(self, place: PurePosixPath, i: int) -> Iterator[Claim]:
        """What a learning-management system may have written into a part of a path."""
        part, below = place.parts[i], place.parts[i + 1 :]
        root = PurePosixPath(*place.parts[: i + 1])
        if found := MOODLE.fullmatch(part):
            rest = PurePosixPath(found["rest"] or "", *below)
            whose = root if below else root.with_name(found["user"])
            yield Claim(whose, rest, name=found["name"], moodle=found["user"])
        elif found := CANVAS.fullmatch(part) or TYPED.fullmatch(part):
            yield Claim(
                root if below else root.with_name(found["user"]),
                PurePosixPath(found["rest"], *below),
                name=found["name"],
                canvas=found["user"],
                late=found["late"] is not None,
                file=int(found.groupdict().get("file") or 0),
            )
        elif below and (user := self._of_github(part)) is not None:
            yield Claim(root, PurePosixPath(*below), github=user)

    def _of_a_folder(self, place: PurePosixPath, i: int) -> Iterator[Claim]:
        """A folder that is a student's, as nbgrader has them, or without one for the assignment."""
        part, below = place.parts[i], place.parts[i + 1 :]
        if not below or GRADESCOPE.fullmatch(part):  # no student is called so
            return
        inner = len(below) > 1 and below[0] in self.assignments
        root = PurePosixPath(*place.parts[: i + 1 + inner])
        outer = i == self.outer and part not in self.assignments and not part.endswith(".zip")
        yield Claim(root, place.relative_to(root), name=part, certain=inner or outer)

    def _of_github(self, folder: str) -> str | None:
        """The user to whom a repository of GitHub Classroom belongs."""
        for name in self.assignments:
            if folder.casefold().startswith(f"{name}-"):
                found = GITHUB.fullmatch(folder[len(name) + 1 :])
                return found["user"] if found and found["user"] != "submissions" else None
        users = (s.github for s in self.roster or () if s.github)
        ends = re.sub(r"-(main|master|[0-9a-f]{40})$", "", folder.casefold())
        return next((user for user in users if ends.endswith(f"-{user.casefold()}")), None)

    def _said_in(self, stem: str) -> str | None:
        """The longest name on the roster with which a file's name begins or ends, in whole words."""
        words = [squashed(word) for word in re.split(r"[\W_]+", stem)]
        ends = {"".join(words[:k]) for k in range(1, len(words))}
        ends |= {"".join(words[k:]) for k in range(1, len(words))}
        named = [e for e in ends if e in self.called and len(e) > (4 if e.isdigit() else 1)]
        return max(named, key=len, default=None)

    def _resolved(self, claim: Claim) -> str:
        """The id of the student that a claim means; raises Unclear if it means none, or several."""
        if self.roster is None:
            return _as_called(claim)
        if marked := self._by_mark(claim):
            return marked.id
        named = self._by_name(claim)
        if len(named) == 1:
            return named.pop().id
        who = claim.name or claim.email or claim.number or claim.github
        if named:
            raise Unclear(f"the roster has {len(named)} students called {who!r}")
        nameless = "" if any(s.name for s in self.roster) else ", which has no column `name`"
        raise Unclear(f"{who!r} is nobody on the roster{nameless}")

    def _by_mark(self, claim: Claim) -> Student | None:
        """Who has the number, the address or the account that a claim has."""
        roster = self.roster or ()
        for kind in ("number", "email", "canvas", "github"):  # of one meaning wherever they stand
            if value := getattr(claim, kind).casefold():
                held = [s for s in roster if value == getattr(s, kind).casefold()]
                if not held and kind != "canvas":
                    held = [s for s in roster if value == s.id.casefold()]
                if len(held) == 1:
                    return held[0]
        return None

    def _by_name(self, claim: Claim) -> set[Student]:
        """Those who are called as a claim says, as far as it says which of them it means."""
        named = self._named(claim.name)
        if claim.canvas:  # who has another number is another one
            return {s for s in named if s.canvas in ("", claim.canvas)}
        if not claim.moodle:
            return named
        # of a team's work the folder is called Team-Ann Lee
        ends = (claim.name.split("-", k)[-1] for k in range(1, claim.name.count("-") + 1))
        named = named or next(filter(None, map(self._named, ends)), set())
        blind = squashed(claim.name.rpartition("-")[2]) == "participant"  # graded without names
        possible = named or (self.roster if blind and self.roster else ())
        return {s for s in possible if s.moodle == claim.moodle} or named

    def _named(self, name: str) -> set[Student]:
        own = squashed(name)
        return set(self.called.get(own, ())) or set(self.called.get(without_accents(own), ()))


def _as_called(claim: Claim) -> str:
    """The id of a student without a roster; raises Unclear if no folder can be called so."""
    name = claim.number or claim.email or claim.github or claim.name
    if claim.canvas:  # names are not unique, and Canvas's numbers last
        name = f"{claim.name.lower()}_{claim.canvas}"
    id = gradebook_name(name)
    if why := why_no_folder(id):
        raise Unclear(why)
    return id


def _names(student: Student) -> set[str]:
    """All that a student may be called in the name of a file, squashed."""
    given = [student.id, student.login, student.number, student.github, student.email]
    given.append(student.email.partition("@")[0])
    names = {squashed(name) for name in given} | set(orders(student.name))
    return {n for name in names if name for n in (name, without_accents(name))}
