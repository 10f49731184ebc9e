"""All regularizers in one table: one small residual network, MNIST-1D, few examples.

Every contender gets nine tries: three learning rates, and at each of them three networks with first
weights of their own: a technique at three strengths, the baseline three times as it is. A run draws
training, validation and test signals by its seed, trains the nine side by side, and keeps at each
rate what the network with the highest validation accuracy got on the test set. ``tuned`` takes each
seed's figure at the rate that the *other* seeds choose.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lab import noise, penalties, rules, training
from lab.experiments import Experiment, samples
from lab.experiments.signals import CLASSES, draw
from lab.schedules import cosine_with_warmup
from lab.tuning import choose_on_other_seeds

CHANNELS, HIDDEN, LENGTHS = 12, 64, (27, 18, 12)
SIZE = 200
BATCH, STEPS = 32, 300
RATES = (1e-3, 3e-3, 1e-2)


class Technique(NamedTuple):
    """Its three strengths, weakest first, and what they measure."""

    strengths: tuple[float, float, float] = (0.0, 0.0, 0.0)
    meaning: str = "-"


NONE = "batch norm alone"
TECHNIQUES = {
    NONE: Technique(),
    "weight decay": Technique((0.3, 1.0, 3.0), "decoupled strength"),
    "max-norm": Technique((3.0, 1.5, 0.7), "longest row of weights"),
    "dropout": Technique((0.8, 0.5, 0.3), "keep probability"),
    "DropConnect": Technique((0.8, 0.5, 0.2), "keep probability"),
    "fractional pooling": Technique((0.25, 0.5, 1.0), "width of the range of u"),
    "stochastic depth": Technique((0.9, 0.7, 0.5), "keep probability of the last branch"),
    "shifts": Technique((1, 3, 8), "largest shift"),
    "cutout": Technique((2, 4, 8), "length of the gap"),
    "mixup": Technique((0.03, 0.1, 0.4), "alpha"),
}


def network(technique: str, strength: float) -> nn.Module:
    """A residual network on signals ``(B, 40)`` with one of the techniques built in."""

    def chosen(name: str, otherwise: float) -> float:
        return strength if technique == name else otherwise

    def convolution(inputs: int) -> nn.Module:
        return nn.Conv1d(inputs, CHANNELS, 5, padding=2)

    def survival(stage: int) -> float:  # falls in equal steps, as Huang et al. have it
        return 1 - stage / len(LENGTHS) * (1 - chosen("stochastic depth", 1.0))

    def stage(number: int, length: int) -> list[nn.Module]:
        branch = [nn.BatchNorm1d(CHANNELS), nn.ReLU(), convolution(CHANNELS)]
        return [
            noise.FractionalMaxPool1d(length, chosen("fractional pooling", 0.0)),
            noise.StochasticDepth(nn.Sequential(*branch), survival(number)),
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
        *(module for number, length in enumerate(LENGTHS, 1) for module in stage(number, length)),
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


def rule_and_settings(
    technique: str, strengths: Sequence[float], rates: Sequence[float]
) -> tuple[rules.Rule, dict[str, Sequence]]:
    """Adam, or the rule that the technique changes it to, and what it is set to, for each try."""
    lr: dict[str, Sequence] = {"lr": rates}
    if technique == "weight decay":
        return rules.adamw, {**lr, "weight_decay": [strengths]}
    if technique == "max-norm":
        return penalties.max_norm(rules.adam), {**lr, "longest": [strengths]}
    return rules.adam, lr


@lru_cache(maxsize=4)
def measure_all(
    technique: str, seed: int, rates: tuple[float, ...] = RATES
) -> dict[float, dict[str, float]]:
    """At each rate three tries, all side by side; figures of the one that validation prefers."""
    strengths = TECHNIQUES[technique].strengths
    drawn = draw(SIZE, seed)
    rule, settings = rule_and_settings(technique, strengths, rates)
    next_strength = iter(strengths)
    run = training.train(
        lambda: network(technique, next(next_strength)),
        [drawn.dataset] * len(strengths),
        rule,
        settings=settings,
        seeds=[seed + 10_000 * k for k in range(len(strengths))],
        steps=STEPS,
        batch_size=BATCH,
        schedule=lambda t: cosine_with_warmup(t, STEPS),
        augment=augmentation(technique, strengths),
        record_every=STEPS,
    )
    x, y = drawn.choosing.x_test, drawn.choosing.y_test
    predicted = training.predict(lambda: network(technique, 1.0), run.params, x).argmax(-1)
    found = {}
    for i, rate in enumerate(rates):
        right = (predicted[i] == y).double().mean(-1)  # (tries,)
        best = int(right.argmax())
        found[rate] = {
            "strength": strengths[best],
            "validation_accuracy": float(right[best]),
            "train_loss": float(run.train_loss[i, best, -1]),
            "test_loss": float(run.test_loss[i, best, -1]),
            "train_accuracy": float(run.train_accuracy[i, best, -1]),
            "test_accuracy": float(run.test_accuracy[i, best, -1]),
            # of the three, without choosing
            "mean_test_accuracy": float(run.test_accuracy[i, :, -1].mean()),
        }
    return found


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record; the other rates are trained along with it."""
    return measure_all(setting["technique"], seed)[setting["rate"]]


REGULARIZERS = Experiment(
    name="regularizers",
    settings=[{"technique": name, "rate": rate} for name in TECHNIQUES for rate in RATES],
    seeds=12,
    measure=measure,
)


def by_rate(technique: str, figure: str) -> np.ndarray:
    """A figure ``(rates, seeds)`` on record."""
    return np.array([samples("regularizers", figure, technique=technique, rate=r) for r in RATES])


def tuned(technique: str, figure: str) -> np.ndarray:
    """A figure ``(seeds,)`` at the rate that the other seeds choose by validation accuracy."""
    index = choose_on_other_seeds(-by_rate(technique, "validation_accuracy")).index
    return by_rate(technique, figure)[index, np.arange(len(index))]


def best_rate(technique: str) -> float:
    """The rate with the best validation accuracy, a mean over all seeds."""
    return RATES[int(by_rate(technique, "validation_accuracy").mean(1).argmax())]


AGAIN = (NONE, "shifts")  # what a page can run again


def again(technique: str, seed: int = 0) -> tuple[float, float]:
    """A technique's test accuracy at its best rate, measured now, and the one on record."""
    rate = best_rate(technique)
    now = measure_all(technique, seed, (rate,))[rate]["test_accuracy"]
    return now, float(by_rate(technique, "test_accuracy")[RATES.index(rate), seed])
