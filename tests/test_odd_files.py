"""Odd files around right answers, graded as one class: no right answer is lost, and it is said why.

The course is the instructors' example with a second exercise and two questions for a person.
"""

import base64
import copy
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbgrader.api import Gradebook

from autograder.grading.course import Course
from autograder.grading.releasing import bundle
from autograder.grading.storage import results, seeds
from autograder.grading.storage.jobs import Job, find_jobs, gradebook_name
from autograder.grading.storage.results import Result, read
from autograder.grading.storage.staging import NotHandedIn, stage
from autograder.grading.whole_class import grade_command
from tests.course import EXAMPLE, autograder, example_course, run
from tests.hostile import PIXEL, pixels

NAME, FILE = "metrics", "metrics.ipynb"
NOTED = {"timestamp.txt": "2026-01-01 10:00:00.123456 UTC", "submission_secret.txt": "12ab" * 32}
FIRST, SECOND = "top_k_accuracy", "first_k_share"
WORDS = "Because the best class is often among the next few."
ANSWER = """\
def {name}(scores, y, k):
    order = np.argsort(scores, axis=1)
    return {helper}(order[:, -k:], y)
"""
HELPER = "def {name}(best, y):\n    return np.mean((best.T == y).any(axis=0))\n"
MORE = """
+++ {{"nbgrader": {{"grade": false, "grade_id": "again-text", "locked": true, "schema_version": 3, "solution": false, "task": false}}}}

## The same once more (3 points)

```{{code-cell}} ipython3
---
nbgrader: {{grade: false, grade_id: again-answer, locked: false, schema_version: 3, solution: true, task: false}}
---
def {second}(scores, y, k):
    ### BEGIN SOLUTION
    return top_k_accuracy(scores, y, k)
    ### END SOLUTION
```

```{{code-cell}} ipython3
---
nbgrader: {{grade: true, grade_id: {second}, locked: true, points: 3, schema_version: 3, solution: false, task: false}}
---
check({second})
```

+++ {{"nbgrader": {{"grade": false, "grade_id": "why-text", "locked": true, "schema_version": 3, "solution": false, "task": false}}}}

## Why more than one class? (4 points, graded by hand)

+++ {{"nbgrader": {{"grade": true, "grade_id": "why", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}}}}

### BEGIN SOLUTION
Labels are ambiguous.
### END SOLUTION

+++ {{"nbgrader": {{"grade": false, "grade_id": "bonus-text", "locked": true, "schema_version": 3, "solution": false, "task": false}}}}

## Bonus

+++ {{"nbgrader": {{"grade": true, "grade_id": "bonus", "locked": false, "points": 0, "schema_version": 3, "solution": true, "task": false}}}}

### BEGIN SOLUTION
Anything.
### END SOLUTION
"""

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Odd:
    """One odd submission, and what must come of it.

    ``write`` gets the solved notebook as JSON and the student's folder for the assignment; if it
    returns a notebook or bytes, that becomes the file. ``says`` stands in the notes of the results
    and in the feedback, ``reason`` in the messages.
    """

    write: Callable[[Notebook, Path], Any]
    score: float = 6
    says: str = ""
    reason: str = ""
    student: str = ""
    waits: bool = True  # for a person, as the written answer was given
    feedback: bool = True


ODDITIES: dict[str, Odd] = {}


def odd(score: float = 6, **expected: Any) -> Callable:
    """Make an odd submission known by the name of the function that writes it."""

    def known(write: Callable[[Notebook, Path], Any]) -> Callable:
        ODDITIES[write.__name__.replace("_", "-")] = Odd(write, score, **expected)
        return write

    return known


def text_of(notebook: Notebook) -> str:
    return json.dumps(notebook, indent=1)


def cell_of(notebook: Notebook, name: str) -> dict:
    return next(
        c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    )


def code(source: str) -> dict:
    return {"cell_type": "code", "id": f"c{abs(hash(source))}", "metadata": {}, "outputs": [],
            "execution_count": None, "source": source}  # fmt: skip


def words(source: str) -> dict:
    return {"cell_type": "markdown", "id": "words", "metadata": {}, "source": source}


def is_test(cell: dict) -> bool:
    return cell["source"].startswith("check(")


def plot(megabytes: float) -> dict:
    picture = base64.b64encode(os.urandom(2**18)).decode() * int(megabytes * 3)
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}}


# ---- how the file is written


@odd()
def nothing_odd(nb, place):
    return nb


@odd()
def byte_order_mark(nb, place):
    return b"\xef\xbb\xbf" + text_of(nb).encode()


@odd()
def utf_16_little(nb, place):
    return b"\xff\xfe" + text_of(nb).encode("utf-16-le")


@odd()
def utf_16_big(nb, place):
    return b"\xfe\xff" + text_of(nb).encode("utf-16-be")


@odd(says="Characters that are not in the encoding of the file were replaced.")
def latin_1(nb, place):
    cell_of(nb, "top-k-answer")["source"] += "# nicht schön\n"
    return json.dumps(nb, ensure_ascii=False).encode("latin-1")


@odd()
def something_after_the_end(nb, place):
    return text_of(nb).encode() + b"\n\x00\x00}"


@odd()
def format_5(nb, place):
    return {**nb, "nbformat": 5, "nbformat_minor": 0, "new": {"keys": 1}}


@odd(says="Cells had lost their grading data: ")
def format_3(nb, place):
    old = []
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            old.append({"cell_type": "code", "language": "python", "collapsed": False, "outputs": [],
                        "prompt_number": 1, "metadata": {}, "input": cell["source"]})  # fmt: skip
        elif cell["source"].startswith("## "):
            old.append({"cell_type": "heading", "level": 2, "metadata": {},
                        "source": cell["source"][3:]})  # fmt: skip
        else:
            old.append({"cell_type": "markdown", "metadata": {}, "source": cell["source"]})
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": old}],
    }


@odd()
def format_3_with_grading_data(nb, place):
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source").splitlines(keepends=True)
        del cell["id"]
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [{"cells": nb["cells"]}],
    }


@odd()
def no_minor_version(nb, place):
    del nb["nbformat_minor"], nb["metadata"]
    return nb


@odd()
def half_a_surrogate_pair(nb, place):
    cell_of(nb, "top-k-answer")["source"] += "# \ud83d\n"
    cell_of(nb, "why")["source"] += " \udc00"
    cell_of(nb, "setup")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "\ud83d"}
    ]
    return text_of(nb).encode()


MAY_STAND = """space = '\u00a0', "a\\"\u200b'"  # \ufeff, it's\u00a0\n"""
SEEN_BY_NOBODY = "Characters that nobody sees, as pasted code has them, were taken out of code."


@odd(says=SEEN_BY_NOBODY)
def pasted_code(nb, place):
    first, second = cell_of(nb, "top-k-answer"), cell_of(nb, "again-answer")
    first["source"] = "\ufeff" + first["source"].replace("    ", "\u00a0 \u00a0 ")
    second["source"] = second["source"].replace("np.", "n\u200bp.").replace(" = ", "\u2009=\u3000")
    second["source"] = second["source"].replace("\n", "\u2028")
    return nb


@odd()
def what_nobody_sees_where_it_may_stand(nb, place):
    for name in ("top-k-answer", "again-answer"):
        cell_of(nb, name)["source"] += MAY_STAND
    nb["cells"].insert(2, code("%%html\n<b>a\u00a0b</b>"))
    cell_of(nb, "why")["source"] += "\u00a0"
    return nb


# ---- what stands in it


@odd(says="A cell without a type that is known was read as code.")
def cells_without_type(nb, place):
    nb["cells"].insert(1, code("squares = [i * i for i in range(3)]"))
    for cell in nb["cells"]:
        del cell["cell_type"]
    cell_of(nb, "again-answer")["cell_type"] = "mystery"
    return nb


@odd(says="What stood in the place of a cell and was none was left out (2).")
def cells_without_source(nb, place):
    extra = [code(""), code(""), words("")]
    extra[0]["source"], extra[1]["source"] = None, {"a": 1}
    del extra[2]["source"]
    nb["cells"][2:2] = [*extra, None, "x = 1"]
    return nb


@odd()
def sources_as_lines(nb, place):
    for i, cell in enumerate(nb["cells"]):
        cell["source"] = cell["source"].splitlines(keepends=i % 2 == 0)
    return nb


@odd()
def strange_outputs(nb, place):
    held = [[{"output_type": "hologram"}], 7, {"a": 1}, ["text"], None,
            [{"output_type": "stream", "name": 3, "text": {}}]]  # fmt: skip
    for i, cell in enumerate(c for c in nb["cells"] if c["cell_type"] == "code"):
        cell["outputs"] = held[i % len(held)]
        cell["execution_count"] = "often"
    return nb


@odd()
def strange_metadata(nb, place):
    nb["metadata"] = {"kernelspec": 7, "language_info": [1], "language": None, "title": {"a": []}}
    nb["cells"].insert(3, {**code("lists = 1"), "metadata": ["a"]})
    nb["cells"].insert(3, {**code("none = 1"), "metadata": None, "id": 5})
    cell_of({"cells": [c for c in nb["cells"] if isinstance(c["metadata"], dict)]}, "again-text")[
        "metadata"
    ]["tags"] = 3
    return nb


@odd()
def metadata_that_is_a_list(nb, place):
    return {**nb, "metadata": [1, 2]}


@odd(says="Cells had lost their grading data: ")
def cell_metadata_that_is_text(nb, place):
    for cell in nb["cells"]:
        cell["metadata"] = "none"
    return nb


@odd()
def widgets_of_colab(nb, place):
    nb["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"a": {}}}
    nb["metadata"]["colab"] = {"provenance": []}
    return nb


@odd()
def plots_of_25_megabytes(nb, place):
    cell_of(nb, "again-answer")["outputs"] = [plot(0.5) for _ in range(50)]
    return nb


@odd()
def plots_of_60_megabytes(nb, place):
    for name in ("setup", "top-k-answer", "again-answer"):
        cell_of(nb, name)["outputs"] = [plot(20)]
    return nb


@odd()
def a_pasted_picture(nb, place):
    cell = cell_of(nb, "why")
    cell["source"] += "\n\n![one](attachment:a%20b.png) ![two](attachment:ü.png)"
    cell["attachments"] = {"a b.png": {"image/png": PIXEL}, "ü.png": {"image/png": [PIXEL]}}
    return nb


@odd(says="Cells had lost their grading data: the written answer `why`.")
def a_pasted_picture_in_a_stripped_answer(nb, place):
    cell = cell_of(nb, "why")
    cell["source"] += "\n\n![one](attachment:one.png)"
    cell["attachments"] = {"one.png": {"image/png": PIXEL}}
    cell["metadata"] = {}
    return nb


@odd(says="Pictures are not in the notebook: `gone.png`.")
def a_picture_that_is_gone(nb, place):
    cell_of(nb, "why")["source"] += "\n\n![one](attachment:gone.png)"
    return nb


# ---- cells that moved


@odd(says="Cells stood in an order in which they can't run, and were moved: ")
def cells_reversed(nb, place):
    nb["cells"].reverse()
    return nb


@odd(says="the test cell of `top_k_accuracy`, the test cell of `first_k_share`")
def checks_first(nb, place):
    nb["cells"].sort(key=lambda c: not is_test(c))
    return nb


@odd(says="Cells stood in an order in which they can't run, and were moved: ")
def checks_first_and_helpers_of_one_name(nb, place):
    """Each answer has a helper below it, and both helpers have the same name."""
    for name, entry, sign in (("top-k-answer", FIRST, ""), ("again-answer", SECOND, "-")):
        cell = cell_of(nb, name)
        cell["source"] = f"def {entry}(scores, y, k):\n    return {sign}shared(scores, y, k)\n"
        body = f"def shared(scores, y, k):\n    return {sign}np.mean((np.argsort(scores, axis=1)[:, -k:].T == y).any(axis=0))\n"
        nb["cells"].insert(nb["cells"].index(cell) + 1, code(body))
    nb["cells"].sort(key=lambda c: not is_test(c))
    return nb


@odd(says="Cells stood in an order in which they can't run, and were moved: ")
def a_class_below_the_one_that_inherits_from_it(nb, place):
    first, second = cell_of(nb, "top-k-answer"), cell_of(nb, "again-answer")
    second["source"] = "class Other(Base):\n    pass\n\n\nfirst_k_share = Other()\n"
    first["source"] = (
        "class Base:\n    def __call__(self, scores, y, k):\n"
        "        return np.mean((np.argsort(scores, axis=1)[:, -k:].T == y).any(axis=0))\n\n\n"
        "top_k_accuracy = Base()\n"
    )
    nb["cells"].reverse()
    return nb


@odd(says="and were moved: the test cell of `top_k_accuracy`.")
def a_helper_below_the_test(nb, place):
    """On the student's machine it ran: the kernel knew the helper from before."""
    cell = cell_of(nb, "top-k-answer")
    cell["source"] = ANSWER.format(name=FIRST, helper="hits")
    nb["cells"].append(code(HELPER.format(name="hits")))
    return nb


@odd(says="Cells were marked as other cells: ")
def answers_exchanged(nb, place):
    return exchanged(nb, "top-k-answer", "again-answer")


@odd(says="Cells were marked as other cells: ")
def checks_exchanged(nb, place):
    return exchanged(nb, FIRST, SECOND)


@odd(says="Cells were marked as other cells: ")
def answer_and_test_exchanged(nb, place):
    return exchanged(exchanged(nb, "top-k-answer", FIRST), "why", "why-text")


@odd(says="Cells were marked as other cells: ")
def all_grade_ids_shifted(nb, place):
    ids = [c["metadata"] for c in nb["cells"]]
    for cell, metadata in zip(nb["cells"], [*ids[1:], ids[0]], strict=True):
        cell["metadata"] = metadata
    return nb


def exchanged(nb: Notebook, one: str, other: str) -> Notebook:
    first, second = cell_of(nb, one), cell_of(nb, other)
    first["metadata"], second["metadata"] = second["metadata"], first["metadata"]
    return nb


@odd(says="Missing cells were put back: the given cell `setup`.")
def the_given_imports_deleted(nb, place):
    nb["cells"].remove(cell_of(nb, "setup"))
    return nb


@odd(says="Cells that are not yours to change have their text again: the given cell `setup`.")
def an_import_in_the_given_cell(nb, place):
    cell_of(nb, "setup")["source"] = "import numpy as np\nimport math\n"
    cell_of(nb, "top-k-answer")["source"] = (
        "def top_k_accuracy(scores, y, k):\n"
        "    best = np.argsort(scores, axis=1)[:, -k:]\n"
        "    return math.fsum((best.T == y).any(axis=0)) / len(y)\n"
    )
    return nb


# ---- answers in words


@odd(says="The text that stood beside its cell was taken as the answer: the written answer `why`.")
def words_in_another_cell(nb, place):
    cell = cell_of(nb, "why")
    nb["cells"][nb["cells"].index(cell)] = words(cell["source"])
    return nb


@odd(says="The text that stood beside its cell was taken as the answer: the written answer `why`.")
def words_below_an_untouched_cell(nb, place):
    cell = cell_of(nb, "why")
    cell["source"] = "YOUR ANSWER HERE"
    nb["cells"].insert(nb["cells"].index(cell) + 1, words(WORDS))
    return nb


@odd(says="The text that stood beside its cell was taken as the answer: the written answer `why`.")
def words_in_the_question(nb, place):
    cell_of(nb, "why")["source"] = "YOUR ANSWER HERE"
    cell_of(nb, "why-text")["source"] += "\n\n" + WORDS
    return nb


@odd(says="A person looks whether the answer stands elsewhere: the written answer `why`")
def words_far_away(nb, place):
    nb["cells"].remove(cell_of(nb, "why"))
    nb["cells"].insert(1, words(WORDS))
    return nb


@odd(waits=False)
def code_below_an_untouched_answer_in_words(nb, place):
    cell_of(nb, "why")["source"] = "YOUR ANSWER HERE"
    nb["cells"].append(code("scratch = 1"))
    return nb


@odd(waits=False)
def no_words_at_all(nb, place):
    cell_of(nb, "why")["source"] = "YOUR ANSWER HERE"
    return nb


# ---- beside the notebook, and the name


@odd(says="timestamp.txt holds no time.")
def no_time(nb, place):
    (place / "timestamp.txt").write_text("yesterday, more or less")
    return nb


@odd(says="timestamp.txt holds no time.")
def a_time_that_is_no_text(nb, place):
    (place / "timestamp.txt").write_bytes(b"\xff\xfe\x00\x9f")
    return nb


@odd(says="timestamp.txt is a folder.")
def a_time_that_is_a_folder(nb, place):
    (place / "timestamp.txt").mkdir()
    (place / "timestamp.txt" / "a").write_text("")
    return nb


@odd(says="submission_secret.txt holds no secret.")
def a_secret_that_is_none(nb, place):
    (place / "submission_secret.txt").write_bytes(b"\xff\xfe")
    return nb


@odd()
def from_an_exchange(nb, place):
    for note, text in NOTED.items():
        (place / note).write_text(text)
    return nb


@odd(says="loop is a link, which is not followed.")
def strange_files(nb, place):
    os.mkfifo(place / "pipe")
    (place / "dangling").symlink_to("nowhere")
    (place / "loop").symlink_to(".")
    (place / "helper.txt").write_text("x")
    return nb


@odd(says="and all after it: there are more than 2000 files")
def too_many_files(nb, place):
    (place / "z").mkdir()
    for i in range(2100):
        (place / "z" / f"{i:04}").write_text("")
    return nb


@odd(says="and all after it: there are more than 2000 files")
def too_many_files_before_the_notebook(nb, place):
    for i in range(2100):
        (place / f"frame-{i:04}.png").write_text("")
    return nb


@odd(says="data-2.bin is one file too many: more than 128 MB lie beside the notebook.")
def large_files_before_the_notebook(nb, place):
    """What finds room comes along, whatever lies beside it."""
    for i in range(3):
        with open(place / f"data-{i}.bin", "wb") as file:
            file.truncate(60 * 2**20)
    (place / "helper.py").write_text("import numpy as np\n\n\n" + HELPER.format(name="share"))
    cell_of(nb, "top-k-answer")["source"] = "from helper import share\n" + ANSWER.format(
        name=FIRST, helper="share"
    )
    return nb


@odd(student="Lee (x@y.z) [late]")
def a_name_with_brackets(nb, place):
    return nb


@odd(student="Ann\nLee")
def a_name_of_two_lines(nb, place):
    return nb


@odd()
def a_page_beside_the_notebook(nb, place):
    (place / "more").mkdir()
    for name in (f"{NAME}.html", "index.html", "more/feedback.HTML", "page.svg", "run.py"):
        (place / name).write_text("<svg><script>alert('not the grader')</script></svg>")
    (place / "more" / "picture.png").write_bytes(b"")
    return nb


@odd(student="registered")
def a_name_that_the_grader_has_used(nb, place):
    return nb


@odd(student="..x")
def a_name_that_begins_with_dots(nb, place):
    return nb


@odd(0, says="metrics (1).ipynb lies beside it and was not: ", waits=False)
def a_renamed_copy(nb, place):
    (place / "metrics (1).ipynb").write_text(text_of(nb))
    for name in ("top-k-answer", "again-answer", "why"):
        cell_of(nb, name)["source"] = HANDED_OUT[name]
    return nb


# ---- rightly nothing, with a reason


@odd(0, reason="it ends in the middle (was it saved and uploaded whole?)", waits=False)
def a_truncated_file(nb, place):
    return text_of(nb).encode()[:-2000]


@odd(0, reason="its text, without any outputs, is larger than 20 MB", waits=False)
def real_source_of_100_megabytes(nb, place):
    cell_of(nb, "top-k-answer")["source"] += "#" * (100 * 2**20)
    return nb


@odd(0, reason="metrics.ipynb is no regular file", waits=False, feedback=False)
def a_pipe_for_a_notebook(nb, place):
    os.mkfifo(place / FILE)


@odd(0, reason="metrics.ipynb is a link, which is not followed", waits=False, feedback=False)
def a_link_for_a_notebook(nb, place):
    (place / "real.ipynb").write_text(text_of(nb))
    (place / FILE).symlink_to("real.ipynb")


@odd(0, reason="there is no metrics.ipynb in the folder, only: ", waits=False, feedback=False)
def another_file(nb, place):
    (place / "a\nb.ipynb").write_text(text_of(nb))


# ---- the class


HANDED_OUT: dict[str, str] = {}
QUICK = set(
    """nothing-odd byte-order-mark utf-16-little format-5 format-3 half-a-surrogate-pair
pasted-code what-nobody-sees-where-it-may-stand
cells-without-source strange-outputs widgets-of-colab a-pasted-picture cells-reversed checks-exchanged
all-grade-ids-shifted words-far-away a-time-that-is-a-folder strange-files a-name-of-two-lines
a-truncated-file a-pipe-for-a-notebook a-link-for-a-notebook another-file
a-page-beside-the-notebook from-an-exchange a-secret-that-is-none""".split()  # noqa: SIM905 (a list of words reads worse)
)  # the rest is graded every night


def each(names: Iterable[str]) -> pytest.MarkDecorator:
    marked = [pytest.param(n, marks=() if n in QUICK else pytest.mark.nightly, id=n) for n in names]
    return pytest.mark.parametrize("name", marked)


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = example_course(tmp_path_factory.mktemp("odd"))
    for place in (
        folder / "assignments" / NAME / "exercises",
        folder / "solutions" / NAME / "answers",
    ):
        text = (place / f"{FIRST}.py").read_text()
        (place / f"{SECOND}.py").write_text(text.replace(FIRST, SECOND))
    source = folder / "solutions" / NAME / f"{NAME}.md"
    source.write_text((EXAMPLE / "notebook.md").read_text() + MORE.format(second=SECOND))
    autograder(folder, "release")
    return folder


@pytest.fixture(scope="module")
def solved(course) -> Notebook:
    notebook = json.loads(nbformat.writes(nbformat.read(course / "assignments" / NAME / FILE, 4)))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        HANDED_OUT[cell["metadata"]["nbgrader"]["grade_id"]] = cell["source"]
    share = "np.mean((order[:, -k:].T == y).any(axis=0))"
    for name, entry in (("top-k-answer", FIRST), ("again-answer", SECOND)):
        cell_of(notebook, name)["source"] = (
            f"def {entry}(scores, y, k):\n    order = np.argsort(scores, axis=1)\n    return {share}\n"
        )
    cell_of(notebook, "why")["source"] = WORDS
    return notebook


@pytest.fixture(scope="module")
def graded(request, course, solved) -> dict[str, list[Result]]:
    """The results of a class of all that this run asks for, by student, graded in one call."""
    asked = {
        item.callspec.params.get("name")
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    }
    members = {name: ODDITIES[name] for name in ODDITIES if name in asked.union(QUICK)}
    for name, made in members.items():
        place = course / "submitted" / (made.student or name) / NAME
        place.mkdir(parents=True)
        content = made.write(copy.deepcopy(solved), place)
        if isinstance(content, dict):
            content = json.dumps(content).encode()
        if content is not None:
            (place / FILE).write_bytes(content)
    done = autograder(course, "grade", "--device", "cpu", "--results", "results.jsonl")
    assert f"[{len(members)}/{len(members)}]" in done.stdout
    for name in ("plots-of-60-megabytes", "real-source-of-100-megabytes", "too-many-files"):
        shutil.rmtree(course / "submitted" / name, ignore_errors=True)
    by_student: dict[str, list[Result]] = {}
    for result in read(course / "results.jsonl"):
        by_student.setdefault(result.student, []).append(result)
    return by_student


def student_of(name: str) -> str:
    return (ODDITIES[name].student or name).replace("\n", " ")


@pytest.fixture(scope="module")
def gradebook(course, graded) -> dict[str, tuple[float, bool]]:
    """The score of each student, and whether a person has something to grade."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            s.student.id: (s.score, s.needs_manual_grade) for s in book.assignment_submissions(NAME)
        }


@each(ODDITIES)
def test_the_score_and_what_is_said(name, course, graded, gradebook):
    expected, got = ODDITIES[name], graded[student_of(name)]
    assert [r.exercise for r in got] == [FIRST, SECOND]
    assert sum(r.score for r in got) == expected.score, [r.message for r in got]
    assert gradebook[student_of(name)] == (expected.score, expected.waits)
    notes = " ".join(got[0].notes)
    assert expected.says in notes if expected.says else notes == "", notes
    assert all(expected.reason in r.message for r in got)
    page = course / "feedback" / student_of(name) / NAME / f"{NAME}.html"
    assert page.is_file() == expected.feedback
    if expected.says:
        shown = "".join(c for c in expected.says if c not in "`'")  # as nbconvert writes them
        plain = page.read_text().replace("<code>", "").replace("</code>", "")
        assert shown in plain.replace("'", "").replace("&#39;", "").replace("&#x27;", "")


def test_the_feedback_holds_the_page_and_pictures_alone(course, graded):
    folder = course / "feedback" / student_of("a-page-beside-the-notebook") / NAME
    held = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert held == {f"{NAME}.html", "more/picture.png"}
    assert "not the grader" not in (folder / f"{NAME}.html").read_text()


def test_what_an_exchange_notes_is_there_for_nbgrader_to_release_the_feedback(course, graded):
    folder = course / "feedback" / student_of("from-an-exchange") / NAME
    held = {p.name: p.read_text() for p in folder.iterdir() if p.suffix == ".txt"}
    assert held == NOTED


@each(["a-pasted-picture", "a-pasted-picture-in-a-stripped-answer", "a-picture-that-is-gone"])
def test_pasted_pictures_are_shown(name, course, graded):
    pages = [(course / "feedback" / name / NAME / f"{NAME}.html").read_text()]
    pages.append(HTMLExporter().from_filename(str(course / "autograded" / name / NAME / FILE))[0])
    for page in pages:  # the second is what the formgrader shows
        shown = re.findall(r'src="data:image/png;base64,([^"]*)"', page)
        assert all(pixels(picture) == pixels(PIXEL) for picture in shown)
        assert len(shown) == {"a-pasted-picture": 2, "a-picture-that-is-gone": 0}.get(name, 1)


@each(n for n in ODDITIES if ODDITIES[n].feedback)
def test_the_graded_notebook_is_a_valid_one(name, course, graded):
    path = course / "autograded" / student_of(name) / NAME / FILE
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {
        "kernelspec",
        "language_info",
        "autograder_notes",
        "autograder_problem",
    }
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]
    assert {FIRST, SECOND, "why", "bonus"} <= set(names) and path.stat().st_size < 2**20


@each(n for n in ODDITIES if n.startswith(("words-", "utf", "all-")))
def test_the_written_answer_is_where_the_person_looks(name, course, graded):
    notebook = nbformat.read(course / "autograded" / name / NAME / FILE, as_version=4)
    answer = next(c for c in notebook.cells if c.get("metadata", {}).get("nbgrader", {}).get("grade_id") == "why")  # fmt: skip
    assert (answer.source == WORDS) == (name != "words-far-away")


# ---- grading again


def test_a_regrade_replaces_everything(course, graded, solved):
    first, second, third = "nothing-odd", "byte-order-mark", "format-5"
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        given = book.find_grade("why", NAME, NAME, second)
        given.manual_score, given.needs_manual_grade = 3, False
        book.find_grade("bonus", NAME, NAME, second).extra_credit = 2
        book.db.commit()
        assert book.find_submission(NAME, second).score == 11
    untouched = copy.deepcopy(solved)
    for cell in untouched["cells"]:
        cell["source"] = HANDED_OUT[cell["metadata"]["nbgrader"]["grade_id"]]
    (course / "submitted" / first / NAME / FILE).write_text(json.dumps(untouched))
    renamed = course / "submitted" / second / NAME / FILE
    renamed.rename(renamed.with_name("mine.ipynb"))
    half = copy.deepcopy(solved)
    cell_of(half, "again-answer")["source"] = ""
    half["cells"].reverse()
    (course / "submitted" / third / NAME / FILE).write_text(json.dumps(half))
    students = [word for name in (first, second, third) for word in ("--student", name)]
    autograder(course, "grade", "--device", "cpu", *students, "--results", "again.jsonl")
    scores: dict[str, float] = {}
    for result in read(course / "again.jsonl"):
        scores[result.student] = scores.get(result.student, 0) + result.score
        if result.student == second:
            assert "only: mine.ipynb" in result.message
            assert "why: 3 points given by hand were taken back" in result.notes
    assert scores == {first: 0, second: 0, third: 3}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for name, score in scores.items():
            assert book.find_submission(NAME, name).score == score
    assert not (course / "feedback" / second / NAME).exists()


# ---- files of the instructor's


def test_numbers_that_json_does_not_have_are_null(tmp_path):
    odd_one = Result("ann", NAME, FIRST, float("nan"), 3, "error", None, "\ud83d \u2028 \x85", "cpu",
                     float("inf"), ("one", "two"))  # fmt: skip
    results.write(tmp_path / "r.jsonl", [odd_one, odd_one])
    lines = (tmp_path / "r.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    held = json.loads(lines[1], parse_constant=pytest.fail)
    assert held["score"] is None and held["seconds"] is None
    first, second = read(tmp_path / "r.jsonl")
    assert first == second and first.notes == odd_one.notes


@pytest.mark.parametrize("place", ["there/is/a/file", "there"])
def test_results_that_could_not_be_written_stop_the_command_at_once(course, graded, place):
    (course / "there").mkdir(exist_ok=True)
    (course / "there" / "is").touch()
    done = autograder(course, "grade", "--results", place, check=False)
    assert done.returncode == 2 and f"can't write results to {place}" in done.stderr
    assert "[1/" not in done.stdout


def test_old_results_stay_until_new_ones_are_there(tmp_path):
    path = tmp_path / "r.jsonl"
    results.require_writable(path)
    assert not path.exists()
    path.write_text("old")
    results.require_writable(path)
    assert path.read_text() == "old"


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_a_seed_that_anybody_could_guess_is_refused(course, graded, content):
    path = course / seeds.FILE
    before = path.read_bytes()
    path.write_bytes(content)
    done = autograder(course, "grade", check=False)
    path.write_bytes(before)
    assert done.returncode == 2 and seeds.FILE in done.stderr and "[1/" not in done.stdout


def test_a_class_that_has_lost_its_seed_is_not_tried_on_other_cases(course, graded):
    path = course / seeds.FILE
    before = path.read_bytes()
    path.unlink()
    try:
        done = autograder(course, "grade", check=False)
        assert done.returncode == 2 and f"put {seeds.FILE} back" in done.stderr
        assert not path.exists()
    finally:
        path.write_bytes(before)


def test_a_seed_is_the_same_in_the_environment_and_in_the_file(tmp_path, monkeypatch):
    (tmp_path / seeds.FILE).write_text("a seed\n")
    assert seeds.class_seed(tmp_path) == "a seed"
    monkeypatch.setenv(seeds.VARIABLE, "a seed\n")
    assert seeds.class_seed(tmp_path) == "a seed"


def test_a_blank_seed_in_the_environment_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(seeds.VARIABLE, "  ")
    with pytest.raises(seeds.SeedMissing, match="blank"):
        seeds.class_seed(tmp_path)


@pytest.mark.parametrize("said", [None, ""])
def test_who_looks_for_a_seed_makes_none(tmp_path, monkeypatch, said):
    """An empty variable is as good as none: it hides no class that has lost its seed."""
    monkeypatch.delenv(seeds.VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(seeds.VARIABLE, said)
    (tmp_path / "records" / NAME / "ann").mkdir(parents=True)
    (tmp_path / "records" / NAME / "ann" / "a-1.json.gz").touch()
    with pytest.raises(seeds.SeedMissing, match="their seed is gone"):
        grade_command._require_what_is_named(tmp_path / "submitted", None)
    assert bundle._seed(Course(tmp_path)) is None
    assert not (tmp_path / seeds.FILE).exists()


def test_two_folders_of_one_student_are_not_mixed_up(course, graded):
    (course / "two" / "Ann Lee" / NAME).mkdir(parents=True)
    (course / "two" / "Ann\nLee" / NAME).mkdir(parents=True)
    done = autograder(course, "grade", "--submissions", "two", check=False)
    assert done.returncode == 2 and "stand for the student 'Ann Lee'" in done.stderr


@pytest.mark.parametrize("name", [".. ", "\n", " .", "\x00"])
def test_no_name_leads_out_of_a_folder(name):
    assert gradebook_name(name) not in ("", ".", "..") and "/" not in gradebook_name(name)


def test_a_student_who_is_gone_has_not_handed_in_nothing(tmp_path):
    """The folder was there when jobs were found: a disk that is gone is the machine's fault."""
    job = Job(NAME, "a", tmp_path / "a" / NAME)
    with pytest.raises(FileNotFoundError):
        stage(job, tmp_path / "root")
    job.folder.parent.mkdir()
    with pytest.raises(NotHandedIn, match="no folder metrics was handed in"):
        stage(job, tmp_path / "root")


def test_a_hidden_folder_without_an_assignment_is_nobody(course, graded):
    (course / "three" / ".cache").mkdir(parents=True)
    (course / "three" / "ann" / NAME).mkdir(parents=True)
    (course / "three" / "ann" / NAME / FILE).touch()
    assert [j.student for j in find_jobs(Course(course), course / "three", [], [])] == ["ann"]


def test_what_lies_too_deep_is_left_out_and_said(tmp_path):
    folder = tmp_path / "ann" / NAME
    (folder / Path(*"d" * 30)).mkdir(parents=True)
    (folder / "d" / "near.py").write_text("x = 1")
    (folder / FILE).write_text("{}")
    left_out = stage(Job(NAME, "ann", folder), tmp_path / "root")
    assert left_out == ["d is a folder that lies too deep"]
    copied = sorted(p.name for p in (tmp_path / "root").rglob("*") if p.is_file())
    assert copied == [FILE, "near.py"]


def read_megabytes(folder: Path) -> tuple[int, float]:
    """The number of cells that are read of a folder's notebook, and by how much memory grew for it."""
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from autograder.grading.intake.reading import read_submission\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10\n"
        "before = used(); notebook = read_submission(Path(sys.argv[1]))\n"
        "print(len(notebook.cells), used() - before)"
    )
    done = run(folder, sys.executable, "-c", script, str(folder / FILE), check=True)
    count, megabytes = done.stdout.split()
    return int(count), float(megabytes)


def test_a_cell_without_a_type_is_not_parsed_whole(tmp_path):
    cells = [{"source": "x\n" * 1_000_000}]
    (tmp_path / FILE).write_text(json.dumps({"cells": cells}), encoding="utf-8")
    count, megabytes = read_megabytes(tmp_path)
    assert count == 1 and megabytes < 200  # Python's own parser takes two gigabytes


def test_reading_100_megabytes_does_not_need_gigabytes(tmp_path):
    picture = "A" * 2**20
    outputs = [{"data": {"image/png": picture}, "output_type": "display_data"}] * 10
    cells = [{"cell_type": "code", "source": f"x = {i}", "outputs": outputs} for i in range(10)]
    cells.append({"cell_type": "markdown", "source": "a wide character: \U0001f600"})
    (tmp_path / FILE).write_text(json.dumps({"cells": cells}, ensure_ascii=False), encoding="utf-8")
    count, megabytes = read_megabytes(tmp_path)
    assert count == 11 and megabytes < 800
