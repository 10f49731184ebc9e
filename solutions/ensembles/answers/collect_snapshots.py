"""Answers to collect_snapshots, in NumPy."""

import copy
import math

import numpy as np

from autograder.grading.answer import Answer


def collect_snapshots(train_step, weights, steps, cycles, rate):
    length = -(-steps // cycles)
    kept = []
    for step in range(steps):
        weights = train_step(weights, rate(step))
        if (step + 1) % length == 0 or step + 1 == steps:
            kept.append({name: w.copy() for name, w in weights.items()})
    return kept


ANSWER = Answer(collect_snapshots)


@ANSWER.alternative
def collect_snapshots(train_step, weights, steps, cycles, rate):
    """Written with a loop over cycles and a loop within, and deepcopy."""
    length, snapshots = math.ceil(steps / cycles), []
    for start in range(0, steps, length):
        for t in range(start, min(start + length, steps)):
            weights = train_step(weights, rate(t))
        snapshots.append(copy.deepcopy(weights))
    return snapshots


@ANSWER.alternative
def collect_snapshots(train_step, weights, steps, cycles, rate):
    """Written with the ends of the cycles listed in advance."""
    length = int(np.ceil(steps / cycles))
    ends = {*range(length, steps, length), steps}
    snapshots, t = [], 0
    while t < steps:
        weights = train_step(weights, rate(t))
        t += 1
        if t in ends:
            snapshots.append(dict(zip(weights, map(np.array, weights.values()))))  # noqa: B905
    return snapshots


@ANSWER.alternative
def collect_snapshots(train_step, weights, steps, cycles, rate):
    """Written with a counter, the rates computed first, and a tuple returned."""
    rates = [rate(step) for step in range(steps)]
    length = (steps + cycles - 1) // cycles
    left, snapshots = length, []
    for r in rates:
        weights = train_step(weights, r)
        left -= 1
        if not left:
            snapshots.append({k: v + 0.0 for k, v in weights.items()})
            left = length
    if left != length:
        snapshots.append({k: v + 0.0 for k, v in weights.items()})
    return tuple(snapshots)


@ANSWER.alternative
def collect_snapshots(train_step, weights, steps, cycles, rate):
    """Written with snapshots taken before the first step of each later cycle, and after the run."""
    length = -(-steps // cycles)
    out = []
    for step in range(steps):
        if step > 0 and step % length == 0:
            out += [{k: np.copy(v) for k, v in weights.items()}]
        weights = train_step(weights, rate(step))
    return [*out, {k: np.copy(v) for k, v in weights.items()}]


@ANSWER.alternative
def collect_snapshots(train_step, weights, steps, cycles, rate):
    """Written with a generator of all weights of the run."""

    def run(now):
        for step in range(steps):
            now = train_step(now, rate(step))
            yield step + 1, now

    length = np.ceil(steps / cycles)
    return [
        {name: np.array(w, copy=True) for name, w in now.items()}
        for count, now in run(weights)
        if count == steps or count % length == 0
    ]


ANSWER.edited(
    "no-copy", "no copy: every snapshot is the same dict, which training goes on to change",
    ("{name: w.copy() for name, w in weights.items()}", "weights"),
)
ANSWER.edited(
    "shallow-copy", "arrays in the snapshots that change with later training: copy them, not only the dict",
    ("{name: w.copy() for name, w in weights.items()}", "dict(weights)"),
    observed=True,
)
ANSWER.edited(
    "float32", "copies in float32, which round the weights",
    ("w.copy()", "w.astype(np.float32)"),
    observed=True,
)
ANSWER.edited(
    "last-not-copied", "a copy of every snapshot but the last, which later training changes",
    ("kept.append({name: w.copy() for name, w in weights.items()})",
     "kept.append({name: w.copy() if step + 1 < steps else w for name, w in weights.items()})"),
    observed=True,
)
ANSWER.edited(
    "at-the-highest-rate", "snapshots after the first step of each cycle, where the rate is highest",
    ("(step + 1) % length == 0 or step + 1 == steps", "step % length == 0"),
)
ANSWER.edited(
    "at-the-start", "snapshots before each cycle: the untrained weights are in, the last are not",
    ("        weights = train_step(weights, rate(step))\n", ""),
    ("(step + 1) % length == 0 or step + 1 == steps", "step % length == 0"),
    ("for name, w in weights.items()})\n",
     "for name, w in weights.items()})\n        weights = train_step(weights, rate(step))\n"),
)
ANSWER.edited(
    "last-missing", "the end of the last cycle left out",
    ("(step + 1) % length == 0 or step + 1 == steps", "(step + 1) % length == 0 and step + 1 < steps"),
)
ANSWER.edited(
    "whole-cycles-alone", "no snapshot after a last cycle that is cut short",
    (" or step + 1 == steps", ""),
)
ANSWER.edited(
    "last-twice", "the last weights twice: at the end of the cycle and after the run",
    (" or step + 1 == steps", ""),
    ("    return kept", "    kept.append({name: w.copy() for name, w in weights.items()})\n    return kept"),
)
ANSWER.edited(
    "and-the-first", "the untrained weights kept as well",
    ("    kept = []", "    kept = [{name: w.copy() for name, w in weights.items()}]"),
)
ANSWER.edited(
    "floor", "the length of a cycle rounded down instead of up",
    ("-(-steps // cycles)", "steps // cycles"),
)
ANSWER.edited(
    "cycles-as-length", "cycles read as the number of steps in a cycle",
    ("-(-steps // cycles)", "cycles"),
)
ANSWER.edited(
    "result-dropped", "the weights that train_step returns dropped",
    ("weights = train_step(", "train_step("),
)
ANSWER.edited(
    "every-step", "a snapshot after every step",
    ("(step + 1) % length == 0 or step + 1 == steps", "True"),
)
ANSWER.edited(
    "counts-from-1", "rates of steps counted from 1",
    ("rate(step)", "rate(step + 1)"),
)
ANSWER.edited(
    "one-rate", "the rate asked for once, before the run",
    ("    kept = []\n", "    kept, first = [], rate(0)\n"), ("rate(step)", "first"),
)
ANSWER.edited(
    "starts-over", "each cycle started from the first weights again",
    ("    for step in range(steps):\n",
     "    first = {name: w.copy() for name, w in weights.items()}\n    for step in range(steps):\n"
     "        if step % length == 0:\n"
     "            weights = {name: w.copy() for name, w in first.items()}\n"),
)
ANSWER.edited(
    "the-last-repeated", "the last weights of the run, as often as there are cycles",
    ("    return kept", "    return [kept[-1] for _ in kept]"),
)
ANSWER.edited(
    "before-the-last-step", "snapshots one step early: taken before the last step of each cycle, not after it",
    ("        weights = train_step(weights, rate(step))\n", ""),
    ("for name, w in weights.items()})\n",
     "for name, w in weights.items()})\n        weights = train_step(weights, rate(step))\n"),
)
ANSWER.edited(
    "one-step-early", "snapshots one step before the end of each cycle, that after the run excepted",
    ("(step + 1) % length == 0", "(step + 2) % length == 0"),
)
