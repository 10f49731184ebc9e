"""Who may import what, and what the engine must not know: a newcomer can tell from a path alone."""

import ast
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from autograder.grading import cli
from tests.answers import ASSIGNMENTS, COURSE, ROOT

ENGINE = ROOT / "autograder"
GRADING = ENGINE / "grading"


def imports(path: Path) -> set[str]:
    """The modules that a file imports, late imports and relative ones included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(path.relative_to(ROOT).parent.parts)
            if node.level:
                base = base[: len(base) - node.level + 1]
                module = ".".join([*base, node.module] if node.module else base)
            else:
                module = node.module or ""
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def python_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


RULES = {
    "autograder": ("autograder", "!autograder.grading"),
    "autograder/grading": ("autograder",),
    "assignments": ("autograder", "!autograder.grading", "lab", "assignments"),
    "lab": ("lab",),
    "book": ("lab", "book"),
}
OURS = ("autograder", "assignments", "solutions", "lab", "book", "tests")


def test_types_hold():
    """Here and not by itself: it takes one core a while, and other tests have the other."""
    checked = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("folder", RULES)
def test_imports_run_one_way(folder):
    allowed = RULES[folder]
    for path in python_files(ROOT / folder):
        if folder == "autograder" and GRADING in path.parents:
            continue
        for module in imports(path):
            if module.split(".")[0] not in OURS:
                continue
            assert module.startswith(tuple(a for a in allowed if a[0] != "!")), (path, module)
            assert not any(module.startswith(a[1:]) for a in allowed if a[0] == "!"), (path, module)


# The house without its tests, as README.md tells it: which room imports from which.
ROOMS = ("autograder.grading", "autograder", "assignments", "solutions", "lab", "book", "tools")
ARROWS = {
    "book": {"lab"},
    "assignments": {"autograder", "lab"},
    "solutions": {"assignments", "autograder", "autograder.grading", "lab"},
    "autograder.grading": {"autograder"},
    "tools": {"autograder.grading"},
}
IMPORTED = re.compile(r"^\s*(?:from|import) ([\w.]+)", re.MULTILINE)


def room_of(module: str) -> str:
    """The room that a module stands in, empty if it is none of ours."""
    return next((room for room in ROOMS if f"{module}.".startswith(f"{room}.")), "")


def test_the_house_has_few_rooms_few_arrows_and_no_circle():
    """Of the pages and notebooks that are text, too, what their cells import."""
    arrows: dict[str, set[str]] = {}
    for folder in ("autograder", "assignments", "solutions", "lab", "book", "tools"):
        for path in [*python_files(ROOT / folder), *(ROOT / folder).rglob("*.md")]:
            if path.stem.startswith("test_"):
                continue
            modules = imports(path) if path.suffix == ".py" else IMPORTED.findall(path.read_text())
            here = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
            arrows.setdefault(here, set()).update(room for m in modules if (room := room_of(m)))
    arrows = {room: used - {room} for room, used in arrows.items()}
    assert {room: used for room, used in arrows.items() if used} == ARROWS
    assert len(ROOMS) <= 9 and sum(map(len, ARROWS.values())) <= 10
    list(TopologicalSorter(ARROWS).static_order())  # raises where there is a circle


def test_the_rooms_of_grading_are_few_and_have_an_order():
    """Each folder imports from those below it alone: what follows is how far each is from the ground."""
    rooms = {
        folder.name: folder for folder in GRADING.iterdir() if (folder / "__init__.py").is_file()
    }
    uses = {room: {m.split(".")[2] for path in python_files(folder) for m in imports(path)
                   if m.startswith("autograder.grading.")} & set(rooms) - {room}
            for room, folder in rooms.items()}  # fmt: skip
    assert len(rooms) <= 10
    list(TopologicalSorter(uses).static_order())  # raises where there is a circle
    ground = [path for path in GRADING.glob("*.py") if not path.stem.startswith("__")]
    assert len(ground) <= 4 and max(len(python_files(folder)) for folder in rooms.values()) <= 14
    for path in ground:  # what all stand on needs none of them; the command line stands on all
        assert path.stem == "cli" or not any(
            m.split(".")[2] in rooms for m in imports(path) if m.startswith("autograder.grading.")
        ), path


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_assignment_imports_no_other_and_no_answer(name):
    own = (f"assignments.{name}.", f"solutions.{name}.", "autograder.grading.answer")
    for folder in ("assignments", "solutions"):
        for path in python_files(ROOT / folder / name):
            modules = {m for m in imports(path) if m.startswith(("assignments.", "solutions."))}
            for module in modules:
                assert f"{module}.".startswith(own), (path, module)
            if folder == "assignments":
                assert not any(m.startswith("solutions") for m in modules), path


def test_the_engine_names_no_assignment_and_no_exercise():
    words = [*ASSIGNMENTS, *(e for ids in ASSIGNMENTS.values() for e in ids if "_" in e)]
    named = re.compile(rf"\b({'|'.join(words)})\b")
    for path in python_files(ENGINE):
        tree = ast.parse(path.read_text())
        docstrings = {ast.get_docstring(n, clean=False) for n in ast.walk(tree) if isinstance(
            n, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)}  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value in docstrings or not named.search(node.value), (path, node.value)
            elif isinstance(node, ast.Name | ast.Attribute):
                name = node.id if isinstance(node, ast.Name) else node.attr
                assert not named.fullmatch(name), (path, name)


def raised_in(statements: list[ast.stmt]) -> set[str]:
    """The errors that code raises itself, and that it does not catch at once."""
    found: set[str] = set()
    todo: list[ast.AST] = [*statements]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Raise) and node.exc is not None:
            found.add(ast.unparse(node.exc).partition("(")[0])
        elif isinstance(node, ast.Try):
            todo += [*node.handlers, *node.orelse, *node.finalbody]
        elif not isinstance(node, ast.FunctionDef | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
    return found


def test_docstrings_of_the_engine_say_what_is_raised():
    """All public functions have one; a method may have its base class's, if it raises nothing."""
    for path in python_files(ENGINE):
        tree = ast.parse(path.read_text())
        methods = [n for c in tree.body if isinstance(c, ast.ClassDef) for n in c.body]
        for node in [*tree.body, *methods]:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                said = ast.get_docstring(node) or ""
                errors = {e for e in raised_in(node.body) if e[:1].isupper()}
                assert said or node in methods, (path, node.name)
                assert not errors or "raise" in said.lower(), (path, node.name, errors)


def test_tolerances_stand_in_the_one_table_or_have_a_name():
    """In the engine and in exercises; ``naming`` says where it uses its own why it is so wide."""
    for path in [*ENGINE.glob("*.py"), *python_files(ROOT / "assignments")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg in ("rtol", "tolerance", "rel_tol"):
                written = isinstance(node.value, ast.Constant) and node.value.value is not None
                assert not written or path.stem == "naming", (path, ast.unparse(node))


def test_files_are_short():
    limits = {ENGINE: 300, ROOT / "assignments": 350, ROOT / "solutions": 350}
    for folder, most in limits.items():
        for path in python_files(folder):
            lines = len(path.read_text().splitlines())
            assert lines <= most, f"{path} has {lines} lines"


def test_exercises_in_numpy_do_not_import_torch():
    for name, exercises in ASSIGNMENTS.items():
        folder = COURSE.assignment(name).folder / "exercises"
        for exercise in exercises:
            path = folder / f"{exercise}.py"
            on_device = "on_device=True" in path.read_text()
            if not on_device and "torch" in reached(path):
                assert "torch" in path.read_text(), f"{path} imports torch through another file"


def reached(path: Path) -> set[str]:
    """The packages that a file imports, those of its siblings included."""
    found, todo, seen = set(), [path], set()
    while todo:
        current = todo.pop()
        seen.add(current)
        for module in imports(current):
            found.add(module.split(".")[0])
            sibling = ROOT / (module.replace(".", "/") + ".py")
            if sibling.is_file() and sibling not in seen:
                todo.append(sibling)
    return found


def test_the_readme_names_every_command():
    commands = next(a for a in cli._parser()._actions if a.choices)
    text = (ROOT / "README.md").read_text()
    assert set(re.findall(r"^autograder ([a-z-]+)", text, re.M)) == set(commands.choices)


def test_make_clean_removes_nothing_of_a_class():
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    make = ["make", "-n", "clean"]  # on its own, wherever the tests are run from
    done = subprocess.run(make, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.stdout == "rm -rf _build\n"
