"""Answers to exponential_decay."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def exponential_decay(step, base_lr, rate):
    return base_lr * np.exp(-rate * step)


ANSWER = Answer(exponential_decay)


@ANSWER.alternative
def exponential_decay(step, base_lr, rate):
    import math

    return base_lr / math.e ** (rate * step)


@ANSWER.alternative
def exponential_decay(step, base_lr, rate):
    return float(base_lr * torch.exp(torch.tensor(-rate * step, dtype=torch.float64)))


@ANSWER.alternative
def exponential_decay(step, base_lr, rate):
    return np.exp(np.log(base_lr) - rate * np.asarray(step))


ANSWER.edited(
    "growing", "a rate that grows: the minus sign in the exponent is missing",
    ("-rate", "rate"),
)
ANSWER.edited("base-left-out", "the factor alone, without base_lr", ("base_lr * np", "np"))
ANSWER.edited(
    "power-of-rate", "rate to the power of the step, where exp(-rate * step) is meant",
    ("np.exp(-rate * step)", "rate**step"),
)
ANSWER.edited(
    "compound", "(1 - rate) to the power of the step, where exp(-rate * step) is meant",
    ("np.exp(-rate * step)", "(1 - rate) ** step"),
)
ANSWER.edited(
    "divided", "step divided by rate in the exponent, where it is multiplied",
    ("-rate * step", "-step / rate"),
)
ANSWER.edited(
    "counts-from-1", "steps counted from 1, so the first step has a smaller rate already",
    ("* step", "* (step + 1)"),
)
ANSWER.edited("powers-of-two", "a power of 2 in place of e", ("np.exp(", "2 ** ("))
