"""The landscape of a learning rate and a weight decay: validation and test error on their grid.

A small network on MNIST-1D, trained by AdamW for 250 steps, as on the page on random search and grid. A record
holds the errors of all rates with one decay and one seed, in percent.
"""

import numpy as np
from torch import nn

from lab import data, ensembles, rules, search, training
from lab.experiments import Experiment, samples

STEPS, SEEDS, VALIDATION, SIZE = 250, 5, 1000, 1500
LOG_RATES = tuple(float(x) for x in np.arange(-4.0, -0.9, 0.25))
LOG_DECAYS = (-4.0, -3.0, -2.0, -1.0)


def network() -> nn.Module:
    return training.mlp(40, 24, 10)


def measure(setting: dict, seed: int) -> dict[str, float]:
    """The two errors at each rate."""
    full = data.mnist1d()
    run = training.train(
        network,
        data.small(data.validation_split(full, VALIDATION), SIZE),
        rules.adamw,
        settings={
            "lr": 10 ** np.array(LOG_RATES),
            "weight_decay": np.full(len(LOG_RATES), 10 ** setting["log_decay"]),
        },
        seeds=[seed],
        steps=STEPS,
        batch_size=16,
        record_every=STEPS,
    )
    test = ensembles.accuracy(
        training.predict(network, run.params, full.x_test).numpy(), full.y_test.numpy()
    )
    found = {}
    for i, rate in enumerate(LOG_RATES):
        found[f"validation {rate:g}"] = 100 * (1 - float(run.test_accuracy[i, 0, -1]))
        found[f"test {rate:g}"] = 100 * (1 - float(test[i, 0]))
    return found


LANDSCAPE = Experiment(
    name="landscape",
    settings=[{"log_decay": decay} for decay in LOG_DECAYS],
    seeds=SEEDS,
    measure=measure,
)


def errors(kind: str) -> np.ndarray:
    """Validation or test errors on record: ``(rates, decays, seeds)``."""
    return np.array(
        [
            [samples("landscape", f"{kind} {rate:g}", log_decay=decay) for decay in LOG_DECAYS]
            for rate in LOG_RATES
        ]
    ).round(4)  # float32's rounding: the errors are counts of a thousand


def landscapes() -> tuple[search.Landscape, search.Landscape]:
    """What a search sees, and what its choice is worth: see ``lab.search.landscapes``."""
    axes = [np.array(LOG_RATES), np.array(LOG_DECAYS)]
    seen, worth = (errors(kind).reshape(-1, SEEDS) for kind in ("validation", "test"))
    return search.landscapes(axes, seen, worth)
