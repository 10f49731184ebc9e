"""Every exercise of the course, by assignment. Students receive this: no answer is in it."""

from autograder.exercise import Exercise
from autograder.exercises import hyperparameters, optimizers, transfer

ASSIGNMENTS: dict[str, list[Exercise]] = {
    "optimizers": optimizers.EXERCISES,
    "hyperparameters": hyperparameters.EXERCISES,
    "transfer": transfer.EXERCISES,
}
EXERCISES: dict[str, Exercise] = {e.id: e for es in ASSIGNMENTS.values() for e in es}
