"""For each exercise its oracle and the known mistakes. Students never receive this code."""

from autograder.grading.answers import hyperparameters, optimizers, regularization
from autograder.grading.answers.base import Answer

ANSWERS: dict[str, Answer] = {
    **optimizers.ANSWERS,
    **hyperparameters.ANSWERS,
    **regularization.ANSWERS,
}
