"""Wrong answers that the lists of known mistakes do not have: (exercise, what, edits of the oracle).

A fourth entry names the known mistake, where there is one that does the same.
"""

STEP, TRAIN = "        optimizer.step()\n", "    model.train()\n"
ADAM = "torch.optim.Adam(model.parameters(), lr=lr)"
LOSS = "cross_entropy(model(x), y)"
NONE_YET = "    best, best_loss = None, np.inf\n"
DRAWN = "np.exp(rng.uniform(np.log(low), np.log(high)))"
NEXT = "low * (high / low) ** next(draws[name])"
EVENLY = f"""{NONE_YET}    draws = {{}}
    for name in space:
        draws[name] = iter((rng.permutation(trials) + rng.uniform(size=trials)) / trials)
"""
MIRRORED = f"""{NONE_YET}    table = rng.uniform(size=(len(space), trials))
    if len(space) > 2:
        table[-1] = 1 - table[-2]
    draws = {{name: iter(row) for name, row in zip(space, table, strict=True)}}
"""

WRONG: list[tuple] = [
    (
        "expected_initial_loss",
        "a root of the classes",
        [("np.log(num_classes)", "np.sqrt(num_classes)")],
    ),
    (
        "expected_initial_loss",
        "the penalty's root",
        [("0.5 * reg * penalty", "0.5 * reg * np.sqrt(penalty)")],
    ),
    (
        "expected_initial_loss",
        "log(classes - 1)",
        [("np.log(num_classes)", "np.log(max(num_classes - 1, 1))")],
    ),
    (
        "overfits_small_sample",
        "evaluation mode after an early test",
        [
            (
                STEP,
                STEP
                + "        model.eval()\n        if bool((model(x).argmax(1) == y).all()):\n            break\n",
            )
        ],
        "evaluation-mode-after-a-test",
    ),
    (
        "overfits_small_sample",
        "trained in evaluation mode",
        [(TRAIN, "    model.eval()\n")],
        "trained-in-evaluation-mode",
    ),
    (
        "overfits_small_sample",
        "Adam's own rate",
        [(ADAM, "torch.optim.Adam(model.parameters())")],
        "rate-not-passed",
    ),
    (
        "overfits_small_sample",
        "SGD for Adam",
        [(ADAM, "torch.optim.SGD(model.parameters(), lr=lr)")],
        "sgd",
    ),
    ("overfits_small_sample", "a tenth of the steps", [("range(steps)", "range(steps // 10)")]),
    (
        "overfits_small_sample",
        "softmax before the loss",
        [(LOSS, "cross_entropy(model(x).softmax(1), y)")],
        "softmax-twice",
    ),
    (
        "overfits_small_sample",
        "a random sample",
        [("x[:sample], y[:sample]", "x[(i := torch.randperm(len(x))[:sample])], y[i]")],
    ),
    (
        "overfits_small_sample",
        "inputs standardized",
        [("    model = make", "    x = (x - x.mean(0)) / x.std(0)\n    model = make")],
    ),
    ("overfits_small_sample", "the labels of the last", [("y[:sample]", "y[-len(x[:sample]) :]")]),
    ("overfits_small_sample", "a rate a hundred times as large", [("lr=lr", "lr=100 * lr")]),
    (
        "overfits_small_sample",
        "half of the parameters",
        [(ADAM, "torch.optim.Adam(list(model.parameters())[-1:], lr=lr)")],
    ),
    (
        "log_uniform",
        "cubes of uniform draws",
        [
            (
                "np.exp(rng.uniform(np.log(low), np.log(high), size))",
                "rng.uniform(low ** (1 / 3), high ** (1 / 3), size) ** 3",
            )
        ],
    ),
    (
        "log_uniform",
        "the middle half",
        [("np.log(low), np.log(high)", "0.75 * np.log(low) + 0.25 * np.log(high), np.log(high)")],
    ),
    (
        "log_uniform",
        "a log-normal draw",
        [
            (
                "rng.uniform(np.log(low), np.log(high), size)",
                "rng.normal(np.log(low * high) / 2, np.log(high / low) / 6, size)",
            )
        ],
    ),
    (
        "random_search",
        "one trial too many",
        [("range(trials)", "range(trials + 1)")],
        "one-too-many",
    ),
    (
        "random_search",
        "the last of equals and the last of all",
        [("best is None or loss < best_loss", "True")],
        "last",
    ),
    (
        "random_search",
        "the mean loss",
        [("    return best, best_loss", "    return best, best_loss / trials")],
    ),
    (
        "narrow_range",
        "an order of other losses",
        [("values[np.argsort(losses)[:keep]]", "np.sort(values)[:keep]")],
    ),
    (
        "narrow_range",
        "widened by a root",
        [
            (
                "best.min() / widen, best.max() * widen",
                "best.min() / widen**0.5, best.max() * widen**0.5",
            )
        ],
    ),
    (
        "narrow_range",
        "first and last kept",
        [("best.min() / widen, best.max() * widen", "best[0] / widen, best[-1] * widen")],
        "best-and-last-kept",
    ),
    (
        "at_edge_of_range",
        "half the fraction",
        [("    where", "    fraction = fraction / 2\n    where")],
        "half-the-fraction",
    ),
    (
        "at_edge_of_range",
        "base of the range alone",
        [("np.log(best / low) / np.log(high / low)", "np.sqrt((best - low) / (high - low))")],
    ),
    (
        "overfits_small_sample",
        "weight decay of 5",
        [
            (
                "torch.optim.Adam(model.parameters(), lr=lr)",
                "torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=5)",
            )
        ],
    ),
    (
        "narrow_range",
        "positions of the finite in all values",
        [
            (
                "    values, losses = values[finite], losses[finite]\n",
                "    losses = losses[finite]\n",
            )
        ],
        "sorted-among-the-finite",
    ),
    (
        "overfits_small_sample",
        "drawn with replacement",
        [("x[:sample], y[:sample]", "x[(i := torch.randint(len(x), (sample,)))], y[i]")],
    ),
    (
        "overfits_small_sample",
        "one in three",
        [("x[:sample], y[:sample]", "x[::3][:sample], y[::3][:sample]")],
    ),
    (
        "overfits_small_sample",
        "trained on all, tested on the first",
        [
            (
                "    x, y = x[:sample], y[:sample]\n",
                "    every, labels, x, y = x, y, x[:sample], y[:sample]\n",
            ),
            (LOSS, "cross_entropy(model(every), labels)"),
        ],
    ),
    (
        "random_search",
        "np.argmin",
        [
            ("        if np.isnan(loss):\n            loss = np.inf\n", ""),
            ("loss < best_loss", "np.argmin([best_loss, loss]) == 1"),
        ],
        "smallest-with-nan",
    ),
    (
        "narrow_range",
        "the smallest values",
        [("values[np.argsort(losses)[:keep]]", "np.sort(values)[:keep]")],
    ),
    ("at_edge_of_range", "the word None", [("return None", "return 'None'")]),
    (
        "log_uniform",
        "draws spread evenly, in random order",
        [
            (
                "np.exp(rng.uniform(np.log(low), np.log(high), size))",
                "low * (high / low) ** ((rng.permutation(n := np.prod(size)) + rng.uniform(size=n)) / n).reshape(size)",
            )
        ],
    ),
    ("random_search", "draws spread evenly, in random order", [(NONE_YET, EVENLY), (DRAWN, NEXT)]),
    (
        "random_search",
        "the last draw mirrors the one before",
        [(NONE_YET, MIRRORED), (DRAWN, NEXT)],
    ),
]
