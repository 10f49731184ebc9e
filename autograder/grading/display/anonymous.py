"""An answer without whoever wrote it: to be shown, and to be pasted as a known mistake.

Comments and docstrings are left out, whatever they say. The student's id, and the words by which the
roster knows the student, are replaced in texts and in the names that the code itself gives. A name
that stands nowhere but in the code can't be known.
"""

import ast
import builtins
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator

from autograder.grading.systems.roster import Student, orders, without_accents

NEUTRAL = "student"
LONGEST = 10_000  # characters of an answer
LEAST_LETTERS, LEAST_DIGITS = 2, 4  # of what names somebody
COMMENT = re.compile(r"('''|\"\"\").*?(?:\1|\Z)|#[^\n]*", re.DOTALL)
AROUND = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
SAYS = "say here what the answer does"
Definition = ast.FunctionDef | ast.ClassDef


def without(student: Student) -> Callable[[str], str]:
    """Takes out of a text whatever names the student."""
    words = {form for word in _words(student) for form in _forms(word) if _names_somebody(form)}
    bounded = sorted(map(_bounded, words), key=len, reverse=True)
    if not bounded:
        return str
    pattern = re.compile("|".join(bounded), re.IGNORECASE)
    return lambda text: pattern.sub(NEUTRAL, text)


def _words(student: Student) -> Iterator[str]:
    local = student.email.partition("@")[0]
    yield from (student.email, student.name, *orders(student.name))
    yield from (student.number, student.canvas, student.moodle)
    for known in (student.id, student.name, local, student.login, student.github):
        yield known
        yield from re.findall(r"[^\W\d_]+", known)


def _forms(word: str) -> Iterator[str]:
    for text in (word, without_accents(word)):
        yield unicodedata.normalize("NFC", text)
        yield unicodedata.normalize("NFD", text)


def _names_somebody(word: str) -> bool:
    return len(word) >= (LEAST_DIGITS if word.isdigit() else LEAST_LETTERS)


def _bounded(word: str) -> str:
    """A pattern for a word that is no part of a longer one, where its script has spaces between words."""
    escaped = re.escape(word)
    if word.isdigit():
        return rf"(?<![\w.]){escaped}(?!\w)"
    return escaped if word.lower() == word.upper() else rf"(?<![^\W_]){escaped}(?![^\W\d_])"


def shown(code: str, entry: str, hide: Callable[[str], str]) -> str:
    """The code without its student; where it can't be read as Python, as its text."""
    tree = _read(code, entry, hide)
    return (tree and _written(tree)) or hide(COMMENT.sub("", code[:LONGEST]))


def as_mistake(
    code: str,
    entry: str,
    hide: Callable[[str], str],
    known: Iterable[str],
    imports: Iterable[str],
    id: str,
) -> str | None:
    """The same as lines of ``solutions/NAME/answers/ID.py`` that make a mistake of it.

    What stands around the function goes into it, as does what it needs of ``imports``, lines of other
    cells, for names that are not ``known`` in that file. None where that would not be the same code.
    """
    if (tree := _read(code, entry, hide)) is None:
        return None
    own = [s for s in tree.body if isinstance(s, Definition) and s.name == entry][-1:]
    if not own or any(isinstance(node, ast.Global) for node in ast.walk(tree)):
        return None
    (definition,) = own
    around = [
        s
        for s in tree.body
        if isinstance(s, AROUND)
        and entry not in _names(s) | _bound(s)
        and not (isinstance(s, ast.Import | ast.ImportFrom) and _bound(s) <= {*known})
    ]
    needed = _names(tree) - _bound(tree) - {*known, *dir(builtins)}
    brought = [s for line in imports for s in ast.parse(line).body if needed & _bound(s)]
    given = {name for s in around for name in _bound(s)}
    lines = [f'@ANSWER.mistake("{id}", "{SAYS}")']
    if isinstance(definition, ast.ClassDef):
        if not all(isinstance(s, ast.Import | ast.ImportFrom) for s in around):
            return None
        above = [ast.unparse(s) for s in (*brought, *around)]
        lines = [*above, "", "", *lines] if above else lines
    elif any(given & _names(node) for node in (definition.args, *definition.decorator_list)):
        return None
    else:
        definition.body = [*brought, *around, *definition.body]
    text = _written(definition)
    return text and "\n".join([*lines, text])


def imports_in(cells: Iterable[str]) -> list[str]:
    """The lines of cells that import something, one name a line."""
    return [
        ast.unparse(type(node)(**{**vars(node), "names": [alias]}))
        for cell in cells
        if (tree := _parsed(cell)) is not None
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]


def _read(code: str, entry: str, hide: Callable[[str], str]) -> ast.Module | None:
    """The code as a tree without comments, docstrings and its student; None where it is too long."""
    if len(code) > LONGEST or (tree := _parsed(code)) is None:
        return None
    own = _bound(tree) - _kept(tree, entry)
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, str) and (isinstance(node, ast.Constant) or value in own):
                setattr(node, field, hide(value))
            elif field in ("body", "orelse", "finalbody") and isinstance(value, list) and value:
                left = [s for s in value if not _is_text(s)]
                setattr(node, field, left or [ast.Pass()])
            elif field == "names" and isinstance(node, ast.Global | ast.Nonlocal):
                node.names = [hide(name) if name in own else name for name in node.names]
    return tree


def _parsed(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _written(tree: ast.AST) -> str | None:
    """A tree as code; None where it is nested too deeply."""
    try:
        return ast.unparse(tree)
    except RecursionError:
        return None


def _is_text(statement: ast.AST) -> bool:
    """Whether a statement is a text that nothing is done with: a docstring, as a rule."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _kept(tree: ast.Module, entry: str) -> set[str]:
    """The names by which others call what the code defines: its own, and those of its arguments."""
    asked = [s for s in tree.body if isinstance(s, Definition) and s.name == entry]
    arguments = (n.arg for s in asked for n in ast.walk(s) if isinstance(n, ast.arg))
    return {entry, *arguments}


def _bound(tree: ast.AST) -> set[str]:
    """The names that code gives to something."""
    found: set[str | None] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return {name for name in found if name}


def _names(tree: ast.AST) -> set[str]:
    """The names that code uses."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
