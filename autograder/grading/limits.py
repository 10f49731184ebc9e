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


def excess(process: psutil.Process, folder: Path) -> str | None:
    """What the sandbox has outgrown, None if nothing."""
    family = [process, *process.children(recursive=True)]
    if len(family) > PROCESSES:
        return f"it started more than {PROCESSES} processes"
    if _sum(psutil.Process.num_threads, family) > THREADS:
        return f"it started more than {THREADS} threads"
    if _sum(_memory, family) + _shared_memory(family) > MEMORY:
        return f"it used more than {MEMORY // MEGABYTE} MB of memory"
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


def _memory(process: psutil.Process) -> int:
    """Bytes that a process holds; of what several share, it holds its part."""
    try:
        return process.memory_full_info().pss
    except psutil.AccessDenied:
        return process.memory_info().rss


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
