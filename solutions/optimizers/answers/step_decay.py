"""Answers to step_decay."""

import numpy as np

from autograder.grading.answer import Answer


def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop ** (step // every)


ANSWER = Answer(step_decay)


@ANSWER.alternative
def step_decay(step, base_lr, drop=0.1, every=30):
    for _ in range(int(step / every)):
        base_lr = base_lr * drop
    return base_lr


@ANSWER.alternative
def step_decay(step, base_lr, drop=0.1, every=30):
    return np.float64(base_lr) * np.power(drop, np.floor(step / every))


@ANSWER.alternative
def step_decay(step, base_lr, drop=0.1, every=30):
    if step < every:
        return base_lr
    return drop * step_decay(step - every, base_lr, drop, every)


ANSWER.edited(
    "not-rounded-down", "an exponent that is not rounded down, so the rate falls at every step",
    ("//", "/"),
)
ANSWER.edited(
    "multiplied", "drop times the number of drops, where drop to that power is meant",
    ("drop **", "drop *"),
)
ANSWER.edited(
    "rounded-up", "an exponent that is rounded up, so the first drop comes at once",
    ("(step // every)", "np.ceil(step / every)"),
)
ANSWER.edited(
    "one-drop", "one drop for good, where there is one every so many steps",
    ("drop ** (step // every)", "drop if step >= every else base_lr"),
)
ANSWER.edited(
    "dropped-by", "a rate that falls by the share drop, where it falls to that share",
    ("drop **", "(1 - drop) **"),
)
ANSWER.edited(
    "counts-from-1", "steps counted from 1, so each drop comes one step early",
    ("(step //", "((step + 1) //"),
)
ANSWER.edited(
    "drop-late", "a drop one step late: at a multiple of every the new rate holds already",
    ("(step //", "(max(step - 1, 0) //"),
)
ANSWER.edited(
    "drop-fixed", "the drop 0.1 written into the code, whatever is passed",
    ("drop **", "0.1 **"),
)
ANSWER.edited("base-left-out", "the factor alone, without base_lr", ("base_lr * drop", "drop"))
ANSWER.edited("other-default-drop", "another default than drop=0.1", ("drop=0.1", "drop=0.5"))
