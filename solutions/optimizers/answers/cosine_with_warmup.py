"""Answers to cosine_with_warmup."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step < warmup:
        return base_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    done = (step - warmup) / (total - warmup)
    return min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done)) / 2


ANSWER = Answer(cosine_with_warmup)


@ANSWER.alternative
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    import math

    if warmup > 0 and step < warmup:
        return (1 + step) / warmup * base_lr
    done = min(1.0, (step - warmup) / (total - warmup))
    weight = math.cos(math.pi * done / 2) ** 2
    return weight * base_lr + (1 - weight) * min_lr


@ANSWER.alternative
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    climbing = base_lr * (np.arange(warmup) + 1) / max(warmup, 1)
    angles = np.pi * np.arange(total - warmup) / (total - warmup)
    falling = min_lr + 0.5 * (base_lr - min_lr) * (1 + np.cos(angles))
    rates = np.concatenate([climbing, falling])
    return rates[step] if step < total else np.float64(min_lr)


@ANSWER.alternative
def cosine_with_warmup(step, base_lr, warmup, total, min_lr=0.0):
    if step >= total:
        return min_lr
    if step >= warmup:
        angle = torch.tensor(torch.pi * (step - warmup) / (total - warmup), dtype=torch.float64)
        return (min_lr + (base_lr - min_lr) * 0.5 * (1 + torch.cos(angle))).item()
    return base_lr - base_lr * (warmup - step - 1) / warmup


ANSWER.edited(
    "minimum-ignored", "a cosine that falls to 0, whatever min_lr says",
    ("return min_lr\n", "return 0.0\n"),
    ("min_lr + (base_lr - min_lr)", "base_lr"),
)
ANSWER.edited(
    "warm-up-from-0",
    "a warm-up that starts from 0: step / warmup, where (step + 1) / warmup is meant",
    ("(step + 1)", "step"),
)
ANSWER.edited(
    "cosine-from-step-0", "a cosine over all steps, where it begins after the warm-up",
    ("(step - warmup) / (total - warmup)", "step / total"),
)
ANSWER.edited(
    "length-of-cosine", "a cosine that takes total steps, where total - warmup are left",
    ("/ (total - warmup)", "/ total"),
)
ANSWER.edited(
    "rises-again", "a cosine that goes on after the last step, so the rate rises again",
    ("    if step >= total:\n        return min_lr\n", ""),
)
ANSWER.edited(
    "minimum-added", "min_lr added to a cosine of full height, so the rate starts above base_lr",
    ("(base_lr - min_lr)", "base_lr"),
)
ANSWER.edited(
    "minimum-as-floor", "a cosine to 0 that is cut off at min_lr",
    (
        "min_lr + (base_lr - min_lr) * (1 + np.cos(np.pi * done)) / 2",
        "max(min_lr, base_lr * (1 + np.cos(np.pi * done)) / 2)",
    ),
)
ANSWER.edited(
    "not-halved", "1 + cos that is not halved, so the rate starts at twice its height",
    ("done)) / 2", "done))"),
)
ANSWER.edited(
    "linear", "a straight line down, where a cosine is meant",
    ("(1 + np.cos(np.pi * done)) / 2", "(1 - done)"),
)
ANSWER.edited(
    "no-warm-up", "no warm-up: the cosine begins at step 0",
    ("    if step < warmup:\n        return base_lr * (step + 1) / warmup\n", ""),
    ("(step - warmup) / (total - warmup)", "step / total"),
)
ANSWER.edited(
    "one-step-too-warm",
    "a warm-up that is one step too long (step <= warmup, where step < warmup is meant)",
    ("step < warmup", "step <= warmup"),
)
ANSWER.edited(
    "warm-up-from-minimum", "a warm-up that climbs from min_lr, where it climbs from 0",
    ("base_lr * (step + 1)", "min_lr + (base_lr - min_lr) * (step + 1)"),
)
ANSWER.edited(
    "warm-up-below-base-rate",
    "a warm-up of (step + 1) / (warmup + 1), whose last step stays below base_lr",
    ("(step + 1) / warmup", "(step + 1) / (warmup + 1)"),
)
ANSWER.edited(
    "warm-up-of-linspace",
    "a warm-up from 0 to base_lr, both included, as np.linspace(0, base_lr, warmup) gives it: it starts from 0 and climbs too steeply",
    ("return base_lr * (step + 1) / warmup", "return np.linspace(0, base_lr, warmup)[step]"),
)
