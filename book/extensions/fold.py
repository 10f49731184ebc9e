"""The laboratory, folded: of a page's code the ten-line rules stay open, the rest is one line each.

A line says what is under it: "Measurement: 5 seeds, 6 s, 41 lines", "Code of the figure: 23 lines",
"Imports: 9 lines". The time is that of the run whose outputs the page shows. Open stay cells tagged ``live`` or ``open``, and short ones that neither draw nor
print nor count, or are tagged ``teaches``. What is included from ``lab`` (``literalinclude``) is no cell,
and stays. The imports, which a page's code begins with, stand where code is first needed, not before
the page's first sentence.
"""

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
SEEDS = re.compile(r"\b(?:SEEDS|seeds)\s*=\s*(?:range\()?(\d+)(?:\s*,\s*(\d+))?")


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


def seeds_of(code: str, page: str) -> int | None:
    """The number of seeds that a cell runs, as far as it can be read from it or from the page."""
    for text in (code, page if re.search(r"\bSEEDS\b", code) else ""):
        if found := SEEDS.search(text):
            first, second = (int(n) if n else None for n in found.groups())
            return second - first if second and first is not None else first
    return None


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
