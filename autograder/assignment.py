"""An assignment's folder, as students have it: ``exercises/ID.py``, ``key.json``, ``data/``.

Nothing is registered anywhere: an exercise is the file that bears its name. Files whose names begin
with an underscore hold what several exercises share.
"""

import sys
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType

from autograder.exercise import Exercise
from autograder.key import PublicKeys

PACKAGE = "assignments"
EXERCISES, KEY = "exercises", "key.json"


class Assignment:
    """The assignment in a folder. Exercises are loaded one by one, as they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.name = self.folder.name

    @classmethod
    def here(cls) -> "Assignment":
        """The assignment that the current folder holds, or that this package was handed out with.

        Raises FileNotFoundError if neither is one.
        """
        for folder in (Path.cwd(), Path(__file__).resolve().parent.parent):
            if (folder / KEY).is_file() and (folder / EXERCISES).is_dir():
                return cls(folder)
        raise FileNotFoundError(
            f"there is no {KEY} and no folder {EXERCISES} in {Path.cwd()}: start the notebook in "
            "the folder that was handed out"
        )

    @cached_property
    def exercise_ids(self) -> list[str]:
        """The ids of its exercises, sorted, as they were when somebody asked first."""
        return sorted(path.stem for path in (self.folder / EXERCISES).glob("[!_]*.py"))

    def has(self, exercise: str) -> bool:
        """Whether it has an exercise of this id."""
        return exercise in self.exercise_ids

    def exercise(self, exercise: str) -> Exercise:
        """Load an exercise; raises KeyError if there is none of this id."""
        if not self.has(exercise):
            raise KeyError(exercise)
        package = mount(PACKAGE, self.folder)
        return import_module(f"{package}.{EXERCISES}.{exercise}").EXERCISE

    def public_keys(self) -> PublicKeys:
        """The public answer keys; raises FileNotFoundError if the assignment was not released."""
        return PublicKeys((self.folder / KEY).read_text(encoding="utf-8"))


def mount(parent: str, folder: Path) -> str:
    """Make a folder importable as a package below ``parent``, and return the package's name.

    The folder need not lie on ``sys.path`` and may have any name. If another folder had this name
    before, what was imported from it is forgotten.
    """
    name = f"{parent}.{folder.name.replace('.', '_')}"
    known = sys.modules.get(name)
    if known is not None and set(known.__path__) == {str(folder)}:  # a namespace may have it twice
        return name
    for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        del sys.modules[module]
    sys.modules[name] = _package(name, folder)
    sys.modules.setdefault(parent, _package(parent, folder.parent))
    return name


def _package(name: str, folder: Path) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    return module
