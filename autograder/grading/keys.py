"""Answer keys: what the oracle and each known mistake give on cases drawn from a seed."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from autograder import judge, probe, publickeys
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises import ASSIGNMENTS
from autograder.grading.answers import ANSWERS
from autograder.grading.answers.base import WrongAnswer, fresh

PUBLIC_SEED = "public"

torch.set_num_threads(1)  # oracles and mistakes work on small tensors, a grader on each core


def draw_cases(exercise: Exercise, seed: str) -> list[Case]:
    """The cases of an exercise for a seed; every pair of seed and exercise has its own stream.

    Hidden cases come from the answer's own generator where it has one.
    """
    digest = hashlib.sha256(f"{seed}/{exercise.id}".encode()).digest()
    hidden = ANSWERS[exercise.id].hidden_cases if seed != PUBLIC_SEED else None
    return (hidden or exercise.cases)(np.random.default_rng(list(digest)))


def restart_chance(name: str) -> None:
    """Seed NumPy's and torch's global generators from a name, so that keys can be made again."""
    digest = hashlib.sha256(name.encode()).digest()
    np.random.seed(int.from_bytes(digest[:4], "little"))
    torch.manual_seed(int.from_bytes(digest[4:8], "little"))


def as_float64(value: Any) -> Any:
    """The same plain data with every floating array in float64: what an oracle computes from."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float64)
    if isinstance(value, dict):
        return {k: as_float64(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_float64(v) for v in value]
    return value


def expected_outputs(exercise: Exercise, cases: list[Case]) -> list[Outputs]:
    """What the oracle gives on each case, computed in float64 on the CPU."""
    oracle = ANSWERS[exercise.id].oracle
    restart_chance(exercise.id)
    return [
        kept(exercise, c, exercise.probe(oracle, as_float64(probe.copies(c.inputs)), "cpu"))
        for c in cases
    ]


def kept(exercise: Exercise, case: Case, outputs: Outputs) -> Outputs:
    """What a key holds of these outputs."""
    if exercise.summary is None or "unusable" in outputs:
        return outputs
    return exercise.summary(case, outputs)


class LazyOutcomes(Sequence):
    """What a known mistake gives on each case: a case is tried, after those before it, on demand."""

    def __init__(self, exercise: Exercise, mistake: WrongAnswer, cases: list[Case]) -> None:
        self.exercise = exercise
        self.mistake = mistake
        self.cases = cases
        self.tried: list[dict] = []

    def __len__(self) -> int:
        return len(self.cases)

    def __getitem__(self, i: int) -> dict:
        if not self.tried:
            restart_chance(f"{self.exercise.id}/{self.mistake.id}")
            self.code = fresh(self.mistake.code)
        while len(self.tried) <= i:
            case = self.cases[len(self.tried)]
            (outcome,) = probe.run(self.exercise, self.code, [case], "cpu")
            if "outputs" in outcome:
                outcome["outputs"] = kept(self.exercise, case, outcome["outputs"])
            self.tried.append(outcome)
        return self.tried[i]


class LazyKey:
    """The answer key to some cases; mistakes are tried only as far as somebody asks for them.

    Naming a mistake asks for the cases on which the student failed, and for no more of them once a
    mistake is out of the question.
    """

    def __init__(self, exercise: Exercise, cases: list[Case]) -> None:
        self.exercise = exercise
        self.cases = cases

    @cached_property
    def expected(self) -> list[Outputs]:
        return expected_outputs(self.exercise, self.cases)

    @cached_property
    def mistakes(self) -> list[judge.Mistake]:
        return [
            judge.Mistake(m.id, m.says, LazyOutcomes(self.exercise, m, self.cases))
            for m in ANSWERS[self.exercise.id].mistakes
        ]


def make_key(exercise: Exercise, seed: str) -> judge.Key:
    """The whole answer key of an exercise for a seed: every mistake tried on every case."""
    key = LazyKey(exercise, draw_cases(exercise, seed))
    mistakes = [replace(m, outcomes=list(m.outcomes)) for m in key.mistakes]
    return judge.Key(key.cases, key.expected, mistakes)


def public_keys_text(assignment: str) -> str:
    """The public answer keys of an assignment, as ``autograder/keys/ASSIGNMENT.json`` holds them."""
    keys = {e.id: make_key(e, PUBLIC_SEED) for e in ASSIGNMENTS[assignment]}
    return publickeys.dumps(keys)
