"""Wrong answers that the lists of known mistakes do not have: (exercise, what, edits of the oracle).

A fourth entry names the known mistake, where there is one that does the same.
"""

WRONG: list[tuple] = [
    (
        "average_predictions",
        "root mean square",
        [("p.mean(axis=0)", "np.sqrt((p**2).mean(axis=0))")],
    ),
    ("average_predictions", "a temperature of 2", [("np.exp(shifted)", "np.exp(shifted / 2)")]),
    ("average_predictions", "the maximum over models", [("p.mean(axis=0)", "p.max(axis=0)")]),
    ("error_correlation", "the mean over models", [("errors.mean(axis=1", "errors.mean(axis=0")]),
    ("error_correlation", "the variance of all", [("np.outer(sd, sd)", "errors.var()")]),
    ("error_correlation", "squared", [("    return correlation", "    return correlation**2")]),
    (
        "cyclic_cosine_rate",
        "steps counted from 1",
        [("(step % length)", "((step + 1) % length)")],
        "one-ahead",
    ),
    (
        "cyclic_cosine_rate",
        "one over all steps",
        [("(step % length) / length", "step / steps")],
        "one-cosine",
    ),
    (
        "collect_snapshots",
        "one step early",
        [("(step + 1) % length == 0", "(step + 2) % length == 0")],
        "one-step-early",
    ),
    (
        "collect_snapshots",
        "at every step",
        [("(step + 1) % length == 0 or step + 1 == steps", "True")],
        "every-step",
    ),
    (
        "collect_snapshots",
        "the rate of the next step",
        [("rate(step)", "rate(step + 1)")],
        "counts-from-1",
    ),
    ("collect_snapshots", "the rate at most 1", [("rate(step)", "min(rate(step), 0.01)")]),
    (
        "exponential_moving_average",
        "decay squared",
        [("self.decay = decay", "self.decay = decay**2")],
    ),
    (
        "exponential_moving_average",
        "half the new",
        [("alpha=1 - self.decay", "alpha=(1 - self.decay) / 2")],
    ),
    (
        "exponential_moving_average",
        "only weights",
        [("if t.is_floating_point():", 'if t.is_floating_point() and "bias" not in name:')],
    ),
    (
        "early_stopping",
        "a flag that stays",
        [
            (
                "        return self.bad >= self.patience",
                "        self.stop = getattr(self, 'stop', False) or self.bad >= self.patience\n        return self.stop",
            )
        ],
        "stays-stopped",
    ),
    (
        "early_stopping",
        "patience plus two",
        [("self.bad >= self.patience", "self.bad >= self.patience + 2")],
    ),
    ("early_stopping", "twice the difference", [("- self.min_delta:", "- 2 * self.min_delta:")]),
    (
        "early_stopping",
        "stops only once",
        [("return self.bad >= self.patience", "return self.bad == self.patience + 1")],
    ),
    (
        "collect_snapshots",
        "one step late",
        [("(step + 1) % length == 0", "step % length == 0 and step > 0")],
    ),
    (
        "exponential_moving_average",
        "counters left alone",
        [("            else:\n                self.average[name].copy_(t)\n", "")],
        "counters-left",
    ),
    (
        "early_stopping",
        "anew after a stop",
        [
            (
                "        return self.bad >= self.patience",
                "        if self.bad < self.patience:\n            return False\n        self.bad = 0\n        return True",
            )
        ],
        "anew-after-a-stop",
    ),
    (
        "average_predictions",
        "the mean of the logarithms",
        [("p.mean(axis=0)", "np.exp(np.log(np.maximum(p, 1e-300)).mean(axis=0))")],
    ),
]
