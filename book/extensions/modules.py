"""Which files of this project a piece of code depends on: modules, and the data that they read.

Code is read, not run. Imports count wherever they stand, inside functions too, and those of the
imported modules as well. A module's data are the files and folders beside it that it names in a
string, as ``lab.pictures`` names its folder: ``Path(__file__).with_name("pictures")``.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def imported(tree: ast.AST, package: str = "") -> Iterator[str]:
    """Yield what a syntax tree imports, by dotted name; ``from a import b`` yields ``a`` and ``a.b``.

    ``package`` is where the code lives, for relative imports. A name that is no module is for the
    caller to leave out. What only a type checker imports does not count.
    """
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names)
    elif isinstance(tree, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - tree.level + 1] if tree.level else []
        base = ".".join([*above, *([tree.module] if tree.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in tree.names)
    elif not (isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING"):
        for node in ast.iter_child_nodes(tree):
            yield from imported(node, package)


class Modules:
    """The modules below a folder ``root``, as they are when first asked for."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._of_file = cache(self._read)

    def digest(self, code: str) -> str:
        """A digest of all that ``code`` depends on: the same wherever the folder lies.

        Code that is not Python depends on nothing: running it will say what is wrong.
        """
        try:
            tree = ast.parse(code)
        except SyntaxError:
            return self._digest(set())
        return self._digest(self._reachable(imported(tree)))

    def _reachable(self, names: Iterator[str]) -> set[Path]:
        """The files of the modules named, of those that they import, and their data."""
        found: set[Path] = set()
        todo = [file for name in names for file in self._files(name)]
        while todo:
            file = todo.pop()
            if file not in found:
                found.add(file)
                todo.extend(self._of_file(file))
        return found

    def _files(self, name: str) -> Iterator[Path]:
        """The files that run when ``name`` is imported, its packages' ``__init__.py`` among them."""
        path = self.root
        for part in name.split("."):
            path = path / part
            for file in (path / "__init__.py", path.with_name(f"{part}.py")):
                if file.is_file():
                    yield file

    def _read(self, file: Path) -> set[Path]:
        """The files that one file depends on directly."""
        if file.suffix != ".py":
            return set()
        tree = ast.parse(file.read_bytes(), filename=str(file))
        package = ".".join(file.relative_to(self.root).parent.parts)
        found = {f for name in imported(tree, package) for f in self._files(name)}
        named = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        for place in file.parent.iterdir():
            if place.name in named:
                inside = place.rglob("*") if place.is_dir() else [place]
                found |= {f for f in inside if f.is_file() and f.suffix not in (".py", ".pyc")}
        return found

    def _digest(self, files: set[Path]) -> str:
        total = hashlib.sha256()
        for name, file in sorted((file.relative_to(self.root).as_posix(), file) for file in files):
            total.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
        return total.hexdigest()
