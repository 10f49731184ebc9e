"""Newton's damped step meets its definition; BFGS and L-BFGS agree with SciPy, torch and theory."""

import numpy as np
import pytest
import torch
from scipy.optimize import BFGS, LbfgsInvHessProduct

from lab import surfaces
from lab.descent import descend
from lab.second_order import bfgs_update, lbfgs, newton, newton_step, two_loop


def spd(n, kappa, seed=0):
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    h = (q * np.geomspace(1, kappa, n)) @ q.T
    return (h + h.T) / 2, rng


def exact_line_search(h, w, direction):
    """The best multiple of ``direction`` on the quadratic w' h w / 2."""
    return -(direction @ h @ w) / (direction @ h @ direction)


@pytest.mark.parametrize("kappa", [1.0, 1e3, 1e8])
def test_undamped_step_reaches_a_bowls_minimum(kappa):
    h, rng = spd(20, kappa)
    w = rng.standard_normal(20)
    np.testing.assert_allclose(w + newton_step(h @ w, h, 0.0), 0, atol=1e-14 * kappa + 1e-13)


@pytest.mark.parametrize("lowest", [-3.0, -0.05, 0.0, 1e-4, 2.0])
@pytest.mark.parametrize("damping", [0.1, 5.0])
def test_damped_step_solves_the_shifted_system_and_the_shift_is_the_least(lowest, damping):
    rng = np.random.default_rng(0)
    q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    h = (q * np.linspace(lowest, 4.0, 6)) @ q.T
    g = rng.standard_normal(6)
    shift = damping if lowest >= 0 else damping - lowest
    step = newton_step(g, h, damping)
    np.testing.assert_allclose((h + shift * np.eye(6)) @ step, -g, atol=1e-12)
    assert step @ g < 0  # downhill, saddle or not


@pytest.mark.parametrize("h", [np.diag([1.0, -2.0]), np.diag([1.0, 0.0])])
def test_without_damping_an_indefinite_hessian_is_refused(h):
    with pytest.raises(ValueError, match="positive definite"):
        newton_step(np.ones(2), h, 0.0)


def test_newton_rule_follows_the_curved_valley():
    s = surfaces.rosenbrock()
    path = descend(s.grad, s.start, newton, 20, 1.0, hessian=s.hessian, damping=1e-3)
    np.testing.assert_allclose(path[-1], (1, 1), atol=1e-8)


def test_bfgs_update_satisfies_the_secant_equation_and_agrees_with_scipy():
    h, rng = spd(5, 50)
    ours, theirs = np.eye(5), BFGS(init_scale=1.0)
    theirs.initialize(5, "inv_hess")
    for _ in range(8):
        s = rng.standard_normal(5)
        ours = bfgs_update(ours, s, h @ s)
        theirs.update(s, h @ s)
        np.testing.assert_allclose(ours @ (h @ s), s, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(ours, theirs.get_matrix(), rtol=1e-9, atol=1e-12)
        assert np.linalg.eigvalsh((ours + ours.T) / 2).min() > 0


def test_bfgs_update_refuses_a_pair_of_negative_curvature():
    with pytest.raises(ValueError, match="positive"):
        bfgs_update(np.eye(2), np.array([1.0, 0.0]), np.array([-1.0, 0.0]))


def test_bfgs_with_exact_line_search_ends_in_n_steps_and_has_learned_the_inverse():
    h, rng = spd(8, 100)
    w, b = rng.standard_normal(8), np.eye(8)
    for _ in range(8):
        d = -b @ (h @ w)
        s = exact_line_search(h, w, d) * d
        w, b = w + s, bfgs_update(b, s, h @ s)
    np.testing.assert_allclose(w, 0, atol=1e-8)
    np.testing.assert_allclose(b, np.linalg.inv(h), atol=1e-7)


def test_two_loop_is_bfgs_started_from_the_scaled_identity():
    h, rng = spd(7, 30)
    pairs = [(s, h @ s) for s in rng.standard_normal((4, 7))]
    s, y = pairs[-1]
    b = np.eye(7) * (s @ y) / (y @ y)
    for s, y in pairs:
        b = bfgs_update(b, s, y)
    g = rng.standard_normal(7)
    np.testing.assert_allclose(two_loop(g, pairs), -b @ g, rtol=1e-11)
    np.testing.assert_array_equal(two_loop(g, []), -g)


def test_two_loop_agrees_with_scipy_up_to_the_scale_of_the_start():
    h, rng = spd(6, 10)
    steps = rng.standard_normal((3, 6))
    last = steps[-1]
    scale = (last @ h @ last) / (last @ h @ h @ last)  # rescaled so that SciPy's start, I, is ours
    theirs = LbfgsInvHessProduct(steps, scale * steps @ h)
    g = rng.standard_normal(6)
    ours = two_loop(g, [(s, y) for s, y in zip(steps, scale * steps @ h, strict=True)])
    np.testing.assert_allclose(ours, -theirs.matvec(g), rtol=1e-11)


def test_lbfgs_with_exact_line_search_ends_in_n_steps_with_memory_one():
    h, rng = spd(8, 100)
    w, pairs = rng.standard_normal(8), []
    for _ in range(8):
        d = two_loop(h @ w, pairs)
        s = exact_line_search(h, w, d) * d
        w, pairs = w + s, [(s, h @ s)]
    np.testing.assert_allclose(w, 0, atol=1e-8)


@pytest.mark.parametrize("memory", [1, 3, 10])
def test_lbfgs_rule_is_torchs(memory):
    h, rng = spd(6, 20)
    start = rng.standard_normal(6)
    ours = descend(lambda w: w @ h, start, lbfgs, 15, 0.9, memory=memory)
    p = torch.tensor(start, requires_grad=True)
    matrix = torch.tensor(h)
    torch_rule = torch.optim.LBFGS([p], lr=0.9, max_iter=1, history_size=memory, tolerance_change=0)
    for w in ours[1:]:

        def closure():
            torch_rule.zero_grad()
            loss = p @ matrix @ p / 2
            loss.backward()
            return loss

        torch_rule.step(closure)
        np.testing.assert_allclose(w, p.detach().numpy(), rtol=1e-9, atol=1e-12)
