"""Wrong answers that the lists of known mistakes do not have: (exercise, what, edits of the oracle).

A fourth entry names the known mistake, where there is one that does the same.
"""

WRONG: list[tuple] = [
    (
        "softmax_loss",
        "labels subtracted from every column",
        [("dx[rows, y] -= 1", "dx[:, y] -= 1")],
        "every-column",
    ),
    ("softmax_loss", "a gradient divided by the classes", [("dx / len(x)", "dx / x.shape[1]")]),
    ("softmax_loss", "the median subtracted", [("x.max(axis=1", "np.median(x, axis=1")]),
    ("softmax_loss", "base 2", [("-log_p[rows, y].mean()", "-log_p[rows, y].mean() / np.log(2)")]),
    (
        "softmax_loss",
        "the two values swapped",
        [
            (
                "return -log_p[rows, y].mean(), dx / len(x)",
                "return dx / len(x), -log_p[rows, y].mean()",
            )
        ],
    ),
    (
        "sgd_momentum",
        "the transposed gradient",
        [('["learning_rate"] * dw', '["learning_rate"] * dw.T')],
    ),
    (
        "sgd_momentum",
        "momentum squared",
        [('config["momentum"] * v', 'config["momentum"] ** 2 * v')],
    ),
    (
        "sgd_momentum",
        "the rate squared",
        [('config["learning_rate"] * dw', 'config["learning_rate"] ** 2 * dw')],
    ),
    ("sgd_momentum", "the velocity taken twice", [("w + v,", "w + 2 * v,")]),
    (
        "sgd_momentum",
        "the gradient's sign",
        [('* v - config["learning_rate"] * dw', '* v - config["learning_rate"] * np.sign(dw)')],
    ),
    (
        "nesterov_momentum",
        "the old velocity added",
        [("w - mu * old", "w + mu * old")],
        "old-velocity-added",
    ),
    ("nesterov_momentum", "1 - mu", [("(1 + mu) * v", "(1 - mu) * v")]),
    (
        "nesterov_momentum",
        "the rate twice",
        [('old - config["learning_rate"] * dw', 'old - 2 * config["learning_rate"] * dw')],
    ),
    ("adagrad", "the cube root", [("np.sqrt(cache)", "np.cbrt(cache)")]),
    ("adagrad", "the mean of the squares over axes", [("dw**2", "(dw**2).mean()")]),
    (
        "adagrad",
        "absolute values in the step",
        [('["learning_rate"] * dw', '["learning_rate"] * np.abs(dw)')],
    ),
    ("rmsprop", "the decay squared", [("decay * old", "decay**2 * old")]),
    ("rmsprop", "old average not decayed", [("decay * old", "old")]),
    (
        "rmsprop",
        "a cache that is centered",
        [("(1 - decay) * dw**2", "(1 - decay) * (dw - dw.mean()) ** 2")],
    ),
    ("adam", "v averages m squared", [("(1 - b2) * dw**2", "(1 - b2) * m**2")], "squares-of-m"),
    (
        "adam",
        "epsilon outside of the fraction",
        [
            (
                'm_hat / (np.sqrt(v_hat) + config["epsilon"])',
                '(m_hat / np.sqrt(v_hat) + config["epsilon"])',
            )
        ],
        "epsilon-outside-the-fraction",
    ),
    (
        "adam",
        "b**2 for b**t in both",
        [("b1**t", "b1**2"), ("b2**t", "b2**2")],
        "squared-for-power",
    ),
    ("adam", "m corrected with beta2", [("m / (1 - b1**t)", "m / (1 - b2**t)")]),
    ("adam", "Nadam's step", [("* m_hat /", "* (b1 * m_hat + (1 - b1) * dw) /")]),
    (
        "adam",
        "AMSGrad",
        [
            (
                "m_hat, v_hat = ",
                'v = config["x"] = np.maximum(v, config.get("x", 0))\n    m_hat, v_hat = ',
            )
        ],
    ),
    ("adam", "t steps by 2", [('config.get("t", 0) + 1', 'config.get("t", 0) + 2')]),
    ("step_decay", "rounded, not floored", [("step // every", "round(step / every)")]),
    ("step_decay", "plus one", [("drop ** (step // every)", "drop ** (step // (every + 1))")]),
    ("exponential_decay", "a power of ten", [("np.exp(-rate * step)", "10 ** (-rate * step)")]),
    (
        "inverse_time_decay",
        "under a root",
        [("(1 + rate * step)", "np.sqrt(1 + rate * step)")],
        "square-root",
    ),
    (
        "cosine_with_warmup",
        "nanoGPT's warm-up",
        [("(step + 1) / warmup", "(step + 1) / (warmup + 1)")],
        "warm-up-below-base-rate",
    ),
    (
        "cosine_with_warmup",
        "a sine",
        [("(1 + np.cos(np.pi * done)) / 2", "(1 - np.sin(np.pi * done / 2))")],
    ),
    (
        "cosine_with_warmup",
        "a linear decay",
        [("(1 + np.cos(np.pi * done)) / 2", "(1 - done)")],
        "linear",
    ),
    ("newton_step", "damping halved", [("shift = max(", "shift = 0.5 * max(")]),
    (
        "newton_step",
        "trace for eigenvalue",
        [("np.linalg.eigvalsh(hessian)[0]", "np.trace(hessian)")],
    ),
    (
        "newton_step",
        "only the diagonal",
        [("np.linalg.solve(hessian +", "np.linalg.solve(np.diag(np.diag(hessian)) +")],
        "diagonal-only",
    ),
    (
        "torch_adam",
        "no parameter changes",
        [('p.sub_(group["lr"]', 'p.sub(group["lr"]'), ("p.mul_(1 - group", "p.mul(1 - group")],
        "not-in-place",
    ),
    (
        "torch_adam",
        "decay without the rate",
        [('group["lr"] * group["weight_decay"]', 'group["weight_decay"]')],
        "decay-without-rate",
    ),
    (
        "torch_adam",
        "v from the moment",
        [("addcmul_(p.grad, p.grad", 'addcmul_(state["m"], state["m"]')],
    ),
    (
        "softmax_loss",
        "a clip at 1e-12",
        [
            (
                "shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))",
                "np.log(np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True))",
            ),
            ("-log_p[rows, y].mean()", "-np.log(np.clip(np.exp(log_p[rows, y]), 1e-12, 1)).mean()"),
        ],
        "bounded-by-1e-12",
    ),
    (
        "softmax_loss",
        "a clip at 1e-3",
        [
            (
                "shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))",
                "np.log(np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True))",
            ),
            ("-log_p[rows, y].mean()", "-np.log(np.clip(np.exp(log_p[rows, y]), 1e-3, 1)).mean()"),
        ],
    ),
    ("nesterov_momentum", "the last term's sign alone", [("+ (1 + mu) * v", "- (1 + mu) * v")]),
    ("rmsprop", "1e-7 in the code", [('config["epsilon"]', "1e-7")], "epsilon-fixed-at-1e-7"),
    ("rmsprop", "1e-5 in the code", [('config["epsilon"]', "1e-5")]),
    ("adam", "b**(t + 1)", [("b1**t", "b1**(t + 1)"), ("b2**t", "b2**(t + 1)")]),
    (
        "cosine_with_warmup",
        "torch's linear warm-up from a third",
        [("base_lr * (step + 1) / warmup", "base_lr * (1 / 3 + 2 / 3 * step / warmup)")],
    ),
    (
        "torch_adam",
        "folded, with epsilon inside",
        [
            (
                'state["m"] / (1 - b1 ** state["t"])',
                'state["m"] * (1 - b2 ** state["t"]) ** 0.5 / (1 - b1 ** state["t"])',
            ),
            (' / (1 - b2 ** state["t"])', ""),
            ('(v_hat.sqrt() + group["eps"])', '(v_hat + group["eps"]).sqrt()'),
        ],
    ),
    (
        "softmax_loss",
        "the log of every label's probability",
        [("log_p[rows, y].mean()", "log_p[:, y].mean()")],
    ),
    ("adam", "t times beta for beta to the t", [("b1**t", "b1 * t"), ("b2**t", "b2 * t")]),
    (
        "adam",
        "the largest v so far",
        [("(1 - b2) * dw**2", "(1 - b2) * np.maximum(dw**2, config.get('v', 0))")],
    ),
    ("step_decay", "rounded", [("step // every", "round(step / every)")]),
    (
        "torch_adam",
        "the rate of the constructor",
        [('group["lr"] * m_hat', 'self.defaults["lr"] * m_hat')],
    ),
    (
        "torch_adam",
        "gradients clipped at 1",
        [("add_(p.grad, alpha", "add_(p.grad.clamp_(-1, 1), alpha")],
    ),
    (
        "torch_adam",
        "a decay of matrices alone",
        [("p.mul_(1 - ", "p.dim() > 1 and p.mul_(1 - ")],
    ),
    (
        "newton_step",
        "the first eigenvalue that eigvals gives",
        [("np.linalg.eigvalsh(hessian)[0]", "np.linalg.eigvals(hessian)[0]")],
    ),
]
