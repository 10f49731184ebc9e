"""A notebook's run: dead kernels are replaced, time is bounded, and no verdict is ever a pass."""

import re
import shutil
import threading

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.grading.answer import edited, source_of
from autograder.grading.judge.judging import judge
from autograder.grading.judge.verdicts import read_verdict
from autograder.grading.releasing.handout import handout
from autograder.grading.running import sandbox, session
from autograder.grading.running.execution import NotebookRun, RunSubmission
from autograder.grading.running.session import Session
from tests.answers import COURSE, answer, exercise

RIGHT = source_of(answer("exponential_decay").alternatives[0])
WRONG = "def exponential_decay(step, base_lr, rate):\n    return base_lr * np.cos(rate * step)"


def run_notebook(assignment, exercise_id, *sources, files=None, **settings):
    """Run cells and then the test cell of an exercise; returns the run, its record and that cell."""
    test = new_code_cell(f"check({exercise_id})")
    test.metadata.nbgrader = nbformat.from_dict(
        {
            "grade_id": exercise_id,
            "grade": True,
            "solution": False,
            "locked": True,
            "points": exercise(exercise_id).points,
        }
    )
    notebook = new_notebook()
    notebook.cells = [*map(new_code_cell, ("import numpy as np", *sources)), test]
    with Session(handout(COURSE, assignment), files) as kernels:
        run = NotebookRun(RunSubmission(**settings), COURSE, notebook, kernels, "seed", "cpu")
        return run, run.run(), test


def run(*sources, **settings):
    """Run cells and then the test cell of ``exponential_decay``; returns its verdict and the cells.

    ``files`` is the folder of the submission.
    """
    settings.setdefault("probe_seconds", 2.0)
    run, record, test = run_notebook("optimizers", "exponential_decay", *sources, **settings)
    judge(COURSE, "optimizers", record, run.cases)
    return read_verdict(test), run.nb.cells


def test_draws_are_the_same_in_the_next_grading_and_for_the_next_student():
    torchs = "torch.distributions.Beta(alpha, alpha).sample((len(x),))"
    numpys = "torch.as_tensor(np.random.beta(alpha, alpha, len(x)))"
    mixup = source_of(edited(answer("mixup").oracle, (torchs, numpys)))  # permutes with torch's
    outputs = []
    for _ in range(2):
        _, record, _ = run_notebook("regularization", "mixup", f"import torch\n{mixup}")
        outputs.append(re.sub(r'"seconds":[\d.e-]+', "", str(record.probed["mixup"].outputs)))
        sandbox.forget()  # the next kernel is another process's child
    assert "array" in outputs[0] and outputs[0] == outputs[1]


def test_cells_before_the_death_of_the_kernel_run_again():
    record, cells = run(RIGHT, "import os; os._exit(1)", "x = 1")
    assert (record["status"], record["score"]) == ("passed", 2.0)
    assert cells[2].outputs[0].ename == "Stopped" and not cells[3].outputs


def test_many_deaths_cost_nothing_but_their_own_cells():
    record, _ = run(RIGHT, *["import os; os._exit(1)"] * 6)
    assert (record["status"], record["score"]) == ("passed", 2.0)


def test_a_kernel_that_somebody_kills_costs_nothing(monkeypatch):
    as_it_is, killed = Session.run, []

    def run_and_kill(self, code, *arguments):
        if "sleep" in code and not killed:
            killed.append(self.kernel.process)
            threading.Timer(0.5, self.kernel.process.kill).start()
        return as_it_is(self, code, *arguments)

    monkeypatch.setattr(Session, "run", run_and_kill)
    record, cells = run(f"import time; time.sleep(1)\n{RIGHT}")
    assert (record["status"], record["score"]) == ("passed", 2.0)
    assert killed and not cells[1].outputs


def test_a_kernel_that_is_killed_as_it_starts_has_its_files_again(monkeypatch, tmp_path):
    (tmp_path / "rates.txt").write_text("0.1")
    as_it_is, killed = session._why_no_answer, []

    def kill_the_first(kernel):
        if not killed:
            killed.append(kernel.process)
            kernel.process.kill()
        return as_it_is(kernel)

    monkeypatch.setattr(session, "_why_no_answer", kill_the_first)
    record, _ = run(f"open('rates.txt').close()\n{RIGHT}", files=tmp_path)
    assert killed and (record["status"], record["score"]) == ("passed", 2.0), record


def test_a_folder_of_kernels_that_somebody_cleans_up_is_made_anew():
    """As a program does that removes old files."""
    assert run(RIGHT)[0]["status"] == "passed"
    assert sandbox.Waiting.sandbox is not None
    shutil.rmtree(sandbox.Waiting.sandbox.shared)
    assert run(RIGHT)[0]["status"] == "passed"


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_kernel_that_is_killed_before_the_notebooks_code_has_not_started(
    monkeypatch, tmp_path, deaths
):
    """Twice at this place may be the doing of files handed in: it is tried without them."""
    as_it_is, killed = Session.prepare, []

    def prepare_and_kill(self, *arguments):
        if len(killed) < deaths:
            killed.append(self.kernel.process)
            self.kernel.process.kill()
        return as_it_is(self, *arguments)

    monkeypatch.setattr(Session, "prepare", prepare_and_kill)
    record, cells = run(RIGHT, files=tmp_path)
    assert (record["status"], record["score"]) == ("passed", 2.0), record
    assert len(killed) == deaths and not cells[1].outputs


def test_a_kernel_that_never_gets_ready_is_the_graders_fault(monkeypatch, tmp_path):
    as_it_is = Session.prepare
    monkeypatch.setattr(
        Session, "prepare", lambda self, code, problem: as_it_is(self, "no_such_name", problem)
    )
    with pytest.raises(session.KernelNotStarted, match="can't be started: .*no_such_name"):
        run(RIGHT, files=tmp_path)


def test_a_cell_that_dies_when_it_is_run_again_costs_nothing_but_itself():
    once = "here = 1\nwhile True: pass"  # it was interrupted, and is not run again
    again = "import os\nif 'here' not in globals(): os._exit(1)"
    record, cells = run(once, again, RIGHT, "import os; os._exit(1)", "x = 1", cell_seconds=1.0)
    assert (record["status"], record["score"]) == ("passed", 2.0), record
    assert not cells[2].outputs and not cells[5].outputs
    record, _ = run(once, f"{again}\n{RIGHT}", "import os; os._exit(1)", cell_seconds=1.0)
    assert record["score"] == 0 and "Python process, when it was run again" in record["message"]


def test_a_kernel_that_dies_late_is_not_brought_back_twice(monkeypatch):
    as_it_is, starts = Session.start, []
    monkeypatch.setattr(Session, "start", lambda self: (starts.append(1), as_it_is(self)))
    record, _ = run(RIGHT, "import time; time.sleep(4)", "import os; os._exit(1)", total_seconds=15)
    assert (record["status"], record["score"]) == ("passed", 2.0), record
    assert len(starts) == 2


HOOK = "get_ipython().events.register({!r}, lambda *a: [None for _ in iter(int, 1)])"


@pytest.mark.parametrize("event", ["post_run_cell", "pre_run_cell", "post_execute"])
def test_a_hook_that_loops_costs_its_own_cell(event):
    record, _ = run(RIGHT, HOOK.format(event), "x = 1", cell_seconds=1.0)
    assert (record["status"], record["score"]) == ("passed", 2.0), record


def test_a_cell_that_never_ends_costs_nothing_but_itself():
    deaf = """
while True:
    try:
        while True: pass
    except BaseException: pass"""
    record, _ = run(deaf, RIGHT, cell_seconds=1.0)
    assert (record["status"], record["score"]) == ("passed", 2.0)


ODD_MESSAGES = {
    "garbage on the socket": """
import zmq
iopub = get_ipython().kernel.iopub_socket
(iopub.io_thread.socket if hasattr(iopub, "io_thread") else iopub).send_multipart([b"x", b"y"])""",
    "a bundle that nbformat does not like": """
from IPython.display import publish_display_data
publish_display_data({"text/plain": 3, "image/png": ["a"], "text/html": {"b": 1}})""",
    "a stream of another name": """
k = get_ipython().kernel
k.session.send(k.iopub_socket, "stream", {"name": "x", "text": 3}, parent=k.get_parent())""",
    "a message without its contents": """
k = get_ipython().kernel
k.session.send(k.iopub_socket, "error", {}, parent=k.get_parent())""",
    "half a surrogate pair": "print('\\ud800'); raise ValueError('\\udfff')",
    "a shape without end": "import numpy; numpy.ones(3).shape",
}


@pytest.mark.parametrize("kind", ODD_MESSAGES)
def test_odd_messages_cost_nothing(kind):
    record, _ = run(RIGHT, ODD_MESSAGES[kind])
    assert (record["status"], record["score"]) == ("passed", 2.0), record


def test_what_is_defined_below_the_line_where_a_cell_stops_is_there():
    above = "import tempfile\nopen('/content/drive/notes')\nimport math as np\n@no_such_name\ndef f(): pass\n"
    verdict, cells = run(above + RIGHT)
    assert verdict["status"] == "passed"
    assert [o.ename for o in cells[1].outputs] == ["FileNotFoundError"]


def test_what_a_cell_defined_before_it_stopped_stays():
    record, _ = run(f"{RIGHT}\n1 / 0\n{WRONG}")
    assert (record["status"], record["score"]) == ("passed", 2.0), record


def test_what_a_cell_defined_that_did_not_end_is_there_in_the_next_kernel():
    deaf = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    record, _ = run(f"{RIGHT}\n{deaf}", cell_seconds=1.0)
    assert (record["status"], record["score"]) == ("passed", 2.0), record
    record, _ = run(f"{RIGHT}\nwhile True: pass", "import os; os._exit(1)", cell_seconds=1.0)
    assert (record["status"], record["score"]) == ("passed", 2.0), record


def test_the_reason_for_what_is_missing_is_the_error_above():
    record, _ = run("import not_there\nexponential_decay = not_there.decay", "1 / 0")
    assert record["score"] == 0 and "No module named 'not_there'" in record["message"]


LEFT_ON = """
import faulthandler, gc, inspect, signal, sys, threading, tracemalloc
sys.setrecursionlimit(len(inspect.stack(0)) + 20)
tracemalloc.start(25)
gc.disable(); gc.set_debug(gc.DEBUG_SAVEALL); gc.set_threshold(1)
sys.setswitchinterval(1e-6)
threading.settrace(lambda *a: None); sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)
signal.signal(signal.SIGALRM, lambda *a: 1 / 0); signal.setitimer(signal.ITIMER_REAL, 1, 0.1)
faulthandler.dump_traceback_later(1, exit=True)
"""
IS_ON = """
print(tracemalloc.is_tracing(), not gc.isenabled(), gc.get_debug(), gc.get_threshold()[0] == 1,
      sys.getswitchinterval() < 0.001, threading.gettrace(), sys.gettrace(), sys.getprofile(),
      sys.getrecursionlimit() < 1000)
import time
time.sleep(1.5)
"""


def test_what_a_cell_leaves_on_in_the_process_is_taken_back():
    record, cells = run(LEFT_ON, IS_ON, RIGHT)
    assert (record["status"], record["score"]) == ("passed", 2.0), record
    assert not cells[1].outputs
    off = "False False 0 False False None None None False"
    assert [o.text.strip() for o in cells[2].outputs] == [off]


BUSY = """
import threading
def loop():
    while True: pass
for _ in range(3): threading.Thread(target=loop, daemon=True).start()
"""
IDLE = """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(int).result()
"""


def test_threads_that_a_cell_left_busy_end_before_an_exercise_is_tried():
    """Those that wait go on: an answer may need them."""
    right = RIGHT.replace("return ", "assert threading.active_count() - here == 1; return ")
    before = "import threading\nhere = threading.active_count()"
    record, _ = run(before, BUSY, IDLE, right)
    assert (record["status"], record["score"]) == ("passed", 2.0), record


def test_the_whole_notebook_has_a_limit():
    record, _ = run(
        RIGHT, "while True: pass", "while True: pass", total_seconds=3.0, cell_seconds=2.0
    )
    assert (record["status"], record["score"]) == ("timeout", 0.0)
    assert "the notebook ran for more than 3 s" in record["message"]


def test_what_the_end_of_the_notebooks_time_stops_is_told_so():
    record, cells = run(RIGHT, "while True: pass", total_seconds=3.0)
    assert "the notebook ran for more than 3 s" in cells[2].outputs[0].evalue


@pytest.mark.parametrize(
    "code",
    [
        "exponential_decay = 3",
        "np.allclose = np.isclose = lambda *a, **k: True",
        "del exponential_decay",
        "import autograder.probe; autograder.probe.publish = lambda *a: 2.0",
        'import autograder.wire; autograder.wire.dumps = lambda v: \'{"!": "dict"\'',
        "import autograder.probe; autograder.probe.MIME = 'text/plain'",
        "get_ipython().ast_transformers.append(type('T', (), {'visit': lambda s, n: 1 / 0})())",
        "import json; json.dumps = lambda *a, **k: 1 / 0",
        "def exponential_decay(step, base_lr, rate): return type('F', (float,), {'__eq__': lambda *a: True})(1)",
    ],
)
def test_tampering_earns_nothing(code):
    record, _ = run(WRONG, code, cell_seconds=2.0)  # some of it keeps the kernel from answering
    assert record["status"] in ("error", "failed", "missing") and record["score"] == 0
