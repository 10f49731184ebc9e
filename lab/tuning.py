"""Pick a hyperparameter fairly: on other seeds than the ones it is judged on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Choice(NamedTuple):
    """What the other seeds chose for each seed (an index), and the loss it got there."""

    index: np.ndarray  # type: ignore[assignment]  # a tuple's method of that name is not used
    loss: np.ndarray


def choose_on_other_seeds(losses: ArrayLike) -> Choice:
    """For each seed, its loss at the setting that is best on average over all the other seeds.

    ``losses`` is ``(settings, seeds)``, lower is better; nan (a diverged run) counts as infinitely
    bad. Returns ``index`` and ``loss``, each ``(seeds,)``. Choosing and judging on the same seeds
    would flatter a rule with many settings: the minimum of noisy means is too low on average.
    Raises ValueError with fewer than two seeds.
    """
    losses = np.asarray(losses, dtype=float)
    settings, seeds = losses.shape
    if seeds < 2:
        raise ValueError(f"choosing on the other seeds needs at least two seeds, got {seeds}")
    losses = np.where(np.isnan(losses), np.inf, losses)
    others = np.stack([np.delete(losses, s, axis=1).mean(1) for s in range(seeds)], axis=1)
    index = others.argmin(0)
    return Choice(index, losses[index, np.arange(seeds)])
