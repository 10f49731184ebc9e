"""The records that the pages on ensembles, regularization and transfer read: all there, and true."""

import numpy as np
import pytest
import torch

from lab.experiments import (
    augmented,
    beside_norm,
    compared,
    critical,
    efficient,
    ensembles,
    ghosts,
    landscape,
    mixing,
    newer,
    records,
    regularizers,
    rivals,
    samples,
    snapshots,
    stopped,
    transfer,
)
from lab.experiments.signals import draw

EXPERIMENTS = [
    augmented.AUGMENTED,
    augmented.AUGMENTED_EDGE,
    beside_norm.BESIDE_NORM,
    compared.FIVE,
    compared.SIX,
    critical.CRITICAL,
    efficient.EFFICIENT,
    efficient.EFFICIENT_RATES,
    efficient.EFFICIENT_RIVAL,
    ensembles.ENSEMBLES,
    ghosts.GHOSTS,
    landscape.LANDSCAPE,
    mixing.MIXING,
    newer.NEWER,
    regularizers.REGULARIZERS,
    rivals.RIVAL_RATES,
    rivals.RIVALS,
    snapshots.SNAPSHOTS,
    stopped.STOPPED,
    transfer.RATES,
    transfer.TRANSFER,
]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_every_setting_is_on_record_with_its_seeds(experiment):
    found = [(tuple(r["setting"].items()), r["seed"]) for r in records(experiment.name)]
    wanted = {
        (tuple(setting.items()), seed)
        for setting in experiment.settings
        for seed in range(experiment.seeds)
    }
    assert len(found) == len(set(found)), "measured twice"
    assert set(found) == wanted


def test_seeds_draw_signals_of_their_own_and_keep_the_sets_apart():
    first, other = draw(200, seed=0), draw(200, seed=1)
    assert not torch.equal(first.dataset.x_train, other.dataset.x_train)
    parts = [first.dataset.x_train, first.dataset.x_test, first.choosing.x_test]
    rows = [tuple(row) for part in parts for row in part.tolist()]
    assert len(set(rows)) == len(rows) == 200 + 2000 + 1000
    assert torch.equal(first.dataset.x_test, draw(1000, seed=0).dataset.x_test)


def test_a_penalty_trained_now_is_the_one_on_record():
    torch.set_num_threads(1)
    now = stopped.measure_all("penalty", 3e-3, seed=1)
    for k, strength in enumerate(stopped.STUDIES["penalty"]):
        for figure in ("test_accuracy", "stopped_test_accuracy"):
            recorded = stopped.figures("penalty", figure)[k, stopped.RATES.index(3e-3), 1]
            assert abs(now[strength][figure] - recorded) < 0.03  # another machine rounds otherwise


def test_each_strength_is_judged_at_a_rate_that_other_seeds_chose():
    scores = -stopped.figures("penalty", "validation_accuracy")[0]
    accuracy = stopped.figures("penalty", "test_accuracy")[0]
    for seed in (0, 7):
        best = np.delete(scores, seed, axis=1).mean(1).argmin()
        assert stopped.tuned("penalty", "test_accuracy")[0, seed] == accuracy[best, seed]


def test_scattered_digits_share_few_pixels_and_keep_their_strokes():
    strokes = torch.zeros(20, 1, 8, 8)
    strokes[:, :, 2:6, 3:5] = 1
    made = transfer.scatter(strokes)
    assert made.shape == (20, 3, 64, 64) and made.min() >= 0 and made.max() <= 1
    ink = (made[:, 0] > 0.5).flatten(1).float()
    assert (ink.sum(1) > 20).all()
    both = ink @ ink.T / ink.sum(1)
    assert both[~torch.eye(20, dtype=bool)].mean() < 0.4
    assert torch.equal(made, transfer.scatter(strokes))


def test_statistics_of_fewer_examples_trained_now_are_the_ones_on_record():
    torch.set_num_threads(1)
    now = ghosts.measure_all(16, seed=1)
    for rate in ghosts.RATES[:3]:  # the highest is near the limit of stability
        before = samples("ghosts", "test_accuracy", statistics=16, rate=rate)[1]
        assert abs(now[rate]["test_accuracy"] - before) < 0.03


def test_no_snapshot_contestant_has_its_best_at_an_edge():
    assert {name: snapshots.edges(name) for name in snapshots.CONTEST} == dict.fromkeys(
        snapshots.CONTEST, []
    )


def test_each_way_of_fine_tuning_is_judged_at_the_best_rate_on_record_and_none_at_an_edge():
    found = {way: efficient.searched(*way) for way in efficient.TRIED}
    assert {way: e.edge for way, e in found.items()} == dict.fromkeys(found, "")
    assert {way: e.best for way, e in found.items()} == efficient.RATES


@pytest.mark.nightly
def test_an_augmented_network_trained_now_is_the_one_on_record():
    torch.set_num_threads(1)
    now = augmented.measure_all("flips and crops", seed=1)
    before = samples("augmented", "center", way="flips and crops", rate=3e-3)[1]
    assert abs(now[3e-3]["center"] - before) < 0.08  # of 75 pictures


@pytest.mark.nightly
def test_ensembles_trained_now_are_the_ones_on_record():
    torch.set_num_threads(1)
    pair = 3e-2, 0.3
    now = ensembles.measure_all("ten short", 1, (pair,))[pair]["test_all_loss"]
    before = samples("ensembles", "test_all_loss", contender="ten short", rate=3e-2, decay=0.3)
    assert abs(now - before[1]) < 0.01
    assert abs(mixing.copies_alone_again(1) - mixing.accuracy("copies alone")[1]) < 0.02


def test_mixes_and_copies_choose_on_validation_from_what_they_may():
    y = np.arange(60) % 3
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), size=(mixing.MEMBERS + 2, mixing.MEMBERS, len(y)))
    p[4] = 0.5 * np.eye(3)[y] + 0.5 * p[4]  # the fourth setting is right, if unsure
    found = mixing.choices(p, y)
    assert found["copies alone"] == [[(4, m) for m in range(mixing.MEMBERS)]]
    assert found["one network"] == [[(4, m)] for m in range(mixing.MEMBERS)]
    for member, search in enumerate(found["ten best"]):
        assert {m for _, m in search} == {member} and len({s for s, _ in search}) == mixing.MEMBERS
        assert search[0] == (4, member)
    assert all(m == k for k, search in enumerate(found["greedy"]) for _, m in search)
    (of_all,) = found["greedy of all"]
    assert len(of_all) == mixing.MEMBERS and {s for s, _ in of_all} == {4}


@pytest.mark.nightly
def test_a_newer_rule_trained_now_is_the_one_on_record():
    torch.set_num_threads(1)
    setting = {"rule": "Lion, cosine", "steps": newer.STEPS}
    for rate, loss in newer.measure(setting, seed=1).items():
        assert loss == pytest.approx(samples("newer", rate, **setting)[1], rel=0.1)
