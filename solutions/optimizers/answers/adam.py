"""Answers to adam."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def adam(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8} | (config or {})
    b1, b2 = config["beta1"], config["beta2"]
    t = config["t"] = config.get("t", 0) + 1
    m = config["m"] = b1 * config.get("m", np.zeros_like(w)) + (1 - b1) * dw
    v = config["v"] = b2 * config.get("v", np.zeros_like(w)) + (1 - b2) * dw**2
    m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
    return w - config["learning_rate"] * m_hat / (np.sqrt(v_hat) + config["epsilon"]), config


ANSWER = Answer(adam)


@ANSWER.alternative
def adam(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    next_w = None
    config["t"] += 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * (dw * dw)
    mb = config["m"] / (1 - config["beta1"] ** config["t"])
    vb = config["v"] / (1 - config["beta2"] ** config["t"])
    next_w = w - config["learning_rate"] * mb / (np.sqrt(vb) + config["epsilon"])
    return next_w, config


@ANSWER.alternative
def adam(w, dw, config=None):
    config = dict(config or {})
    lr, eps = config.setdefault("learning_rate", 1e-3), config.setdefault("epsilon", 1e-8)
    b1, b2 = config.setdefault("beta1", 0.9), config.setdefault("beta2", 0.999)
    t = config.get("t", 0) + 1
    m = config.get("m", np.zeros(w.shape))
    v = config.get("v", np.zeros(w.shape))
    m = m + (1 - b1) * (dw - m)
    v = v + (1 - b2) * (dw**2 - v)
    root = np.sqrt(1 - b2**t)
    rate = lr * root / (1 - b1**t)
    w -= (rate * m / (np.sqrt(v) + eps * root)).astype(w.dtype)
    config.update(m=m, v=v, t=t)
    return w, config


@ANSWER.alternative
def adam(w, dw, config=None):
    defaults = dict(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, m=0.0, v=0.0, t=0)
    new = {**defaults, **({} if config is None else config)}
    new["t"] = np.int64(new["t"]) + 1
    for key, power, beta in (("m", 1, new["beta1"]), ("v", 2, new["beta2"])):
        new[key] = beta * np.asarray(new[key]) + (1 - beta) * np.power(dw, power)
    print("step", new["t"])
    first = new["m"] / -np.expm1(new["t"] * np.log(new["beta1"]))
    second = new["v"] / -np.expm1(new["t"] * np.log(new["beta2"]))
    return w - new["learning_rate"] * (first / (second**0.5 + new["epsilon"])), new


@ANSWER.alternative
def adam(w, dw, config=None):
    if config is None or len(config) == 0:
        config = {"t": 0}
    lr = config.get("learning_rate", 1e-3)
    b1, b2 = config.get("beta1", 0.9), config.get("beta2", 0.999)
    if "m" not in config:
        config["m"], config["v"] = 0 * dw, 0 * dw
    config["t"] = 1 + config.get("t", 0)
    config["m"] = b1 * config["m"] + dw - b1 * dw
    config["v"] = b2 * config["v"] + np.multiply(dw, dw) * (1 - b2)
    up = config["m"] * lr / (1 - np.power(b1, config["t"]))
    down = np.sqrt(config["v"] / (1 - np.power(b2, config["t"]))) + config.get("epsilon", 1e-8)
    return np.subtract(w, np.divide(up, down)), config


@ANSWER.alternative
def adam(w, dw, config=None):
    config = dict(config or {})
    lr, eps = config.setdefault("learning_rate", 1e-3), config.setdefault("epsilon", 1e-8)
    b1, b2 = config.setdefault("beta1", 0.9), config.setdefault("beta2", 0.999)
    g = torch.tensor(dw, dtype=torch.float64)
    m = torch.as_tensor(config.get("m", np.zeros_like(dw)), dtype=torch.float64)
    v = torch.as_tensor(config.get("v", np.zeros_like(dw)), dtype=torch.float64)
    m = m.lerp(g, 1 - b1)
    v = torch.addcmul(b2 * v, g, g, value=1 - b2)
    config["t"] = config.get("t", 0) + 1
    config["m"], config["v"] = m.numpy(), v.numpy()
    m, v = m / (1 - b1 ** config["t"]), v / (1 - b2 ** config["t"])
    return w - (lr * m / (v.sqrt() + eps)).numpy(), config


ANSWER.edited(
    "no-bias-correction", "Adam without bias correction",
    ("m / (1 - b1**t), v / (1 - b2**t)", "m, v"),
)
ANSWER.edited(
    "t-not-incremented", "a step counter t that is never incremented",
    ('config["t"] = config.get("t", 0) + 1', 'config.setdefault("t", 0)'),
)
ANSWER.edited(
    "moments-swapped", "m and v in each other's place",
    ("(1 - b1) * dw", "(1 - b1) * dw**2"),
    ("(1 - b2) * dw**2", "(1 - b2) * dw"),
)
ANSWER.edited(
    "t-incremented-after-use", "a step counter t that is incremented after it was used",
    ('t = config["t"] = config.get("t", 0) + 1', 't = config.get("t", 0)'),
    ("    return", '    config["t"] = t + 1\n    return'),
)
ANSWER.edited(
    "t-starts-at-1",
    "a t that starts at 1 and is incremented before use, so the first step counts as the second",
    ('config.get("t", 0)', 'config.get("t", 1)'),
)
ANSWER.edited(
    "t-counts-ahead",
    "a t that starts at 1 and is incremented after use, so config['t'] is one too large",
    ('t = config["t"] = config.get("t", 0) + 1', 't = config.get("t", 1)'),
    ("    return", '    config["t"] = t + 1\n    return'),
)
ANSWER.edited(
    "t-not-kept", "a t that is not stored in the config, so every step counts as the first",
    ('t = config["t"] =', "t ="),
)
ANSWER.edited(
    "t-for-all", "one step counter for all parameters and all runs, kept outside of the config",
    ('config["t"] = config.get("t", 0)', 'adam.t = getattr(adam, "t", 0)'),
    remembers=True,
)
ANSWER.edited(
    "power-of-the-wrong-thing", "(1 - beta)^t in the correction, where 1 - beta^t is meant",
    ("(1 - b1**t)", "(1 - b1) ** t"),
    ("(1 - b2**t)", "(1 - b2) ** t"),
)
ANSWER.edited(
    "no-power", "1 - beta in the correction, where 1 - beta^t is meant",
    ("b1**t", "b1"),
    ("b2**t", "b2"),
)
ANSWER.edited(
    "multiplied-correction", "a correction that is multiplied by, where it divides",
    ("m / (", "m * ("),
    ("v / (", "v * ("),
)
ANSWER.edited("only-m-corrected", "bias correction of m alone, not of v", ("v / (1 - b2**t)", "v"))
ANSWER.edited("only-v-corrected", "bias correction of v alone, not of m", ("m / (1 - b1**t)", "m"))
ANSWER.edited(
    "corrected-stored",
    "corrected moments that are stored in the config, and corrected again at the next step",
    ("m_hat, v_hat =", 'm_hat, v_hat = config["m"], config["v"] ='),
)
ANSWER.edited(
    "epsilon-inside", "epsilon inside the square root (add it to the root, not under it)",
    ('(np.sqrt(v_hat) + config["epsilon"])', 'np.sqrt(v_hat + config["epsilon"])'),
)
ANSWER.edited(
    "epsilon-uncorrected",
    "the correction folded into the learning rate, which leaves epsilon out of it",
    ("m / (1 - b1**t), v / (1 - b2**t)", "m * np.sqrt(1 - b2**t) / (1 - b1**t), v"),
)
ANSWER.edited(
    "epsilon-fixed", "the epsilon 1e-8 written into the code, whatever the config says",
    ('config["epsilon"]', "1e-8"),
)
ANSWER.edited(
    "no-epsilon", "a division without epsilon",
    ('(np.sqrt(v_hat) + config["epsilon"])', "np.sqrt(v_hat)"),
)
ANSWER.edited(
    "no-root", "a division by v itself, without its square root",
    ("np.sqrt(v_hat)", "v_hat"),
)
ANSWER.edited("not-squared", "a v that averages the gradients, not their squares", ("dw**2", "dw"))
ANSWER.edited("betas-swapped", "beta1 and beta2 in each other's place", ("b1, b2 =", "b2, b1 ="))
ANSWER.edited(
    "weights-swapped", "beta and 1 - beta in each other's place",
    ("b1 * config", "(1 - b1) * config"),
    ("+ (1 - b1) *", "+ b1 *"),
    ("b2 * config", "(1 - b2) * config"),
    ("+ (1 - b2) *", "+ b2 *"),
)
ANSWER.edited(
    "betas-fixed", "the betas 0.9 and 0.999 written into the code, whatever the config says",
    ('config["beta1"], config["beta2"]', "0.9, 0.999"),
)
ANSWER.edited(
    "rate-fixed", "the learning rate 1e-3 written into the code, whatever the config says",
    ('config["learning_rate"]', "1e-3"),
)
ANSWER.edited("other-default-rate", "another default than learning_rate 1e-3", ("1e-3", "1e-2"))
ANSWER.edited("other-default-epsilon", "another default than epsilon 1e-8", ("1e-8", "1e-7"))
ANSWER.edited(
    "moments-not-kept",
    "moments m and v that are not stored in the config, so each step starts anew",
    ('m = config["m"] =', "m ="),
    ('v = config["v"] =', "v ="),
)
ANSWER.edited(
    "other-keys", "moments that are stored under other keys than 'm' and 'v'",
    ('"m"', '"first"'),
    ('"v"', '"second"'),
)
ANSWER.edited(
    "no-momentum", "the gradient itself in the step, where its average m is meant",
    ("* m_hat", "* dw"),
)
ANSWER.edited(
    "uphill", "a step along the gradient: the sign is wrong",
    ("return w -", "return w +"),
)
ANSWER.edited(
    "needs-a-config", "code that does not expect config=None",
    ("(config or {})", "config.copy()"),
)
ANSWER.edited(
    "moments-for-all", "moments of one parameter used for all, kept outside of the config",
    ('config["m"] = b1 * config.get("m"', 'adam.m = b1 * getattr(adam, "m"'),
    ('config["v"] = b2 * config.get("v"', 'adam.v = b2 * getattr(adam, "v"'),
    remembers=True,
)
ANSWER.edited(
    "epsilon-fixed-at-1e-7", "the epsilon 1e-7 written into the code, whatever the config says",
    ('config["epsilon"]', "1e-7"),
)
ANSWER.edited(
    "epsilon-outside-the-fraction", "epsilon added to the fraction, not to its denominator",
    ('m_hat / (np.sqrt(v_hat) + config["epsilon"])', '(m_hat / np.sqrt(v_hat) + config["epsilon"])'),
)
ANSWER.edited(
    "squared-for-power", "beta**2 in the correction, where beta**t is meant: t is the number of the step",
    ("b1**t", "b1**2"),
    ("b2**t", "b2**2"),
)
ANSWER.edited(
    "uncorrected-and-epsilon-inside",
    "no bias correction, and epsilon inside the square root: two mistakes at once",
    ("m / (1 - b1**t), v / (1 - b2**t)", "m, v"),
    ('(np.sqrt(v_hat) + config["epsilon"])', 'np.sqrt(v_hat + config["epsilon"])'),
)
ANSWER.edited(
    "squares-of-m", "a v that averages the squares of m, where it averages those of the gradient",
    ("(1 - b2) * dw**2", "(1 - b2) * m**2"),
)
