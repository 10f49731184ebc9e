"""A solved notebook, run from top to bottom by a real kernel as a student would run it."""

import time

import pytest
from nbclient import NotebookClient

from autograder.grading.releasing.notebooks import read_source
from tests.answers import ASSIGNMENTS, COURSE

NOTEBOOK_SECONDS, CHECKS_SECONDS = 120, 30


FIRST, *OTHERS = ASSIGNMENTS


@pytest.mark.parametrize(
    "name", [FIRST, *(pytest.param(name, marks=pytest.mark.nightly) for name in OTHERS)]
)
def test_a_solved_notebook_runs_through_in_time(name):
    notebook = read_source(COURSE.source(name))
    folder = COURSE.assignment(name).folder
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}})
    spent = {}
    with client.setup_kernel():
        for i, cell in enumerate(notebook.cells):
            began = time.perf_counter()
            client.execute_cell(cell, i)  # raises if the cell does
            spent[cell.id] = time.perf_counter() - began
    checks = {e: spent[e] for e in ASSIGNMENTS[name]}
    assert sum(spent.values()) < NOTEBOOK_SECONDS, spent
    assert sum(checks.values()) < CHECKS_SECONDS, checks
    shown = "".join(str(c.get("outputs", "")) for c in notebook.cells)
    assert "still to be written" not in shown
    assert all(f"{e}: all right" in shown for e in checks)
