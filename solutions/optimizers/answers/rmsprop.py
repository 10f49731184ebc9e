"""Answers to rmsprop."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, old = config["decay_rate"], config.get("cache", np.zeros_like(w))
    cache = config["cache"] = decay * old + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"]), config


ANSWER = Answer(rmsprop)


@ANSWER.alternative
def rmsprop(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("cache", np.zeros_like(w))
    next_w = None
    keep = config["decay_rate"]
    config["cache"] = keep * config["cache"] + (1 - keep) * (dw * dw)
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    return next_w, config


@ANSWER.alternative
def rmsprop(w, dw, config=None):
    config = config or {}
    decay = config.get("decay_rate", 0.99)
    cache = np.asarray(config.get("cache", np.zeros(w.shape, w.dtype)))
    cache = cache + (1 - decay) * (np.square(dw) - cache)
    print(cache)
    w -= (
        config.get("learning_rate", 0.01) * dw / (cache**0.5 + config.get("epsilon", 1e-8))
    ).astype(w.dtype)
    new = dict(config)
    new["cache"] = cache
    return w, new


@ANSWER.alternative
def rmsprop(w, dw, config=None):
    settings = {"learning_rate": 0.01, "decay_rate": 0.99, "epsilon": 1e-8, "cache": 0.0}
    settings.update(config or {})
    g = torch.tensor(dw, dtype=torch.float64)
    cache = torch.as_tensor(settings["cache"], dtype=torch.float64) * settings["decay_rate"]
    cache = cache + (1 - settings["decay_rate"]) * g.pow(2)
    settings["cache"] = cache.numpy()
    change = g.div(cache.sqrt().add(settings["epsilon"])).mul(settings["learning_rate"])
    return np.asarray(w, np.float64) - change.numpy(), settings


@ANSWER.alternative
def rmsprop(w, dw, config=None):
    config = dict(config or {})
    lr, decay, eps = (
        config.setdefault(key, value)
        for key, value in (("learning_rate", 1e-2), ("decay_rate", 0.99), ("epsilon", 1e-8))
    )
    root = np.hypot(
        np.sqrt(decay * np.asarray(config.get("cache", 0.0))), np.sqrt(1 - decay) * np.abs(dw)
    )
    config["cache"] = np.square(root)
    return w - dw * (lr / (root + eps)), config


@ANSWER.alternative
def rmsprop(w, dw, config=None):
    config = {} if config is None else config
    if "decay_rate" not in config:
        config["decay_rate"] = 0.99
    if "learning_rate" not in config:
        config["learning_rate"] = 0.01
    if "epsilon" not in config:
        config["epsilon"] = 1e-8
    if "cache" not in config:
        config["cache"] = np.zeros(dw.shape)
    config["cache"] = np.average(
        [config["cache"], dw**2], axis=0, weights=[config["decay_rate"], 1 - config["decay_rate"]]
    )
    next_w = w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"])
    return next_w, config


ANSWER.edited(
    "cache-not-kept", "a cache that is not stored in the config, so each step starts anew",
    ('cache = config["cache"] =', "cache ="),
)
ANSWER.edited(
    "epsilon-inside", "epsilon inside the square root (add it to the root, not under it)",
    ('(np.sqrt(cache) + config["epsilon"])', 'np.sqrt(cache + config["epsilon"])'),
)
ANSWER.edited(
    "no-root", "a division by the cache itself, without its square root",
    ("np.sqrt(cache)", "cache"),
)
ANSWER.edited(
    "epsilon-outside-the-fraction", "epsilon added to the fraction, not to its denominator",
    (
        'config["learning_rate"] * dw / (np.sqrt(cache) +',
        '(config["learning_rate"] * dw / np.sqrt(cache) +',
    ),
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
    "decay-swapped", "decay_rate and 1 - decay_rate in each other's place",
    ("decay * old + (1 - decay) *", "(1 - decay) * old + decay *"),
)
ANSWER.edited(
    "not-averaged", "a squared gradient without the factor 1 - decay_rate",
    ("(1 - decay) * dw**2", "dw**2"),
)
ANSWER.edited(
    "adagrad", "a sum of squared gradients (AdaGrad), where RMSProp averages them",
    ("decay * old + (1 - decay) * dw**2", "old + dw**2"),
)
ANSWER.edited(
    "decay-fixed", "the decay rate 0.99 written into the code, whatever the config says",
    ('config["decay_rate"]', "0.99"),
)
ANSWER.edited(
    "rate-fixed", "the learning rate 1e-2 written into the code, whatever the config says",
    ('config["learning_rate"]', "1e-2"),
)
ANSWER.edited(
    "other-default-decay", "another default than decay_rate 0.99",
    ('"decay_rate": 0.99', '"decay_rate": 0.9'),
)
ANSWER.edited(
    "old-cache", "a step by the cache of before, which is updated only afterwards",
    ("np.sqrt(cache)", "np.sqrt(old)"),
)
ANSWER.edited(
    "bias-corrected",
    "a cache that is corrected for its start at 0, as Adam does and RMSProp does not",
    ("    return", '    t = config["t"] = config.get("t", 0) + 1\n    return'),
    ("np.sqrt(cache)", "np.sqrt(cache / (1 - decay**t))"),
)
ANSWER.edited(
    "uphill", "a step along the gradient: the sign is wrong",
    ("return w -", "return w +"),
)
ANSWER.edited(
    "absolute-values", "a cache that averages abs(dw), where it averages dw**2",
    ("* dw**2", "* np.abs(dw)"),
)
ANSWER.edited(
    "absolute-values-no-root", "a division by an average of abs(dw): the cache averages dw**2, and its root is taken",
    ("* dw**2", "* np.abs(dw)"), ("np.sqrt(cache)", "cache"),
)
ANSWER.edited(
    "one-for-all", "one cache for all parameters, kept outside of the config",
    ('config.get("cache",', 'getattr(rmsprop, "cache",'),
    ('cache = config["cache"] =', 'cache = rmsprop.cache = config["cache"] ='),
    remembers=True,
)
ANSWER.edited(
    "needs-a-config", "code that does not expect config=None",
    ("(config or {})", "config.copy()"),
)
ANSWER.edited(
    "other-key", "a cache that is stored under another key than 'cache'",
    ('"cache"', '"v"'),
)
ANSWER.edited(
    "settings-lost",
    "a new config that holds the state alone, so the next step falls back to the defaults",
    ('config["epsilon"]), config', 'config["epsilon"]), {"cache": cache}'),
)
ANSWER.edited(
    "epsilon-fixed-at-1e-7", "the epsilon 1e-7 written into the code, whatever the config says",
    ('config["epsilon"]', "1e-7"),
)
ANSWER.edited(
    "other-default-epsilon", "the default epsilon 1e-7, where 1e-8 is asked for",
    ('"epsilon": 1e-8', '"epsilon": 1e-7'),
)
