"""The roster: who is in the class, and by what names other systems know each student.

It is a CSV file with at least a column ``id``; ``name``, ``email`` and others are used where they are
there. What Canvas, Moodle, Gradescope and GitHub Classroom export of a class is read as well.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.course import CourseError
from autograder.grading.storage.jobs import gradebook_name

FILE = "roster.csv"
LONGEST_ID = 200  # bytes: it becomes the name of a folder

# What columns are called, letters and digits alone, by what they hold. The first that is there counts.
COLUMNS = {
    "id": ("studentid", "username", "identifier"),
    "name": ("name", "fullname", "student", "studentname"),
    "first": ("firstname", "givenname"),
    "last": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "mail"),
    "number": ("sisuserid", "idnumber", "sid", "matriculationnumber", "number"),
    "login": ("sisloginid", "login", "username"),
    "canvas": ("canvasid",),
    "moodle": ("moodleid", "participant"),
    "github": ("githubusername", "github"),
    "section": ("section", "group"),
}


@dataclass(frozen=True)
class Student:
    """A student: the id, which is the name in the gradebook, and what others know them by."""

    id: str
    name: str = ""
    email: str = ""
    number: str = ""
    login: str = ""
    canvas: str = ""
    moodle: str = ""
    github: str = ""
    section: str = ""


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a CSV file, whatever separates them; raises CourseError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} can't be read: {error.strerror}") from None
    utf_16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not in UTF-8: save it as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True))
    except csv.Error as error:
        raise CourseError(f"{path} is no CSV file: {error}") from None
    if not rows:
        raise CourseError(f"{path} is empty")
    return rows[0], rows[1:]


def described(header: list[str], rows: list[list[str]]) -> Iterator[tuple[int, Student]]:
    """The rows of a table that describe a student, each with its number."""
    places = _places(header)
    for i, row in enumerate(rows):
        held = {what: row[k].strip() for what, k in places.items() if k < len(row)}
        if any(cell.strip() for cell in row) and not _is_no_student(held):
            yield i, _student(held)


def read_roster(path: Path) -> list[Student]:
    """The students of a roster; raises CourseError with the row that can't be used."""
    students: dict[str, Student] = {}
    for i, student in described(*read_table(path)):
        if why := why_no_folder(student.id):
            raise CourseError(f"{path}, row {i + 2}: {why}")
        if student.id in students:
            raise CourseError(f"{path}, row {i + 2}: the id {student.id!r} is there twice")
        students[student.id] = student
    if not students:
        raise CourseError(f"{path} names no student")
    return list(students.values())


def find_roster(named: Path | None, folders: Iterable[Path]) -> list[Student] | None:
    """The roster that somebody named, else the one in the first folder that has one."""
    if named is not None:
        return read_roster(named)
    for folder in folders:
        if (folder / FILE).is_file():
            return read_roster(folder / FILE)
    return None


def _places(header: list[str]) -> dict[str, int]:
    called = ["".join(c for c in name.casefold() if c.isalnum()) for name in header]
    places = {
        what: called.index(name)
        for what, names in COLUMNS.items()
        for name in reversed(names)
        if name in called
    }
    if "id" in called:
        # Canvas calls its own number ID
        ours = not {"sisuserid", "sisloginid", "section"} & set(called)
        places["id" if ours else "canvas"] = called.index("id")
    if not {"id", "number", "login", "canvas", "email"} & places.keys():
        raise CourseError(
            f"no column says who is who, such as id or email; there is: {', '.join(header)}"
        )
    return places


def _is_no_student(held: dict[str, str]) -> bool:
    """Rows that Canvas puts among the students."""
    name = held.get("name", "")
    return (
        name == "Student, Test" or name.startswith("Points Possible") or set(held.values()) == {""}
    )


def _student(held: dict[str, str]) -> Student:
    given = held.pop("id", "")
    if number := re.fullmatch(r"Participant (\d+)", given):  # how Moodle's worksheet calls them
        held.setdefault("moodle", number[1])
        given = held.get("number") or held.get("email", "")
    first, last = held.pop("first", ""), held.pop("last", "")
    held["name"] = held.get("name") or f"{first} {last}".strip()
    known = [given, held.get("login"), held.get("number"), held.get("email"), held.get("canvas")]
    return Student(id=gradebook_name(next(filter(None, known), "")), **held)


def why_no_folder(id: str) -> str | None:
    """Why an id can't name a folder."""
    if id == "_":
        return "there is no id"
    if "/" in id or "\\" in id:
        return f"the id {id!r} has a slash in it, and is to be the name of a folder"
    if len(id.encode()) > LONGEST_ID:
        return f"the id {id[:20]!r}... is too long to be the name of a folder"
    return None


def squashed(name: str) -> str:
    """A name's letters and digits alone, in small letters: what is left of it in a file's name."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in text if c.isalnum() or unicodedata.category(c).startswith("M"))


def without_accents(text: str) -> str:
    """A text without its accents; some systems drop them."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if not unicodedata.combining(c))


def orders(name: str) -> Iterator[str]:
    """A name, squashed, with whichever of its words first: "Ann Lee" is also "Lee, Ann"."""
    words = name.replace(",", " ").split()
    for k in range(len(words)):
        yield squashed("".join(words[k:] + words[:k]))
