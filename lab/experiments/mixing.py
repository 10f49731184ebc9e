"""Ten copies, or ten networks that differ? One search of MNIST-1D, 1,500 signals.

A draw trains ten networks of each of 27 settings. All ensembles of ten come from these 270, all are
chosen on the draw's validation signals and judged on its test signals: copies of the setting that is
best alone, or best in company; the ten best, or a greedy ten, of one search (one network for each
setting); and a greedy ten of all 270, which has seen as many networks as the copies have.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from torch import nn

from lab import ensembles, rules, training
from lab.experiments import Experiment, samples
from lab.experiments.signals import CLASSES, draw
from lab.schedules import cosine_with_warmup

SIZE, MEMBERS, STEPS = 1500, 10, 1000
SHAPES, RATES, DECAYS = ((24,), (48,), (24, 24)), (1e-2, 3e-2, 0.1), (0.0, 0.3, 1.0)
PAIRS = list(product(RATES, DECAYS))
SETTINGS = list(product(SHAPES, PAIRS))
CONTENDERS = (
    "one network",
    "copies alone",
    "copies company",
    "ten best",
    "greedy",
    "greedy of all",
)


def predictions(
    seed: int,
    steps: int = STEPS,
    shapes: Sequence[tuple[int, ...]] = SHAPES,
    pairs: Sequence[tuple[float, float]] = PAIRS,
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (settings, members, items, classes) for validation and test signals."""
    drawn = draw(SIZE, seed)
    rates, decays = zip(*pairs, strict=True)
    found: list[list[np.ndarray]] = [[], []]
    for shape in shapes:

        def make_model(shape: tuple[int, ...] = shape) -> nn.Module:
            return training.mlp(40, *shape, CLASSES)

        run = training.train(
            make_model,
            drawn.choosing,
            rules.adamw,
            settings={"lr": rates, "weight_decay": decays},
            seeds=range(MEMBERS * seed, MEMBERS * (seed + 1)),
            steps=steps,
            schedule=lambda t: cosine_with_warmup(t, steps),
            record_every=steps,
        )
        for kept, part in zip(found, (drawn.choosing, drawn.dataset), strict=True):
            kept.append(training.predict(make_model, run.params, part.x_test).numpy())
    validation, test = (np.concatenate(kept) for kept in found)
    return validation, test


def choices(validation: np.ndarray, y: np.ndarray) -> dict[str, list[list[tuple[int, int]]]]:
    """The ensembles of each contender, each a list of networks (setting, member).

    What begins with one search is repeated for each of the ten.
    """
    losses = ensembles.negative_log_likelihood(validation, y)  # (settings, members)
    alone = int(losses.mean(1).argmin())
    company = int(ensembles.negative_log_likelihood(validation.mean(1), y).argmin())
    members = range(validation.shape[1])
    of_all = ensembles.greedy_selection(validation.reshape(-1, *validation.shape[2:]), y, MEMBERS)
    return {
        "one network": [[(alone, m)] for m in members],
        "copies alone": [[(alone, m) for m in members]],
        "copies company": [[(company, m) for m in members]],
        "ten best": [[(s, m) for s in losses[:, m].argsort()[:MEMBERS]] for m in members],
        "greedy": [
            [(s, m) for s in ensembles.greedy_selection(validation[:, m], y, MEMBERS)]
            for m in members
        ],
        "greedy of all": [[divmod(k, len(members)) for k in of_all]],
    }


def measure(setting: dict, seed: int, steps: int = STEPS) -> dict[str, float]:
    """Test accuracy of each contender's ensembles, a mean, and which settings copies were of."""
    validation, test = predictions(seed, steps)
    drawn = draw(setting["size"], seed)
    y = drawn.dataset.y_test.numpy()
    found = choices(validation, drawn.choosing.y_test.numpy())
    figures = {
        name: float(
            np.mean([ensembles.accuracy(np.mean([test[n] for n in e], 0), y) for e in chosen])
        )
        for name, chosen in found.items()
    }
    for name in ("copies alone", "copies company"):
        figures[f"setting of {name}"] = found[name][0][0][0]
    return figures


MIXING = Experiment(name="mixing", settings=[{"size": SIZE}], seeds=8, measure=measure)


def copies_alone_again(seed: int) -> float:
    """The test accuracy of a draw's copies of the setting that is best alone, trained now."""
    shape, pair = SETTINGS[int(accuracy("setting of copies alone")[seed])]
    _, test = predictions(seed, shapes=[shape], pairs=[pair])
    return float(ensembles.accuracy(test[0].mean(0), draw(SIZE, seed).dataset.y_test.numpy()))


def accuracy(contender: str) -> np.ndarray:
    """Test accuracy on record: (draws,)."""
    return samples("mixing", contender, size=SIZE)
