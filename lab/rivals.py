"""Rivals that cost nothing: what a table of classifiers has to beat before it says anything."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler


def accuracies(
    x_train: ArrayLike, y_train: ArrayLike, x_test: ArrayLike, y_test: ArrayLike
) -> dict[str, float]:
    """Test accuracy of a constant answer, the nearest neighbor and logistic regression, by name.

    Each takes the raw inputs ``(N, ...)`` as they are, or scaled to unit variance for the
    regression, and nothing is tuned.
    """
    x_train, x_test = (np.asarray(x, dtype=float).reshape(len(x), -1) for x in (x_train, x_test))  # type: ignore[arg-type]
    y_train, y_test = np.asarray(y_train), np.asarray(y_test)
    most = np.bincount(y_train).argmax()
    neighbor = KNeighborsClassifier(1).fit(x_train, y_train)
    scale = StandardScaler().fit(x_train)
    linear = LogisticRegression(max_iter=2000).fit(scale.transform(x_train), y_train)
    return {
        "constant answer": float((y_test == most).mean()),
        "nearest neighbor": float(neighbor.score(x_test, y_test)),
        "logistic regression": float(linear.score(scale.transform(x_test), y_test)),
    }
