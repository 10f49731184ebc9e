"""The sources of the book's pages: what holds for the code and the prose of all of them."""

import ast
import re
from functools import cache
from pathlib import Path

import jupytext
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGES = [p for p in sorted((ROOT / "book").rglob("*.md")) if "kernelspec:" in p.read_text()]
READ = re.compile(r"\{glue(?::\w+)?\}`(?:[^`]*::)?([^`:]+)(?::[^`]*)?`")

each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda p: p.relative_to(ROOT / "book").as_posix()
)


@cache
def cells(page):
    """The code cells of a page, each with its syntax tree."""
    return [
        (cell, ast.parse(cell.source))
        for cell in jupytext.read(page).cells
        if cell.cell_type == "code"
    ]


@cache
def read_names():
    """The names of the glued values that the prose reads."""
    return {name for page in PAGES for name in READ.findall(page.read_text())}


def pattern(name, around):
    """The names that the first argument of ``glue`` stands for, as regular expressions.

    A variable stands for the first strings of the rows, or for the keys, of the literal that a loop
    ``around`` the call goes through.
    """
    if isinstance(name, ast.Constant):
        yield re.escape(name.value)
    elif isinstance(name, ast.JoinedStr):
        parts = [re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in name.values]
        yield "".join(parts)
    elif isinstance(name, ast.Name):
        for loop in around:
            if name.id in {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}:
                literal = loop.iter.func.value if isinstance(loop.iter, ast.Call) else loop.iter
                rows = literal.keys if isinstance(literal, ast.Dict) else literal.elts
                for row in rows:
                    yield from pattern(row.elts[0] if isinstance(row, ast.Tuple) else row, ())
    else:
        raise AssertionError(f"line {name.lineno}: {ast.unparse(name)} as a glued name")


def glued_names(node, around=()):
    """Yield a regular expression for each name that a call of ``glue`` below ``node`` gives."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "glue":
        yield from pattern(node.args[0], around)
    if isinstance(node, ast.For):
        around = (node, *around)
    for child in ast.iter_child_nodes(node):
        yield from glued_names(child, around)


FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\w$`])\$([^$\n]+)\$", re.S)
ROLE = re.compile(r"\{[a-z][a-z:]*\}`")


def roles_in_formulas(text):
    """The formulas of a page's source that hold a role, which TeX would print as it stands."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    return [f for f in (a or b for a, b in FORMULA.findall(prose)) if ROLE.search(f)]


@each_page
def test_no_role_stands_in_a_formula(page):
    assert roles_in_formulas(page.read_text()) == []


def test_a_role_in_a_formula_is_found():
    role = "{term}`map`"
    assert roles_in_formulas(f"$$\nx_{{\\text{{the {role}}}}}\n$$") != []
    assert roles_in_formulas(f"Here $x$ is a {role} of $y$.") == []


@each_page
def test_the_header_is_one_call(page):
    calls = [
        ast.unparse(node.value)
        for _, tree in cells(page)[:1]
        for node in tree.body
        if isinstance(node, ast.Expr)
    ]
    assert calls == ["begin_page()"]
    again = [cell.source for cell, _ in cells(page)[1:] if "begin_page" in cell.source]
    settings = re.findall("use_style|set_num_threads|set_flush_denormal", page.read_text())
    assert again == settings == []


@each_page
def test_every_glued_value_is_read(page):
    names = [name for _, tree in cells(page) for name in glued_names(tree)]
    assert [n for n in names if not any(re.fullmatch(n, read) for read in read_names())] == []


@each_page
def test_long_functions_are_taught_or_live_in_lab(page):
    """A cell that the page teaches says so with the tag ``teaches``; a long one goes to ``lab``."""
    long, taught = [], []
    for cell, tree in cells(page):
        here = [
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and node.end_lineno - node.lineno >= 10
        ]
        if "teaches" in cell.metadata.get("tags", ()):
            taught.append(here)
        else:
            long += here
    assert long == [], "more than ten lines"
    assert all(taught), "nothing long in a cell with the tag"


@each_page
def test_the_code_uses_what_it_imports(page):
    code = "\n".join(cell.source for cell, _ in cells(page))
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    imports = [
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    assert [name for name in imports if name not in names] == []


# Who says that a setting was chosen on other seeds, or other data, than it is judged on.
# With a dot: of a module, so that a page's own variable of that name does not count.
FAIR = {
    *(".hold", ".entry", ".chosen_rate", ".chosen_method"),  # and whatever begins with ".tuned"
    *(".choose_on_other_seeds", "choose_on_other_seeds"),
}
CLAIMING = [page for page in PAGES if "claims.record(" in page.read_text()]


def loop_variables(node):
    """What the loops in a tree count by: it carries nothing from one statement to the next."""
    loops = [n.target for n in ast.walk(node) if isinstance(n, ast.For | ast.comprehension)]
    return {n.id for target in loops for n in ast.walk(target) if isinstance(n, ast.Name)}


def names_in(node):
    """The names that a tree has, and its attributes with a dot in front."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - loop_variables(node)
    return names | {f".{n.attr}" for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def written_by(statement):
    """The names that a statement binds or changes, at the top level of a page."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    changed = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            changed.add(node.id)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            changed |= names_in(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("append", "update"):
            changed |= names_in(node.func.value)
    return changed - loop_variables(statement)


def behind(record, statements):
    """All that a call of ``claims.record`` rests on: what the statements before it read in turn."""
    wanted = names_in(record)
    for statement in reversed(statements):
        if written_by(statement) & wanted:
            wanted |= names_in(statement)
    return wanted


def recorded_claims(trees):
    """Yield each claim of a page's trees, its reason for no contest, and what it rests on."""
    statements = [statement for tree in trees for statement in tree.body]
    for i, statement in enumerate(statements):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "claims.record":
                reason = next((k.value.value for k in node.keywords if k.arg == "no_contest"), "")
                yield node.args[0].value, reason, behind(node, statements[: i + 1])


@pytest.mark.parametrize("page", CLAIMING, ids=lambda p: p.relative_to(ROOT / "book").as_posix())
def test_claims_come_from_a_fair_contest_or_say_why_not(page):
    for claim, reason, rests_on in recorded_claims([tree for _, tree in cells(page)]):
        fair = {name for name in rests_on if name in FAIR or name.startswith(".tuned")}
        assert fair or len(reason) > 20, f"{claim} rests on no contest and does not say why"


def test_a_claim_that_only_stands_beside_a_contest_is_found():
    code = """
tuned_loss = contest.entry(rates, losses).loss
tuned = 3
for rate in rates:
    print(tuned_loss[rate])
other = [training.train(model, data, rule, lr=rate).train_loss for rate in rates]
lead = stats.interval(other * tuned)
claims.record("O1", "holds", f"{lead}")
claims.record("O2", "holds", f"{stats.interval(tuned_loss)}")
claims.record("O3", "holds", f"{lead}", no_contest="nothing competes with anything here")
"""
    found = {
        claim: (reason, rests & FAIR) for claim, reason, rests in recorded_claims([ast.parse(code)])
    }
    assert found["O1"] == ("", set())
    assert found["O2"] == ("", {".entry"})
    assert found["O3"] == ("nothing competes with anything here", set())


def test_what_is_called_tuned_chooses_on_other_seeds():
    """A page trusts the ``tuned`` of a long experiment."""
    for file in sorted((ROOT / "lab/experiments").glob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("tuned"):
                helpers = {"entry", "choose_on_other_seeds", "chosen", "tuned", "tuned_gain"}
                assert names_in(node) & helpers, f"{file.name} does not choose by the rules"


def test_the_front_page_counts_pages_and_hours():
    """Each part's number of pages, and its reading time, which is the sum of its pages' minutes."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    words = {"an hour": 60, "an hour and a half": 90, "two hours": 120, "five hours": 300}
    front = (ROOT / "book" / "index.md").read_text()
    said = re.findall(r"(\d+) pages, about ([a-z ]+)[,.]", front)
    assert len(said) == 5
    for part, (pages, time) in zip(toc["parts"], said, strict=False):
        files = [ROOT / f"{chapter['file']}.md" for chapter in part["chapters"]]
        minutes = sum(int(re.search(r"About (\d+) minutes", f.read_text())[1]) for f in files)
        assert int(pages) == len(files), part["caption"]
        assert abs(words[time] - minutes) <= 15, (part["caption"], minutes)
