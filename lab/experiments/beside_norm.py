"""Dropout beside batch norm: little and much data, short and long training, two placements.

Where dropout stands in front of a batch norm, that norm learns the variance of thinned activations
in training and meets whole ones in testing (Li et al. 2019, https://arxiv.org/abs/1801.05134).
Behind the last norm there is nothing to be shifted.
"""

from functools import lru_cache

import numpy as np
from torch import nn

from lab import noise, rules, training
from lab.experiments import Experiment, samples
from lab.experiments.signals import CLASSES, draw
from lab.tuning import choose_on_other_seeds

POOL, SIZES = 10_000, (500, 4000)
WIDTH, KEEP, MOMENTS = 100, 0.8, (400, 1600)
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
PLACES = {  # keep probabilities behind the first and the second hidden layer
    "nowhere": (1.0, 1.0),
    "everywhere": (KEEP, KEEP),
    "after the last norm": (1.0, KEEP),
}


def network(normed: bool, keeps: tuple[float, float]) -> nn.Sequential:
    """Two hidden layers: linear, batch norm if asked for, ReLU, dropout."""
    layers: list[nn.Module] = []
    for fan_in, keep in zip((40, WIDTH), keeps, strict=True):
        norm = [nn.BatchNorm1d(WIDTH)] if normed else []
        layers += [nn.Linear(fan_in, WIDTH), *norm, nn.ReLU(), noise.Dropout(keep)]
    return nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))


Key = tuple[str, int, float]  # place, steps, rate


@lru_cache(maxsize=4)
def measure_all(
    size: int,
    normed: bool,
    seed: int,
    moments: tuple[int, ...] = MOMENTS,
    rates: tuple[float, ...] = RATES,
    places: tuple[str, ...] = tuple(PLACES),
) -> dict[Key, dict[str, float]]:
    """Places and rates side by side, judged after each number of steps."""
    drawn = draw(size, seed, samples=POOL)
    next_keeps = iter(PLACES[place] for place in places)
    run = training.train(
        lambda: network(normed, next(next_keeps)),
        [drawn.choosing] * len(places),
        rules.adam,
        lr=rates,
        seeds=[seed] * len(places),
        steps=max(moments),
        record_every=moments[0],
        snapshot_at=moments,
    )
    found = {}
    for steps in moments:
        at = list(run.step).index(steps)
        tested = training.predict(
            lambda: network(normed, (1.0, 1.0)), run.snapshots[steps], drawn.dataset.x_test
        )
        right = (tested.argmax(-1) == drawn.dataset.y_test).double().mean(-1)
        for i, rate in enumerate(rates):
            for j, place in enumerate(places):
                found[place, steps, rate] = {
                    "validation_loss": run.test_loss[i, j, at],
                    "validation_accuracy": run.test_accuracy[i, j, at],
                    "train_accuracy": run.train_accuracy[i, j, at],
                    "test_accuracy": float(right[i, j]),
                }
    return found


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record; its neighbors are trained along with it."""
    found = measure_all(setting["size"], setting["normed"], seed)
    return found[setting["place"], setting["steps"], setting["rate"]]


BESIDE_NORM = Experiment(
    name="beside-norm",
    settings=[
        {"size": size, "normed": normed, "place": place, "steps": steps, "rate": rate}
        for size in SIZES
        for normed in (False, True)
        for place in PLACES
        for steps in MOMENTS
        for rate in RATES
    ],
    seeds=16,
    measure=measure,
)


def tuned(size: int, normed: bool, place: str, steps: int, what: str) -> np.ndarray:
    """A figure ``(seeds,)`` at the rate that the other seeds choose by validation accuracy."""
    setting: dict[str, float | str] = {
        "size": size,
        "normed": normed,
        "place": place,
        "steps": steps,
    }

    def by_rate(name: str) -> np.ndarray:
        return np.array([samples("beside-norm", name, rate=rate, **setting) for rate in RATES])

    index = choose_on_other_seeds(-by_rate("validation_accuracy")).index
    return by_rate(what)[index, np.arange(len(index))]
