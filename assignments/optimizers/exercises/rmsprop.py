"""The exercise ``rmsprop``: an update rule in NumPy."""

from ._update_rules import EPSILON, RATE, Rule, update_rule

EXERCISE = update_rule(
    "rmsprop",
    Rule(
        {**RATE, "decay_rate": (0.55, 0.9), **EPSILON},
        {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8},
        {"cache": "positive"},
        {"learning_rate": 0.1, "decay_rate": 0.9, "epsilon": 0.1},
    ),
    (2, 1, 1, 1),
    minutes=5,
    difficulty=1,
)
