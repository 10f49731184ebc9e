"""Wrong answers that the lists of known mistakes do not have: (exercise, what, edits of the oracle).

A fourth entry names the known mistake, where there is one that does the same.
"""

DRAWS = "torch.rand(x.shape[0], x.shape[1], 1, 1, device=x.device) >= self.p"
FIXED = "torch.stack([torch.randperm(x.shape[1]) >= round(self.p * x.shape[1]) for _ in x])[:, :, None, None]"
TOP = "torch.randint(H, (N, 1, 1, 1), device=x.device) - size // 2"
LEFT = "torch.randint(W, (N, 1, 1, 1), device=x.device) - size // 2"
CLAMPED = [(TOP, f"({TOP}).clamp(min=0)"), (LEFT, f"({LEFT}).clamp(min=0)")]
PARTNER = "partner = torch.randperm(len(x), device=x.device)"
EXCHANGED = """pairs = torch.randperm(len(x)).view(-1, 2)
    partner = torch.empty(len(x), dtype=torch.int64)
    partner[pairs] = pairs.flip(1)"""
HALVES = """half = len(x) // 2
    partner = torch.cat([half + torch.randperm(half), torch.randperm(half)])"""

WRONG: list[tuple] = [
    ("l2_penalty", "a mean", [("np.sum(w**2)", "np.mean(w**2)")], "loss-averaged"),
    ("l2_penalty", "a cubed weight", [("np.sum(w**2)", "np.sum(np.abs(w) ** 3)")]),
    (
        "dropout_forward",
        "a mask that is not scaled at all",
        [("< p) / p", "< p) * 1.0")],
        "not-inverted",
    ),
    (
        "dropout_forward",
        "kept from above, not scaled",
        [("(np.random.rand(*x.shape) < p) / p", "1.0 * (np.random.rand(*x.shape) > p)")],
        "wrong-way-and-not-scaled",
    ),
    ("dropout_forward", "scaled by the square", [("< p) / p", "< p) / p**2")]),
    (
        "dropout_forward",
        "a uniform mask",
        [("(np.random.rand(*x.shape) < p) / p", "np.random.rand(*x.shape) * 2")],
    ),
    ("dropout_backward", "half of the gradient", [("dout * mask", "dout * mask / 2")]),
    ("dropout_backward", "the negative", [("    return dout", "    return -dout")]),
    (
        "affine_relu_dropout_loss",
        "no dropout at all",
        [("mask = (np.random.rand(*hidden.shape) < p) / p", "mask = np.ones(hidden.shape)")],
    ),
    ("dropout_backward", "nothing returned", [("    return dout", "    dout")]),
    (
        "affine_relu_dropout_loss",
        "W2's gradient from the hidden layer",
        [("dropped.T @ dscores", "hidden.T @ dscores")],
        "dw2-without-dropout",
    ),
    (
        "affine_relu_dropout_loss",
        "the ReLU forgotten on the way back",
        [("    dhidden[hidden <= 0] = 0\n", "")],
        "no-relu-backward",
    ),
    (
        "affine_relu_dropout_loss",
        "the bias's gradient a mean",
        [('"b1": dhidden.sum(axis=0)', '"b1": dhidden.mean(axis=0)')],
    ),
    (
        "affine_relu_dropout_loss",
        "a new mask of zeros and ones on the way back",
        [
            (
                "dscores @ W2.T * mask",
                "dscores @ W2.T * ((np.random.rand(*hidden.shape) < p) | (dropout_param['mode'] == 'test'))",
            )
        ],
    ),
    (
        "affine_relu_dropout_loss",
        "the biases punished",
        [("np.sum(W1**2)", "np.sum(W1**2) + np.sum(b1**2)")],
    ),
    (
        "batchnorm_forward",
        "eps kept in the running variance",
        [
            (
                "mean, var = x.mean(axis=0), x.var(axis=0)",
                "mean, var = x.mean(axis=0), x.var(axis=0) + eps",
            )
        ],
    ),
    (
        "batchnorm_forward",
        "the running deviation",
        [("(1 - momentum) * var", "(1 - momentum) * np.sqrt(var)")],
        "running-std",
    ),
    (
        "batchnorm_forward",
        "eps missing at test time",
        [("np.sqrt(var + eps)", 'np.sqrt(var + eps * (mode == "train"))')],
        "eps-missing-at-test-time",
    ),
    ("batchnorm_forward", "gamma squared", [("gamma * normalized", "gamma**2 * normalized")]),
    (
        "batchnorm_backward",
        "the mean's path alone, halved",
        [("through_mean = d.mean(axis=0)", "through_mean = d.mean(axis=0) / 2")],
    ),
    (
        "batchnorm_backward",
        "dgamma from d",
        [("dgamma = (dout * normalized)", "dgamma = (dout * gamma * normalized)")],
        "dgamma-with-gamma",
    ),
    (
        "batchnorm_backward",
        "the variance's path doubled",
        [("through_var = normalized", "through_var = 2 * normalized")],
    ),
    (
        "inverted_dropout",
        "multiplied by 1 - p",
        [("/ (1 - self.p)", "* (1 - self.p)")],
        "multiplies",
    ),
    ("inverted_dropout", "a plain factor of two", [("/ (1 - self.p)", "* 2")]),
    ("channel_dropout", "a fixed number in each example", [(DRAWS, FIXED)]),
    (
        "channel_dropout",
        "rows, not channels",
        [(DRAWS, "torch.rand(x.shape[0], 1, x.shape[2], 1) >= self.p")],
    ),
    (
        "stochastic_depth",
        "as in the paper",
        [
            (
                "    if not training:\n        return x + residual\n",
                "    if not training:\n        return x + (1 - p) * residual\n",
            ),
            (
                "torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= p",
                "float(torch.rand(()) >= p)",
            ),
            (" / (1 - p)", ""),
        ],
        "as-in-the-paper",
    ),
    (
        "stochastic_depth",
        "x dropped as well",
        [("x + residual * keep / (1 - p)", "(x + residual) * keep / (1 - p)")],
        "drops-the-sum",
    ),
    (
        "mixup",
        "lambda at least a half",
        [("    partner", "    lam = torch.maximum(lam, 1 - lam)\n    partner")],
        "larger-half",
    ),
    ("mixup", "the labels' share squared", [("lam[:, None] * soft", "lam[:, None] ** 2 * soft")]),
    (
        "mixup",
        "a uniform lambda",
        [
            (
                "torch.distributions.Beta(alpha, alpha).sample((len(x),)).to(x)",
                "torch.rand(len(x)).to(x)",
            )
        ],
        "uniform-lambda",
    ),
    ("cutout", "a corner clamped before the size is added", CLAMPED, "begins-inside"),
    ("cutout", "a rectangle of half the width", [("(j < left + size)", "(j < left + size // 2)")]),
    (
        "cutout",
        "the rest set to 0",
        [("masked_fill(inside, 0)", "masked_fill(~inside, 0)")],
        "inverse",
    ),
    (
        "ten_crop",
        "a centre by slices from both ends",
        [
            (
                "    crops += [",
                "    crops[4] = x[:, :, down // 2 : -(down // 2) or None, right // 2 : -(right // 2) or None]\n    crops += [",
            )
        ],
    ),
    (
        "ten_crop",
        "crops one pixel too small",
        [("i : i + size, j : j + size", "i : i + size - 1, j : j + size - 1")],
    ),
    (
        "ten_crop",
        "the corners twice, no centre",
        [("[*corners, center]", "[*corners, corners[0]]")],
    ),
    (
        "ten_crop",
        "five crops turned by 180 degrees",
        [("flip(3)", "flip(2).flip(3)")],
        "flipped-both-ways",
    ),
    (
        "batchnorm_forward",
        "eps twice at test time",
        [("np.sqrt(var + eps)", 'np.sqrt(var + eps * (1 + (mode == "test")))')],
    ),
    (
        "cutout",
        "the end clamped, not the beginning",
        [("(i < top + size)", "(i < (top + size).clamp(max=H - 1))")],
    ),
    (
        "stochastic_depth",
        "as in the paper, drawn for each example",
        [("return x + residual\n", "return x + (1 - p) * residual\n"), (" / (1 - p)", "")],
        "scales-in-test",
    ),
    ("batchnorm_forward", "another eps", [('"eps", 1e-5', '"eps", 1e-8')], "other-default-eps"),
    (
        "inverted_dropout",
        "a little more in the denominator",
        [("(1 - self.p)", "(1 - self.p + 1e-3)")],
    ),
    (
        "stochastic_depth",
        "scaled by 1 - p / 2 at test time",
        [("return x + residual\n", "return x + (1 - p / 2) * residual\n")],
    ),
    (
        "stochastic_depth",
        "x scaled as well",
        [("x + residual * keep / (1 - p)", "(x + residual * keep) / (1 - p)")],
    ),
    (
        "affine_relu_dropout_loss",
        "no mask of ReLU",
        [("    dhidden[hidden <= 0] = 0\n", "")],
        "no-relu-backward",
    ),
    (
        "affine_relu_dropout_loss",
        "the mask without its factor",
        [("@ W2.T * mask", "@ W2.T * (mask > 0)")],
        "not-scaled-backward",
    ),
    (
        "dropout_forward",
        "float64 at test time",
        [("out.astype(x.dtype)", 'out.astype(x.dtype if mode == "train" else float)')],
    ),
    ("inverted_dropout", "float64 in evaluation", [("return x\n", "return x.double()\n")]),
    ("channel_dropout", "float64 in evaluation", [("return x\n", "return x.double()\n")]),
    (
        "stochastic_depth",
        "float64 at test time",
        [("return x + residual\n", "return (x + residual).double()\n")],
    ),
    ("mixup", "pairs that are each other's partners", [(PARTNER, EXCHANGED)]),
    ("mixup", "one half with the other", [(PARTNER, HALVES)]),
    (
        "mixup",
        "one lambda for two neighbors",
        [("sample((len(x),))", "sample((len(x) // 2,)).repeat_interleave(2)")],
    ),
]
