"""The optimization part's long experiments: what a page reads from their records."""

import numpy as np
import pytest

from lab.experiments import decay, records, stall


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
