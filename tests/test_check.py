"""``check`` in the student's hands: what it says, to whatever it is given."""

import shutil
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import autograder
from autograder import patience, prints
from autograder.check import NothingToCheck, check
from tests.answers import exercise, oracle

RIGHT = """\
def top_k_accuracy(scores, y, k):
    return (np.argsort(-scores, axis=1)[:, :k] == y[:, None]).any(axis=1).mean()
"""


@pytest.fixture
def folder(metrics, monkeypatch) -> Path:
    """What students of the example have, with the current folder there."""
    place = metrics.release_folder / "metrics"
    monkeypatch.chdir(place)
    return place


def run(folder: Path, *sources: str) -> list[list]:
    """The outputs of cells that a real kernel runs in a folder, whatever they raise."""
    notebook = new_notebook()
    cells = ["import numpy as np\nfrom autograder import check", *sources]
    notebook.cells = [new_code_cell(source) for source in cells]
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, resources=resources, allow_errors=True).execute()
    return [cell.outputs for cell in notebook.cells[1:]]


def shown(outputs: list) -> str:
    """What a reader sees of the outputs: text, and the traceback of an error."""
    texts = [o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs]
    texts += ["\n".join(o.traceback) for o in outputs if o.output_type == "error"]
    return "\n".join(texts).strip()


def test_in_a_notebook_every_answer_is_a_sentence_and_none_a_traceback(folder):
    outputs = run(
        folder,
        "check(top_k_accuracy)",
        "check(3)",
        "check('top_k_accuracy')",
        "check(np.mean)",
        "def top_k_acuracy(scores, y, k): return 1\ncheck(top_k_acuracy)",
        RIGHT + "\ncheck(top_k_accuracy)",
        "print(undefined)",
    )
    assert shown(outputs[0]) == (
        "top_k_accuracy is not defined yet: first run the cell that defines it."
    )
    assert shown(outputs[1]) == "check takes a function or a class, as in check(adam), not 3"
    assert "takes a function or a class" in shown(outputs[2])
    assert shown(outputs[3]) == (
        "no exercise of metrics asks for mean: use the name that its text gives."
    )
    assert shown(outputs[4]).endswith("did you mean top_k_accuracy?")
    assert "all right on the public cases, 3 of 3 points" in shown(outputs[5])
    assert "Traceback" in shown(outputs[6])  # other errors are shown as ever
    assert all(o[0].ename == "NameError" for o in (outputs[0], outputs[6]))


def test_a_name_that_is_missing_inside_of_the_answer_keeps_its_line(folder):
    answer = RIGHT.replace("np.argsort", "argsort")
    (outputs,) = run(folder, answer + "\ncheck(top_k_accuracy)")
    assert "NameError: name 'argsort' is not defined (line 2 of your cell)" in shown(outputs)


def test_outside_of_an_assignments_folder_it_says_where_to_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def adam(w, dw, config=None):
        return w, config

    with pytest.raises(
        NothingToCheck, match="start the notebook in the folder that was handed out"
    ):
        check(adam)


def test_the_folder_may_have_any_name(metrics, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "metrics (1).final"
    shutil.copytree(metrics.release_folder / "metrics", folder)
    monkeypatch.chdir(folder)

    def top_k_accuracy(scores, y, k):
        return 0.0

    with pytest.raises(autograder.NotYet, match="top_k_accuracy is not all right yet"):
        check(top_k_accuracy)
    assert "top_k_accuracy: not right yet" in capsys.readouterr().out


def test_what_an_answer_prints_is_shown_once_not_for_every_call(capsys):
    def talking(w, dw, config=None):
        print(f"w = {w}")
        print("dw =", dw, end="\n", flush=True)
        return oracle("adam")(w, dw, config)

    name = exercise("adam")
    patience.run(name, talking, name.draw("public"), "cpu")
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines[0] == "w = [1. 2.]" and lines[1] == "dw = [ 0.5 -1. ]"
    assert len(lines) == prints.MOST_LINES
    more = sum(len(run["grads"]) for c in name.draw("public") for run in c.inputs["runs"])
    assert int(last.split()[0].strip("[")) >= 2 * more - prints.MOST_LINES


def test_a_few_lines_are_shown_as_they_are(capsys):
    with prints.first_lines():
        print("one\ntwo", end="")
        print(" and a half")
    assert capsys.readouterr().out == "one\ntwo and a half\n"
