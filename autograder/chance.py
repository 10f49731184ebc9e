"""Random answers, judged as distributions: never by a seed.

A probe draws many numbers from a random answer and sums them up. A *share* says which part of ``of``
independent draws had some property; a *mean* is that of ``of`` independent draws, with their
standard deviation. Two answers agree if their shares and means differ by no more than chance allows.
What chance must not touch (the values a mask may take, the result at test time) is reported beside
them as plain numbers, and compared as ``autograder.compare`` does.
"""

from typing import Any

import numpy as np

from autograder.compare import difference, tolerance
from autograder.exercise import Case, Outputs

# Standard errors that two right answers may be apart. One comparison in 4e11 is farther: with some
# hundred comparisons a grading, a right answer fails less than once in 1e9 gradings.
SIGMAS = 7.0
EVERY, SHARE = ": every one", ": share"
MOST_VALUES = 4  # of those that a number may become
PART = "share of "  # what the names of shares begin with


def whole(holds: Any) -> float | None:
    """Which part of all elements has a property that chance must not touch; None without any."""
    holds = np.asarray(holds, dtype=bool)
    return round(float(holds.mean()), 3) if holds.size else None


def share(holds: Any) -> dict[str, float]:
    """Which part of independent draws had a property: ``holds`` is an array of booleans."""
    holds = np.asarray(holds, dtype=bool)
    return {"share": float(holds.mean()), "of": int(holds.size)}


def filled(places: Any) -> dict[str, float]:
    """Which share of equal parts from 0 to 1, one for each of some draws, holds a draw at least.

    Of independent draws 63%: those that were spread evenly fill more.
    """
    places = np.ravel(places)
    part = (np.clip(np.nan_to_num(places), 0, 1) * (places.size - 1e-6)).astype(int)
    return share(np.bincount(part, minlength=places.size) > 0)


def every(what: str, holds: Any) -> dict[str, Any]:
    """Whether something holds for every one, as in a right answer it does, without exception.

    Where it does not: also for which share, which tells one wrong answer from another, where chance
    may have a part in it.
    """
    holds = np.asarray(holds, dtype=bool)
    if holds.all():
        return {f"{what}{EVERY}": True}
    return {f"{what}{EVERY}": False, f"{what}{SHARE}": share(holds)}


def mean(values: Any) -> dict[str, float]:
    """The mean of independent draws, and their standard deviation, rounded to what keys need."""
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        return _rounded(float(values.mean()), float(values.std()), int(values.size))


def _rounded(mean: float, sd: float, of: int) -> dict[str, float]:
    return {"mean": round(mean, 8), "sd": float(f"{sd:.4g}"), "of": of}


def spread_mean(values: Any) -> dict[str, float]:
    """As ``mean``, with a scatter that holds too where whole rows or columns go together.

    They do not in a right answer; in a wrong one they may, and its mean is to be known again. The
    scatter is the largest of that of the values (rows, ...) and those that the means of rows and of
    columns tell: the standard deviation of means of n values, times the root of n.
    """
    table = np.asarray(values, np.float64)
    table = table.reshape(len(table), -1)
    sd = float(table.std())
    for axis in (0, 1):
        means = table.mean(axis=axis)
        sd = max(sd, float(means.std() * np.sqrt(table.size / len(means))))
    return _rounded(float(table.mean()), sd, int(table.size))


def becomes(given: Any, made: Any) -> dict[str, str]:
    """What becomes of each number, or row of numbers, that is ``given``, in so many calls: in words.

    ``given`` is (n, ...) and ``made`` (calls, n, ...). After many calls a right answer has shown all
    there is.
    """
    rows = np.asarray(given, np.float64).reshape(len(given), -1)
    calls = np.round(np.asarray(made, np.float64).reshape(-1, *rows.shape), 6) + 0.0
    return {
        f"{_said(row)} becomes": " or ".join(
            list(dict.fromkeys(map(_said, np.unique(calls[:, i], axis=0))))[:MOST_VALUES]
        )
        for i, row in enumerate(rows)
    }


def _said(row: np.ndarray) -> str:
    numbers = ", ".join(f"{number:.6g}" for number in row)
    return numbers if row.size == 1 else f"({numbers})"


def drop_probability(rng: np.random.Generator) -> float:
    """A probability of dropping at which keeping and dropping differ."""
    return round(float(rng.choice([rng.uniform(0.2, 0.35), rng.uniform(0.6, 0.75)])), 3)


def close_in_distribution(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The judge of random answers: shares and means agree within chance, all else as in ``close``.

    |got - want| <= SIGMAS s + rtol max(1, |want|), with s^2 = v (1 / n + 1 / m) for n and m draws; v
    is p (1 - p) of the pooled share p, or the variance of the expected draws.
    """
    findings, missing = [], []
    for name, want in expected.items():
        got = outputs.get(name)
        if name not in outputs:
            missing.append(f"{name} is missing")
        elif isinstance(want, dict):
            findings += _beyond_chance(name, got, want, tolerance(case.inputs))
        elif name.endswith(EVERY) and (want, got) == (True, False):
            what = name.removesuffix(EVERY)
            findings.append(f"{what}: expected every one, got {_part(outputs.get(what + SHARE))}")
        elif isinstance(want, float) and got is None:
            findings.append(f"{name}: there is nothing of which a share could be taken")
        elif name.startswith(PART) and want == 1.0 and isinstance(got, float) and got < 1.0:
            findings.append(f"{name.removeprefix(PART)}: expected all, got {got:.1%} of them")
        elif (finding := difference(name, got, want, tolerance(case.inputs))) is not None:
            findings.append(finding)
    return findings or missing  # what else is wrong is why something could not be looked at


def _beyond_chance(name: str, got: Any, want: dict[str, float], rtol: float) -> list[str]:
    """One finding if two summaries differ by more than chance allows."""
    kind = "share" if "share" in want else "mean"
    if not isinstance(got, dict) or got.keys() != want.keys() or not _are_numbers(got):
        return [f"{name}: there is nothing to compare"]
    if got["of"] < want["of"] / 2:  # how many draws there are may itself be chance, within bounds
        return [f"{name}: {got['of']} draws, expected about {want['of']}"]
    allowed = SIGMAS * _standard_error(kind, got, want)
    if abs(got[kind] - want[kind]) <= allowed + rtol * max(1.0, abs(want[kind])):
        return []
    if kind == "mean" and name.startswith(PART) and want["sd"] == 0 and want["mean"] in (0, 1):
        wanted = "all" if want["mean"] else "none"
        return [f"{name.removeprefix(PART)}: expected {wanted}, got {got['mean']:.1%} of them"]
    by_chance = f"; by chance it would be off by {allowed:.2g} at most" if allowed > 1e-3 else ""
    return [
        f"{name}: expected about {want[kind]:.3g}, got {got[kind]:.3g} "
        f"(over {want['of']} draws{by_chance})"
    ]


def _part(share: Any) -> str:
    if isinstance(share, dict) and isinstance(share.get("share"), float):
        return f"{share['share']:.1%} of them"
    return "not every one"


def _are_numbers(summary: dict) -> bool:
    numbers = all(type(v) in (int, float) and np.isfinite(v) for v in summary.values())
    return numbers and summary["of"] >= 1


def _standard_error(kind: str, got: dict, want: dict) -> float:
    """Of the difference between two summaries, if both have one distribution.

    The scatter is that of the expected draws: an answer cannot excuse itself with its own.
    """
    if kind == "share":
        pooled = (got["share"] + want["share"]) / 2
        variance = max(pooled * (1 - pooled), 0.0)
    else:
        variance = want["sd"] ** 2
    return float(np.sqrt(variance * (1 / got["of"] + 1 / want["of"])))
