"""Where an error was raised: the line of the student's code, and what it was doing there.

The lines of two answers have nothing to do with each other. What they did when the error came has:
they looked for an entry, multiplied, called a function of some name.
"""

import dis
import inspect
from types import TracebackType
from typing import Any

_KINDS = {
    "SUBSCR": "entry",
    "SLICE": "entry",
    "ATTR": "attribute",
    "METHOD": "attribute",
    "CALL": "call",
    "COMPARE": "comparison",
    "CONTAINS": "comparison",
    "UNPACK": "unpacking",
    "ITER": "iteration",
    "RAISE": "raise",
    "BOOL": "truth value",
    "JUMP": "truth value",
}
_ENTRY = "[]"  # from Python 3.14 on an entry is looked up by a binary operation of this sign


def of(error: BaseException, student: Any) -> dict[str, Any]:
    """``line`` and ``at`` of the innermost frame that is of the file (or cell) of the student's
    object; None and the function that raised, if none is."""
    home = _home(student)
    line, at = None, ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == home:
            line, at = trace.tb_lineno, _operation(code, trace.tb_lasti)
        elif trace.tb_next is None and line is None:
            at = code.co_name
        trace = trace.tb_next
    return {"line": line, "at": at}


def _home(student: Any) -> str | None:
    own = [student, *getattr(student, "__dict__", {}).values()]  # a function, or a class's methods
    codes = (getattr(inspect.unwrap(f), "__code__", None) for f in own if callable(f))
    return next((code.co_filename for code in codes if code is not None), None)


def _operation(code: Any, at: int) -> str:
    """What kind of operation an instruction of some code is."""
    found = next((i for i in dis.get_instructions(code) if i.offset == at), None)
    if found is None:
        return ""
    if found.opname == "BINARY_OP":
        sign = found.argrepr.rstrip("=")
        return "entry" if sign == _ENTRY else sign
    return next((kind for part, kind in _KINDS.items() if part in found.opname), "")
