"""Given cells that only show something are left out, unless something needs them."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.grading.course import Course
from autograder.grading.intake.demonstrations import NOT_RUN, TAG, to_leave_out
from autograder.grading.releasing.handout import handout
from autograder.grading.running.execution import NotebookRun, RunSubmission
from autograder.grading.running.session import Session
from tests.answers import ROOT

COURSE = Course(ROOT)
MARKED = {
    (name, cell.id): cell
    for name in COURSE.names([])
    for cell in nbformat.read(COURSE.released(name), as_version=4).cells
    if TAG in cell.metadata.get("tags", [])
}


def given(name: str, source: str, *tags: str):
    own = {"grade_id": name, "solution": False, "grade": False, "locked": True}
    return new_code_cell(source, metadata={"nbgrader": own, "tags": list(tags)})


RELEASE = [
    given("setup", "import numpy as np"),
    given("data", "x = np.ones(3)", TAG),
    given("curves", "y = f(x)", TAG),
]


@pytest.mark.parametrize(
    ("own", "left_out"),
    [
        ("def f(x):\n    return 2 * x", {"data", "curves"}),
        ("print(x)", {"curves"}),
        ("def g():\n    return y.sum()", set()),
        ("x = 3\nprint(x)", {"data", "curves"}),
    ],
)
def test_what_is_needed_runs(own, left_out):
    assert to_leave_out([*RELEASE, new_code_cell(own)], RELEASE) == left_out


def test_a_submission_can_leave_nothing_out():
    unmarked = [given("setup", "import numpy as np"), given("data", "x = np.ones(3)")]
    tagged = [given("setup", "import numpy as np", TAG), given("data", "x = np.ones(3)", TAG)]
    assert (
        to_leave_out([*tagged, new_code_cell("z = 1", metadata={"tags": [TAG]})], unmarked) == set()
    )


def test_most_assignments_end_with_a_demonstration():
    assert {name for name, _ in MARKED} >= {"ensembles", "hyperparameters", "regularization"}


def test_a_demonstration_is_not_run_and_says_so():
    release = nbformat.read(COURSE.released("hyperparameters"), as_version=4)
    first, last = (
        release.cells[1:3],
        [c for c in release.cells if TAG in c.metadata.get("tags", [])],
    )
    setup = [cell for cell in release.cells if cell.id == "setup"]
    notebook = new_notebook(cells=[*first, *setup, *last, new_code_cell("print('the end')")])
    with Session(handout(COURSE, "hyperparameters")) as session:
        record = NotebookRun(RunSubmission(), COURSE, notebook, session, "seed", "cpu").run()
    *_, demonstration, end = record.notebook.cells
    assert [output.text for output in demonstration.outputs] == [NOT_RUN]
    assert end.outputs[0].text == "the end\n"
