"""How the shell of a kernel goes on where a cell asks for what is not there, or leaves something behind.

This file lies beside ``zygote.py`` in the sandbox. What notebooks ask of a machine or a front end is
said, and passed over: at home the line would have worked, and what stands below it in the cell may be
the answer. So may what stands below a cell that prints nowhere, or that has slowed all of Python down.
"""

import ast
import contextlib
import ctypes
import faulthandler
import gc
import resource
import signal
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

RUN_CODE = ("time", "timeit", "run", "prun", "memit", "debug")  # what they raise is the code's
DESCRIPTORS = 1024  # of files, in one process, wherever it is graded
KEPT_BACK = 64  # of them
LOOK_SECONDS = 0.05  # for which threads are watched
BUSY_SECONDS = 0.002  # of the processor's time in it: who waits takes less
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def pass_over_what_is_not_here(shell: Any) -> None:
    """Let no ``!command`` and no magic for a front end end a cell, no quit and no restart the kernel."""
    shell.ask_exit = lambda: print("quit was passed over", file=sys.stderr)
    shell.kernel.do_shutdown = lambda restart: print("restart was passed over", file=sys.stderr)
    shell.system = _said(shell.system, None)
    shell.getoutput = _said(shell.getoutput, [])
    magic = shell.run_line_magic

    def run_line_magic(name: str, line: str, _stack_depth: int = 1) -> Any:
        try:
            return magic(name, line, _stack_depth + 1)
        except Exception as error:
            if name in RUN_CODE:
                raise
            print(f"%{name} was passed over: {error}", file=sys.stderr)
            return None

    shell.run_line_magic = run_line_magic


def define_what_stands_below(shell: Any) -> None:
    """Where a cell stops at a line, make the definitions below it all the same, each if it can be.

    The line may be one that works at home: a drive that is mounted, a window, a question. What the cell
    has defined above it stays.
    """

    def define(result: Any) -> None:
        trace = getattr(result.error_in_exec, "__traceback__", None)
        while trace is not None and trace.tb_frame.f_globals is not shell.user_ns:
            trace = trace.tb_next
        if trace is None:
            return
        file = trace.tb_frame.f_code.co_filename
        parts = ast.parse(shell.transform_cell(result.info.raw_cell)).body
        above = {_name(part) for part in parts if part.lineno <= trace.tb_lineno} - {""}
        for part in parts:
            below = part.lineno > trace.tb_lineno and isinstance(part, DEFINITIONS)
            if below and _name(part) not in above:
                with contextlib.suppress(Exception, SystemExit):
                    exec(compile(ast.Module([part], []), file, "exec"), shell.user_ns)

    shell.events.register("post_run_cell", define)


def _name(part: ast.stmt) -> str:
    """What a definition defines; nothing of what is none, or an import."""
    return getattr(part, "name", "")


def keep_what_cells_print_to(shell: Any) -> None:
    """Put the standard streams back after a cell that has lost or closed them.

    The kernel flushes them when a cell has ended, and would say of no cell any more that it has.
    """
    own = {name: getattr(sys, name) for name in ("stdout", "stderr")}

    def put_back() -> None:
        for name, stream in own.items():
            there = getattr(sys, name, None)
            if there is None or getattr(there, "closed", False):
                setattr(sys, name, stream)

    shell.events.register("post_execute", put_back)


def keep_descriptors_back(shell: Any) -> None:
    """Let cells open fewer files than the kernel may, and probes: what comes after them needs some too.

    The hook before a cell comes second, and not before a probe, which may open more than cells could.
    """
    room = min(DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1])

    def limit(descriptors: int) -> None:
        with contextlib.suppress(ValueError, OSError):  # a cell has set a lower one for good
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, room))

    shell.events.register("pre_execute", lambda: limit(room - KEPT_BACK // 2))
    shell.events.register("pre_run_cell", lambda info: limit(room - KEPT_BACK))
    shell.events.register("post_execute", lambda: limit(room))


def take_back_what_was_left_on(shell: Any) -> None:
    """After whatever has run, put back what slows, ends or interrupts all that runs later.

    Before a probe, end what a cell has left busy in other threads: they take turns with it.
    """
    interval, collected = sys.getswitchinterval(), gc.get_threshold()
    deep = sys.getrecursionlimit()
    own: set[threading.Thread] = set()

    def put_back() -> None:
        if sys.getrecursionlimit() < deep:  # what runs cells calls deeper than they do
            sys.setrecursionlimit(deep)
        for watch in (sys, threading):
            watch.settrace(None)
            watch.setprofile(None)
        tracemalloc.stop()
        faulthandler.cancel_dump_traceback_later()
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        gc.enable()
        gc.set_debug(0)
        gc.set_threshold(*collected)
        sys.setswitchinterval(interval)

    def quiet() -> None:
        if not own:  # before any of the notebook's code
            own.update(threading.enumerate())
        elif shell.kernel.get_parent()["content"]["silent"]:
            _end_busy_threads(own)

    shell.events.register("post_execute", put_back)
    shell.events.register("pre_execute", quiet)


def _said(run: Callable[..., Any], nothing: Any) -> Callable[..., Any]:
    def tried(*given: Any, **options: Any) -> Any:
        try:
            return run(*given, **options)
        except OSError as error:
            print(f"no program was started here: {error}", file=sys.stderr)
            return nothing

    return tried


def _end_busy_threads(spared: set[threading.Thread]) -> None:
    """Raise SystemExit in each thread, but for some, that works while nothing is asked of it."""
    if not (others := {*threading.enumerate()} - spared):
        return
    before = {thread: _worked(thread) for thread in others}
    time.sleep(LOOK_SECONDS)
    for thread in others:
        if _worked(thread) - before[thread] > BUSY_SECONDS and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
            )
            thread.join(LOOK_SECONDS)


def _worked(thread: threading.Thread) -> float:
    """How many seconds a thread has had the processor; none if it has ended.

    ``time.pthread_getcpuclockid`` makes the same clock, and dies of a thread that has ended.
    """
    with contextlib.suppress(OSError, TypeError):
        return time.clock_gettime(~thread.native_id << 3 | 6)  # type: ignore[operator]
    return 0.0
