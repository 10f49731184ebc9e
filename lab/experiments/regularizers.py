"""All regularizers in one table: one small residual network, MNIST-1D, few and more examples.

Every contender gets three tries: a technique at three strengths, the baseline with three different
first weights, a network without batch norm at three rates. A run draws training and validation
examples by its seed, trains the three side by side, and reports what the one with the highest
validation accuracy got on the test set. All but the last have one learning rate; it is not tuned.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lab import noise, rules, training
from lab.experiments import Experiment
from lab.experiments.signals import CLASSES, draw
from lab.schedules import cosine_with_warmup

CHANNELS, HIDDEN, LENGTHS = 12, 64, (27, 18, 12)
SIZES = (200, 1000)
BATCH, STEPS, RATE = 32, 500, 1e-2


class Technique(NamedTuple):
    """Its strengths, weakest first, and what they measure."""

    strengths: tuple[float, ...] = (0.0,)
    meaning: str = "-"
    rates: tuple[float, ...] = (RATE,)


NONE = "batch norm alone"
NO_NORM = "no batch norm"
TECHNIQUES = {
    NONE: Technique((0.0, 0.0, 0.0)),
    NO_NORM: Technique(rates=(3e-3, 1e-2, 3e-2)),
    "weight decay": Technique((0.3, 1.0, 3.0), "decoupled strength"),
    "dropout": Technique((0.8, 0.5, 0.3), "keep probability"),
    "DropConnect": Technique((0.8, 0.5, 0.2), "keep probability"),
    "fractional pooling": Technique((0.25, 0.5, 1.0), "width of the range of u"),
    "stochastic depth": Technique((0.9, 0.7, 0.5), "keep probability"),
    "shifts": Technique((1, 3, 8), "largest shift"),
    "cutout": Technique((2, 4, 8), "length of the gap"),
    "mixup": Technique((0.03, 0.1, 0.4), "alpha"),
}


def network(technique: str, strength: float) -> nn.Module:
    """A residual network on signals ``(B, 40)`` with one of the techniques built in."""

    def chosen(name: str, otherwise: float) -> float:
        return strength if technique == name else otherwise

    def norm() -> list[nn.Module]:
        return [nn.BatchNorm1d(CHANNELS)] if technique != NO_NORM else []

    def convolution(inputs: int) -> nn.Module:
        return nn.Conv1d(inputs, CHANNELS, 5, padding=2)

    def stage(length: int) -> list[nn.Module]:
        branch = [
            *norm(),
            nn.ReLU(),
            convolution(CHANNELS),
            *norm(),
            nn.ReLU(),
            convolution(CHANNELS),
        ]
        return [
            noise.FractionalMaxPool1d(length, chosen("fractional pooling", 0.0)),
            noise.StochasticDepth(nn.Sequential(*branch), chosen("stochastic depth", 1.0)),
        ]

    features = CHANNELS * LENGTHS[-1]
    hidden: nn.Module
    if technique == "DropConnect":
        hidden = noise.DropConnect(features, HIDDEN, strength)
    else:
        hidden = nn.Linear(features, HIDDEN)
    return nn.Sequential(
        nn.Unflatten(1, (1, -1)),
        convolution(1),
        *(module for length in LENGTHS for module in stage(length)),
        nn.ReLU(),
        nn.Flatten(),
        hidden,
        nn.ReLU(),
        *([noise.Dropout(strength)] if technique == "dropout" else []),
        nn.Linear(HIDDEN, CLASSES),
    )


def shift(x: Tensor, most: Tensor, generator: torch.Generator) -> Tensor:
    """Turn each signal of ``x`` ``(S, B, length)`` by up to ``most`` ``(S, 1)`` places around."""
    length = x.shape[-1]
    steps = torch.rand(x.shape[:-1], generator=generator) * (2 * most + 1) - most
    places = torch.arange(length) - steps.floor().long()[..., None]
    return x.gather(-1, places % length)


def augmentation(technique: str, strengths: Sequence[float]) -> Callable | None:
    """The change to a mini-batch ``(S, B, 40)`` that the technique makes, a strength for each run."""
    strength = torch.tensor(strengths)[:, None]

    def change(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        if technique == "shifts":
            return shift(x, strength, generator), y
        row = x[..., None, None, :]  # a picture with one channel and one row
        if technique == "cutout":
            return noise.cutout(row, strength, generator)[..., 0, 0, :], y
        mixed, targets = noise.mixup(row, y, CLASSES, strength.numpy(), generator)
        return mixed[..., 0, 0, :], targets

    return change if technique in ("shifts", "cutout", "mixup") else None


def measure(setting: dict, seed: int, steps: int = STEPS) -> dict[str, float]:
    """Train at all strengths of a technique; figures for the one that validation prefers."""
    name, size = setting["technique"], setting["size"]
    strengths, _, rates = TECHNIQUES[name]
    drawn = draw(size, seed)
    first_weights = [10_000 * k for k in range(3)] if name == NONE else [0] * len(strengths)
    decayed = name == "weight decay"
    next_strength = iter(strengths)
    run = training.train(
        lambda: network(name, next(next_strength)),
        [drawn.dataset] * len(strengths),
        rules.adamw if decayed else rules.adam,
        settings={"lr": rates, **({"weight_decay": [strengths]} if decayed else {})},
        seeds=[seed + k for k in first_weights],
        steps=steps,
        batch_size=BATCH,
        schedule=lambda t: cosine_with_warmup(t, steps),
        augment=augmentation(name, strengths),
        record_every=steps,
    )
    judged = training.predict(lambda: network(name, 1.0), run.params, drawn.choosing.x_test)
    right = (judged.argmax(-1) == drawn.choosing.y_test).double().mean(-1)  # (rates, strengths)
    rate, best = divmod(int(right.argmax()), len(strengths))
    figures = {
        "rate": rates[rate],
        "strength": strengths[best],
        "validation_accuracy": right[rate, best],
        "train_loss": run.train_loss[rate, best, -1],
        "test_loss": run.test_loss[rate, best, -1],
        "train_accuracy": run.train_accuracy[rate, best, -1],
        "test_accuracy": run.test_accuracy[rate, best, -1],
        "mean_test_accuracy": run.test_accuracy[..., -1].mean(),  # of the tries, without choosing
    }
    return {k: float(v) for k, v in figures.items()}


REGULARIZERS = Experiment(
    name="regularizers",
    settings=[{"size": size, "technique": name} for size in SIZES for name in TECHNIQUES],
    seeds=6,
    measure=measure,
)

REDUCED = (NONE, "shifts")


def reduced(seed: int = 0) -> dict[str, float]:
    """The test accuracy of each technique of ``REDUCED`` with few examples and a third of the steps."""
    settings = {name: {"size": SIZES[0], "technique": name} for name in REDUCED}
    return {
        name: measure(setting, seed, STEPS // 3)["test_accuracy"]
        for name, setting in settings.items()
    }
