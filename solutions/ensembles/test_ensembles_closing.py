"""The closing section of the assignment says what its text says, with every right answer."""

import re

import numpy as np
import pytest

from tests import closing

WITHOUT_THE_FIRST = ("one_run(0, 4))", "one_run(0, 4)[1:])")
PERCENT = re.compile(r"([\d.]+)%")


def ensembles(lines):
    """Of both ensembles: the members' accuracies, that of all together, the correlation."""
    for line in lines[:2]:
        *members, together = map(float, PERCENT.findall(line))
        yield np.array(members), together, float(line.rpartition(" ")[2])


def weights(lines):
    """The number of steps, and the accuracies of the last, the best and the averaged weights."""
    steps = int(lines[2].partition(" ")[0])
    return steps, [float(PERCENT.search(line)[1]) for line in lines[3:6]]


def says_what_its_text_says(given, *edits):
    lines = closing.run("ensembles", given, *edits)
    networks, snapshots = ensembles(lines)
    for members, together, _ in (networks, snapshots):
        assert together > members.mean() + 1, "more often than its members on average"
        assert together < members.max() + 1, "hardly more often than the best of them"
    assert networks[0].mean() > snapshots[0].mean() + 5, "the networks are better alone"
    assert snapshots[2] < networks[2], "the first snapshot errs where the others don't"
    steps, (last, best, averaged) = weights(lines)
    assert averaged > last + 1 and averaged > best - 1
    return networks, snapshots, steps, averaged - best


def test_the_ensembles_and_the_averages():
    assert "more often than their members are on average" in closing.text("ensembles")
    says_what_its_text_says(closing.dresses("ensembles")[0])


@pytest.mark.nightly
def test_on_the_whole_the_average_is_the_best_and_the_snapshots_differ_most():
    """Over six runs: how far one of them goes hangs on the processor's rounding."""
    given = closing.dresses("ensembles")[0]
    ends = []
    for seed in range(6):
        others = (("network(0)", f"network({seed})"), ("one_run(0, 4)", f"one_run({seed}, 4)"))
        networks, snapshots, _, gain = says_what_its_text_says(given, *others)
        ends.append((networks[2] - snapshots[2], gain))
    assert (np.mean(ends, axis=0) > (0.1, 1)).all()


@pytest.mark.nightly
def test_without_the_first_snapshot_and_with_less_patience():
    given = closing.dresses("ensembles")[0]
    _, snapshots, steps, _ = says_what_its_text_says(given)
    lines = closing.run(
        "ensembles", given, WITHOUT_THE_FIRST, ("decay=0.98", "decay=0.9"), ("=15)", "=5)")
    )
    _, others = ensembles(lines)
    assert others[2] > snapshots[2] + 0.05 and others[1] >= snapshots[1]
    assert weights(lines)[0] < min(steps, 1600), "a patience of 5 does run out"


@pytest.mark.nightly
@pytest.mark.parametrize("decay", [0.9, 0.999])
def test_a_decay_can_be_too_short_and_too_long(decay):
    given = closing.dresses("ensembles")[0]
    _, (*_, averaged) = weights(closing.run("ensembles", given))
    _, (*_, other) = weights(closing.run("ensembles", given, ("0.98", str(decay))))
    assert other < averaged - 1


@pytest.mark.nightly
def test_the_average_jumps_much_less():
    """Half as far or less from check to check, once the average has taken in what it forgets."""
    at = "if (step + 1) % 25 == 0:"
    code = "\n            raw.append(state(model)); mean.append(state(ema))"
    given = closing.dresses("ensembles")[0]
    kept = given["ExponentialMovingAverage"]
    held = {"raw": [], "mean": []}

    def state(model):
        now = model.average if isinstance(model, kept) else model.state_dict()
        return {name: tensor.clone() for name, tensor in now.items()}

    namespace = closing.played("ensembles", given | held | {"state": state}, (at, at + code))
    network, labels = namespace["network"](0), namespace["y_test"].numpy()
    jumps = {}
    for name, states in held.items():
        right = []
        for one in states:
            network.load_state_dict(one)
            right.append((namespace["test_logits"](network).argmax(1) == labels).mean())
        jumps[name] = np.abs(np.diff(right))[len(right) // 2 :].mean()
    assert jumps["mean"] < jumps["raw"] / 2


@pytest.mark.nightly
def test_they_do_with_every_right_answer():
    for given in closing.dresses("ensembles")[1:]:
        says_what_its_text_says(given)
