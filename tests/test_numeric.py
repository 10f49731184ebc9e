"""Gradient checks: right gradients pass, a single wrong element is found, whatever the size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import numeric


def smooth(x):
    return float(np.sum(np.sin(x) + x**2 / 2))


def smooth_gradient(x):
    return np.cos(x) + x


@pytest.mark.parametrize("shape", [(), (1,), (3, 4), (2, 1, 3), (100, 1000)])
def test_a_right_gradient_passes(shape):
    x = np.asarray(np.random.default_rng(0).standard_normal(shape))
    rng = np.random.default_rng(1)
    assert numeric.gradient_error(smooth, x, smooth_gradient(x), rng=rng) < numeric.TOLERANCE


@pytest.mark.parametrize("shape", [(3, 4), (100, 1000)])
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_one_wrong_element_is_found(shape, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    wrong = smooth_gradient(x)
    wrong[tuple(rng.integers(shape))] += 1.0
    assert numeric.gradient_error(smooth, x, wrong, rng=rng) > 10 * numeric.TOLERANCE


def test_errors_that_cancel_in_the_sum_are_found_by_random_directions_alone():
    x = np.random.default_rng(0).standard_normal((100, 100))
    wrong = smooth_gradient(x)
    wrong[0, 0] += 1.0
    wrong[0, 1] -= 1.0
    ones = np.ones((1, *x.shape))
    measured = numeric.directional_derivatives(smooth, x, ones)
    claimed = numeric.claimed_derivatives(wrong, ones)
    assert numeric.relative_errors(claimed, measured).max() < numeric.TOLERANCE
    rng = np.random.default_rng(2)
    assert numeric.gradient_error(smooth, x, wrong, rng=rng) > 10 * numeric.TOLERANCE


def test_a_kink_is_avoided_by_the_choice_of_the_point():
    def relu(x):
        return float(np.maximum(x, 0).sum())

    x = np.array([0.5, -0.3, 0.1])
    assert numeric.gradient_error(relu, x, (x > 0) * 1.0) < numeric.TOLERANCE
    assert numeric.gradient_error(relu, 0 * x, (x > 0) * 1.0) > 0.1


def test_the_error_falls_with_the_square_of_the_step():
    x, along = np.array([0.3]), np.ones((1, 1))
    exact = smooth_gradient(x)[0]
    errors = [
        abs(numeric.directional_derivatives(smooth, x, along, h)[0] - exact) for h in (1e-2, 1e-3)
    ]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.05)


def test_f_may_change_the_array_it_gets_and_x_stays_as_it_is():
    def greedy(x):
        value = smooth(x)
        x[:] = 0
        return value

    x = np.array([0.2, -1.0])
    before = x.copy()
    assert numeric.gradient_error(greedy, x, smooth_gradient(x)) < numeric.TOLERANCE
    assert np.array_equal(x, before)


def test_vanishing_slopes_and_empty_arrays():
    assert numeric.relative_errors(np.zeros(3), np.zeros(3)).max() == 0
    assert numeric.gradient_error(smooth, np.zeros((0, 2)), np.zeros((0, 2))) == 0
    constant = numeric.gradient_error(lambda x: 1.0, np.ones(3), np.array([0.0, 0.5, 0.0]))
    assert constant == pytest.approx(1)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(3,\), but x has shape \(3, 1\)"):
        numeric.gradient_error(smooth, np.ones((3, 1)), np.ones(3))
