"""The table of regularizers: its records, and a short run that has to agree with them."""

import numpy as np
import pytest
import torch

from lab.experiments import regularizers


def test_every_contender_has_as_many_tries():
    tries = {len(t.strengths) for t in regularizers.TECHNIQUES.values()}
    assert tries == {3} and regularizers.REGULARIZERS.seeds >= 12
    assert {s["rate"] for s in regularizers.REGULARIZERS.settings} == set(regularizers.RATES)


def test_each_seed_is_judged_at_the_rate_that_the_others_choose():
    for technique in (regularizers.NONE, "dropout"):
        scores = regularizers.by_rate(technique, "validation_accuracy")
        tested = regularizers.by_rate(technique, "test_accuracy")
        for seed in (0, 5):
            best = np.delete(scores, seed, axis=1).mean(1).argmax()
            found = regularizers.tuned(technique, "test_accuracy")[seed]
            assert found == tested[best, seed]


@pytest.mark.nightly  # the page on noise makes the same runs whenever it is built
@pytest.mark.parametrize("technique", regularizers.AGAIN)
def test_a_run_now_is_the_one_on_record(technique):
    torch.set_num_threads(1)
    now, before = regularizers.again(technique)
    assert abs(now - before) < 0.03  # another machine rounds otherwise


def test_shifts_turn_signals_by_no_more_than_asked():
    x = torch.arange(40.0).expand(2, 3, 40)
    most = torch.tensor([[0], [3]])
    moved = regularizers.shift(x, most, torch.Generator().manual_seed(0))
    assert torch.equal(moved[0], x[0])
    first = moved[1, :, 0]
    assert all(value in (37, 38, 39, 0, 1, 2, 3) for value in first.tolist())
    assert torch.equal(moved.sort(-1).values, x)
