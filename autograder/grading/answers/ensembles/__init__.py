"""The answers of the assignment ``ensembles``."""

from autograder.grading.answers.base import Answer
from autograder.grading.answers.ensembles import (
    predictions,
    rate,
    snapshots,
    stopping,
    weight_average,
)

ANSWERS: dict[str, Answer] = {
    "average_predictions": predictions.AVERAGE,
    "error_correlation": predictions.CORRELATION,
    "cyclic_cosine_rate": rate.CYCLIC,
    "collect_snapshots": snapshots.COLLECT,
    "exponential_moving_average": weight_average.EMA,
    "early_stopping": stopping.STOPPING,
}
