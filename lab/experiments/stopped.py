"""A penalty and dropout against early stopping: MNIST-1D, 1,000 signals of its own for each seed.

Each network is judged twice: at the end of training, and at the check with the lowest validation
loss. Every strength is trained at the same learning rates; which one counts is for the reader of
the records to choose, on other seeds.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from lab import noise, rules, training
from lab.experiments import Experiment, samples
from lab.experiments.signals import CLASSES, draw
from lab.tuning import choose_on_other_seeds

SIZE, STEPS, CHECK = 1000, 800, 25
RATES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
STUDIES = {  # the strengths of each: the first one is "without"
    "penalty": (0.0, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
    "dropout": (1.0, 0.9, 0.8, 0.5, 0.3),
    "dropout, narrow": (1.0, 0.9, 0.8, 0.5),
}
WIDTHS = {"penalty": 64, "dropout": 100, "dropout, narrow": 12}


def network(width: int, keep: float) -> nn.Sequential:
    """Two hidden layers, each with dropout behind it; a keep probability of 1 changes nothing."""
    layers: list[nn.Module] = []
    for fan_in in (40, width):
        layers += [nn.Linear(fan_in, width), nn.ReLU(), noise.Dropout(keep)]
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


def adam_with_penalty(w: Tensor, g: Tensor, state: dict, *, lr: Tensor, penalty: Tensor) -> Tensor:
    """Adam on the loss plus penalty/2 |w|^2; biases, which have an axis less, are left out."""
    return rules.adam(w, g + penalty * w if w.dim() == 4 else g, state, lr)


@lru_cache(maxsize=len(STUDIES) * len(RATES))
def measure_all(study: str, rate: float, seed: int) -> dict[float, dict[str, float]]:
    """All strengths of a study at one rate, side by side: the figures of each."""
    strengths = STUDIES[study]
    width = WIDTHS[study]
    penalized = study == "penalty"
    keeps = (1.0,) * len(strengths) if penalized else strengths
    next_keep = iter(keeps)
    drawn = draw(SIZE, seed)
    columns = len(strengths)
    run = training.train(
        lambda: network(width, next(next_keep)),
        [drawn.choosing] * columns,
        adam_with_penalty,
        settings={"lr": rate, "penalty": [strengths if penalized else (0.0,) * columns]},
        seeds=[seed] * columns,
        steps=STEPS,
        record_every=CHECK,
        snapshot_at=range(0, STEPS + 1, CHECK),
    )
    x, y = drawn.dataset.x_test, drawn.dataset.y_test
    scores = []  # test loss and accuracy at each check: (checks, 2, strengths)
    for weights in run.snapshots.values():
        p = training.predict(lambda: network(width, 1.0), weights, x)[0]
        right = (p.argmax(-1) == y).double().mean(-1)
        loss = -p[..., torch.arange(len(y)), y].clamp(min=1e-12).log().mean(-1)
        scores.append(np.stack([loss.numpy(), right.numpy()]))
    by_check = np.stack(scores)
    norms = sum((w**2).sum((-2, -1)) for w in run.params.values() if w.dim() == 4)
    assert isinstance(norms, Tensor)
    found = {}
    for j, strength in enumerate(strengths):
        kept = int(run.test_loss[0, j].argmin())  # on validation data
        found[strength] = {
            "validation_loss": run.test_loss[0, j, -1],
            "validation_accuracy": run.test_accuracy[0, j, -1],
            "train_loss": run.train_loss[0, j, -1],
            "train_accuracy": run.train_accuracy[0, j, -1],
            "test_loss": by_check[-1, 0, j],
            "test_accuracy": by_check[-1, 1, j],
            "norm": norms[0, j].sqrt().item(),
            "stopped_step": float(run.step[kept]),
            "stopped_validation_loss": run.test_loss[0, j, kept],
            "stopped_validation_accuracy": run.test_accuracy[0, j, kept],
            "stopped_train_accuracy": run.train_accuracy[0, j, kept],
            "stopped_test_loss": by_check[kept, 0, j],
            "stopped_test_accuracy": by_check[kept, 1, j],
        }
    return found


def measure(setting: dict, seed: int) -> dict[str, float]:
    """One record; its neighbors are trained along with it."""
    return measure_all(setting["study"], setting["rate"], seed)[setting["strength"]]


STOPPED = Experiment(
    name="stopped",
    settings=[
        {"study": study, "strength": strength, "rate": rate}
        for study, strengths in STUDIES.items()
        for strength in strengths
        for rate in RATES
    ],
    seeds=16,
    measure=measure,
)


def figures(study: str, what: str) -> np.ndarray:
    """A figure on record as ``(strengths, rates, seeds)``."""
    return np.array(
        [
            [samples("stopped", what, study=study, strength=s, rate=rate) for rate in RATES]
            for s in STUDIES[study]
        ]
    )


def _scores(study: str, moment: str) -> np.ndarray:
    """What chooses a rate, lower is better: ``(strengths, rates, seeds)``."""
    if moment:
        return figures(study, f"{moment}validation_loss")
    return -figures(study, "validation_accuracy")


def tuned(study: str, what: str, moment: str = "") -> np.ndarray:
    """A figure ``(strengths, seeds)``, each strength at the rate that the other seeds choose.

    ``moment`` is "" for the end of training, where validation accuracy chooses (validation loss
    would choose the rate that is too low to overfit), or "stopped_" for the check with the lowest
    validation loss, which then chooses the rate as well.
    """
    scores, found = _scores(study, moment), figures(study, moment + what)
    every = np.arange(found.shape[-1])
    chosen = (choose_on_other_seeds(score).index for score in scores)
    return np.array([f[index, every] for f, index in zip(found, chosen, strict=True)])


def best_rates(study: str, moment: str = "") -> list[float]:
    """The rate with the best mean score, for each strength."""
    return [RATES[i] for i in _scores(study, moment).mean(-1).argmin(1)]
