"""How many submissions this machine can take at a time: by its cores, and by its memory.

A container may have less of both than the machine that it runs on: what counts is what the process
may use, by its affinity and by its control groups, of either version.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

WORKER = 700 * 2**20  # bytes: a worker, its sandbox and a kernel in it
COMMAND = 500 * 2**20  # the command itself and the process that workers are forked from
GROUPS = Path("/sys/fs/cgroup")


def default_jobs(groups: Path = GROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """As many submissions as there are cores for, and memory; at least one."""
    cores = min(len(os.sched_getaffinity(0)), *_cores(groups, own), 10**6)
    memory = min(psutil.virtual_memory().available, *_memory(groups, own), 2**60)
    return max(1, min(math.ceil(cores), int((memory - COMMAND) // WORKER)))


def _folders(groups: Path, own: Path, controller: str) -> Iterator[Path]:
    """The control groups that this process is in, from its own up to the root."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        root = groups / controller if names else groups
        inside = path.strip("/")
        while True:
            yield root / inside
            if not inside:
                break
            inside = inside.rpartition("/")[0]


def _cores(groups: Path, own: Path) -> Iterator[float]:
    for folder in _folders(groups, own, "cpu"):
        quota, period = _numbers(folder / "cpu.max") or [None, None]
        if quota is None:
            quota = (_numbers(folder / "cpu.cfs_quota_us") or [None])[0]
            period = (_numbers(folder / "cpu.cfs_period_us") or [None])[0]
        if quota and period and quota > 0:
            yield quota / period


def _memory(groups: Path, own: Path) -> Iterator[float]:
    """What is left of each limit."""
    for folder in _folders(groups, own, "memory"):
        for limit, usage in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            most = (_numbers(folder / limit) or [None])[0]
            if most is not None:
                cached = _cached(folder)
                used = (_numbers(folder / usage) or [0])[0] or 0
                yield most - max(0.0, used - cached)


def _cached(folder: Path) -> float:
    """Memory that the system gives back when it is needed."""
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0.0
    held = dict(line.split() for line in lines)
    return float(held.get("inactive_file", held.get("total_inactive_file", 0)))


def _numbers(path: Path) -> list[float | None] | None:
    """The numbers in a file; None for ``max``, and for a file that is not there."""
    try:
        return [None if word == "max" else float(word) for word in path.read_text().split()]
    except (OSError, ValueError):
        return None
