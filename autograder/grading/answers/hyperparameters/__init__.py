"""The answers of the assignment ``hyperparameters``."""

from autograder.grading.answers.base import Answer
from autograder.grading.answers.hyperparameters import random_search, ranges, small_sample

ANSWERS: dict[str, Answer] = {
    "expected_initial_loss": ranges.INITIAL_LOSS,
    "overfits_small_sample": small_sample.OVERFITS,
    "log_uniform": ranges.LOG_UNIFORM,
    "random_search": random_search.RANDOM_SEARCH,
    "narrow_range": ranges.NARROW_RANGE,
    "at_edge_of_range": ranges.AT_EDGE,
}
