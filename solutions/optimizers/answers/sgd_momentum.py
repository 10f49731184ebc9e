"""Answers to sgd_momentum."""

import numpy as np
import torch

from autograder.grading.answer import Answer, edited


def sgd_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    v = config.get("velocity", np.zeros_like(w))
    v = config["velocity"] = config["momentum"] * v - config["learning_rate"] * dw
    return w + v, config


ANSWER = Answer(sgd_momentum)


@ANSWER.alternative
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


@ANSWER.alternative
def sgd_momentum(w, dw, config=None):
    config = config if config is not None else dict()
    mu = config.get("momentum", 0.9)
    if "velocity" not in config:
        config["velocity"] = np.zeros(np.shape(w), dtype=np.float64)
    config["velocity"] = config["velocity"] * mu
    config["velocity"] = config["velocity"] - config.get("learning_rate", 0.01) * dw
    w += config["velocity"].astype(w.dtype)
    return w, config


@ANSWER.alternative
def sgd_momentum(w, dw, config=None):
    import copy

    settings = {"learning_rate": 0.01, "momentum": 0.9}
    settings.update(copy.deepcopy(config) or {})
    print("step", settings["learning_rate"])
    v = settings.pop("velocity", 0)
    v = -(settings["learning_rate"] * dw - settings["momentum"] * v)
    return [np.add(w, v), dict(settings, velocity=v)]


@ANSWER.alternative
def sgd_momentum(w, dw, config=None):
    config = {} if not config else config
    for key, value in (("learning_rate", 1e-2), ("momentum", 0.9), ("velocity", None)):
        config[key] = config.get(key, value)
    if config["velocity"] is None:
        config["velocity"] = -config["learning_rate"] * dw
    else:
        config["velocity"] = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return np.asarray(w, dtype=np.float64) + config["velocity"], config


@ANSWER.alternative
def sgd_momentum(w, dw, config=None):
    config = dict(config) if config else {}
    lr, mu = config.setdefault("learning_rate", 1e-2), config.setdefault("momentum", 0.9)
    v = torch.tensor(config.get("velocity", np.zeros_like(w)))
    v = v.mul(mu).sub(torch.tensor(dw), alpha=lr)
    config["velocity"] = v.numpy()
    return w + config["velocity"], config


ANSWER.edited(
    "velocity-not-kept", "a velocity that is not stored in the config, so each step starts anew",
    ('v = config["velocity"] =', "v ="),
)
ANSWER.edited(
    "uphill", "a step along the gradient: the sign of the learning rate is wrong",
    ("v - config", "v + config"),
)
ANSWER.edited(
    "momentum-fixed", "the momentum 0.9 written into the code, whatever the config says",
    ('config["momentum"]', "0.9"),
)
ANSWER.edited(
    "rate-fixed", "the learning rate 1e-2 written into the code, whatever the config says",
    ('config["learning_rate"]', "1e-2"),
)
ANSWER.edited(
    "velocity-reset", "a velocity that is set to zero at the beginning of each step",
    ('config.get("velocity", np.zeros_like(w))', "np.zeros_like(w)"),
)
ANSWER.edited(
    "old-velocity", "a step by the velocity of before, which is updated only afterwards",
    ('v = config["velocity"] =', 'config["velocity"] ='),
)
ANSWER.edited(
    "rate-outside",
    "the learning rate outside of the velocity, which differs once the rate changes",
    ('- config["learning_rate"] * dw', "+ dw"),
    ("w + v", 'w - config["learning_rate"] * v'),
)
ANSWER.edited(
    "velocity-sign", "a velocity with the opposite sign, which is subtracted",
    ("v - config", "v + config"),
    ("w + v", "w - v"),
)
ANSWER.edited(
    "dampened", "a gradient that is multiplied by 1 - momentum as well",
    ("- config", '- (1 - config["momentum"]) * config'),
)
ANSWER.edited(
    "other-key", "a velocity that is stored under another key than 'velocity'",
    ('"velocity"', '"v"'),
)
ANSWER.edited(
    "needs-a-config", "code that does not expect config=None",
    ("(config or {})", "config.copy()"),
)
ANSWER.edited(
    "needs-every-key", "code that expects every key in the config",
    (", **(config or {})}", "} if config is None else config"),
)
ANSWER.edited(
    "velocity-missing-at-first", "code that reads config['velocity'] before there is one",
    ('config.get("velocity", np.zeros_like(w))', 'config["velocity"]'),
)
ANSWER.mistake(
    "shared-default",
    "config={} as the default: one dict, shared by all calls that leave the config out",
)(edited(ANSWER.alternatives[0], ("config=None", "config={}")))
ANSWER.edited(
    "one-for-all", "one velocity for all parameters, kept outside of the config",
    ('config.get("velocity",', 'getattr(sgd_momentum, "velocity",'),
    ('v = config["velocity"] =', 'v = sgd_momentum.velocity = config["velocity"] ='),
    remembers=True,
)
ANSWER.edited(
    "settings-lost",
    "a new config that holds the state alone, so the next step falls back to the defaults",
    ("w + v, config", 'w + v, {"velocity": v}'),
)
ANSWER.edited(
    "other-defaults", "other defaults than learning_rate 1e-2 and momentum 0.9",
    ("1e-2", "1e-3"),
)
ANSWER.edited(
    "nesterov", "Nesterov momentum in place of plain momentum",
    ('v = config["velocity"] =', 'config["velocity"] ='),
    ("w + v", 'w - config["momentum"] * v + (1 + config["momentum"]) * config["velocity"]'),
)
