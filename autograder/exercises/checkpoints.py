"""What a run keeps of its weights on the way: ``collect_snapshots`` and ``EarlyStopping``.

Both must keep copies. The runs of the probes therefore change their weights in one of three ways:
``new arrays`` in a new dict, new arrays in the ``same dict``, or ``in place``.
"""

import math
from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.judge import close, difference, numbers, unusable

Weights = dict[str, np.ndarray]


def _changed(weights: Weights, new: Weights, how: str) -> Weights:
    """The weights after a change to ``new``, which is made in one of the three ways."""
    if how == "new arrays":
        return {name: w.copy() for name, w in new.items()}
    for name, w in new.items():
        if how == "in place":
            weights[name][...] = w
        else:
            weights[name] = w.copy()
    return weights


# Snapshots.


def run_snapshots(collect_snapshots: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """How the training was called, and when snapshots were taken; or whether they are copies.

    Whether they are copies is asked by a second run, whose weights change in another way: its
    snapshots must be those of the first.
    """
    first, given, rates = _collected(collect_snapshots, inputs, "new arrays")
    if isinstance(first, str):
        return {"unusable": first}
    if inputs["look at"] == "training":
        return {
            "calls of train_step": len(rates),
            "rate, by call": rates,
            "sum of the weights given, by call": given,
        }
    if inputs["look at"] == "snapshots":
        return {
            "number of snapshots": len(first),
            **{name: np.stack([s[name] for s in first]) for name in inputs["weights"] if first},
        }
    second, _, _ = _collected(collect_snapshots, inputs, inputs["look at"])
    if isinstance(second, str):
        return {"unusable": second}
    dtypes = {w.dtype.name for s in second for w in s.values()}
    if len(second) < 2:
        return {"unusable": "return a list of at least two snapshots here"}
    sums = {round(sum(float(w.sum()) for w in s.values()), 9) for s in second}
    same = len(first) == len(second) and all(
        np.array_equal(a[name], b[name])
        for a, b in zip(first, second, strict=True)
        for name in inputs["weights"]
    )
    return {
        "snapshots after the run": "as they were taken" if same else "changed by later steps",
        "snapshots that differ from each other": "all" if len(sums) == len(second) else "not all",
        "dtypes in the snapshots": ", ".join(sorted(dtypes)),
    }


def _collected(
    collect_snapshots: Any, inputs: dict[str, Any], how: str
) -> tuple[list[Weights] | str, list[float], list[float]]:
    """The snapshots (or what is wrong with what came back), and the weights and rates by call."""
    given: list[float] = []
    rates: list[float] = []
    latest: list[Weights] = [{}]

    def train_step(weights: Weights, rate: float) -> Weights:
        given.append(sum(float(w.sum()) for w in weights.values()))
        rates.append(float(rate))
        latest[0] = _changed(weights, {n: 0.8 * w + rate for n, w in weights.items()}, how)
        return latest[0]

    def rate(step: int) -> float:
        return inputs["lr"] * (1 + (7 * step % 11) / 11)

    start = {name: w.copy() for name, w in inputs["weights"].items()}
    made = collect_snapshots(train_step, start, inputs["steps"], inputs["cycles"], rate)
    if not isinstance(made, list | tuple) or not all(isinstance(s, dict) for s in made):
        return "return a list of snapshots, each a dict of arrays", given, rates
    for snapshot in made:
        for name, w in inputs["weights"].items():
            if name not in snapshot or np.shape(numbers(snapshot[name])) != w.shape:
                return (
                    f"each snapshot must hold {name!r}, an array of shape {w.shape}",
                    given,
                    rates,
                )
    if how != "new arrays":  # the training goes on after the run
        _changed(latest[0], {n: w + 1.0 for n, w in latest[0].items()}, how)
    return [{n: _floats(s[n]) for n in start} for s in made], given, rates


def _floats(values: Any) -> np.ndarray:
    """A copy, in the floating dtype that it has."""
    array = np.array(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def snapshot_cases(rng: np.random.Generator) -> list[Case]:
    """Runs whose cycles are whole, and whose last cycle is cut short."""

    def case(name: str, part: str, steps: int, cycles: int, look_at: str) -> Case:
        weights = {"W": rng.standard_normal((2, 2)), "b": rng.standard_normal(2)}
        lr = round(float(rng.uniform(0.1, 0.5)), 3)
        return Case(
            name,
            part,
            {"weights": weights, "steps": steps, "cycles": cycles, "lr": lr, "look at": look_at},
        )

    training, whole, copies, cut = "training", "whole cycles", "copies", "a last cycle cut short"
    length = int(rng.integers(4, 7))
    return [
        case("three cycles of training", training, 3 * length, 3, "training"),
        case("training with a last cycle cut short", training, 2 * length + 1, 3, "training"),
        case("three cycles", whole, 3 * length, 3, "snapshots"),
        case("one cycle", whole, length, 1, "snapshots"),
        case("cycles of one step", whole, 5, 5, "snapshots"),
        case("train_step puts new arrays into the dict", copies, 4 * length, 4, "same dict"),
        case("train_step changes the arrays in place", copies, 3 * length, 3, "in place"),
        case("one step too many for three cycles", cut, 3 * length + 1, 3, "snapshots"),
        case("one step too few for four cycles", cut, 4 * length - 1, 4, "snapshots"),
        case("fewer cycles than asked for", cut, 9, 4, "snapshots"),
    ]


COLLECT_SNAPSHOTS = Exercise(
    "collect_snapshots",
    "collect_snapshots",
    {"training": 1, "whole cycles": 1, "copies": 1, "a last cycle cut short": 1},
    snapshot_cases,
    run_snapshots,
    close,
)


# Early stopping.


def run_early_stopping(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What each check answered; what the best loss was after each; or the best loss and weights.

    Whether a check with nan, or with too small an improvement, counts as one without improvement is
    asked by a second run, in which a huge loss takes its place: the answers must be those of the
    first. So a wrong count of patience costs no other part.
    """
    stopping, answers, bests = _stopped(kind, inputs, inputs["losses"])
    if inputs["look at"] == "answers":
        return {"answers": answers}
    if inputs["look at"] == "improvements":
        return {"best_loss, by check": bests, "stopped": "yes" if True in answers else "no"}
    if inputs["look at"] in ("nan", "small improvements"):
        others = _stopped(kind, inputs, inputs["instead"])[1]
        return {
            "best_loss, by check": bests,
            f"with {inputs['look at']} it stops": _compared(answers, others),
        }
    best = stopping.best_weights
    if inputs["look at"] == "nothing yet":
        shown = "None" if best is None else f"a {type(best).__name__}"
        return {"best_loss": _number(stopping.best_loss), "best_weights": shown}
    if not isinstance(best, dict) or not {"W", "b"} <= best.keys():
        return {"unusable": "best_weights must be a dict like the weights that update was given"}
    return {
        "best_loss": _number(stopping.best_loss),
        "best_weights['W']": np.array(best["W"]),
        "best_weights['b']": np.array(best["b"]),
    }


def _stopped(kind: Any, inputs: dict[str, Any], losses: list[float]) -> tuple[Any, list, list]:
    """The student's object after checks with these losses; its answers and best losses, by check."""
    options = {"min_delta": inputs["min_delta"]} if "min_delta" in inputs else {}
    stopping = kind(inputs["patience"], **options)
    rows = inputs["weights"]
    weights = {"W": rows[0, :2].copy(), "b": rows[0, 2:].copy()}
    answers: list[bool | str] = []
    bests: list[Any] = []
    for loss, row in zip(losses, rows, strict=True):
        weights = _changed(weights, {"W": row[:2], "b": row[2:]}, inputs["how"])
        answer = stopping.update(loss, weights)
        answer = bool(answer) if isinstance(answer, np.bool_) else answer
        answers.append(answer if isinstance(answer, bool) else type(answer).__name__)
        if inputs["look at"] != "answers":
            bests.append(_number(stopping.best_loss))
    return stopping, answers, bests


def _compared(answers: list, others: list) -> str:
    """When a run stops, beside a run in which a huge loss takes the place of some."""
    stops, other_stops = ((a.index(True) if True in a else len(a)) for a in (answers, others))
    if stops != other_stops:
        return f"{'earlier' if stops < other_stops else 'later'} than with a huge loss instead"
    return "as with a huge loss instead" if answers == others else "and goes on otherwise"


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value


def judge_early_stopping(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Each answer by itself, the first wrong one reported; all else as ``close``."""
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    if "answers" not in expected:
        return _same_best(case, outputs, expected)
    answers, losses = outputs.get("answers"), case.inputs["losses"]
    if not isinstance(answers, list) or len(answers) != len(losses):
        return ["there are no answers"]
    for i, (got, want) in enumerate(zip(answers, expected["answers"], strict=True)):
        if type(got) is not type(want) or got != want:
            return [f"after the losses {_so_far(losses, i)}: expected {want}, got {got!s:.40}"]
    return []


def _so_far(losses: list[float], i: int) -> str:
    return ", ".join(f"{loss:.6g}" for loss in losses[: i + 1])


def _same_best(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    findings = []
    for name, want in expected.items():
        got = outputs.get(name)
        if isinstance(want, list):
            finding = _same_bests(case, got, want)
        elif isinstance(want, float):
            same = isinstance(got, float | int) and _same_number(got, want)
            finding = None if same else f"{name}: expected {want:.6g}, got {got!s:.40}"
        else:
            finding = difference(name, got, want, 1e-7)
        if finding is not None:
            findings.append(finding)
    return findings


def _same_bests(case: Case, got: Any, want: list[float]) -> str | None:
    """The first check after which the best loss is wrong."""
    if not isinstance(got, list) or len(got) != len(want):
        return "there are no best losses"
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        if not isinstance(a, float | int) or not _same_number(a, b):
            after = _so_far(case.inputs["losses"], i)
            return f"best_loss after the losses {after}: expected {b:.6g}, got {a!s:.40}"
    return None


def _same_number(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-7) or (math.isnan(a) and math.isnan(b))


UNIT = 1 / 64  # losses are multiples of it, so that differences of losses are exact


def early_stopping_cases(rng: np.random.Generator) -> list[Case]:
    """Sequences of losses given by their ranks; the values are drawn."""

    def case(name: str, part: str, losses: list[float], patience: int, **more) -> Case:
        inputs = {"how": "new arrays", "look at": "answers", **more}
        inputs["weights"] = rng.standard_normal((len(losses), 3))
        return Case(name, part, {"losses": losses, "patience": patience, **inputs})

    def ranked(*ranks: float) -> list[float]:
        """Losses in the order that the ranks give; nan and inf stay."""
        known = sorted({r for r in ranks if math.isfinite(r)})
        values = UNIT * (20 + np.cumsum(rng.integers(3, 12, len(known))))
        by_rank = dict(zip(known, map(float, values), strict=True))
        return [by_rank.get(r, r) for r in ranks]

    improvements = {"look at": "improvements"}

    def huge(losses: list[float], where: set[int]) -> list[float]:
        return [1e6 if i in where else loss for i, loss in enumerate(losses)]

    def with_nan(name: str, patience: int, *ranks: float) -> Case:
        losses = ranked(*ranks)
        instead = huge(losses, {i for i, loss in enumerate(losses) if math.isnan(loss)})
        return case(name, diverged, losses, patience, instead=instead, **{"look at": "nan"})

    def falling(*steps: int) -> tuple[list[float], float]:
        """A loss that falls by the given multiples of half of min_delta; and min_delta."""
        delta = 2 * UNIT * int(rng.integers(2, 8))
        start = UNIT * int(rng.integers(150, 250))
        return [start, *(start - delta / 2 * s for s in steps)], delta

    def by_delta(name: str, *steps: int) -> Case:
        losses, delta = falling(*steps)
        return case(name, "min_delta", losses, 5, min_delta=delta, **improvements)

    def counted(name: str, too_small: set[int], *steps: int) -> Case:
        """``too_small`` holds the checks, from 0, whose improvement does not count as one."""
        losses, delta = falling(*steps)
        look = {"look at": "small improvements", "instead": huge(losses, too_small)}
        return case(name, "min_delta", losses, 2, min_delta=delta, **look)

    def kept(name: str, *steps: int) -> Case:
        losses, delta = falling(*steps)
        return case(name, "min_delta", losses, 2, min_delta=delta, **{"look at": "best"})

    def best(name: str, how: str, *ranks: float, patience: int = 2) -> Case:
        losses = ranked(*ranks)
        return case(name, "the best weights", losses, patience, how=how, **{"look at": "best"})

    nan, inf = math.nan, math.inf
    patience, diverged = "patience", "diverged checks"
    nothing = {"look at": "nothing yet"}
    return [
        case("better, then worse", patience, ranked(6, 4, 1, 3, 5, 2, 4), 3),
        case("better again before patience is out", patience, ranked(5, 6, 3, 4, 2, 4, 5), 2),
        case("the same loss again and again", patience, ranked(3, 1, 1, 1, 1), 3),
        case("falling, but not below the best", patience, ranked(4, 1, 6, 5, 3, 2), 3),
        case("patience 1", patience, ranked(4, 3, 2, 5), 1),
        case("asked again after the answer True", patience, ranked(2, 3, 4, 5, 1, 3, 4), 2),
        by_delta("too small an improvement", 1, 1, 1),
        by_delta("an improvement by exactly min_delta", 2, 5),
        by_delta("many small improvements add up", 1, 2, 3, 4, 5, 6),
        by_delta("improvements that are large enough", 3, 6, 9, 8, 10),
        counted("small improvements and patience", {1, 4}, 1, 4, 3, 5),
        counted("a small improvement after the answer True", {4}, 3, 2, 1, 4),
        kept("a small improvement after the best", 3, 4),
        with_nan("nan between good checks", 2, 5, 4, nan, 3, nan, nan, 2),
        case("nan at first", diverged, ranked(nan, 4, 5, 3, 6), 2, **improvements),
        with_nan("nan after the best", 4, 4, 2, nan, 3, nan, 5),
        case("infinite at first", diverged, ranked(inf, 5, inf, 4), 2, **improvements),
        case("all nan: what is the best?", diverged, [nan, nan], 3, **nothing),
        best("weights in new arrays", "new arrays", 5, 3, 1, 2, 4),
        best("weights in new arrays in the same dict", "same dict", 5, 2, 3, 4),
        best("weights changed in place", "in place", 5, 2, 4, 3),
        best("the first check is the best", "in place", 1, 2, 3),
        best("the last check is the best", "in place", 4, 3, 2, 1),
        best("the same loss as the best", "new arrays", 4, 2, 2, 3),
    ]


EARLY_STOPPING = Exercise(
    "early_stopping",
    "EarlyStopping",
    {"patience": 1, "min_delta": 1, "diverged checks": 1, "the best weights": 1},
    early_stopping_cases,
    run_early_stopping,
    judge_early_stopping,
)
