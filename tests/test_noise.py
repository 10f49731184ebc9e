"""Noise in training with the right mean and distribution, and none in testing."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F

from lab import noise


@pytest.fixture(autouse=True)
def fixed_draws():
    torch.manual_seed(0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "layer",
    [
        noise.Dropout(0.7),
        noise.DropConnect(6, 5, 0.7),
        noise.StochasticDepth(nn.Linear(6, 6), 0.7),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_the_mean_of_training_is_testing(layer):
    """All three are linear in their masks, so the expectation is exact."""
    x = torch.randn(1, 6, generator=generator())
    with torch.no_grad():
        outputs = layer.train()(x.expand(20_000, -1))
        expected = layer.eval()(x)[0]
    error = outputs.std(0) / len(outputs) ** 0.5
    assert ((outputs.mean(0) - expected).abs() <= 6 * error + 1e-6).all()
    assert (outputs.std(0) > 0).any()


def test_dropout_keeps_with_the_keep_probability():
    out = noise.Dropout(0.8).train()(torch.ones(50_000))
    torch.testing.assert_close(out.unique(), torch.tensor([0.0, 1 / 0.8]))
    assert stats.binomtest(int((out > 0).sum()), len(out), 0.8).pvalue > 1e-9


def test_dropconnect_draws_a_mask_of_weights_for_each_example():
    layer = noise.DropConnect(8, 3, 0.5).train()
    weights = layer(torch.eye(8).repeat(500, 1)) - layer.linear.bias  # one weight a row
    ratio = (weights / layer.linear.weight.T.repeat(500, 1)).detach()
    assert (torch.isclose(ratio, torch.tensor(2.0)) | (ratio == 0)).all()
    assert stats.binomtest(int((ratio > 1).sum()), ratio.numel(), 0.5).pvalue > 1e-9
    between_outputs = np.corrcoef(ratio.T.numpy())[np.triu_indices(3, 1)]
    assert np.abs(between_outputs).max() < 0.1
    x = torch.randn(4, 8)
    torch.testing.assert_close(layer.eval()(x), layer.linear(x))


def test_stochastic_depth_skips_whole_examples():
    block = noise.StochasticDepth(nn.Conv1d(2, 2, 3, padding=1), 0.6).train()
    x = torch.randn(1, 2, 9)
    out = block(x.expand(4000, -1, -1))
    skipped = (out == x).flatten(1).all(1)
    kept = x + block.branch(x) / 0.6
    torch.testing.assert_close(out[~skipped], kept.expand(int((~skipped).sum()), -1, -1))
    assert stats.binomtest(int((~skipped).sum()), 4000, 0.6).pvalue > 1e-9
    torch.testing.assert_close(block.eval()(x), x + block.branch(x))


@pytest.mark.parametrize(("size", "pooled"), [(40, 27), (27, 18), (18, 12), (9, 8)])
def test_fractional_pooling_takes_the_windows_that_torch_takes(size, pooled):
    x, u = torch.randn(6, 3, size), torch.rand(6)
    starts = noise.pooling_starts(size, pooled, u)
    assert (starts[:, 0] == 0).all() and (starts[:, -1] == size - 2).all()
    assert set(starts.diff(dim=-1).unique().tolist()) <= {1, 2}
    ours = torch.stack(
        [torch.maximum(a[:, s], a[:, s + 1]) for a, s in zip(x, starts, strict=True)]
    )
    samples = torch.stack([torch.zeros(6), u], -1)[:, None].expand(-1, 3, -1)  # width, height
    square = x[..., None].expand(-1, -1, -1, 2)
    theirs = F.fractional_max_pool2d(
        square, (2, 2), output_size=(pooled, 1), _random_samples=samples.contiguous()
    )
    torch.testing.assert_close(ours, theirs[..., 0])


def test_fractional_pooling_is_random_in_training_alone():
    x = torch.randn(1, 2, 40).expand(200, -1, -1)
    layer = noise.FractionalMaxPool1d(27)
    assert len(layer.train()(x).unique(dim=0)) > 5
    still = layer.eval()(x)
    assert len(still.unique(dim=0)) == 1
    torch.testing.assert_close(noise.FractionalMaxPool1d(27, 0.0).train()(x), still)


def test_cutout_sets_one_square_to_zero():
    x = torch.ones(3, 2000, 3, 9, 9)
    gone = noise.cutout(x, torch.tensor([[1], [4], [3]]), generator()) == 0
    assert (gone.all(2) == gone.any(2)).all()  # all channels alike
    gone = gone[:, :, 0]
    for run, size in enumerate((1, 4, 3)):
        rows, columns = gone[run].any(2).sum(1), gone[run].any(1).sum(1)
        assert (rows * columns == gone[run].sum((1, 2))).all()  # a rectangle
        assert rows.max() == columns.max() == size
        assert rows.min() == -(-size // 2)  # its center is inside, the rest may stick out
    counts = gone[0].sum(0).flatten().numpy()  # one pixel, anywhere alike
    assert stats.chisquare(counts).pvalue > 1e-6


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_beta_has_its_distribution(alpha):
    drawn = noise.beta(alpha, (5000,), generator()).numpy()
    assert stats.kstest(drawn, stats.beta(alpha, alpha).cdf).pvalue > 1e-6


def test_mixup_mixes_inputs_and_targets_by_the_same_share():
    x, y = torch.randn(2, 16, 1, 3, 3), torch.randint(5, (2, 16))
    mixed, targets = noise.mixup(x, y, 5, 0.7, generator())
    share = noise.beta(0.7, y.shape, generator())
    neighbor = torch.arange(16) - 1
    for run in range(2):
        for i in range(16):
            s, j = share[run, i], neighbor[i]
            torch.testing.assert_close(mixed[run, i], s * x[run, i] + (1 - s) * x[run, j])
            expected = torch.zeros(5)
            expected[y[run, i]] += s
            expected[y[run, j]] += 1 - s
            torch.testing.assert_close(targets[run, i], expected)


def test_cutmix_targets_are_shares_of_the_area():
    count = torch.arange(64.0)
    x = count[:, None, None, None].expand(64, 3, 10, 12)
    y = (count % 4).long()
    mixed, targets = noise.cutmix(x, y, 4, 1.0, generator())
    own = (mixed == x).float().mean((-3, -2, -1))
    pasted = (mixed == x.roll(1, 0)).float().mean((-3, -2, -1))
    torch.testing.assert_close(own + pasted, torch.ones(64))
    torch.testing.assert_close(targets.gather(1, y[:, None])[:, 0], own)
    torch.testing.assert_close(targets.sum(1), torch.ones(64))
    assert own.min() > 0 and own.max() > 0.9 and own.min() < 0.5


def test_smoothed_targets_are_torchs():
    logits, y = torch.randn(20, 7), torch.randint(7, (20,))
    ours = F.cross_entropy(logits, noise.smooth(y, 7, 0.1))
    torch.testing.assert_close(ours, F.cross_entropy(logits, y, label_smoothing=0.1))
