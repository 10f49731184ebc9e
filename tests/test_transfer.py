import copy

import pytest
import torch
from torch.nn import functional as F

from lab import pretrained, transfer
from lab.experiments import samples
from lab.experiments import transfer as experiment


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model():
    return pretrained.efficientnet_lite0(classes=3, seed=1)


@pytest.fixture
def network(model):
    return transfer.stages(copy.deepcopy(model))


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 3, 32, 32, generator=generator), torch.arange(6) % 3


def state(network):
    """Weights and batch-norm statistics of each stage, copied."""
    return [{k: v.clone() for k, v in stage.state_dict().items()} for stage in network]


def same(before, after):
    return all(torch.equal(before[k], after[k]) for k in before)


def tune(network, batch, **setting):
    setting = {"lr": 1e-3, "steps": 3, "batch_size": 4, **setting}
    return transfer.fine_tune(network, *batch, **setting)


def test_the_stages_compute_what_the_model_does(model, network, batch):
    with torch.no_grad():
        torch.testing.assert_close(transfer.outputs(network, batch[0]), model(batch[0]))
    features = transfer.outputs(network[: transfer.BACKBONE], batch[0])
    torch.testing.assert_close(features, pretrained.features(model, batch[0]))
    assert len(network) == transfer.BACKBONE + 1


def test_the_stages_share_their_weights_with_the_model(model):
    ours = {id(p) for p in transfer.stages(model).parameters()}
    assert ours == {id(p) for p in model.parameters()}


@pytest.mark.parametrize("frozen", [transfer.BACKBONE, 13])
@pytest.mark.parametrize("statistics", ["held", "moving", "refreshed"])
def test_frozen_stages_stay_bit_identical(network, batch, frozen, statistics):
    before = state(network)
    tune(network, batch, frozen=frozen, statistics=statistics)
    after = state(network)
    assert all(same(b, a) for b, a in zip(before[:frozen], after[:frozen], strict=True))
    assert not any(same(b, a) for b, a in zip(before[frozen:], after[frozen:], strict=True))


@pytest.mark.parametrize(("statistics", "still"), [("held", True), ("moving", False)])
def test_held_statistics_do_not_move_while_the_weights_do(network, batch, statistics, still):
    before = state(network)[5]
    tune(network, batch, frozen=0, statistics=statistics)
    after = state(network)[5]
    running = [k for k in before if "running" in k]
    assert running
    assert all(torch.equal(before[k], after[k]) is still for k in running)
    assert not torch.equal(before["_project_conv.weight"], after["_project_conv.weight"])


def test_refreshed_statistics_are_those_of_the_training_set(network, batch):
    tune(network, batch, frozen=0, statistics="refreshed", batch_size=6)
    x = batch[0].contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        stem = network[0][0](x)
    torch.testing.assert_close(network[0][1].running_mean, stem.mean((0, 2, 3)))
    assert not any(module.training for module in network.modules())


def test_unknown_statistics_are_refused(network, batch):
    with pytest.raises(ValueError, match="held"):
        tune(network, batch, frozen=0, statistics="frozen")


def test_groups_have_their_rates_and_hold_only_what_is_trained(network):
    transfer.freeze(network, 13)
    backbone, head = transfer.parameter_groups(network, lr=0.5, ratio=0.1)
    assert (backbone["lr"], head["lr"]) == (0.05, 0.5)
    held = [p for group in (backbone, head) for p in group["params"]]
    assert {id(p) for p in held} == {id(p) for p in network[13:].parameters()}
    assert {id(p) for p in head["params"]} == {id(p) for p in network[-1].parameters()}
    assert len(held) == len(list(network[13:].parameters()))


def test_the_optimizer_is_given_those_groups_alone(network, batch, monkeypatch):
    made = []

    class Spy(torch.optim.Adam):
        def __init__(self, groups):
            super().__init__(groups)
            made.append(self)

    monkeypatch.setattr(torch.optim, "Adam", Spy)
    tune(network, batch, frozen=transfer.BACKBONE, lr=0.01, ratio=0.1)
    tune(network, batch, frozen=13, lr=0.01, ratio=0.1)
    last, part = ([g["initial_lr"] for g in optimizer.param_groups] for optimizer in made)
    assert last == pytest.approx([0.01])
    assert part == pytest.approx([0.001, 0.01])
    held = {id(p) for group in made[1].param_groups for p in group["params"]}
    assert held == {id(p) for p in network[13:].parameters()}


def test_a_backbone_at_rate_zero_does_not_move(network, batch):
    before = state(network)
    tune(network, batch, frozen=0, ratio=0.0)
    assert all(same(b, a) for b, a in zip(before[:-1], state(network)[:-1], strict=True))


def test_freezing_everything_is_refused(network):
    with pytest.raises(ValueError, match="19"):
        transfer.freeze(network, 19)


def test_the_last_layer_is_fitted_as_adam_fits_it_on_the_features(network, batch):
    x, y = batch
    features = transfer.outputs(network[: transfer.BACKBONE], x)
    head = copy.deepcopy(network[-1])
    optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
    for t in range(5):
        optimizer.param_groups[0]["lr"] = 0.01 * (1 - t / 5)
        optimizer.zero_grad()
        F.cross_entropy(head(features), y).backward()
        optimizer.step()
    tune(network, batch, frozen=transfer.BACKBONE, lr=0.01, steps=5, batch_size=6)
    torch.testing.assert_close(network[-1].weight, head.weight, rtol=1e-3, atol=1e-4)


def test_every_item_is_seen_once_an_epoch(monkeypatch, network):
    x = torch.randn(7, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    seen = []
    cross_entropy = F.cross_entropy
    monkeypatch.setattr(
        F, "cross_entropy", lambda z, y: seen.extend(y.tolist()) or cross_entropy(z, y)
    )
    network[-1] = torch.nn.Linear(pretrained.FEATURES, 7)
    transfer.fine_tune(
        network, x, torch.arange(7), frozen=transfer.BACKBONE, lr=1e-3, steps=7, batch_size=2
    )
    assert sorted(seen[:7]) == sorted(seen[7:]) == list(range(7))


def test_each_picture_is_shifted_anew_by_up_to_an_eighth(network):
    columns = torch.arange(32.0).expand(2, 3, 32, 32)  # each pixel says where it stood
    seen = []
    network[0].register_forward_pre_hook(lambda stage, given: seen.append(given[0]))
    tune(network, (columns, torch.tensor([0, 1])), frozen=0, steps=20, batch_size=2, shifted=True)
    middle = torch.cat([batch[:, 0, 16, 16] for batch in seen if len(batch) == 2])
    assert 16 - 4 <= middle.min() < middle.max() <= 16 + 4
    assert len(middle.unique()) > 4


def test_frozen_stages_are_given_no_shifts(network, batch):
    with pytest.raises(ValueError, match="once"):
        tune(network, batch, frozen=1, shifted=True)


def test_digits_and_pictures_are_drawn_for_the_network():
    for data, classes in [("pictures", 6), ("digits", 10)]:
        x, y = experiment.images(data, 32)
        assert x.shape == (len(y), 3, 32, 32)
        assert x.min() >= -1 and x.max() <= 1.01
        assert y.unique().tolist() == list(range(classes))
    with pytest.raises(ValueError, match="letters"):
        experiment.images("letters")


def test_the_rate_chosen_for_a_cell_is_not_at_the_edge_of_those_tried():
    for cell in experiment.CELLS:
        rates = experiment.METHODS[cell["method"]].rates
        assert min(rates) < experiment.chosen_rate(cell) < max(rates)
    with pytest.raises(LookupError):
        experiment.chosen_rate({"data": "letters"})


def test_untouched_features_are_not_forgotten(network, batch):
    before = transfer.outputs(network[: transfer.BACKBONE], batch[0])
    kept = experiment.forgetting(network, before, batch[0])
    assert kept == {"moved": 0.0, "agreement": 1.0}
    with torch.no_grad():
        network[transfer.BACKBONE - 1][0].weight.zero_()  # the same features for every picture
    lost = experiment.forgetting(network, before, batch[0])
    assert lost["moved"] > 0.5


@pytest.mark.nightly  # the page with the table makes the same runs whenever it is built
def test_the_reduced_run_agrees_with_the_records_in_direction():
    recorded = [samples("transfer", "accuracy", **setting) for setting in experiment.REDUCED]
    last, scratch, last_digits, all_digits = experiment.reduced()
    assert (last > scratch) == (recorded[0].mean() > recorded[1].mean())
    assert (all_digits > last_digits) == (recorded[3].mean() > recorded[2].mean())
    assert {len(figures) for figures in recorded} == {experiment.TRANSFER.seeds}


def test_layer_means_end_with_the_features():
    model = pretrained.efficientnet_lite0()
    x = pretrained.prepare(torch.randint(0, 256, (3, 3, 64, 64)))
    layers = pretrained.layer_means(model, x, batch_size=2)
    assert len(layers) == 2 + transfer.BLOCKS
    torch.testing.assert_close(layers[-1], pretrained.features(model, x))
    stem = model._bn0(model._conv_stem(x)).mean((-2, -1))
    torch.testing.assert_close(layers[0], stem, rtol=1e-4, atol=1e-4)
    assert not any(m._forward_hooks for m in model.modules())


def test_a_network_from_scratch_learns_what_is_easy():
    y = torch.arange(60) % 3
    x = torch.randn(60, 3, 16, 16, generator=torch.Generator().manual_seed(0)) / 4
    x[torch.arange(60), y] += 1  # the class is a color
    train, test = torch.arange(45), torch.arange(45, 60)
    first = transfer.from_scratch(x, y, train, test, steps=60, seed=0)
    assert first == transfer.from_scratch(x, y, train, test, steps=60, seed=0)
    assert min(first) > 0.9
    untrained = transfer.from_scratch(x, y, train, test, steps=0, seed=0)
    assert untrained[0] < 0.8
