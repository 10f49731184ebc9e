"""The code in the solutions of the pages' exercises runs where a reader would run it: on the page."""

import re

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from tests.test_typed_numbers import ROOT, SOLUTION, numbers, typed

FENCED = re.compile(r"^(~~~|```)python\n(.*?)^\1$", re.M | re.S)
INDENTED = re.compile(r"(?:^    .*\n|^\n)+", re.M)


def code_of(solution):
    """The code blocks of a solution's text: fenced, or indented by four spaces."""
    fenced = [code for _, code in FENCED.findall(solution)]
    if fenced:
        return fenced
    blocks = [re.sub("^    ", "", block, flags=re.M) for block in INDENTED.findall(solution)]
    return [block for block in blocks if block.strip()]


def solutions(page):
    """Yield each exercise's label and its blocks of code."""
    for _, label, text in SOLUTION.findall(page.read_text(encoding="utf-8")):
        if code := code_of(text):
            yield label, code


PAGES = [page for page in sorted((ROOT / "book").rglob("*.md")) if any(solutions(page))]


def test_the_blocks_are_found():
    found = dict(solutions(ROOT / "book/optimization/quasi-newton.md"))
    assert "torch_lbfgs.full_batch" in found["ex-lbfgs-memory"][0]
    found = dict(solutions(ROOT / "book/optimization/rmsprop.md"))
    assert found["ex-rmsprop-1"][0].strip().startswith("rare = ")
    assert len(PAGES) > 20


@pytest.mark.nightly
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT / "book").as_posix())
def test_solutions_run_on_their_page(page):
    notebook = jupytext.read(page)
    own = len(notebook.cells)
    for label, blocks in solutions(page):
        for code in blocks:
            notebook.cells.append(nbformat.v4.new_code_cell(code, metadata={"exercise": label}))
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": page.parent}}
    ).execute()
    printed: dict[str, set[float]] = {}
    for cell in notebook.cells[own:]:
        shown = "".join(o.get("text", "") for o in cell.outputs)
        printed.setdefault(cell.metadata["exercise"], set()).update(numbers(shown))
    texts = {label: text for _, label, text in SOLUTION.findall(page.read_text(encoding="utf-8"))}
    stale = {label: list(typed(page, texts[label], seen)) for label, seen in printed.items()}
    assert not any(stale.values()), f"typed, and not printed by the solution's code: {stale}"
