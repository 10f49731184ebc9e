"""The exercises of the assignment ``regularization`` that are in torch, in the notebook's order."""

from autograder.exercise import Exercise
from autograder.exercises.crops import TEN_CROP
from autograder.exercises.mixing import CUTOUT, MIXUP
from autograder.exercises.torch_dropout import CHANNEL_DROPOUT, INVERTED_DROPOUT, STOCHASTIC_DEPTH

EXERCISES: list[Exercise] = [
    INVERTED_DROPOUT,
    CHANNEL_DROPOUT,
    STOCHASTIC_DEPTH,
    MIXUP,
    CUTOUT,
    TEN_CROP,
]
