"""The exercise ``adam``: an update rule in NumPy."""

from ._update_rules import EPSILON, RATE, Rule, update_rule

EXERCISE = update_rule(
    "adam",
    Rule(
        {**RATE, "beta1": (0.3, 0.7), "beta2": (0.75, 0.95), **EPSILON},
        {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        {"m": "signed", "v": "positive", "t": "count"},
        {"learning_rate": 0.1, "epsilon": 0.1},
    ),
    (4, 1, 2, 1),
    minutes=15,
    difficulty=2,
)
