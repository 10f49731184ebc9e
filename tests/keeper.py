"""Runs a command and reports what it took and what it left.

``python tests/keeper.py REPORT COMMAND ...``: whatever the command starts and abandons becomes a
child of this process, so that nothing goes unseen. What it prints is passed on, and the report, in
JSON, says when each line came.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time

import psutil

PR_SET_CHILD_SUBREAPER = 36
SECONDS_TO_END = 10.0
MEGABYTE = 2**20


def main(report: str, *command: str) -> int:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began, lines = time.monotonic(), []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, close_fds=False)
    assert process.stdout is not None
    printed = process.stdout

    def pass_on() -> None:
        for line in printed:
            lines.append((time.monotonic() - began, line))
            print(line, end="", flush=True)

    reader = threading.Thread(target=pass_on)
    reader.start()
    memory = temporary = 0.0
    while process.poll() is None:
        memory = max([memory, *map(_megabytes, _graders())])
        temporary = max(temporary, _size(tempfile.gettempdir()))
        time.sleep(0.3)
    reader.join(SECONDS_TO_END)
    end = time.monotonic() + SECONDS_TO_END
    while _alive() and time.monotonic() < end:
        time.sleep(0.1)
    left = _alive()
    for one in left:
        one.kill()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {
        "left": [_named(one) for one in left],
        "lines": lines,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": memory,
        "temporary": temporary,
    }
    with open(report, "w") as file:
        json.dump(found, file)
    return process.returncode


def _alive() -> list[psutil.Process]:
    """What runs below this process; what has ended is taken note of."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return []
    found = psutil.Process().children(recursive=True)
    return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def _graders() -> list[psutil.Process]:
    """The command's own processes: those outside of any sandbox."""
    found = []
    for one in psutil.Process().children(recursive=True):
        words = _named(one)
        if "bwrap" not in words and "/zygote.py" not in words:
            found.append(one)
    return found


def _named(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "bwrap, or another that has ended"


def _megabytes(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / MEGABYTE
    except psutil.Error:
        return 0.0


def _size(folder: str) -> float:
    """How many megabytes the files below a folder take, which may come and go meanwhile."""
    size, folders = 0, [folder]
    while folders:
        try:
            for entry in os.scandir(folders.pop()):
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
        except OSError:
            continue
    return size / MEGABYTE


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
