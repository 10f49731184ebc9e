"""What students receive of an assignment, and so all that a sandbox holds of the project."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import autograder
from autograder.grading.course import Course, CourseError

ENGINE = Path(autograder.__file__).parent
INSTRUCTORS_SIDE = "grading"


@dataclass(frozen=True)
class Handout:
    """The files and folders that students of an assignment have, by their place in its folder.

    ``own_work`` names what of torch's its exercises ask for: in a sandbox that is absent. ``torch``
    says whether a kernel should have it at hand; without that it is imported when it is needed.
    """

    name: str
    files: Mapping[str, Path]
    own_work: tuple[str, ...] = ()
    torch: bool = False

    @property
    def inside(self) -> str:
        """Where a sandbox sees it."""
        return f"/handed-out/{self.name}"


def engine() -> Handout:
    """The engine without the instructor's side, and no assignment."""
    files = (p for p in ENGINE.iterdir() if p.name not in (INSTRUCTORS_SIDE, "__pycache__"))
    return Handout("none", {f"autograder/{p.name}": p for p in files})


def handout(course: Course, name: str) -> Handout:
    """The assignment's folder, the engine without the instructor's side, and the modules of ``lab``
    that the assignment imports. Raises CourseError if the assignment was not released.
    """
    if not course.released(name).is_file():
        raise CourseError(f"{name} is not released: run `autograder release {name}` first")
    assignment = course.assignment(name)
    own = (p for p in assignment.folder.iterdir() if p.name != "__pycache__")
    lab = lab_modules(course, name)
    exercises = [assignment.exercise(id) for id in assignment.exercise_ids]
    own_work = {ready_made for exercise in exercises for ready_made in exercise.own_work}
    return Handout(
        name,
        {
            **{p.name: p for p in own},
            **engine().files,
            **{f"lab/{p.name}": p for p in lab},
        },
        tuple(sorted(own_work)),
        course.imports_torch(name),
    )


def lab_modules(course: Course, name: str) -> list[Path]:
    """The modules of ``lab`` that an assignment's exercises and notebook import, however far."""
    exercises = (course.assignment(name).folder / "exercises").glob("*.py")
    cells = course.student_version(name).cells
    texts = [p.read_text() for p in exercises]
    texts += [c.source for c in cells if c.cell_type == "code"]
    found: set[Path] = set()
    while texts:
        if "lab" not in (text := texts.pop()):
            continue
        for module in _imported_from_lab(text):
            path = course.root / "lab" / f"{module}.py"
            if path.is_file() and path not in found:
                found.add(path)
                texts.append(path.read_text())
    return sorted(found)


@cache  # a class asks for each of its submissions
def _imported_from_lab(text: str) -> frozenset[str]:
    """The names of the modules that a text takes from ``lab``, wherever it does."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a cell for the student to complete, or one with magics
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "lab":
            modules = [f"lab.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            continue
        found |= {m.split(".")[1] for m in modules if m.startswith("lab.")}
    return frozenset(found)
