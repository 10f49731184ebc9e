"""The closing section of the assignment says what its text says, with every right answer."""

import pytest

from tests import closing


def rows(given):
    """By keep probability and penalty: the accuracies on training and on new pictures, in percent."""
    lines = closing.run("regularization", given)[1:]
    found = [[float(word.rstrip("%")) for word in line.split()] for line in lines]
    return {(keep, lam): (known, new) for keep, lam, known, new in found}


def says_what_its_text_says(given):
    held = rows(given)
    known = [by_heart for by_heart, _ in held.values()]
    assert min(known) > 99.5, "it knows them all by heart, but for one in a run or so"
    new = {row: right for row, (_, right) in held.items()}
    plain, dropped, punished, both = (new[r] for r in ((1, 0), (0.5, 0), (1, 0.003), (0.5, 0.003)))
    assert dropped > plain + 2 and punished > plain + 0.5  # half a point is chance
    assert both < dropped + 0.5, "both together help no more than the better of them"


def test_dropout_helps_and_so_does_a_penalty_and_both_help_no_more():
    assert "half a point more or less is chance" in closing.text("regularization")
    says_what_its_text_says(closing.dresses("regularization")[0])


@pytest.mark.nightly
def test_they_do_with_every_right_answer():
    for given in closing.dresses("regularization")[1:]:
        says_what_its_text_says(given)
