"""What a cell of code defines and uses, and the order in which cells can run."""

import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.grading.intake.order import Names, grade_id, names_in, running_order

NEEDS = {"test-f": ("f",), "test-g": ("g", "state")}
RELEASE = ["setup", "answer-f", "test-f", "text-g", "answer-g", "test-g", "play"]
ANSWERS = {"test-f": "answer-f", "test-g": "answer-g"}


@pytest.mark.parametrize(
    ("source", "defines", "at_once", "later"),
    [
        ("import a.b, c as d\nfrom e import h", {"a", "d", "h"}, set(), set()),
        ("x = y + len(z)", {"x"}, {"y", "z"}, set()),
        ("def f(a, b=c):\n    d = e\n    return a + d + g", {"f"}, {"c"}, {"e", "g"}),
        ("@p\nclass A(B):\n    x = y\n    def m(self): return z", {"A"}, {"p", "B", "y"}, {"z"}),
        ("[i + a for i in b]\nk = lambda j: j + c", {"k"}, {"a", "b"}, {"c"}),
        ("for i in range(3):\n    t = i", {"i", "t"}, set(), set()),
        ("%matplotlib inline\n!pip install x\nf?\ny = !ls\nv = w", {"y", "v"}, {"w"}, set()),
        ("%%time\nx = y", {"x"}, {"y"}, set()),
        ("%%bash\nls -l", set(), set(), set()),
        ("print('a=%d' % a)\nb = (c\n     % d)", {"b"}, {"a", "c", "d"}, set()),
        ("def broken(:", set(), set(), set()),
        ("x = '\\d'\0", set(), set(), set()),
    ],
)
def test_names(source, defines, at_once, later):
    assert names_in(source) == Names(
        frozenset(defines), frozenset(at_once), frozenset(at_once | later)
    )


@pytest.mark.parametrize(
    "source", ["(" * 5000, "x = " + "-" * 49_000 + "1", "\n" * 49_000 + "?", "a = " * 12_000 + "1",
               "x" + ", x" * 16_000 + " = 1", "f" + "()" * 24_000, "!" * 49_000]
)  # fmt: skip
def test_odd_code_takes_no_time(source):
    began = time.perf_counter()
    names_in(source)
    assert time.perf_counter() - began < 2


def cells(*written):
    """Cells from ``name: source`` for those of the release, or the source alone."""
    made = []
    for text in written:
        name, colon, source = text.partition(": ")
        if not colon or " " in name:
            made.append(new_code_cell(text))
            continue
        kind = new_markdown_cell if name.startswith("text") else new_code_cell
        made.append(kind(source))
        made[-1].metadata.nbgrader = nbformat.from_dict(
            {"grade_id": name, "solution": name.startswith("answer")}
        )
    return made


def order(*written):
    ordered, moved = running_order(cells(*written), RELEASE, NEEDS, ANSWERS)
    assert sorted(c.source for c in ordered) == sorted(c.source for c in cells(*written))
    return [grade_id(c) or c.source for c in ordered], [grade_id(c) or c.source for c in moved]


SETUP, F, TF = "setup: import np", "answer-f: def f(): return np", "test-f: check(f)"
G, TG = "answer-g: def g(): return f()", "test-g: check(g)"


def test_what_can_run_is_left_alone():
    whole = ["setup", "state = 1", "answer-f", "test-f", "text-g", "answer-g", "test-g"]
    assert order(SETUP, "state = 1", F, TF, "text-g: Now g", G, TG) == (whole, [])


@pytest.mark.parametrize(
    "useless", ["print(later)", "def h(): return later", "f = 3", "later = f()", "def broken(:"]
)
def test_cells_that_no_test_needs_stay_where_they_are(useless):
    written = (SETUP, "state = 1", useless, F, TF, G, TG, "later = 2")
    assert order(*written)[1] == []


def test_test_cells_come_after_their_answers_and_what_stands_below_them():
    got, moved = order(TF, TG, SETUP, F, "state = 0", "text-g: Now g", G, "state = 1")
    assert got == ["setup", "answer-f", "state = 0", "test-f", "text-g", "answer-g", "state = 1", "test-g"]  # fmt: skip
    assert moved == ["test-f", "test-g"]


def test_given_code_comes_first_even_if_functions_alone_use_it():
    got, _ = order(TG, G, "state = 1", TF, F, SETUP)
    assert got.index("setup") < got.index("answer-f") < got.index("test-f")
    assert got.index("answer-g") < got.index("state = 1") < got.index("test-g")


def test_what_is_given_later_on_is_not_what_an_answer_means():
    play = "play: x = f()"
    assert order(SETUP, "answer-f: def f(): return x", TF, "state = 1", G, TG, play)[1] == []


def test_what_a_cell_needs_at_once_comes_before_it():
    got, moved = order("answer-g: class g(Base): pass", TG, "class Base(Root): state = 1",
                       "class Root: pass", "state = 2")  # fmt: skip
    assert got == ["class Root: pass", "class Base(Root): state = 1", "answer-g", "state = 2", "test-g"]  # fmt: skip
    assert set(moved) == {"class Root: pass", "class Base(Root): state = 1", "test-g"}


def test_names_of_the_language_are_nobody_elses():
    got, moved = order("answer-f: f = len([])", TF, "def len(x): return 7")
    assert got == ["answer-f", "test-f", "def len(x): return 7"] and moved == []


def test_cells_that_need_each_other_end_somewhere():
    got, _ = order("answer-f: f = g", TF, "answer-g: g = f; state = g", TG)
    assert len(got) == 4


@pytest.mark.parametrize("rest", [" ", "\t", "a ", "?", "= ", "a,"])
def test_a_long_line_is_looked_at_once(rest):
    began = time.perf_counter()
    names_in("(\n" + rest * (49_000 // len(rest)))
    assert time.perf_counter() - began < 2  # blanks took fourteen seconds


def test_a_thousand_cells_that_need_one_another():
    chain = [f"c{i} = c{i - 1}" for i in range(1000, 0, -1)]
    began = time.perf_counter()
    order("answer-f: f = c1000", TF, *chain, "c0 = 1")
    assert time.perf_counter() - began < 5
