"""The exercise ``log_uniform``: draws on a log scale."""

import math
from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, share, whole
from autograder.compare import RTOL
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

MANY = 4000
QUARTERS = {"first": 0.0, "second": 0.25, "third": 0.5, "last": 0.75}  # where each begins


def probe(log_uniform: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Which shares of many draws fall where, on a log scale; and what depends on the generator."""
    seed = inputs["seed"]
    one, again, other = (drawn(log_uniform, inputs, s) for s in (seed, seed, seed + 1))
    log_low, log_high = math.log(inputs["low"]), math.log(inputs["high"])
    with np.errstate(all="ignore"):
        where = (np.log(one.ravel()) - log_low) / (log_high - log_low)
    slack = RTOL["float32"]
    return {
        "share of draws from low to high": whole((where >= -slack) & (where <= 1 + slack)),
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
        "distinct draws": whole(np.array([np.unique(one).size > 0.9 * one.size])),
        "two generators with one seed draw the same": bool(np.array_equal(one, again)),
        "two generators with different seeds draw the same": bool(np.array_equal(one, other)),
    }


def drawn(log_uniform: Any, inputs: dict[str, Any], seed: int) -> np.ndarray:
    """The draws from a generator with this seed; raises Unusable for anything else."""
    size = inputs["size"]
    shape = (size,) if isinstance(size, int) else tuple(size)
    made = log_uniform(inputs["low"], inputs["high"], size, np.random.default_rng(seed))
    array = as_array(made) if isinstance(made, list | tuple) else made
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype.kind != "f":
        raise Unusable(f"return an array of floats of shape {shape} for size={size}")
    return array


def as_array(values: list | tuple) -> np.ndarray | None:
    """The values as an array, None if they have no one shape."""
    try:
        return np.asarray(values)
    except ValueError:
        return None


def case(rng: np.random.Generator, name: str, low: float, high: float, size: Any = MANY) -> Case:
    seed = int(rng.integers(2**31))
    return Case(name, {"low": low, "high": high, "size": size, "seed": seed})


def distribution(rng: np.random.Generator) -> list[Case]:
    low = float(10 ** rng.uniform(-6, -4))
    ratio = float(10 ** rng.uniform(2.5, 4))
    return [
        case(rng, "learning rates", 1e-4, 1e-1),
        case(rng, "another range", low, low * ratio),
        case(rng, "a range above 1", 2.0, 500.0),
        case(rng, "a range within one power of ten", 0.2, 0.9),
    ]


def shape(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "a matrix of draws", 1e-3, 10.0, [50, 80]),
        case(rng, "a size that is a tuple of one", 1e-3, 10.0, [MANY]),
    ]


EXERCISE = Exercise(
    "log_uniform",
    "log_uniform",
    [
        Part("distribution", 2, distribution, probe, close_in_distribution),
        Part("shape", 1, shape, probe, close_in_distribution),
    ],
)
