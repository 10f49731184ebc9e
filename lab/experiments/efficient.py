"""How few numbers must move? Fine-tuning EfficientNet-Lite0 on digits, all of it or little."""

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from lab import adapters, pictures, pretrained, transfer
from lab.contest import Entry, entry
from lab.experiments import Experiment, samples

SIDE, ITEMS, PER_CLASS = 64, 300, 10
EPOCHS, BATCH = 8, 20
# Adam's rate for each way and rank: the best of those tried on seeds that are not judged. A test
# holds this table equal to what the records of the search say.
RATES = {
    ("head", 0): 3e-3,
    ("scales", 0): 3e-3,
    ("low rank", 1): 3e-3,
    ("low rank", 4): 3e-3,
    ("low rank", 16): 1e-3,
    ("all", 0): 1e-4,
}


def digits(side: int = SIDE) -> tuple[Tensor, Tensor]:
    """The first 300 of scikit-learn's digits, enlarged and prepared for the network."""
    x, y = load_digits(return_X_y=True)
    x = torch.tensor(x[:ITEMS]).float().view(-1, 1, 8, 8) * 255 / 16
    x = F.interpolate(x, size=(side, side), mode="bilinear").expand(-1, 3, -1, -1)
    return pretrained.prepare(x), torch.tensor(y[:ITEMS])


def fine_tune(
    what: str, rank: int, seed: int, lr: float | None = None, epochs: int = EPOCHS
) -> tuple[nn.Module, dict[str, float]]:
    """Train what ``adapters.choose`` leaves free on 10 digits a class, at its rate in ``RATES``.

    Returns the network, its test accuracy and the count of trained numbers. Batch norm keeps
    ImageNet's statistics. The seed draws the split, the new layers and the order.
    """
    x, y = digits()
    train, test = pictures.split(y, PER_CLASS, seed)
    net = pretrained.efficientnet_lite0(classes=10, seed=seed)
    torch.manual_seed(seed)
    free = adapters.choose(net, what, rank)
    optimizer = torch.optim.Adam(free, lr=lr or RATES[what, rank])
    for _ in range(epochs):
        for batch in train[torch.randperm(len(train))].split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        right = net(x[test]).argmax(-1) == y[test]
    count = sum(w.numel() for w in free)
    return net, {"accuracy": right.float().mean().item(), "trainable": count}


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record: see ``fine_tune``."""
    return fine_tune(setting["what"], setting["rank"], seed)[1]


EFFICIENT = Experiment(
    name="efficient",
    settings=[{"what": what, "rank": rank} for what, rank in RATES],
    seeds=8,
    measure=measure,
)

# Four rates for each way, about a factor of 3 apart, around what the way's size lets one expect.
TRIED = {
    ("head", 0): (1e-3, 3e-3, 1e-2, 3e-2),
    ("scales", 0): (1e-3, 3e-3, 1e-2, 3e-2),
    ("low rank", 1): (1e-3, 3e-3, 1e-2, 3e-2),
    ("low rank", 4): (3e-4, 1e-3, 3e-3, 1e-2),
    ("low rank", 16): (3e-4, 1e-3, 3e-3, 1e-2),
    ("all", 0): (3e-5, 1e-4, 3e-4, 1e-3),
}
TUNING_SEEDS = (100, 101)


def measure_rate(setting: dict, seed: int) -> dict[str, float]:
    """One record of the search for rates."""
    what, rank, rate = setting["what"], setting["rank"], setting["rate"]
    return fine_tune(what, rank, TUNING_SEEDS[seed], rate)[1]


EFFICIENT_RATES = Experiment(
    name="efficient-rates",
    settings=[
        {"what": what, "rank": rank, "rate": rate}
        for (what, rank), rates in TRIED.items()
        for rate in rates
    ],
    seeds=len(TUNING_SEEDS),
    measure=measure_rate,
)


def searched(what: str, rank: int) -> Entry:
    """The contest of one way's rates, by accuracy."""
    rates = TRIED[what, rank]
    found = (
        samples(EFFICIENT_RATES.name, "accuracy", what=what, rank=rank, rate=rate) for rate in rates
    )
    return entry(rates, [-accuracy for accuracy in found])


# The rival that never saw a photograph: a small network from random weights, with shifted copies.
RIVAL_SIDE, RIVAL_STEPS, RIVAL_RATES = 32, 400, (1e-3, 3e-3, 1e-2, 3e-2)


def measure_rival(setting: dict, seed: int) -> dict[str, float]:
    """The small network on the split of a seed, at one rate."""
    x, y = digits(RIVAL_SIDE)
    train, test = pictures.split(y, PER_CLASS, seed)
    tested, trained = transfer.from_scratch(
        x, y, train, test, RIVAL_STEPS, seed, lr=setting["rate"], flips=False
    )
    return {"accuracy": tested, "train_accuracy": trained}


EFFICIENT_RIVAL = Experiment(
    name="efficient-rival",
    settings=[{"rate": rate} for rate in RIVAL_RATES],
    seeds=8,
    measure=measure_rival,
)


def rival_contest() -> Entry:
    """Its contest of the rates, by accuracy: each split at the rate that the others choose."""
    name = EFFICIENT_RIVAL.name
    return entry(RIVAL_RATES, [-samples(name, "accuracy", rate=rate) for rate in RIVAL_RATES])
