"""What notebooks ask of a machine or a front end that is not there: it is said, and passed over.

This file lies beside ``zygote.py`` in the sandbox. At home the line would have worked, and what
stands below it in the cell may be the answer. So may what stands below a cell that prints nowhere.
"""

import ast
import contextlib
import resource
import sys
from collections.abc import Callable
from typing import Any

RUN_CODE = ("time", "timeit", "run", "prun", "memit", "debug")  # what they raise is the code's
DESCRIPTORS = 1024  # of files, in one process, wherever it is graded
KEPT_BACK = 64  # of them
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


def _said(run: Callable[..., Any], nothing: Any) -> Callable[..., Any]:
    def tried(*given: Any, **options: Any) -> Any:
        try:
            return run(*given, **options)
        except OSError as error:
            print(f"no program was started here: {error}", file=sys.stderr)
            return nothing

    return tried
