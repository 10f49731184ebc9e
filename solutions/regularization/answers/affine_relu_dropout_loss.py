"""Answers to ``affine_relu_dropout_loss``."""

import numpy as np
import torch

from autograder.grading.answer import Answer


def affine_relu_dropout_loss(X, y, params, dropout_param, lam):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    p, N = dropout_param["p"], len(X)
    hidden = np.maximum(0, X @ W1 + b1)
    mask = np.ones_like(hidden)
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if dropout_param["mode"] == "train":
        mask = (np.random.rand(*hidden.shape) < p) / p
    dropped = hidden * mask
    scores = dropped @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    data_loss = -log_p[np.arange(N), y].sum() / N
    penalty = 0.5 * lam * (np.sum(W1**2) + np.sum(W2**2))
    dscores = np.exp(log_p)
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dhidden = dscores @ W2.T * mask
    dhidden[hidden <= 0] = 0
    grads = {
        "W1": X.T @ dhidden + lam * W1,
        "b1": dhidden.sum(axis=0),
        "W2": dropped.T @ dscores + lam * W2,
        "b2": dscores.sum(axis=0),
    }
    return data_loss + penalty, grads


ANSWER = Answer(affine_relu_dropout_loss)


@ANSWER.alternative
def affine_relu_dropout_loss(X, y, params, dropout_param, lam):
    """Written with one helper a layer and a dict of caches."""
    cache = {}

    def affine(name, x):
        cache[name] = x
        return x.dot(params["W" + name]) + params["b" + name]

    def affine_back(name, d):
        grads["W" + name] = cache[name].T.dot(d) + lam * params["W" + name]
        grads["b" + name] = np.sum(d, 0)
        return d.dot(params["W" + name].T)

    rng = np.random.default_rng(dropout_param.get("seed"))
    z = affine("1", X)
    keep = np.ones(z.shape, bool)
    factor = 1.0
    if dropout_param["mode"] != "test":
        keep = rng.random(z.shape) < dropout_param["p"]
        factor /= dropout_param["p"]
    active = keep & (z > 0)
    s = affine("2", np.where(active, z * factor, 0))
    e = np.exp(s - s.max(1)[:, None])
    prob = e / e.sum(1)[:, None]
    loss = np.mean(-np.log(prob[range(len(y)), y]))
    loss += lam / 2 * sum((params[k] ** 2).sum() for k in ("W1", "W2"))
    grads = {}
    onehot = np.eye(prob.shape[1])[y]
    d = affine_back("2", (prob - onehot) / len(y))
    affine_back("1", d * active * factor)
    return loss, grads


@ANSWER.alternative
def affine_relu_dropout_loss(X, y, params, dropout_param, lam):
    """Written with torch's gradients."""
    t = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in params.items()}
    if "seed" in dropout_param:
        torch.manual_seed(dropout_param["seed"])
    h = torch.relu(torch.tensor(X, dtype=torch.float64) @ t["W1"] + t["b1"])
    if dropout_param["mode"] == "train":
        keep = dropout_param["p"]
        h = torch.where(torch.rand_like(h) < keep, h / keep, torch.zeros_like(h))
    loss = torch.nn.functional.cross_entropy(h @ t["W2"] + t["b2"], torch.as_tensor(y).long())
    loss = loss + 0.5 * lam * (t["W1"].square().sum() + t["W2"].square().sum())
    loss.backward()
    return loss.item(), {k: v.grad.numpy() for k, v in t.items()}


@ANSWER.alternative
def affine_relu_dropout_loss(X, y, params, dropout_param, lam):
    """Written with a loop over the examples."""
    p = dropout_param["p"] if dropout_param["mode"] == "train" else 1.0
    np.random.seed(dropout_param.get("seed"))
    grads = {k: np.zeros(v.shape) for k, v in params.items()}
    loss = 0.0
    for x, label in zip(X, y):  # noqa: B905
        z = x @ params["W1"] + params["b1"]
        mask = np.random.binomial(1, p, z.shape) / p
        h = np.maximum(z, 0) * mask
        s = h @ params["W2"] + params["b2"]
        s = s - s.max()
        q = np.exp(s) / np.exp(s).sum()
        loss -= np.log(q[label]) / len(X)
        q[label] -= 1
        q /= len(X)
        grads["W2"] += np.outer(h, q)
        grads["b2"] += q
        dz = (params["W2"] @ q) * mask * (z > 0)
        grads["W1"] += np.outer(x, dz)
        grads["b1"] += dz
    for k in ("W1", "W2"):
        loss += lam * (params[k] ** 2).sum() / 2
        grads[k] += lam * params[k]
    return loss, grads


ANSWER.edited(
    "no-relu-backward", "the ReLU forgotten in the backward pass",
    ("    dhidden[hidden <= 0] = 0\n", ""),
)
ANSWER.edited(
    "mask-forgotten-backward", "the dropout mask forgotten in the backward pass",
    ("dscores @ W2.T * mask", "dscores @ W2.T"),
)
ANSWER.edited(
    "penalty-on-biases", "a penalty on the biases too",
    ("np.sum(W1**2) + np.sum(W2**2)", "sum(np.sum(v**2) for v in params.values())"),
    ("dhidden.sum(axis=0),", "dhidden.sum(axis=0) + lam * b1,"),
    ('"b2": dscores.sum(axis=0)', '"b2": dscores.sum(axis=0) + lam * b2'),
)
ANSWER.edited(
    "not-scaled-backward", "the backward pass with a mask of zeros and ones, without the factor 1 / p",
    ("dscores @ W2.T * mask", "dscores @ W2.T * (mask > 0)"),
)
ANSWER.edited(
    "fresh-mask-backward", "a new mask in the backward pass",
    ("dscores @ W2.T * mask",
     'dscores @ W2.T * ((np.random.rand(*hidden.shape) < p) / p if dropout_param["mode"] == "train" else 1)'),
)
ANSWER.edited(
    "p-is-dropping", "p read as the probability of dropping",
    ('p, N = dropout_param["p"], len(X)', 'p, N = 1 - dropout_param["p"] or 1.0, len(X)'),
)
ANSWER.edited("not-inverted", "dropout without the division by p", ("< p) / p", "< p) * 1.0"))
ANSWER.edited(
    "scaled-at-test-time", "hidden units scaled by p at test time as well",
    ("mask = np.ones_like(hidden)\n", 'mask = np.ones_like(hidden) * (p if dropout_param["mode"] == "test" else 1)\n'),
)
ANSWER.edited(
    "one-mask-for-all", "one mask for all examples of the batch",
    ("np.random.rand(*hidden.shape)", "np.random.rand(1, hidden.shape[1])"),
)
ANSWER.edited(
    "seed-ignored", "the seed ignored",
    ('if "seed" in dropout_param:', 'if "seeds" in dropout_param:'),
)
ANSWER.edited(
    "seed-0-ignored", "seed 0 without effect: `if seed` is false for 0, so ask whether there is one",
    ('if "seed" in dropout_param:', 'if dropout_param.get("seed"):'),
    observed=True,
)
ANSWER.edited(
    "always-seeded", "the generator seeded anew at each call: the same mask each time",
    ('if "seed" in dropout_param:\n        np.random.seed(dropout_param["seed"])',
     'np.random.seed(dropout_param.get("seed", 0))'),
)
ANSWER.edited(
    "relu-mask-of-the-gradient", "the ReLU's backward pass masked where the gradient is negative, not its input",
    ("dhidden[hidden <= 0] = 0", "dhidden[dhidden <= 0] = 0"),
)
ANSWER.edited(
    "no-relu", "no ReLU, forward or backward",
    ("np.maximum(0, X @ W1 + b1)", "X @ W1 + b1"), ("    dhidden[hidden <= 0] = 0\n", ""),
)
ANSWER.edited(
    "summed", "a loss and gradients summed over the examples, not averaged",
    ("y].sum() / N", "y].sum()"), ("    dscores /= N\n", ""),
)
ANSWER.edited(
    "gradients-not-averaged", "gradients that are not divided by the number of examples",
    ("    dscores /= N\n", ""),
)
ANSWER.edited(
    "dw2-without-dropout", "dW2 from the hidden units before dropout",
    ("dropped.T @ dscores", "hidden.T @ dscores"),
)
ANSWER.edited(
    "biases-averaged", "the gradients of the biases averaged over the examples a second time",
    ("dhidden.sum(axis=0)", "dhidden.mean(axis=0)"), ("dscores.sum(axis=0)", "dscores.mean(axis=0)"),
)
ANSWER.edited(
    "penalty-not-in-the-gradients", "a penalty in the loss, but not in the gradients",
    (" + lam * W1,", ","), (" + lam * W2,", ","),
)
ANSWER.edited(
    "penalty-without-half", "a penalty without the factor 1/2, and gradients 2 lam W",
    ("0.5 * lam", "lam"), ("lam * W", "2 * lam * W"),
)
ANSWER.edited(
    "penalty-gradient-twice", "gradients of the penalty with a factor 2 too many",
    ("lam * W", "2 * lam * W"),
)
ANSWER.edited(
    "penalty-averaged", "a penalty divided by the number of examples",
    ("0.5 * lam", "0.5 * lam / N"), ("lam * W", "lam / N * W"),
)
ANSWER.edited(
    "penalty-on-one-layer", "a penalty on W2 alone",
    ("np.sum(W1**2) + ", ""), (" + lam * W1,", ","),
)
