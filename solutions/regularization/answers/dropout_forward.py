"""Answers to ``dropout_forward``, in NumPy. The caches differ: see ``dropout_backward``."""

import numpy as np

from autograder.grading.answer import Answer


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask, out = None, x
    if mode == "train":
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    cache = (dropout_param, mask, out)  # out is for a known mistake of dropout_backward
    return out.astype(x.dtype), cache


ANSWER = Answer(dropout_forward)


@ANSWER.alternative
def dropout_forward(x, dropout_param):
    """Written with a generator of its own and np.where."""
    rng = np.random.default_rng(dropout_param.get("seed"))
    if dropout_param["mode"] == "test":
        return x.copy(), None
    p = dropout_param["p"]
    keep = rng.random(x.shape) < p
    return np.where(keep, x / x.dtype.type(p), x.dtype.type(0)), (p, keep)


@ANSWER.alternative
def dropout_forward(x, dropout_param):
    """Written with binomial draws and a mask of ones at test time."""
    if dropout_param.get("seed") is not None:
        np.random.seed(dropout_param["seed"])
    mask = np.ones_like(x)
    if dropout_param["mode"] == "train":
        mask[...] = np.random.binomial(1, dropout_param["p"], size=x.shape)
        mask /= dropout_param["p"]
    return mask * x, mask


@ANSWER.alternative
def dropout_forward(x, dropout_param):
    """Written with the probability of dropping, and indices."""
    drop = 1 - dropout_param["p"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    if dropout_param["mode"] != "train":
        return x, {"scale": 1.0, "gone": []}
    gone = np.flatnonzero(np.random.uniform(size=x.size) < drop)
    out = x.flatten() / (1 - drop)
    out[gone] = 0
    return out.reshape(x.shape).astype(x.dtype), {"scale": 1 / (1 - drop), "gone": gone}


ANSWER.edited(
    "scaled-twice", "inverted dropout that scales by p at test time as well",
    ("mask, out = None, x", "mask, out = None, x * p"),
)
ANSWER.edited(
    "dropped-at-test-time", "units dropped at test time too",
    ('if mode == "train":', "if mode:"),
)
ANSWER.edited(
    "always-seeded", "the generator seeded anew at each call: the same mask each time",
    ('if "seed" in dropout_param:\n        np.random.seed(dropout_param["seed"])',
     'np.random.seed(dropout_param.get("seed", 0))'),
)
ANSWER.edited(
    "p-is-dropping", "p read as the probability of dropping",
    ("p, mode = dropout_param[\"p\"], dropout_param[\"mode\"]",
     "p, mode = 1 - dropout_param[\"p\"] or 1.0, dropout_param[\"mode\"]"),
)
ANSWER.edited(
    "compared-the-wrong-way", "a mask rand > p: kept with probability 1 - p, divided by p",
    ("np.random.rand(*x.shape) < p", "np.random.rand(*x.shape) > p"),
)
ANSWER.edited(
    "divided-by-the-drop-probability", "kept elements divided by the probability of dropping",
    ("< p) / p", "< p) / (1 - p or 1)"),
)
ANSWER.edited("not-inverted", "dropout without the division by p", ("< p) / p", "< p) * 1.0"))
ANSWER.edited(
    "times-p", "kept elements multiplied by p, where they should be divided",
    ("< p) / p", "< p) * p"),
)
ANSWER.edited(
    "scaled-at-test-time", "plain dropout: no division in training, times p at test time",
    ("< p) / p", "< p) * 1.0"), ("mask, out = None, x", "mask, out = None, x * p"),
)
ANSWER.edited(
    "mask-without-comparison", "a mask rand / p, without the comparison rand < p",
    ("(np.random.rand(*x.shape) < p) / p", "np.random.rand(*x.shape) / p"),
)
ANSWER.edited(
    "normal-draws", "randn, normal draws, compared with p where rand is meant",
    ("np.random.rand(*x.shape)", "np.random.randn(*x.shape)"),
)
ANSWER.edited(
    "one-mask-a-row", "one mask for all rows",
    ("np.random.rand(*x.shape)", "np.random.rand(*x.shape[1:])"),
)
ANSWER.edited(
    "one-draw-a-row", "one draw a row: whole rows are dropped",
    ("np.random.rand(*x.shape)", "np.random.rand(len(x), *[1] * (x.ndim - 1))"),
)
ANSWER.edited(
    "fixed-number", "the same number of elements dropped in each call: each element is to have a draw of its own",
    ("np.random.rand(*x.shape) < p", "np.random.permutation(x.size).reshape(x.shape) < round(p * x.size)"),
    observed=True,
)
ANSWER.edited(
    "seed-ignored", "the seed ignored",
    ('if "seed" in dropout_param:', 'if "seeds" in dropout_param:'),
)
ANSWER.edited(
    "seed-0-ignored", "seed 0 taken for no seed: `if seed` is false for 0",
    ('if "seed" in dropout_param:', 'if dropout_param.get("seed"):'),
)
ANSWER.edited(
    "matrices-only", "a mask of shape (N, D): images raise an error",
    ("np.random.rand(*x.shape)", "np.random.rand(x.shape[0], x.shape[1])"),
)
ANSWER.edited(
    "dtype-not-kept", "a float32 x comes back as float64",
    ("out.astype(x.dtype)", "out.astype(np.float64)"),
)
ANSWER.edited(
    "x-changed", "x itself changed, in place",
    ("        out = x * mask\n", "        x *= mask\n"),
)
ANSWER.edited(
    "wrong-way-and-not-scaled",
    "a mask rand > p, which keeps with probability 1 - p, and no division by p: two mistakes at once",
    ("(np.random.rand(*x.shape) < p) / p", "(np.random.rand(*x.shape) > p) * 1.0"),
)
