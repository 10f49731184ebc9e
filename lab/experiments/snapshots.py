"""Snapshots of one run: the search for each contestant's learning rate and L2 strength.

MNIST-1D, 1,500 signals to train on and 1,000 to choose by. A seed stands for three networks; each
contestant is judged by the loss of what it delivers with them.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lab import data, ensembles, rules, training
from lab.experiments import Experiment, samples

STEPS, MEMBERS, NETWORKS = 800, 4, 3
CYCLE = STEPS // MEMBERS
ENDS = [CYCLE * (i + 1) for i in range(MEMBERS)]
LATE = [STEPS - CYCLE // 4 * i for i in reversed(range(MEMBERS))]
RATES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
STRENGTHS = (0.0, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)


def cyclic(t: int) -> float:
    """The factor on the learning rate at step t: a cosine from 1 to 0 in each cycle."""
    return (1 + np.cos(np.pi * (t % CYCLE) / CYCLE)) / 2


SCHEDULES: dict[str, Callable[[int], float]] = {
    "cosine": lambda t: (1 + np.cos(np.pi * t / STEPS)) / 2,
    "cyclic": cyclic,
    "constant": lambda t: 1.0,
}
Setting = tuple[str, float, float]  # schedule, learning rate, L2 strength
GRID: list[Setting] = [(name, lr, s) for name in SCHEDULES for lr in RATES for s in STRENGTHS]

Probabilities = dict[int, np.ndarray]  # by step: (settings, networks, items, classes)
CONTEST: dict[str, tuple[Callable[[Probabilities], np.ndarray], str]] = {
    "one network": (lambda p: p[STEPS], "cosine"),
    "snapshots, cyclic": (lambda p: np.mean([p[t] for t in ENDS], 0), "cyclic"),
    "snapshots, constant rate": (lambda p: np.mean([p[t] for t in ENDS], 0), "constant"),
    "snapshots, late": (lambda p: np.mean([p[t] for t in LATE], 0), "cosine"),
    "short networks": (lambda p: p[CYCLE].mean(1, keepdims=True), "cyclic"),
    "full networks": (lambda p: p[STEPS].mean(1, keepdims=True), "cosine"),
}  # what each delivers, from the networks of a seed; and its schedule


class Split(NamedTuple):
    """``validation`` holds the signals to train on and to choose by; the others are for the end."""

    validation: data.Dataset
    x_test: Tensor
    y_test: np.ndarray


def split() -> Split:
    """1,500 signals to train on, 1,000 to choose by, 2,500 for the end."""
    full = data.mnist1d()
    order = torch.randperm(4000, generator=torch.Generator().manual_seed(0))
    fit, check, rest = order.split([1500, 1000, 1500])
    validation = full._replace(
        x_train=full.x_train[fit],
        y_train=full.y_train[fit],
        x_test=full.x_train[check],
        y_test=full.y_train[check],
    )
    x_test = torch.cat([full.x_test, full.x_train[rest]])
    return Split(validation, x_test, torch.cat([full.y_test, full.y_train[rest]]).numpy())


def network() -> nn.Sequential:
    return training.mlp(40, 48, 10)


def penalized_momentum(
    w: Tensor, g: Tensor, state: dict, *, lr: Tensor, strength: Tensor
) -> Tensor:
    """Momentum on the loss plus strength/2 |w|^2."""
    return rules.momentum(w, g + strength * w, state, lr)


def train(settings: list[Setting], seeds: list[int] | range, steps: int = STEPS) -> training.Run:
    """One batched run, with the weights at the ends of the cycles and at the late moments."""
    names, rates, strengths = zip(*settings, strict=True)
    return training.train(
        network,
        split().validation,
        penalized_momentum,
        settings={"lr": rates, "strength": strengths},
        schedule=[SCHEDULES[name] for name in names],
        seeds=seeds,
        steps=steps,
        record_every=steps,
        snapshot_at={*ENDS, *LATE},
    )


def probabilities(run: training.Run, x: Tensor) -> Probabilities:
    """What the run's networks say at each moment that was kept."""
    return {t: training.predict(network, w, x).numpy() for t, w in run.snapshots.items()}


def losses(settings: list[Setting], seed: int) -> dict[str, np.ndarray]:
    """The validation loss of what each contestant would deliver, for each setting."""
    validation = split().validation
    first = 1000 + NETWORKS * seed  # networks that are not judged
    p = probabilities(train(settings, range(first, first + NETWORKS)), validation.x_test)
    y = validation.y_test.numpy()
    return {
        name: ensembles.negative_log_likelihood(deliver(p), y).mean(1)
        for name, (deliver, _) in CONTEST.items()
    }


@lru_cache(maxsize=1)
def measure_all(seed: int) -> dict[Setting, dict[str, float]]:
    """All settings, side by side."""
    found = losses(GRID, seed)
    return {s: {name: float(loss[i]) for name, loss in found.items()} for i, s in enumerate(GRID)}


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record; its neighbors are trained along with it."""
    return measure_all(seed)[setting["schedule"], setting["rate"], setting["strength"]]


SNAPSHOTS = Experiment(
    name="snapshots",
    settings=[{"schedule": name, "rate": lr, "strength": s} for name, lr, s in GRID],
    seeds=4,
    measure=measure,
)


def recorded(contestant: str, setting: Setting) -> np.ndarray:
    """A contestant's loss on record at a setting, by seed."""
    schedule, rate, strength = setting
    return samples(SNAPSHOTS.name, contestant, schedule=schedule, rate=rate, strength=strength)


def chosen(contestant: str) -> Setting:
    """The setting with the lowest mean loss on record, among those with the contestant's schedule."""
    allowed = [setting for setting in GRID if setting[0] == CONTEST[contestant][1]]
    return min(allowed, key=lambda setting: recorded(contestant, setting).mean())


def edges(contestant: str) -> list[str]:
    """What of the chosen setting lies at an edge of what was tried; no penalty at all is no edge."""
    _, rate, strength = chosen(contestant)
    at_edge = {"rate": rate in (RATES[0], RATES[-1]), "L2": strength == STRENGTHS[-1]}
    return [what for what, edge in at_edge.items() if edge]
