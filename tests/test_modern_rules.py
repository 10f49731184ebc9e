"""The rules of lab.modern_rules against torch where it has them, else against their definition."""

import numpy as np
import pytest
import torch

from lab import data, modern_rules, training

RULES = ["lion", "muon", "shampoo", "schedule_free_sgd", "schedule_free_adam"]


def gradients(*shape, count=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
@pytest.mark.parametrize("match_adam", [False, True])
def test_muon_equals_torch(shape, match_adam, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.double)  # torch's own precision
    w = torch.ones(shape, dtype=torch.float64)
    p = w.clone().requires_grad_()
    theirs = torch.optim.Muon(
        [p], lr=0.1, weight_decay=0.0, adjust_lr_fn="match_rms_adamw" if match_adam else None
    )
    state = {}
    for g in gradients(*shape):
        w = modern_rules.muon(w, g, state, 0.1, match_adam=match_adam)
        p.grad = g
        theirs.step()
        torch.testing.assert_close(w, p.detach(), rtol=1e-10, atol=1e-12)


def test_orthogonalize_moves_singular_values_by_its_polynomial():
    g = gradients(7, 4, count=1)[0]
    u, s, vh = torch.linalg.svd(g, full_matrices=False)
    s = s / s.norm()
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    torch.testing.assert_close(modern_rules.orthogonalize(g), (u * s) @ vh)
    assert s.min() > 0.6 and s.max() < 1.3


def test_orthogonalize_leaves_a_zero_gradient_at_zero():
    assert not modern_rules.orthogonalize(torch.zeros(3, 2)).any()


def test_lion_by_hand():
    w, state = torch.tensor([1.0, 1.0], dtype=torch.float64), {}
    w = modern_rules.lion(w, torch.tensor([5.0, -1e-9]), state, 0.1)
    assert w.tolist() == pytest.approx([0.9, 1.1])
    w = modern_rules.lion(w, torch.tensor([-0.4, 0.0]), state, 0.1)  # 0.9 * 0.05 > 0.1 * 0.4
    assert w.tolist() == pytest.approx([0.8, 1.2])
    assert state["m"].tolist() == pytest.approx([0.99 * 0.05 - 0.004, -0.99e-11])


def test_shampoo_whitens_the_first_gradient():
    """With A = g g' and B = g' g the step is the matrix with g's singular vectors and values 1."""
    g = gradients(5, 3, count=1)[0]
    u, _, vh = torch.linalg.svd(g, full_matrices=False)
    w = modern_rules.shampoo(torch.zeros(5, 3, dtype=torch.float64), g, {}, 1.0, eps=1e-12)
    torch.testing.assert_close(-w, u @ vh, rtol=1e-6, atol=1e-6)


def test_shampoo_accumulates_both_sides():
    w, state, grads = torch.zeros(4, 3, dtype=torch.float64), {}, gradients(4, 3, count=3)
    for g in grads:
        before, w = w, modern_rules.shampoo(w, g, state, 0.5, eps=0.1)

    def inverse_root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return vectors @ np.diag(values**-0.25) @ vectors.T

    left = 0.1 * np.eye(4) + sum(g @ g.T for g in grads.numpy())
    right = 0.1 * np.eye(3) + sum(g.T @ g for g in grads.numpy())
    expected = 0.5 * inverse_root(left) @ grads[-1].numpy() @ inverse_root(right)
    np.testing.assert_allclose((before - w).numpy(), expected, rtol=1e-8)


def test_schedule_free_sgd_is_its_three_sequences():
    start = torch.tensor([2.0, -1.0], dtype=torch.float64)
    w, state, z, zs = start, {}, start, []
    for _ in range(20):
        g = w * torch.tensor([1.0, 10.0])
        z = z - 0.05 * g
        zs.append(z)
        x = torch.stack(zs).mean(0)
        w = modern_rules.schedule_free_sgd(w, g, state, 0.05, beta=0.8)
        torch.testing.assert_close(state["average"], x)
        torch.testing.assert_close(w, 0.2 * z + 0.8 * x)


def test_schedule_free_adam_is_the_algorithm_of_the_paper():
    """Written out with gamma_t, c_t, as in Defazio et al., algorithm 1, without decay and warm-up."""
    start = torch.tensor([2.0, -1.0], dtype=torch.float64)
    w, state = start, {}
    x = z = y = start
    v, gammas = torch.zeros(2, dtype=torch.float64), []
    for t, noise in enumerate(gradients(2, count=30), start=1):
        g = y + noise
        v = 0.99 * v + 0.01 * g**2
        gammas.append(0.1 * (1 - 0.99**t) ** 0.5)
        z = z - gammas[-1] * g / (v.sqrt() + 1e-8)
        c = gammas[-1] ** 2 / sum(gamma**2 for gamma in gammas)
        x = (1 - c) * x + c * z
        y = 0.1 * z + 0.9 * x
        w = modern_rules.schedule_free_adam(w, w + noise, state, 0.1, beta2=0.99)
        torch.testing.assert_close(w, y)
        torch.testing.assert_close(state["average"], x)


@pytest.mark.parametrize("name", RULES)
def test_runs_side_by_side_are_runs_of_their_own(name):
    rule = getattr(modern_rules, name)
    rates = torch.tensor([0.1, 0.01], dtype=torch.float64)
    grads = gradients(2, 3, 4, 5)  # (steps, rates, seeds, out, in)
    batched, state = torch.ones(2, 3, 4, 5, dtype=torch.float64), {}
    alone, alone_state = torch.ones(4, 5, dtype=torch.float64), {}
    for g in grads:
        batched = rule(batched, g, state, rates.view(2, 1, 1, 1))
        alone = rule(alone, g[1, 2], alone_state, 0.01)
    torch.testing.assert_close(batched[1, 2], alone)


def test_training_judges_the_average_that_a_rule_keeps():
    def rule(w, g, state, lr):
        state["average"] = torch.zeros_like(w)  # a network of zeros guesses
        return w - lr * g

    run = training.train(
        lambda: training.mlp(64, 8, 10), data.digits(), rule, lr=0.1, seeds=2, steps=5
    )
    np.testing.assert_allclose(run.train_loss[..., -1], np.log(10), rtol=1e-6)
    assert not any(w.any() for w in run.params.values())
