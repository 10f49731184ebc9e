"""The answers of the assignment ``regularization``.

A backward pass is tried on the cache of the forward pass next to it: the alternatives of the two
stand in the same order, so that they also fit in one notebook.
"""

from autograder.grading.answers.base import Answer
from autograder.grading.answers.regularization import (
    batchnorm_backward,
    batchnorm_forward,
    crops,
    dropout_backward,
    dropout_forward,
    mixing,
    network,
    penalty,
    torch_dropout,
)

ANSWERS: dict[str, Answer] = {
    "l2_penalty": penalty.L2_PENALTY,
    "dropout_forward": dropout_forward.FORWARD,
    "dropout_backward": dropout_backward.BACKWARD,
    "affine_relu_dropout_loss": network.NETWORK,
    "batchnorm_forward": batchnorm_forward.FORWARD,
    "batchnorm_backward": batchnorm_backward.BACKWARD,
    "inverted_dropout": torch_dropout.INVERTED,
    "channel_dropout": torch_dropout.CHANNEL,
    "stochastic_depth": torch_dropout.DEPTH,
    "mixup": mixing.MIXUP,
    "cutout": mixing.CUTOUT,
    "ten_crop": crops.TEN_CROP,
}
