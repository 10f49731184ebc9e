"""The exercises of the assignment ``regularization``, in the order of its notebook."""

from autograder.exercise import Exercise
from autograder.exercises.batch_norm import BATCHNORM_BACKWARD, BATCHNORM_FORWARD
from autograder.exercises.dropout import DROPOUT_BACKWARD, DROPOUT_FORWARD
from autograder.exercises.regularized_loss import AFFINE_RELU_DROPOUT_LOSS, L2_PENALTY

EXERCISES: list[Exercise] = [
    L2_PENALTY,
    DROPOUT_FORWARD,
    DROPOUT_BACKWARD,
    AFFINE_RELU_DROPOUT_LOSS,
    BATCHNORM_FORWARD,
    BATCHNORM_BACKWARD,
]
