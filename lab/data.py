"""Small data sets that need no download: MNIST-1D, made on the fly, and scikit-learn's digits."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Dataset(NamedTuple):
    """A classification problem, split once and for all.

    ``x_*`` are float32 ``(N, features)``, standardized with the training set's mean and standard
    deviation; ``y_*`` are int64 ``(N,)`` in ``0 .. classes - 1``.
    """

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor
    classes: int


def _dataset(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray
) -> Dataset:
    mean, std = x_train.mean(), x_train.std()
    return Dataset(
        torch.tensor((x_train - mean) / std, dtype=torch.float32),
        torch.tensor(y_train, dtype=torch.int64),
        torch.tensor((x_test - mean) / std, dtype=torch.float32),
        torch.tensor(y_test, dtype=torch.int64),
        classes=int(y_train.max()) + 1,
    )


@cache
def mnist1d(samples: int = 5000) -> Dataset:
    """MNIST-1D: ten classes of noisy signals of length 40, four fifths of them for training.

    Greydanus & Kobak, "Scaling down deep learning with MNIST-1D", https://arxiv.org/abs/2011.14439
    """
    from mnist1d.data import get_dataset_args, make_dataset

    state = np.random.get_state()
    try:
        args = get_dataset_args()
        args.num_samples = samples
        made = make_dataset(args)
    finally:
        np.random.set_state(state)
    return _dataset(made["x"], made["y"], made["x_test"], made["y_test"])


@cache
def digits() -> Dataset:
    """scikit-learn's 8x8 handwritten digits: 1,347 for training, 450 for testing."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0, stratify=y)
    return _dataset(x_train, y_train, x_test, y_test)


def validation_split(data: Dataset, validation: int, seed: int = 0) -> Dataset:
    """Set ``validation`` training items aside, at random, in place of the test set.

    What is chosen with the result (a rate, a moment to stop) is then judged on the test set of
    ``data``, which it has not seen. Raises ValueError if no training item would be left.
    """
    n = len(data.x_train)
    if not 0 < validation < n:
        raise ValueError(f"{validation} of {n} training items cannot be set aside")
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    held, kept = order[:validation], order[validation:]
    return Dataset(
        data.x_train[kept], data.y_train[kept], data.x_train[held], data.y_train[held], data.classes
    )


def small(data: Dataset, train: int, seed: int = 0) -> Dataset:
    """The same problem with only ``train`` training items, drawn at random, and the same test set.

    Raises ValueError if there are fewer.
    """
    n = len(data.x_train)
    if not 0 < train <= n:
        raise ValueError(f"{train} training items were asked for; there are {n}")
    kept = torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:train]
    return data._replace(x_train=data.x_train[kept], y_train=data.y_train[kept])
