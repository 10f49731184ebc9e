"""Changes to pictures: the right pixels, the right distribution, each item its own draw."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional as F

from lab import augment


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def coded(side=8):
    """A picture whose pixels name their places."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.stack([rows, columns, rows * columns]).float()


def test_half_of_the_pictures_are_turned():
    picture = coded()
    out = augment.flip(picture.expand(2, 2000, -1, -1, -1), generator())
    turned = (out == picture.flip(-1)).flatten(2).all(2)
    kept = (out == picture).flatten(2).all(2)
    assert (turned ^ kept).all()
    assert stats.binomtest(int(turned.sum()), 4000, 0.5).pvalue > 1e-9
    assert (turned[0] != turned[1]).any()


def test_crops_are_windows_anywhere_alike():
    out = augment.crop(coded().expand(2, 3000, -1, -1, -1), 6, generator())
    assert out.shape == (2, 3000, 3, 6, 6)
    corner = out[..., :2, 0, 0]
    window = coded(6)[:2]
    torch.testing.assert_close(out[..., :2, :, :], corner[..., None, None] + window)
    places = (corner[..., 0] * 3 + corner[..., 1]).flatten().long()
    assert stats.chisquare(np.bincount(places, minlength=9)).pvalue > 1e-6


def test_zooming_in_on_all_of_it_is_resizing():
    x = torch.rand(5, 3, 12, 12, generator=generator())
    torch.testing.assert_close(augment.zoom(x, 12, 1.0, generator()), x, rtol=1e-4, atol=1e-4)
    resized = F.interpolate(x, size=(6, 6), mode="bilinear", align_corners=False)
    torch.testing.assert_close(augment.zoom(x, 6, 1.0, generator()), resized, rtol=1e-4, atol=1e-4)


def test_zoomed_windows_have_the_sizes_asked_for_and_stay_inside():
    side = 32
    x = coded(side)[None].expand(1000, -1, -1, -1)
    out = augment.zoom(x, side, 0.5, generator())
    rows = out[:, 0, :, 0]
    share = (rows[:, -5] - rows[:, 4]) / (side - 9)  # away from the border
    assert stats.kstest(share.numpy(), stats.uniform(0.5, 0.5).cdf).pvalue > 1e-6
    assert rows.min() >= 0 and rows.max() <= side - 1


def test_jitter_by_nothing_changes_nothing():
    x = torch.rand(4, 3, 5, 5, generator=generator())
    torch.testing.assert_close(augment.jitter(x, 0.0, generator()), x)


def test_jitter_keeps_a_gray_picture_gray_and_its_range():
    x = torch.rand(200, 1, 5, 5, generator=generator()).expand(-1, 3, -1, -1)
    out = augment.jitter(x, 0.5, generator())
    torch.testing.assert_close(out[:, 0], out[:, 2])
    assert out.min() >= 0 and out.max() <= 1
    assert (out.mean((1, 2, 3)) - x.mean((1, 2, 3))).std() > 0.05


def test_pca_offsets_are_one_color_a_picture_along_the_pixels_axes():
    x = torch.rand(30, 3, 8, 8, generator=generator()) * torch.tensor([1.0, 0.6, 0.2]).view(3, 1, 1)
    x[:, 1] += 0.5 * x[:, 0]
    values, vectors = augment.color_axes(x)
    covariance = np.cov(x.movedim(1, 0).flatten(1).numpy())
    np.testing.assert_allclose(vectors @ torch.diag(values) @ vectors.T, covariance, atol=1e-5)
    gray = torch.full((20_000, 3, 2, 2), 0.5)
    added = augment.pca_offsets(gray, (values, vectors), generator()) - gray
    assert (added == added[..., :1, :1]).all()
    along = added[..., 0, 0] @ vectors  # deviation 0.1 times the eigenvalue, not its root
    torch.testing.assert_close(along.std(0), 0.1 * values, rtol=0.03, atol=0.0)
    correlation = np.corrcoef(along.T)
    assert np.abs(correlation - np.eye(3)).max() < 0.04


def test_ten_crops():
    x = coded()[None]
    ten = augment.ten_crops(x, 6)
    assert ten.shape == (10, 1, 3, 6, 6)
    corners = [tuple(c.tolist()) for c in ten[:5, 0, :2, 0, 0]]
    assert corners == [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)]
    torch.testing.assert_close(ten[5:], ten[:5].flip(-1))


@pytest.mark.parametrize("change", [augment.flip, lambda x, g: augment.crop(x, 6, g)])
def test_the_generator_decides(change):
    x = torch.rand(50, 3, 8, 8, generator=generator())
    torch.testing.assert_close(change(x, generator(1)), change(x, generator(1)))
    assert (change(x, generator(1)) != change(x, generator(2))).any()


def operated(name, x, magnitude=1.0, sign=1.0):
    which = torch.full((len(x),), augment.OPERATIONS.index(name))
    return augment.operate(x, which, magnitude, torch.full((len(x),), sign))


@pytest.mark.parametrize("name", augment.OPERATIONS)
def test_no_magnitude_no_change(name):
    x = torch.rand(3, 3, 9, 9, generator=generator())
    coarse = 1 / 255 if name == "posterize" else 1e-5
    torch.testing.assert_close(operated(name, x, 0.0), x, rtol=0, atol=coarse)


def test_operations_do_what_they_say():
    side = 30
    x = coded(side)[None] / side**2
    moved = operated("move x", x, 0.3)  # a tenth of the picture: 3 pixels
    torch.testing.assert_close(moved[..., :-3], x[..., 3:], rtol=0, atol=1e-5)
    moved = operated("move y", x, 0.3, -1.0)
    torch.testing.assert_close(moved[..., 3:, :], x[..., :-3, :], rtol=0, atol=1e-5)
    there_and_back = operated("rotate", operated("rotate", x, 0.5), 0.5, -1.0)
    inner = (..., slice(10, -10), slice(10, -10))
    torch.testing.assert_close(there_and_back[inner], x[inner], rtol=0, atol=2e-3)
    x = torch.rand(2, 3, 9, 9, generator=generator())
    torch.testing.assert_close(operated("solarize", x), 1 - x)
    assert set(operated("posterize", x).unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(operated("brightness", x, 1.0, -1.0), 0.1 * x)
    less = operated("saturation", x, 1.0, -1.0)
    torch.testing.assert_close(less.std(1), 0.1 * x.std(1))
    flat = operated("contrast", x, 1.0, -1.0)
    torch.testing.assert_close(flat.std((-2, -1)), 0.1 * x.std((-2, -1)))


def test_each_picture_gets_an_operation_of_its_own():
    x = torch.rand(1, 3, 12, 12, generator=generator()).expand(4, 500, -1, -1, -1)
    out = augment.rand_augment(x, 1, 0.5, generator())
    kinds = out.flatten(0, 1).flatten(1).mul(1e4).round().unique(dim=0)
    two_signs = len(augment.GEOMETRY) + len(augment.BLENDS)
    assert out.shape == x.shape and len(kinds) == len(augment.OPERATIONS) + two_signs
