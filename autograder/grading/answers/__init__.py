"""For each exercise its oracle and the known mistakes. Students never receive this code."""

from autograder.grading.answers import (
    ensembles,
    hyperparameters,
    optimizers,
    regularization,
    transfer,
)
from autograder.grading.answers.base import Answer

ANSWERS: dict[str, Answer] = {
    **optimizers.ANSWERS,
    **ensembles.ANSWERS,
    **regularization.ANSWERS,
    **transfer.ANSWERS,
    **hyperparameters.ANSWERS,
}
