"""Averages of weights against torch's AveragedModel and update_bn, and against closed forms."""

import copy

import numpy as np
import pytest
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from lab import averaging, rules, training


def drive(rule, steps, lr=0.1):
    """Weights (steps, 4) and averages (steps, 4) of a rule on random gradients."""
    generator = torch.Generator().manual_seed(1)
    w, state, path, averages = torch.ones(4, dtype=torch.float64), {}, [], []
    for _ in range(steps):
        g = torch.randn(4, generator=generator, dtype=torch.float64) + w
        w = rule(w, g, state, lr)
        path.append(w)
        averages.append(state["average"])
    return torch.stack(path), torch.stack(averages)


def averaged_model(path, **settings):
    """What torch's AveragedModel makes of a path, after each step."""
    model = torch.nn.Linear(4, 1, bias=False, dtype=torch.float64)
    torch_average, out = AveragedModel(model, **settings), []
    for w in path:
        model.weight.data[0] = w
        torch_average.update_parameters(model)
        out.append(torch_average.module.weight.detach()[0].clone())
    return torch.stack(out)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_ema_is_torchs(decay):
    path, ours = drive(averaging.ema(rules.momentum, decay), 50)
    theirs = averaged_model(path, multi_avg_fn=get_ema_multi_avg_fn(decay))
    torch.testing.assert_close(ours, theirs)


def test_unbiased_ema_weighs_the_past_geometrically():
    path, ours = drive(averaging.ema(rules.sgd, 0.9, unbiased=True), 30)
    for t in (1, 2, 30):
        shares = 0.9 ** torch.arange(t - 1, -1, -1, dtype=torch.float64)
        torch.testing.assert_close(ours[t - 1], (shares / shares.sum()) @ path[:t])


def test_uniform_is_torchs_default():
    path, ours = drive(averaging.uniform(rules.adam), 40)
    torch.testing.assert_close(ours, averaged_model(path))


def test_uniform_with_a_start_and_a_stride():
    path, ours = drive(averaging.uniform(rules.sgd, start=10, every=5), 30)
    torch.testing.assert_close(ours[:14], path[:14])  # not started: the weights themselves
    torch.testing.assert_close(ours[14], path[14])
    torch.testing.assert_close(ours[23], path[[14, 19]].mean(0))
    torch.testing.assert_close(ours[-1], path[[14, 19, 24, 29]].mean(0))


def test_wrapping_leaves_the_path_alone(tiny):
    runs = [
        training.train(small_network, tiny, rule, lr=[0.1, 0.2], seeds=3, steps=20, batch_size=8)
        for rule in (rules.momentum, averaging.ema(rules.momentum, 0.0))
    ]
    np.testing.assert_allclose(runs[0].test_loss, runs[1].test_loss, rtol=1e-5)


def test_a_decay_for_each_rate(tiny):
    decays = torch.tensor([0.0, 0.9])

    def rule(w, g, state, lr):
        decay = decays.view(-1, *[1] * (w.dim() - 1))
        return averaging.ema(rules.sgd, decay)(w, g, state, lr)

    settings = {"seeds": 2, "steps": 15, "batch_size": 8}
    both = training.train(small_network, tiny, rule, lr=[0.1, 0.1], **settings)
    alone = training.train(small_network, tiny, averaging.ema(rules.sgd, 0.9), lr=0.1, **settings)
    np.testing.assert_allclose(both.test_loss[1:], alone.test_loss, rtol=1e-5)
    assert np.abs(both.test_loss[0] - both.test_loss[1])[:, -1].min() > 0


def test_mix():
    a = {"w": torch.tensor([0.0, 2.0]), "count": torch.tensor(3)}
    b = {"w": torch.tensor([4.0, 2.0]), "count": torch.tensor(5)}
    assert averaging.mix([a, b])["w"].tolist() == [2.0, 2.0]
    mixed = averaging.mix([a, b], [0.75, 0.25])
    assert mixed["w"].tolist() == [1.0, 2.0]
    assert mixed["count"] == 3
    with pytest.raises(ValueError, match="1 shares for 2"):
        averaging.mix([a, b], [1.0])


def test_reestimated_statistics_are_torchs(tiny):
    run = training.train(
        normalized_network, tiny, rules.sgd, lr=[0.1, 0.3], seeds=2, steps=5, batch_size=8
    )
    before = copy.deepcopy(run.params)
    ours = averaging.reestimate_batch_norm(normalized_network, run.params, tiny.x_train)
    for name, w in before.items():
        torch.testing.assert_close(run.params[name], w)  # the argument is left alone
    model = normalized_network()
    model.load_state_dict({name: w[1, 0] for name, w in run.params.items()})
    update_bn([tiny.x_train], model)
    for name, w in model.state_dict().items():
        if name != "1.num_batches_tracked":
            torch.testing.assert_close(ours[name][1, 0], w)
    model.eval()
    with torch.no_grad():
        expected = model(tiny.x_test).softmax(-1)
    theirs = training.predict(normalized_network, ours, tiny.x_test)[1, 0]
    torch.testing.assert_close(theirs, expected)


def test_reestimation_without_batch_norm_changes_nothing(tiny):
    run = training.train(small_network, tiny, rules.sgd, lr=0.1, seeds=2, steps=3, batch_size=8)
    ours = averaging.reestimate_batch_norm(small_network, run.params, tiny.x_train)
    for name, w in run.params.items():
        torch.testing.assert_close(ours[name], w)


def small_network():
    return training.mlp(5, 6, 3)


def normalized_network():
    return training.mlp(5, 6, 3, batch_norm=True)


@pytest.fixture
def tiny():
    from lab.data import Dataset

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 5, generator=generator)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    return Dataset(x[:40], y[:40], x[40:], y[40:], 3)
