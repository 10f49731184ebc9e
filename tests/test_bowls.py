"""Random bowls have the curvatures they claim, and arriving means what it says."""

import numpy as np
import pytest

from lab import rules
from lab.bowls import Bowls, quickest_rate, random_bowls, steps_to_arrive


@pytest.mark.parametrize("turned", [False, True])
def test_curvatures_and_start(turned):
    bowls = random_bowls(100.0, 5, 4, turned=turned)
    curvatures = np.linalg.eigvalsh(bowls.hessian)
    np.testing.assert_allclose(curvatures, np.tile(np.geomspace(1, 100, 5), (4, 1)), rtol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(bowls.start, axis=1), 1.0)
    diagonal = np.abs(bowls.hessian - np.einsum("nii->ni", bowls.hessian)[:, None] * np.eye(5))
    assert (diagonal.max() < 1e-9) == (not turned)


def test_turning_changes_neither_the_start_in_the_bowls_axes_nor_the_first_loss():
    losses = []
    for turned in (False, True):
        h, w = random_bowls(100.0, 3, 6, turned=turned, seed=2)
        losses.append(np.einsum("ni,nij,nj->n", w, h, w))
    np.testing.assert_allclose(*losses)


def test_arrival_of_gradient_descent_is_known_in_closed_form():
    bowls = Bowls(np.eye(2)[None], np.array([[1.0, 0.0]]))
    slow = steps_to_arrive(bowls, rules.sgd, [0.1], 100, near=0.01)
    np.testing.assert_array_equal(slow, [[44.0]])  # 0.9^43 > 0.01 > 0.9^44
    both = steps_to_arrive(bowls, rules.sgd, [0.1, 0.5], 100, near=0.01)
    np.testing.assert_array_equal(both, [[np.nan], [7.0]])  # the quicker rate ends the race
    assert quickest_rate(both) == 1


def test_rates_and_bowls_do_not_mix():
    bowls = random_bowls(30.0, 3, 4, turned=True)
    together = steps_to_arrive(bowls, rules.momentum, [1e-9, 0.02], 500)
    alone = [
        steps_to_arrive(Bowls(h[None], w[None]), rules.momentum, [0.02], 500)[0, 0]
        for h, w in zip(*bowls, strict=True)
    ]
    np.testing.assert_array_equal(together[1], alone)


def test_no_rate_arrives():
    bowls = random_bowls(10.0, 2, 3, turned=True)
    with pytest.raises(ValueError, match="no rate"):
        quickest_rate(steps_to_arrive(bowls, rules.sgd, [1e-9, 10.0], 20))


def test_for_good_counts_the_last_arrival_and_lets_the_slow_rate_finish():
    bowls = Bowls(np.eye(1)[None], np.array([[1.0]]))
    first = steps_to_arrive(bowls, rules.momentum, [0.02], 300, near=0.2, rho=0.95)
    stays = steps_to_arrive(bowls, rules.momentum, [0.02], 300, near=0.2, rho=0.95, for_good=True)
    assert first[0, 0] < stays[0, 0]  # it swings through and comes back
    both = steps_to_arrive(bowls, rules.sgd, [0.1, 0.5], 100, near=0.01, for_good=True)
    np.testing.assert_array_equal(both, [[44.0], [7.0]])
