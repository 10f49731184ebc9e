"""Answers to adagrad."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    cache = config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"]), config


ANSWER = Answer(adagrad)


@ANSWER.alternative
def adagrad(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("cache", np.zeros_like(w))
    config["cache"] += (dw * dw).astype(config["cache"].dtype)
    w -= (config["learning_rate"] * dw / (config["cache"] ** 0.5 + config["epsilon"])).astype(
        w.dtype
    )
    return w, config


@ANSWER.alternative
def adagrad(w, dw, config=None):
    config = config if config else {}
    lr, eps = config.get("learning_rate", 0.01), config.get("epsilon", 1e-8)
    cache = np.float64(config["cache"] if "cache" in config else 0.0) + np.square(dw)
    print("cache", cache)
    scale = lr / (np.power(cache, 0.5) + eps)
    return w - scale * dw, {**config, "cache": cache}


@ANSWER.alternative
def adagrad(w, dw, config=None):
    config = dict(config or {})
    for key, value in {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros(w.shape)}.items():
        config.setdefault(key, value)
    g = torch.tensor(dw)
    cache = torch.addcmul(torch.tensor(config["cache"]), g, g)
    config["cache"] = cache.numpy()
    step = config["learning_rate"] * g / (cache.sqrt() + config["epsilon"])
    return w - step.numpy(), config


@ANSWER.alternative
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros(np.shape(dw))} | (
        config or {}
    )
    root = np.hypot(np.sqrt(config["cache"]), dw)
    config["cache"] = root * root
    return w - config["learning_rate"] / (root + config["epsilon"]) * dw, config


@ANSWER.alternative
def adagrad(w, dw, config=None):
    config = {} if config is None else config
    lr = config.setdefault("learning_rate", 0.01)
    eps = config.setdefault("epsilon", 0.00000001)
    squares = np.multiply(dw, dw)
    try:
        config["cache"] = config["cache"] + squares
    except KeyError:
        config["cache"] = squares
    next_w = w.copy()
    next_w = next_w - np.divide(lr * dw, eps + config["cache"] ** (1 / 2))
    return (next_w, config)


ANSWER.edited(
    "cache-not-kept", "a cache that is not stored in the config, so each step starts anew",
    ('cache = config["cache"] =', "cache ="),
)
ANSWER.edited(
    "no-root", "a division by the cache itself, without its square root",
    ("np.sqrt(cache)", "cache"),
)
ANSWER.edited(
    "epsilon-inside", "epsilon inside the square root (add it to the root, not under it)",
    ('(np.sqrt(cache) + config["epsilon"])', 'np.sqrt(cache + config["epsilon"])'),
)
ANSWER.edited(
    "epsilon-fixed", "the epsilon 1e-8 written into the code, whatever the config says",
    ('config["epsilon"]', "1e-8"),
)
ANSWER.edited(
    "no-epsilon", "a division without epsilon",
    ('(np.sqrt(cache) + config["epsilon"])', "np.sqrt(cache)"),
)
ANSWER.edited(
    "epsilon-outside-the-fraction", "epsilon added to the fraction, not to its denominator",
    (
        'config["learning_rate"] * dw / (np.sqrt(cache) +',
        '(config["learning_rate"] * dw / np.sqrt(cache) +',
    ),
)
ANSWER.edited(
    "not-accumulated", "a cache that holds the latest squared gradient alone, not the sum",
    ('config.get("cache", np.zeros_like(w)) + dw**2', "dw**2"),
)
ANSWER.edited(
    "old-cache", "a step by the cache of before, to which the gradient is added only afterwards",
    (" + dw**2\n", '\n    config["cache"] = cache + dw**2\n'),
    ('cache = config["cache"] = config.get', "cache = config.get"),
)
ANSWER.edited(
    "not-squared", "a cache that sums the sizes of the gradients, not their squares",
    ("dw**2", "abs(dw)"),
)
ANSWER.edited(
    "sum-over-elements", "one cache for the whole array, where each element has its own",
    ("dw**2", "np.sum(dw**2)"),
)
ANSWER.edited(
    "rmsprop", "a decaying average of squared gradients (RMSProp), where AdaGrad sums them",
    ("= config.get", "= 0.99 * config.get"),
    ("dw**2", "0.01 * dw**2"),
)
ANSWER.edited(
    "uphill", "a step along the gradient: the sign is wrong",
    ("return w -", "return w +"),
)
ANSWER.edited(
    "rate-fixed", "the learning rate 1e-2 written into the code, whatever the config says",
    ('config["learning_rate"]', "1e-2"),
)
ANSWER.edited(
    "rate-in-cache", "a learning rate inside the cache, where it cancels out",
    ("dw**2", '(config["learning_rate"] * dw) ** 2'),
)
ANSWER.edited(
    "other-key", "a cache that is stored under another key than 'cache'",
    ('"cache"', '"grad_squared"'),
)
ANSWER.edited(
    "needs-a-config", "code that does not expect config=None",
    ("(config or {})", "config.copy()"),
)
ANSWER.edited(
    "one-for-all", "one cache for all parameters, kept outside of the config",
    (
        'config["cache"] = config.get("cache"',
        'config["cache"] = adagrad.cache = getattr(adagrad, "cache"',
    ),
    remembers=True,
)
ANSWER.edited(
    "epsilon-fixed-at-1e-7", "the epsilon 1e-7 written into the code, whatever the config says",
    ('config["epsilon"]', "1e-7"),
)
ANSWER.edited(
    "other-default-epsilon", "the default epsilon 1e-7, where 1e-8 is asked for",
    ('"epsilon": 1e-8', '"epsilon": 1e-7'),
)
