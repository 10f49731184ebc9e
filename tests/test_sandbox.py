"""Hostile code in a real sandbox: it reaches nothing, and nothing it does stops the grader."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from autograder.grading.releasing import handout
from autograder.grading.running import limits, messages, sandbox, syscalls
from autograder.grading.running.session import CellTimeout, KernelDied, SandboxGone, Session
from tests.answers import COURSE, ROOT
from tests.hostile_ends import SPOILS


@pytest.fixture(scope="module")
def students(metrics):
    """What students of the example have."""
    return handout.handout(metrics, "metrics")


@pytest.fixture
def kernel(students):
    with Session(students) as session:
        yield session


def text(outputs):
    return "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs)


def error(outputs):
    return next(o.ename for o in outputs if o.output_type == "error")


def test_code_runs_and_reports(kernel):
    assert text(kernel.run("print('a'); 1 + 1", 10)) == "a\n2"
    assert error(kernel.run("1 / 0", 10)) == "ZeroDivisionError"


def test_libraries_are_there_and_the_student_side_of_the_package(kernel):
    code = "import numpy, torch, matplotlib, autograder; callable(autograder.check)"
    assert text(kernel.run(code, 20)) == "True"


def test_torchs_compiler_is_imported_when_it_is_asked_for():
    step = """
import sys, torch
weight = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.5)
optimizer.zero_grad()
weight.sum().backward()
optimizer.step()
print("sympy" in sys.modules)"""
    twice = "torch.compile(lambda x: 2 * x, backend='eager')(torch.ones(2)).tolist()"
    with Session(
        handout.handout(COURSE, "optimizers")
    ) as session:  # torch is in the sandbox at once
        assert text(session.run(step, 20)) == "False\n"
        assert text(session.run(f"import torch._dynamo.config; {twice}", 60)) == "[2.0, 2.0]"


def test_the_engine_is_there_before_a_kernel_starts(kernel):
    loaded = kernel.run(
        "import sys; sorted({'autograder.check', 'autograder.probe'} & {*sys.modules})", 10
    )
    assert text(loaded) == "['autograder.check', 'autograder.probe']"


def test_no_network(kernel):
    assert error(
        kernel.run("import socket; socket.create_connection(('127.0.0.1', 80), 1)", 10)
    ).endswith("Error")
    assert error(kernel.run("socket.getaddrinfo('example.org', 80)", 10)) == "gaierror"


def test_no_project_no_answers_no_home(kernel, metrics, students):
    hidden = [ROOT / n for n in ("autograder", "solutions", "assignments", "lab", "tests", ".git")]
    hidden += [metrics.root / n for n in ("solutions", "assignments", "_build", ".autograder-seed")]
    seen = f"import os; print([os.path.exists(p) for p in {[str(p) for p in hidden]!r}])"
    assert text(kernel.run(seen, 10)) == f"{[False] * len(hidden)}\n"
    assert (
        error(kernel.run("import autograder.grading.releasing.keys", 10)) == "ModuleNotFoundError"
    )
    assert error(kernel.run(f"open('{students.inside}/autograder/probe.py', 'a')", 10)) == "OSError"
    assert error(kernel.run("os.listdir(os.path.expanduser('~root/.ssh'))", 10)) in (
        "FileNotFoundError",
        "PermissionError",
    )


def test_a_sandbox_holds_what_students_have_and_nothing_else_of_the_course(kernel, metrics):
    def files(folder):
        found = (p.relative_to(folder) for p in Path(folder).rglob("*") if p.is_file())
        return sorted(str(p) for p in found if "__pycache__" not in p.parts)

    inside = """
from pathlib import Path
folder = Path("/handed-out/metrics")
print(sorted(str(p.relative_to(folder)) for p in folder.rglob("*")
             if p.is_file() and "__pycache__" not in p.parts))"""
    handed_out = files(metrics.release_folder / "metrics")
    for made in ("README.txt", "requirements.txt"):  # written for the zip
        handed_out.remove(made)
    assert text(kernel.run(inside, 10)) == f"{handed_out}\n"
    assert text(kernel.run("import os; print(os.listdir('/handed-out'))", 10)) == "['metrics']\n"


def test_check_works_in_the_sandbox(kernel):
    code = "from autograder import check\ndef top_k_accuracy(scores, y, k): return 2.0\ncheck(top_k_accuracy)"
    outputs = kernel.run(code, 10)
    assert error(outputs) == "NotYet"
    assert "top_k_accuracy: not right yet" in str(outputs)


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


def test_submissions_do_not_meet(students):
    with Session(students) as one:
        one.run("open('/tmp/left', 'w').write('x'); open('left', 'w').write('x'); open('/dev/shm/left', 'w').write('x')", 10)  # fmt: skip
    with Session(students) as two:
        left = two.run(
            "import os; print([os.path.exists(p) for p in ('/tmp/left', 'left', '/dev/shm/left')])",
            10,
        )
        assert text(left) == "[False, False, False]\n"


SPOILED = f"""
from autograder.grading.running.session import KernelDied, Session
with Session() as session:
    session.run("1", 60)
    try:
        session.run({SPOILS!r}, 2)
    except KernelDied as died:
        print(died)
    print(session.run("print('goes on')", 20)[0].text)
"""


def test_a_kernel_that_spoils_its_sockets_keeps_nobody_waiting():
    """In a process of its own: without a limit one waits for ever to send to it."""
    done = subprocess.run(
        [sys.executable, "-c", SPOILED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split("\n")[:2] == [
        "it ran for more than 2 s and ignored the interrupt", "goes on"
    ], done.stderr  # fmt: skip


@pytest.mark.parametrize("signal", ["SIGSTOP", "SIGKILL"])
def test_a_signal_to_its_process_group_reaches_no_other_kernel(students, signal):
    code = f"import os, signal; os.kill(0, signal.{signal}); print('sent')"
    with Session(students) as one:
        for _ in range(2):  # the kernel itself is its namespace's first process, which lives on
            assert text(one.run(code, 10)) == "sent\n"
        waiting = sandbox.Waiting.get(students).process
        inside = [p.status() for p in psutil.Process(waiting.pid).children(recursive=True)]
    assert psutil.STATUS_STOPPED not in inside and psutil.STATUS_ZOMBIE not in inside
    began = time.monotonic()
    with Session(students) as two:
        assert text(two.run("print(1)", 10)) == "1\n"
    assert time.monotonic() - began < 30 and sandbox.Waiting.get(students).process is waiting


def test_a_submissions_own_files_are_copies(tmp_path, students):
    (tmp_path / "helper.py").write_text("x = 41")
    for name in ("compiler", "shell", "syscalls", "zygote"):
        (tmp_path / f"{name}.py").write_text("x = 41")
    (tmp_path / "optimizers.ipynb").write_text("{}")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "key.json").write_text("mine")
    with Session(students, tmp_path) as session:
        assert text(session.run("import helper, os; helper.x + 1", 10)) == "42"
        assert (
            text(session.run("import compiler, shell, syscalls, zygote; shell.x + compiler.x", 10))
            == "82"
        )
        seen = text(session.run("print(*sorted(n for n in os.listdir() if n[0] not in '._'))", 10))
        own = ["compiler.py", "helper.py", "shell.py", "syscalls.py", "zygote.py"]
        assert seen.split() == sorted(
            [*own, "autograder", "exercises", "key.json", "metrics.ipynb"]
        )
        assert text(session.run("open('key.json').read() == 'mine'", 10)) == "False"
        session.run("open('helper.py', 'w').write('gone')", 10)
    assert (tmp_path / "helper.py").read_text() == "x = 41"


def test_a_shadow_numpy_harms_nobody_else(tmp_path, students):
    (tmp_path / "json.py").write_text("raise SystemExit")
    (tmp_path / "ipykernel.py").write_text("raise SystemExit")
    with Session(students, tmp_path) as session:
        assert text(session.run("1 + 1", 10)) == "2"


def test_an_endless_loop_is_interrupted_and_the_kernel_lives_on(kernel):
    kernel.run("x = 5", 10)
    began = time.monotonic()
    with pytest.raises(CellTimeout):
        kernel.run("while True: pass", 1)
    assert time.monotonic() - began < 5
    assert text(kernel.run("x", 10)) == "5"


def test_a_loop_that_will_not_be_interrupted_is_killed(students):
    with Session(students) as session:
        session.start()
        with pytest.raises(KernelDied, match="ignored the interrupt"):
            session.run(
                "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", 1
            )
        assert text(session.run("1 + 1", 10)) == "2"


@pytest.mark.parametrize("code", ["import os; os._exit(0)", "import os; os.abort()", "import ctypes; ctypes.string_at(0)"])  # fmt: skip
def test_the_death_of_the_kernel_is_noticed_at_once(code, students):
    with Session(students) as session:
        session.start()
        began = time.monotonic()
        with pytest.raises(KernelDied):
            session.run(code, 30)
        assert time.monotonic() - began < 5


def test_a_sandbox_that_is_ended_from_outside_is_no_death_of_the_code(students):
    with Session(students) as kernel:
        kernel.run("import time", 10)
        assert sandbox.Waiting.sandbox is not None
        threading.Timer(0.5, sandbox.Waiting.sandbox.process.kill).start()
        with pytest.raises(SandboxGone):
            kernel.run("time.sleep(20)", 30)
        assert kernel.run("print(1)", 10)[0].text == "1\n"  # in another one


STANDS_STILL = """
import os, subprocess
from autograder.grading.running.session import Session
with Session() as kernel:
    kernel.run("import time", 30)
    subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -STOP {os.getpid()}; sleep 7; kill -CONT {os.getpid()}"])
    print(len(kernel.run("for _ in range(4): print(1, flush=True); display(1); time.sleep(0.8)", 6)))  # a busy machine is slow to stop it
    print(kernel.stood_still > 6)
"""


def test_the_time_in_which_the_grader_itself_stands_still_is_nobodys():
    said = subprocess.run(
        [sys.executable, "-c", STANDS_STILL], cwd=ROOT, capture_output=True, text=True
    )
    assert said.stdout.split() == ["8", "True"], said.stderr


def test_memory_is_bounded(monkeypatch, students):
    monkeypatch.setattr(limits, "MEMORY", 800 * sandbox.MEGABYTE)
    with Session(students) as session:
        session.start()
        with pytest.raises(KernelDied, match="memory"):
            session.run("hog = []\nwhile True: hog.append(bytearray(10**7))", 30)


def sleepers() -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "987654" in (process.info["cmdline"] or [])
    ]


def test_processes_are_bounded_and_die_with_the_kernel(students):
    with Session(students) as session:
        session.start()
        session.run(
            "import subprocess; p = subprocess.Popen(['sleep', '987654'], start_new_session=True)",
            10,
        )
        with pytest.raises(KernelDied, match="processes|memory"):
            session.run("import os\nwhile True: os.fork()", 30)
    deadline = time.monotonic() + 20  # the kernel ends hundreds of processes one by one
    while sleeping := sleepers():
        assert time.monotonic() < deadline, sleeping
        time.sleep(0.1)


def test_a_flood_of_output_is_cut_and_stopped(kernel):
    with pytest.raises((CellTimeout, KernelDied)):
        kernel.run("while True: print('x' * 10_000)", 1)
    outputs = kernel.run("print('x' * 1_000_000)", 20)
    assert text(outputs) == "x" * messages.OUTPUT_CHARACTERS + messages.CUT
    outputs = kernel.run("print('one'); print('x' * 10_000_000); print('two')", 20)
    assert messages.CUT in "".join(output.text for output in outputs)
    assert text(kernel.run("print('still there')", 20)) == "still there\n"


def test_nothing_is_left_behind(students):
    with Session(students) as session:
        session.start()
        folder = Path(session.kernel.manager.folder)
        process = session.kernel.process
    assert not folder.exists()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_without_nested_namespaces_each_kernel_has_an_outer_sandbox_to_itself(
    monkeypatch, students
):
    monkeypatch.setattr(sandbox.Waiting, "can_fork", False)
    with Session(students) as one:
        one.run("open('/tmp/left', 'w').write('x')", 20)
        assert text(one.run("1 + 1", 10)) == "2"
        outer = one.kernel.manager.provisioner._own.process
    assert outer.poll() is not None
    with Session(students) as two:
        assert text(two.run("import os; os.path.exists('/tmp/left')", 20)) == "False"
        assert text(two.run("import autograder; callable(autograder.check)", 20)) == "True"


@pytest.mark.parametrize("alone", [False, True])
def test_the_machines_devices_are_used_and_left_as_they_are(alone, students):
    with Session(students, alone=alone) as session:
        session.run("import os", 20)
        assert error(session.run("os.chmod('/dev/null', 0o600)", 10)) == "OSError"
        assert error(session.run("os.utime('/dev/urandom')", 10)) == "OSError"
        assert text(session.run("open('/dev/null', 'w').write('x')", 10)) == "1"
        caps = text(session.run("[l for l in open('/proc/self/status') if l[:3] == 'Cap']", 10))
        assert caps.count("0000000000000000") == 5


def test_kernels_that_may_not_share_an_outer_sandbox_come_one_after_another(students):
    """As on a GPU, where only the first kernel of an outer sandbox reaches the device."""
    outers = []
    for _ in range(3):
        with Session(students, alone=True) as session:
            assert text(session.run("import getpass; getpass.getuser()", 20)) == "'student'"
            provisioner = session.kernel.manager.provisioner
            outers.append(provisioner._own)
            assert sandbox.Waiting.sandbox not in (None, provisioner._own)  # the next one warms up
    assert len(set(outers)) == 3 and all(o.process.poll() is not None for o in outers)


# ---- from one submission to the next

WRITABLE = """
import os
found = set()
for top, folders, files in os.walk('/'):
    folders[:] = [f for f in folders if os.path.join(top, f) not in ('/proc', '/sys', '/usr')]
    for name in [top, *(os.path.join(top, f) for f in files)]:
        if os.access(name, os.W_OK) and not os.path.islink(name):
            found.add(name)
allowed = ('/scratch', '/tmp', '/dev/shm', '/sockets', '/dev/')
print(sorted(f for f in found if f not in ('/dev/null',) and not f.startswith(allowed)))
print(sorted(f for f in found if f.startswith('/dev') and os.path.isdir(f)))
"""


def test_a_kernel_can_write_only_where_the_next_one_will_not_see_it(kernel):
    assert sandbox.Waiting.can_fork
    outside, folders = text(kernel.run(WRITABLE, 60)).splitlines()
    assert outside == "[]"
    assert folders in ("['/dev/shm']", "['/dev/pts', '/dev/shm']")


def test_each_kernel_sees_its_own_socket_folder_alone(students):
    look = "import os; print(len(os.listdir('/sockets')))"
    with Session(students) as one:
        one.run("open('/sockets/' + os.listdir('/sockets')[0] + '/left', 'w').write('x')", 10)
        assert text(one.run(look, 10)) == "1\n"
        with Session(students) as two:
            assert text(two.run(look, 10)) == "1\n"
            left = "print(os.path.exists('/sockets/' + os.listdir('/sockets')[0] + '/left'))"
            assert text(two.run(left, 10)) == "False\n"


def test_kernels_do_not_meet_in_a_network(students):
    listen = "import socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0meet'); s.listen()"
    with Session(students) as one, Session(students) as two:
        one.run(listen, 10)
        knock = "import socket; socket.socket(socket.AF_UNIX).connect('\\0meet')"
        assert error(two.run(knock, 10)) == "ConnectionRefusedError"


@pytest.mark.parametrize(
    "call",
    [
        "libc.syscall({keyctl}, 0, -3, 1)",
        "libc.unshare(0x10000000)",
        "libc.syscall({io_uring_setup}, 8, 0)",
        "libc.ptrace(0, 0, 0, 0)",
        "libc.syscall({clone}, 0x10000000 | 17, 0, 0, 0, 0)",
        "libc.fcntl(libc.open(b'/usr/bin/env', 0), 1024, 1)",  # a lease keeps others from opening it
    ],
)
def test_what_no_notebook_needs_is_forbidden(kernel, call):
    import platform

    _, named, forbidden = syscalls.MACHINES[platform.machine()]
    filled = call.format(**named, **forbidden)
    code = f"import ctypes; libc = ctypes.CDLL(None, use_errno=True); print({filled}, ctypes.get_errno())"
    assert text(kernel.run(code, 10)) == "-1 1\n"  # EPERM


def test_threads_processes_and_loaders_still_work(kernel):
    code = """
import subprocess, threading, multiprocessing, torch
print(subprocess.run(['echo', 'a'], capture_output=True, text=True).stdout.strip())
t = threading.Thread(target=print, args=('b',)); t.start(); t.join()
with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))
print(len(list(torch.utils.data.DataLoader(torch.arange(6), batch_size=2, num_workers=2))))
import getpass; print(getpass.getuser())
"""
    assert text(kernel.run(code, 30)).split() == ["a", "b", "[1,", "2]", "3", "student"]


def test_no_environment_in_the_sandbox_is_the_graders(students, monkeypatch):
    monkeypatch.setenv("PLANTED_SECRET", "s3cr3t-in-the-environment")
    sandbox.forget()
    look = """
import glob
seen = []
for path in glob.glob('/proc/[0-9]*/environ'):
    try:
        seen.append(open(path, 'rb').read())
    except OSError:
        pass
print(len(seen) > 0, any(b's3cr3t' in s or b'PLANTED' in s for s in seen))
"""
    for fork in (True, False):
        monkeypatch.setattr(sandbox.Waiting, "can_fork", fork)
        with Session(students) as session:
            assert text(session.run(look, 20)) == "True False\n"
    sandbox.forget()


@pytest.fixture
def short():
    """A folder with a short path."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_the_folder_of_a_grader_that_was_killed_is_removed_by_the_next(short, monkeypatch):
    """And that of one that lives is not, however long ago it was made."""
    code = "import sys; from autograder.grading.running import sandbox; print(sandbox.own_folder()[0], flush=True); sys.stdin.read()"
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    graders = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(short)},
        )
        for _ in range(2)
    ]
    left, held = (Path(grader.stdout.readline().strip()) for grader in graders)
    (left / "shared").mkdir()
    graders[0].kill()
    graders[0].wait()
    for folder in (left, held):
        os.utime(folder, (0, 0))
    new, descriptor = sandbox.own_folder()
    os.close(descriptor)
    assert sorted(short.iterdir()) == sorted([held, new])
    graders[1].communicate("")


def test_a_long_path_to_temporary_files_leaves_room_for_sockets(tmp_path, monkeypatch, students):
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    sandbox.forget()
    with Session(students) as session:
        assert text(session.run("print('here')", 20)) == "here\n"
    sandbox.forget()
