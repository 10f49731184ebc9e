"""Hostile code in a real sandbox: it reaches nothing, and nothing it does stops the grader."""

import os
import time
from pathlib import Path

import psutil
import pytest

from autograder.grading import sandbox
from autograder.grading import session as module
from autograder.grading.sandbox import PACKAGE
from autograder.grading.session import CellTimeout, KernelDied, Session


@pytest.fixture(scope="module")
def kernel():
    with Session() as session:
        yield session


def text(outputs):
    return "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs)


def error(outputs):
    return next(o.ename for o in outputs if o.output_type == "error")


def test_code_runs_and_reports(kernel):
    assert text(kernel.run("print('a'); 1 + 1", 10)) == "a\n2"
    assert error(kernel.run("1 / 0", 10)) == "ZeroDivisionError"


def test_libraries_are_there_and_the_student_side_of_the_package(kernel):
    assert (
        text(
            kernel.run("import numpy, torch, matplotlib, autograder; autograder.check.__name__", 20)
        )
        == "'check'"
    )


def test_no_network(kernel):
    assert error(
        kernel.run("import socket; socket.create_connection(('127.0.0.1', 80), 1)", 10)
    ).endswith("Error")
    assert error(kernel.run("socket.getaddrinfo('example.org', 80)", 10)) == "gaierror"


def test_no_project_no_answers_no_home(kernel):
    root = PACKAGE.parent
    seen = text(kernel.run(f"import os; print([os.path.exists(p) for p in {[str(root / n) for n in ('solutions', 'tests', 'gradebook.db', '.git', '.autograder-seed')]!r}])", 10))  # fmt: skip
    assert seen == f"{[False] * 5}\n"
    assert text(kernel.run(f"os.listdir({str(PACKAGE / 'grading')!r})", 10)) == "[]"
    assert error(kernel.run("import autograder.grading.keys", 10)) == "ModuleNotFoundError"
    assert error(kernel.run(f"open({str(PACKAGE / 'probe.py')!r}, 'a')", 10)) == "OSError"
    assert error(kernel.run("os.listdir(os.path.expanduser('~root/.ssh'))", 10)) in (
        "FileNotFoundError",
        "PermissionError",
    )


def test_no_environment_and_no_processes_of_the_instructor(kernel, monkeypatch):
    assert "AUTOGRADER_SEED" not in text(kernel.run("import os; print(dict(os.environ))", 10))
    pids = text(kernel.run("os.getpid()", 10))
    assert int(pids) < 5  # its own process namespace
    assert error(kernel.run(f"os.kill({os.getpid()}, 9)", 10)) == "ProcessLookupError"


def test_no_privileges(kernel):
    caps = text(kernel.run("print([l for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapBnd', 'NoNewPrivs'))])", 10))  # fmt: skip
    assert caps.count("0000000000000000") == 2 and "NoNewPrivs:\\t1" in caps
    mount = (
        "import ctypes; ctypes.CDLL(None, use_errno=True).mount(b'x', b'/tmp', b'tmpfs', 0, None)"
    )
    assert text(kernel.run(mount, 10)) == "-1"


def test_scratch_space_is_bounded(kernel):
    assert error(kernel.run("open('big', 'wb').write(bytes(300 * 2**20))", 30)) == "OSError"


def test_submissions_do_not_meet():
    with Session() as one:
        one.run("open('/tmp/left', 'w').write('x'); open('left', 'w').write('x'); open('/dev/shm/left', 'w').write('x')", 10)  # fmt: skip
    with Session() as two:
        left = two.run(
            "import os; print([os.path.exists(p) for p in ('/tmp/left', 'left', '/dev/shm/left')])",
            10,
        )
        assert text(left) == "[False, False, False]\n"


def test_a_submissions_own_files_are_copies(tmp_path):
    (tmp_path / "helper.py").write_text("x = 41")
    (tmp_path / "optimizers.ipynb").write_text("{}")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with Session(tmp_path) as session:
        assert text(session.run("import helper, os; helper.x + 1", 10)) == "42"
        assert (
            text(session.run("sorted(n for n in os.listdir() if n[0] not in '._')", 10))
            == "['helper.py']"
        )
        session.run("open('helper.py', 'w').write('gone')", 10)
    assert (tmp_path / "helper.py").read_text() == "x = 41"


def test_a_shadow_numpy_harms_nobody_else(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit")
    (tmp_path / "ipykernel.py").write_text("raise SystemExit")
    with Session(tmp_path) as session:
        assert text(session.run("1 + 1", 10)) == "2"


def test_an_endless_loop_is_interrupted_and_the_kernel_lives_on(kernel):
    kernel.run("x = 5", 10)
    began = time.monotonic()
    with pytest.raises(CellTimeout):
        kernel.run("while True: pass", 1)
    assert time.monotonic() - began < 5
    assert text(kernel.run("x", 10)) == "5"


def test_a_loop_that_will_not_be_interrupted_is_killed():
    with Session() as session:
        session.start()
        with pytest.raises(KernelDied, match="ignored the interrupt"):
            session.run(
                "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", 1
            )
        assert text(session.run("1 + 1", 10)) == "2"


@pytest.mark.parametrize("code", ["import os; os._exit(0)", "import os; os.abort()", "import ctypes; ctypes.string_at(0)"])  # fmt: skip
def test_the_death_of_the_kernel_is_noticed_at_once(code):
    with Session() as session:
        session.start()
        began = time.monotonic()
        with pytest.raises(KernelDied):
            session.run(code, 30)
        assert time.monotonic() - began < 5


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MEMORY", 800 * module.MEGABYTE)
    with Session() as session:
        session.start()
        with pytest.raises(KernelDied, match="memory"):
            session.run("hog = []\nwhile True: hog.append(bytearray(10**7))", 30)


def test_processes_are_bounded_and_die_with_the_kernel():
    with Session() as session:
        session.start()
        session.run(
            "import subprocess; p = subprocess.Popen(['sleep', '987654'], start_new_session=True)",
            10,
        )
        with pytest.raises(KernelDied, match="processes|memory"):
            session.run("import os\nwhile True: os.fork()", 30)
    time.sleep(0.5)
    assert not any(
        "987654" in " ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])
    )


def test_a_flood_of_output_is_cut_and_stopped(kernel):
    with pytest.raises((CellTimeout, KernelDied)):
        kernel.run("while True: print('x' * 10_000)", 1)
    outputs = kernel.run("print('x' * 10_000_000)", 20)
    assert len(text(outputs)) < 2 * module.OUTPUT_CHARACTERS


def test_nothing_is_left_behind():
    with Session() as session:
        session.start()
        folder = Path(session._manager.folder)
        process = session._process
    assert not folder.exists() and not process.is_running()


def test_without_nested_namespaces_each_kernel_has_an_outer_sandbox_to_itself(monkeypatch):
    monkeypatch.setattr(sandbox._Waiting, "can_fork", False)
    with Session() as one:
        one.run("open('/tmp/left', 'w').write('x')", 20)
        assert text(one.run("1 + 1", 10)) == "2"
        outer = one._manager.provisioner._own.process
    assert outer.poll() is not None
    with Session() as two:
        assert text(two.run("import os; os.path.exists('/tmp/left')", 20)) == "False"
        assert text(two.run("import autograder; autograder.check.__name__", 20)) == "'check'"
