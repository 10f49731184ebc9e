"""The batched training loop is the ordinary one, member by member."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from lab import data, rules, stats, training


def make_model():
    return training.mlp(64, 12, 10)


def ordinary(seed, lr, steps, batch_size, dataset):
    torch.manual_seed(seed)
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    generator = torch.Generator().manual_seed(1_000_003 + seed)
    n = len(dataset.x_train)
    for t in range(steps):
        at = (t * batch_size) % (n - n % batch_size)
        if at == 0:
            order = torch.randperm(n, generator=generator)
        index = order[at : at + batch_size]
        loss = F.cross_entropy(model(dataset.x_train[index]), dataset.y_train[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return F.cross_entropy(model(dataset.x_test), dataset.y_test).item()


def test_members_train_as_they_would_alone():
    dataset, rates = data.digits(), [0.01, 0.1]
    run = training.train(
        make_model, dataset, rules.momentum, lr=rates, seeds=2, steps=50, batch_size=32
    )
    alone = [[ordinary(s, lr, 50, 32, dataset) for s in range(2)] for lr in rates]
    np.testing.assert_allclose(run.test_loss[..., -1], alone, rtol=1e-4)


def test_a_diverging_member_leaves_the_others_alone():
    dataset = data.digits()
    both = training.train(make_model, dataset, rules.sgd, lr=[0.1, 1e8], seeds=2, steps=30)
    one = training.train(make_model, dataset, rules.sgd, lr=0.1, seeds=2, steps=30)
    assert (
        not np.isfinite(both.train_loss[1, :, -1]).any() or (both.train_loss[1, :, -1] > 1e3).all()
    )
    np.testing.assert_allclose(both.train_loss[0], one.train_loss[0], rtol=1e-5)


def test_models_with_buffers_are_refused():
    with pytest.raises(ValueError, match="running_mean"):
        training.train(
            lambda: torch.nn.Sequential(torch.nn.Linear(64, 10), torch.nn.BatchNorm1d(10)),
            data.digits(), rules.sgd, lr=0.1, seeds=2, steps=1,
        )  # fmt: skip


def test_interval_covers_the_mean_as_often_as_it_says():
    samples = np.random.default_rng(0).standard_normal((8, 4000))
    mean, half = stats.interval(samples)
    assert 0.93 < np.mean(np.abs(mean) <= half) < 0.97


def test_each_rate_may_have_its_own_schedule():
    dataset, halves = data.digits(), [None, lambda t: 0.5 ** (t // 10)]
    both = training.train(
        make_model, dataset, rules.sgd, lr=[0.2, 0.2], seeds=2, steps=30, schedule=halves
    )
    for i, schedule in enumerate(halves):
        alone = training.train(
            make_model, dataset, rules.sgd, lr=0.2, seeds=2, steps=30, schedule=schedule
        )
        np.testing.assert_allclose(both.train_loss[i], alone.train_loss[0], rtol=1e-5)
    with pytest.raises(ValueError, match="2 schedules for 3"):
        training.train(make_model, dataset, rules.sgd, lr=[1, 2, 3], steps=1, schedule=halves)
