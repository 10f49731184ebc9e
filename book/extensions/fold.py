"""The laboratory, folded: of a page's code the ten-line rules stay open, the rest is one line each.

A line says what is under it: "Measurement: 5 seeds, 6 s, 41 lines", "Code of the figure: 23 lines",
"Imports: 9 lines". The time is that of the run whose outputs the page shows. Open stay cells tagged
``live`` or ``open``, and short ones that neither draw nor print nor count, or are tagged ``teaches``.
What is included from ``lab`` (``literalinclude``) is no cell, and stays. The imports, which a page's
code begins with, stand where code is first needed, not before the page's first sentence.
"""

import ast
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.typing import ExtensionMetadata

SHORT, TAUGHT = 10, 25  # lines
GLUE = re.compile(
    r"\bglue\(|\bprint\(f|\bstats\.|\bcontest\.|\bclaims\.|\bplt\.|\bplots\.|\bprovenance\b"
    r"|\btraining\.train\(|\brecords?\b|\btuning\."
)


def lines_of(code: str) -> list[str]:
    """The lines that say something."""
    return [
        line for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]


def is_setting_up(code: str) -> bool:
    """Whether a cell only imports."""
    calls = re.sub(r"\([^()]*\)", "()", code)  # an import may go over several lines
    return all(
        re.match(r"(from|import) |begin_page\(\)|\)|\s", line) for line in lines_of(calls)
    ) and ("import" in code)


def number_of(node: ast.AST, known: dict[str, int]) -> int | None:
    """How many seeds an expression stands for: a number, a range of numbers, or a known name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("range", "np.arange"):
        ends = [number for arg in node.args if (number := number_of(arg, known)) is not None]
        return len(range(*ends)) if len(ends) == len(node.args) else None
    return None


def numbers_in(page: ast.AST) -> dict[str, int]:
    """The numbers that the names ``seeds`` and ``SEEDS`` are given."""
    given: list[tuple[ast.AST, ast.AST]] = []
    for node in ast.walk(page):
        if isinstance(node, ast.FunctionDef) and node.args.defaults:
            names = [ast.Name(arg.arg) for arg in node.args.args[-len(node.args.defaults) :]]
            given += zip(names, node.args.defaults, strict=True)
        elif isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                given += zip(target.elts, value.elts, strict=False)
            else:
                given.append((target, value))
    known: dict[str, int] = {}
    for name, said in given:
        number = number_of(said, known)
        if number and isinstance(name, ast.Name) and name.id.lower() == "seeds":
            known[name.id] = number
    return known


def seeds_of(code: str, page: str) -> int | None:
    """The number of seeds that a cell runs, where it or the page says it in numbers."""
    try:
        tree, known = ast.parse(code), numbers_in(ast.parse(page + "\n" + code))
    except SyntaxError:
        return None
    said: list[ast.AST] = []
    said += [n.value for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg == "seeds"]
    said += [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id.lower() == "seeds"]
    return next((number for node in said if (number := number_of(node, known))), None)


def time_of(seconds: float | None) -> str:
    """How long a cell ran, in a word; "" if nobody knows."""
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"


def label(code: str, draws: bool, page: str, time: str = "") -> str:
    """What a folded cell is, in a line."""
    count = len(lines_of(code))
    size = f"{count} line{'s' if count != 1 else ''}"
    if is_setting_up(code):
        return f"Imports: {size}"
    if draws:
        return f"Code of the figure: {size}"
    seeds = seeds_of(code, page) or 0
    if seeds > 1 or GLUE.search(code):
        parts = [f"{seeds} seeds" if seeds > 1 else "", time, size]
        return f"Measurement: {', '.join(filter(None, parts))}"
    return f"Code: {size}"


def is_open(code: str, tags: list[str]) -> bool:
    if {"live", "open"} & set(tags):
        return True
    if "teaches" in tags:
        return len(lines_of(code)) <= TAUGHT
    return len(lines_of(code)) <= SHORT and not GLUE.search(code) and not is_setting_up(code)


def cells(document: nodes.document) -> list[tuple[nodes.container, str]]:
    """The code cells that show their code, each with it."""
    found = []
    for cell in document.findall(nodes.container):
        if cell.get("nb_element") == "cell_code" and cell.children:
            source = cell.children[0]
            if isinstance(source, nodes.Element) and source.get("nb_element") == "cell_code_source":
                found.append((cell, source.astext()))
    return found


class Fold(SphinxPostTransform):
    """Mark the cells that MyST-NB is to fold, and move the imports down."""

    default_priority = 190  # before MyST-NB folds
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        found = cells(self.document)
        env = getattr(self.document.settings, "env", None)
        ran = getattr(env, "page_seconds", {}).get(env.docname, {}) if env else {}
        page = "\n".join(code for _, code in found)
        for cell, code in found:
            tags = cell["cell_metadata"].get("tags", [])
            if is_open(code, tags) and "hide_mode" not in cell:
                continue
            if cell.get("hide_mode", "input") != "input":
                continue
            draws = any(True for _ in cell.findall(nodes.image))
            cell["hide_mode"] = "input"
            cell["prompt_show"] = cell["prompt_hide"] = label(
                code, draws, page, time_of(ran.get(str(cell.get("exec_count"))))
            )
        if len(found) > 1 and is_setting_up(found[0][1]):
            (first, _), (second, _) = found[:2]
            place = anchor(second)
            first.parent.remove(first)
            place.parent.insert(place.parent.index(place), first)


def anchor(cell: nodes.Element) -> nodes.Element:
    """The cell, or the figure around it."""
    return cell.parent if isinstance(cell.parent, nodes.figure) else cell


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_post_transform(Fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
