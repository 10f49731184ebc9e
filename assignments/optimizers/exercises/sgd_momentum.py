"""The exercise ``sgd_momentum``: an update rule in NumPy."""

from ._update_rules import MOMENTUM, Rule, update_rule

EXERCISE = update_rule(
    "sgd_momentum",
    Rule(
        MOMENTUM,
        {"learning_rate": 1e-2, "momentum": 0.9},
        {"velocity": "signed"},
        {"learning_rate": 0.1, "momentum": 0.9},
    ),
    (2, 1, 1, 1),
    minutes=10,
    difficulty=1,
)
