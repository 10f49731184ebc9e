"""L-BFGS for a given number of evaluations, on bowls whose minimum is known."""

from itertools import repeat

import numpy as np
import torch

from lab import torch_lbfgs

SCALES = torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64)
START = torch.ones(3, dtype=torch.float64)


def bowl(w):
    return (SCALES * w**2).sum() / 2


def test_the_best_loss_after_each_evaluation():
    losses = torch_lbfgs.full_batch(bowl, START, 40)
    assert losses.shape == (41,)
    assert losses[0] == bowl(START) and losses[-1] < 1e-12
    assert (np.diff(losses) <= 0).all()
    few = torch_lbfgs.full_batch(bowl, START, 3)
    np.testing.assert_allclose(few[:3], losses[:3])
    assert few.shape == (4,)
    assert (START == 1).all()  # the first weights are left alone


def test_more_memory_gets_further():
    hard = torch.logspace(0, 4, 20, dtype=torch.float64)
    losses = {
        memory: torch_lbfgs.full_batch(
            lambda w: (hard * w**2).sum() / 2, torch.ones_like(hard), 200, memory
        )
        for memory in (1, 20)
    }
    assert losses[20][-1] < losses[1][-1] / 100


def test_batch_by_batch_counts_evaluations():
    seen = []

    def counted(w):
        seen.append(w)
        return bowl(w)

    w = torch_lbfgs.batch_by_batch(repeat(counted), START, 1.0, 20)
    assert 20 <= len(seen) <= 20 + 5 * 25  # it ends with the batch that reaches the number
    assert bowl(w) < 1e-6 and not w.requires_grad
    used = len(seen)
    torch_lbfgs.batch_by_batch([counted], START, 1.0, 10_000)
    assert len(seen) - used < 200  # one batch, then there is none
