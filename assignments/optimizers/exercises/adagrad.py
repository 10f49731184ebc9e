"""The exercise ``adagrad``: an update rule in NumPy."""

from ._update_rules import EPSILON, RATE, Rule, update_rule

EXERCISE = update_rule(
    "adagrad",
    Rule(
        {**RATE, **EPSILON},
        {"learning_rate": 1e-2, "epsilon": 1e-8},
        {"cache": "positive"},
        {"learning_rate": 0.1, "epsilon": 0.1},
    ),
    (2, 1, 1, 1),
    minutes=5,
    difficulty=1,
)
