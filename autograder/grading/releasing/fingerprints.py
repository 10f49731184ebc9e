"""What a run and a judgement depend on, in short: equal texts for equal code and data."""

import functools
import hashlib
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from autograder import hints, onward
from autograder.assignment import PACKAGE
from autograder.exercise import Exercise
from autograder.grading.course import Course
from autograder.grading.releasing import further
from autograder.grading.releasing.handout import ENGINE, handout

VERSIONS = ("torch", "numpy")
BESIDE_THE_STUDENT = (
    "probe",
    "settings",
    "wire",
    "own_work",
    "absent",
    "place",
    "tensors",
    "assignment",
)
NO_DATA = ("exercises", "key.json", hints.FILE, onward.FILE)  # of what is handed out
OWN = (f"{PACKAGE}.", "lab.", "autograder.")  # modules whose functions may be a probe's


@dataclass(frozen=True)
class Fingerprints:
    """Of an assignment: what its runs depend on, and what its judgements do."""

    run: str
    judge: str


def versions() -> dict[str, str]:
    """What a run's numbers may depend on besides the code."""
    return {"python": python_version(), **{name: version(name) for name in VERSIONS}}


def fingerprints(course: Course, name: str) -> Fingerprints:
    """Those of an assignment as it lies on disk."""
    assignment = course.assignment(name)
    released = [course.released(name)]
    handed_out = handout(course, name).files
    given = [p for place, p in handed_out.items() if _is_given(place)]
    engine = [ENGINE / f"{module}.py" for module in BESIDE_THE_STUDENT]
    probes = [_of_probes(assignment.exercise(id)) for id in assignment.exercise_ids]
    run = _digest([*_bytes_of([*released, *given, *engine]), *probes, repr(versions()).encode()])
    judges = [assignment.folder / "exercises", course.root / "solutions" / name / "answers"]
    judges += [
        course.root / "solutions" / name / "held_out",
        assignment.folder / hints.FILE,
        assignment.folder / onward.FILE,
        ENGINE,
    ]
    said = repr((further.site(course), further.reference_ideas(course))).encode()
    judges.append(further.ideas_file(course, name))
    judge = _digest([run.encode(), said, *_bytes_of([*released, *judges, course.source(name)])])
    return Fingerprints(run, judge)


def of_key(course: Course, name: str) -> str:
    """That of an assignment's public key: its code and its data, the engine, and versions."""
    own = [course.assignment(name).folder / part for part in ("exercises", "data")]
    lab = sorted((course.root / "lab").glob("*.py"))
    parts = _bytes_of([ENGINE, *own, course.root / "solutions" / name, *lab])
    return _digest([*parts, repr(versions()).encode()])


def of_engine() -> str:
    """That of all code that grades."""
    return _digest(_bytes_of([ENGINE]))


def _is_given(place: str) -> bool:
    """Whether something that was handed out is no check of ours: data, or a module of ``lab``."""
    return place not in NO_DATA and not place.startswith("autograder/")


def _bytes_of(paths: Iterable[Path]) -> Iterator[bytes]:
    """The names and the bytes of files, and of those below folders."""
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in inside:
            if "__pycache__" not in file.parts and file.is_file():
                yield file.name.encode()
                yield file.read_bytes()


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _of_probes(exercise: Exercise) -> bytes:
    """What the probes of an exercise do, whatever its judges are."""
    held = (exercise.entry, exercise.uses, exercise.own_work, exercise.on_device, exercise.seconds)
    parts = [repr(held).encode()]
    seen: set[int] = set()
    for part in exercise.parts:
        parts += [part.name.encode(), *_code(part.probe, seen)]
    return _digest(parts).encode()


@functools.singledispatch
def _code(value: object, seen: set[int]) -> Iterator[bytes]:
    """What stands for a value that a probe uses; of a function, its code and all that it uses in turn."""
    yield type(value).__qualname__.encode()


@_code.register
def _(value: str | bytes | int | float | None, seen: set[int]) -> Iterator[bytes]:
    yield repr(value).encode()


@_code.register
def _(value: np.ndarray, seen: set[int]) -> Iterator[bytes]:
    yield value.tobytes()


@_code.register
def _(value: list | tuple, seen: set[int]) -> Iterator[bytes]:
    for item in value:
        yield from _code(item, seen)


@_code.register
def _(value: dict, seen: set[int]) -> Iterator[bytes]:
    for key, item in value.items():
        yield repr(key).encode()
        yield from _code(item, seen)


@_code.register
def _(value: functools.partial, seen: set[int]) -> Iterator[bytes]:
    yield from _code(value.func, seen)
    yield from _code((*value.args, value.keywords), seen)


@_code.register
def _(value: type, seen: set[int]) -> Iterator[bytes]:
    """The methods of a class of ours."""
    if id(value) in seen or not _is_own(value):
        return
    seen.add(id(value))
    for name, member in sorted(vars(value).items()):
        if inspect.isfunction(member):
            yield name.encode()
            yield from _code(member, seen)


@_code.register
def _(value: FunctionType, seen: set[int]) -> Iterator[bytes]:
    if id(value) in seen:
        return
    seen.add(id(value))
    yield from _compiled(value.__code__)
    yield from _code((value.__defaults__, value.__kwdefaults__), seen)
    for cell in value.__closure__ or ():
        yield from _code(cell.cell_contents, seen)
    for name in sorted(_names(value.__code__)):
        yield from _named(name, value.__globals__.get(name), seen)


def _named(name: str, used: Any, seen: set[int]) -> Iterator[bytes]:
    """What a function calls by a name; nothing if it is a library's, whose version tells enough."""
    if inspect.ismodule(used) and used.__name__.startswith(OWN):
        yield from _bytes_of([Path(used.__file__ or "")])
    elif not (inspect.isfunction(used) or inspect.isclass(used)) or _is_own(used):
        yield name.encode()
        yield from _code(used, seen)


def _is_own(used: Any) -> bool:
    return (getattr(used, "__module__", None) or "").startswith(OWN)


def _names(code: CodeType) -> set[str]:
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _compiled(code: CodeType) -> Iterator[bytes]:
    yield code.co_code
    yield repr((code.co_names, code.co_varnames)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _compiled(constant)
        elif isinstance(constant, frozenset):
            yield repr(sorted(map(repr, constant))).encode()
        else:
            yield repr(constant).encode()
