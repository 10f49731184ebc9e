"""The worked example of the instructors' page: from two new folders to a graded class."""

import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.grading.course import Course
from autograder.grading.judge.why import Failed, smallest
from autograder.grading.storage import records
from autograder.grading.storage.results import read
from autograder.literal import size
from tests.answers import ROOT
from tests.course import autograder, example_course

MADE_UP = [f"{kind}-{i}" for kind in ("other-dress", "mistakes") for i in (1, 2, 3)] + ["perfect"]
ANN = "al4711"
STUDENTS = [*MADE_UP, ANN]
HALVED = '''
# homework of Ann Lee
HALF = 2


def ann_hits(scores, y, k):
    """al4711 wrote this."""
    best = np.argsort(-scores, axis=1)[:, :k]
    return (best == y[:, None]).any(axis=1)


def top_k_accuracy(scores, y, k):
    """By Lee."""
    assert k > 0, "Ann Lee says: k is positive"
    return ann_hits(scores, y, k).mean() / HALF
'''
PAGE = (ROOT / "book" / "instructors.md").read_text()


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    return example_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def results(course):
    for command in ("release", "sample-class", "grade"):
        shown = [
            line
            for line in PAGE.splitlines()
            if f"autograder {command} " in line and "metrics" in line
        ]
        assert len(shown) == 1, f"the page should show `autograder {command} ...` once"
        autograder(course, *shown[0].split()[1:])
        for accident in set((course / "trial" / "submitted").glob("*")):
            if accident.name not in STUDENTS:  # tests/test_classes.py has them
                shutil.rmtree(accident)
        if command == "sample-class":
            hand_in_of_ann(course / "trial")
    return {r.student: r for r in read(course / "trial" / "results.jsonl")}


def hand_in_of_ann(trial: Path) -> None:
    """A wrong answer that is no known mistake, with its student's names all over it."""
    solved = trial / "submitted" / "perfect" / "metrics" / "metrics.ipynb"
    place = trial / "submitted" / ANN / "metrics"
    place.mkdir(parents=True)
    notebook = nbformat.read(solved, as_version=4)
    (cell,) = [
        c
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") == "top-k-answer"
    ]
    cell.source = HALVED
    nbformat.write(notebook, place / "metrics.ipynb")
    (trial / "roster.csv").write_text(f"id,name\n{ANN},Ann Lee\nperfect,Bo Ek\n")


def test_nothing_but_the_two_folders_is_added(course):
    assert sorted(p.name for p in course.iterdir() if p.is_dir())[:1] == ["assignments"]
    for place in (
        "assignments/metrics/exercises/top_k_accuracy.py",
        "solutions/metrics/answers/top_k_accuracy.py",
        "solutions/metrics/metrics.md",
    ):
        assert (course / place).is_file() and f":caption: {place}" in PAGE


def test_the_made_up_class_does_not_meet_the_real_one(course, results):
    assert (course / "trial" / "gradebook.db").is_file()
    assert not (course / "submitted").exists()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert not gradebook.students


def test_right_answers_in_any_dress_get_full_marks(results):
    for student in ("perfect", "other-dress-1", "other-dress-2", "other-dress-3"):
        assert (results[student].score, results[student].max_score) == (3, 3)


def test_mistakes_fail_and_are_named(results):
    named = {results[f"mistakes-{i}"].mistake for i in (1, 2, 3)}
    assert named == {"lowest", "kth-alone", "one-too-many"}
    assert results["mistakes-2"].score == 1  # right for k = 1: partial credit


def test_the_report_says_which_mistakes_the_class_made(course, results):
    done = autograder(course, "report", "metrics", "--submissions", "trial/submitted")
    place = course / "trial" / "report" / "metrics.html"
    assert done.stdout == f"metrics: {len(STUDENTS)} submissions, {place}\n"
    page = BeautifulSoup(place.read_text(encoding="utf-8"), "html.parser")
    table = page.find("caption", string=re.compile("Known mistakes")).parent
    rows = [[cell.text for cell in row("td")] for row in table.tbody("tr")]
    made = Counter(result.mistake for result in results.values() if result.mistake)
    says = {m.id: m.says for m in Course(course).answer("metrics", "top_k_accuracy").mistakes}
    assert {says_it: int(count) for says_it, count, _ in rows} == {
        f"{says[id]} ({id})": count for id, count in made.items()
    }
    assert len(made) == len(rows) == 3


@pytest.fixture(scope="module")
def group(course, results) -> BeautifulSoup:
    """What the report says of the wrong answer without a name."""
    autograder(course, "report", "metrics", "--submissions", "trial/submitted")
    page = (course / "trial" / "report" / "metrics.html").read_text(encoding="utf-8")
    (found,) = BeautifulSoup(page, "html.parser").find_all("details")
    return found


def test_the_report_shows_the_smallest_case_of_what_has_no_name_and_no_student(group):
    case, answer = (block.text for block in group.find_all("pre"))
    assert re.match(r"case: .+ \(.+\)\n  scores = np\.array\(\[\[", case), case
    assert re.search(
        r"^  accuracy: expected (1(\.0)?\n +came +0\.5|0\.5\n +came +0\.25)$", case, re.M
    ), case
    assert "student_hits" in answer and "'student says: k is positive'" in answer
    assert not re.search(r"(?<![a-z])ann|(?<![a-z])lee|4711", group.text, re.I)


def test_the_report_s_lines_make_the_mistake_known(course, group, tmp_path):
    """Pasted as they are: the assignment is still sound, and the class can be judged again by it."""
    place, lines = re.search(r"solutions/\S+\.py", group.text), group.find_all("pre")[1].text
    assert place is not None
    shutil.copytree(course, tmp_path / "course")
    with open(tmp_path / "course" / place[0], "a") as file:
        file.write(f"\n\n{lines}\n")
    done = autograder(tmp_path / "course", "test", "metrics")
    assert "ok  top_k_accuracy: mistakes fail, and are named" in done.stdout
    again = ("grade", "metrics", "--rejudge", "--submissions", "trial/submitted")
    autograder(tmp_path / "course", *again, "--results", "again.jsonl")
    (named,) = [r.mistake for r in read(tmp_path / "course" / "again.jsonl") if r.student == ANN]
    assert named == "unnamed-1"


def test_why_there_is_no_smallest_case_is_said_in_words(course, results, tmp_path):
    asked = ("metrics", ANN, "top_k_accuracy")
    found = smallest(Course(course), course / "trial", *asked)
    assert isinstance(found, Failed) and size(found.case.inputs) <= 9  # others hold a thousand
    shutil.copytree(course / "trial", tmp_path / "trial")
    (path,) = (tmp_path / "trial" / "records" / "metrics" / ANN).glob("*.json.gz")
    record = records.read(path)
    others = {"top_k_accuracy": replace(record.probed["top_k_accuracy"], cases="others")}
    records.write(path, replace(record, probed=others))
    assert smallest(Course(course), tmp_path / "trial", *asked) == (
        "top_k_accuracy was tried on other cases than are drawn now"
    )
    path.unlink()
    assert smallest(Course(course), tmp_path / "trial", *asked) == (
        "the record of its run is no longer there"
    )


def test_students_get_the_stub(course, results):
    notebook = nbformat.read(course / "assignments" / "metrics" / "metrics.ipynb", as_version=4)
    text = "".join(cell.source for cell in notebook.cells)
    assert "raise NotImplementedError()" in text and "argsort" not in text


def test_the_page_shows_the_files_that_were_tested():
    for name in ("exercise.py", "answer.py", "notebook.md"):
        assert f"../tests/example/{name}" in PAGE
