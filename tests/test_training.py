"""The batched training loop is the ordinary one, member by member."""

import numpy as np
import pytest
import torch
from torch import nn
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


def test_batch_norm_members_train_as_they_would_alone():
    def normed():
        return training.mlp(64, 12, 10, batch_norm=True)

    dataset = data.digits()
    setting = {"lr": [0.05, 0.2], "steps": 40, "batch_size": 32}
    run = training.train(normed, dataset, rules.sgd, seeds=2, **setting)
    for r, lr in enumerate(setting["lr"]):
        for seed in range(2):
            torch.manual_seed(seed)
            model = normed()
            optimizer = torch.optim.SGD(model.parameters(), lr=lr)
            generator = torch.Generator().manual_seed(1_000_003 + seed)
            order = torch.randperm(len(dataset.x_train), generator=generator)
            for index in order[: 40 * 32].split(32):
                loss = F.cross_entropy(model(dataset.x_train[index]), dataset.y_train[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            for name, value in model.state_dict().items():
                torch.testing.assert_close(run.params[name][r, seed], value, rtol=1e-3, atol=1e-4)
            right = model.eval()(dataset.x_test).softmax(-1)
            ours = training.predict(normed, run.params, dataset.x_test)[r, seed]
            torch.testing.assert_close(ours, right, rtol=1e-2, atol=1e-3)


def test_dropout_masks_differ_between_runs_and_repeat_with_the_seed():
    def dropping():
        return training.mlp(64, 50, 10, dropout=0.5)

    dataset = data.digits()
    one, again = (
        training.train(dropping, dataset, rules.sgd, lr=[0.1, 0.1], seeds=2, steps=20)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.train_loss, again.train_loss)
    assert (one.train_loss[0, :, -1] != one.train_loss[1, :, -1]).all()  # same seed, other masks
    x = dataset.x_test[:5].repeat(2, 1)
    still = training.predict(dropping, one.params, x)
    torch.testing.assert_close(still[..., :5, :], still[..., 5:, :])
    noisy = training.predict(dropping, one.params, x, training=True)
    assert (noisy[..., :5, :] != noisy[..., 5:, :]).any(-1).all()


def test_snapshots_are_what_a_shorter_run_ends_with():
    dataset, setting = data.digits(), {"lr": 0.1, "seeds": 2}
    long = training.train(
        make_model, dataset, rules.momentum, steps=20, snapshot_at=[0, 10], **setting
    )
    short = training.train(make_model, dataset, rules.momentum, steps=10, **setting)
    for name, value in short.params.items():
        torch.testing.assert_close(long.snapshots[10][name], value)
    assert set(long.snapshots) == {0, 10}


def test_a_list_of_seeds_names_the_runs():
    dataset = data.digits()
    all_seeds = training.train(make_model, dataset, rules.sgd, lr=0.1, seeds=3, steps=10)
    last = training.train(make_model, dataset, rules.sgd, lr=0.1, seeds=[2], steps=10)
    np.testing.assert_allclose(last.test_loss[0, 0], all_seeds.test_loss[0, 2], rtol=1e-5)


def test_penalty_and_soft_targets():
    dataset = data.digits()
    half = 0.05

    def penalty(params):
        return half / 2 * sum((w**2).sum() for w in params.values())

    def soften(x, y, generator):
        return x, F.one_hot(y, 10).float()

    with_penalty = training.train(
        make_model, dataset, rules.sgd, lr=0.1, seeds=2, steps=20, penalty=penalty, augment=soften
    )

    def decayed(w, g, state, lr):
        return w - lr * (g + half * w)

    decay = training.train(make_model, dataset, decayed, lr=0.1, seeds=2, steps=20)
    np.testing.assert_allclose(with_penalty.test_loss, decay.test_loss, rtol=1e-4)


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


@pytest.mark.parametrize("batch_size", [32, None])
def test_seeds_may_have_data_sets_of_their_own(batch_size):
    own = [data.small(data.digits(), 100, seed=k) for k in range(3)]
    setting = {"lr": [0.01, 0.1], "steps": 12, "batch_size": batch_size, "record_every": 4}
    run = training.train(make_model, own, rules.momentum, seeds=[5, 6, 7], **setting)
    for k, dataset in enumerate(own):
        alone = training.train(make_model, dataset, rules.momentum, seeds=[5 + k], **setting)
        for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy"):
            together = getattr(run, name)[:, k]
            np.testing.assert_allclose(together, getattr(alone, name)[:, 0], rtol=1e-4)
    with pytest.raises(ValueError, match="3 data sets for 2 seeds"):
        training.train(make_model, own, rules.sgd, lr=0.1, seeds=2, steps=1)


def test_settings_trained_together_are_those_trained_alone():
    problem = data.small(data.digits(), 64)
    settings = {"lr": [1e-3, 1e-2, 1e-1], "rho": [0.0, 0.5, 0.9]}
    how = {"seeds": 2, "steps": 12, "batch_size": 16, "record_every": 4}
    together = training.train(make_model, problem, rules.momentum, settings=settings, **how)
    for i, (lr, rho) in enumerate(zip(*settings.values(), strict=True)):
        alone = training.train(make_model, problem, rules.momentum, lr=lr, rho=rho, **how)
        np.testing.assert_allclose(together.train_loss[i], alone.train_loss[0], rtol=1e-4)


def test_each_seed_may_have_settings_of_its_own():
    problem = data.small(data.digits(), 64)
    rates, rhos = np.array([[1e-2, 3e-2], [1e-1, 3e-1]]), [[0.5, 0.9]]  # rho: for each seed alone
    how = {"steps": 8, "batch_size": 16, "record_every": 8, "schedule": [lambda t: 1 / (1 + t)] * 2}
    settings = {"lr": rates, "rho": rhos}
    own = training.train(make_model, problem, rules.momentum, settings=settings, seeds=2, **how)
    for seed, rho in enumerate(rhos[0]):
        alone = training.train(
            make_model, problem, rules.momentum, lr=rates[:, seed], seeds=[seed], rho=rho, **how
        )
        np.testing.assert_allclose(own.train_loss[:, seed], alone.train_loss[:, 0], rtol=1e-4)


def test_a_number_holds_for_all_settings_and_lr_is_a_setting():
    problem, how = data.small(data.digits(), 64), {"seeds": 2, "steps": 6, "batch_size": 16}
    one_rate = {"lr": 0.05, "rho": [0.5, 0.5]}
    both = training.train(make_model, problem, rules.momentum, settings=one_rate, **how)
    short = training.train(make_model, problem, rules.momentum, lr=[0.05] * 2, rho=0.5, **how)
    np.testing.assert_array_equal(both.train_loss, short.train_loss)


@pytest.mark.parametrize(
    "lr, settings, why",
    [
        (None, None, "either lr"),
        (0.1, {"lr": 0.1}, "either lr"),
        (None, {"rho": 0.1}, "either lr"),
        (None, {"lr": [0.1, 0.2, 0.3], "rho": [0.1, 0.2]}, r"rho is \(2, 1\) for 3 settings"),
        (None, {"lr": 0.1, "rho": np.zeros((1, 3))}, r"rho is \(1, 3\) for 1 settings and 2 seeds"),
    ],
)
def test_settings_that_do_not_fit_are_refused(lr, settings, why):
    with pytest.raises(ValueError, match=why):
        training.train(
            make_model, data.digits(), rules.momentum, lr=lr, settings=settings, seeds=2, steps=1
        )


def test_a_run_may_start_where_another_ended():
    dataset, how = data.small(data.digits(), 64), {"seeds": 3, "steps": 5, "batch_size": 16}
    first = training.train(make_model, dataset, rules.sgd, lr=0.1, **how)
    begin = training.start_from(make_model, first.params, [2, 0, 2])
    second = training.train(begin, dataset, rules.sgd, lr=0.1, **how)
    np.testing.assert_allclose(second.test_loss[0, :, 0], first.test_loss[0, [2, 0, 2], -1], 1e-5)


@pytest.mark.parametrize(
    "setting", [{}, {"activation": nn.Tanh}, {"dropout": 0.5}, {"batch_norm": True}]
)
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("training_mode", [True, False])
def test_layers_called_one_by_one_give_what_vmap_gives(setting, shared, training_mode):
    L, S = 3, 2
    model = training.mlp(6, 5, 5, 4, **setting).train(training_mode)
    weights = {name: torch.randn(L, S, *w.shape) for name, w in model.named_parameters()}
    weights = {name: w.requires_grad_() for name, w in weights.items()}
    statistics = {name: b.expand(L, S, *b.shape) for name, b in model.named_buffers()}
    x = torch.randn(7, 6) if shared else torch.randn(S, 7, 6)
    dims = (None, None if shared else 0)
    layers = training._over_settings_and_seeds(model.to("meta"), dims)
    assert layers.func is training._perceptrons
    mapped = training._mapped(model, dims)
    found = []
    for f in (layers, mapped):
        torch.manual_seed(0)
        own = {name: b.clone() for name, b in statistics.items()}
        outputs = f({**weights, **own}, x)
        slopes = torch.autograd.grad(outputs.square().sum(), weights.values())
        found.append([outputs, *slopes, *own.values()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_model_with_other_layers_is_mapped():
    model = nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 4))
    assert not hasattr(training._over_settings_and_seeds(model, (None, 0)), "func")
