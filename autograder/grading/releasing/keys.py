"""Answer keys: what the oracle and each known mistake give on cases drawn from a seed."""

import hashlib
import math
import sys
import time
from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np

from autograder import probe, wire
from autograder.exercise import Case, Exercise, Outputs
from autograder.grading.answer import Answer, WrongAnswer, fresh
from autograder.judge import CheckFailed
from autograder.key import Mistake, WholeKey, map_arrays

PUBLIC_SEED = "public"


def hidden_cases(exercise: Exercise, answer: Answer, seed: str) -> list[Case]:
    """The cases of a grading: a part's own, or those that its answer draws in their place."""
    cases: list[Case] = []
    for part in exercise.parts:
        if part.name in answer.hidden:
            part = answer.in_place_of(part)
        cases += part.draw(exercise.stream(part, seed))
    return cases


def restart_chance(name: str) -> None:
    """Seed NumPy's and torch's global generators on the CPU from a name: keys can be made again.

    Torch's only where an exercise has imported it.
    """
    digest = hashlib.sha256(name.encode()).digest()
    np.random.seed(int.from_bytes(digest[:4], "little"))
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)  # what follows works on small tensors, with a grader on each core
        # torch.manual_seed would seed devices besides, and note the stack for each: ten times as slow
        torch.default_generator.manual_seed(int.from_bytes(digest[4:8], "little"))


def as_float64(array: np.ndarray) -> np.ndarray:
    """A floating array in float64: what an oracle computes from."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array


class LazyOutcomes(Sequence[dict]):
    """What a known mistake gives on each case: a case is tried when somebody asks for it.

    If the mistake remembers what it was tried on, those before it are tried first.
    What it draws does not depend on what is done between two demands.
    """

    def __init__(self, exercise: Exercise, mistake: WrongAnswer, cases: Sequence[Case]) -> None:
        self.exercise = exercise
        self.mistake = mistake
        self.cases = cases
        self.tried: dict[int, dict] = {}
        self.code = fresh(mistake.code)

    def __len__(self) -> int:
        return len(self.cases)

    @overload
    def __getitem__(self, i: int) -> dict: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[dict]: ...
    def __getitem__(self, i: int | slice) -> dict | Sequence[dict]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        if self.mistake.remembers and i > len(self.tried):
            _ = self[i - 1]
        if i not in self.tried:
            case = self.cases[i]
            restart_chance(f"{self.exercise.id}/{self.mistake.id}/{i}")
            (outcome,) = probe.run(self.exercise, self.code, [case], "cpu")
            self.tried[i] = self.exercise.part(case.part).summarized(case, wire.arrived(outcome))
        return self.tried[i]


class LazyKey:
    """The answer key to some cases; mistakes are tried only as far as somebody asks for them.

    Naming a mistake asks for one case after the other, and for no more once it is out of the question.
    """

    def __init__(self, exercise: Exercise, answer: Answer, cases: Sequence[Case]) -> None:
        self.exercise = exercise
        self.answer = answer
        self.cases = cases

    @cached_property
    def expected(self) -> list[Outputs]:
        """What the oracle gives on each case, computed in float64 on the CPU, unless it is known.

        Raises CheckFailed if it raises: that is nobody's points.
        """
        return [outputs for outputs, _ in self._answered]

    @cached_property
    def costs(self) -> list[float]:
        """The seconds of processor time that the oracle took for each case; what is known takes long."""
        return [seconds for _, seconds in self._answered]

    @cached_property
    def _answered(self) -> list[tuple[Outputs, float]]:
        restart_chance(self.exercise.id)
        try:
            return [self._answer_to(case) for case in self.cases]
        except Exception as error:
            what = f"{type(error).__name__}: {str(error)[:300]}"
            raise CheckFailed(
                f"the reference answer to {self.exercise.id} raised {what}"
            ) from error

    def _answer_to(self, case: Case) -> tuple[Outputs, float]:
        if case.part in self.answer.known:
            return dict(self.answer.known[case.part]), math.inf
        began = time.thread_time()
        inputs = map_arrays(probe.copies(case.inputs), as_float64)
        part = self.exercise.part(case.part)
        outputs = part.probe(self.answer.oracle, inputs, "cpu")
        summed_up = outputs if part.summary is None else part.summary(case, outputs)
        return summed_up, time.thread_time() - began

    @cached_property
    def mistakes(self) -> list[Mistake]:
        return [
            Mistake(m.id, m.says, LazyOutcomes(self.exercise, m, self.cases), m.observed)
            for m in self.answer.mistakes
        ]

    def whole(self) -> WholeKey:
        """The same key with every mistake tried on every case."""
        mistakes = [Mistake(m.id, m.says, list(m.outcomes), m.observed) for m in self.mistakes]
        return WholeKey(self.cases, self.expected, mistakes)


def draw_key(exercise: Exercise, answer: Answer, seed: str) -> LazyKey:
    """The answer key of an exercise to the cases of a seed: the public ones, or those of a grading."""
    public = seed == PUBLIC_SEED
    cases = exercise.draw(seed) if public else hidden_cases(exercise, answer, seed)
    return LazyKey(exercise, answer, cases)
