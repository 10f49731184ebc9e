"""The calls that are made of a student's function, or of a class and its methods."""

import copy
import functools
import inspect
from dataclasses import dataclass
from typing import Any


@dataclass
class Call:
    """One call of the student's function or method, and what it gave.

    ``given`` and ``options`` are what it was called with; ``args`` and ``kwargs`` are copies of them,
    so that who tries the call again finds them as they were. ``changed`` are the numbers of those
    arguments that were other ones after the call.
    """

    name: str
    given: tuple
    options: dict[str, Any]
    returned: Any = None
    raised: bool = False
    changed: tuple[int, ...] = ()

    @property
    def args(self) -> tuple:
        """Copies of the arguments by position."""
        return kept(self.given)

    @property
    def kwargs(self) -> dict[str, Any]:
        """Copies of the arguments by name."""
        return kept(self.options)

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
        call = Call(name, *(kept(one) for one in (own, kwargs)))
        calls.append(call)
        call.raised = True
        returned = function(*args, **kwargs)
        call.raised = False
        call.returned = kept(returned)
        call.changed = tuple(i for i, v in enumerate(own) if _is_another(v, call.given[i]))
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


def kept(value: Any) -> Any:
    """A copy, or the thing itself where it can't be copied."""
    try:
        return copy.deepcopy(value)
    except Exception:
        if type(value) is dict:
            return {name: kept(one) for name, one in value.items()}
        if type(value) in (list, tuple):
            return type(value)(kept(one) for one in value)
        if type(value).__module__ == "torch" and hasattr(value, "requires_grad_"):
            # deepcopy refuses what was computed and has a gradient; the copy has one as well
            return value.detach().clone().requires_grad_(value.requires_grad) * 1
        return value


def _is_another(value: Any, before: Any) -> bool:
    """Whether an array or a tensor is no longer what it was; False for all else."""
    if not hasattr(value, "dtype") or getattr(value, "shape", None) != getattr(
        before, "shape", None
    ):
        return False
    try:
        return not bool(((value == before) | (value != value)).all())
    except Exception:
        return False
