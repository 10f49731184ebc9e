"""What the verdicts on update rules and the softmax loss say, line by line, and cost, part by part."""

import numpy as np
import pytest

from tests.answers import COURSE, mistake, oracle, statement, verdict

RULES = ["sgd_momentum", "nesterov_momentum", "adagrad", "rmsprop", "adam"]


@pytest.mark.parametrize("name", RULES)
def test_the_first_case_is_the_example_in_the_text(name):
    """Its numbers stand in the table of the text, line by line."""
    key = COURSE.assignment("optimizers").public_keys()[name]
    expected, text = key.expected[0], statement(name)
    assert key.cases[0].name == "the example in the text"
    for line, steps in expected.items():
        for step in np.reshape(np.asarray(steps, float), (2, -1)):
            number = f"{step[0]:.6g}"  # the first entry, which is done by hand
            assert f"= {number}" in text or line == "config['t']", number


def test_an_example_says_which_line_is_wrong():
    v = verdict("adam", mistake("adam", "squares-of-m"))
    assert v.findings[0].message.startswith(
        "step 1 of 2: config['m'], config['t'] are right; config['v'][1]: expected 0.001, got 1e-05"
    )


@pytest.mark.parametrize("name", RULES)
def test_a_slip_in_the_step_does_not_cost_the_state(name):
    v = verdict(name, mistake(name, "uphill" if name in RULES[2:] else "rate-fixed"), "1")
    state_follows_the_rate = name in RULES[:2]
    assert (v.parts["state"][0] > 0) != state_follows_the_rate
    assert v.parts["update rule"][0] == 0


def test_a_right_gradient_beside_a_bounded_loss_keeps_its_points():
    v = verdict("softmax_loss", mistake("softmax_loss", "bounded-by-1e-12"), "1")
    assert v.parts == {"loss": (0.0, 2), "gradient": (2, 2)}


def test_the_two_values_the_other_way_round_are_named():
    v = verdict("softmax_loss", lambda x, y: oracle("softmax_loss")(x, y)[::-1])
    assert "the loss first, then dx" in v.message
