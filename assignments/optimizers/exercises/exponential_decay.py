"""The exercise ``exponential_decay``: a learning-rate schedule."""

from ._schedules import decay_edges, decay_formula, schedule

EXERCISE = schedule("exponential_decay", decay_formula, decay_edges, minutes=2, difficulty=1)
