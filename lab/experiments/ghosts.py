"""Batch norm with statistics of fewer examples than the batch has: what the noise alone does."""

from functools import lru_cache

import numpy as np
from torch import nn

from lab import rules, training
from lab.contest import Entry, entry
from lab.experiments import Experiment, samples
from lab.experiments.signals import CLASSES, draw
from lab.norms import GhostBatchNorm1d

SIZE, WIDTH, BATCH, STEPS = 1024, 100, 128, 250
STATISTICS = (0, 4, 16, 128)  # 0: no batch norm
RATES = (0.01, 0.03, 0.1, 0.3)


def network(statistics: int) -> nn.Sequential:
    """Two hidden layers, with batch norm over ``statistics`` examples at a time, or without."""
    layers: list[nn.Module] = []
    for fan_in in (40, WIDTH):
        norm = [GhostBatchNorm1d(WIDTH, statistics)] if statistics else []
        layers += [nn.Linear(fan_in, WIDTH), *norm, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))


@lru_cache(maxsize=1)
def measure_all(statistics: int, seed: int) -> dict[float, dict[str, float]]:
    """All rates side by side."""
    drawn = draw(SIZE, seed)
    run = training.train(
        lambda: network(statistics),
        drawn.choosing,
        rules.momentum,
        lr=RATES,
        seeds=[seed],
        steps=STEPS,
        batch_size=BATCH,
        record_every=STEPS,
    )
    x, y = drawn.dataset.x_test, drawn.dataset.y_test
    guess = training.predict(lambda: network(statistics), run.params, x)[:, 0].argmax(-1)
    return {
        rate: {
            "train_accuracy": float(run.train_accuracy[i, 0, -1]),
            "validation_accuracy": float(run.test_accuracy[i, 0, -1]),
            "test_accuracy": float((guess[i] == y).double().mean()),
        }
        for i, rate in enumerate(RATES)
    }


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record; the other rates are trained along with it."""
    return measure_all(setting["statistics"], seed)[setting["rate"]]


GHOSTS = Experiment(
    name="ghosts",
    settings=[{"statistics": s, "rate": rate} for s in STATISTICS for rate in RATES],
    seeds=16,
    measure=measure,
)


def tuned(statistics: int) -> tuple[Entry, dict[str, np.ndarray]]:
    """The contest of the rates by validation accuracy, and each seed's figures at its rate.

    A seed's rate is the one that the other seeds choose.
    """

    def by_rate(figure: str) -> np.ndarray:
        return np.array(
            [samples("ghosts", figure, statistics=statistics, rate=rate) for rate in RATES]
        )

    found = entry(RATES, -by_rate("validation_accuracy"))
    at = np.searchsorted(RATES, found.chosen), np.arange(len(found.chosen))
    return found, {name: by_rate(name)[at] for name in ("train_accuracy", "test_accuracy")}
