"""Answers to adagrad and rmsprop."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer

# AdaGrad.


def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


ADAGRAD = Answer(adagrad)


@ADAGRAD.alternative
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


@ADAGRAD.alternative
def adagrad(w, dw, config=None):
    config = config if config else {}
    lr, eps = config.get("learning_rate", 0.01), config.get("epsilon", 1e-8)
    cache = np.float64(config["cache"] if "cache" in config else 0.0) + np.square(dw)
    print("cache", cache)
    scale = lr / (np.power(cache, 0.5) + eps)
    return w - scale * dw, {**config, "cache": cache}


@ADAGRAD.alternative
def adagrad(w, dw, config=None):
    config = dict(config or {})
    for key, value in {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros(w.shape)}.items():
        config.setdefault(key, value)
    g = torch.tensor(dw)
    cache = torch.addcmul(torch.tensor(config["cache"]), g, g)
    config["cache"] = cache.numpy()
    step = config["learning_rate"] * g / (cache.sqrt() + config["epsilon"])
    return w - step.numpy(), config


@ADAGRAD.alternative
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, "cache": np.zeros(np.shape(dw))} | (
        config or {}
    )
    root = np.hypot(np.sqrt(config["cache"]), dw)
    config["cache"] = root * root
    return w - config["learning_rate"] / (root + config["epsilon"]) * dw, config


@ADAGRAD.alternative
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


@ADAGRAD.mistake(
    "cache-not-kept", "a cache that is not stored in the config, so each step starts anew"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    cache = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"]), config


@ADAGRAD.mistake("no-root", "a division by the cache itself, without its square root")
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / (config["cache"] + config["epsilon"]), config


@ADAGRAD.mistake(
    "epsilon-inside", "epsilon inside the square root (add it to the root, not under it)"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / np.sqrt(config["cache"] + config["epsilon"]), config


@ADAGRAD.mistake(
    "epsilon-fixed", "the epsilon 1e-8 written into the code, whatever the config says"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + 1e-8), config


@ADAGRAD.mistake("no-epsilon", "a division without epsilon")
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / np.sqrt(config["cache"]), config


@ADAGRAD.mistake(
    "epsilon-outside-the-fraction", "epsilon added to the fraction, not to its denominator"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - (config["learning_rate"] * dw / np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake(
    "not-accumulated", "a cache that holds the latest squared gradient alone, not the sum"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake(
    "old-cache", "a step by the cache of before, to which the gradient is added only afterwards"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    cache = config.get("cache", np.zeros_like(w))
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    config["cache"] = cache + dw**2
    return next_w, config


@ADAGRAD.mistake("not-squared", "a cache that sums the sizes of the gradients, not their squares")
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + abs(dw)
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake(
    "sum-over-elements", "one cache for the whole array, where each element has its own"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + np.sum(dw**2)
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake(
    "rmsprop", "a decaying average of squared gradients (RMSProp), where AdaGrad sums them"
)
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = 0.99 * config.get("cache", np.zeros_like(w)) + 0.01 * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake("uphill", "a step along the gradient: the sign is wrong")
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w + config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake(
    "rate-fixed", "the learning rate 1e-2 written into the code, whatever the config says"
)
def adagrad(w, dw, config=None):
    config = {"epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - 1e-2 * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake("rate-in-cache", "a learning rate inside the cache, where it cancels out")
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    step = config["learning_rate"] * dw
    config["cache"] = config.get("cache", np.zeros_like(w)) + step**2
    return w - step / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake("other-key", "a cache that is stored under another key than 'cache'")
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["grad_squared"] = config.get("grad_squared", np.zeros_like(w)) + dw**2
    step = config["learning_rate"] * dw / (np.sqrt(config["grad_squared"]) + config["epsilon"])
    return w - step, config


@ADAGRAD.mistake("needs-a-config", "code that does not expect config=None")
def adagrad(w, dw, config=None):
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("epsilon", 1e-8)
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@ADAGRAD.mistake("one-for-all", "one cache for all parameters, kept outside of the config")
def adagrad(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    adagrad.cache = getattr(adagrad, "cache", np.zeros_like(w)) + dw**2
    config["cache"] = adagrad.cache
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


# RMSProp.


def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


RMSPROP = Answer(rmsprop)


@RMSPROP.alternative
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


@RMSPROP.alternative
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


@RMSPROP.alternative
def rmsprop(w, dw, config=None):
    settings = {"learning_rate": 0.01, "decay_rate": 0.99, "epsilon": 1e-8, "cache": 0.0}
    settings.update(config or {})
    g = torch.tensor(dw, dtype=torch.float64)
    cache = torch.as_tensor(settings["cache"], dtype=torch.float64) * settings["decay_rate"]
    cache = cache + (1 - settings["decay_rate"]) * g.pow(2)
    settings["cache"] = cache.numpy()
    change = g.div(cache.sqrt().add(settings["epsilon"])).mul(settings["learning_rate"])
    return np.asarray(w, np.float64) - change.numpy(), settings


@RMSPROP.alternative
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


@RMSPROP.alternative
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


@RMSPROP.mistake(
    "cache-not-kept", "a cache that is not stored in the config, so each step starts anew"
)
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    cache = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"]), config


@RMSPROP.mistake(
    "epsilon-inside", "epsilon inside the square root (add it to the root, not under it)"
)
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / np.sqrt(config["cache"] + config["epsilon"]), config


@RMSPROP.mistake("no-root", "a division by the cache itself, without its square root")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (config["cache"] + config["epsilon"]), config


@RMSPROP.mistake(
    "epsilon-outside-the-fraction", "epsilon added to the fraction, not to its denominator"
)
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - (config["learning_rate"] * dw / np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake(
    "epsilon-fixed", "the epsilon 1e-8 written into the code, whatever the config says"
)
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + 1e-8), config


@RMSPROP.mistake("no-epsilon", "a division without epsilon")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / np.sqrt(config["cache"]), config


@RMSPROP.mistake("decay-swapped", "decay_rate and 1 - decay_rate in each other's place")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = (1 - decay) * cache + decay * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake("not-averaged", "a squared gradient without the factor 1 - decay_rate")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake("adagrad", "a sum of squared gradients (AdaGrad), where RMSProp averages them")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    config["cache"] = config.get("cache", np.zeros_like(w)) + dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake(
    "decay-fixed", "the decay rate 0.99 written into the code, whatever the config says"
)
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "epsilon": 1e-8, **(config or {})}
    config["cache"] = 0.99 * config.get("cache", np.zeros_like(w)) + 0.01 * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake(
    "rate-fixed", "the learning rate 1e-2 written into the code, whatever the config says"
)
def rmsprop(w, dw, config=None):
    config = {"decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - 1e-2 * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake("other-default-decay", "another default than decay_rate 0.99")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.9, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake("old-cache", "a step by the cache of before, which is updated only afterwards")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return next_w, config


@RMSPROP.mistake(
    "bias-corrected",
    "a cache that is corrected for its start at 0, as Adam does and RMSProp does not",
)
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    config["t"] = config.get("t", 0) + 1
    corrected = config["cache"] / (1 - decay ** config["t"])
    return w - config["learning_rate"] * dw / (np.sqrt(corrected) + config["epsilon"]), config


@RMSPROP.mistake("uphill", "a step along the gradient: the sign is wrong")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w + config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake("needs-a-config", "code that does not expect config=None")
def rmsprop(w, dw, config=None):
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    config["cache"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + config["epsilon"]), config


@RMSPROP.mistake("other-key", "a cache that is stored under another key than 'cache'")
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("v", np.zeros_like(w))
    config["v"] = decay * cache + (1 - decay) * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["v"]) + config["epsilon"]), config


@RMSPROP.mistake(
    "settings-lost",
    "a new config that holds the state alone, so the next step falls back to the defaults",
)
def rmsprop(w, dw, config=None):
    config = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    decay, cache = config["decay_rate"], config.get("cache", np.zeros_like(w))
    cache = decay * cache + (1 - decay) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    return next_w, {"cache": cache}
