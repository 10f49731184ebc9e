"""Six rules on one small network, and two of them on five architectures, each at a list of rates."""

from collections.abc import Callable, Sequence

import numpy as np
from torch import nn

from lab import data, rules, training
from lab.architectures import Convolutional, Recurrent
from lab.experiments import Experiment, samples
from lab.rules import Rule

SIX_STEPS, FIVE_STEPS = 400, 200

RULES: dict[str, Rule] = {
    "sgd": rules.sgd,
    "momentum": rules.momentum,
    "nesterov": rules.nesterov,
    "adagrad": rules.adagrad,
    "rmsprop": rules.rmsprop,
    "adam": rules.adam,
}
SIX_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)

ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    "narrow MLP, 3 x 16": lambda: training.mlp(40, 16, 16, 16, 10),
    "large MLP, 3 x 80": lambda: training.mlp(40, 80, 80, 80, 10),
    "deep MLP, 5 x 32": lambda: training.mlp(40, 32, 32, 32, 32, 32, 10),
    "convolutional": Convolutional,
    "recurrent (GRU)": Recurrent,
}
FIVE_RATES = {
    "adam": (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1),
    "momentum": (1e-2, 3e-2, 1e-1, 3e-1, 1.0),
}


def network() -> nn.Module:
    """The network of the six rules."""
    return training.mlp(40, 32, 32, 10)


def _last_losses(
    make_model: Callable[[], nn.Module], rule: str, rates: Sequence[float], steps: int, seed: int
) -> dict[str, float]:
    """The training loss after the last step, by rate."""
    run = training.train(
        make_model,
        data.mnist1d(),
        RULES[rule],
        lr=rates,
        seeds=[seed],
        steps=steps,
        batch_size=32,
        record_every=steps,
    )
    losses = run.train_loss[:, 0, -1]
    return {f"{rate:g}": float(loss) for rate, loss in zip(rates, losses, strict=True)}


def measure_six(setting: dict, seed: int) -> dict[str, float]:
    """One rule's training loss after 400 steps, by rate."""
    return _last_losses(network, setting["rule"], SIX_RATES, SIX_STEPS, seed)


def measure_five(setting: dict, seed: int) -> dict[str, float]:
    """One rule's training loss after 200 steps on one architecture, by rate."""
    make_model, rule = ARCHITECTURES[setting["architecture"]], setting["rule"]
    return _last_losses(make_model, rule, FIVE_RATES[rule], FIVE_STEPS, seed)


SIX = Experiment(
    name="six-rules", settings=[{"rule": rule} for rule in RULES], seeds=16, measure=measure_six
)
FIVE = Experiment(
    name="five-architectures",
    settings=[
        {"architecture": name, "rule": rule} for name in ARCHITECTURES for rule in FIVE_RATES
    ],
    seeds=16,
    measure=measure_five,
)


def six(rule: str) -> np.ndarray:
    """A rule's training losses on record, (rates, seeds)."""
    return np.array([samples("six-rules", f"{rate:g}", rule=rule) for rate in SIX_RATES])


def five(architecture: str, rule: str) -> np.ndarray:
    """A rule's training losses on record on one architecture, (rates, seeds)."""
    return np.array(
        [
            samples("five-architectures", f"{rate:g}", architecture=architecture, rule=rule)
            for rate in FIVE_RATES[rule]
        ]
    )
