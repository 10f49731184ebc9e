"""The exercise ``log_uniform``: draws on a log scale."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder import sketch
from autograder.chance import close_in_distribution, share, whole
from autograder.compare import RTOL, floats
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

MANY = 4000
QUARTERS = {"first": 0.0, "second": 0.25, "third": 0.5, "last": 0.75}  # where each begins


def run_in_one_call(log_uniform: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Many draws at once."""
    return from_three_generators(
        inputs["seed"], lambda rng: called(log_uniform, inputs, inputs["size"], rng)
    )


def run_one_by_one(log_uniform: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Draws with size=1, in which a grid in random order shows: it always begins with low."""

    def draws(rng: np.random.Generator) -> np.ndarray:
        return np.concatenate([called(log_uniform, inputs, 1, rng) for _ in range(inputs["size"])])

    return from_three_generators(inputs["seed"], draws)


def from_three_generators(seed: int, draws: Callable[[np.random.Generator], np.ndarray]) -> Outputs:
    """Draws; the same from another generator with the same seed, and from one with another."""
    names = {"draws": seed, "again": seed, "from another seed": seed + 1}
    return {name: draws(np.random.default_rng(s)) for name, s in names.items()}


def summary(case: Case, outputs: Outputs) -> Outputs:
    """Which shares of the draws fall where, on a log scale; and what depends on the generator."""
    shape = shape_of(case.inputs["size"])
    if "table" in case.inputs:
        return by_powers_of_ten(floats(outputs, "draws", shape), case.inputs["low"])
    one, other = (floats(outputs, name, shape) for name in ("draws", "from another seed"))
    where, elsewhere = positions(one, case.inputs), positions(other, case.inputs)
    inside = np.concatenate([where, elsewhere])
    slack = RTOL["float32"]
    return {
        "share of draws from low to high": whole((inside >= -slack) & (inside <= 1 + slack)),
        **{
            f"share of draws in the {name} quarter of the range, on a log scale": share(
                (where >= start) & (where < start + 0.25)
            )
            for name, start in QUARTERS.items()
        },
        "share of neighbors in the same half of the range": share(
            (where[::2] < 0.5) == (where[1::2] < 0.5)
        ),
        "largest and smallest draw apart": bool(one.max() > one.min() * 1.5),
        **of_the_generator(case, outputs),
    }


def of_the_generator(case: Case, outputs: Outputs) -> Outputs:
    """What holds of draws from any distribution: each is another one, and the generator's."""
    names = ("draws", "again", "from another seed")
    one, again, other = (floats(outputs, name, shape_of(case.inputs["size"])) for name in names)
    return {
        "the draws differ from each other": bool(np.unique(one).size > 0.9 * one.size),
        "two generators with one seed draw the same": bool(np.array_equal(one, again)),
        "two generators with different seeds draw the same": bool(np.array_equal(one, other)),
    }


def by_powers_of_ten(draws: np.ndarray, low: float) -> Outputs:
    """Which shares of the example's draws lie in each of its three powers of ten."""
    bounds = [0.0, *(low * 10.0**k for k in (1, 2)), np.inf]
    shown = [
        f"below {bounds[1]:.4g}",
        f"from {bounds[1]:.4g} to {bounds[2]:.4g}",
        f"above {bounds[2]:.4g}",
    ]
    return {
        f"share of draws {name}": share((draws >= start) & (draws < end))
        for name, start, end in zip(shown, bounds[:-1], bounds[1:], strict=True)
    }


def positions(draws: np.ndarray, inputs: dict[str, Any]) -> np.ndarray:
    """Where draws lie in the range, on a log scale: from 0 to 1."""
    log_low, log_high = math.log(inputs["low"]), math.log(inputs["high"])
    with np.errstate(all="ignore"):
        return (np.log(draws.ravel(), dtype=np.float64) - log_low) / (log_high - log_low)


def spread(case: Case, outputs: Outputs, expected: Outputs) -> str:
    """Where the draws lie on a log scale; beyond the range there is a bin on each side."""
    where = positions(outputs["draws"], case.inputs)
    bins = np.linspace(-0.1, 1.1, 13)
    came, _ = np.histogram(np.clip(where[~np.isnan(where)], -0.1, 1.1), bins)
    flat = [0.0, *[0.1] * 10, 0.0]
    low, high = case.inputs["low"], case.inputs["high"]
    title = f"Where the draws lie, {case.name}: outermost, what is beyond {low:.3g} and {high:.3g}"
    return sketch.histogram(
        title, "logarithm of the draw", (f"< {low:.3g}", f"> {high:.3g}"), flat, came / where.size
    )


def called(
    log_uniform: Any, inputs: dict[str, Any], size: Any, rng: np.random.Generator
) -> np.ndarray:
    """What a call draws; raises Unusable for anything but an array of floats of the shape asked for."""
    made, shape = log_uniform(inputs["low"], inputs["high"], size, rng), shape_of(size)
    array = as_array(made) if isinstance(made, list | tuple) else made
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype.kind != "f":
        raise Unusable(f"return an array of floats of shape {shape} for size={size}")
    return array


def shape_of(size: Any) -> tuple[int, ...]:
    return (size,) if isinstance(size, int) else tuple(size)


def as_array(values: list | tuple) -> np.ndarray | None:
    """The values as an array, None if they have no one shape."""
    try:
        return np.asarray(values)
    except ValueError:
        return None


Band = tuple[float, float]


def case(rng: np.random.Generator, name: str, low: Band, ratio: Band, size: Any = MANY) -> Case:
    """A range that begins between two numbers; its ratio, too, is drawn between two.

    Draws from another range of the kind are thus never the draws that are asked for.
    """
    begin, factor = (float(np.exp(rng.uniform(*np.log(band)))) for band in (low, ratio))
    seed = int(rng.integers(2**31))
    return Case(name, {"low": begin, "high": begin * factor, "size": size, "seed": seed})


def distribution(rng: np.random.Generator) -> list[Case]:
    example = {"low": 1e-4, "high": 1e-1, "size": MANY, "seed": 0, "table": True}
    return [
        Case("the example in the text", example, draws=True),
        case(rng, "learning rates", (1e-5, 1e-3), (300, 3000)),
        case(rng, "a wide range", (1e-8, 1e-5), (1e4, 1e6)),
        case(rng, "a range above 1", (2, 3), (150, 400)),
        case(rng, "a range within one power of ten", (0.11, 0.22), (2.5, 4.5)),
    ]


def single_draws(rng: np.random.Generator) -> list[Case]:
    """About a hundred: calls take their time, and a grid shows soon.

    So few draws do not tell their range from one within it: ranges of one ratio have none within.
    """
    count = 2 * int(rng.integers(40, 60))
    return [case(rng, "one draw at a time, size=1", (1e-5, 1e-3), (1000, 1000), count)]


def shape(rng: np.random.Generator) -> list[Case]:
    rows, pairs = int(rng.integers(40, 60)), int(rng.integers(35, 50))
    return [
        case(rng, "a matrix of draws", (1e-4, 1e-2), (1e3, 1e5), [rows, 2 * pairs]),
        case(rng, "a size that is a tuple of one", (1e-4, 1e-2), (1e3, 1e5), [MANY]),
    ]


EXERCISE = Exercise(
    "log_uniform",
    "log_uniform",
    [
        Part(
            "distribution",
            1,
            distribution,
            run_in_one_call,
            close_in_distribution,
            summary,
            picture=spread,
        ),
        Part(
            "single draws",
            1,
            single_draws,
            run_one_by_one,
            close_in_distribution,
            summary,
            picture=spread,
        ),
        Part("shape", 1, shape, run_in_one_call, close_in_distribution, of_the_generator),
    ],
    minutes=8,
    difficulty=1,
)
