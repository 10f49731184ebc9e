"""Logistic regression on fresh examples: the excess loss is a divergence from the truth."""

import numpy as np

from lab import online, rules


def test_the_excess_falls_with_training_and_runs_do_not_mix():
    frequency = np.full(5, 0.5)
    untrained = online.logistic(rules.sgd, [0.0], frequency, seeds=3, steps=1)
    short, long = (
        online.logistic(rules.sgd, [0.1, 0.3], frequency, seeds=3, steps=steps)
        for steps in (100, 2000)
    )
    assert long.shape == (2, 3)
    assert (untrained > short).all() and (short > long).all() and (long > 0).all()
    alone = online.logistic(rules.sgd, [0.3], frequency, seeds=3, steps=100)
    np.testing.assert_allclose(short[1], alone[0])


def test_a_rule_that_knows_the_truth_has_no_excess():
    truth = 2 * np.random.default_rng(0).standard_normal((4, 1, 6))

    def oracle(w, g, state, lr):
        return w * 0 + truth

    excess = online.logistic(oracle, [1.0], np.full(6, 0.3), seeds=4, steps=1)
    np.testing.assert_allclose(excess, 0, atol=1e-12)
