"""A setting is chosen on other seeds than the one it is judged on."""

import numpy as np
import pytest

from lab.stats import Interval
from lab.tuning import choose_on_other_seeds


def test_each_seed_is_judged_at_the_setting_the_others_choose():
    losses = [[1.0, 1.0, 9.0], [2.0, 2.0, 2.0]]  # seed 2 alone would reject setting 0
    choice = choose_on_other_seeds(losses)
    np.testing.assert_array_equal(choice.index, [1, 1, 0])
    np.testing.assert_array_equal(choice.loss, [2.0, 2.0, 9.0])


def test_a_diverged_run_is_never_chosen_by_the_others():
    choice = choose_on_other_seeds([[0.0, np.nan, 0.0], [1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(choice.index, [1, 0, 1])
    np.testing.assert_array_equal(choice.loss, [1.0, np.inf, 1.0])


def test_among_equal_settings_the_choice_does_not_flatter():
    noise = np.random.default_rng(0).standard_normal((10, 2000, 5))
    chosen = [choose_on_other_seeds(n).loss.mean() for n in noise.transpose(1, 0, 2)]
    naive = noise.mean(2).min(0)
    assert abs(np.mean(chosen)) < 0.05
    assert naive.mean() < -0.5


def test_one_seed_is_refused():
    with pytest.raises(ValueError, match="at least two seeds"):
        choose_on_other_seeds([[1.0], [2.0]])


def test_an_interval_with_a_sign_has_one_sign():
    assert f"{Interval(0.5, 0.25):+.2f}" == "+0.50 ± 0.25"
