"""No measured number is typed: prose glues it, a solution's code prints it.

What a page sets (rates, sizes, seeds) stands in its code as well, what follows from a formula in the
formula, and a table of given numbers is prose's own. Anything else was measured once and would go on
standing there when the measurement changes.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [p for p in sorted((ROOT / "book").rglob("*.md")) if "kernelspec:" in p.read_text()]
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\d\w])")
CELL = re.compile(r"^```\{(?:code-cell|literalinclude)\}.*?^```$", re.M | re.S)
BLOCK = re.compile(r"^(~~~|```)python\n.*?^\1$|(?:^    [^\n]*\n)+", re.M | re.S)
FORMULA = re.compile(r"\$\$.*?\$\$|\$(?:[^$\n]|\n(?!\n))*\$", re.S)
OPTION = re.compile(r"^:\w+:.*$", re.M)
QUOTED = re.compile(r"\{[a-z:]+\}`[^`]*`|`[^`\n]*`|\]\([^)]*\)")
SOLUTION = re.compile(r"^(`{3,})\{solution\} (\S+)\n(.*?)^\1$", re.M | re.S)

# What the prose may type although no cell of the page sets it: sizes, steps and shapes (most of them
# set in ``lab``), what others report, given examples, and results of arithmetic that the text shows.
SIZES = {
    "ensembles/averaging": {"480"},
    "ensembles/index": {"450", "800", "1296", "7.8"},
    "ensembles/snapshots": {"400", "600", "800", "3200"},
    "how-we-measure": {"0.93", "0.02"},
    "hyperparameters/index": {"2.303"},
    "hyperparameters/search": {"1472", "1.7", "2000"},
    "hyperparameters/range": {"0.04"},
    "hyperparameters/winner": {"0.75", "0.58", "1.69"},
    "optimization/adagrad": {"1.6", "2500"},
    "optimization/adam": {"10000"},
    "optimization/after": {"1.4", "1.1", "1.2"},
    "optimization/decay": {"8192"},
    "optimization/gradient-descent": {"0.099", "0.101", "826", "600"},
    "optimization/index": {"1642"},
    "optimization/initialization": {"0.0620"},
    "optimization/momentum": {"0.98"},
    "optimization/real-networks": {"300"},
    "optimization/rmsprop": {"1.6"},
    "optimization/rules-compared": {"50000"},
    "reference/corrections": {"256"},
    "regularization/after": {"150"},
    "regularization/augmentation": {"225", "180", "0.40", "0.35", "0.25", "0.55", "0.225", "0.375"},
    "regularization/dropout": {"200", "1000", "0.95", "0.99"},
    "regularization/index": {"800", "480", "138", "7000"},
    "regularization/noise": {"1000", "2000", "0.01", "0.03", "0.001", "225"},
    "regularization/test-time": {"0.04", "0.16", "0.64"},
    "transfer/after": {"175", "102", "165"},
    "transfer/fine-tuning": {"1000", "220"},
    "transfer/index": {"224", "400", "7680"},
    "transfer/table": {"224", "300", "1280", "0.75", "0.85", "0.96", "0.99"},
}


def name_of(page):
    return page.relative_to(ROOT / "book").with_suffix("").as_posix()


def measured_looking(text):
    """The numbers of a text with a decimal point or three digits: what a measurement looks like."""
    for number in NUMBER.findall(text):
        plain = number.rstrip(",").replace(",", "")
        if "." in plain or len(plain) > 2:
            yield float(plain), plain


def split(text):
    """A text's prose, and the rest: code, settings, formulas, roles and links."""
    rest = []
    for form in (CELL, BLOCK, OPTION, QUOTED, FORMULA):
        rest += [found[0] for found in form.finditer(text)]
        text = form.sub(" ", text)
    return text, "\n".join(rest)


def numbers(rest):
    """All numbers in code and formulas."""
    plain = re.sub(r"\{,\}|\\,|(?<=\d)[_,](?=\d{3})", "", rest)
    return {float(n) for n in re.findall(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?", plain)}


def given(page):
    """The numbers of a page's code, formulas and settings."""
    return numbers(split(page.read_text())[1])


def prose(text):
    return split(text)[0]


def typed(page, text, printed=frozenset()):
    """The numbers of a text that nothing on its page gives, and that its code has not printed."""
    known, allowed = given(page), SIZES.get(name_of(page), set())
    for value, number in measured_looking(prose(text)):
        decimals = len(number.partition(".")[2])
        if (
            value not in known
            and number not in allowed
            and not any(round(shown, decimals) == value for shown in printed)
        ):
            yield number


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_measured_number_is_typed(page):
    """What a solution's code prints is looked at where that code runs, in test_solutions_run."""
    text = page.read_text().split("\n---\n", 1)[1]
    for _, _, solution in SOLUTION.findall(text):
        if BLOCK.search(solution):
            text = text.replace(solution, "")
    assert list(typed(page, text)) == []


def test_a_typed_number_is_found():
    page = ROOT / "book/optimization/adam.md"
    assert list(typed(page, "It took 137 steps and ended at 0.731, ten times as far.")) == [
        "137",
        "0.731",
    ]
    assert list(typed(page, "With $\\beta_2 = 0.999$ it took {glue:text}`x` steps.\n")) == []
    assert list(typed(page, "Expect 1.27 and 137.", printed={1.2718, 2302.0})) == ["137"]


@pytest.mark.parametrize("page", [p for p in PAGES if name_of(p) in SIZES], ids=name_of)
def test_no_exception_is_left_over(page):
    assert SIZES[name_of(page)] <= {n for _, n in measured_looking(prose(page.read_text()))}
