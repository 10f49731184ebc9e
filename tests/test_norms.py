"""Ghost batch norm is batch norm, part by part."""

import torch
from torch import nn

from lab import data, rules, training
from lab.norms import GhostBatchNorm1d, scatter


def test_each_part_is_normalized_as_torch_does():
    torch.manual_seed(0)
    x = torch.randn(12, 5) * 3 + 1
    ghost, plain = GhostBatchNorm1d(5, 4), nn.BatchNorm1d(5)
    parts = torch.cat([nn.BatchNorm1d(5)(part) for part in x.split(4)])
    torch.testing.assert_close(ghost(x), parts)
    whole = GhostBatchNorm1d(5, 12)
    torch.testing.assert_close(whole(x), plain(x))
    torch.testing.assert_close(whole.running_mean, plain.running_mean)
    torch.testing.assert_close(whole.running_var, plain.running_var)
    torch.testing.assert_close(whole.eval()(x), plain.eval()(x))


def test_it_trains_side_by_side():
    def network():
        return nn.Sequential(
            nn.Linear(64, 16), GhostBatchNorm1d(16, 8), nn.ReLU(), nn.Linear(16, 10)
        )

    run = training.train(
        network, data.digits(), rules.sgd, lr=0.1, seeds=2, steps=60, batch_size=32
    )
    assert (run.test_accuracy[0, :, -1] > 0.6).all()
    alone = training.train(
        network, data.digits(), rules.sgd, lr=0.1, seeds=[1], steps=60, batch_size=32
    )
    torch.testing.assert_close(
        run.params["1.running_mean"][0, 1],
        alone.params["1.running_mean"][0, 0],
        rtol=1e-3,
        atol=1e-4,
    )


def test_scatter_is_the_variance_over_batches():
    torch.manual_seed(0)
    x, pool = torch.randn(4, 3), torch.randn(50, 3)
    assert scatter(nn.Linear(3, 2), x, pool, 8, 10, seed=0) == 0  # what has no batch norm

    class First(nn.Module):
        """Each example's score is the batch's mean of the first input."""

        def forward(self, x):
            return x[:, :1].mean(0).expand(len(x), 1)

    # The mean of 7 draws from the pool and one fixed value: variance 7 / 64 of the pool's.
    expected = 7 / 64 * pool[:, 0].var(unbiased=False)
    seen = scatter(First(), x, pool, 8, 4000, seed=0)
    assert abs(seen / expected - 1) < 0.05
