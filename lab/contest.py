"""Fair contests: who is better, if each contender has been given the same chance?

A page that compares does it like this:

    def final_loss(rule):
        def measure(rates):  # -> (rates, seeds), the same seeds for everybody
            run = training.train(model, data.mnist1d(), rule, lr=rates, seeds=16, steps=400)
            return run.train_loss[..., -1]
        return measure

    result = contest.hold(
        {"SGD": final_loss(rules.sgd), "Adam": final_loss(rules.adam)},
        {"SGD": [0.1, 0.3, 1.0], "Adam": [0.003, 0.01, 0.03]},
    )
    lead = contest.difference(result["SGD"].loss, result["Adam"].loss)  # paired, by seed
    contest.decide(lead)  # "more", "less", "same" or "undecided"
    contest.outcome(lead)  # the same as an outcome of a claim: "holds", ..., "undecided"

``hold`` keeps four rules. Each contender, the baseline included, gets the same number of tries. If
the best value lies at an edge of what was tried, that contender's range is widened on that side,
and all others get as many further tries, between what is best for them and its neighbors. Each seed
is judged at the value that the *other* seeds choose. What is still at an edge in the end says so
(``Entry.edge``), and ``report`` prints it. Scores that are better if higher: measure their negative.

"Here but not there" needs ``difference_of_differences``; rivals that cost nothing are in
``lab.rivals``, stopping on validation in ``lab.stopping``, and the exact interval of a share is
``stats.share``. The rules and their reasons are the page "How we measure".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lab import stats
from lab.stats import Interval
from lab.tuning import choose_on_other_seeds

Measure = Callable[[list[float]], ArrayLike]  # values -> losses (values, seeds)


class Entry(NamedTuple):
    """What a contender got.

    ``values`` ``(V,)`` in ascending order and ``losses`` ``(V, S)``: all that was tried. ``loss``
    ``(S,)`` is each seed's at the value that the other seeds chose, ``chosen`` ``(S,)``. ``best``
    is the value with the lowest mean; ``edge`` says on which side of it nothing was tried ("low" or
    "high", "" if it lies inside).
    """

    values: np.ndarray
    losses: np.ndarray
    chosen: np.ndarray
    loss: np.ndarray
    best: float
    edge: str

    @property
    def tries(self) -> int:
        return len(self.values)


def entry(values: Sequence[float] | np.ndarray, losses: ArrayLike) -> Entry:
    """Judge the losses ``(V, S)`` of the tried values; nan counts as infinitely bad."""
    order = np.argsort(values)
    values = np.asarray(values, dtype=float)[order]
    losses = np.asarray(losses, dtype=float)[order]
    losses = np.where(np.isnan(losses), np.inf, losses)
    best = int(losses.mean(1).argmin())
    edge = "low" if best == 0 else "high" if best == len(values) - 1 else ""
    choice = choose_on_other_seeds(losses)
    return Entry(values, losses, values[choice.index], choice.loss, float(values[best]), edge)


def hold(
    measures: Mapping[str, Measure],
    values: Mapping[str, Sequence[float]],
    *,
    widen: int = 2,
    limits: tuple[float, float] = (0.0, np.inf),
) -> dict[str, Entry]:
    """A contest of tuned contenders: each one's losses at its tuned value, by name.

    ``measures[name](values)`` returns losses ``(values, seeds)``. ``values[name]`` are the first
    tries, positive numbers, at least two and as many for each contender. Whoever has its best at an
    edge gets another try beyond it, at the same ratio, up to ``widen`` times and within ``limits``;
    the others then get another one near their best. Raises ValueError if the names differ, or the
    numbers of tries.
    """
    if measures.keys() != values.keys():
        raise ValueError(f"measures of {', '.join(measures)}, but values of {', '.join(values)}")
    tries = {name: len(v) for name, v in values.items()}
    if len(set(tries.values())) != 1 or min(tries.values()) < 2:
        raise ValueError(f"not the same number of tries, at least two, for each: {tries}")
    found = {name: entry(v, measures[name](list(v))) for name, v in values.items()}
    for _ in range(widen):
        more = {name: _beyond(e, limits) for name, e in found.items()}
        if all(value is None for value in more.values()):
            break
        for name, beyond in more.items():
            new = _between(found[name]) if beyond is None else beyond
            losses = np.asarray(measures[name]([new]), dtype=float)
            old = found[name]
            found[name] = entry([*old.values, new], np.concatenate([old.losses, losses]))
    return found


def _beyond(e: Entry, limits: tuple[float, float]) -> float | None:
    """The next value outside the edge where the best one lies, if there is one to try."""
    if not e.edge:
        return None
    v = e.values
    new = v[0] ** 2 / v[1] if e.edge == "low" else v[-1] ** 2 / v[-2]
    return float(new) if limits[0] < new <= limits[1] else None


def _between(e: Entry) -> float:
    """The middle, on a log scale, of the wider gap beside the best value."""
    best = int(np.searchsorted(e.values, e.best))
    gaps = np.diff(np.log(e.values))
    left = gaps[best - 1] if best > 0 else 0.0
    right = gaps[best] if best < len(gaps) else 0.0
    at = best - 1 if left > right else best
    return float(np.sqrt(e.values[at] * e.values[at + 1]))


def difference(a: ArrayLike, b: ArrayLike) -> Interval:
    """The 95% interval of ``a - b``, paired by seed."""
    return stats.interval(np.asarray(a, dtype=float) - np.asarray(b, dtype=float))


def difference_of_differences(
    here: tuple[ArrayLike, ArrayLike], there: tuple[ArrayLike, ArrayLike], *, paired: bool = True
) -> Interval:
    """How much larger ``a - b`` is here than there.

    An effect that is seen here and not there may still be the same at both places: only this
    interval says that it is not. ``paired``: the seeds of both places are the same draws; else
    Welch's interval is used.
    """
    one = np.asarray(here[0], dtype=float) - np.asarray(here[1], dtype=float)
    other = np.asarray(there[0], dtype=float) - np.asarray(there[1], dtype=float)
    return stats.interval(one - other) if paired else stats.welch(one, other)


def decide(change: Interval, margin: float = 0.0) -> str:
    """What an interval of differences says: "more", "less", "same" or "undecided".

    "same" needs the whole interval within ± ``margin``, a size that would not matter, named before
    it is looked at. An interval that merely contains 0 says nothing: "undecided".
    """
    if change.low > margin:
        return "more"
    if change.high < -margin:
        return "less"
    if -margin <= change.low and change.high <= margin and margin > 0:
        return "same"
    return "undecided"


def outcome(change: Interval, *, caveat: bool = False) -> str:
    """The outcome of a claim that says that ``change`` is above 0.

    ``caveat``: what was measured beside it changes the advice.
    """
    found = decide(change)
    if found == "more":
        return "holds with a caveat" if caveat else "holds"
    return "does not hold here" if found == "less" else "undecided"


def report(result: Mapping[str, Entry], measure: str) -> list[list[str]]:
    """A table's rows, the names of its columns first: what each contender got, at which value.

    ``measure`` says what the contenders were measured by, "training loss" or "steps"; it stands with
    its 95% interval. What is at the edge of what was tried says so.
    """
    rows = [["contender", measure, "best value", "of", "at an edge"]]
    for name, e in result.items():
        edge = f"the {e.edge} edge" if e.edge else "no"
        rows.append([name, f"{stats.interval(e.loss):.3f}", f"{e.best:.3g}", str(e.tries), edge])
    return rows
