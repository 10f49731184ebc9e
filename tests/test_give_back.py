"""Feedback packed for students, read as Moodle and Canvas read it when they hand it out."""

import zipfile
from pathlib import Path

import pytest

from autograder.grading.cli import main
from autograder.grading.storage import ledger
from autograder.grading.storage.jobs import Job
from tests.answers import ROOT

ONE, OTHER = "ensembles", "optimizers"
WORKSHEET = (
    "Identifier,Full name,Email address,Grade,Last modified (grade)\n"
    "Participant 31,Lee_Ann /x,ann@x.example,,-\nParticipant 32,王小明,xw@x.example,,-\n"
)
ROSTER = "id,name,email\nann,Ann Lee,ann@x.example\nxw,王小明,xw@x.example\nzed,Zed Zoe,\n"
HELD = {("ann", ONE): "a1", ("ann", OTHER): "a2", ("xw", OTHER): "x2", ("zed", OTHER): "z2"}


@pytest.fixture
def give(tmp_path, monkeypatch):
    """Packs the feedback of a class; returns the exit status and the folder."""
    monkeypatch.chdir(ROOT)
    for (student, name), text in HELD.items():
        place = tmp_path / "feedback" / student / name
        (place / "figures").mkdir(parents=True)
        (place / f"{name}.html").write_text(text)
        (place / "figures" / "p.svg").write_text(f"<svg>{text}")
        for note in ("timestamp.txt", "submission_secret.txt"):  # for nbgrader's exchange alone
            (place / note).write_text("12ab")
    (tmp_path / "feedback" / "ann" / ONE / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "roster.csv").write_text(ROSTER)
    (tmp_path / "worksheet.csv").write_text(WORKSHEET)
    (tmp_path / "collected.csv").write_text(
        "file,student,assignment,outcome,late,says\n"
        f"leeann_101_9001_o.ipynb,ann,{OTHER},\"an earlier attempt, left where it is\",,\n"
        f"leeann_LATE_101_9002_o-1.ipynb,ann,{OTHER},collected,,\n"
        f"王小明_102_9003_w.zip/a/o.ipynb,xw,{OTHER},is there already,,\n"
    )  # fmt: skip

    def run(*options: str, folder: str = "out") -> tuple[int, Path]:
        submitted = str(tmp_path / "submitted")
        return main(["feedback", str(tmp_path / folder), *options, "--submissions", submitted]), tmp_path / folder  # fmt: skip

    return run


def contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        return {i.filename: bundle.read(i).decode() for i in bundle.infolist()}


def test_a_zip_for_each_student_has_that_students_alone(give):
    status, folder = give()
    assert status == 0 and {p.name for p in folder.iterdir()} == {"ann.zip", "xw.zip", "zed.zip"}
    assert contents(folder / "ann.zip") == {
        f"{ONE}/{ONE}.html": "a1", f"{ONE}/figures/p.svg": "<svg>a1",
        f"{OTHER}/{OTHER}.html": "a2", f"{OTHER}/figures/p.svg": "<svg>a2",
    }  # fmt: skip
    again = give(folder="again")[1]
    assert (again / "ann.zip").read_bytes() == (folder / "ann.zip").read_bytes()
    assert give()[0] == 2  # what is there may be of another class


def test_who_gets_none_is_named_with_the_reason(give, tmp_path, capsys):
    done = ledger.Finished("no notebook was handed in", "", [], handed_in=False)
    ledger.finish(tmp_path, Job(ONE, "yan", tmp_path), done)
    assert give()[0] == 0
    assert capsys.readouterr().err == f"no feedback for yan {ONE}: no notebook was handed in\n"


def test_a_folder_for_each_student(give):
    _, folder = give(ONE, "--format", "folders")
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == {
        f"ann/{ONE}/{ONE}.html", f"ann/{ONE}/figures/p.svg",
    }  # fmt: skip


def import_moodle(path: Path, participants: set[int]) -> dict[int, dict[str, str]]:
    """The files that Moodle's assignfeedback_file takes out of a zip, by participant."""
    taken: dict[int, dict[str, str]] = {}
    for place, text in contents(path).items():
        if place.rpartition("/")[2].startswith((".", "~")):
            continue
        parts = place.split("/")
        while parts:
            info = parts.pop(0).split("_", 4)
            if len(info) < 4 or not info[1].isdigit() or int(info[1]) not in participants:
                continue
            if info[2:4] != ["assignfeedback", "file"]:
                continue
            rest = [info[4] if len(info) > 4 else "", *parts]
            taken.setdefault(int(info[1]), {})["/".join(rest).lstrip("/")] = text
            break
    return taken


def test_moodle_takes_each_file_for_its_participant(give, tmp_path, capsys):
    sheet = str(tmp_path / "worksheet.csv")
    status, folder = give(OTHER, "--format", "moodle", "--worksheet", sheet)
    assert import_moodle(folder / f"{OTHER}.zip", {31, 32}) == {
        31: {f"{OTHER}.html": "a2", "figures/p.svg": "<svg>a2"},
        32: {f"{OTHER}.html": "x2", "figures/p.svg": "<svg>x2"},
    }
    assert status == 3 and f"zed {OTHER}" in capsys.readouterr().err
    assert "z2" not in str(contents(folder / f"{OTHER}.zip"))
    assert give("--format", "moodle", "--worksheet", sheet, folder="b")[0] == 2  # which assignment?
    roster = str(tmp_path / "roster.csv")  # not the file that was meant
    assert give(OTHER, "--format", "moodle", "--worksheet", roster, folder="d")[0] == 2
    assert give(OTHER, "--worksheet", sheet, folder="c")[0] == 2
    assert "add --format moodle" in capsys.readouterr().err


def import_canvas(path: Path, uploads: dict[int, int]) -> dict[int, list[str]]:
    """The files that Canvas takes as comments: by the first two numbers of their names."""
    taken: dict[int, list[str]] = {}
    for place, text in contents(path).items():
        words = place.rpartition("/")[2].split("_")
        user, upload = [int(w) for w in words if w.isdigit()][:2]
        if uploads.get(upload) == user and not words[-1].startswith("link"):
            taken.setdefault(user, []).append(text)
    return taken


def test_canvas_takes_each_file_for_the_upload_that_counted(give, capsys):
    status, folder = give("--format", "canvas")
    taken = import_canvas(folder / f"{OTHER}.zip", {9001: 101, 9002: 101, 9003: 102})
    assert {user: sorted(texts) for user, texts in taken.items()} == {
        101: ["<svg>a2", "a2"], 102: ["<svg>x2", "x2"],
    }  # fmt: skip
    assert all("9001" not in place for place in contents(folder / f"{OTHER}.zip"))
    said = capsys.readouterr().err
    assert status == 3 and f"ann {ONE}" in said and f"zed {OTHER}" in said
