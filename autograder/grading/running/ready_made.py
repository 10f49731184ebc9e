"""torch's own files without the functions that an assignment's exercises ask for.

A sandbox sees these in the place of torch's: what a student is to write is not there to be called,
read or copied. See ``autograder.own_work``.
"""

import ast
import importlib.util
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from autograder.own_work import READY_MADE


def replaced_files(names: Iterable[str]) -> dict[str, str]:
    """What to see in the place of files of torch that hold something of these, by path below it."""
    texts: dict[str, str] = {}
    for name in names:
        texts |= _replaced(name)
    return texts


def torch_folders() -> list[str]:
    """The folders under which torch is known here: more than one if a link leads to it."""
    spec = importlib.util.find_spec("torch")
    assert spec is not None and spec.origin is not None
    folder = os.path.dirname(spec.origin)
    return sorted({folder, os.path.realpath(folder)})


def absent_folders(names: Iterable[str]) -> list[str]:
    """The folders of other installed packages that have something of these: seen empty."""
    found = set()
    for package in (package for name in names for package in READY_MADE[name].elsewhere):
        top, *inner = package.split(".")
        spec = importlib.util.find_spec(top)
        if spec is not None and spec.origin is not None:
            folder = os.path.join(os.path.dirname(spec.origin), *inner)
            found |= {folder, os.path.realpath(folder)}
    return sorted(folder for folder in found if os.path.isdir(folder))


@cache
def _replaced(name: str) -> dict[str, str]:
    ready_made = READY_MADE[name]
    root = Path(torch_folders()[0])
    texts = {}
    for files, functions in ready_made.files.items():
        for path in root.glob(files):
            text = _without(path.read_text(), functions, ready_made.says)
            if text is not None:
                texts[path.relative_to(root).as_posix()] = text
    return texts


def _without(text: str, functions: str, says: str) -> str | None:
    """A module's text whose functions of these names do nothing but tell on who calls them.

    None if it has no such function.
    """
    tree = ast.parse(text)
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and re.match(functions, node.name)
    ]
    for function in found:
        first = (function.args.posonlyargs + function.args.args)[0].arg
        function.body = ast.parse(
            f"from autograder.absent import telltale\nreturn telltale({says!r}, {first})"
        ).body
    return ast.unparse(tree) if found else None
