"""What is folded of a page's code, and what the line above it says."""

import pytest
from docutils import nodes
from docutils.utils import new_document

from book.extensions import fold

RULE = "def rule(w, g, state, lr):\n    return w - lr * g"
IMPORTS = "import numpy as np\nfrom lab import (\n    plots,\n    rules,\n)\n\nbegin_page()"
RUN = "# ten of them\nSEEDS = 10\nrun = training.train(net, data, seeds=SEEDS)\nprint(f'{run}')"


@pytest.mark.parametrize(
    ("code", "tags", "opened"),
    [
        (RULE, [], True),
        (RUN, [], False),
        (RUN, ["live"], True),
        (IMPORTS, [], False),
        ("x = 1\n" * 11, [], False),
        ("x = 1\n" * 11, ["teaches"], True),
        ("x = 1\n" * 26, ["teaches"], False),
        ("glue('a', 1)", [], False),
    ],
)
def test_rules_stay_open_and_measurements_do_not(code, tags, opened):
    assert fold.is_open(code, tags) == opened


@pytest.mark.parametrize(
    ("code", "draws", "page", "words"),
    [
        (RUN, False, "", "Measurement: 10 seeds, 3 lines"),
        ("run = train(seeds=range(200, 208))", False, "", "Measurement: 8 seeds, 1 line"),
        ("stats.interval(run[SEEDS])", False, RUN, "Measurement: 10 seeds, 1 line"),
        (
            "stats.interval(run[SEEDS])",
            False,
            "SEEDS = np.arange(8)",
            "Measurement: 8 seeds, 1 line",
        ),
        ("steps, seeds = 250, 5\ntrain(seeds=seeds)", False, "", "Measurement: 5 seeds, 2 lines"),
        # What is not said in numbers is not guessed from other cells.
        ("train(seeds=range(1000 + 9, 2000))", False, "", "Code: 1 line"),
        ("train(seeds=5 * members)", False, "", "Code: 1 line"),
        ("stats.interval(SEEDS)", False, "SEEDS = way.seeds\nseeds=10", "Measurement: 1 line"),
        (RULE, True, "", "Code of the figure: 2 lines"),
        (IMPORTS, False, "", "Imports: 6 lines"),
        ("x = 1", False, "", "Code: 1 line"),
    ],
)
def test_a_line_says_what_is_folded(code, draws, page, words):
    assert fold.label(code, draws, page) == words


def test_a_measurement_says_how_long_it_ran():
    code = 'SEEDS = 5\nprint(f"{stats.interval(runs)}")'
    assert [fold.time_of(t) for t in (5.9, 0.2, None)] == ["6 s", "under 1 s", ""]
    assert fold.label(code, False, code, "6 s") == "Measurement: 5 seeds, 6 s, 2 lines"
    assert fold.label(code, False, code) == "Measurement: 5 seeds, 2 lines"
    assert fold.label(code, True, code, "6 s") == "Code of the figure: 2 lines"


def cell(code, **attributes):
    source = nodes.container("", nodes.literal_block(code, code), nb_element="cell_code_source")
    attributes = {"cell_metadata": {}, **attributes}
    return nodes.container("", source, nb_element="cell_code", **attributes)


def test_imports_stand_where_code_is_first_needed():
    text = nodes.paragraph("", "What this page is about.")
    document = new_document("page")
    document += [cell(IMPORTS, hide_mode="input"), text, cell(RUN), cell(RULE)]
    transform = fold.Fold(document)
    transform.run()
    kinds = [child.get("prompt_show", type(child).__name__) for child in document]
    lines = ["Imports: 6 lines", "Measurement: 10 seeds, 3 lines"]
    assert kinds == ["paragraph", *lines, "container"]
