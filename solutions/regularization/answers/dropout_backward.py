"""Answers to ``dropout_backward``. Each is tried on the cache of the forward pass next to it."""

import numpy as np

from autograder.grading.answer import Answer, beside

from .dropout_forward import ANSWER as FORWARD

dropout_forward = FORWARD.oracle


def dropout_backward(dout, cache):
    dropout_param, mask, out = cache
    if dropout_param["mode"] == "train":
        dout = dout * mask
    return dout


ANSWER = Answer(dropout_backward)


@ANSWER.alternative
@beside(dropout_forward=FORWARD.alternatives[0])
def dropout_backward(dout, cache):
    """Written for a cache that is None at test time."""
    if cache is None:
        return dout.copy()
    p, keep = cache
    return np.where(keep, dout / p, 0.0)


@ANSWER.alternative
@beside(dropout_forward=FORWARD.alternatives[1])
def dropout_backward(dout, cache):
    """Written for a cache that is the mask, in place."""
    dout *= cache
    return dout


@ANSWER.alternative
@beside(dropout_forward=FORWARD.alternatives[2])
def dropout_backward(dout, cache):
    """Written with the indices of what is gone."""
    dx = np.ascontiguousarray(dout * cache["scale"])
    dx.ravel()[cache["gone"]] = 0 if len(cache["gone"]) else dx.ravel()[cache["gone"]]
    return dx


ANSWER.edited(
    "not-scaled", "the mask without the factor 1 / p",
    ("dout * mask", "dout * (mask > 0)"),
)
ANSWER.edited(
    "not-masked", "dout returned as it is, in training too",
    ("dout * mask", "dout * 1.0"),
)
ANSWER.edited(
    "scaled-at-test-time", "dout times p at test time, where the forward pass changes nothing",
    ("    return dout", '    else:\n        dout = dout * dropout_param["p"]\n    return dout'),
)
ANSWER.edited(
    "scaled-but-not-masked", "dout / p everywhere, without the mask",
    ("dout * mask", 'dout / dropout_param["p"]'),
)
ANSWER.edited(
    "fresh-mask", "a new mask, where the one of the forward pass is needed",
    ("dout * mask", 'dout * (np.random.rand(*dout.shape) < dropout_param["p"]) / dropout_param["p"]'),
)
ANSWER.edited(
    "scaled-twice", "divided by p twice: once in the mask, once more",
    ("dout * mask", 'dout * mask / dropout_param["p"]'),
)
ANSWER.edited(
    "scale-undone", "multiplied by p, which takes the factor 1 / p out and more",
    ("dout * mask", 'dout * (mask > 0) * dropout_param["p"]'),
)
ANSWER.edited(
    "masked-by-dout", "masked where dout is negative, as if dropout were a ReLU",
    ("dout * mask", 'dout * (dout > 0) / dropout_param["p"]'),
)
ANSWER.edited(
    "mask-inverted", "the gradient of the dropped elements: the mask the wrong way round",
    ("dout * mask", 'dout * (mask == 0) / dropout_param["p"]'),
)
ANSWER.edited(
    "mask-from-the-output", "the mask read off out: where x is 0, a kept element looks dropped",
    ("dout * mask", 'dout * (out != 0) / dropout_param["p"]'),
)
ANSWER.edited(
    "averaged", "divided by the number of rows, which the forward pass does not do",
    ("dout * mask", "dout * mask / len(dout)"),
)
ANSWER.edited(
    "zero-at-test-time", "a gradient of 0 at test time",
    ("    return dout", "    else:\n        dout = np.zeros_like(dout)\n    return dout"),
)
ANSWER.edited(
    "mode-ignored", "the mode not looked at: at test time there is no mask to multiply by",
    ('    if dropout_param["mode"] == "train":\n        dout', "    dout"),
)
