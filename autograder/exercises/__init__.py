"""Every exercise of the course, by assignment. Students receive this: no answer is in it."""

from autograder.exercise import Exercise
from autograder.exercises import ensembles, hyperparameters, optimizers, regularization, transfer

ASSIGNMENTS: dict[str, list[Exercise]] = {
    "optimizers": optimizers.EXERCISES,
    "ensembles": ensembles.EXERCISES,
    "regularization": regularization.EXERCISES,
    "transfer": transfer.EXERCISES,
    "hyperparameters": hyperparameters.EXERCISES,
}
EXERCISES: dict[str, Exercise] = {e.id: e for es in ASSIGNMENTS.values() for e in es}
