"""The optimization part's long experiments: what a page reads from their records."""

import numpy as np
import pytest
import torch

from lab import contest
from lab.experiments import compared, decay, records, samples, stall


@pytest.mark.parametrize("rule", decay.RATES)
@pytest.mark.parametrize("batch", decay.BATCHES)
def test_decay_has_every_rate_schedule_and_seed(rule, batch):
    for schedule in decay.SCHEDULES:
        losses = decay.losses(rule, batch, schedule)
        assert losses.shape == (len(decay.RATES[rule]), decay.DECAY.seeds)
        assert np.isfinite(losses).all()
        assert losses.min() > 0
    constant, cosine = decay.losses(rule, batch, "constant"), decay.losses(rule, batch, "cosine")
    assert not np.allclose(constant, cosine)


def test_decay_measures_what_its_records_say(monkeypatch):
    monkeypatch.setattr(decay, "STEPS", 20)
    measured = decay.measure({"rule": "momentum", "batch": 16}, seed=0)
    assert measured.keys() == records("decay")[0]["measured"].keys()
    assert all(0 < loss < decay.OFF_THE_SCALE for loss in list(measured.values())[:3])


@pytest.mark.parametrize("rule", stall.RULES)
def test_stall_chooses_runs_by_the_other_seeds(rule):
    found, curves = stall.tuned(rule)
    assert curves.shape == (stall.STALL.seeds, stall.STEPS // stall.EVERY + 1)
    np.testing.assert_array_equal(curves[:, -1], found.loss)
    assert (curves[:, -1] < curves[:, 0]).all()


def test_stall_measures_what_its_records_say(monkeypatch):
    kept = records("stall")[0]
    monkeypatch.setattr(stall, "STEPS", stall.EVERY)
    measured = stall.measure(kept["setting"], kept["seed"])
    assert measured.keys() <= kept["measured"].keys()
    for name, loss in measured.items():
        assert loss == pytest.approx(kept["measured"][name], rel=0.05)


@pytest.mark.parametrize("rule", compared.RULES)
def test_six_rules_have_every_rate_and_seed_and_no_best_rate_at_an_edge(rule):
    losses = compared.six(rule)
    assert losses.shape == (len(compared.SIX_RATES), compared.SIX.seeds)
    assert not contest.entry(compared.SIX_RATES, losses).edge


@pytest.mark.parametrize("architecture", compared.ARCHITECTURES)
@pytest.mark.parametrize("rule", compared.FIVE_RATES)
def test_five_architectures_have_no_best_rate_at_an_edge(architecture, rule):
    rates = compared.FIVE_RATES[rule]
    assert not contest.entry(rates, compared.five(architecture, rule)).edge


def test_a_rule_trained_now_is_the_one_on_record():
    torch.set_num_threads(1)
    now = compared.measure_six({"rule": "rmsprop"}, seed=1)
    for rate in ("0.001", "0.003", "0.01"):  # higher ones are near the limit of stability
        assert now[rate] == pytest.approx(samples("six-rules", rate, rule="rmsprop")[1], rel=0.05)
