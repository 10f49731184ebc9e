"""The exercises of the assignment ``regularization``, in the order of its notebook."""

from autograder.exercise import Exercise
from autograder.exercises.batch_norm import BATCHNORM_BACKWARD, BATCHNORM_FORWARD
from autograder.exercises.crops import TEN_CROP
from autograder.exercises.dropout import DROPOUT_BACKWARD, DROPOUT_FORWARD
from autograder.exercises.mixing import CUTOUT, MIXUP
from autograder.exercises.regularized_loss import AFFINE_RELU_DROPOUT_LOSS, L2_PENALTY
from autograder.exercises.torch_dropout import CHANNEL_DROPOUT, INVERTED_DROPOUT, STOCHASTIC_DEPTH

EXERCISES: list[Exercise] = [
    L2_PENALTY,
    DROPOUT_FORWARD,
    DROPOUT_BACKWARD,
    AFFINE_RELU_DROPOUT_LOSS,
    BATCHNORM_FORWARD,
    BATCHNORM_BACKWARD,
    INVERTED_DROPOUT,
    CHANNEL_DROPOUT,
    STOCHASTIC_DEPTH,
    MIXUP,
    CUTOUT,
    TEN_CROP,
]
