"""Scores in the formats of learning-management systems, read as these read them."""

import csv
import io
import json
from types import SimpleNamespace

import jsonschema
import pytest

from autograder.grading.course import CourseError
from autograder.grading.storage import files
from autograder.grading.systems import gradescope, sheets
from autograder.grading.systems.roster import Student, described, read_table

NAME = "first_steps"
ROSTER = [
    Student("ann", "Lee, Ann", "ann@x.example", "S1", "ann.lee", "101", section="A"),
    Student("bob", "Bob Müller", "bob@x.example", "S2", "bob.m", "102"),
    Student("cy", "王小明", "cy@x.example", "S3", "cy", "103"),
    Student("=dora", 'Dora "D", Jr', "dora@x.example", "S4", "dora", "104"),
]


def row(student: str, score: float, pending: tuple = (), late: float = 0.0, **points) -> dict:
    return {
        "student": student, "assignment": NAME, "score": score, "max_score": 10.0,
        "late_penalty": late, "pending": list(pending), "points": points,
    }  # fmt: skip


ROWS = {
    (r["student"], NAME): r
    for r in (
        row("ann", 7.5), row("bob", 3.0, pending=("essay",)), row("cy", 0.0), row("=dora", 10 / 3),
    )
}  # fmt: skip
SCORES = {"ann": "7.5", "bob": "", "cy": "0", "=dora": "3.3333"}


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


# ---- Canvas: the rules of its gradebook importer


def import_canvas(text: str, users: list[SimpleNamespace], titles: dict[int, str]) -> dict:
    """What Canvas makes of a file: grades by user and assignment, as lib/gradebook_importer.rb has it."""
    first = text.split("\r\n")[:3]
    assert len({len(next(csv.reader([line]))) for line in first}) == 1  # so that it finds the comma
    table = rows_of(text)
    header = table[0]
    assert len(header) > 3 and "Student" in header[0] and "ID" in header[1]
    columns = 3 + 2 * ("SIS User ID" in header[2] and "SIS Login ID" in header[3])
    assert "Section" in header[columns - 1]
    grades: dict = {}
    possible = {}
    for line in table[1:]:
        cells = dict(zip(header[columns:], line[columns:], strict=True))
        if "Points Possible" in line[0]:
            possible = cells
            continue
        by_id = [u for u in users if line[1].isdigit() and u.canvas == int(line[1])]
        by_sis = [u for u in users if line[2] and u.sis == line[2]]
        by_login = [u for u in users if line[3] and u.login == line[3]]
        by_name = [u for u in users if line[0] in (u.name, u.sortable)]
        (user, *_) = by_id or by_sis or by_login or by_name or [None]
        assert user is not None, f"Canvas would ask who {line[0]} is"
        for title, cell in cells.items():
            wanted, _, number = title.rpartition(" (")
            known = titles.get(int(number[:-1])) if number[:-1].isdigit() else None
            name = known or next((t for t in titles.values() if t == (wanted or title)), None)
            assert name, f"Canvas would ask whether {title} is new"
            grades[user.login, name] = cell.strip()
    return {"grades": grades, "possible": possible}


USERS = [
    SimpleNamespace(canvas=int(s.canvas), sis=s.number, login=s.login, name=s.name, sortable=s.name)
    for s in ROSTER
]


def test_canvas_takes_what_is_made_of_the_roster():
    text = sheets.canvas(ROWS, ROSTER)
    found = import_canvas(text, USERS, {7: NAME})
    assert found["grades"] == {(s.login, NAME): SCORES[s.id] for s in ROSTER}
    assert found["possible"] == {NAME: "10"}
    by_name = [Student(s.id, s.name) for s in ROSTER]
    for roster, key in ((by_name, "id"), (None, "id")):  # an id alone is a login
        lines = rows_of(sheets.canvas(ROWS, roster))[2:]
        assert {line[3] for line in lines} == {s.id for s in ROSTER}, key


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,First Steps (7),Other (8),Final Score\r\n"
    "    Points Possible,,,,,10,5,(read only)\r\n"
    '"Lee, Ann",101,S1,ann.lee,A,,4,40\r\n'
    '"Müller, Bob",102,S2,bob.m,A,,3,\r\n'
    "王小明,103,S3,cy,B,9,,\r\n"
    '"Zed, Zoe",105,S5,zoe,B,5,1,\r\n'
    '"Student, Test",199,,,B,,,\r\n'
)


def test_canvas_own_gradebook_is_filled_in_and_nothing_else_of_it_changes(tmp_path):
    sheet = tmp_path / "grades.csv"
    sheet.write_bytes(b"\xef\xbb\xbf" + CANVAS.encode())
    text, absent = sheets.filled(sheet, ROWS, ROSTER, None)
    assert absent == ["=dora"]
    before, after = rows_of(CANVAS), rows_of(text)
    assert [line[:5] for line in after] == [line[:5] for line in before]
    assert [line[5:] for line in after] == [
        ["First Steps (7)"], ["10"], ["7.5"], [""], ["0"], ["5"], [""],
    ]  # fmt: skip
    users = [*USERS, *(SimpleNamespace(canvas=n, sis=None, login=str(n), name="", sortable="") for n in (105, 199))]  # fmt: skip
    found = import_canvas(text, users, {7: NAME, 8: "Other"})
    assert found["grades"]["bob.m", NAME] == "" and found["grades"]["ann.lee", NAME] == "7.5"
    with pytest.raises(CourseError, match="no column for 'nonsense'"):
        sheets.filled(sheet, ROWS, ROSTER, "nonsense")
    assert "4" not in [line[5] for line in rows_of(text)]
    # ids that were made of Canvas's own numbers, without a roster
    made = {("leeann_101", NAME): row("leeann_101", 2.0)}
    assert rows_of(sheets.filled(sheet, made, None, None)[0])[2][5] == "2"


def test_a_number_in_an_id_that_somebody_chose_is_not_canvas_own(tmp_path):
    sheet = tmp_path / "grades.csv"
    sheet.write_text(CANVAS, newline="")
    chosen = {("lee_103", NAME): row("lee_103", 2.0)}
    text, absent = sheets.filled(sheet, chosen, None, None)
    assert absent == ["lee_103"] and [line[5] for line in rows_of(text)] == [
        line[5] for line in rows_of(CANVAS)
    ]
    *_, line = rows_of(sheets.canvas(chosen, None))
    assert line[:4] == ["lee_103", "", "", "lee_103"]


# ---- Moodle: the grading worksheet, and the gradebook's import

WORKSHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    'Participant 31,"Ann Lee",ann@x.example,Submitted,,10.00,Yes,"Friday, 3 October 2025, 11:59 PM",-,\n'
    'Participant 32,"Bob Müller",bob@x.example,Submitted,,10.00,Yes,-,-,"see, me"\n'
    "Participant 33,王小明,cy@x.example,Submitted,,10.00,Yes,-,-,\n"
    'Participant 34,"Zed Zoe",zed@x.example,-,6.00,10.00,Yes,-,-,\n'
)


def import_worksheet(text: str, most: float) -> dict[int, float]:
    """The grades that Moodle's mod/assign/feedback/offline takes over; it leaves out the others."""
    header, *lines = rows_of(text)
    columns = {
        name: header.index(name) for name in ("Identifier", "Grade", "Last modified (grade)")
    }
    taken = {}
    for line in lines:
        assert line[0].startswith("Participant ")
        grade = line[columns["Grade"]]
        if grade and 0 <= float(grade) <= most:
            taken[int(line[0][len("Participant ") :])] = float(grade)
    return taken


def test_moodle_worksheet(tmp_path):
    sheet = tmp_path / "worksheet.csv"
    sheet.write_text(WORKSHEET)
    text, absent = sheets.filled(sheet, ROWS, ROSTER, None)
    assert absent == ["=dora"]
    assert import_worksheet(text, 10) == {31: 7.5, 33: 0, 34: 6}  # Bob's waits for a person
    strip = [[c for k, c in enumerate(line) if k != 4] for line in rows_of(text)]
    assert strip == [[c for k, c in enumerate(line) if k != 4] for line in rows_of(WORKSHEET)]
    sheet.write_text(WORKSHEET.replace("10.00", "5.00"))
    with pytest.raises(CourseError, match="set the assignment's maximum grade to 10"):
        sheets.filled(sheet, ROWS, ROSTER, None)
    sheet.write_text("a,email\n1,b\n")
    with pytest.raises(CourseError, match="no gradebook of Canvas"):
        sheets.filled(sheet, ROWS, ROSTER, None)


def import_moodle_gradebook(text: str, users: set[str]) -> dict[str, float | None]:
    """As grade/import/csv: an unknown user ends it, an empty one is the user of the row before."""
    _, *lines = rows_of(text)
    found, user = {}, None
    for key, grade in lines:
        if key:
            assert key in users, "the whole import would end here"
            user = key
        assert user not in found, "a grade would go to another student"
        found[user] = None if grade in ("", "-") else float(grade)
    return found


def test_moodle_gradebook():
    text = sheets.moodle(ROWS, ROSTER)
    assert rows_of(text)[0] == ["Email address", NAME]
    assert import_moodle_gradebook(text, {s.email for s in ROSTER}) == {
        "ann@x.example": 7.5, "bob@x.example": None, "cy@x.example": 0, "dora@x.example": 3.3333,
    }  # fmt: skip
    some = [
        *ROSTER[:3],
        Student("=dora", number="S4"),
    ]  # no address: another column is used for all
    text = sheets.moodle(ROWS, [Student(s.id, number=s.number) for s in some])
    assert set(import_moodle_gradebook(text, {"S1", "S2", "S3", "S4"})) == {"S1", "S2", "S3", "S4"}
    assert rows_of(sheets.moodle(ROWS, some))[0] == ["ID number", NAME]
    assert rows_of(sheets.moodle(ROWS, None))[0] == ["Username", NAME]


# ---- Gradescope: the output format of its autograders

FORMATS = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
SPECIFICATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": {"type": "number"},
        "output": {"type": "string"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "dependentRequired": {"score": ["max_score"]},
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": FORMATS,
                    "visibility": {
                        "enum": ["hidden", "after_due_date", "after_published", "visible"]
                    },
                },
            },
        },
    },
}


def test_gradescope():
    made = gradescope.results_json(
        row("ann", 4.5, ("essay",), 1.0, one=4.0, two=1.5, essay=None, bonus=0.0),
        {"one": 4.0, "two": 3.0, "essay": 3.0, "bonus": 0.0},
        {"one": "all right", "two": "x[0]: expected 1, got ∞"},
    )
    held = json.loads(made)
    jsonschema.validate(held, SPECIFICATION)
    assert held["score"] == 4.5 and "essay" in held["output"] and "late: 1" in held["output"]
    one, two, essay, bonus = held["tests"]
    assert (one["status"], two["status"], "status" in bonus) == ("passed", "failed", False)
    assert "score" not in essay and "person" in essay["output"]
    assert "∞" in two["output"]


def test_what_systems_export_is_a_roster(tmp_path):
    for text, first in (
        (CANVAS, Student("ann.lee", "Lee, Ann", number="S1", login="ann.lee", canvas="101", section="A")),
        (WORKSHEET, Student("ann@x.example", "Ann Lee", "ann@x.example", moodle="31")),
        (
            "First Name,Last Name,SID,Email,Role\nAnn,Lee,S1,ann@x.example,Student\n",
            Student("S1", "Ann Lee", "ann@x.example", "S1"),
        ),
        (
            '"identifier","github_username","github_id","name"\n"ann","octo","5","Lee, Ann"\n',
            Student("ann", "Lee, Ann", github="octo"),
        ),
    ):  # fmt: skip
        path = tmp_path / "roster.csv"
        path.write_text(text)
        assert next(described(*read_table(path)))[1] == first


# ---- namesakes


@pytest.mark.parametrize(
    ("roster", "grades"),
    [
        ([Student("jane", "Jane Lee", "jane@x"), Student("eve", "Jane Lee", "eve@x")], ["7.5", ""]),
        ([Student("jane", "Jane Lee", "jane@x")], ["7.5", ""]),
        ([Student("jane", "Jane Lee")], ["", ""]),
    ],
)
def test_who_handed_nothing_in_gets_no_namesakes_score(tmp_path, roster, grades):
    sheet = tmp_path / "worksheet.csv"
    sheet.write_text(
        "Identifier,Full name,Email address,Grade,Last modified (grade)\n"
        "Participant 1,Jane Lee,jane@x,,-\nParticipant 2,Jane Lee,eve@x,,-\n"
    )
    text, absent = sheets.filled(sheet, {("jane", NAME): row("jane", 7.5)}, roster, None)
    assert [line[3] for line in rows_of(text)[1:]] == grades
    assert absent == ([] if any(grades) else ["jane"])


@pytest.mark.parametrize(
    "text", ["x;=1+1", "=1", "\n=1", "\uff1d1", "+1", "-1", "@a", "'=1", "'x", "a"]
)
def test_no_text_becomes_a_formula_whatever_separates_columns(text):
    held = files.as_table([[text, 1.5]])
    for separator in ",;\t":
        for cell in next(csv.reader(io.StringIO(held, newline=""), delimiter=separator)):
            assert not cell.startswith(files.RISKY) and not cell.strip().startswith("=")
    (cell, number), *_ = rows_of(held)
    assert files.from_table(cell) == text and number == "1.5"
