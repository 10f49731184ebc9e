"""Runs a reader's code inside the page, as a notebook would.

To ``check`` the page is a notebook: a module named IPython takes what it displays. This file runs in
Pyodide; ``worker.js`` calls ``run`` and hands on what ``emit`` is given.
"""

import ast
import contextlib
import io
import json
import linecache
import os
import shutil
import sys
import threading
import traceback
import types

ANSWER = "<your code>"
MOST_TEXT = 20_000  # characters that a run may print: an endless loop must not fill the page


class Output(io.TextIOBase):
    """A stream that goes to the page, up to a limit."""

    def __init__(self, emit):
        self.emit, self.left = emit, MOST_TEXT

    def writable(self):
        return True

    def write(self, text):
        if self.left > 0 and text:
            self.emit("text", text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                self.emit("text", "\n(the rest of what was printed is left out)\n")
        return len(text)


class Notebook:
    """What ``IPython.get_ipython()`` returns: there is a notebook; nothing else is asked of it."""

    def set_custom_exc(self, kinds, handler):
        pass


class NoTimer:
    """In place of ``threading.Timer``: a browser has no threads, and Stop ends what never ends."""

    def __init__(self, interval, function, args=None, kwargs=None):
        pass

    def start(self):
        pass

    def cancel(self):
        pass


def pretend_notebook(emit):
    """Give ``check`` a place to display what it has to say."""

    def display(*shown):
        for each in shown:
            show(each, emit)

    module, display_module = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    notebook = Notebook()
    module.get_ipython = lambda: notebook
    module.display = display_module
    display_module.display = display
    sys.modules.update({"IPython": module, "IPython.display": display_module})
    threading.Timer = NoTimer


def show(value, emit):
    """Show a value as a notebook does; HTML is taken from the course's own alone."""
    if type(value).__module__.partition(".")[0] in ("autograder", "lab") and hasattr(
        value, "_repr_html_"
    ):
        emit("html", value._repr_html_())
    else:
        print(repr(value))


def last_verdicts():
    """What ``check`` remembers of the exercises that it was called for."""
    return sys.modules["autograder"].check.progress.verdicts


def facts(verdict):
    """What the page keeps of a verdict."""
    return {
        "exercise": verdict.exercise,
        "status": verdict.status,
        "score": float(verdict.score),
        "max_score": float(verdict.max_score),
        "parts": {name: [float(n) for n in points] for name, points in verdict.parts.items()},
        "mistake": verdict.mistake,
        "says": verdict.says,
    }


def enter(folder):
    """Make a folder the current one, and the first that is searched for modules."""
    for module in [m for m in sys.modules if m.partition(".")[0] == "exercises"]:
        del sys.modules[module]
    sys.path[:] = [folder, *(p for p in sys.path if not p.startswith("/assignments/"))]
    os.chdir(folder)


def unpack(name, path):
    """Unpack an assignment's checks; returns their folder."""
    folder = f"/assignments/{name}"
    shutil.unpack_archive(path, folder, "zip")
    return folder


def run(job_text, emit):
    """Run a job: what stands before, then the reader's code, then the check, if there is one.

    Returns JSON: ``{"ok": true}``, or ``{"ok": false, "error": text, "line": n or null}``.
    """
    job = json.loads(job_text)
    pretend_notebook(emit)
    if job.get("folder"):
        enter(job["folder"])
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    namespace = vars(module)
    output = Output(emit)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        for code in job.get("before", ()):
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                exec(compile(code, "<before>", "exec"), namespace)
        try:
            execute(job["code"], namespace, emit)
            if check := job.get("check"):
                entry = job["entry"]
                if entry not in namespace:
                    message = f"Nothing to check: your code defines no {entry}."
                    return json.dumps({"ok": False, "error": message, "line": None})
                last_verdicts().clear()
                try:
                    exec(compile(check, "<check>", "exec"), namespace)
                finally:
                    for verdict in last_verdicts().get(job["exercise"], ())[-1:]:
                        emit("verdict", json.dumps(facts(verdict)))
        except BaseException as error:
            return json.dumps({"ok": False, **described(error)})
    return json.dumps({"ok": True})


def execute(code, namespace, emit):
    """Run the reader's code; the value of a last expression is shown, as in a notebook."""
    linecache.cache[ANSWER] = len(code), None, code.splitlines(keepends=True), ANSWER
    tree = ast.parse(code, ANSWER)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, ANSWER, "exec"), namespace)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), ANSWER, "eval"), namespace)
        if value is not None:
            show(value, emit)


def described(error):
    """An error as a reader is told of it: the line of the reader's own code first."""
    if hasattr(error, "_render_traceback_"):  # it says itself how a notebook shows it
        return {"error": "\n".join(error._render_traceback_()), "line": None, "quiet": True}
    says = "".join(traceback.format_exception_only(error)).strip()
    if isinstance(error, SyntaxError) and error.filename == ANSWER:
        return {"error": f"Line {error.lineno}: {type(error).__name__}: {error.msg}\n    "
                f"{(error.text or '').strip()}", "line": error.lineno}  # fmt: skip
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == ANSWER]
    if not own:
        return {"error": says, "line": None}
    where = "".join(f"\n    line {f.lineno}, in {f.name}: {f.line}" for f in own[-5:])
    return {"error": f"Line {own[-1].lineno}: {says}{where}", "line": own[-1].lineno}
