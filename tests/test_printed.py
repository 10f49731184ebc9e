"""What cells print: columns become tables, sentences break, and nothing else is touched."""

import pytest
from docutils import nodes

from book.extensions.printed import name_heads, show_columns
from book.extensions.printed import shown as shown_block
from book.extensions.typography import set_numbers

COLUMNS = """\
SGD           0.97 ± 0.01,  best at 0.3
momentum      0.48 ± 0.02,  best at 0.03
"""
TITLED = "steps to the target\n        10   100\nsgd    42   390\nadam   31    84\n"


def shown(text):
    return shown_block(nodes.literal_block(text, text))


def texts(table):
    return [[e.astext() for e in row.findall(nodes.entry)] for row in table.findall(nodes.row)]


def test_columns_become_a_table_with_names_and_numbers():
    [table] = shown(COLUMNS)
    assert texts(table) == [
        ["", "", "best at"],
        ["SGD", "0.97 ± 0.01", "0.3"],
        ["momentum", "0.48 ± 0.02", "0.03"],
    ]
    right = ["text-right" in e["classes"] for e in table.findall(nodes.entry)]
    assert right == [False, True, True] * 3
    assert [c["stub"] for c in table.findall(nodes.colspec)] == [1, 0, 0]


def test_a_line_above_stands_above_and_a_shorter_one_is_the_head():
    above, table = shown(TITLED)
    assert above.astext() == "steps to the target"
    [head] = table.findall(nodes.thead)
    assert texts(head) == [["", "10", "100"]] and len(texts(table)) == 3
    name_heads(None, nodes.container("", table))
    assert texts(head) == [["name", "10", "100"]]


LABELED = "keep 0.3, halved    : off by 67%\nkeep 0.5, times keep: off by 0%\n"
CLOSE = "shifts           -3.5 points\nmirror           -2.0 points\nmirror both ways -7.7 points\n"
ALIGNED = "rank  1: 0.47 ± 0.07   best\nrank 10: 0.36 ± 0.03   best\n"


@pytest.mark.parametrize(
    "text, rows",
    [
        (LABELED, [["", "off by"], ["keep 0.3, halved", "67%"], ["keep 0.5, times keep", "0%"]]),
        (
            CLOSE,
            [
                ["", "points"],
                ["shifts", "-3.5"],
                ["mirror", "-2.0"],
                ["mirror both ways", "-7.7"],
            ],
        ),
        (ALIGNED, [["rank 1", "0.47 ± 0.07, best"], ["rank 10", "0.36 ± 0.03, best"]]),
        ("best: 1\nbest: 3\n", [["best", "1"], ["best", "3"]]),
        ("a  best at  1\nb  best at  3\n", [["", "best at"], ["a", "1"], ["b", "3"]]),
    ],
)
def test_a_colon_or_columns_of_blanks_end_cells_too(text, rows):
    [table] = shown(text)
    assert texts(table) == rows


@pytest.mark.parametrize(
    "text, head, first",
    [
        (  # what every row says beside its numbers
            "keep 0.8  training 84 ± 2% masks on, 97% masks off; on record 0.50\n"
            "keep 0.5  training 57 ± 2% masks on, 77% masks off; on record 0.47\n",
            ["keep", "training … masks on", "masks off", "on record"],
            ["0.8", "84 ± 2%", "97%", "0.50"],
        ),
        (  # a number that all rows share is a part of the name, an interval's is not
            "SGD   at 0.01 0.99 ± 0.01 is left\nAdam  at 0.01 0.95 ± 0.01 is left\n",
            ["", "at 0.01 … is left"],
            ["SGD", "0.99 ± 0.01"],
        ),
        ("a  loss 0.5 ± 0.1\nb  loss 0.5 ± 0.2\n", ["", "loss"], ["a", "0.5 ± 0.1"]),
        ("a  3 of 4 (1 to 9%), ratio 2\nb  2 of 4 (0 to 8%), ratio 3\n", ["", "", "ratio"],
         ["a", "3 of 4 (1 to 9%)", "2"]),
        # a first line of names
        ("rate  decay 0  decay 1\n0.1  42  41\n0.2  43  40\n", ["rate", "decay 0", "decay 1"],
         ["0.1", "42", "41"]),
        ("surface  climb\nbowl 3  0.9\nvalley  0.5\n", ["surface", "climb"], ["bowl 3", "0.9"]),
    ],
)  # fmt: skip
def test_a_head_is_read_off_the_rows(text, head, first):
    [table] = shown(text)
    assert texts(table)[:2] == [head, first]


@pytest.mark.parametrize(
    "text",
    [
        "a  (loss at 0.1)\nb  (loss at 0.3)\n",  # no half of a bracket
        "a  loss 0.1 at no rate\nb  loss 0.1 at 3\n",  # not a number alone
        "a  loss 1, points\nb  loss 2, points\n",
        "a  loss 1\nb  rate 2\n",
        "a  best  0.1\nb  best  None\n",
    ],
)
def test_a_head_is_not_made_of_what_rows_do_not_share(text):
    [table] = shown(text)
    assert not list(table.findall(nodes.thead))


def test_numbers_of_one_kind_end_at_the_right():
    def right(text):
        [table] = shown(text)
        return ["text-right" in e["classes"] for e in table.findall(nodes.entry)][1::2]

    assert right("a  3\nb  -\n") == [True, True]
    assert right("a  3 points\nb  5 rates\n") == right("a  3\nb  none\n") == [False, False]


def test_a_table_stands_between_the_lines_around_it():
    above, table, below = shown(f"3 runs, 2 minutes.\n{COLUMNS}they differ by 0.49\n")
    assert above.astext() == "3 runs, 2 minutes.\n" and len(texts(table)) == 3
    assert "in-lines" in above["classes"] and below.astext() == "they differ by 0.49\n"


@pytest.mark.parametrize(
    "text",
    [
        "one line   of two\n",
        "a sentence\nand another, of 3 steps\n",
        "a  b\nc  d  e\n",
        "[0.3  0.5\n 0.7  0.9]\n",
        "one network          51.5\nthe mean of two nets 30.2\n",
    ],
)
def test_what_has_no_columns_stays(text):
    [block] = shown(text)
    assert isinstance(block, nodes.literal_block) and block.astext() == text


def block(text, *classes):
    return nodes.literal_block(text, text, classes=list(classes))


def test_an_empty_line_stays():
    document = nodes.container("", block("\n", "output", "stream"))
    show_columns(None, document)
    assert document.astext() == "\n"


def test_only_what_a_cell_printed_is_changed():
    code, columns = block(COLUMNS, "code"), block(COLUMNS, "output", "stream")
    lines, ragged = block("a line\n", "output", "stream"), block("a  b\nc\n", "output", "stream")
    document = nodes.container("", code, columns, lines, ragged)
    show_columns(None, document)
    assert [type(each) for each in document] == [
        nodes.literal_block, nodes.table, nodes.literal_block, nodes.literal_block,
    ]  # fmt: skip
    _, _, lines, ragged = document
    assert "in-lines" in lines["classes"] and "in-lines" not in ragged["classes"]


def test_a_number_has_a_true_minus_and_in_a_table_stays_with_its_interval():
    [table] = shown("a  -0.5 ± 0.1\nb  0.2 ± 0.1\n")
    prose = nodes.paragraph(
        "", "from -0.2 to (-3), 1-2%, 1e-3, MNIST-1D", nodes.literal("", "x-1 -2")
    )
    card = nodes.raw("", '<div class="claim"><p title="-1">less by -0.2</p></div>', format="html")
    document = nodes.container("", table, prose, card)
    set_numbers(None, document, "")
    assert "\u22120.5\u00a0±\u00a00.1" in table.astext()
    assert prose.astext() == "from \u22120.2 to (\u22123), 1-2%, 1e-3, MNIST-1Dx-1 -2"
    assert document[2].astext() == '<div class="claim"><p title="-1">less by \u22120.2</p></div>'


def test_what_follows_a_formula_stays_in_its_line():
    formula = nodes.math("x", "x")
    for after, expected in ((", so", "\N{WORD JOINER}, so"), (" and", " and"), ("th", "th")):
        document = nodes.container()
        document += nodes.paragraph("", "", formula.deepcopy(), nodes.Text(after))
        set_numbers(None, document, "")
        assert document[0][1] == expected
    document = nodes.container()
    emphasis = nodes.emphasis("", "this")
    document += nodes.paragraph("", "", emphasis, nodes.Text(", "), formula, nodes.Text(", "))
    document[0][1].parent = None  # glue leaves such texts
    set_numbers(None, document, "")
    assert document.astext() == "this, x\N{WORD JOINER}, "


def test_a_head_without_words_gets_one():
    formula = nodes.paragraph("", "", nodes.math("", "(0, 1)"))
    entries = [
        nodes.entry("", nodes.paragraph("", "loss")),
        nodes.entry(""),
        nodes.entry("", formula),
    ]
    head = nodes.thead("", nodes.row("", *entries))
    name_heads(None, nodes.container("", head))
    assert [entry.astext() for entry in entries] == ["loss", "value", "formula (0, 1)"]
    assert [e.get("classes") for e in head.findall(nodes.inline)] == [["visually-hidden"]] * 2
