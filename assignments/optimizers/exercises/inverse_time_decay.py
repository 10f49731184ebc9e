"""The exercise ``inverse_time_decay``: a learning-rate schedule."""

from ._schedules import decay_edges, decay_formula, schedule

EXERCISE = schedule("inverse_time_decay", decay_formula, decay_edges, minutes=2, difficulty=1)
