"""What is said after a verdict: of every exercise, and of pages that there are."""

import pytest

from autograder import NotYet, check
from autograder.exercise import Verdict
from autograder.grading.releasing.dress import IMPORT, dressed
from autograder.grading.releasing.handout import handout
from autograder.grading.releasing.notebooks import read_source
from autograder.onward import FILE, Onward, onward
from tests.answers import ASSIGNMENTS, COURSE, HOME, ROOT, exercises_having, having, mistake, oracle


@pytest.mark.parametrize("name", exercises_having(FILE))
def test_every_exercise_has_a_page_an_insight_and_something_to_try(name):
    further = onward(COURSE.assignment(HOME[name]).folder, name)
    assert further is not None and further.after.endswith(".") and further.attempt
    assert (ROOT / "book" / f"{further.read}.md").is_file()


def test_check_says_what_it_shows_after_a_pass_and_where_to_read_after_a_fail(monkeypatch, capsys):
    folder = COURSE.assignment("optimizers").folder
    monkeypatch.chdir(folder)
    further = onward(folder, "step_decay")
    check(oracle("step_decay"))
    said = capsys.readouterr().out
    assert further.after in said and further.attempt in said and further.read not in said
    with pytest.raises(NotYet):
        check(mistake("step_decay", "not-rounded-down"))
    said = capsys.readouterr().out
    assert further.read in said and further.after not in said


def test_a_page_is_a_link_where_the_book_has_an_address():
    failed = Verdict("adam", "failed", 0.0, 8.0)
    there = "https://example.org/optimization/adam.html"
    linked = Onward("optimization/adam", site="https://example.org/").html(failed)
    assert f'<a href="{there}">{there}</a>' in linked
    assert "<a" not in Onward("optimization/adam").html(failed)
    assert Onward("optimization/adam").lines(Verdict("adam", "missing", 0.0, 8.0)) == []


@pytest.mark.parametrize("name", having(FILE))
def test_students_receive_it(name):
    assert FILE in handout(COURSE, name).files


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_first_cell_explains_a_missing_autograder(name):
    cells = dressed(read_source(COURSE.source(name)), COURSE.assignment(name)).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    start, end = first.index("try:"), first.index("from None") + len("from None")
    explained = first[start:end]
    namespace = {"__builtins__": dict(vars(__import__("builtins")))}
    exec(explained, namespace)
    assert namespace["check"] is check

    def absent(module, *rest):
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    namespace["__builtins__"]["__import__"] = absent
    missing = "autograder"
    with pytest.raises(ModuleNotFoundError, match=f"Unpack the whole zip.* %cd {name}"):
        exec(explained, namespace)
    missing = "numpy"
    with pytest.raises(ModuleNotFoundError, match="No module named 'numpy'"):
        exec(explained, namespace)
    assert IMPORT not in first.replace(explained, "")
