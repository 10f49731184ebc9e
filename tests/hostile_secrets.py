"""Secrets, planted in every place where one could be while a class is graded.

Each bears the name of its place, so that one that comes out says where it was.
"""

import contextlib
import ctypes
import os
import re
import secrets
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.grading.course import know_schema

MARK = re.compile(rb"planted-[a-z-]+-[0-9a-f]{16}")
IPC_CREATE, IPC_REMOVE = 0o1600, 0


class Planted:
    """A context in which secrets lie about: in files, processes, sockets and memory.

    ``known`` is what an attacker may be told of: paths, ports, names and numbers.
    """

    def __init__(self, folder: Path, course: Path) -> None:
        self.course = course
        self.home, self.temporary = folder / "home", folder / "tmp"
        self.known: dict[str, Any] = {}
        self.environment: dict[str, str] = {}
        self.descriptors: tuple[int, ...] = ()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Planted":
        for plant in (
            self._in_the_course,
            self._at_home,
            self._in_other_work,
            self._in_the_gradebook,
            self._in_folders_of_the_machine,
            self._in_processes,
            self._behind_sockets,
            self._in_shared_memory,
        ):
            plant()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _write(self, path: Path, place: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a") as file:
            file.write(f"\n# {token(place)}\n")
        self.known.setdefault("paths", []).append(str(path))

    def _in_the_course(self) -> None:
        (self.course / ".autograder-seed").write_text(token("seed") + "\n")
        self.known["paths"] = [str(self.course / ".autograder-seed")]
        for place in ("notes/exam.txt", "nbgrader_config.py", "_build/notes.txt"):
            self._write(self.course / place, "course")
        for folder in sorted((self.course / "solutions").iterdir()):
            source = folder / f"{folder.name}.md"
            first = re.compile("^( *)### BEGIN SOLUTION\n", re.MULTILINE)
            source.write_text(first.sub(rf"\g<0>\1# {token('source')}\n", source.read_text(), 1))
            self.known["paths"].append(str(source))
            self._write(folder / "held_out" / "labels.py", "held-out")
            for answer in sorted((folder / "answers").glob("*.py")):
                self._write(answer, "answer")

    def _at_home(self) -> None:
        for place in (".ssh/id_ed25519", ".netrc", ".ipython/profile_default/startup/start.py"):
            self._write(self.home / place, "home")
        self.temporary.mkdir()
        self._write(self.temporary / "exam.txt", "temporary")

    def _in_other_work(self) -> None:
        for step in ("submitted", "autograded", "feedback"):
            folder = self.course / step / "another" / "notes"
            self._write(folder / "notes.txt", "other-work")

    def _in_the_gradebook(self) -> None:
        path = self.course / "gradebook.db"
        know_schema()
        with Gradebook(f"sqlite:///{path}") as book:
            book.add_student("another", first_name=token("gradebook"))
        self.known["paths"].append(str(path))

    def _in_folders_of_the_machine(self) -> None:
        for folder in ("/tmp", "/var/tmp", "/dev/shm"):
            file = self._stack.enter_context(tempfile.NamedTemporaryFile("w", dir=folder))  # noqa: SIM115
            file.write(token("machine"))
            file.flush()
            self.known["paths"].append(file.name)

    def _in_processes(self) -> None:
        self.environment = {
            **os.environ,
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PLANTED_SECRET": token("environment"),
        }
        beside = subprocess.Popen(["sleep", "100000"], env={"SECRET": token("process")})
        self._stack.callback(beside.wait)
        self._stack.callback(beside.kill)
        self.known["process"] = beside.pid
        inherited = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        inherited.write(token("descriptor").encode())
        inherited.flush()
        self.descriptors = (inherited.fileno(),)
        self.known["descriptor"] = inherited.fileno()

    def _behind_sockets(self) -> None:
        name = f"planted-{os.getpid()}"
        self._serve(socket.AF_UNIX, f"\0{name}")
        self._serve(socket.AF_UNIX, str(self.temporary / "socket"))
        port = self._serve(socket.AF_INET, ("127.0.0.1", 0))[1]
        self.known |= {"abstract": name, "port": port, "socket": str(self.temporary / "socket")}

    def _serve(self, family: int, address: Any) -> Any:
        """Give a secret to whoever connects; returns the address."""
        server = self._stack.enter_context(socket.socket(family))
        server.bind(address)
        server.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        client.sendall(token("socket").encode())

        threading.Thread(target=serve, daemon=True).start()
        self._stack.callback(lambda: server.shutdown(socket.SHUT_RDWR))
        return server.getsockname()

    def _in_shared_memory(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        number = libc.shmget(0, 4096, IPC_CREATE)
        held = token("shared-memory").encode()
        ctypes.memmove(libc.shmat(number, None, 0), held, len(held))
        self._stack.callback(lambda: libc.shmctl(number, IPC_REMOVE, None))
        self.known["shared memory"] = number


def token(place: str) -> str:
    """A secret with the name of its place."""
    return f"planted-{place}-{secrets.token_hex(8)}"


LOOK = r"""
import ctypes, glob, os, re, socket, stat, subprocess
places, found, looked = PLACES, set(), 0
mark = re.compile(b"plan" b"ted-[a-z-]+-[0-9a-f]{16}")

def look(data):
    global looked
    looked += 1
    found.update(match.decode() for match in mark.findall(data))

def look_at(path, size=2**20):
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "rb") as file:
                look(file.read(size))
    except OSError:
        pass

def look_below(top):
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if not name.startswith("python3")]  # libraries
        for name in names:
            look_at(os.path.join(folder, name))

def try_all(*ways):
    for way in ways:
        try:
            look(bytes(way()))
        except Exception:
            pass

# what the sandbox shows as files
for top in sorted(set(os.listdir("/")) - {"proc", "sys", "usr", "bin", "sbin", "lib", "lib64"}):
    look_below("/" + top)
# what lies outside, by its name, also from another root
for root in ["", *glob.glob("/proc/[0-9]*/root"), *glob.glob("/proc/[0-9]*/cwd/../../../../..")]:
    for path in places["paths"]:
        look_at(root + path)
for descriptor in os.listdir("/proc/self/fd"):
    try:
        above = os.open("../" * 20, os.O_PATH, dir_fd=int(descriptor))
        for path in places["paths"]:
            look_at(f"/proc/self/fd/{above}{path}")
    except OSError:
        pass
# processes: what can be seen of any, and the memory of this one, which was forked
look("\n".join(f"{k}={v}" for k, v in os.environ.items()).encode())
for path in glob.glob("/proc/[0-9]*/*") + glob.glob("/proc/[0-9]*/task/[0-9]*/*"):
    if path.rpartition("/")[2] in ("environ", "cmdline", "stack", "maps", "mountinfo", "comm"):
        look_at(path)
for path in glob.glob("/proc/[0-9]*/fd/*") + ["/proc/keys", "/proc/key-users", "/proc/net/unix"]:
    look_at(path)
look_at(f"/proc/{places['process']}/environ")
look_at(f"/proc/self/fd/{places['descriptor']}")
try_all(lambda: os.pread(places["descriptor"], 100, 0))
for memory in glob.glob("/proc/[0-9]*/mem"):
    try:
        with open(memory, "rb", 0) as file, open(memory[:-3] + "maps") as maps:
            for line in maps:
                words = line.split()
                if words[1].startswith("rw") and not words[-1].endswith((".so", "]")):
                    begin, end = (int(n, 16) for n in words[0].split("-"))
                    try:
                        file.seek(begin)
                        look(file.read(min(end - begin, 2**26)))
                    except (OSError, OverflowError, ValueError):
                        pass
    except OSError:
        pass

# sockets and shared memory
def said_by(family, address):
    with socket.socket(family) as client:
        client.settimeout(0.3)
        client.connect(address)
        return client.recv(100)

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p

def attached(number):
    where = libc.shmat(number, None, 0o10000)
    return b"" if where in (None, 2**64 - 1) else ctypes.string_at(where, 100)

try_all(
    lambda: said_by(socket.AF_UNIX, "\0" + places["abstract"]),
    lambda: said_by(socket.AF_UNIX, places["socket"]),
    lambda: said_by(socket.AF_INET, ("127.0.0.1", places["port"])),
    lambda: str(socket.getaddrinfo("example.org", 80)).encode(),
    lambda: subprocess.run(["dmesg"], capture_output=True).stdout,
    lambda: attached(places["shared memory"]),
    *(lambda number=number: attached(number) for number in range(64)),
)
print("looked at hundreds:", looked > 200, "and found:", sorted(found))
"""
