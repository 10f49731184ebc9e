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
    steps = steps_to_arrive(bowls, rules.sgd, [0.1, 0.5], 100, near=0.01, for_good=True)
    np.testing.assert_array_equal(steps, [[44.0], [7.0]])  # 0.9^44 < 0.01, 0.5^7 < 0.01
    first = steps_to_arrive(bowls, rules.sgd, [0.1, 0.5], 100, near=0.01)
    np.testing.assert_array_equal(first, [[np.nan], [7.0]])  # the quicker rate ends the race
    assert quickest_rate(first) == 1


def test_passing_through_is_not_arriving_for_good():
    bowls = Bowls(np.eye(1)[None], np.array([[1.0]]))
    visit = steps_to_arrive(bowls, rules.momentum, [0.1], 400, near=0.05)
    stay = steps_to_arrive(bowls, rules.momentum, [0.1], 400, near=0.05, for_good=True)
    assert visit[0, 0] < stay[0, 0]


def test_no_rate_arrives():
    bowls = random_bowls(10.0, 2, 3, turned=True)
    with pytest.raises(ValueError, match="no rate"):
        quickest_rate(steps_to_arrive(bowls, rules.sgd, [1e-9, 10.0], 20))
