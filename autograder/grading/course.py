"""Where the course keeps things: assignments, solutions, nbgrader's configuration."""

from __future__ import annotations

import copy
import re
from functools import cache, cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from traitlets.config import Config, PyFileConfigLoader

from autograder.assignment import Assignment, mount
from autograder.grading.answer import Answer

if TYPE_CHECKING:  # slow to import, and most of what a course knows needs none of it
    from nbformat import NotebookNode
    from nbgrader.coursedir import CourseDirectory

IMPORTS_TORCH = re.compile(r"^\s*(import|from) torch\b", re.MULTILINE)
CONFIG_FILE = "nbgrader_config.py"


class GradingImpossible(RuntimeError):
    """Nothing can be graded or released as things are; the message says what to do."""


class CourseError(GradingImpossible):
    """Something in the course's folder is not as grading or releasing needs it."""


def know_schema() -> None:
    """Have nbgrader look up the version of its tables here: it would ask alembic in another process.

    That takes a second for each new gradebook, and alembic would have to be on the path.
    """
    from nbgrader import api

    api.get_alembic_version = _schema_version


@cache
def _schema_version() -> str:
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return ScriptDirectory(ALEMBIC_DIR).get_current_head() or ""


@lru_cache(maxsize=16)
def _read_once(path: Path, changed: int) -> NotebookNode:
    """A notebook as it was when it was last changed, which is part of its name here."""
    import nbformat

    return nbformat.read(path, as_version=4)


class Course:
    """A course folder: the one that holds nbgrader_config.py. Two of one folder are the same."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Course) and self.root == other.root

    def __hash__(self) -> int:
        return hash(self.root)

    @classmethod
    def find(cls, start: Path) -> Course:
        """The course that ``start`` lies in; raises CourseError outside of one."""
        for folder in [start.resolve(), *start.resolve().parents]:
            if (folder / CONFIG_FILE).exists():
                return cls(folder)
        raise CourseError(f"no {CONFIG_FILE} here or above: run this inside the course's folder")

    @classmethod
    def of(cls, folders: CourseDirectory) -> Course:
        """The course that nbgrader's configuration belongs to."""
        return cls.find(Path(folders.root, folders.release_directory))

    def names(self, chosen: list[str]) -> list[str]:
        """The chosen assignments, all if none is; raises CourseError for an unknown one."""
        sources = self.root.glob("solutions/*/*.md")
        known = sorted(p.stem for p in sources if p.stem == p.parent.name)
        for name in chosen:
            if name not in known:
                raise CourseError(f"no assignment {name!r}; there is: {', '.join(known) or 'none'}")
        return list(dict.fromkeys(chosen)) or known

    def submissions(self, named: Path | None) -> Path:
        """The folder of what was handed in: the one that somebody named, else the usual one."""
        return named or self.root / "submitted"

    def source(self, name: str) -> Path:
        """The text notebook that is an assignment's only source."""
        return self.root / "solutions" / name / f"{name}.md"

    def released(self, name: str) -> Path:
        """The student version of an assignment's notebook."""
        return self.root / "assignments" / name / f"{name}.ipynb"

    def student_version(self, name: str) -> NotebookNode:
        """That notebook itself, read once: everybody's in this process, and not to be changed.

        Raises CourseError if there is none.
        """
        path = self.released(name)
        if not path.is_file():
            raise CourseError(f"{path} does not exist: autograder release {name}")
        return _read_once(path, path.stat().st_mtime_ns)

    def bundle(self, name: str) -> Path:
        """The zip that is all a student needs beside Python."""
        return self.root / "_build" / "students" / f"{name}.zip"

    def assignment(self, name: str) -> Assignment:
        """What students receive of an assignment."""
        return Assignment(self.root / "assignments" / name)

    def imports_torch(self, name: str) -> bool:
        """Whether an assignment's notebook or exercises import PyTorch, which takes seconds."""
        exercises = (self.root / "assignments" / name / "exercises").glob("*.py")
        texts = [path.read_text(encoding="utf-8") for path in (self.source(name), *exercises)]
        return any(IMPORTS_TORCH.search(text) for text in texts)

    def answer(self, name: str, exercise: str) -> Answer:
        """The answers to an exercise: ``solutions/NAME/answers/ID.py``.

        Raises CourseError if there are none.
        """
        path = self.root / "solutions" / name / "answers" / f"{exercise}.py"
        if not path.is_file():
            raise CourseError(f"there are no answers to {exercise}: {path} does not exist")
        mount("assignments", self.root / "assignments" / name)
        package = mount("solutions", self.root / "solutions" / name)
        return import_module(f"{package}.answers.{exercise}").ANSWER

    @cached_property
    def _config(self) -> Config:
        return PyFileConfigLoader(CONFIG_FILE, path=str(self.root)).load_config()

    @property
    def for_students(self) -> Config:
        """The settings of what students are told, ``c.Students``."""
        return self._config.Students

    @property
    def source_folder(self) -> Path:
        """Where nbgrader finds the notebooks with the solutions."""
        return self.root / self._config.CourseDirectory.source_directory

    @property
    def release_folder(self) -> Path:
        """Where nbgrader puts what is to be handed out."""
        return self.root / self._config.CourseDirectory.release_directory

    def config(self, class_folder: Path | None = None) -> Config:
        """nbgrader's configuration of the course, for the class in ``class_folder`` if given.

        A class folder holds ``submitted/``, ``autograded/``, ``feedback/`` and ``gradebook.db``; that
        of the course itself is its root.
        """
        config = copy.deepcopy(self._config)
        folders = config.CourseDirectory
        folders.source_directory = str(self.source_folder)
        folders.release_directory = str(self.release_folder)
        if class_folder is not None:
            folders.root = str(class_folder.resolve())
        return config
