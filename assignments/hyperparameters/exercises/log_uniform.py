"""The exercise ``log_uniform``: draws on a log scale."""

import math
from typing import Any

import numpy as np

from autograder import sketch
from autograder.chance import close_in_distribution, filled, share, whole
from autograder.compare import RTOL, floats
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

MANY, SINGLE = 4000, 20  # draws in one call, and in calls of their own
EXAMPLE = {"low": 1e-4, "high": 1e-1, "size": MANY, "seed": 0}  # the text's
QUARTERS = {"first": 0.0, "second": 0.25, "third": 0.5, "last": 0.75}  # where each begins


def run(log_uniform: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Many draws; the same from another generator with the same seed, and from one with another."""
    seed = inputs["seed"]
    names = {"draws": seed, "again": seed, "from another seed": seed + 1}
    return {
        name: called(log_uniform, inputs, inputs["size"], np.random.default_rng(s))
        for name, s in names.items()
    }


def run_with_single_draws(log_uniform: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Draws one by one besides, in which a grid in random order shows: it always begins with low."""
    many, rng = run(log_uniform, inputs, device), np.random.default_rng(inputs["seed"])
    singles = [called(log_uniform, inputs, 1, rng) for _ in range(SINGLE)]
    return {**many, "one by one": np.concatenate(singles)}


def summary(case: Case, outputs: Outputs) -> Outputs:
    """Which shares of the draws fall where, on a log scale; and what depends on the generator."""
    shape = shape_of(case.inputs["size"])
    if case.inputs == EXAMPLE:
        return by_powers_of_ten(floats(outputs, "draws", shape), case.inputs["low"])
    one, other = (floats(outputs, name, shape) for name in ("draws", "from another seed"))
    singles = floats(outputs, "one by one", (SINGLE,))
    where, *elsewhere = (positions(draws, case.inputs) for draws in (one, other, singles))
    inside = np.concatenate([where, *elsewhere])
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
        "share of equal parts of the range, as many as draws, in which one lies": filled(where),
        "largest and smallest draw apart": bool(one.max() > one.min() * 1.5),
        "draws with size=1 differ from each other": all_differ(singles),
        **of_the_generator(case, outputs),
    }


def of_the_generator(case: Case, outputs: Outputs) -> Outputs:
    """What holds of draws from any distribution: each is another one, and the generator's."""
    names = ("draws", "again", "from another seed")
    one, again, other = (floats(outputs, name, shape_of(case.inputs["size"])) for name in names)
    return {
        "the draws differ from each other": all_differ(one),
        "two generators with one seed draw the same": bool(np.array_equal(one, again)),
        "two generators with different seeds draw the same": bool(np.array_equal(one, other)),
    }


def all_differ(draws: np.ndarray) -> bool:
    """Whether hardly any number comes twice."""
    return bool(np.unique(draws).size > 0.9 * draws.size)


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
    return [
        Case("the example in the text", EXAMPLE, draws=True),
        case(rng, "learning rates", (1e-5, 1e-3), (300, 3000)),
        case(rng, "a wide range", (1e-8, 1e-5), (1e4, 1e6)),
        case(rng, "a range above 1", (2, 3), (150, 400)),
        case(rng, "a range within one power of ten", (0.11, 0.22), (2.5, 4.5)),
    ]


def shape(rng: np.random.Generator) -> list[Case]:
    """Sizes that are hardly ever drawn twice: kept draws would have another shape."""
    rows, pairs = int(rng.integers(40, 60)), int(rng.integers(35, 50))
    many = int(rng.integers(MANY // 2, MANY))
    return [
        case(rng, "a matrix of draws", (1e-4, 1e-2), (1e3, 1e5), [rows, 2 * pairs]),
        case(rng, "a size that is a tuple of one", (1e-4, 1e-2), (1e3, 1e5), [many]),
    ]


EXERCISE = Exercise(
    "log_uniform",
    "log_uniform",
    [
        Part(
            "distribution",
            2,
            distribution,
            run_with_single_draws,
            close_in_distribution,
            summary,
            picture=spread,
        ),
        Part("shape", 1, shape, run, close_in_distribution, of_the_generator),
    ],
    minutes=8,
    difficulty=1,
)
