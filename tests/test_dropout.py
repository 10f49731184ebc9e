"""Dropout in NumPy: a distribution, and a gradient."""

import numpy as np
import pytest
from scipy import stats

from lab.dropout import dropout, dropout_backward


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_mask_mean_and_variance(keep):
    rng = np.random.default_rng(0)
    x = np.full(40_000, 3.0)
    out, mask = dropout(x, keep, rng)
    kept = int((out != 0).sum())
    assert stats.binomtest(kept, x.size, keep).pvalue > 1e-6
    np.testing.assert_allclose(out[out != 0], 3.0 / keep)
    assert out.mean() == pytest.approx(3.0, rel=0.05)
    assert mask.var() == pytest.approx((1 - keep) / keep, rel=0.05)
    assert (dropout(x, keep, rng)[1] != mask).any()


def test_backward_is_the_slope_of_the_forward_pass():
    rng = np.random.default_rng(1)
    x, dout = rng.standard_normal((2, 4, 3))
    _, mask = dropout(x, 0.7, rng)
    h = 1e-6
    for at in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[at] = h
        slope = (((x + step) * mask - (x - step) * mask) * dout).sum() / (2 * h)
        assert dropout_backward(dout, mask)[at] == pytest.approx(slope, abs=1e-8)


def test_keep_everything_changes_nothing():
    x = np.arange(6.0)
    np.testing.assert_array_equal(dropout(x, 1.0, np.random.default_rng(0))[0], x)
    with pytest.raises(ValueError, match="keep probability"):
        dropout(x, 0.0, np.random.default_rng(0))
