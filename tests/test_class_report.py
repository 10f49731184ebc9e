"""The page about a class: what it says is what the results say, and it needs nothing else."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from autograder.grading.display import class_page
from autograder.grading.display import class_statistics as stats
from autograder.grading.display.class_statistics import Submission
from autograder.grading.display.similarity import similar
from autograder.grading.storage.results import Result
from tests.answers import COURSE

ASSIGNMENT, ONE, OTHER = "ensembles", "average_predictions", "early_stopping"
RIGHT = "def f(x):\n    return x.mean(axis=0)\n"


def result(student: str, exercise: str, score: float, **more) -> Result:
    status = "passed" if score == 2 else "failed"
    held = {"mistake": None, "message": "all right", "device": "cpu", "seconds": 0.5, **more}
    return Result(student, ASSIGNMENT, exercise, score, 2.0, status, **held)


def submission(k: int) -> Submission:
    """Of twelve students: three make a known mistake, two fail alike, and one is called <b>."""
    student = "<b>" if k == 0 else f"student-{k}"
    more: dict = {}
    if k < 3:
        more = {"mistake": "logits-averaged", "message": "this is what one gets from: averages"}
    elif k < 5:
        more = {"message": f"three members: p[{k}, 1]: expected 0.{k}3, got <script>-1e-0{k}"}
    results = [result(student, ONE, 0.0 if k < 5 else 2.0, **more)]
    results.append(result(student, OTHER, 0.0 if k in (0, 1, 2, 11) else 2.0))
    parts = {ONE: {"mean": [0.0 if k < 5 else 1.0, 1.0], "large": [0.0 if k < 3 else 1.0, 1.0]}}
    code = RIGHT if k else RIGHT + "import os\n"
    return Submission(student, results, parts, {ONE: code, OTHER: ""})


@pytest.fixture(scope="module")
def held() -> list[Submission]:
    return [submission(k) for k in range(12)]


def test_the_numbers_are_those_of_the_results(held):
    one, other = stats.items(held)
    assert (one.exercise, one.counts["passed"], one.counts["failed"]) == (ONE, 7, 5)
    assert one.mean == pytest.approx(7 / 12) and one.parts == {"mean": 7 / 12, "large": 9 / 12}
    # of the points (0 x 5, 2 x 7) and (0 x 4, 2 x 8), both 0 three times: the phi coefficient
    phi = (3 * 6 - 2 * 1) / (5 * 7 * 4 * 8) ** 0.5
    assert one.discrimination == pytest.approx(phi) == pytest.approx(other.discrimination)
    assert stats.mistakes(held)[ONE] == {"logits-averaged": 3}
    assert stats.items(held[:3])[0].discrimination is None


def test_who_handed_nothing_in_counts_in_the_parts_as_in_the_mean(held):
    nothing = [result("nobody", ONE, 0.0), result("nobody", OTHER, 0.0)]
    one, _ = stats.items([*held, Submission("nobody", nothing, {}, {})])
    assert one.mean == pytest.approx(7 / 13) and one.parts == {"mean": 7 / 13, "large": 9 / 13}


def test_wrong_answers_that_fail_alike_are_one_group(held):
    alike = [a for a in stats.unnamed(held) if a.exercise == ONE]
    assert [(a.count, a.example) for a in alike] == [(2, RIGHT)]


def test_a_file_that_is_no_notebook_is_listed_once_and_is_no_answer(held):
    results = [result("broken", name, 0.0, message="it is no JSON") for name in (ONE, OTHER)]
    broken = Submission("broken", results, {}, {ONE: "", OTHER: ""})
    assert stats.unnamed([*held, broken]) == stats.unnamed(held)
    page = class_page.page(COURSE, ASSIGNMENT, [*held, broken], [])
    not_there = page.partition("Not handed in as a notebook")[2].partition("<h3")[0]
    assert "broken" in not_there and "student-1" not in not_there


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_safe_and_accessible(held):
    page = class_page.page(COURSE, ASSIGNMENT, held, ["late"])
    read = Read()
    read.feed(page)
    assert read.open == []
    names = [tag for tag, _ in read.tags]
    assert names.count("h1") == names.count("main") == names.count("svg") == 1
    assert {"script", "b", "link", "img", "iframe"}.isdisjoint(names)
    assert not re.search(r"https?://|url\(|@import", page)
    assert all("scope" in attrs for tag, attrs in read.tags if tag == "th")
    assert names.count("table") == names.count("caption") >= 2
    assert len(re.findall(r'<div class="wide">\s*<table>', page)) == names.count("table")
    assert "prefers-color-scheme: dark" in page and "@media print" in page
    says = next(
        m.says for m in COURSE.answer(ASSIGNMENT, ONE).mistakes if m.id == "logits-averaged"
    )
    assert says in page and "book/ensembles/averaging" in page


def test_a_huge_answer_does_not_fill_the_page(held):
    huge = {ONE: "".join(f"x{i} = {i}\n" for i in range(100_000)), OTHER: ""}
    page = class_page.page(
        COURSE, ASSIGNMENT, [replace(one, answers=huge) for one in held[3:5]], []
    )
    assert "x1 = 1" in page and len(page) < 300_000


ANSWERS = {
    "ann": "def f(x):\n    total = 0\n    for row in x:\n        total += (row * row - 3).sum() / len(row)\n    return total ** 0.5\n",
    "bob": "def f(data):  # my own work\n    s = 0\n    for r in data:\n        s += (r * r - 3).sum() / len(r)\n    return s ** 0.5\n",
    "cy": "def f(x):\n    return np.sqrt(np.einsum('ij,ij->i', x, x).mean() - 3 * len(x))\n",
}


def test_copies_in_another_dress_are_found_and_what_was_given_is_not():
    pairs = similar(ANSWERS)
    assert [(p.one, p.other) for p in pairs] == [("ann", "bob")] and pairs[0].share == 1
    assert similar(ANSWERS, [ANSWERS["ann"]]) == []
    everybody = {f"s{k}": ANSWERS["ann"] for k in range(20)}
    assert similar(everybody) == []  # what all have says nothing
