"""What a kernel and all that it starts may use, and whether it has used more."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import psutil

from autograder.grading.running.sandbox import MEGABYTE, SCRATCH

MEMORY = 4096 * MEGABYTE
PROCESSES = 64
THREADS = 512
OPEN_SOCKETS = 1024  # what waits in one takes megabytes that no process is said to hold
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
    if _sockets(process) > OPEN_SOCKETS:
        return f"it opened more than {OPEN_SOCKETS} sockets"
    resident = _sum(_resident, family)
    nameless: dict[tuple[str, str], int] = {}
    held = 0
    for member in family:
        held += _sum(_part if resident > MEMORY else _resident, [member])
        _note_nameless(member, nameless)
        # To look closely takes time, in which a fork bomb grows: what is cheap is looked at again.
        if len(family) > 1 and len(process.children(recursive=True)) >= PROCESSES:
            return TOO_MANY
    if held + sum(nameless.values()) > MEMORY:
        return f"it used more than {MEMORY // MEGABYTE} MB of memory"
    if _is_filled(folder):
        return "it filled a folder it should leave alone"
    return None


def killed_for_memory() -> int:
    """How many processes the system has killed since it started, because memory ran out.

    By the machine's memory or a control group's; 0 where it does not say.
    """
    with contextlib.suppress(OSError), open("/proc/vmstat") as counts:
        return sum(int(line.split()[1]) for line in counts if line.startswith("oom_kill "))
    return 0


def _sum(measure: Callable[[psutil.Process], int], family: list[psutil.Process]) -> int:
    """The sum over the processes that are still there."""
    total = 0
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            total += measure(process)
    return total


def _resident(process: psutil.Process) -> int:
    return process.memory_info().rss + _page_tables(process)


def _part(process: psutil.Process) -> int:
    """Bytes that a process holds; of what several share, it holds its part."""
    try:
        return process.memory_full_info().pss + _page_tables(process)
    except psutil.AccessDenied:
        return _resident(process)


def _page_tables(process: psutil.Process) -> int:
    """Bytes that say where a process's memory is: gigabytes, if it has only looked at terabytes."""
    with open(f"/proc/{process.pid}/status") as status:
        return sum(int(line.split()[1]) * 1024 for line in status if line.startswith("VmPTE:"))


def _sockets(process: psutil.Process) -> int:
    """How many there are in the network namespace of a process."""
    count = 0
    for kind in ("unix", "netlink"):  # no others reach anybody there
        with open(f"/proc/{process.pid}/net/{kind}") as lines:
            count += sum(1 for _ in lines) - 1
    return count


def _note_nameless(process: psutil.Process, sizes: dict[tuple[str, str], int]) -> None:
    """Note the sizes of the nameless memory that processes share, whether it is in use or not."""
    with (
        contextlib.suppress(FileNotFoundError, ProcessLookupError),
        open(f"/proc/{process.pid}/maps") as maps,
    ):
        for line in maps:
            if "/dev/zero (deleted)" in line:
                bounds, _mode, offset, _device, number, *_ = line.split()
                first, last = (int(bound, 16) for bound in bounds.split("-"))
                sizes[number, offset] = max(last - first, sizes.get((number, offset), 0))


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
