"""What an exercise's answers consist of: an oracle, known mistakes, other right answers."""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any

from autograder.exercise import Draw, Outputs, Part

_EDITED: dict[Any, str] = {}  # the source of code that ``edited`` made


@dataclass(frozen=True)
class WrongAnswer:
    """A known mistake: an id, its name in words ("Adam without bias correction"), and its code.

    ``observed``: the words state no more than what the cases show ("x itself is changed"), so they
    are true whatever the cause, and one fact is enough to say them. ``remembers``: what it does on a
    case depends on the cases before, so it is tried on all of them in turn.
    """

    id: str
    says: str
    code: Any
    observed: bool = False
    remembers: bool = False


@dataclass
class Answer:
    """The oracle of an exercise (computes in float64), its known mistakes, and right answers that
    are written differently.

    ``hidden`` draws a part's cases for the grading, by the part's name, where they need what
    students must not have; other parts draw their own, from another seed than students have.
    ``known`` says what the oracle's outputs come to in a part, where that is the same in each case and
    takes long to try.
    """

    oracle: Any
    hidden: dict[str, Draw] = field(default_factory=dict)
    known: dict[str, Outputs] = field(default_factory=dict)
    mistakes: list[WrongAnswer] = field(default_factory=list)
    alternatives: list[Any] = field(default_factory=list)

    def mistake(
        self, id: str, says: str, observed: bool = False, remembers: bool = False
    ) -> Callable[[Any], Any]:
        """Decorator: register a function or class as a known mistake."""

        def register(code: Any) -> Any:
            self.mistakes.append(WrongAnswer(id, says, code, observed, remembers))
            return code

        return register

    def edited(
        self,
        id: str,
        says: str,
        *edits: tuple[str, str],
        observed: bool = False,
        remembers: bool = False,
    ) -> None:
        """Register as a known mistake the oracle with some of its text replaced, wherever it occurs."""
        self.mistake(id, says, observed, remembers)(edited(self.oracle, *edits))

    def alternative(self, code: Any) -> Any:
        """Decorator: register a function or class as a right answer in another dress."""
        self.alternatives.append(code)
        return code

    def in_place_of(self, part: Part) -> Part:
        """The same part with the cases that the grading draws."""
        return replace(part, cases=self.hidden[part.name])


def edited(code: Any, *edits: tuple[str, str]) -> Any:
    """The function or class that one gets by replacing text in another's source.

    Raises ValueError if a text to be replaced is not there.
    """
    source = source_of(code)
    for old, new in edits:
        if old not in source:
            raise ValueError(f"{code.__name__} does not contain {old!r}")
        source = source.replace(old, new)
    module = inspect.getmodule(code)
    namespace = dict(vars(module)) if module else {}
    exec(compile(source, f"<{code.__name__}, edited>", "exec"), namespace)
    result = namespace[code.__name__]
    _EDITED[result] = source
    return result


def beside(**others: Any) -> Callable[[Any], Any]:
    """Decorator: a function that finds ``others`` among its globals (see ``Exercise.uses``)."""

    def moved(code: FunctionType) -> FunctionType:
        names = {**code.__globals__, **others}
        return FunctionType(code.__code__, names, code.__name__, code.__defaults__)

    return moved


def source_of(code: Any) -> str:
    """The source of a function or class, without the decorators that register it.

    Other than ``inspect.getsource``, it is right for a class that shares its name with others in
    the same file.
    """
    if code in _EDITED:
        return _EDITED[code]
    if isinstance(code, FunctionType):
        text = textwrap.dedent(inspect.getsource(code))
        node = ast.parse(text).body[0]
    else:
        text = inspect.getsource(inspect.getmodule(code) or code)
        line = next(f.__code__.co_firstlineno for f in vars(code).values() if inspect.isfunction(f))
        node = next(
            n
            for n in ast.parse(text).body
            if isinstance(n, ast.ClassDef) and n.lineno <= line <= (n.end_lineno or n.lineno)
        )
    return "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno]) + "\n"


def standalone(code: Any) -> str:
    """The source as the text of a cell: with those imports of its module that it uses."""
    source = source_of(code)
    module = inspect.getmodule(code)
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    lines = [
        ast.unparse(node)
        for node in ast.parse(inspect.getsource(module) if module else "").body
        if isinstance(node, ast.Import)
        and any((alias.asname or alias.name.split(".")[0]) in used for alias in node.names)
    ]
    return "\n".join([*lines, "", "", source])


def fresh(code: Any) -> Any:
    """A function as if its cell had just run: what it kept outside of its arguments is forgotten.

    Mistakes that keep state in attributes of the function, in globals or in a default argument
    thus give the same outcomes however often they ran before. A class is returned as it is.
    """
    if not isinstance(code, FunctionType):
        return code
    names = dict(code.__globals__)
    again = FunctionType(code.__code__, names, code.__name__, copy.deepcopy(code.__defaults__))
    names[code.__name__] = again
    return again
