"""What learning-management systems export, in their shapes: every file gets its place or a reason."""

import csv
import fcntl
import io
import json
import random
import re
import shutil
import stat
import threading
import time
import warnings
import zipfile
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.cli import main
from autograder.grading.storage import turns
from autograder.grading.systems import arrivals as arriving
from autograder.grading.systems.placing import REPLACED
from autograder.grading.systems.roster import Student
from autograder.grading.systems.whose import Unclear, Whose
from tests.answers import ROOT

ONE, OTHER = "ensembles", "optimizers"
ROSTER = """id,name,email,canvas id,github
jl,"Lee, Jane",jane.lee@uni.example,101,octojane
jm,José Müller,jm@uni.example,102,
xw,王小明,xw@uni.example,103,
an,Anna Maria de la Cruz,adlc@uni.example,104,
ob,Seán O'Brien-Smith,ob@uni.example,105,
ah,أحمد علي,ah@uni.example,106,
"""


@cache
def released(name: str) -> str:
    return (ROOT / "assignments" / name / f"{name}.ipynb").read_text()


def notebook(name: str, says: str = "") -> bytes:
    """A student's notebook of an assignment: the handed-out one with an answer in it."""
    held = json.loads(released(name))
    cell = next(c for c in held["cells"] if c["metadata"].get("nbgrader", {}).get("solution"))
    cell["source"] = [f"# {says}\n"]
    return json.dumps(held).encode()


def zipped(path: Path, files: dict[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two files with one name
        for name, content in files.items() if isinstance(files, dict) else files:
            bundle.writestr(name, content)
    return path


class Class:
    """A class folder to collect into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roster(ROSTER)

    def roster(self, text: str | None) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "roster.csv").unlink(missing_ok=True)
        if text is not None:
            (self.folder / "roster.csv").write_text(text)

    def collect(self, source: Path | dict, *options: str) -> tuple[int, dict[str, dict]]:
        """The exit status, and what became of each file."""
        if not isinstance(source, Path):
            source = zipped(self.folder.parent / "export.zip", source)
        submitted = str(self.folder / "submitted")
        status = main(["collect", str(source), "--submissions", submitted, *options])
        assert not list(self.folder.glob(".grading-*"))
        self.rows = []
        if (self.folder / "collected.csv").exists():
            text = (self.folder / "collected.csv").read_text(encoding="utf-8-sig")
            self.rows = list(csv.DictReader(io.StringIO(text)))
        return status, {row["file"]: row for row in self.rows if row["file"]}

    def missing(self) -> set[tuple[str, str]]:
        return {(r["student"], r["assignment"]) for r in self.rows if r["outcome"] == "missing"}

    def held(self) -> dict[str, bytes]:
        below = self.folder / "submitted"
        return {
            p.relative_to(below).as_posix(): p.read_bytes() for p in below.rglob("*") if p.is_file()
        }


@pytest.fixture
def cls(tmp_path, monkeypatch) -> Class:
    monkeypatch.chdir(ROOT)
    return Class(tmp_path / "class")


def test_a_roster_of_addresses_alone_says_why_it_knows_nobody():
    whose = Whose([Student("jl@x.example", email="jl@x.example")], [ONE], PurePosixPath())
    with pytest.raises(Unclear, match="on the roster, which has no column `name`"):
        whose.of(PurePosixPath(f"leejane_101_1_{ONE}.ipynb"))


def test_canvas(cls):
    work = io.BytesIO()
    with zipfile.ZipFile(work, "w") as bundle:
        bundle.writestr(f"{OTHER}/{OTHER}.ipynb", notebook(OTHER, "in a zip"))
        bundle.writestr(f"{OTHER}/helper.py", b"x = 1")
        bundle.writestr(
            f"{OTHER}/key.json", (ROOT / "assignments" / OTHER / "key.json").read_bytes()
        )
        bundle.writestr(f"__MACOSX/{OTHER}/._{OTHER}.ipynb", b"x")
    status, told = cls.collect({
        "leejane_101_9001_optimizers.ipynb": notebook(OTHER, "first"),
        "leejane_101_9050_optimizers-1.ipynb": notebook(OTHER, "second"),
        "leejane_101_9051_data.csv": b"1,2",
        "müllerjosé_LATE_102_9002_Untitled (3).ipynb": notebook(OTHER, "late"),
        "王小明_103_9003_optimizers.ipynb": notebook(ONE, "wrong name"),
        "delacruzannamaria_104_9004_work.zip": work.getvalue(),
        "obriensmithseán_105_9005_report.pdf": b"%PDF",
        "أحمدعلي_106_9006_copy_of_optimizers.ipynb": notebook(OTHER, "ah"),
        "nobodyelse_199_9007_optimizers.ipynb": notebook(OTHER, "stranger"),
        "leejane_101_text.html": b"<p>I had a cold",
    })  # fmt: skip
    held = cls.held()
    assert held == {
        "jl/optimizers/optimizers.ipynb": notebook(OTHER, "second"),
        "jl/optimizers/data.csv": b"1,2",
        "jl/optimizers/text.html": b"<p>I had a cold",
        "jm/optimizers/optimizers.ipynb": notebook(OTHER, "late"),
        "xw/ensembles/ensembles.ipynb": notebook(ONE, "wrong name"),
        "an/optimizers/optimizers.ipynb": notebook(OTHER, "in a zip"),
        "an/optimizers/helper.py": b"x = 1",
        "ah/optimizers/optimizers.ipynb": notebook(OTHER, "ah"),
    }
    assert status == 3
    assert told["leejane_101_9001_optimizers.ipynb"]["outcome"].startswith("an earlier attempt")
    assert told["müllerjosé_LATE_102_9002_Untitled (3).ipynb"]["late"] == "late"
    assert "called after optimizers" in told["王小明_103_9003_optimizers.ipynb"]["says"]
    assert "nobody on the roster" in told["nobodyelse_199_9007_optimizers.ipynb"]["says"]
    assert (
        told[f"delacruzannamaria_104_9004_work.zip/{OTHER}/key.json"]["outcome"]
        == "as it was handed out"
    )
    assert told["obriensmithseán_105_9005_report.pdf"]["outcome"] == "left out"
    assert cls.missing() == {("ob", ONE), ("ob", OTHER), ("xw", OTHER)} | {
        (s, ONE) for s in ("jl", "jm", "an", "ah")
    }
    pdf = next(r for r in cls.rows if (r["student"], r["outcome"]) == ("ob", "missing"))
    assert "report.pdf" in pdf["says"]


def test_canvas_without_a_roster_keeps_namesakes_apart(cls, capsys):
    cls.roster(None)
    status, _ = cls.collect({
        "leejane_101_9001_optimizers.ipynb": notebook(OTHER, "one"),
        "leejane_102_9002_optimizers.ipynb": notebook(OTHER, "other"),
    })  # fmt: skip
    assert status == 0
    assert set(cls.held()) == {f"leejane_{k}/optimizers/optimizers.ipynb" for k in (101, 102)}
    assert "no roster.csv" in capsys.readouterr().err


def test_moodle(cls):
    cls.roster(
        "Identifier,Full name,Email address,Status,Grade\n"
        "Participant 11,Jane Lee,a@x.example,-,\nParticipant 12,Jane Lee,b@x.example,-,\n"
        "Participant 13,José Müller,c@x.example,-,\nParticipant 14,王小明,d@x.example,-,\n"
        "Participant 15,Anna Cruz,e@x.example,-,\n"
    )
    status, told = cls.collect({
        "Jane Lee_11_assignsubmission_file_/optimizers.ipynb": notebook(OTHER, "a"),
        "Jane Lee_11_assignsubmission_file_/data/x.csv": b"1",
        "Jane Lee_12_assignsubmission_file/work/o.ipynb": notebook(OTHER, "b"),
        "Jane Lee_12_assignsubmission_file/work/x.csv": b"2",
        "José Müller_99_assignsubmission_file_optimizers (1).ipynb": notebook(OTHER, "c"),
        "Participant_14_assignsubmission_file_/optimizers.ipynb": notebook(OTHER, "d"),
        "Anna Cruz_15_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
    })  # fmt: skip
    assert (status, set(cls.held())) == (0, {
        "a@x.example/optimizers/optimizers.ipynb", "a@x.example/optimizers/data/x.csv",
        "b@x.example/optimizers/optimizers.ipynb", "b@x.example/optimizers/x.csv",
        "c@x.example/optimizers/optimizers.ipynb", "d@x.example/optimizers/optimizers.ipynb",
    })  # fmt: skip
    assert cls.held()["b@x.example/optimizers/x.csv"] == b"2"
    assert cls.missing() == {("e@x.example", OTHER)}
    # a number of another assignment's is not believed against a name
    cls.collect({"Jane Lee_13_assignsubmission_file_/optimizers.ipynb": notebook(OTHER, "?")})
    assert "2 students called 'Jane Lee'" in cls.rows[0]["says"]


def test_moodle_with_teams(cls):
    """The team's name is before each member's, and both may have hyphens."""
    cls.collect({
        "Night-Owls-Jane Lee_11_assignsubmission_file/optimizers.ipynb": notebook(OTHER, "jl"),
        "A-Seán O'Brien-Smith_12_assignsubmission_file/optimizers.ipynb": notebook(OTHER, "ob"),
        "Jane Lee-Nobody_13_assignsubmission_file/optimizers.ipynb": notebook(OTHER, "?"),
    })  # fmt: skip
    assert cls.held() == {
        "jl/optimizers/optimizers.ipynb": notebook(OTHER, "jl"),
        "ob/optimizers/optimizers.ipynb": notebook(OTHER, "ob"),
    }
    cls.roster("Identifier,Full name,Email address,Status,Grade\nParticipant 14,,d@x.example,-,\n")
    blind = "Default group-Participant_14_assignsubmission_file/optimizers.ipynb"
    cls.collect({blind: notebook(OTHER, "d")})
    assert cls.held()["d@x.example/optimizers/optimizers.ipynb"] == notebook(OTHER, "d")


METADATA = """---
submission_1:
  :submitters:
  - :name: Jane Lee
    :sid: jl
    :email: jane.lee@uni.example
  - :name: Somebody
    :sid:
    :email: JM@uni.example
  :created_at: 2026-03-01 10:00:00.5 +01:00
  :score: 0.0
submission_2:
  :submitters:
  - :name: 王小明
    :sid:
    :email:
  :created_at: 2026-03-02 10:00:00 Z
"""


def test_gradescope_with_a_group_and_times(cls):
    place = "assignment_77_export"
    status, _ = cls.collect({
        f"{place}/submission_metadata.yml": METADATA.encode(),
        f"{place}/submission_1/optimizers.ipynb": notebook(OTHER, "group"),
        f"{place}/submission_2/optimizers.ipynb.txt": notebook(OTHER, "xw"),
    })  # fmt: skip
    held = cls.held()
    assert status == 0
    for student in ("jl", "jm"):
        assert held[f"{student}/optimizers/optimizers.ipynb"] == notebook(OTHER, "group")
        assert held[f"{student}/optimizers/timestamp.txt"] == b"2026-03-01 09:00:00.500000 UTC\n"
    assert held["xw/optimizers/optimizers.ipynb"] == notebook(OTHER, "xw")


@pytest.mark.parametrize("roster", [ROSTER, None])
@pytest.mark.parametrize("metadata", [b"submission_1: [", b"- no map", None])
def test_gradescope_without_what_tells_whose_it_is(cls, roster, metadata):
    """Nobody is called submission_1: as a student's name it would stand in the gradebook."""
    cls.roster(roster)
    files = {f"submission_{k}/optimizers.ipynb": notebook(OTHER, str(k)) for k in (1, 2)}
    named = {} if metadata is None else {"submission_metadata.yml": metadata}
    status, told = cls.collect({**files, **named})
    assert status == 3 and cls.held() == {}
    assert [told[place]["outcome"] for place in {**files, **named}] == ["not collected"] * len(told)


def test_github_classroom(cls):
    cls.roster("identifier,github_username,github_id,name\njl,octo-jane,1,\nxw,xiao,2,王小明\n")
    assert cls.collect({
        "optimizers-submissions/optimizers-octo-jane/optimizers.ipynb": notebook(OTHER, "jl"),
        "optimizers-submissions/optimizers-octo-jane/.git/config": b"x",
        "optimizers-submissions/hw3-xiao-main/optimizers.ipynb": notebook(OTHER, "xw"),
    })[0] == 0  # fmt: skip
    assert cls.held() == {
        "jl/optimizers/optimizers.ipynb": notebook(OTHER, "jl"),
        "xw/optimizers/optimizers.ipynb": notebook(OTHER, "xw"),
    }


def test_what_was_handed_out_and_lies_beside_does_not_count(cls):
    given = released(OTHER).encode()
    cls.collect({
        "optimizers-octojane/optimizers.ipynb": notebook(OTHER, "mine"),
        "optimizers-octojane/starter/optimizers.ipynb": given,
        "optimizers-octojane/zz (2).ipynb": given,
    })  # fmt: skip
    assert cls.held()["jl/optimizers/optimizers.ipynb"] == notebook(OTHER, "mine")


@pytest.mark.parametrize(
    "name",
    [
        "optimizers.ipynb",
        "Optimizers.IPYNB",
        "optimizers.ipynb.txt",
        "optimizers.json",
        "a.txt",
        "a",
    ],
)
def test_a_notebook_without_an_answer_is_handed_in_under_any_name(cls, name):
    status, told = cls.collect({f"José Müller_5502_assignsubmission_file/{name}": released(OTHER)})
    assert status == 0
    assert set(cls.held()) == {"jm/optimizers/optimizers.ipynb"}
    assert ("jm", OTHER) not in cls.missing()


def test_google_classroom(cls):
    status, told = cls.collect({
        "Part II/Jane Lee - optimizers.ipynb": notebook(OTHER, "jl"),
        "Part II/Copy of optimizers - José Müller.ipynb": notebook(OTHER, "jm"),
        "Part II/optimizers_xw.ipynb": notebook(OTHER, "xw"),
        "Part II/optimizers (1).ipynb": notebook(OTHER, "whose?"),
        "Part II/Seán O'Brien-Smith/optimizers (1).ipynb": notebook(OTHER, "ob"),
    })  # fmt: skip
    assert status == 3
    assert {k.split("/")[0] for k in cls.held()} == {"jl", "jm", "xw", "ob"}
    assert "can't be told" in told["Part II/optimizers (1).ipynb"]["says"]


def test_the_folders_of_nbgrader_with_both_assignments(cls):
    folder = cls.folder.parent / "from"
    for student in ("jl", "jm"):
        for name in (ONE, OTHER):
            place = folder / student / name
            place.mkdir(parents=True)
            (place / f"{name}.ipynb").write_bytes(notebook(name, student))
            (place / "timestamp.txt").write_text("2026-01-01 00:00:00 UTC")
    (folder / "jl" / ONE / "link").symlink_to("/etc/passwd")
    status, told = cls.collect(folder)
    assert status == 3 and "is a link" in told[f"jl/{ONE}/link"]["says"]
    assert len(cls.held()) == 8
    assert cls.held()[f"jm/{ONE}/timestamp.txt"] == b"2026-01-01 00:00:00 UTC"


def test_a_file_that_is_no_notebook_is_collected_by_its_name_and_graded_as_such(cls):
    status, told = cls.collect({
        "leejane_101_1_optimizers.ipynb": b"<html>not found",
        "muellerjose_102_2_homework.ipynb": b"<html>not found",
        "müllerjosé_102_3_homework.ipynb": b"<html>not found",
    })  # fmt: skip
    assert list(cls.held()) == ["jl/optimizers/optimizers.ipynb"] and status == 3
    assert "none of the cells" in told["leejane_101_1_optimizers.ipynb"]["says"]
    assert "of which assignment" in told["müllerjosé_102_3_homework.ipynb"]["says"]
    assert cls.collect(
        {"müllerjosé_102_3_homework.ipynb": b"<html>not found"}, "--assignment", ONE
    )[0] == 0  # fmt: skip
    assert "jm/ensembles/ensembles.ipynb" in cls.held()


def test_the_latest_counts_and_what_is_replaced_is_kept(cls, capsys):
    first = {"leejane_101_1_optimizers.ipynb": notebook(OTHER, "first")}
    second = {**first, "leejane_101_2_optimizers-1.ipynb": notebook(OTHER, "second")}
    assert cls.collect(second, "--dry-run")[0] == 0
    assert "a dry run: nothing was changed" in capsys.readouterr().out
    assert not (cls.folder / "submitted").exists() and not (cls.folder / "collected.csv").exists()
    for files, what in ((first, "collected"), (first, "is there already"), (second, "collected")):
        *_, last = cls.collect(files)[1].values()
        assert last["outcome"] == what
        assert ("1 new: earlier" in capsys.readouterr().out) == (what == "collected")
    assert cls.held()["jl/optimizers/optimizers.ipynb"] == notebook(OTHER, "second")
    (kept,) = (cls.folder / REPLACED).rglob("*.ipynb")
    assert kept.read_bytes() == notebook(OTHER, "first") and str(kept.parent) in last["says"]
    same = {"leejane_101_2_optimizers.ipynb": notebook(OTHER, "second")}
    assert cls.collect({**second, **same})[1]["leejane_101_2_optimizers.ipynb"]["outcome"] in (
        "the same as another", "is there already",
    )  # fmt: skip


def test_what_was_handed_in_later_is_not_replaced(cls):
    def export(time: str, says: str) -> dict[str, bytes]:
        said = f"submission_1:\n  :submitters:\n  - :sid: jl\n  :created_at: {time}\n"
        return {
            "submission_metadata.yml": said.encode(),
            "submission_1/optimizers.ipynb": notebook(OTHER, says),
        }

    cls.collect(export("2026-03-02 10:00:00 Z", "later"))
    _, told = cls.collect(export("2026-03-01 10:00:00 Z", "earlier"))
    assert "handed in later" in told["submission_1/optimizers.ipynb"]["says"]
    assert cls.held()["jl/optimizers/optimizers.ipynb"] == notebook(OTHER, "later")


def test_what_came_with_an_earlier_export_is_still_told(cls):
    """Canvas takes feedback under the names that files had, whatever was collected since."""
    cls.collect({
        "leejane_101_1_optimizers.ipynb": notebook(OTHER, "first"),
        "müllerjosé_102_2_optimizers.ipynb": notebook(OTHER, "of one who left"),
        "王小明_103_3_optimizers.ipynb": notebook(OTHER, "other"),
        "=+_900_8_optimizers.ipynb": notebook(OTHER, "of a stranger"),
    })  # fmt: skip
    shutil.rmtree(cls.folder / "submitted" / "jm")
    _, told = cls.collect({
        "leejane_101_4_ensembles.ipynb": notebook(ONE),
        "王小明_103_5_optimizers.ipynb": notebook(OTHER, "mended"),
    })  # fmt: skip
    assert {(f, row["student"], row["assignment"]) for f, row in told.items()} == {
        ("leejane_101_1_optimizers.ipynb", "jl", OTHER),
        ("leejane_101_4_ensembles.ipynb", "jl", ONE),
        ("王小明_103_5_optimizers.ipynb", "xw", OTHER),
    }
    (cls.folder / "collected.csv").write_bytes("file;student;M\xfcller\n\x00".encode("latin-1"))
    assert cls.collect({"leejane_101_4_ensembles.ipynb": notebook(ONE)})[0] == 0
    assert len(cls.rows) == 1 + len(cls.missing())


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def test_what_a_hostile_zip_holds_is_refused_and_the_rest_is_taken(cls, monkeypatch):
    monkeypatch.setattr(arriving, "LARGEST_FILE", 2**20)
    monkeypatch.setattr(arriving, "LARGEST_FOLDER", 2**20)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("../../../escaped.ipynb", b"x")
        for k in range(4):
            bundle.writestr(f"zeros{k}", bytes(2**20 - 1))
    path = zipped(cls.folder.parent / "hostile.zip", [
        ("leejane_101_1_optimizers.ipynb", notebook(OTHER, "good")),
        ("leejane_101_1_optimizers.ipynb", notebook(OTHER, "of the same name")),
        ("../escaped.ipynb", b"x"), ("/tmp/escaped.ipynb", b"x"), ("C:\\escaped.ipynb", b"x"),
        ("a\\..\\..\\escaped.ipynb", b"x"), (link("leejane_101_2_optimizers.ipynb"), b"/etc/passwd"),
        ("leejane_101_3_zeros.ipynb", bytes(2**20 + 1)),
        ("leejane_101_4_work.zip", inner.getvalue()),
        ("leejane_101_5_broken.zip", inner.getvalue()[:-30]),
        ("müllerjosé_102_6_optimizers.ipynb", notebook(OTHER, "broken")),
        ("müllerjosé_102_7_optimizers.ipynb", notebook(OTHER, "whole")),
    ])  # fmt: skip
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as bundle:
        broken = bundle.infolist()[-2]
    data[broken.header_offset + 90] ^= 0xFF
    path.write_bytes(data)
    before = set(cls.folder.parent.rglob("*"))
    status, told = cls.collect(path)
    assert status == 3
    refused = {row["file"]: row["says"] for row in cls.rows if row["outcome"] == "refused"}
    assert "outside" in refused["../escaped.ipynb"] and "outside" in refused["/tmp/escaped.ipynb"]
    assert (
        "outside" in refused["C:/escaped.ipynb"] and "outside" in refused["a/../../escaped.ipynb"]
    )
    assert "link" in refused["leejane_101_2_optimizers.ipynb"]
    assert "larger than" in refused["leejane_101_3_zeros.ipynb"]
    assert "outside" in refused["leejane_101_4_work.zip/../../../escaped.ipynb"]
    assert any("times its size" in says for place, says in refused.items() if "zeros" in place)
    assert "broken" in refused["leejane_101_5_broken.zip"]
    assert "can't be unpacked" in refused["müllerjosé_102_6_optimizers.ipynb"]
    assert cls.held()["jm/optimizers/optimizers.ipynb"] == notebook(OTHER, "whole")
    assert cls.held()["jl/optimizers/optimizers.ipynb"] in (
        notebook(OTHER, "good"), notebook(OTHER, "of the same name"),
    )  # fmt: skip
    new = set(cls.folder.parent.rglob("*")) - before
    assert all(cls.folder in p.parents for p in new) and not Path("/tmp/escaped.ipynb").exists()
    assert not [p for p in new if p.is_symlink() or "escaped" in p.name]


def test_a_zip_that_lies_about_sizes_is_cut_off(cls, monkeypatch):
    monkeypatch.setattr(arriving, "LARGEST_FILE", 2**20)
    path = zipped(cls.folder.parent / "lies.zip", {"leejane_101_1_optimizers.ipynb": bytes(2**22)})
    data = path.read_bytes().replace((2**22).to_bytes(4, "little"), (2**30).to_bytes(4, "little"))
    assert data != path.read_bytes()
    path.write_bytes(data.replace((2**30).to_bytes(4, "little"), (2**19).to_bytes(4, "little")))
    status, told = cls.collect(path)
    assert status == 3 and told["leejane_101_1_optimizers.ipynb"]["outcome"] == "refused"
    assert not (cls.folder / "submitted").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no zip", "can't be opened as a zip"), (None, "no zip and no folder")],
)
def test_what_is_no_export(cls, capsys, content, says):
    source = cls.folder.parent / "export.zip"
    if content is not None:
        source.write_bytes(content)
    assert cls.collect(source)[0] == 2 and says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("roster", "says"),
    [
        ("name,nothing\nx,y\n", "says who is who, such as id or email; there is: name, nothing"),
        ("id,name\na,x\na,y\n", "row 3: the id 'a' is there twice"),
        ("id,name\n../a,x\n", "slash"),
        ("id\n", "names no student"),
        ("", "is empty"),
    ],
)
def test_a_roster_that_can_not_be_used(cls, capsys, roster, says):
    cls.roster(roster)
    assert cls.collect({"x": b""})[0] == 2 and says in capsys.readouterr().err


def test_a_roster_in_another_encoding(cls, capsys):
    (cls.folder / "roster.csv").write_bytes("id,name\nx,Müller\n".encode("latin-1"))
    assert cls.collect({"x": b""})[0] == 2 and "UTF-8" in capsys.readouterr().err
    text = "id;name\nx;Müller José\n"
    (cls.folder / "roster.csv").write_bytes(text.encode("utf-16"))
    cls.collect({"müllerjosé_1_2_a.ipynb": notebook(ONE, "x")})
    assert list(cls.held()) == ["x/ensembles/ensembles.ipynb"]


def test_no_student_hands_in_for_another(cls):
    mine = notebook(OTHER, "forged")
    yaml = METADATA.replace(":name: Jane Lee", ":name: ''").encode()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as bundle:
        bundle.writestr("submission_metadata.yml", yaml)
        bundle.writestr("submission_1/optimizers.ipynb", mine)
        bundle.writestr("leejane_101_999_optimizers.ipynb", mine)
    moodle = "José Müller_2_assignsubmission_file_"
    forged = "Jane Lee_1_assignsubmission_file_"
    for files in (
        {"müllerjosé_102_5_leejane_101_9_optimizers.ipynb": mine},
        {"müllerjosé_102_5_Jane Lee - optimizers.ipynb": mine},
        {"müllerjosé_102_5_work.zip": inner.getvalue()},
        {f"{moodle}{forged}optimizers.ipynb": mine},
        {f"{moodle}/{forged}/optimizers.ipynb": mine},
        {f"{moodle}/jl/optimizers/optimizers.ipynb": mine},
        {
            f"{moodle}/submission_metadata.yml": yaml,
            f"{moodle}/submission_1/optimizers.ipynb": mine,
        },
        {"jm/jl/optimizers/optimizers.ipynb": mine, "jm/jl/a.txt": b"", "x.txt": b""},
        {"jm/optimizers-octojane/optimizers.ipynb": mine},
        {"jm/leejane_101_9_optimizers.ipynb": mine},
        {"jm/Jane Lee - optimizers.ipynb": mine},
        {"jm/jl_optimizers.ipynb": mine},
    ):
        shutil.rmtree(cls.folder / "submitted", ignore_errors=True)
        cls.collect(files)
        assert {k.split("/")[0] for k in cls.held()} == {"jm"}, files.keys()


def test_a_folder_of_the_student_that_is_a_link_is_not_followed(cls, tmp_path):
    (cls.folder / "submitted").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (cls.folder / "submitted" / "jl").symlink_to(tmp_path / "elsewhere")
    status, _ = cls.collect({"leejane_101_1_optimizers.ipynb": notebook(OTHER, "x")})
    assert status == 3 and not list((tmp_path / "elsewhere").iterdir())


WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Lm"]), min_size=1, max_size=5)
NAMES = st.tuples(st.lists(WORDS, min_size=1, max_size=3), st.lists(WORDS, min_size=1, max_size=2))


def canvas_name(given: list[str], family: list[str]) -> str:
    """As Canvas writes a name into a file's: the sortable one, what is no part of a word left out."""
    return re.sub(r"[^\w]", "", f"{' '.join(family)}, {' '.join(given)}").lower()


@given(st.lists(NAMES, min_size=1, max_size=5), st.booleans())
def test_a_name_in_any_script_finds_its_student_and_no_other(names, sortable):
    def name(given: list[str], family: list[str]) -> str:
        parts = (" ".join(given), " ".join(family))
        return f"{parts[1]}, {parts[0]}" if sortable else " ".join(parts)

    roster = [Student(f"student-{k}", name(*each)) for k, each in enumerate(names)]
    whose = Whose(roster, [ONE], PurePosixPath())
    for student, each in zip(roster, names, strict=True):
        for place in (
            f"{canvas_name(*each)}_{hash(student) % 1000}_5_x.ipynb",
            f"{name(*each).replace('_', ' ')}_7_assignsubmission_file_/x.ipynb",
        ):
            try:
                ((found, _),) = whose.of(PurePosixPath(place))
                assert found == student.id
            except Unclear as error:
                assert "students called" in str(error)


def in_zip(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip, as a student may hand in."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as bundle:
        for name, content in files:
            bundle.writestr(name, content)
    return made.getvalue()


def spoiled(data: bytes) -> bytes:
    return data[:60] + bytes(b ^ 0x5A for b in data[60:260]) + data[260:]


MINE, NOISE = ("optimizers.ipynb", b"{}"), random.Random(1).randbytes(5_000)
OF_ONE = {
    "a number of 5000 digits": in_zip([(f"optimizers({'1' * 5000}).ipynb", b"{}")]),
    "the number of a file": in_zip([(f"a_1_{'1' * 5000}_x.ipynb", b"{}")]),
    "broken lzma": spoiled(in_zip([("x", NOISE), MINE], zipfile.ZIP_LZMA)),
    "broken bzip2": spoiled(in_zip([("x", NOISE), MINE], zipfile.ZIP_BZIP2)),
    "a long name": in_zip([MINE, ("A" * 5000, b"")]),
    "a time that is a folder": in_zip([MINE, ("timestamp.txt/x", b"")]),
}


@pytest.mark.parametrize("what", OF_ONE)
@pytest.mark.parametrize("whose", ["leejane_101_1_", "nobody_999_1_"])
def test_what_one_hands_in_ends_nobody_elses_collecting(cls, what, whose):
    honest = notebook(OTHER, "honest")
    cls.collect({f"{whose}work.zip": OF_ONE[what], "müllerjosé_102_7_optimizers.ipynb": honest})
    assert cls.held()["jm/optimizers/optimizers.ipynb"] == honest


def test_a_time_that_is_a_folder_where_the_time_is_known(cls):
    _, told = cls.collect({
        "x/submission_metadata.yml": METADATA.encode(),
        "x/submission_1/optimizers.ipynb": notebook(OTHER),
        "x/submission_1/timestamp.txt/x": b"",
        "x/submission_2/optimizers.ipynb": notebook(OTHER),
    })  # fmt: skip
    assert told["x/submission_1/timestamp.txt/x"]["outcome"] == "refused"
    assert {k.split("/")[0] for k in cls.held()} >= {"jl", "jm"}


def test_a_bomb_takes_no_room_from_its_neighbors(cls, monkeypatch):
    monkeypatch.setattr(arriving, "LARGEST_FOLDER", 2**20)
    monkeypatch.setattr(arriving, "MOST_OF_ONE", 50)
    bomb = bytes(2**20) + in_zip([(f"{k}.bin", bytes(2**20 - 1)) for k in range(8)])
    files = {
        "leejane_101_1_bomb.zip": bomb,
        "leejane_101_2_large.bin": bytes(3 * 2**20),
        "xw_103_1_files.zip": in_zip([(str(k), b"") for k in range(80)]),
        "müllerjosé_102_7_work.zip": in_zip([("optimizers.ipynb", notebook(OTHER))]),
        "王小明_103_9_optimizers.ipynb": notebook(OTHER),
    }
    status, told = cls.collect(files)
    assert status == 3
    assert {k.split("/")[0] for k in cls.held()} == {"jm", "xw"}
    refused = [p for p, row in told.items() if row["outcome"] == "refused"]
    assert sum("bomb" in place for place in refused) >= 6
    assert [p for p in refused if "files.zip" in p] == ["xw_103_1_files.zip/50 and all after it"]


def test_many_files_of_one_student_hide_nobody_elses_lines(cls, capsys):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as bundle:
        for k in range(300):
            bundle.writestr(f"f{k}", b"")
    status, told = cls.collect({
        "leejane_101_1_work.zip": inner.getvalue(),
        "müllerjosé_102_7_optimizers.ipynb": notebook(OTHER),
    })  # fmt: skip
    said = capsys.readouterr().out.splitlines()
    assert len(told) == 301 and len(said) < 40
    assert any("müllerjosé" in line and "collected" in line for line in said)
    assert "jl: left out: 280 more files" in said


def test_a_folder_handed_in_whole_takes_one_line(cls, capsys):
    given = ROOT / "assignments" / OTHER
    files = [*given.rglob("*.py"), *(ROOT / "autograder").glob("*.py")]
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as bundle:
        for path in files:
            bundle.write(path, path.relative_to(ROOT))
        bundle.writestr(f"{OTHER}.ipynb", notebook(OTHER, "done"))
    assert len(files) > 40
    cls.collect({"leejane_101_1_work.zip": inner.getvalue()})
    assert sum("leejane" in line for line in capsys.readouterr().out.splitlines()) < 3


def test_names_are_looked_at_in_time_that_does_not_grow_with_their_square(cls):
    slow = ".ipynb" * 600 + "\n" + "x"
    began = time.process_time()
    cls.collect({"leejane_101_1_w.zip": in_zip([(f"{k}{slow}", b"") for k in range(300)])})
    assert time.process_time() - began < 3
    (row,) = cls.collect({"leejane_101_1_w.zip": in_zip([("A" * 60_000, b"")])})[1].values()
    assert row["outcome"] == "refused" and "its name has more than" in row["says"]


def test_while_the_class_is_graded_collecting_waits_and_says_so(cls, capsys):
    with open(cls.folder / turns.LOCK, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        threading.Timer(1.0, fcntl.flock, (held, fcntl.LOCK_UN)).start()
        status, _ = cls.collect({"leejane_101_1_optimizers.ipynb": notebook(OTHER)})
    assert status == 0 and "waiting for another grading" in capsys.readouterr().out


def test_a_full_disk_is_no_students_fault(cls, monkeypatch, capsys):
    monkeypatch.setattr(arriving, "LEAST_DISK", 2**62)
    status, _ = cls.collect({"müllerjosé_102_7_optimizers.ipynb": notebook(OTHER)})
    assert status == 2 and "make room" in capsys.readouterr().err


@pytest.mark.parametrize("roster", [ROSTER, None])
def test_who_is_not_on_the_roster_hands_in_for_nobody(cls, roster):
    cls.roster(roster)
    mine, forged = notebook(OTHER, "mine"), notebook(OTHER, "forged")
    inner = in_zip([("müllerjosé_102_99_optimizers.ipynb", forged)])
    for files in (
        {"evil_999_9_work.zip": inner},
        {"evil_999_9_optimizers - José Müller.ipynb": forged, "x/y_1_2_z.txt": b""},
        {"all/optimizers-evil/José Müller/optimizers.ipynb": forged,
         "all/optimizers-octojane/optimizers.ipynb": mine},
        {"all/optimizers-evil/jm/optimizers/optimizers.ipynb": forged,
         "all/optimizers-octojane/optimizers.ipynb": mine},
    ):  # fmt: skip
        shutil.rmtree(cls.folder / "submitted", ignore_errors=True)
        cls.collect(files)
        assert not {k.split("/")[0] for k in cls.held()} & {"jm", "müllerjosé_102"}, files.keys()


@pytest.mark.parametrize(
    "inner", ["bob_7_assignsubmission_file_", "bob_1_2_work.zip", "bob/optimizers"]
)
def test_without_a_roster_nobody_hands_in_for_the_owner_of_another_folder(cls, inner):
    cls.roster(None)
    files = {
        f"jane/optimizers/{inner}/optimizers.ipynb": notebook(OTHER, "of jane"),
        "bob/optimizers/optimizers.ipynb": notebook(OTHER, "of bob"),
    }
    cls.collect(files)
    assert {k.split("/")[0] for k in cls.held()} == {"jane", "bob"}
    assert cls.held()["bob/optimizers/optimizers.ipynb"] == notebook(OTHER, "of bob")


@pytest.mark.parametrize("roster", ["id,name\njl,Jane Lee\n", None])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane Lee_7_assignsubmission_file_", "Jane Lee_8_assignsubmission_file_"),
        ("leejane_101_1_work.zip", "leejane_102_2_work.zip"),
    ],
)
def test_two_people_of_one_name_are_not_taken_for_one(cls, roster, one, other):
    cls.roster(roster)
    files = {f"{place}/optimizers.ipynb": notebook(OTHER, place) for place in (one, other)}
    status, told = cls.collect(files)
    apart = roster is None and "_101_" in one  # by Canvas's numbers
    assert len(cls.held()) == (2 if apart else 0) and status == (0 if apart else 3)


def test_a_namesake_with_another_number_stands_in_nobodys_way(cls):
    _, told = cls.collect({
        "leejane_101_1_optimizers.ipynb": notebook(OTHER, "jane"),
        "leejane_109_2_optimizers.ipynb": notebook(OTHER, "another"),
        "müllerjosé_102_3_empty.zip": in_zip([]),
    })  # fmt: skip
    assert cls.held() == {"jl/optimizers/optimizers.ipynb": notebook(OTHER, "jane")}
    assert "nobody on the roster" in told["leejane_109_2_optimizers.ipynb"]["says"]
    assert told["müllerjosé_102_3_empty.zip"]["says"] == "the zip holds no file"


@pytest.mark.parametrize("sid", ["../../../escaped", "/tmp/escaped", "a\\b", "x" * 300])
def test_a_number_that_a_student_chose_is_no_path(cls, sid):
    cls.roster(None)
    before = set(cls.folder.parent.rglob("*"))
    status, told = cls.collect({
        "x/submission_metadata.yml": f'submission_1:\n  :submitters:\n  - :sid: "{sid!s}"\n'.replace("\\", "\\\\").encode(),
        "x/submission_1/optimizers.ipynb": notebook(OTHER),
        "x/submission_2/a.txt": b"",
    })  # fmt: skip
    assert status == 3 and "folder" in told["x/submission_1/optimizers.ipynb"]["says"]
    new = set(cls.folder.parent.rglob("*")) - before
    assert not [p for p in new if p.name == "optimizers.ipynb"]
