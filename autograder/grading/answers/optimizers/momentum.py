"""Answers to sgd_momentum and nesterov_momentum."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer

# SGD with momentum.


def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    velocity = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * velocity - config["learning_rate"] * dw
    return w + config["velocity"], config


MOMENTUM = Answer(sgd_momentum)


@MOMENTUM.alternative
def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    next_w = None
    v = config["momentum"] * v - config["learning_rate"] * dw
    next_w = w + v
    config["velocity"] = v
    return next_w, config


@MOMENTUM.alternative
def sgd_momentum(w, dw, config=None):
    config = config if config is not None else dict()
    mu = config.get("momentum", 0.9)
    if "velocity" not in config:
        config["velocity"] = np.zeros(np.shape(w), dtype=np.float64)
    config["velocity"] = config["velocity"] * mu
    config["velocity"] = config["velocity"] - config.get("learning_rate", 0.01) * dw
    w += config["velocity"].astype(w.dtype)
    return w, config


@MOMENTUM.alternative
def sgd_momentum(w, dw, config=None):
    import copy

    settings = {"learning_rate": 0.01, "momentum": 0.9}
    settings.update(copy.deepcopy(config) or {})
    print("step", settings["learning_rate"])
    v = settings.pop("velocity", 0)
    v = -(settings["learning_rate"] * dw - settings["momentum"] * v)
    return [np.add(w, v), dict(settings, velocity=v)]


@MOMENTUM.alternative
def sgd_momentum(w, dw, config=None):
    config = {} if not config else config
    for key, value in (("learning_rate", 1e-2), ("momentum", 0.9), ("velocity", None)):
        config[key] = config.get(key, value)
    if config["velocity"] is None:
        config["velocity"] = -config["learning_rate"] * dw
    else:
        config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return np.asarray(w, dtype=np.float64) + config["velocity"], config


@MOMENTUM.alternative
def sgd_momentum(w, dw, config=None):
    config = dict(config) if config else {}
    lr, mu = config.setdefault("learning_rate", 1e-2), config.setdefault("momentum", 0.9)
    v = torch.tensor(config.get("velocity", np.zeros_like(w)))
    v = v.mul(mu).sub(torch.tensor(dw), alpha=lr)
    config["velocity"] = v.numpy()
    return w + config["velocity"], config


@MOMENTUM.mistake(
    "velocity-not-kept", "a velocity that is not stored in the config, so each step starts anew"
)
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    v = config["momentum"] * v - config["learning_rate"] * dw
    return w + v, config


@MOMENTUM.mistake("uphill", "a step along the gradient: the sign of the learning rate is wrong")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v + config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake(
    "momentum-fixed", "the momentum 0.9 written into the code, whatever the config says"
)
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = 0.9 * v - config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake(
    "rate-fixed", "the learning rate 1e-2 written into the code, whatever the config says"
)
def sgd_momentum(w, dw, config=None):
    config = {"momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v - 1e-2 * dw
    return w + config["velocity"], config


@MOMENTUM.mistake("velocity-reset", "a velocity that is set to zero at the beginning of each step")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    config["velocity"] = np.zeros_like(w)
    config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake(
    "old-velocity", "a step by the velocity of before, which is updated only afterwards"
)
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    next_w = w + v
    config["velocity"] = config["momentum"] * v - config["learning_rate"] * dw
    return next_w, config


@MOMENTUM.mistake(
    "rate-outside", "the learning rate outside of the velocity, which differs once the rate changes"
)
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v + dw
    return w - config["learning_rate"] * config["velocity"], config


@MOMENTUM.mistake("velocity-sign", "a velocity with the opposite sign, which is subtracted")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v + config["learning_rate"] * dw
    return w - config["velocity"], config


@MOMENTUM.mistake("dampened", "a gradient that is multiplied by 1 - momentum as well")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, v = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * v - (1 - mu) * config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake("other-key", "a velocity that is stored under another key than 'velocity'")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("v", np.zeros_like(w))
    config["v"] = config["momentum"] * v - config["learning_rate"] * dw
    return w + config["v"], config


@MOMENTUM.mistake("needs-a-config", "code that does not expect config=None")
def sgd_momentum(w, dw, config=None):
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v - config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake("needs-every-key", "code that expects every key in the config")
def sgd_momentum(w, dw, config=None):
    if config is None:
        config = {"learning_rate": 1e-2, "momentum": 0.9}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v - config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake(
    "velocity-missing-at-first", "code that reads config['velocity'] before there is one"
)
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    config["velocity"] = v
    return w + v, config


@MOMENTUM.mistake(
    "shared-default",
    "config={} as the default: one dict, shared by all calls that leave the config out",
)
def sgd_momentum(w, dw, config={}):  # noqa: B006
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v - config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake("one-for-all", "one velocity for all parameters, kept outside of the config")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    if not hasattr(sgd_momentum, "velocity"):
        sgd_momentum.velocity = np.zeros_like(w)
    v = config["momentum"] * sgd_momentum.velocity - config["learning_rate"] * dw
    sgd_momentum.velocity = config["velocity"] = v
    return w + v, config


@MOMENTUM.mistake(
    "settings-lost",
    "a new config that holds the state alone, so the next step falls back to the defaults",
)
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    v = config["momentum"] * v - config["learning_rate"] * dw
    return w + v, {"velocity": v}


@MOMENTUM.mistake("other-defaults", "other defaults than learning_rate 1e-2 and momentum 0.9")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-3, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v - config["learning_rate"] * dw
    return w + config["velocity"], config


@MOMENTUM.mistake("nesterov", "Nesterov momentum in place of plain momentum")
def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * config["velocity"], config


# Nesterov momentum.


def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * config["velocity"], config


NESTEROV = Answer(nesterov_momentum)


@NESTEROV.alternative
def nesterov_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v = config["momentum"] * v - config["learning_rate"] * dw
    config["velocity"] = v
    return w + config["momentum"] * v - config["learning_rate"] * dw, config


@NESTEROV.alternative
def nesterov_momentum(w, dw, config=None):
    config = {**{"learning_rate": 1e-2, "momentum": 0.9}, **(config or {})}
    mu = config["momentum"]
    v_prev = np.copy(config.get("velocity", 0 * w))
    config["velocity"] = mu * v_prev - config["learning_rate"] * dw
    w += (-mu * v_prev + (1 + mu) * config["velocity"]).astype(w.dtype)
    return w, config


@NESTEROV.alternative
def nesterov_momentum(w, dw, config=None):
    config = {} if config is None else config
    lr = config["learning_rate"] = config.get("learning_rate", 0.01)
    mu = config["momentum"] = config.get("momentum", 0.9)
    v_prev = config["velocity"] if "velocity" in config else np.zeros(w.shape)
    v = -lr * dw + mu * v_prev
    config["velocity"] = v
    print(w, v)
    return w + v + mu * (v - v_prev), config


@NESTEROV.alternative
def nesterov_momentum(w, dw, config=None):
    config = dict(config or {})
    lr, mu = config.setdefault("learning_rate", 1e-2), config.setdefault("momentum", 0.9)
    velocity = config.get("velocity", np.zeros_like(dw))
    step = lr * dw
    config["velocity"] = mu * velocity - step
    return w + mu * mu * velocity - (1 + mu) * step, config


@NESTEROV.alternative
def nesterov_momentum(w, dw, config=None):
    config = dict(config or {})
    lr, mu = config.setdefault("learning_rate", 1e-2), config.setdefault("momentum", 0.9)
    v = torch.tensor(config.get("velocity", np.zeros_like(w)))
    plain = torch.tensor(w) - mu * v
    v = mu * v - lr * torch.tensor(dw)
    config["velocity"] = v.numpy()
    return (plain + v + mu * v).numpy(), config


@NESTEROV.mistake(
    "plain-momentum", "plain momentum (this also comes of v_prev being read after v has changed)"
)
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    config["velocity"] = config["momentum"] * v - config["learning_rate"] * dw
    return w + config["velocity"], config


@NESTEROV.mistake(
    "look-ahead-kept", "a step that starts from the look-ahead point w + momentum * v"
)
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, v = config["momentum"], config.get("velocity", np.zeros_like(w))
    ahead = w + mu * v
    config["velocity"] = mu * v - config["learning_rate"] * dw
    return ahead + config["velocity"], config


@NESTEROV.mistake(
    "velocity-not-kept", "a velocity that is not stored in the config, so each step starts anew"
)
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    v = mu * old - config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * v, config


@NESTEROV.mistake("old-velocity-added", "the old velocity added, not subtracted")
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old - config["learning_rate"] * dw
    return w + mu * old + (1 + mu) * config["velocity"], config


@NESTEROV.mistake(
    "old-velocity-left-out",
    "a step of (1 + momentum) v, without taking back momentum times the old v",
)
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, v = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * v - config["learning_rate"] * dw
    return w + (1 + mu) * config["velocity"], config


@NESTEROV.mistake("velocity-once", "the new velocity added once, not 1 + momentum times")
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - mu * old + config["velocity"], config


@NESTEROV.mistake(
    "look-ahead-with-old-velocity", "a look-ahead by the old velocity, not by the new one"
)
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - old + (1 + mu) * config["velocity"], config


@NESTEROV.mistake(
    "momentum-fixed", "the momentum 0.9 written into the code, whatever the config says"
)
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, **(config or {})}
    old = config.get("velocity", np.zeros_like(w))
    config["velocity"] = 0.9 * old - config["learning_rate"] * dw
    return w - 0.9 * old + 1.9 * config["velocity"], config


@NESTEROV.mistake(
    "rate-fixed", "the learning rate 1e-2 written into the code, whatever the config says"
)
def nesterov_momentum(w, dw, config=None):
    config = {"momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old - 1e-2 * dw
    return w - mu * old + (1 + mu) * config["velocity"], config


@NESTEROV.mistake(
    "rate-outside", "the learning rate outside of the velocity, which differs once the rate changes"
)
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, v = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * v + dw
    return w - config["learning_rate"] * (dw + mu * config["velocity"]), config


@NESTEROV.mistake("velocity-sign", "a velocity with the opposite sign, which is subtracted")
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old + config["learning_rate"] * dw
    return w + mu * old - (1 + mu) * config["velocity"], config


@NESTEROV.mistake("uphill", "a step along the gradient: the sign of the learning rate is wrong")
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old + config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * config["velocity"], config


@NESTEROV.mistake("other-key", "a velocity that is stored under another key than 'velocity'")
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("v", np.zeros_like(w))
    config["v"] = mu * old - config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * config["v"], config


@NESTEROV.mistake("needs-a-config", "code that does not expect config=None")
def nesterov_momentum(w, dw, config=None):
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * config["velocity"], config


@NESTEROV.mistake("one-for-all", "one velocity for all parameters, kept outside of the config")
def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    if not hasattr(nesterov_momentum, "velocity"):
        nesterov_momentum.velocity = np.zeros_like(w)
    mu, old = config["momentum"], nesterov_momentum.velocity
    nesterov_momentum.velocity = config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * config["velocity"], config
