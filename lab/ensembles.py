"""What predictions are worth, alone and averaged. Probabilities are ``(..., N, C)`` arrays."""

import numpy as np
from numpy.typing import ArrayLike


def accuracy(probabilities: ArrayLike, y: ArrayLike) -> np.ndarray:
    """The fraction of items whose largest probability is the right class: ``(...)``."""
    return (np.asarray(probabilities).argmax(-1) == np.asarray(y)).mean(-1)


def negative_log_likelihood(probabilities: ArrayLike, y: ArrayLike) -> np.ndarray:
    """-1/N sum_i log p_i[y_i], in nats: ``(...)``. Probabilities below 1e-12 count as 1e-12."""
    probabilities, y = np.asarray(probabilities, dtype=float), np.asarray(y)
    right = probabilities[..., np.arange(len(y)), y]
    return -np.log(np.maximum(right, 1e-12)).mean(-1)


def calibration_error(probabilities: ArrayLike, y: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error of one predictor ``(N, C)``: mean |accuracy - confidence|.

    Items are put into ``bins`` equal ranges of confidence (the largest probability); each range
    counts by its share of the items. Guo et al., "On Calibration of Modern Neural Networks" (2017),
    https://arxiv.org/abs/1706.04599
    """
    probabilities, y = np.asarray(probabilities, dtype=float), np.asarray(y)
    confidence = probabilities.max(-1)
    right = probabilities.argmax(-1) == y
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(where, right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(y))


def error_correlation(probabilities: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Correlation of the errors (1 wrong, 0 right) between members: ``(M, N, C)`` to ``(M, M)``.

    A member that is always right or always wrong has no correlation with others: nan.
    """
    wrong = np.asarray(probabilities).argmax(-1) != np.asarray(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.corrcoef(wrong.astype(float))


def disjoint_groups(probabilities: ArrayLike, members: int) -> np.ndarray:
    """Ensembles that share no member: ``(S, N, C)`` to ``(S // members, members, N, C)``.

    What is left over is dropped. Raises ValueError if there are fewer than ``members``.
    """
    probabilities = np.asarray(probabilities)
    groups = len(probabilities) // members
    if not groups:
        raise ValueError(f"{len(probabilities)} members do not make a group of {members}")
    kept = probabilities[: groups * members]
    return kept.reshape(groups, members, *probabilities.shape[1:])


def greedy_selection(probabilities: ArrayLike, y: ArrayLike, members: int) -> list[int]:
    """Indices of an ensemble grown one by one: each time the candidate that lowers the loss most.

    ``probabilities`` ``(K, N, C)`` are the candidates' on validation data ``y`` ``(N,)``; the loss
    is the negative log-likelihood of the average; a candidate may be taken again. Caruana et al.,
    "Ensemble selection from libraries of models" (2004), https://doi.org/10.1145/1015330.1015432
    """
    probabilities = np.asarray(probabilities, dtype=float)
    chosen: list[int] = []
    total = np.zeros_like(probabilities[0])
    for size in range(1, members + 1):
        losses = negative_log_likelihood((total + probabilities) / size, y)
        chosen.append(int(np.argmin(losses)))
        total += probabilities[chosen[-1]]
    return chosen
