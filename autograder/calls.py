"""The calls that are made of a student's function, or of a class and its methods."""

import copy
import functools
import inspect
from dataclasses import dataclass
from typing import Any


@dataclass
class Call:
    """One call of the student's function or method, and what it gave."""

    name: str
    args: tuple
    kwargs: dict[str, Any]
    returned: Any = None
    raised: bool = False

    @property
    def says(self) -> bool:
        """Whether what it gave is something to look at: a method such as ``train`` gives its object."""
        return self.returned is not None and not callable(self.returned)


def recorded(student: Any, calls: list[Call]) -> Any:
    """The student's function or class, of which every call is added to ``calls``."""
    return _class(student, calls) if inspect.isclass(student) else _function(student, calls)


def _function(function: Any, calls: list[Call], name: str = "") -> Any:
    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        own = args[1:] if name else args
        call = Call(name, *(_kept(one) for one in (own, kwargs)))
        calls.append(call)
        call.raised = True
        returned = function(*args, **kwargs)
        call.raised = False
        call.returned = _kept(returned)
        return returned

    return watched


def _class(student: type, calls: list[Call]) -> type:
    """A subclass that records how it is made and which of its own methods are called."""
    methods = {
        name: _function(method, calls, name)
        for name, method in vars(student).items()
        if inspect.isfunction(method) and (name == "__init__" or not name.startswith("_"))
    }
    if callable(switch := getattr(student, "train", None)):  # a module's mode: eval() calls it too
        methods.setdefault("train", _function(switch, calls, "train"))
    try:
        return type(student.__name__, (student,), methods)
    except TypeError:
        return student


def _kept(value: Any) -> Any:
    """A copy, or the thing itself where it can't be copied."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value
