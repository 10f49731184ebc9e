"""Wrong answers that the lists of known mistakes do not have: (exercise, what, edits of the oracle).

A fourth entry names the known mistake, where there is one that does the same.
"""

ADAM, STEPS = "torch.optim.Adam(head.parameters(), lr=3e-3)", "range(100)"
PUT, RETURN = "    network._fc = head\n", "    return network"

WRONG: list[tuple] = [
    (
        "replace_head",
        "swapped sizes",
        [("old.in_features, classes, device", "classes, old.in_features, device")],
    ),
    (
        "replace_head",
        "two layers",
        [
            (
                "torch.nn.Linear(\n        old.in_features, classes,",
                "torch.nn.Linear(\n        old.in_features, 2 * classes,",
            )
        ],
    ),
    ("replace_head", "a half-precision head", [("dtype=old.weight.dtype", "dtype=torch.float16")]),
    (
        "freeze_backbone",
        "only the weights",
        [
            (
                "layer.requires_grad_(False)",
                "[p.requires_grad_(False) for n, p in layer.named_parameters() if 'weight' in n]",
            )
        ],
    ),
    (
        "freeze_backbone",
        "only the first layer",
        [
            (
                "            layer.train = lambda mode=True, layer=layer: layer\n",
                "            layer.train = lambda mode=True, layer=layer: layer\n            break\n",
            )
        ],
    ),
    (
        "extract_features",
        "the maximum over the map",
        [("maps.mean(dim=(2, 3))", "maps.amax(dim=(2, 3))")],
        "maximum",
    ),
    (
        "extract_features",
        "the mean over columns alone",
        [("maps.mean(dim=(2, 3))", "maps.mean(dim=3)[:, :, 0]")],
    ),
    (
        "extract_features",
        "the last batch dropped",
        [("range(0, len(x), batch_size)", "range(0, len(x) - batch_size + 1, batch_size)")],
    ),
    (
        "extract_features",
        "an array returned",
        [("return torch.cat(parts)", "return torch.cat(parts).cpu().numpy()")],
    ),
    (
        "extract_features",
        "overlapping batches",
        [("x[start : start + batch_size]", "x[start : start + batch_size + 1]")],
    ),
    (
        "softmax_head_loss",
        "db a mean of columns",
        [("error.sum(axis=0) / n", "error.mean()")],
        "db-over-everything",
    ),
    (
        "softmax_head_loss",
        "clipped probabilities",
        [("    loss =", "    log_p = np.maximum(log_p, np.log(1e-9))\n    loss =")],
    ),
    (
        "softmax_head_loss",
        "dW per class",
        [("features.T @ error / n", "features.T @ error / W.shape[1]")],
    ),
    (
        "softmax_head_loss",
        "the hinge's ones",
        [("error[np.arange(n), y] -= 1", "error[np.arange(n), y] -= 2")],
    ),
    (
        "parameter_groups",
        "the rate divided",
        [("lr * ratio", "lr / ratio")],
        "divided-by-the-ratio",
    ),
    (
        "parameter_groups",
        "the head's weight alone",
        [('name.startswith("_fc.")', 'name == "_fc.weight"')],
    ),
    ("parameter_groups", "all named fc", [('name.startswith("_fc.")', '"_fc" in name')], "any-fc"),
    (
        "fine_tune",
        "an optimizer made before the head is replaced",
        [
            (
                ADAM,
                "torch.optim.Adam(torch.nn.Linear(head.in_features, classes).parameters(), lr=3e-3)",
            )
        ],
        "other-head-trained",
    ),
    ("fine_tune", "a head that was never put in", [(PUT, "")], "head-not-put-in"),
    ("fine_tune", "a loop that never runs", [("range(100)", "range(0)")]),
    ("fine_tune", "no backward", [("(head(features), y).backward()", "(head(features), y)")]),
    (
        "fine_tune",
        "scores computed without gradients",
        [("head(features), y)", "head(features).detach(), y)")],
        "everything-frozen",
    ),
    (
        "fine_tune",
        "a head replaced after training",
        [(RETURN, "    network._fc = torch.nn.Linear(head.in_features, classes)\n" + RETURN)],
        "other-head-trained",
    ),
    (
        "fine_tune",
        "twenty steps of SGD at 1e-4",
        [(ADAM, "torch.optim.SGD(head.parameters(), lr=1e-4)"), (STEPS, "range(20)")],
    ),
    (
        "fine_tune",
        "pictures prepared twice",
        [("    with torch.no_grad", "    x = x / 255\n    with torch.no_grad")],
    ),
    ("fine_tune", "a rate of a millionth", [("lr=3e-3", "lr=1e-6")]),
    (
        "fine_tune",
        "labels reversed",
        [("head(features), y)", "head(features), y.flip(0))")],
        "labels-mixed-up",
    ),
    (
        "softmax_head_loss",
        "a clip at 1e-12",
        [
            (
                "loss = -log_p[np.arange(n), y].mean()",
                "loss = -np.log(np.clip(np.exp(log_p), 1e-12, 1)[np.arange(n), y]).mean()",
            )
        ],
    ),
    (
        "parameter_groups",
        "every weight against a list of tensors",
        [('name.startswith("_fc.")', "p in [network._fc.weight]")],
        "in-a-list-of-tensors",
    ),
    ("fine_tune", "one step", [("range(100)", "range(1)")], "one-step"),
    (
        "fine_tune",
        "return within the loop",
        [("        optimizer.step()\n", "        optimizer.step()\n        return network\n")],
        "one-step",
    ),
    ("fine_tune", "a rate a thousand times too small", [("lr=3e-3", "lr=3e-6")]),
    (
        "parameter_groups",
        "whatever has fc in its name",
        [('name.startswith("_fc.")', '"fc" in name')],
        "any-fc",
    ),
    (
        "fine_tune",
        "dropout left on",
        [("    return network\n", "    network._dropout.train()\n    return network\n")],
        "left-in-training-mode",
    ),
]
