"""``check`` answers at once: a fresh Python runs a notebook's cells, then each check for the first time.

Processor time is what is measured, and what importing torch takes in that process is the measure, so
that neither a slow machine nor a busy one decides. That is some two seconds here.
"""

import subprocess
import sys

import pytest

from autograder.grading.releasing.notebooks import read_source
from tests.answers import ASSIGNMENTS, COURSE, HOME, is_slow

MOST = 0.5  # of the time that importing torch takes

FIRST_CALLS = """
import contextlib, io, os, sys, time

def seconds(work):
    began = time.process_time()
    work()
    return time.process_time() - began

def first_time(call):  # in a process of its own, which has checked nothing before
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with contextlib.redirect_stdout(io.StringIO()):
        taken = seconds(lambda: exec(call, namespace))
    os._exit(taken > most)

sys.path.insert(0, "")
most = float(sys.argv[1]) * seconds(lambda: __import__("torch"))
namespace = {"__name__": "__main__"}
with contextlib.redirect_stdout(io.StringIO()):
    exec(sys.stdin.read(), namespace)
for call in sys.argv[2:]:
    if not any(first_time(call) for _ in range(3)):
        print(call)
"""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.nightly] if i else []) for i, n in enumerate(ASSIGNMENTS)],
)
def test_the_first_check_takes_less_than_a_second(name):
    cells = [c for c in read_source(COURSE.source(name)).cells if c.cell_type == "code"]
    answers = [
        c.source
        for c in cells
        if c.id not in HOME and "demonstration" not in c.metadata.get("tags", [])
    ]
    checks = [c.source for c in cells if c.id in HOME and not is_slow(c.id)]
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_CALLS, str(MOST), *checks],
        input="\n".join(answers),
        cwd=COURSE.assignment(name).folder,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert not ran.stdout, f"too slow: {ran.stdout}"
