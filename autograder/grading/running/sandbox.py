"""Kernels that hold nothing worth stealing: each runs in a sandbox of its own.

bubblewrap builds an outer sandbox for an assignment: the system and the Python environment,
read-only; what students of this assignment have; scratch folders in memory, of bounded size; no
network, no other process, no home, no project, no gradebook and no submission. In it waits a process
that has imported the slow libraries (``zygote``) and forks a kernel for each submission, again
isolated from the next one. Where the system does not allow that second step, every kernel gets an
outer sandbox to itself, which takes a few seconds more.
"""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from multiprocessing.util import Finalize
from pathlib import Path

from autograder.grading.course import GradingImpossible
from autograder.grading.releasing.handout import Handout
from autograder.grading.running import ready_made

logger = logging.getLogger(__name__)

MEGABYTE = 2**20
SCRATCH = 256 * MEGABYTE
START_SECONDS = 60.0
FOLDER = "autograder."  # how the folders of sandboxes begin, where temporary files are
SHORT = 60  # bytes of the folder that they lie in: the path of a socket may have 107 of them
NEW_SECONDS = 60.0  # in which whoever makes such a folder has come to hold it
HERE = Path(__file__).parent
HOME = "/scratch"  # as in zygote.py
SOCKETS = "/sockets"  # where the sandbox sees the folder that it shares with the outside


class SandboxMissing(GradingImpossible):
    """bubblewrap is not there, or it may not do its work here."""


def sandbox_command(
    handout: Handout, shared: Path, replaced: Path, command: list[str]
) -> list[str]:
    """The command line that runs ``command`` in the outer sandbox, with one folder shared.

    ``replaced`` holds the files to see in the place of torch's own of the same path. Raises
    SandboxMissing without bubblewrap.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxMissing(
            "grading needs bubblewrap, which is not installed: apt install bubblewrap"
        )
    args = [bwrap, "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000"]
    args += ["--cap-drop", "ALL", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    args += ["--clearenv"]
    for name, value in _environment(handout).items():
        args += ["--setenv", name, value]
    for top in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        if os.path.islink(top):
            args += ["--symlink", os.readlink(top), top]
        elif os.path.isdir(top):
            args += ["--ro-bind", top, top]
    for readable in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        args += ["--ro-bind-try", readable, readable]
    args += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("sys", "sysrq-trigger", "irq", "bus", "fs"):  # where root grades, root's to write
        args += ["--ro-bind-try", f"/proc/{place}", f"/proc/{place}"]
    for folder in ("/tmp", HOME, "/dev/shm"):
        args += ["--size", str(SCRATCH), "--tmpfs", folder]
    args += _gpu_arguments()
    for prefix in _python_folders():
        args += ["--ro-bind", prefix, prefix]
    args += _replacing_arguments(replaced)
    for folder in ready_made.absent_folders(handout.own_work):
        args += ["--tmpfs", folder, "--remount-ro", folder]
    for place, path in handout.files.items():
        args += ["--ro-bind", str(path), f"{handout.inside}/{place}"]
    for script in ("zygote.py", "compiler.py", "shell.py", "syscalls.py"):
        args += ["--ro-bind", str(HERE / script), f"/{script}"]
    args += ["--ro-bind", str(HERE / "passwd"), "/etc/passwd"]
    args += ["--bind", str(shared), SOCKETS, "--chdir", HOME]
    args += ["--remount-ro", "/dev", "--remount-ro", "/"]  # or one kernel could leave files there
    return [*args, "--", *command]


def _gpu_arguments() -> list[str]:
    """What CUDA needs to see, where there is an NVIDIA driver."""
    devices = sorted(str(p) for p in Path("/dev").glob("nvidia*"))
    args = [word for device in devices for word in ("--dev-bind", device, device)]
    if devices:
        args += ["--ro-bind", "/sys", "/sys"]
        for path in ("/usr/local/nvidia", "/etc/ld.so.conf.d"):
            args += ["--ro-bind-try", path, path]
    return args


def _replacing_arguments(replaced: Path) -> list[str]:
    """What puts files in the place of torch's, and hides what was compiled from those."""
    files = [path for path in sorted(replaced.rglob("*")) if path.is_file()]
    args = []
    for torch in ready_made.torch_folders():
        for path in files:
            args += ["--ro-bind", str(path), f"{torch}/{path.relative_to(replaced)}"]
        for folder in sorted({f"{torch}/{p.parent.relative_to(replaced)}" for p in files}):
            compiled = f"{folder}/__pycache__"
            if os.path.isdir(compiled):
                args += ["--tmpfs", compiled, "--remount-ro", compiled]
    return args


def _python_folders() -> list[str]:
    """The folders that the Python environment lives in, none inside another, /usr left out.

    An environment that is reached through a symbolic link is there under both names.
    """
    named = {sys.base_prefix, sys.prefix}
    wanted = named | {os.path.realpath(p) for p in named}
    wanted.add(os.path.dirname(os.path.dirname(os.path.realpath(sys.executable))))
    wanted.discard("/usr")
    return sorted(p for p in wanted if not any(p.startswith(q + "/") for q in wanted))


def _at_hand(handout: Handout) -> list[str]:
    """What the waiting process is told of torch: whether to import it, and what of it is absent."""
    return ["torch" if handout.torch or handout.own_work else "", *handout.own_work]


def _environment(handout: Handout) -> dict[str, str]:
    return {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": HOME,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        # Not in the folder where a submission's files are: what lies there would run.
        "IPYTHONDIR": "/tmp/ipython",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "XDG_CACHE_HOME": "/tmp/cache",
        "PYTHONPATH": handout.inside,
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "NBGRADER_EXECUTION": "autograde",
        **{k: v for k, v in os.environ.items() if k in ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")},
    }


def remove_tree(folder: Path) -> None:
    """Remove a folder that submissions could write to, however deep and locked what they left is."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", folder], check=False, capture_output=True)


def own_folder() -> tuple[Path, int]:
    """A new folder for a sandbox, and a descriptor that holds it as long as this process lives.

    What nobody holds was left by a process that was killed, and is removed.
    """
    usual = tempfile.gettempdir()
    place = Path(usual if len(os.fsencode(usual)) <= SHORT else "/tmp")
    for old in place.glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError):  # it is held, or somebody else's, or removed just now
            _remove_if_left(old)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=place))
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    return folder, held


def _remove_if_left(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        about = os.fstat(held)
        if about.st_uid == os.getuid() and time.time() - about.st_mtime > NEW_SECONDS:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(folder)
    finally:
        os.close(held)


class OuterSandbox:
    """A running outer sandbox with the waiting process in it."""

    def __init__(self, handout: Handout) -> None:
        self.handout = handout
        self._folder, self._held = own_folder()
        self.shared, replaced = self._folder / "s", self._folder / "replaced"
        self.shared.mkdir()
        for place, text in ready_made.replaced_files(handout.own_work).items():
            path = replaced / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._control.settimeout(START_SECONDS)
        command = [sys.executable, "/zygote.py", str(SCRATCH), handout.inside, *_at_hand(handout)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            sandbox_command(handout, self.shared, replaced, command),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env={},  # that of bubblewrap itself can be read inside
        )
        theirs.close()

    def kernel(self, connection: dict, files: str, fork: bool) -> int:
        """Turn into, or fork, a kernel; returns its process id. Raises OSError if it can't."""
        request = {"connection": connection, "files": files, "fork": fork}
        size = socket.CMSG_SPACE(struct.calcsize("3i"))
        try:
            self._control.send(json.dumps(request).encode())
            message, ancillary, *_ = self._control.recvmsg(2**16, size)
        except (BrokenPipeError, ConnectionResetError):
            message, ancillary = b"", []
        except TimeoutError:
            raise SandboxMissing(f"the sandbox gave no answer in {START_SECONDS:g} s") from None
        if not message:
            raise SandboxMissing(f"the sandbox does not start here: {self._last_words()}")
        reply = json.loads(message)
        if "error" in reply:
            raise OSError(reply["error"])
        process, _user, _group = struct.unpack("3i", ancillary[0][2])
        return process

    def has_ended(self) -> bool:
        """Whether it has ended, or just does: what is in it is gone a moment before."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.1)
        return self.process.returncode is not None

    def _last_words(self) -> str:
        """What the sandbox said before it ended."""
        self.process.wait(START_SECONDS)
        self._errors.seek(0)
        return self._errors.read()[-500:].decode(errors="replace").strip() or "no reason given"

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._control.close()
        self.process.kill()
        self.process.wait()
        self._errors.close()
        remove_tree(self._folder)
        os.close(self._held)


class Waiting:
    """The outer sandbox of this process, kept for the next kernel of the same assignment."""

    sandbox: OuterSandbox | None = None
    can_fork = True

    @classmethod
    def get(cls, handout: Handout) -> OuterSandbox:
        """The one that waits, if it serves this handout; else a new one, in its place."""
        kept = cls.sandbox
        if kept is None or kept.handout != handout or kept.process.poll() is not None:
            cls.drop()
            kept = cls.sandbox = OuterSandbox(handout)
            Finalize(None, cls.drop, exitpriority=10)  # also at the end of a worker process
        return kept

    @classmethod
    def drop(cls) -> None:
        """Close the one that waits, if there is one."""
        if cls.sandbox is not None:
            cls.sandbox.close()
            cls.sandbox = None


def forget() -> None:
    """Close the outer sandbox that waits: the next kernel gets a fresh one."""
    Waiting.drop()
