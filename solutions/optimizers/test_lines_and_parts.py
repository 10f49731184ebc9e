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


SLIPS = {
    "adam": ["epsilon-inside", "epsilon-uncorrected", "no-bias-correction", "only-m-corrected"],
    "rmsprop": ["epsilon-inside", "no-root"],
    "adagrad": ["epsilon-inside", "not-squared"],
    "nesterov_momentum": ["old-velocity-added"],
}


@pytest.mark.parametrize(
    ("name", "slip"), [(n, slip) for n, held in SLIPS.items() for slip in held]
)
def test_a_slip_in_the_formula_does_not_cost_defaults_and_shapes(name, slip):
    v = verdict(name, mistake(name, slip), "1")
    assert v.parts["update rule"][0] == 0 and v.mistake == slip
    assert v.parts["defaults"] == (1, 1) and v.parts["shapes and dtypes"] == (1, 1)


@pytest.mark.parametrize(
    "slip", ["epsilon-inside", "epsilon-uncorrected", "no-bias-correction", "no-root"]
)
def test_a_slip_in_the_step_costs_a_torch_optimizer_the_step_alone(slip):
    v = verdict("torch_adam", mistake("torch_adam", slip), "1")
    assert (v.score, v.parts["update rule"], v.mistake) == (6, (0, 4), slip)


@pytest.mark.parametrize("name", RULES)
def test_defaults_are_the_rules_own_only_if_they_are_used(name):
    """No points for a step downhill that knows of no hyperparameter."""
    v = verdict(name, lambda w, dw, config=None: (w - 0.001 * dw, config or {}), "1")
    said = " ".join(f.message for f in v.findings)
    assert v.parts["defaults"][0] == 0 and "written into the config" in said


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_looks_at_its_neighbours_has_no_points_for_shapes(name):
    def mixed(w, dw, config=None):
        return oracle(name)(w, np.full_like(dw, np.mean(dw)) if dw.size else dw, config)

    assert verdict(name, mixed, "1").parts["shapes and dtypes"][0] == 0


@pytest.mark.parametrize(
    "slip", ["hessian-not-inverted", "diagonal-only", "no-damping-in-a-bowl", "shift-in-a-bowl"]
)
def test_a_slip_in_newtons_formula_does_not_cost_the_shapes(slip):
    v = verdict("newton_step", mistake("newton_step", slip), "1")
    assert v.parts["well-conditioned"] == (0, 2) and v.parts["shapes"] == (1, 1)
    assert v.mistake == slip


@pytest.mark.parametrize(
    "step",
    [
        lambda grad, hessian, damping: np.zeros_like(grad),
        lambda grad, hessian, damping: -np.sort(np.abs(grad)) * np.sign(grad),
        lambda grad, hessian, damping: -grad[:, None],
        lambda grad, hessian, damping: -np.full(3, grad.sum()),
        lambda grad, hessian, damping: np.ones_like(grad),
        lambda grad, hessian, damping: -np.ones_like(grad),
        lambda grad, hessian, damping: damping - grad,
        lambda grad, hessian, damping: np.diag(hessian).astype(grad.dtype),
    ],
    ids=["none at all", "of another order", "of another shape", "of fixed length", "ones", "minus ones",
         "beside the gradient", "without the gradient"],
)  # fmt: skip
def test_newtons_shapes_are_not_had_by_any_step(step):
    for seed in map(str, range(1, 13)):  # some go downhill by chance
        assert verdict("newton_step", step, seed).parts["shapes"] == (0, 1)


def test_a_right_gradient_beside_a_bounded_loss_keeps_its_points():
    v = verdict("softmax_loss", mistake("softmax_loss", "bounded-by-1e-12"), "1")
    assert v.parts == {"loss": (0.0, 2), "gradient": (2, 2)}


def test_the_two_values_the_other_way_round_are_named():
    v = verdict("softmax_loss", lambda x, y: oracle("softmax_loss")(x, y)[::-1])
    assert "the loss first, then dx" in v.message


@pytest.mark.parametrize(
    "slip", ["warm-up-from-0", "warm-up-below-base-rate", "warm-up-of-linspace"]
)
def test_a_slip_in_the_warm_up_does_not_cost_the_cosine(slip):
    v = verdict("cosine_with_warmup", mistake("cosine_with_warmup", slip), "1")
    assert v.parts == {"formula": (1, 1), "edges": (0, 1)} and v.mistake == slip
