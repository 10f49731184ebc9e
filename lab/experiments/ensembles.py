"""Ten networks against one, all trained to the end and tuned: MNIST-1D, 1,500 signals.

A seed draws its own signals. ``members`` are networks with one hidden layer of 48 units; the rivals
with the ensemble's budget are one network trained ten times as long, and one ten times as wide.
"""

from functools import lru_cache

import numpy as np
import torch

from lab import ensembles, rules, training
from lab.experiments import Experiment, samples
from lab.experiments.signals import CLASSES, draw
from lab.schedules import cosine_with_warmup
from lab.tuning import choose_on_other_seeds

SIZE, MEMBERS, WIDTH = 1500, 10, 48
RATES, DECAYS = (3e-3, 1e-2, 3e-2, 6e-2, 0.12), (0.0, 0.3, 1.0, 3.0)
CONTENDERS = {  # width, steps, networks
    "ten short": (WIDTH, 200, MEMBERS),
    "ten long": (WIDTH, 2000, MEMBERS),
    "one wide": (MEMBERS * WIDTH, 2000, 1),
}
# One network trained ten times as long as those of "ten short" is a member of "ten long".
Pair = tuple[float, float]  # rate, decay
PAIRS: list[Pair] = [(rate, decay) for rate in RATES for decay in DECAYS]


@lru_cache(maxsize=len(CONTENDERS))
def measure_all(
    contender: str, seed: int, pairs: tuple[Pair, ...] = tuple(PAIRS)
) -> dict[Pair, dict[str, float]]:
    """A contender's rates and decays, side by side: the figures of each."""
    width, steps, members = CONTENDERS[contender]
    drawn = draw(SIZE, seed)
    rates, decays = zip(*pairs, strict=True)

    def make_model() -> torch.nn.Module:
        return training.mlp(40, width, CLASSES)

    run = training.train(
        make_model,
        drawn.choosing,
        rules.adamw,
        settings={"lr": rates, "weight_decay": decays},
        seeds=range(MEMBERS * seed, MEMBERS * seed + members),
        steps=steps,
        schedule=lambda t: cosine_with_warmup(t, steps),
        record_every=steps,
    )
    found: dict[Pair, dict[str, float]] = {pair: {} for pair in pairs}
    for kind, part in (("validation", drawn.choosing), ("test", drawn.dataset)):
        p = training.predict(make_model, run.params, part.x_test).numpy()
        y = part.y_test.numpy()
        for pair, of_members in zip(pairs, p, strict=True):
            for name, judged in (("one", of_members), ("all", of_members.mean(0))):
                found[pair] |= {
                    f"{kind}_{name}_accuracy": ensembles.accuracy(judged, y).mean(),
                    f"{kind}_{name}_loss": ensembles.negative_log_likelihood(judged, y).mean(),
                }
    for pair, accuracy in zip(pairs, run.train_accuracy[..., -1].mean(1), strict=True):
        found[pair]["train_accuracy"] = accuracy
    return found


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record; the other settings of its contender are trained along with it."""
    return measure_all(setting["contender"], seed)[setting["rate"], setting["decay"]]


ENSEMBLES = Experiment(
    name="ensembles",
    settings=[
        {"contender": contender, "rate": rate, "decay": decay}
        for contender in CONTENDERS
        for rate in RATES
        for decay in DECAYS
    ],
    seeds=12,
    measure=measure,
)


def figures(contender: str, what: str) -> np.ndarray:
    """A figure on record as ``(settings, seeds)``, the settings as in ``PAIRS``."""
    return np.array(
        [
            samples("ensembles", what, contender=contender, rate=rate, decay=decay)
            for rate, decay in PAIRS
        ]
    )


def chosen(contender: str, who: str) -> np.ndarray:
    """The setting (an index) that the other seeds choose for each seed, by validation accuracy.

    ``who`` is "one", for the best networks, or "all", for the best ensemble.
    """
    return choose_on_other_seeds(-figures(contender, f"validation_{who}_accuracy")).index


def tuned(contender: str, who: str, what: str) -> np.ndarray:
    """A figure ``(seeds,)`` at the setting that ``chosen`` names."""
    index = chosen(contender, who)
    return figures(contender, what)[index, np.arange(len(index))]
