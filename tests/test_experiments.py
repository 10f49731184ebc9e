"""Records of long experiments: nothing is measured twice, nothing is lost."""

import numpy as np
import pytest

from lab import experiments
from lab.experiments import Experiment


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """An experiment of four runs that counts how often each is measured."""
    monkeypatch.setattr(experiments, "RECORDS", tmp_path)
    seen = []

    def measure(setting, seed):
        seen.append((setting["rate"], seed))
        if len(seen) == measure.dies_at:
            raise KeyboardInterrupt
        return {"score": setting["rate"] * 10 + seed}

    measure.dies_at = None
    settings = [{"rate": rate, "rule": "sgd"} for rate in (1, 2)]
    return Experiment("counted", settings, 2, measure), seen


def test_a_stopped_run_is_taken_up_again(counted):
    experiment, seen = counted
    experiment.measure.dies_at = 3
    with pytest.raises(KeyboardInterrupt):
        experiments.run(experiment, say=lambda text: None)
    said = []
    experiments.run(experiment, say=said.append)
    assert said[0] == "counted: 2 of 4 runs are recorded"
    assert sorted(seen) == [(1, 0), (1, 1), (1, 1), (2, 0), (2, 1)]
    assert len(experiments.records("counted")) == 4


def test_a_line_cut_short_is_measured_again(counted):
    experiment, seen = counted
    experiments.run(experiment, say=lambda text: None)
    file = experiments.RECORDS / "counted.jsonl"
    file.write_text(file.read_text()[:-20])
    assert len(experiments.records("counted")) == 3
    experiments.run(experiment, say=lambda text: None)
    assert len(experiments.records("counted")) == 4
    assert len(seen) == 5


def test_samples_come_in_the_order_of_the_seeds(counted):
    experiment, _ = counted
    experiments.run(experiment, say=lambda text: None)
    np.testing.assert_array_equal(experiments.samples("counted", "score", rate=2), [20, 21])
    with pytest.raises(LookupError, match="fits 4 records"):
        experiments.samples("counted", "score", rule="sgd")
    with pytest.raises(LookupError, match="fits 0 records"):
        experiments.samples("counted", "score", rate=3)
    assert "4 runs, 2 seeds" in experiments.provenance("counted")


def test_without_records_the_error_says_what_to_do(counted):
    with pytest.raises(FileNotFoundError, match="make experiments"):
        experiments.records("counted")
