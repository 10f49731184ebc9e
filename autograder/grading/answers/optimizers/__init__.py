"""The answers of the assignment ``optimizers``.

Every answer is short and stands on its own, under the name that the exercise asks for, as a student
would write it: its source can be handed in. NumPy is ``np``, torch is ``torch``.
"""

from autograder.grading.answers.base import Answer
from autograder.grading.answers.optimizers import (
    adam,
    adaptive,
    momentum,
    newton,
    schedules,
    softmax,
    torch_adam,
)

ANSWERS: dict[str, Answer] = {
    "softmax_loss": softmax.SOFTMAX,
    "sgd_momentum": momentum.MOMENTUM,
    "nesterov_momentum": momentum.NESTEROV,
    "adagrad": adaptive.ADAGRAD,
    "rmsprop": adaptive.RMSPROP,
    "adam": adam.ADAM,
    "step_decay": schedules.STEP,
    "exponential_decay": schedules.EXPONENTIAL,
    "inverse_time_decay": schedules.INVERSE_TIME,
    "cosine_with_warmup": schedules.COSINE,
    "newton_step": newton.NEWTON,
    "torch_adam": torch_adam.ADAM,
}
