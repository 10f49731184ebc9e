"""Answers to inverse_time_decay."""

import numpy as np

from autograder.grading.answer import Answer


def inverse_time_decay(step, base_lr, rate):
    return base_lr / (1 + rate * step)


ANSWER = Answer(inverse_time_decay)


@ANSWER.alternative
def inverse_time_decay(step, base_lr, rate):
    return base_lr * (1.0 + step * rate) ** -1


@ANSWER.alternative
def inverse_time_decay(step, base_lr, rate):
    return np.divide(base_lr, np.add(1, np.multiply(rate, step)))


@ANSWER.alternative
def inverse_time_decay(step, base_lr, rate):
    inverse = 1 / base_lr
    for _ in range(step):
        inverse += rate / base_lr
    return 1 / inverse


ANSWER.edited("base-left-out", "the factor alone, without base_lr", ("base_lr /", "1 /"))
ANSWER.edited(
    "growing", "a rate that grows: multiplied by 1 + rate * step, not divided",
    ("base_lr /", "base_lr *"),
)
ANSWER.edited(
    "counts-from-1", "steps counted from 1, so the first step has a smaller rate already",
    ("* step", "* (step + 1)"),
)
ANSWER.edited("no-one", "a denominator without the 1", ("1 + rate", "rate"))
ANSWER.edited(
    "compound", "(1 + rate) to the power of the step, where 1 + rate * step is meant",
    ("(1 + rate * step)", "(1 + rate) ** step"),
)
ANSWER.edited(
    "square-root", "the square root of 1 + rate * step in the denominator",
    ("(1 +", "np.sqrt(1 +"),
)
ANSWER.edited(
    "brackets-missing", "base_lr / 1 + rate * step: the brackets around the sum are missing",
    ("(1 + rate * step)", "1 + rate * step"),
)
