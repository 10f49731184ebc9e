"""Answers to nesterov_momentum."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def nesterov_momentum(w, dw, config=None):
    config = {"learning_rate": 1e-2, "momentum": 0.9, **(config or {})}
    mu, old = config["momentum"], config.get("velocity", np.zeros_like(w))
    v = config["velocity"] = mu * old - config["learning_rate"] * dw
    return w - mu * old + (1 + mu) * v, config


ANSWER = Answer(nesterov_momentum)


@ANSWER.alternative
def nesterov_momentum(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v = config["momentum"] * v - config["learning_rate"] * dw
    config["velocity"] = v
    return w + config["momentum"] * v - config["learning_rate"] * dw, config


@ANSWER.alternative
def nesterov_momentum(w, dw, config=None):
    config = {**{"learning_rate": 1e-2, "momentum": 0.9}, **(config or {})}
    mu = config["momentum"]
    v_prev = np.copy(config.get("velocity", 0 * w))
    config["velocity"] = mu * v_prev - config["learning_rate"] * dw
    w += (-mu * v_prev + (1 + mu) * config["velocity"]).astype(w.dtype)
    return w, config


@ANSWER.alternative
def nesterov_momentum(w, dw, config=None):
    config = {} if config is None else config
    lr = config["learning_rate"] = config.get("learning_rate", 0.01)
    mu = config["momentum"] = config.get("momentum", 0.9)
    v_prev = config["velocity"] if "velocity" in config else np.zeros(w.shape)
    v = -lr * dw + mu * v_prev
    config["velocity"] = v
    print(w, v)
    return w + v + mu * (v - v_prev), config


@ANSWER.alternative
def nesterov_momentum(w, dw, config=None):
    config = dict(config or {})
    lr, mu = config.setdefault("learning_rate", 1e-2), config.setdefault("momentum", 0.9)
    velocity = config.get("velocity", np.zeros_like(dw))
    step = lr * dw
    config["velocity"] = mu * velocity - step
    return w + mu * mu * velocity - (1 + mu) * step, config


@ANSWER.alternative
def nesterov_momentum(w, dw, config=None):
    config = dict(config or {})
    lr, mu = config.setdefault("learning_rate", 1e-2), config.setdefault("momentum", 0.9)
    v = torch.tensor(config.get("velocity", np.zeros_like(w)))
    plain = torch.tensor(w) - mu * v
    v = mu * v - lr * torch.tensor(dw)
    config["velocity"] = v.numpy()
    return (plain + v + mu * v).numpy(), config


ANSWER.edited(
    "plain-momentum", "plain momentum (this also comes of v_prev being read after v has changed)",
    ("w - mu * old + (1 + mu) * v", "w + v"),
)
ANSWER.edited(
    "look-ahead-kept", "a step that starts from the look-ahead point w + momentum * v",
    ("w - mu * old + (1 + mu) * v", "w + mu * old + v"),
)
ANSWER.edited(
    "velocity-not-kept", "a velocity that is not stored in the config, so each step starts anew",
    ('v = config["velocity"] =', "v ="),
)
ANSWER.edited(
    "old-velocity-added", "the old velocity added, not subtracted",
    ("w - mu * old", "w + mu * old"),
)
ANSWER.edited(
    "old-velocity-left-out",
    "a step of (1 + momentum) v, without taking back momentum times the old v",
    ("w - mu * old", "w"),
)
ANSWER.edited(
    "velocity-once", "the new velocity added once, not 1 + momentum times",
    ("(1 + mu) * v", "v"),
)
ANSWER.edited(
    "look-ahead-with-old-velocity", "a look-ahead by the old velocity, not by the new one",
    ("w - mu * old", "w - old"),
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
    "rate-outside",
    "the learning rate outside of the velocity, which differs once the rate changes",
    ('- config["learning_rate"] * dw', "+ dw"),
    ("w - mu * old + (1 + mu) * v", 'w - config["learning_rate"] * (dw + mu * v)'),
)
ANSWER.edited(
    "velocity-sign", "a velocity with the opposite sign, which is subtracted",
    ("old - config", "old + config"),
    ("w - mu * old + (1", "w + mu * old - (1"),
)
ANSWER.edited(
    "uphill", "a step along the gradient: the sign of the learning rate is wrong",
    ("old - config", "old + config"),
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
    "one-for-all", "one velocity for all parameters, kept outside of the config",
    ('config.get("velocity",', 'getattr(nesterov_momentum, "velocity",'),
    ('v = config["velocity"] =', 'v = nesterov_momentum.velocity = config["velocity"] ='),
    remembers=True,
)
ANSWER.edited(
    "both-signs", "both terms of the step with the opposite sign, though v is right",
    ("w - mu * old + (1 + mu) * v", "w + mu * old - (1 + mu) * v"),
)
