"""Answers to the schedules of the learning rate."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer

# Step decay.


def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop ** (step // every)


STEP = Answer(step_decay)


@STEP.alternative
def step_decay(step, base_lr, drop=0.1, every=30):
    for _ in range(int(step / every)):
        base_lr = base_lr * drop
    return base_lr


@STEP.alternative
def step_decay(step, base_lr, drop=0.1, every=30):
    return np.float64(base_lr) * np.power(drop, np.floor(step / every))


@STEP.alternative
def step_decay(step, base_lr, drop=0.1, every=30):
    if step < every:
        return base_lr
    return drop * step_decay(step - every, base_lr, drop, every)


@STEP.mistake(
    "not-rounded-down", "an exponent that is not rounded down, so the rate falls at every step"
)
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop ** (step / every)


@STEP.mistake("multiplied", "drop times the number of drops, where drop to that power is meant")
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop * (step // every)


@STEP.mistake("rounded-up", "an exponent that is rounded up, so the first drop comes at once")
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop ** np.ceil(step / every)


@STEP.mistake("one-drop", "one drop for good, where there is one every so many steps")
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop if step >= every else base_lr


@STEP.mistake("dropped-by", "a rate that falls by the share drop, where it falls to that share")
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * (1 - drop) ** (step // every)


@STEP.mistake("counts-from-1", "steps counted from 1, so each drop comes one step early")
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop ** ((step + 1) // every)


@STEP.mistake(
    "drop-late", "a drop one step late: at a multiple of every the new rate holds already"
)
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * drop ** (max(step - 1, 0) // every)


@STEP.mistake("drop-fixed", "the drop 0.1 written into the code, whatever is passed")
def step_decay(step, base_lr, drop=0.1, every=30):
    return base_lr * 0.1 ** (step // every)


@STEP.mistake("base-left-out", "the factor alone, without base_lr")
def step_decay(step, base_lr, drop=0.1, every=30):
    return drop ** (step // every)


@STEP.mistake("other-default-drop", "another default than drop=0.1")
def step_decay(step, base_lr, drop=0.5, every=30):
    return base_lr * drop ** (step // every)


# Exponential decay.


def exponential_decay(step, base_lr, rate):
    return base_lr * np.exp(-rate * step)


EXPONENTIAL = Answer(exponential_decay)


@EXPONENTIAL.alternative
def exponential_decay(step, base_lr, rate):
    import math

    return base_lr / math.e ** (rate * step)


@EXPONENTIAL.alternative
def exponential_decay(step, base_lr, rate):
    return float(base_lr * torch.exp(torch.tensor(-rate * step, dtype=torch.float64)))


@EXPONENTIAL.alternative
def exponential_decay(step, base_lr, rate):
    return np.exp(np.log(base_lr) - rate * np.asarray(step))


@EXPONENTIAL.mistake("growing", "a rate that grows: the minus sign in the exponent is missing")
def exponential_decay(step, base_lr, rate):
    return base_lr * np.exp(rate * step)


@EXPONENTIAL.mistake("base-left-out", "the factor alone, without base_lr")
def exponential_decay(step, base_lr, rate):
    return np.exp(-rate * step)


@EXPONENTIAL.mistake(
    "power-of-rate", "rate to the power of the step, where exp(-rate * step) is meant"
)
def exponential_decay(step, base_lr, rate):
    return base_lr * rate**step


@EXPONENTIAL.mistake(
    "compound", "(1 - rate) to the power of the step, where exp(-rate * step) is meant"
)
def exponential_decay(step, base_lr, rate):
    return base_lr * (1 - rate) ** step


@EXPONENTIAL.mistake("divided", "step divided by rate in the exponent, where it is multiplied")
def exponential_decay(step, base_lr, rate):
    return base_lr * np.exp(-step / rate)


@EXPONENTIAL.mistake(
    "counts-from-1", "steps counted from 1, so the first step has a smaller rate already"
)
def exponential_decay(step, base_lr, rate):
    return base_lr * np.exp(-rate * (step + 1))


@EXPONENTIAL.mistake("powers-of-two", "a power of 2 in place of e")
def exponential_decay(step, base_lr, rate):
    return base_lr * 2 ** (-rate * step)


# Decay with inverse time.


def inverse_time_decay(step, base_lr, rate):
    return base_lr / (1 + rate * step)


INVERSE_TIME = Answer(inverse_time_decay)


@INVERSE_TIME.alternative
def inverse_time_decay(step, base_lr, rate):
    return base_lr * (1.0 + step * rate) ** -1


@INVERSE_TIME.alternative
def inverse_time_decay(step, base_lr, rate):
    return np.divide(base_lr, np.add(1, np.multiply(rate, step)))


@INVERSE_TIME.alternative
def inverse_time_decay(step, base_lr, rate):
    inverse = 1 / base_lr
    for _ in range(step):
        inverse += rate / base_lr
    return 1 / inverse


@INVERSE_TIME.mistake("base-left-out", "the factor alone, without base_lr")
def inverse_time_decay(step, base_lr, rate):
    return 1 / (1 + rate * step)


@INVERSE_TIME.mistake("growing", "a rate that grows: multiplied by 1 + rate * step, not divided")
def inverse_time_decay(step, base_lr, rate):
    return base_lr * (1 + rate * step)


@INVERSE_TIME.mistake(
    "counts-from-1", "steps counted from 1, so the first step has a smaller rate already"
)
def inverse_time_decay(step, base_lr, rate):
    return base_lr / (1 + rate * (step + 1))


@INVERSE_TIME.mistake("no-one", "a denominator without the 1")
def inverse_time_decay(step, base_lr, rate):
    return base_lr / (rate * step)


@INVERSE_TIME.mistake(
    "compound", "(1 + rate) to the power of the step, where 1 + rate * step is meant"
)
def inverse_time_decay(step, base_lr, rate):
    return base_lr / (1 + rate) ** step


@INVERSE_TIME.mistake("square-root", "the square root of 1 + rate * step in the denominator")
def inverse_time_decay(step, base_lr, rate):
    return base_lr / np.sqrt(1 + rate * step)


@INVERSE_TIME.mistake(
    "brackets-missing", "base_lr / 1 + rate * step: the brackets around the sum are missing"
)
def inverse_time_decay(step, base_lr, rate):
    return base_lr / 1 + rate * step


# Cosine with a warm-up.


def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    done = (step - warmup) / (total - warmup)
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done)) / 2


COSINE = Answer(cosine_with_warmup)


@COSINE.alternative
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    import math

    if warmup > 0 and step < warmup:
        return (1 + step) / warmup * base_lr
    done = min(1.0, (step - warmup) / (total - warmup))
    weight = math.cos(math.pi * done / 2) ** 2
    return weight * base_lr + (1 - weight) * min_lr


@COSINE.alternative
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    climbing = base_lr * (np.arange(warmup) + 1) / max(warmup, 1)
    angles = np.pi * np.arange(total - warmup) / (total - warmup)
    falling = min_lr + 0.5 * (base_lr - min_lr) * (1 + np.cos(angles))
    rates = np.concatenate([climbing, falling])
    return rates[step] if step < total else np.float64(min_lr)


@COSINE.alternative
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step >= total:
        return min_lr
    if step >= warmup:
        angle = torch.tensor(torch.pi * (step - warmup) / (total - warmup), dtype=torch.float64)
        return (min_lr + (base_lr - min_lr) * 0.5 * (1 + torch.cos(angle))).item()
    return base_lr - base_lr * (warmup - step - 1) / warmup


@COSINE.mistake("minimum-ignored", "a cosine that falls to 0, whatever min_lr says")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return 0.0
    return base_lr * (1 + np.cos(np.pi * (step - warmup) / (total - warmup))) / 2


@COSINE.mistake(
    "warm-up-from-0",
    "a warm-up that starts from 0: step / warmup, where (step + 1) / warmup is meant",
)
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * step / warmup
    if step >= total:
        return min_lr
    done = (step - warmup) / (total - warmup)
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done)) / 2


@COSINE.mistake("cosine-from-step-0", "a cosine over all steps, where it begins after the warm-up")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * step / total)) / 2


@COSINE.mistake(
    "length-of-cosine", "a cosine that takes total steps, where total - warmup are left"
)
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * (step - warmup) / total)) / 2


@COSINE.mistake("rises-again", "a cosine that goes on after the last step, so the rate rises again")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    done = (step - warmup) / (total - warmup)
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done)) / 2


@COSINE.mistake(
    "minimum-added", "min_lr added to a cosine of full height, so the rate starts above base_lr"
)
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    return min_lr + base_lr * (1 + np.cos(np.pi * (step - warmup) / (total - warmup))) / 2


@COSINE.mistake("minimum-as-floor", "a cosine to 0 that is cut off at min_lr")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    rate = base_lr * (1 + np.cos(np.pi * (step - warmup) / (total - warmup))) / 2
    return max(rate, min_lr)


@COSINE.mistake("not-halved", "1 + cos that is not halved, so the rate starts at twice its height")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    done = (step - warmup) / (total - warmup)
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done))


@COSINE.mistake("linear", "a straight line down, where a cosine is meant")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    return min_lr + (base_lr - min_lr) * (1 - (step - warmup) / (total - warmup))


@COSINE.mistake("no-warm-up", "no warm-up: the cosine begins at step 0")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step >= total:
        return min_lr
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * step / total)) / 2


@COSINE.mistake(
    "one-step-too-warm",
    "a warm-up that is one step too long (step <= warmup, where step < warmup is meant)",
)
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step <= warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    done = (step - warmup) / (total - warmup)
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done)) / 2


@COSINE.mistake("warm-up-from-minimum", "a warm-up that climbs from min_lr, where it climbs from 0")
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return min_lr + (base_lr - min_lr) * (step + 1) / warmup
    if step >= total:
        return min_lr
    done = (step - warmup) / (total - warmup)
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done)) / 2
