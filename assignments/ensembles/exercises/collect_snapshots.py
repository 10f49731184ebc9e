"""The exercise ``collect_snapshots``: the weights at the end of each cycle of a run."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.compare import close, floats, numbers
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._weights import WAYS, Change, Weights, in_new_arrays


@dataclass
class Run:
    """A training that notes how it is called: the weights given, and the rate, by call.

    A step makes of the weights ``kept`` times as much and adds its rate: that of ``rates`` whose turn
    it is. ``change`` is the way in which it does so: see ``_weights``.
    """

    kept: float
    by_step: list[float]
    change: Change
    given: list[Weights] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    latest: Weights = field(default_factory=dict)

    def train_step(self, weights: Weights, rate: float) -> Weights:
        self.given.append({name: np.array(w) for name, w in weights.items()})
        self.rates.append(float(rate))
        self.latest = self.change(weights, next_weights(weights, rate, self.kept))
        return self.latest

    def rate(self, step: int) -> float:
        return self.by_step[step % len(self.by_step)]

    def goes_on(self) -> None:
        """Change the weights once more, after the snapshots were handed over."""
        self.change(self.latest, {n: w + 1.0 for n, w in self.latest.items()})


def next_weights(weights: Weights, rate: float, kept: float) -> Weights:
    return {name: kept * w + rate for name, w in weights.items()}


def total(weights: Weights) -> float:
    return sum(float(w.sum()) for w in weights.values())


def collected(
    collect_snapshots: Any, inputs: dict[str, Any], change: Change = in_new_arrays
) -> tuple[list[Weights], Run]:
    """The snapshots of a run, as they are when it has gone on; raises Unusable for anything else."""
    run = Run(inputs["kept"], inputs["rates"], change)
    start = {name: w.copy() for name, w in inputs["weights"].items()}
    made = collect_snapshots(run.train_step, start, inputs["steps"], inputs["cycles"], run.rate)
    if not isinstance(made, list | tuple) or not all(isinstance(s, dict) for s in made):
        raise Unusable("return a list of snapshots, each a dict of arrays")
    for snapshot in made:
        for name, w in inputs["weights"].items():
            array = numbers(snapshot.get(name))
            if array is None or array.shape != w.shape:
                raise Unusable(f"each snapshot must hold {name!r}, an array of shape {w.shape}")
    run.goes_on()
    return [{n: as_floats(s[n]) for n in inputs["weights"]} for s in made], run


def as_floats(values: Any) -> np.ndarray:
    """A copy, in the floating dtype that it has."""
    array = np.array(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def case(rng: np.random.Generator, name: str, steps: int, cycles: int, **more: Any) -> Case:
    weights = {"W": rng.standard_normal((2, 2)), "b": rng.standard_normal(2)}
    lr = round(float(rng.uniform(0.1, 0.5)), 3)
    rates = [lr * (1 + (7 * step % 11) / 11) for step in range(11)]
    run = {"weights": weights, "kept": 0.8, "rates": rates, "steps": steps, "cycles": cycles}
    return Case(name, run | more)


def length_of_a_cycle(rng: np.random.Generator) -> int:
    return int(rng.integers(4, 7))


def in_the_text() -> Case:
    """The rates count the steps, and are added to the weights."""
    rates = [float(step) for step in range(1, 11)]
    run = {"weights": {"w": np.array([0.0])}, "kept": 1.0, "rates": rates}
    return Case("the example in the text", {**run, "steps": 10, "cycles": 3})


def how_it_trains(collect_snapshots: Any, inputs: dict[str, Any], device: str) -> Outputs:
    _, run = collected(collect_snapshots, inputs)
    return {
        "calls of train_step": len(run.rates),
        "rate that train_step is given, by call": run.rates,
        "sum of the weights that train_step is given, by call": [
            total(weights) for weights in run.given
        ],
    }


def training(rng: np.random.Generator) -> list[Case]:
    length = length_of_a_cycle(rng)
    return [
        case(rng, "three cycles of training", 3 * length, 3),
        case(rng, "training with a last cycle cut short", 3 * length - 1, 3),
    ]


def snapshots(collect_snapshots: Any, inputs: dict[str, Any], device: str) -> Outputs:
    made, run = collected(collect_snapshots, inputs)
    return {"made": made, "given": run.given, "rates": run.rates}


def when_taken(case: Case, outputs: Outputs) -> Outputs:
    """After which of its run's steps each snapshot was taken, whatever rates the run had."""
    made, given = (weights_in(case, outputs, name) for name in ("made", "given"))
    known = reached(case.inputs, given, outputs.get("rates"))
    after = [next((str(k) for k, w in enumerate(known) if same(s, w)), "none") for s in made]
    size = sum(w.size for w in case.inputs["weights"].values())
    seen: Outputs = {"what the snapshots hold": as_numbers(made)} if size == 1 else {}
    return seen | {
        "number of snapshots": len(made),
        "steps after which snapshots were taken": ", ".join(after) or "none",
    }


def as_numbers(made: list[Weights]) -> list[float]:
    """Snapshots of a single number."""
    return [total(weights) for weights in made]


def whole_cycles(rng: np.random.Generator) -> list[Case]:
    length = length_of_a_cycle(rng)
    return [
        case(rng, "three cycles", 3 * length, 3),
        case(rng, "one cycle", length, 1),
        case(rng, "cycles of one step", 5, 5),
    ]


def with_and_without_copies(collect_snapshots: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The snapshots of two runs, and how the second was called.

    The steps of the first return new arrays; those of the second, which goes on once the snapshots
    are handed over, change the weights in the way that the case names.
    """
    first, _ = collected(collect_snapshots, inputs)
    second, run = collected(collect_snapshots, inputs, WAYS[inputs["train_step"]])
    return {"first": first, "second": second, "given": run.given, "rates": run.rates}


def whether_copies(case: Case, outputs: Outputs) -> Outputs:
    """Whether later steps leave the snapshots alone.

    Those of the second run must be weights that the run came by, and those of the first run.
    """
    first, second, given = (weights_in(case, outputs, n) for n in ("first", "second", "given"))
    if len(second) < 2:
        raise Unusable("return a list of at least two snapshots here")
    known = reached(case.inputs, given, outputs.get("rates"))
    as_taken = all(any(same(s, w) for w in known) for s in second)
    as_taken &= len(first) == len(second) and all(map(same, first, second))
    distinct = len({total(s) for s in second}) == len(second)
    return {
        "snapshots after the run": "as they were taken" if as_taken else "changed by later steps",
        "snapshots that differ from each other": "all" if distinct else "not all",
        "dtypes in the snapshots": ", ".join(
            sorted({w.dtype.name for s in second for w in s.values()})
        ),
    }


def weights_in(case: Case, outputs: Outputs, name: str) -> list[Weights]:
    """The list of weights that came home under this name."""
    found, shapes = outputs.get(name), {n: w.shape for n, w in case.inputs["weights"].items()}
    if not isinstance(found, list) or not all(isinstance(weights, dict) for weights in found):
        raise Unusable(f"{name}: there are no weights")
    if len(found) > 10 * case.inputs["steps"]:
        raise Unusable("there are far more snapshots, or steps, than steps asked for")
    return [{n: floats(weights, n, shape) for n, shape in shapes.items()} for weights in found]


def reached(inputs: dict[str, Any], given: list[Weights], rates: Any) -> list[Weights]:
    """The weights that a run came by which began with those of the case."""
    whole = isinstance(rates, list) and all(type(rate) is float for rate in rates)
    if not whole or len(rates) != len(given):
        raise Unusable("there are no rates")
    known = [inputs["weights"]]
    for weights, rate in zip(given, rates, strict=True):
        if rate in inputs["rates"] and any(same(weights, w) for w in known):
            known.append(next_weights(weights, rate, inputs["kept"]))
    return known


def same(weights: Weights, others: Weights) -> bool:
    """Whether weights are others, up to what a copy in another dtype loses."""
    return all(np.array_equal(w, others[n].astype(w.dtype)) for n, w in weights.items())


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
        in_the_text(),
        case(rng, "one step too many for three cycles", 3 * length + 1, 3),
        case(rng, "one step too few for four cycles", 4 * length - 1, 4),
        case(rng, "fewer cycles than asked for", 9, 4),
    ]


EXERCISE = Exercise(
    "collect_snapshots",
    "collect_snapshots",
    [
        Part("training", 1, training, how_it_trains, close),
        Part("whole cycles", 1, whole_cycles, snapshots, close, when_taken),
        Part("copies", 1, copies, with_and_without_copies, close, whether_copies),
        Part("a last cycle cut short", 1, cut_short, snapshots, close, when_taken),
    ],
    minutes=20,
    difficulty=2,
)
