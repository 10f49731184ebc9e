"""Scores as learning-management systems import them: Canvas's gradebook, Moodle's two ways.

A score is that of a whole submission. Where something still waits for a person there is none: the
cell is empty, never 0. Rows that a system could take for somebody else's are not written.

Canvas (``lib/gradebook_importer.rb``): the header begins with Student and ID, its student columns
end with Section; a row "Points Possible" follows; a student is found by ID, SIS User ID, SIS Login
ID, then by name. Moodle's grading worksheet (``mod/assign/feedback/offline``): found by Identifier,
needs Grade and Last modified (grade), leaves out grades above the maximum without a word. Moodle's
gradebook (``grade/import/csv``): one column names the user; a name that is unknown ends the import,
and an empty one leaves the row's grades with the student before.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.grading.course import CourseError
from autograder.grading.systems.roster import Student, described, orders, read_table, squashed

STUDENT_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "    Points Possible"
GRADE, MODIFIED, MAXIMUM = "Grade", "Last modified (grade)", "Maximum Grade"
MOODLE_KEYS = (("email", "Email address"), ("number", "ID number"), ("login", "Username"))
Scores = Mapping[tuple[str, str], Mapping[str, Any]]  # the row of a student and an assignment


def canvas(rows: Scores, roster: Sequence[Student] | None) -> str:
    """A gradebook for Canvas, made from what the roster says."""
    people = _people(rows, roster)
    names = sorted({name for _, name in rows})
    most = {name: row["max_score"] for (_, name), row in rows.items()}
    table = [
        [*STUDENT_COLUMNS, *names],
        [POSSIBLE, "", "", "", "", *(number(most[n]) for n in names)],
    ]
    for student in people:
        login = student.login
        if not (student.canvas or student.number or login):
            login = student.id
        who = [student.name or student.id, student.canvas, student.number, login, student.section]
        table.append([*who, *(_cell(rows.get((student.id, name))) for name in names)])
    return _text(table)


def moodle(rows: Scores, roster: Sequence[Student] | None) -> str:
    """A table for Moodle's gradebook: one column that names each student, and the scores."""
    people = _people(rows, roster)
    kind, key = next(
        ((k, c) for k, c in MOODLE_KEYS if all(getattr(s, k) for s in people)), ("id", "Username")
    )
    names = sorted({name for _, name in rows})
    table = [[key, *names]]
    for student in people:
        table.append([getattr(student, kind), *(_cell(rows.get((student.id, n))) for n in names)])
    return _text(table)


def filled(
    sheet: Path, rows: Scores, roster: Sequence[Student] | None, column: str | None
) -> tuple[str, list[str]]:
    """A system's own sheet with the scores in it, and the students who are not on it.

    Nothing else of the sheet is changed; of Canvas's, other assignments are left out. Raises
    CourseError if it has no column for a score, or if a score is above what it takes.
    """
    header, body = read_table(sheet)
    is_canvas = header[:1] == ["Student"] and "Section" in header
    names = sorted({name for _, name in rows})
    if is_canvas:
        places = {name: _column(sheet, header, column or name) for name in names}
    elif MODIFIED in header and len(names) == 1:
        places = {names[0]: _column(sheet, header, column or GRADE)}
    elif MODIFIED in header:
        raise CourseError("a grading worksheet is of one assignment: name it")
    else:
        raise CourseError(
            f"{sheet} is no gradebook of Canvas's and no grading worksheet of Moodle's"
        )
    found = set()
    for i, student in Finder(rows, roster).of_rows(dict(described(header, body))).items():
        for name, place in places.items():
            if (row := rows.get((student, name))) is not None:
                body[i] += [""] * (len(header) - len(body[i]))
                _require_room(sheet, header, body[i], row)
                body[i][place] = _cell(row)
                found.add(student)
    kept = (
        [*range(header.index("Section") + 1), *places.values()] if is_canvas else range(len(header))
    )
    table = [[row[k] if k < len(row) else "" for k in kept] for row in (header, *body)]
    return _text(table), sorted({student for student, _ in rows} - found)


class Finder:
    """Finds the student of the gradebook who is meant by a row of a sheet."""

    def __init__(self, rows: Iterable[tuple[str, str]], roster: Sequence[Student] | None) -> None:
        self.by_kind: dict[tuple[str, str], set[str]] = {}
        everybody = {s.id: s for s in (*(roster or ()), *_people(rows, roster))}
        for student in everybody.values():  # who handed nothing in is not taken for a namesake
            for kind in ("canvas", "number", "login", "email", "id"):
                self._add(kind, getattr(student, kind).casefold(), student)
            for name in orders(student.name):
                self._add("name", name, student)

    def _add(self, kind: str, value: str, student: Student) -> None:
        if value:
            self.by_kind.setdefault((kind, value), set()).add(student.id)

    def of_rows(self, people: Mapping[int, Student]) -> dict[int, str]:
        """The students that rows of a sheet are of, by the rows' numbers.

        A name says whose a row is only if no other row could be theirs as well.
        """
        sure = {i: id for i, row in people.items() if (id := self._by_number(row)) is not None}
        named = {i: id for i, row in people.items() if (id := self._by_name(row)) is not None}
        known = Counter({**named, **sure}.values())
        return {i: id for i, id in {**named, **sure}.items() if i in sure or known[id] == 1}

    def _by_number(self, row: Student) -> str | None:
        for kind in ("canvas", "number", "login", "email"):
            value = getattr(row, kind).casefold()
            for other in (kind, "id") if kind != "canvas" else (kind,):
                found = self.by_kind.get((other, value), set()) if value else set()
                if len(found) == 1:
                    return next(iter(found))
        return self._by_made_id(row)

    def _by_made_id(self, row: Student) -> str | None:
        """Without a roster, ``collect`` makes an id of the name and the number that Canvas writes.

        The number alone says nothing: ``lee_2`` may be an id that somebody chose.
        """
        made = [f"{name}_{row.canvas}" for name in orders(row.name)] if row.canvas else []
        found = {id for name in made for id in self.by_kind.get(("id", name), ())}
        return found.pop() if len(found) == 1 else None

    def _by_name(self, row: Student) -> str | None:
        named = self.by_kind.get(("name", squashed(row.name)), set())
        return next(iter(named)) if len(named) == 1 else None


def _people(rows: Iterable[tuple[str, str]], roster: Sequence[Student] | None) -> list[Student]:
    """The students who have scores, with what is known of them."""
    known = {student.id: student for student in roster or ()}
    ids = sorted({student for student, _ in rows})
    return [known.get(id) or _from_id(id) for id in ids]


def _from_id(id: str) -> Student:
    """What an id tells of a student who is not on the roster."""
    return Student(id, email=id if "@" in id else "")


def _column(sheet: Path, header: list[str], called: str) -> int:
    """The column of a name; Canvas puts its number of the assignment after it."""
    wanted = squashed(called)
    places = [
        i for i, name in enumerate(header) if squashed(re.sub(r" \(\d+\)$", "", name)) == wanted
    ]
    places = places or [i for i, name in enumerate(header) if wanted in squashed(name)]
    if len(places) != 1:
        what = "no column" if not places else "more than one column"
        raise CourseError(
            f"{sheet} has {what} for {called!r}: name it with --column; there is: {', '.join(header)}"
        )
    return places[0]


def _require_room(sheet: Path, header: list[str], row: list[str], score: Mapping[str, Any]) -> None:
    """Moodle leaves out what is above its maximum, and says nothing."""
    try:
        most = float(row[header.index(MAXIMUM)].replace(",", "."))
    except ValueError:
        return
    if score["score"] > most:
        raise CourseError(
            f"{score['student']} has {number(score['score'])} points, and in {sheet} {number(most)} are the most: "
            f"set the assignment's maximum grade to {number(score['max_score'])} in Moodle"
        )


def _cell(row: Mapping[str, Any] | None) -> str:
    return "" if row is None or row["pending"] else number(row["score"])


def number(value: float) -> str:
    """A number of points with a point and no more places than it needs."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _text(table: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(table)
    return out.getvalue()
