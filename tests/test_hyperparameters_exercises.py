"""What the exercises of ``hyperparameters`` say of answers beyond their known mistakes."""

import numpy as np
from test_exercises import verdict


def test_without_a_finite_loss_no_configuration_is_made_up():
    def random_search(objective, space, trials, rng):
        best, best_loss = {name: low for name, (low, _) in space.items()}, np.inf
        for _ in range(trials):
            config = {n: low * (high / low) ** rng.random() for n, (low, high) in space.items()}
            if (loss := objective(config)) < best_loss:
                best, best_loss = config, loss
        return best, best_loss

    v = verdict("random_search", random_search, "1")
    assert v.score == 4 and v.mistake == "nothing-kept"


def test_a_search_that_never_asks_gets_findings_not_an_error():
    v = verdict("random_search", lambda objective, space, trials, rng: ({}, 0.0))
    assert (v.status, v.score) == ("failed", 0)
    assert "calls of the objective: expected 1000, got 0" in v.message


def test_a_string_is_no_bool():
    v = verdict("overfits_small_sample", lambda make_model, x, y, **options: "True")
    assert "answer: expected 'the bool True', got a str, no bool" in v.message
