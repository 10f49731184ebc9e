"""The exercise ``collect_snapshots``: the weights at the end of each cycle of a run."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.compare import close, numbers
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._weights import Weights, changed


@dataclass
class Run:
    """A training that notes how it is called: the sum of the weights given, and the rate, by call.

    ``how`` says in which way its steps change the weights: see ``_weights``.
    """

    lr: float
    how: str
    given: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    latest: Weights = field(default_factory=dict)

    def train_step(self, weights: Weights, rate: float) -> Weights:
        self.given.append(total(weights))
        self.rates.append(float(rate))
        self.latest = changed(weights, {n: 0.8 * w + rate for n, w in weights.items()}, self.how)
        return self.latest

    def rate(self, step: int) -> float:
        return self.lr * (1 + (7 * step % 11) / 11)

    def goes_on(self) -> None:
        """Change the weights once more, after the snapshots were handed over."""
        changed(self.latest, {n: w + 1.0 for n, w in self.latest.items()}, self.how)


def total(weights: Weights) -> float:
    return sum(float(w.sum()) for w in weights.values())


def collected(
    collect_snapshots: Any, inputs: dict[str, Any], how: str = "new arrays"
) -> tuple[list[Weights], Run]:
    """The snapshots of a run, as they are when it has gone on; raises Unusable for anything else."""
    run = Run(inputs["lr"], how)
    start = {name: w.copy() for name, w in inputs["weights"].items()}
    made = collect_snapshots(run.train_step, start, inputs["steps"], inputs["cycles"], run.rate)
    if not isinstance(made, list | tuple) or not all(isinstance(s, dict) for s in made):
        raise Unusable("return a list of snapshots, each a dict of arrays")
    for snapshot in made:
        for name, w in inputs["weights"].items():
            array = numbers(snapshot.get(name))
            if array is None or array.shape != w.shape:
                raise Unusable(f"each snapshot must hold {name!r}, an array of shape {w.shape}")
    if how != "new arrays":
        run.goes_on()
    return [{n: floats(s[n]) for n in inputs["weights"]} for s in made], run


def floats(values: Any) -> np.ndarray:
    """A copy, in the floating dtype that it has."""
    array = np.array(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def case(rng: np.random.Generator, name: str, steps: int, cycles: int, **more: Any) -> Case:
    weights = {"W": rng.standard_normal((2, 2)), "b": rng.standard_normal(2)}
    lr = round(float(rng.uniform(0.1, 0.5)), 3)
    return Case(name, {"weights": weights, "steps": steps, "cycles": cycles, "lr": lr, **more})


def length_of_a_cycle(rng: np.random.Generator) -> int:
    return int(rng.integers(4, 7))


def how_it_trains(collect_snapshots: Any, inputs: dict[str, Any], device: str) -> Outputs:
    _, run = collected(collect_snapshots, inputs)
    return {
        "calls of train_step": len(run.rates),
        "rate, by call": run.rates,
        "sum of the weights given, by call": run.given,
    }


def training(rng: np.random.Generator) -> list[Case]:
    length = length_of_a_cycle(rng)
    return [
        case(rng, "three cycles of training", 3 * length, 3),
        case(rng, "training with a last cycle cut short", 2 * length + 1, 3),
    ]


def snapshots(collect_snapshots: Any, inputs: dict[str, Any], device: str) -> Outputs:
    made, _ = collected(collect_snapshots, inputs)
    return {
        "number of snapshots": len(made),
        **{name: np.stack([s[name] for s in made]) for name in inputs["weights"] if made},
    }


def whole_cycles(rng: np.random.Generator) -> list[Case]:
    length = length_of_a_cycle(rng)
    return [
        case(rng, "three cycles", 3 * length, 3),
        case(rng, "one cycle", length, 1),
        case(rng, "cycles of one step", 5, 5),
    ]


def whether_copies(collect_snapshots: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Whether later steps leave the snapshots alone.

    Asked by a second run, whose steps change the weights in the way that the case says: its
    snapshots must be those of a first run, whose steps return new arrays.
    """
    first, _ = collected(collect_snapshots, inputs)
    second, _ = collected(collect_snapshots, inputs, inputs["train_step"])
    if len(second) < 2:
        raise Unusable("return a list of at least two snapshots here")
    same = len(first) == len(second) and all(
        np.array_equal(a[name], b[name])
        for a, b in zip(first, second, strict=True)
        for name in inputs["weights"]
    )
    distinct = len({total(s) for s in second}) == len(second)
    return {
        "snapshots after the run": "as they were taken" if same else "changed by later steps",
        "snapshots that differ from each other": "all" if distinct else "not all",
        "dtypes in the snapshots": ", ".join(
            sorted({w.dtype.name for s in second for w in s.values()})
        ),
    }


def copies(rng: np.random.Generator) -> list[Case]:
    length = length_of_a_cycle(rng)
    into_the_dict, in_place = {"train_step": "same dict"}, {"train_step": "in place"}
    return [
        case(rng, "train_step puts new arrays into the dict", 4 * length, 4, **into_the_dict),
        case(rng, "train_step changes the arrays in place", 3 * length, 3, **in_place),
    ]


def cut_short(rng: np.random.Generator) -> list[Case]:
    length = length_of_a_cycle(rng)
    return [
        case(rng, "one step too many for three cycles", 3 * length + 1, 3),
        case(rng, "one step too few for four cycles", 4 * length - 1, 4),
        case(rng, "fewer cycles than asked for", 9, 4),
    ]


EXERCISE = Exercise(
    "collect_snapshots",
    "collect_snapshots",
    [
        Part("training", 1, training, how_it_trains, close),
        Part("whole cycles", 1, whole_cycles, snapshots, close),
        Part("copies", 1, copies, whether_copies, close),
        Part("a last cycle cut short", 1, cut_short, snapshots, close),
    ],
)
