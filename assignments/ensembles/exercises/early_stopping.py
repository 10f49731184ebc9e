"""The exercise ``early_stopping``: when to stop, and which weights to keep."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.compare import RTOL, difference, floats, kind_of, tolerance
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._weights import WAYS

UNIT = 1 / 64  # losses are multiples of it, so that differences of losses are exact
HUGE = 1e6  # a loss that is no improvement, whatever counts as one
nan, inf = math.nan, math.inf


def checks(
    kind: Any, inputs: dict[str, Any], losses: list[float]
) -> Iterator[tuple[Any, bool | str]]:
    """The student's object and its answer after each check; for what is no bool, what it is.

    The weights change in the way that ``inputs["how"]`` names: see ``_weights``.
    """
    options = {"min_delta": inputs["min_delta"]} if "min_delta" in inputs else {}
    stopping = kind(inputs["patience"], **options)
    rows, change = inputs["weights"], WAYS[inputs["how"]]
    weights = {"W": rows[0, :2].copy(), "b": rows[0, 2:].copy()}
    for loss, row in zip(losses, rows, strict=True):
        weights = change(weights, {"W": row[:2], "b": row[2:]})
        answer = stopping.update(loss, weights)
        answer = bool(answer) if isinstance(answer, np.bool_) else answer
        yield stopping, answer if isinstance(answer, bool) else kind_of(answer)


def number(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value


def with_best_losses(kind: Any, inputs: dict[str, Any]) -> tuple[Any, Outputs]:
    """The object after all checks; its answer and the best loss after each of them.

    Where there are losses ``instead``, also the answers of a second run, with those.
    """
    answers, bests, stopping = [], [], None
    for stopping, answer in checks(kind, inputs, inputs["losses"]):
        answers.append(answer)
        bests.append(number(stopping.best_loss))
    seen: Outputs = {"best_loss, by check": bests, "answers": answers}
    if "instead" in inputs:
        others = [answer for _, answer in checks(kind, inputs, inputs["instead"])]
        seen["answers to the losses instead"] = others
    return stopping, seen


def when_it_stops(case: Case, outputs: Outputs, which: str) -> Outputs:
    """The best loss after each check, and when a run stopped.

    Whether a check with nan, or with too small an improvement, counts as one without improvement is
    asked by the second run, in which a huge loss takes its place: the answers must be those of the
    first. So a wrong count of patience costs no other part. Where that cannot be asked, patience is
    out of reach, and the answer is not to be True. ``which`` names the losses that are replaced.
    """
    seen = {"best_loss, by check": outputs.get("best_loss, by check")}
    answers = answers_in(case, outputs, "answers")
    if "instead" in case.inputs:
        others = answers_in(case, outputs, "answers to the losses instead")
        return seen | {
            f"the answers, compared with those when a huge loss takes the place of {which}": compared(
                answers, others
            )
        }
    return seen | {"stopped": "yes" if True in answers else "no"}


def answers_in(case: Case, outputs: Outputs, name: str) -> list[bool | str]:
    """The answers that came home under this name, one a check."""
    found = outputs.get(name)
    if not isinstance(found, list) or len(found) != len(case.inputs["losses"]):
        raise Unusable("there are no answers")
    if not all(isinstance(answer, bool | str) for answer in found):
        raise Unusable("there are no answers")
    return found


def compared(answers: list[bool | str], others: list[bool | str]) -> str:
    """When a run stops, beside a run in which a huge loss takes the place of some."""
    stops, other_stops = ((a.index(True) if True in a else len(a)) for a in (answers, others))
    if stops != other_stops:
        return f"True comes {'earlier' if stops < other_stops else 'later'}"
    return "the same" if answers == others else "the same up to the first True, others after it"


def best_weights(stopping: Any) -> Outputs:
    best = stopping.best_weights
    if not isinstance(best, dict) or not {"W", "b"} <= best.keys():
        raise Unusable("best_weights must be a dict like the weights that update was given")
    return {f"best_weights[{name!r}]": np.array(best[name]) for name in ("W", "b")}


def judge_bests(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Of a list of best losses the first wrong one is reported; all else as ``close`` does."""
    findings = []
    for name, want in expected.items():
        got = outputs.get(name)
        if isinstance(want, list):
            finding = first_wrong(case.inputs["losses"], got, want)
        elif isinstance(want, float):
            same = same_number(got, want)
            finding = None if same else f"{name}: expected {want:.6g}, got {got!s:.40}"
        else:
            finding = difference(name, got, want, tolerance(case.inputs))
        if finding is not None:
            findings.append(finding)
    return findings


def first_wrong(losses: list[float], got: Any, want: list[float]) -> str | None:
    """The first check after which the best loss is wrong."""
    if not isinstance(got, list) or len(got) != len(want):
        return "there are no best losses"
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        if not same_number(a, b):
            after = so_far(losses, i)
            return f"best_loss after the losses {after}: expected {b:.6g}, got {a!s:.40}"
    return None


def same_number(a: Any, b: float) -> bool:
    if not isinstance(a, float | int):
        return False
    return math.isclose(a, b, rel_tol=RTOL["float64"]) or (math.isnan(a) and math.isnan(b))


def so_far(losses: list[float], i: int) -> str:
    return ", ".join(f"{loss:.6g}" for loss in losses[: i + 1])


def case(
    rng: np.random.Generator, name: str, losses: list[float], patience: int, **more: Any
) -> Case:
    weights = rng.standard_normal((len(losses), 3))
    inputs = {"losses": losses, "patience": patience, "how": "new arrays", "weights": weights}
    return Case(name, inputs | more)


def in_the_text(losses: list[float], **more: Any) -> Case:
    """A run whose weights are the number of the check."""
    weights = np.repeat(1.0 + np.arange(len(losses))[:, None], 3, axis=1)
    inputs = {"losses": losses, "patience": 2, "how": "new arrays", "weights": weights}
    return Case("the example in the text", inputs | more)


def ranked(rng: np.random.Generator, *ranks: float) -> list[float]:
    """Losses in the order that the ranks give; nan and inf stay."""
    known = sorted({r for r in ranks if math.isfinite(r)})
    values = UNIT * (20 + np.cumsum(rng.integers(3, 12, len(known))))
    by_rank = dict(zip(known, map(float, values), strict=True))
    return [by_rank.get(r, r) for r in ranks]


def moved(rng: np.random.Generator, moves: str) -> list[float]:
    """Losses that go the ways that the letters say: b to a new best, e to the best once more, w to
    somewhere above it, f from the loss before half of the way to it."""
    best, ranks = 0.0, [0.0]
    for move in moves:
        best -= move == "b"
        above = {"w": float(rng.uniform(0.5, 3)), "f": (ranks[-1] - best) / 2}
        ranks.append(best + above.get(move, 0.0))
    return ranked(rng, *ranks[1:])


def falling(rng: np.random.Generator, *steps: int) -> tuple[list[float], float]:
    """A loss that falls by the given multiples of half of min_delta; and min_delta."""
    delta = 2 * UNIT * int(rng.integers(2, 8))
    start = UNIT * int(rng.integers(150, 250))
    return [start, *(start - delta / 2 * s for s in steps)], delta


def huge(losses: list[float], where: set[int]) -> list[float]:
    return [HUGE if i in where else loss for i, loss in enumerate(losses)]


# Patience.


def stops(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"answers": [answer for _, answer in checks(kind, inputs, inputs["losses"])]}


def judge_answers(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Each answer by itself, the first wrong one reported."""
    answers, losses = outputs.get("answers"), case.inputs["losses"]
    if not isinstance(answers, list) or len(answers) != len(losses):
        return ["there are no answers"]
    for i, (got, want) in enumerate(zip(answers, expected["answers"], strict=True)):
        if type(got) is not type(want) or got != want:
            return [f"after the losses {so_far(losses, i)}: expected {want}, got {got!s:.40}"]
    return []


def patience(rng: np.random.Generator) -> list[Case]:
    """How many checks bring an improvement, and how many do not, is drawn: and so are the answers."""

    def times(least: int, most: int) -> int:
        return int(rng.integers(least, most + 1))

    def of(name: str, patience: int, moves: str) -> Case:
        return case(rng, name, moved(rng, "b" * times(1, 6) + moves), patience)

    p, q, r, s = (times(2, 4) for _ in range(4))
    t = times(3, 4)  # whoever forgets a stop, or never takes it back, is wrong three times
    in_time = "".join("w" * times(1, q - 1) + "b" for _ in range(times(2, 3)))
    again = "w" * (t + 2) + "b" * times(1, 3) + "w" * (t + times(1, 2))
    return [
        in_the_text([1.0, 0.8, 0.9, 0.85]),
        of("better, then worse", p, "w" * (p + times(0, 3))),
        of("better again before patience is out", q, in_time + "w" * (q + times(0, 2))),
        of("the same loss again and again", r, "b" + "e" * (r + times(0, 2))),
        of("falling, but not below the best", s, "w" + "f" * (s - 1 + times(0, 2))),
        of("patience 1", 1, "w" * times(1, 4)),
        of("asked again after the answer True", t, again),
    ]


# Improvements that are too small to count.


def with_small_improvements(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    stopping, seen = with_best_losses(kind, inputs)
    return seen | best_weights(stopping)


def of_small_improvements(case: Case, outputs: Outputs) -> Outputs:
    best = {name: w for name, w in outputs.items() if name.startswith("best_weights")}
    return when_it_stops(case, outputs, "small improvements") | best


def min_delta(rng: np.random.Generator) -> list[Case]:
    """The losses fall by multiples of half of min_delta, all in all; patience is 5 where it must
    not be reached."""

    def of(name: str, *steps: int) -> Case:
        losses, delta = falling(rng, *steps)
        return case(rng, name, losses, 5, min_delta=delta)

    def counted(name: str, too_small: set[int], *steps: int) -> Case:
        """``too_small`` holds the checks, from 0, whose improvement does not count as one."""
        losses, delta = falling(rng, *steps)
        return case(rng, name, losses, 2, min_delta=delta, instead=huge(losses, too_small))

    losses = [1.0, 0.95, 0.8, 0.75, 0.72]
    instead = huge(losses, {1, 3, 4})
    return [
        in_the_text(losses, min_delta=0.1, instead=instead),
        of("too small an improvement", 1, 1, 1),
        of("an improvement by exactly min_delta", 2, 5),
        of("many small improvements add up", 1, 2, 3, 4, 5, 6),
        of("improvements that are large enough", 3, 6, 9, 8, 10),
        counted("small improvements and patience", {1, 4}, 1, 4, 3, 5),
        counted("a small improvement after the answer True", {4}, 3, 2, 1, 4),
        of("a small improvement after the best", 3, 4),
    ]


# Checks with nan or inf.


def with_nan(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    stopping, seen = with_best_losses(kind, inputs)
    best = stopping.best_weights
    if isinstance(best, dict) and {"W", "b"} <= best.keys():
        return seen | {"best_weights": {name: np.array(best[name]) for name in ("W", "b")}}
    return seen | {"best_weights": None if best is None else type(best).__name__}


def of_nan(case: Case, outputs: Outputs) -> Outputs:
    return when_it_stops(case, outputs, "nan") | {"best_weights": kept(case, outputs)}


def kept(case: Case, outputs: Outputs) -> str:
    """Whether there are best weights: those of some check."""
    best = outputs.get("best_weights", "missing")
    if best is None:
        return "None"
    if not isinstance(best, dict):
        return f"a {best!s:.40}"
    row = np.concatenate([floats(best, "W", (2,)), floats(best, "b", (1,))])
    given = case.inputs["weights"].astype(row.dtype)
    return "a dict" if (given == row).all(axis=1).any() else "a dict of other weights"


def diverged(rng: np.random.Generator) -> list[Case]:
    def of(name: str, patience: int, *ranks: float) -> Case:
        return case(rng, name, ranked(rng, *ranks), patience)

    def counted(name: str, patience: int, *ranks: float) -> Case:
        """A huge loss may take the place of nan: there is a best loss before."""
        losses = ranked(rng, *ranks)
        instead = huge(losses, {i for i, loss in enumerate(losses) if math.isnan(loss)})
        return case(rng, name, losses, patience, instead=instead)

    with_nan = [1.0, 0.8, nan, 0.85]
    return [
        in_the_text(with_nan, instead=huge(with_nan, {2})),
        counted("nan between good checks", 2, 5, 4, nan, 3, nan, nan, 2),
        of("nan at first", 2, nan, 4, 5, 3, 6),
        counted("nan after the best", 4, 4, 2, nan, 3, nan, 5),
        of("infinite at first", 2, inf, 5, inf, 4),
        of("all nan: what is the best?", 5, nan, nan),
    ]


# The best weights, when training has gone on.


def the_best(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    *_, (stopping, _answer) = checks(kind, inputs, inputs["losses"])
    return {"best_loss": number(stopping.best_loss), **best_weights(stopping)}


def best(rng: np.random.Generator) -> list[Case]:
    def of(name: str, how: str, *ranks: float) -> Case:
        return case(rng, name, ranked(rng, *ranks), 2, how=how)

    return [
        of("weights in new arrays", "new arrays", 5, 3, 1, 2, 4),
        of("weights in new arrays in the same dict", "same dict", 5, 2, 3, 4),
        of("weights changed in place", "in place", 5, 2, 4, 3),
        of("the first check is the best", "in place", 1, 2, 3),
        of("the last check is the best", "in place", 4, 3, 2, 1),
        of("the same loss as the best", "new arrays", 4, 2, 2, 3),
    ]


EXERCISE = Exercise(
    "early_stopping",
    "EarlyStopping",
    [
        Part("patience", 1, patience, stops, judge_answers),
        Part(
            "min_delta", 1, min_delta, with_small_improvements, judge_bests, of_small_improvements
        ),
        Part("diverged checks", 1, diverged, with_nan, judge_bests, of_nan),
        Part("the best weights", 1, best, the_best, judge_bests),
    ],
    minutes=20,
    difficulty=2,
)
