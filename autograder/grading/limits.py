"""What a kernel and all that it starts may use, and whether it has used more."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import psutil

from autograder.grading.sandbox import MEGABYTE, SCRATCH

MEMORY = 4096 * MEGABYTE
PROCESSES = 64
THREADS = 512
OWN_MEMORY = 1024 * MEGABYTE  # by which the grader's process may grow on what a kernel sends
SOCKET_FOLDER = SCRATCH
SOCKET_FILES = 10_000
TOO_MANY = f"it started more than {PROCESSES} processes"


def excess(process: psutil.Process, folder: Path) -> str | None:
    """What the sandbox has outgrown, None if nothing."""
    family = [process, *process.children(recursive=True)]
    if len(family) > PROCESSES:
        return TOO_MANY
    if _sum(psutil.Process.num_threads, family) > THREADS:
        return f"it started more than {THREADS} threads"
    shared = _shared_memory(family)
    if _sum(_resident, family) + shared > MEMORY and (reason := _outgrown(process, family, shared)):
        return reason
    if _is_filled(folder):
        return "it filled a folder it should leave alone"
    return None


def _sum(measure: Callable[[psutil.Process], int], family: list[psutil.Process]) -> int:
    """The sum over the processes that are still there."""
    total = 0
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            total += measure(process)
    return total


def _resident(process: psutil.Process) -> int:
    return process.memory_info().rss


def _outgrown(process: psutil.Process, family: list[psutil.Process], shared: int) -> str | None:
    """What is too much when memory that several hold is counted once.

    To count so takes time, in which there may come to be more of them.
    """
    for member in family:
        shared += _sum(_memory, [member])
        if len(process.children(recursive=True)) >= PROCESSES:
            return TOO_MANY
    return f"it used more than {MEMORY // MEGABYTE} MB of memory" if shared > MEMORY else None


def _memory(process: psutil.Process) -> int:
    """Bytes that a process holds; of what several share, it holds its part."""
    try:
        return process.memory_full_info().pss
    except psutil.AccessDenied:
        return _resident(process)


def _shared_memory(family: list[psutil.Process]) -> int:
    """Bytes of the nameless memory that processes share, whether it is in use or not."""
    sizes: dict[tuple[str, str], int] = {}

    def note(process: psutil.Process) -> int:
        with open(f"/proc/{process.pid}/maps") as maps:
            for line in maps:
                if "/dev/zero (deleted)" in line:
                    bounds, _mode, offset, _device, number, *_ = line.split()
                    first, last = (int(bound, 16) for bound in bounds.split("-"))
                    sizes[number, offset] = max(last - first, sizes.get((number, offset), 0))
        return 0

    _sum(note, family)
    return sum(sizes.values())


def _is_filled(folder: Path) -> bool:
    """Whether a kernel's socket folder, which may lie on a disk, holds more than it should."""
    size, count, folders = 0, 0, [str(folder)]
    while folders:
        with contextlib.suppress(PermissionError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                count += 1
                size += entry.stat(follow_symlinks=False).st_size
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                if size > SOCKET_FOLDER or count > SOCKET_FILES:
                    return True
    return False
