"""Does AdaGrad slow down, and does RMSProp go on? Each rule and SGD at five rates, on one small network."""

from typing import Any

import numpy as np

from lab import data, rules, training
from lab.contest import Entry, entry
from lab.experiments import Experiment, samples
from lab.rules import Rule

STEPS, EVERY = 3000, 500
RULES: dict[str, tuple[Rule, dict[str, Any]]] = {
    "SGD": (rules.sgd, {}),
    "AdaGrad": (rules.adagrad, {}),
    "RMSProp 0.9": (rules.rmsprop, {"decay": 0.9}),
    "RMSProp 0.99": (rules.rmsprop, {"decay": 0.99}),
}
_FIVE = 1.6 ** np.arange(-2, 3)
RATES = {
    "SGD": 0.25 * _FIVE,
    "AdaGrad": 0.18 * _FIVE,
    "RMSProp 0.9": 0.01 * _FIVE,
    "RMSProp 0.99": 0.0056 * _FIVE,
}


def measure(setting: dict, seed: int) -> dict[str, float]:
    """The training loss of one rule, by rate and step."""
    rule, hyper = RULES[setting["rule"]]
    rates = RATES[setting["rule"]]
    run = training.train(
        lambda: training.mlp(40, 24, 24, 10),
        data.mnist1d(),
        rule,
        lr=rates.tolist(),
        seeds=[seed],
        steps=STEPS,
        batch_size=32,
        record_every=EVERY,
        **hyper,
    )
    return {
        f"{rate:.4g} {step}": float(loss)
        for rate, curve in zip(rates, run.train_loss[:, 0], strict=True)
        for step, loss in zip(run.step, curve, strict=True)
    }


def tuned(rule: str) -> tuple[Entry, np.ndarray]:
    """From the records: the contest at the last step, and the chosen runs' losses (seeds, steps).

    Each seed's run is the one at the rate that the other seeds choose by their last losses.
    """
    steps = range(0, STEPS + 1, EVERY)
    curves = np.stack(
        [
            np.stack([samples("stall", f"{rate:.4g} {t}", rule=rule) for t in steps], axis=1)
            for rate in RATES[rule]
        ]
    )  # (rates, seeds, steps)
    found = entry(RATES[rule], curves[..., -1])
    at = np.searchsorted(RATES[rule], found.chosen)
    return found, curves[at, np.arange(curves.shape[1])]


STALL = Experiment(
    name="stall", settings=[{"rule": rule} for rule in RULES], seeds=20, measure=measure
)
