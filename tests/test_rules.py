"""Each rule of lab.rules is its counterpart in torch.optim, in float64 and on awkward gradients."""

import numpy as np
import pytest
import torch

from lab import rules

PAIRS = {
    "sgd": (rules.sgd, torch.optim.SGD, {}, {}),
    "momentum": (rules.momentum, torch.optim.SGD, {"rho": 0.8}, {"momentum": 0.8}),
    "nesterov": (
        rules.nesterov,
        torch.optim.SGD,
        {"rho": 0.8},
        {"momentum": 0.8, "nesterov": True},
    ),
    "adagrad": (rules.adagrad, torch.optim.Adagrad, {}, {}),
    "rmsprop": (rules.rmsprop, torch.optim.RMSprop, {"decay": 0.9}, {"alpha": 0.9}),
    "adam": (
        rules.adam,
        torch.optim.Adam,
        {"beta1": 0.8, "beta2": 0.95, "eps": 0.1},
        {"betas": (0.8, 0.95), "eps": 0.1},
    ),
    "adamw": (rules.adamw, torch.optim.AdamW, {"weight_decay": 0.3}, {"weight_decay": 0.3}),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("shape", [(), (3,), (4, 2)])
def test_rule_equals_torch(name, shape):
    rule, optimizer, ours, theirs = PAIRS[name]
    rng = np.random.default_rng(0)
    w = rng.standard_normal(shape)
    p = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    torch_rule = optimizer([p], lr=0.05, **theirs)
    state = {}
    for t in range(12):
        g = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 3) * (t != 5)
        w = rule(w, g, state, 0.05, **ours)
        p.grad = torch.tensor(g)
        torch_rule.step()
        np.testing.assert_allclose(w, p.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", PAIRS)
def test_rule_advances_a_batch_of_runs_with_their_own_rates(name):
    rule = PAIRS[name][0]
    rng = np.random.default_rng(1)
    w, grads, rates = rng.standard_normal((3, 4)), rng.standard_normal((6, 3, 4)), [0.1, 0.01, 1.0]
    rates_column = torch.tensor(rates, dtype=torch.float64).view(3, 1)
    batched, state = torch.tensor(w), {}
    single, states = list(w), [{} for _ in rates]
    for g in grads:
        batched = rule(batched, torch.tensor(g), state, rates_column)
        single = [
            rule(s, gi, st, lr) for s, gi, st, lr in zip(single, g, states, rates, strict=True)
        ]
    np.testing.assert_allclose(batched, np.stack(single), rtol=1e-12)
