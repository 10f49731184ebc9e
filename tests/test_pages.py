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
def test_an_interval_is_written_by_its_format(page):
    """``stats.Interval`` knows how many digits its half-width gives; a ± typed between two numbers does not."""
    assert re.findall(r".*± ?\{.*", page.read_text()) == []


DESCRIBED = re.compile(r"^\s*:?(?:alt|caption): *(.+)$", re.M)
# A panel is named by a side: at the start of a sentence or a clause, or by a name like "left panel".
SIDE = r"(?:left|right|middle|above|below|top|bottom|upper|lower)"
PLACED = re.compile(rf"(?:^|[.;:(?] |, ){SIDE}(?:,| for) |\bon the (?:left|right)\b", re.I)
NAMED = re.compile(rf"\b{SIDE}(?:-hand)? (?:panel|row|plot|map|curve)s?\b", re.I)


def named_by_side(text):
    """Where a page's source tells a figure's panels apart by their side."""
    for described in DESCRIBED.findall(text):
        yield from (found[0] for found in PLACED.finditer(described))
    yield from (found[0] for found in NAMED.finditer(text))


@each_page
def test_panels_are_named_so_that_it_is_true_where_they_are_stacked(page):
    """On a phone a figure's panels stand under each other (``lab/drawing.py``)."""
    assert list(named_by_side(page.read_text())) == []


@pytest.mark.parametrize(
    "said",
    [
        "    caption: Is it faster? Steps; right, the rate.",
        "    alt: Two panels. Left, the loss. The rest, the rate.",
        ":alt: Three maps. On the right the random ones.",
        "    alt: Loss against rate, left for a constant rate.",
        "Look at the end of the left panel: it falls.",
        "    alt: Four panels. Top row, the signal.",
    ],
)
def test_a_panel_named_by_its_side_is_found(said):
    assert len(list(named_by_side(said))) == 1


def test_a_side_within_a_panel_may_be_named():
    said = "    alt: The curve ends at the right, lower than before; left of the line it is level, above it steep."
    assert list(named_by_side(said)) == []


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


# Functions of ``lab`` that choose a setting on other seeds, or other data, than it is judged on; a
# long experiment's own begin with "tuned".
CHOOSERS = {"hold", "entry", "choose_on_other_seeds", "chosen_rate", "chosen_method"}
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
    """The statements that a call of ``claims.record`` rests on: what is read, in turn, before it."""
    wanted, found = names_in(record), []
    for statement in reversed(statements):
        if written_by(statement) & wanted:
            wanted |= names_in(statement)
            found.append(statement)
    return found


def from_lab(trees):
    """The names that a page's imports take from ``lab``."""
    return {
        alias.asname or alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "lab"
        for alias in node.names
    }


def chooses(call, lab):
    """Whether a call is one of ``lab``'s that choose fairly: of a module, or of a function itself."""
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        owner, name = call.func.value.id, call.func.attr
    elif isinstance(call.func, ast.Name):
        owner = name = call.func.id
    else:
        return False
    return owner in lab and (name in CHOOSERS or name.startswith("tuned"))


def contenders(node, lab, times=1):
    """How many contenders below ``node`` have their setting chosen fairly.

    What is done for each of several (in a loop, or in a function) counts as two; a call of ``hold``
    as the contenders that it is given.
    """
    count = 0
    if isinstance(node, ast.Call) and chooses(node, lab):
        rivals = node.args[0] if node.args else None
        if isinstance(rivals, ast.Dict) and ast.unparse(node.func).endswith("hold"):
            count += len(rivals.keys)
        elif isinstance(rivals, ast.DictComp):
            count += 2
        else:
            count += times
    several = ast.For | ast.FunctionDef | ast.ListComp | ast.DictComp | ast.GeneratorExp
    again = 2 if isinstance(node, several) else times
    return count + sum(contenders(child, lab, again) for child in ast.iter_child_nodes(node))


def recorded_claims(trees):
    """Yield each claim of a page's trees, its reason for no contest, and its fair contenders."""
    statements = [statement for tree in trees for statement in tree.body]
    lab = from_lab(trees)
    for i, statement in enumerate(statements):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "claims.record":
                reason = next((k.value.value for k in node.keywords if k.arg == "no_contest"), "")
                rests_on = behind(node, statements[: i + 1])
                yield node.args[0].value, reason, sum(contenders(s, lab) for s in rests_on)


@pytest.mark.parametrize("page", CLAIMING, ids=lambda p: p.relative_to(ROOT / "book").as_posix())
def test_claims_come_from_a_fair_contest_or_say_why_not(page):
    for claim, reason, fair in recorded_claims([tree for _, tree in cells(page)]):
        assert fair > 1 or len(reason) > 20, (
            f"{claim} rests on {fair} contenders whose setting was chosen fairly, and does not say why"
        )


def test_a_contest_counts_if_it_is_held_and_has_a_baseline():
    code = """
from lab import contest, stats, tuning
tuned_loss = contest.entry(rates, losses).loss
tuned = 3
for rate in rates:
    print(tuned_loss[rate])
other = [training.train(model, data, rule, lr=rate).train_loss for rate in rates]
lead = stats.interval(other * tuned)
untouched = contest.hold
own = page.entry(rates, losses)
both = {name: tuning.choose_on_other_seeds(loss).loss for name, loss in two.items()}
held = contest.hold({"SGD": sgd, "Adam": adam}, values)
lonely = contest.hold({"SGD": sgd}, values)
claims.record("O1", "holds", f"{lead}")
claims.record("O2", "holds", f"{stats.interval(tuned_loss)}")
claims.record("O3", "holds", f"{lead}", no_contest="nothing competes with anything here")
claims.record("O4", "holds", f"{untouched} {own}")
claims.record("O5", "holds", f"{stats.interval(both)}")
claims.record("O6", "holds", f"{held}")
claims.record("O7", "holds", f"{lonely}")
claims.record("O8", "holds", f"{tuned_loss - lonely}")
"""
    found = {claim: (reason, fair) for claim, reason, fair in recorded_claims([ast.parse(code)])}
    assert found.pop("O3") == ("nothing competes with anything here", 0)
    assert found == {
        claim: ("", fair)
        for claim, fair in {"O1": 0, "O2": 1, "O4": 0, "O5": 2, "O6": 2, "O7": 1, "O8": 2}.items()
    }


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
