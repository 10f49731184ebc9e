"""The answers of the assignment ``regularization``."""

from autograder.grading.answers.base import Answer
from autograder.grading.answers.regularization import crops, mixing, torch_dropout

ANSWERS: dict[str, Answer] = {
    "inverted_dropout": torch_dropout.INVERTED,
    "channel_dropout": torch_dropout.CHANNEL,
    "stochastic_depth": torch_dropout.DEPTH,
    "mixup": mixing.MIXUP,
    "cutout": mixing.CUTOUT,
    "ten_crop": crops.TEN_CROP,
}
