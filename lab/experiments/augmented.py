"""Augmentation on 150 small pictures: each way at three rates, one convolutional network."""

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from torch import Generator, Tensor, nn

from lab import augment, data, ensembles, noise, pictures, rules, training
from lab.contest import Entry, entry
from lab.experiments import Experiment, samples
from lab.schedules import cosine_with_warmup

SIDE, SEEN, STEPS, CLASSES = 24, 20, 200, 6
RATES, BEYOND = (1e-3, 3e-3, 1e-2), 3e-2  # all are best at the highest: hence BEYOND


class Eye(nn.Module):
    """Look at the center of what is larger, and scale the pixels."""

    def forward(self, x: Tensor) -> Tensor:
        edge = (x.shape[-1] - SEEN) // 2
        return (x[..., edge : edge + SEEN, edge : edge + SEEN] - 0.5) / 0.25


def network() -> nn.Sequential:
    """Three convolutions and a linear layer."""
    return nn.Sequential(
        Eye(),
        *(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(16 * 5 * 5, CLASSES)),
    )


@cache
def small_pictures() -> tuple[Tensor, Tensor]:
    """All pictures, values from 0 to 1, and their classes."""
    found = pictures.pictures(SIDE)
    return found.x.float() / 255, found.y


@cache
def color_axes() -> tuple[Tensor, Tensor]:
    """The axes along which the pictures' colors vary."""
    return augment.color_axes(pictures.pictures(64).x.float() / 255)


def geometry(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    return augment.crop(augment.flip(x, generator), SEEN, generator), y


def color(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    x = augment.jitter(x, 0.4, generator)
    return augment.pca_offsets(x, color_axes(), generator), y


def both(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    return color(*geometry(x, y, generator), generator)


def zoom(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    return augment.zoom(augment.flip(x, generator), SEEN, 0.6, generator), y


def cutmix(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    return noise.cutmix(geometry(x, y, generator)[0], y, CLASSES, 1.0, generator)


def drawn(magnitude: float) -> Callable:
    """RandAugment with two changes, after a flip and a crop."""
    return lambda x, y, g: (augment.rand_augment(geometry(x, y, g)[0], 2, magnitude, g), y)


WAYS: dict[str, Callable | None] = {
    "nothing": None,
    "color": color,
    "flips and crops": geometry,
    "both": both,
    "zoom": zoom,
    "CutMix": cutmix,
    "RandAugment 0.2": drawn(0.2),
    "RandAugment 0.5": drawn(0.5),
}


@lru_cache(maxsize=1)
def measure_all(
    way: str, seed: int, rates: tuple[float, ...] = RATES
) -> dict[float, dict[str, float]]:
    """All rates side by side, on the seed's split of the pictures."""
    x, y = small_pictures()
    split = pictures.split(y, seed=seed)
    run = training.train(
        network,
        data.Dataset(x[split.train], y[split.train], x[split.test], y[split.test], CLASSES),
        rules.adam,
        lr=rates,
        seeds=[seed],
        steps=STEPS,
        batch_size=32,
        schedule=lambda t: cosine_with_warmup(t, STEPS),
        augment=WAYS[way],
        record_every=STEPS,
    )
    crops = augment.ten_crops(x[split.test], SEEN)  # (10, pictures, 3, 20, 20)
    p = training.predict(network, run.params, crops.flatten(0, 1), batch_size=500)[:, 0]
    p = p.unflatten(1, (10, -1))  # (rates, crops, pictures, classes)
    averaged = {"center": p[:, 4], "two": p[:, [4, 9]].mean(1), "ten": p.mean(1)}
    right = {name: ensembles.accuracy(q, y[split.test]) for name, q in averaged.items()}
    return {
        rate: {
            "train": float(run.train_accuracy[i, 0, -1]),
            **{name: float(found[i]) for name, found in right.items()},
        }
        for i, rate in enumerate(rates)
    }


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record; the other rates are trained along with it."""
    return measure_all(setting["way"], seed)[setting["rate"]]


AUGMENTED = Experiment(
    name="augmented",
    settings=[{"way": way, "rate": rate} for way in WAYS for rate in RATES],
    seeds=16,
    measure=measure,
)

AUGMENTED_EDGE = Experiment(
    name="augmented-edge",
    settings=[{"way": way, "rate": BEYOND} for way in WAYS],
    seeds=4,
    measure=lambda setting, seed: measure_all(setting["way"], seed, (BEYOND,))[BEYOND],
)


def beyond_the_edge(way: str) -> np.ndarray:
    """Accuracy on the center at the rate beyond the highest minus that at the highest: (4,)."""
    beyond = samples("augmented-edge", "center", way=way, rate=BEYOND)
    return beyond - samples("augmented", "center", way=way, rate=RATES[-1])[: len(beyond)]


def tuned(way: str) -> tuple[Entry, dict[str, np.ndarray]]:
    """The contest of the rates by accuracy on the center, and each split's figures at its rate.

    A split's rate is the one that the other splits choose.
    """

    def by_rate(figure: str) -> np.ndarray:
        return np.array([samples("augmented", figure, way=way, rate=rate) for rate in RATES])

    found = entry(RATES, -by_rate("center"))
    at = np.searchsorted(RATES, found.chosen), np.arange(len(found.chosen))
    return found, {name: by_rate(name)[at] for name in ("train", "center", "two", "ten")}
