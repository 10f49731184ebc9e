"""Answers to cyclic_cosine_rate."""

import math

import numpy as np
import torch

from autograder.grading.answer import Answer


def cyclic_cosine_rate(step, steps, cycles, lr):
    length = np.ceil(steps / cycles)
    return lr / 2 * (1 + np.cos(np.pi * (step % length) / length))


ANSWER = Answer(cyclic_cosine_rate)


@ANSWER.alternative
def cyclic_cosine_rate(step, steps, cycles, lr):
    """Written with whole numbers and the math module."""
    c = -(-steps // cycles)
    return 0.5 * lr * (math.cos(math.pi * (step % c) / c) + 1)


@ANSWER.alternative
def cyclic_cosine_rate(step, steps, cycles, lr):
    """Written with a subtraction for each cycle, and the square of half the angle's cosine."""
    length = (steps + cycles - 1) // cycles
    while step >= length:
        step -= length
    return lr * np.cos(np.pi * step / (2 * length)) ** 2


@ANSWER.alternative
def cyclic_cosine_rate(step, steps, cycles, lr):
    """Written with the whole schedule at once."""
    c = steps // cycles + (steps % cycles > 0)
    t = np.arange(steps) % c
    rates = lr * (1 + np.cos(t / c * np.pi)) / 2
    return rates[step]


@ANSWER.alternative
def cyclic_cosine_rate(step, steps, cycles, lr):
    """Written with torch's scheduler, which restarts too."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        optimizer, T_0=math.ceil(steps / cycles)
    )
    scheduler.step(step)
    return optimizer.param_groups[0]["lr"]


@ANSWER.alternative
def cyclic_cosine_rate(step, steps, cycles, lr):
    """Written with torch tensors, in float32."""
    length = torch.tensor(steps / cycles).ceil()
    return float(lr / 2 * (1 + torch.cos(torch.pi * (step % length) / length)))


ANSWER.edited(
    "counts-from-1", "steps counted from 1: step 0 has the last rate of a cycle, not the first",
    ("(step % length)", "((step - 1) % length)"),
)
ANSWER.edited(
    "one-ahead", "the next step's rate: the first step does not have the highest",
    ("(step % length)", "((step + 1) % length)"),
)
ANSWER.edited(
    "floor", "the length of a cycle rounded down instead of up",
    ("np.ceil(steps / cycles)", "(steps // cycles)"),
)
ANSWER.edited(
    "not-rounded", "the length of a cycle not rounded at all",
    ("np.ceil(steps / cycles)", "steps / cycles"),
)
ANSWER.edited(
    "rounded", "the length of a cycle rounded to the nearest number instead of up",
    ("np.ceil(steps / cycles)", "round(steps / cycles)"),
)
ANSWER.edited(
    "one-cosine", "a single cosine over the whole run: the rate never starts anew",
    ("np.ceil(steps / cycles)", "steps"),
)
ANSWER.edited(
    "no-modulo", "the step not taken modulo the cycle: the rate climbs again as it fell",
    ("(step % length)", "step"),
)
ANSWER.edited(
    "reaches-zero", "length - 1 in the denominator: the rate reaches 0 at the end of a cycle",
    ("% length) / length", "% length) / max(length - 1, 1)"),
)
ANSWER.edited(
    "twice", "the factor 1/2 missing: a cycle starts at twice the rate",
    ("lr / 2 * ", "lr * "),
)
ANSWER.edited(
    "not-shifted", "the 1 missing: a rate that becomes negative",
    ("(1 + np.cos", "(np.cos"),
)
ANSWER.edited(
    "rising", "a rate that rises within each cycle",
    ("(1 + np.cos", "(1 - np.cos"),
)
ANSWER.edited(
    "full-wave", "2 pi instead of pi: the rate falls and rises within each cycle",
    ("np.pi", "2 * np.pi"),
)
ANSWER.edited(
    "cycles-as-length", "cycles read as the number of steps in a cycle",
    ("np.ceil(steps / cycles)", "cycles"),
)
ANSWER.edited(
    "halved", "the highest rate halved from cycle to cycle",
    ("lr / 2 * ", "lr / 2 ** (1 + step // length) * "),
)
