import pytest
import torch
from torch import nn

from lab import adapters, experiments
from lab.experiments import efficient


class Tiny(nn.Module):
    """A network with one layer of each kind, its last layer called as EfficientNet's is."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.pointwise = nn.Sequential(nn.Conv2d(8, 6, 1, bias=False), nn.BatchNorm2d(6))
        self.depthwise = nn.Conv2d(6, 6, 1, groups=6)
        self._fc = nn.Linear(6, 4)

    def forward(self, x):
        return self._fc(self.depthwise(self.pointwise(self.stem(x))).mean((-2, -1)))


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.rand(5, 3, 7, 7)


def test_a_low_rank_update_changes_nothing_at_first(x):
    net = Tiny().eval()
    before = net(x)
    torch.testing.assert_close(adapters.add_low_rank(net, 2)(x), before)


@pytest.mark.parametrize(
    ("frozen", "x"),
    [
        (nn.Conv2d(8, 6, 1), torch.rand(5, 8, 4, 3)),
        (nn.Linear(8, 6), torch.rand(5, 8)),
    ],
)
def test_the_merged_weight_does_the_same(frozen, x):
    layer = adapters.LowRank(frozen, 2)
    nn.init.normal_(layer.B)
    apart = layer(x)
    update = (layer.merged() - frozen.weight).flatten(1)
    assert torch.linalg.matrix_rank(update).item() == 2
    with torch.no_grad():
        frozen.weight.copy_(layer.merged())
    torch.testing.assert_close(frozen(x), apart)


@pytest.mark.parametrize(
    ("what", "count"),
    [
        ("head", 6 * 4 + 4),
        ("scales", 6 * 4 + 4 + 2 * 6),
        ("low rank", 6 * 4 + 4 + 2 * (8 + 6)),
        ("all", sum(w.numel() for w in Tiny().parameters())),
    ],
)
def test_only_what_was_chosen_learns(what, count, x):
    net = Tiny().eval()
    free = adapters.choose(net, what, rank=2)
    assert sum(w.numel() for w in free) == count
    before = {name: w.detach().clone() for name, w in net.named_parameters()}
    optimizer = torch.optim.SGD(free, lr=0.1)
    for _ in range(2):  # A learns only once B has left zero
        optimizer.zero_grad()
        net(x).square().sum().backward()
        optimizer.step()
    moved = {name for name, w in net.named_parameters() if not torch.equal(w, before[name])}
    assert moved == {name for name, w in net.named_parameters() if w.requires_grad}


def test_an_unknown_choice_is_refused():
    with pytest.raises(ValueError, match="cannot choose"):
        adapters.choose(Tiny(), "some")


def test_a_recorded_run_can_be_made_again_and_adaptation_beat_the_last_layer():
    def accuracy(what, rank):
        return experiments.samples("efficient", "accuracy", what=what, rank=rank)

    setting = {"what": "head", "rank": 0}
    again = efficient.measure(setting, seed=0)["accuracy"]
    assert again == pytest.approx(accuracy(**setting)[0], abs=0.04)
    for what, rank in efficient.RATES:
        assert len(accuracy(what, rank)) == efficient.EFFICIENT.seeds
        if what != "head":
            assert (accuracy(what, rank) - accuracy("head", 0)).mean() > 0
