"""Answers to ``batchnorm_forward``, in NumPy. The caches differ: see ``batchnorm_backward``."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    mean, var = running_mean, running_var
    if mode == "train":
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    std = np.sqrt(var + eps)
    normalized = (x - mean) / std
    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
    return gamma * normalized + beta, (normalized, gamma, std, x)


ANSWER = Answer(batchnorm_forward)


@ANSWER.alternative
def batchnorm_forward(x, gamma, beta, bn_param):
    """Written step by step, with everything in the cache."""
    N, D = x.shape
    eps = bn_param.get("eps", 1e-5)
    m = bn_param.get("momentum", 0.9)
    rm = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    rv = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    cache = None
    if bn_param["mode"] == "train":
        mu = np.sum(x, axis=0) / N
        xmu = x - mu
        var = np.sum(xmu**2, axis=0) / N
        ivar = 1.0 / np.sqrt(var + eps)
        xhat = xmu * ivar
        out = xhat * gamma + beta
        rm = m * rm + (1 - m) * mu
        rv = m * rv + (1 - m) * var
        cache = (x, mu, ivar, gamma)
    else:
        out = gamma * ((x - rm) / np.sqrt(rv + eps)) + beta
    bn_param.update(running_mean=rm, running_var=rv)
    return out, cache


@ANSWER.alternative
def batchnorm_forward(x, gamma, beta, bn_param):
    """Written with a loop over the features, in place."""
    D = x.shape[1]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running = [bn_param.setdefault(k, np.zeros(D)) for k in ("running_mean", "running_var")]
    stds = np.zeros(D)
    for j in range(D):
        column = x[:, j]
        if bn_param["mode"] == "train":
            stats = column.mean(), np.var(column)
            for kept, new in zip(running, stats):  # noqa: B905
                kept[j] = momentum * kept[j] + (1 - momentum) * new
        else:
            stats = running[0][j], running[1][j]
        stds[j] = (stats[1] + eps) ** 0.5
        x[:, j] = (column - stats[0]) / stds[j]
    return x * gamma + beta, {"xhat": x, "gamma": gamma, "std": stds}


@ANSWER.alternative
def batchnorm_forward(x, gamma, beta, bn_param):
    """Written with torch's batch norm, which keeps an unbiased variance: the right one is kept by hand."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    zeros = np.zeros(x.shape[1])
    rm, rv = bn_param.get("running_mean", zeros), bn_param.get("running_var", zeros)
    X, g, b, m, v = (torch.tensor(a, dtype=torch.float64) for a in (x, gamma, beta, rm, rv))
    if bn_param["mode"] == "train":
        m, v = X.mean(0), ((X - X.mean(0)) ** 2).mean(0)
        rm = rm - (1 - momentum) * (rm - m.numpy())
        rv = rv - (1 - momentum) * (rv - v.numpy())
    out = torch.nn.functional.batch_norm(X, m, v, g, b, training=False, eps=eps)
    bn_param["running_mean"], bn_param["running_var"] = rm, rv
    return out.numpy(), (X, g, b, eps)


ANSWER.edited(
    "unbiased-running-variance", "a running variance from the unbiased estimate (divided by N - 1), as torch keeps it",
    ("(1 - momentum) * var", "(1 - momentum) * var * len(x) / (len(x) - 1)"),
)
ANSWER.edited(
    "momentum-the-wrong-way", "momentum the wrong way round: it weighs the batch, as in torch",
    ("momentum * running_mean + (1 - momentum) * mean", "(1 - momentum) * running_mean + momentum * mean"),
    ("momentum * running_var + (1 - momentum) * var", "(1 - momentum) * running_var + momentum * var"),
)
ANSWER.edited(
    "updated-at-test-time", "running statistics updated at test time too",
    ('    if mode == "train":\n        mean, var = x.mean(axis=0), x.var(axis=0)\n        running_mean =',
     '    if mode == "train":\n        mean, var = x.mean(axis=0), x.var(axis=0)\n'
     '    batch_mean, batch_var = x.mean(axis=0), x.var(axis=0)\n    if mode:\n        running_mean ='),
    ("(1 - momentum) * mean", "(1 - momentum) * batch_mean"),
    ("(1 - momentum) * var", "(1 - momentum) * batch_var"),
)
ANSWER.edited(
    "unbiased-everywhere", "the unbiased variance (divided by N - 1) everywhere",
    ("x.var(axis=0)", "x.var(axis=0, ddof=1)"),
)
ANSWER.edited(
    "eps-outside", "eps added to the standard deviation, outside of the square root",
    ("np.sqrt(var + eps)", "np.sqrt(var) + eps"),
)
ANSWER.edited("eps-missing", "no eps", ("np.sqrt(var + eps)", "np.sqrt(var)"))
ANSWER.edited(
    "eps-hard-coded", "eps hard-coded: that of bn_param ignored",
    ('bn_param.get("eps", 1e-5)', "1e-5"),
)
ANSWER.edited(
    "momentum-hard-coded", "momentum hard-coded: that of bn_param ignored",
    ('bn_param.get("momentum", 0.9)', "0.9"),
)
ANSWER.edited(
    "batch-statistics-at-test-time", "the batch's own statistics at test time",
    ("    mean, var = running_mean, running_var\n", "    mean, var = x.mean(axis=0), x.var(axis=0)\n"),
)
ANSWER.edited(
    "running-statistics-in-training", "running statistics used in training, where the batch's belong",
    ("    std = np.sqrt(var + eps)", "        mean, var = running_mean, running_var\n    std = np.sqrt(var + eps)"),
)
ANSWER.edited(
    "variance-not-root", "divided by the variance, not by its square root",
    ("np.sqrt(var + eps)", "(var + eps)"),
)
ANSWER.edited(
    "one-mean-for-all", "one mean and one variance for all features",
    ("x.mean(axis=0), x.var(axis=0)", "x.mean() + np.zeros(x.shape[1]), x.var() + np.zeros(x.shape[1])"),
)
ANSWER.edited(
    "over-features", "each example normalized over its features: layer norm",
    ("(x - mean) / std", '(x - (x.mean(axis=1, keepdims=True) if mode == "train" else mean)) / '
     '(np.sqrt(x.var(axis=1, keepdims=True) + eps) if mode == "train" else std)'),
)
ANSWER.edited(
    "no-scale-and-shift-at-test-time", "gamma and beta left out at test time",
    ("return gamma * normalized + beta,", 'return (gamma * normalized + beta if mode == "train" else normalized),'),
)
ANSWER.edited(
    "beta-missing", "beta left out",
    ("gamma * normalized + beta,", "gamma * normalized,"),
)
ANSWER.edited(
    "not-stored", "running statistics computed, but not put into bn_param",
    ('    bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var\n', ""),
)
ANSWER.edited(
    "not-averaged", "running statistics that are those of the last batch: nothing is averaged",
    ("momentum * running_mean + (1 - momentum) * mean", "mean"),
    ("momentum * running_var + (1 - momentum) * var", "var"),
)
ANSWER.edited(
    "running-std", "a running standard deviation in running_var",
    ("(1 - momentum) * var", "(1 - momentum) * np.sqrt(var)"),
)
ANSWER.edited(
    "running-variance-starts-at-one", "a running variance that starts at 1, as in torch, where nothing is given",
    ('"running_var", np.zeros', '"running_var", np.ones'),
)
ANSWER.edited(
    "eps-in-running-variance", "eps kept in the running variance: it belongs under the root alone",
    ("(1 - momentum) * var", "(1 - momentum) * (var + eps)"),
)
ANSWER.edited(
    "eps-missing-at-test-time", "no eps at test time",
    ("np.sqrt(var + eps)", 'np.sqrt(var + eps * (mode == "train"))'),
)
ANSWER.edited(
    "eps-outside-at-test-time", "eps added to the standard deviation at test time, outside of the square root",
    ("np.sqrt(var + eps)", 'np.sqrt(var + eps) if mode == "train" else np.sqrt(var) + eps'),
)
ANSWER.edited(
    "other-default-eps", "another default than eps 1e-5: the 1e-8 of other formulas",
    ('"eps", 1e-5', '"eps", 1e-8'),
)
