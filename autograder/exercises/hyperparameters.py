"""The exercises of the assignment ``hyperparameters``, in the order of its notebook."""

import math
from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, share, whole
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.small_sample import OVERFITS_SMALL_SAMPLE
from autograder.judge import close, numbers

# The loss before the first step.


def run_initial_loss(expected_initial_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The loss; ``weights`` and ``reg`` are passed only where a case has them."""
    options = {name: inputs[name] for name in ("weights", "reg") if name in inputs}
    return {"loss": expected_initial_loss(inputs["num_classes"], **options)}


def initial_loss_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, part: str, classes: int, shapes=None, reg=None, **more) -> Case:
        inputs: dict[str, Any] = {"num_classes": classes, **more}
        if shapes is not None:
            inputs["weights"] = [rng.standard_normal(shape) + 0.5 for shape in shapes]
        if reg is not None:
            inputs["reg"] = reg
        return Case(name, part, inputs)

    classes = int(rng.integers(3, 30))
    reg = round(float(rng.uniform(0.05, 0.5)), 3)
    shapes = [(4, 3), (3, classes)]
    return [
        case("ten classes", "softmax loss", 10),
        case("some classes", "softmax loss", classes),
        case("two classes", "softmax loss", 2),
        case("one class", "softmax loss", 1),
        case("a thousand classes", "softmax loss", 1000),
        case("a penalty on two layers", "with a penalty", classes, shapes, reg),
        case("a penalty on one layer", "with a penalty", 5, [(6, 5)], reg),
        case(
            "a penalty on weights and biases",
            "with a penalty",
            6,
            [(4, 3), (3,), (3, 6), (6,)],
            reg,
        ),
        case("a convolution's weights", "with a penalty", 4, [(2, 3, 3, 3), (18, 4)], reg),
        case("weights, but no penalty", "with a penalty", classes, shapes),
        case("a penalty, but no weights", "with a penalty", classes, [], reg),
    ]


EXPECTED_INITIAL_LOSS = Exercise(
    "expected_initial_loss",
    "expected_initial_loss",
    {"softmax loss": 1, "with a penalty": 1},
    initial_loss_cases,
    run_initial_loss,
    close,
)


# Draws on a log scale.

MANY = 4000


def run_log_uniform(log_uniform: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Which shares of many draws fall where, on a log scale; and what depends on the generator."""
    low, high = inputs["low"], inputs["high"]
    size = inputs["size"]

    def draw(seed: int) -> Any:
        drawn = log_uniform(low, high, size, np.random.default_rng(seed))
        return np.asarray(drawn) if isinstance(drawn, list | tuple | np.ndarray) else drawn

    one, again, other = draw(inputs["seed"]), draw(inputs["seed"]), draw(inputs["seed"] + 1)
    shape = (size,) if isinstance(size, int) else tuple(size)
    for drawn in (one, again, other):
        if not isinstance(drawn, np.ndarray) or drawn.shape != shape or drawn.dtype.kind != "f":
            return {"unusable": f"return an array of floats of shape {shape} for size={size}"}
    with np.errstate(all="ignore"):
        where = (np.log(one.ravel()) - math.log(low)) / (math.log(high) - math.log(low))
    slack = 1e-9
    return {
        "share of draws from low to high": whole((where >= -slack) & (where <= 1 + slack)),
        **{
            f"share of draws in the {name} quarter of the range, on a log scale": share(
                (where >= start) & (where < start + 0.25)
            )
            for name, start in (("first", 0.0), ("second", 0.25), ("third", 0.5), ("last", 0.75))
        },
        "share of neighbors in the same half of the range": share(
            (where[::2] < 0.5) == (where[1::2] < 0.5)
        ),
        "largest and smallest draw apart": bool(one.max() > one.min() * 1.5),
        "distinct draws": whole(np.array([np.unique(one).size > 0.9 * one.size])),
        "two generators with one seed draw the same": bool(np.array_equal(one, again)),
        "two generators with different seeds draw the same": bool(np.array_equal(one, other)),
    }


def log_uniform_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, part: str, low: float, high: float, size: Any = MANY) -> Case:
        inputs = {"low": low, "high": high, "size": size, "seed": int(rng.integers(2**31))}
        return Case(name, part, inputs)

    low = float(10 ** rng.uniform(-6, -4))
    ratio = float(10 ** rng.uniform(2.5, 4))
    return [
        case("learning rates", "distribution", 1e-4, 1e-1),
        case("another range", "distribution", low, low * ratio),
        case("a range above 1", "distribution", 2.0, 500.0),
        case("a range within one power of ten", "distribution", 0.2, 0.9),
        case("a matrix of draws", "shape", 1e-3, 10.0, [50, 80]),
        case("a size that is a tuple of one", "shape", 1e-3, 10.0, [MANY]),
    ]


LOG_UNIFORM = Exercise(
    "log_uniform",
    "log_uniform",
    {"distribution": 2, "shape": 1},
    log_uniform_cases,
    run_log_uniform,
    close_in_distribution,
)


# Random search.


def run_random_search(random_search: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What the objective was asked, and whether what came back fits it."""
    space = {name: tuple(bounds) for name, bounds in inputs["space"].items()}
    names, losses = list(space), inputs["losses"]
    # The losses do not depend on the configurations: so what is to come back depends on no draw.
    if losses is None:
        losses = _losses(np.random.default_rng(inputs["seed"]), inputs["trials"])

    def search(seed: int) -> tuple[Any, list[list[float] | None]]:
        """What comes back, and the values that the objective was asked about."""
        drawn: list[list[float] | None] = []

        def objective(config: dict[str, float]) -> float:
            drawn.append(_values(config, names))
            return float(losses[(len(drawn) - 1) % len(losses)])

        generator = np.random.default_rng(seed)
        return random_search(objective, dict(space), inputs["trials"], generator), drawn

    returned, drawn = search(inputs["seed"])
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return {"unusable": "return two values: the best configuration and its loss"}
    best, loss = returned
    if not isinstance(best, dict | None) or not isinstance(loss, float | int | np.floating):
        return {"unusable": "return a dict and a number: the best configuration and its loss"}
    if None in drawn:
        keys = ", ".join(names)
        return {"unusable": f"each configuration must be a dict with a float for each of {keys}"}
    seen: Outputs = {
        "calls of the objective": len(drawn),
        "loss returned": float(loss),
        "configuration returned": _which(_values(best, names), drawn, losses),
    }
    if inputs["again"]:
        again, other = (search(inputs["seed"] + k)[1] for k in (0, 1))
        seen["two generators with one seed draw the same"] = drawn == again
        seen["two generators with different seeds draw the same"] = drawn == other
    if inputs["trials"] >= 1000:
        seen.update(_spread(np.reshape(drawn, (-1, len(names))), names, space))
    return seen


def _losses(rng: np.random.Generator, trials: int) -> np.ndarray:
    """Losses of some trials, of which neither the first nor one of the last three is the lowest."""
    losses = rng.uniform(0.6, 2.5, trials)
    if trials > 4:
        losses[rng.integers(1, trials - 3)] = rng.uniform(0.1, 0.5)
    return losses


def _values(config: Any, names: list[str]) -> list[float] | None:
    """The numbers of a configuration, None if it is none."""
    if not isinstance(config, dict) or set(config) != set(names):
        return None
    try:
        # digits in a string are no number: hence 1.0
        return [float(1.0 * config[name]) for name in names]
    except (TypeError, ValueError):
        return None


def _which(best: list[float] | None, drawn: list[list[float]], losses: Any) -> str:
    """What the configuration returned is: one with the lowest loss, another that was tried, or none."""
    if best is None or not drawn:
        return "none of those tried"
    same = np.isclose(drawn, best, rtol=1e-9, atol=0).all(axis=1)
    if not same.any():
        return "none of those tried"
    asked = np.nan_to_num(np.resize(losses, len(drawn)), nan=np.inf, posinf=np.inf)
    found = asked[same].min() == asked.min()
    return "the one with the lowest loss" if found else "one of those tried, not the best"


def _spread(drawn: np.ndarray, names: list[str], space: dict[str, Any]) -> Outputs:
    """Where the draws lie in their ranges, on a log scale, and whether they go together."""
    low, high = np.array([space[n] for n in names]).T
    where = np.log(np.maximum(drawn, 1e-300) / low) / np.log(high / low)
    halves = where < 0.5
    pairs = halves[: len(halves) // 2 * 2, 0].reshape(-1, 2)
    seen: Outputs = {
        "share of draws inside their ranges": whole((where >= -1e-9) & (where <= 1 + 1e-9)),
        "share of distinct draws": whole(
            np.array([np.unique(where[:, k]).size > 0.9 * len(where) for k in range(len(names))])
        ),
    }
    for k, name in enumerate(names):
        seen[f"{name}: share of draws in the first quarter of the range, on a log scale"] = share(
            where[:, k] < 0.25
        )
        seen[f"{name}: share of draws in the second half of the range, on a log scale"] = share(
            ~halves[:, k]
        )
    seen["share of trials in which the first two are in the same half of their ranges"] = share(
        halves[:, 0] == halves[:, 1]
    )
    seen["share of neighboring trials in the same half"] = share(pairs[:, 0] == pairs[:, 1])
    return seen


def random_search_cases(rng: np.random.Generator) -> list[Case]:
    def bounds(low: float, high: float) -> list[float]:
        start = float(10 ** rng.uniform(low, high))
        return [start, start * float(10 ** rng.uniform(2, 4))]

    def case(name: str, part: str, trials: int, count: int = 2, again: bool = False) -> Case:
        keys = ["learning_rate", "weight_decay", "width"][:count]
        inputs = {
            "space": {key: bounds(-5, -2) for key in keys},
            "trials": trials,
            "losses": None,  # drawn by the probe: some thousands are not to stand in a key
            "seed": int(rng.integers(2**31)),
            "again": again,
        }
        return Case(name, part, inputs)

    third = case("every third trial diverges, the first included", "diverging trials", 21)
    # Two trials follow the last one that diverges, and the later one is worse.
    losses = _losses(rng, 21)
    losses[::3] = np.nan
    losses[[5, 19, 20]] = rng.uniform(0.1, 0.5), 1.0, 1.5
    third.inputs["losses"] = losses
    none = case("all trials diverge", "diverging trials", 4)
    none.inputs["losses"] = np.full(4, np.nan)
    return [
        case("a thousand trials", "draws", 1000),
        case("two thousand trials of three hyperparameters", "draws", 2000, count=3),
        case("the same seed again, then another one", "draws", 5, again=True),
        case("twelve trials", "the best", 12),
        case("one trial", "the best", 1),
        case("thirty trials of three hyperparameters", "the best", 30, count=3),
        third,
        none,
    ]


RANDOM_SEARCH = Exercise(
    "random_search",
    "random_search",
    {"draws": 2, "the best": 2, "diverging trials": 1},
    random_search_cases,
    run_random_search,
    close_in_distribution,
)


# Narrowing a range.


def run_narrow_range(narrow_range: Any, inputs: dict[str, Any], device: str) -> Outputs:
    options = {"widen": inputs["widen"]} if "widen" in inputs else {}
    returned = narrow_range(inputs["values"], inputs["losses"], inputs["keep"], **options)
    if not isinstance(returned, tuple | list | np.ndarray) or np.shape(returned) != (2,):
        return {"unusable": "return two values: low and high"}
    return {"low": returned[0], "high": returned[1]}


def close_on_log_scale(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """As ``close``, but a number near 0 is compared at its own size."""
    if "unusable" in outputs or "unusable" in expected:
        return close(case, outputs, expected)
    findings = []
    for name, want in expected.items():
        got = numbers(outputs.get(name))
        if got is not None and got.size == 1:
            got = got.item()
            if math.isclose(got, want, rel_tol=1e-6) or (math.isnan(got) and math.isnan(want)):
                continue
            findings.append(f"{name}: expected {want:.6g}, got {got:.6g}")
        else:
            findings.append(f"{name}: expected {want:.6g}, got {outputs.get(name)!r}"[:120])
    return findings


def narrow_range_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, part: str, keep: int, trials: int = 8, nans: int = 0, **more) -> Case:
        values = 10 ** rng.uniform(-5, 0, trials)
        best = 10 ** rng.uniform(-3.5, -1.5)
        losses = np.abs(np.log10(values / best)) + 0.3 + 0.01 * rng.random(trials)
        order = rng.permutation(trials)
        if nans:
            losses[order[:nans]] = np.nan
        return Case(name, part, {"values": values, "losses": losses, "keep": keep, **more})

    widen = round(float(rng.uniform(1.5, 4)), 2)
    inputs = case("a diverged trial has loss inf", "diverged trials", 3)
    inputs.inputs["losses"][int(rng.integers(8))] = np.inf
    few = case("infinite losses, and fewer finite trials than asked for", "diverged trials", 8)
    order = np.argsort(few.inputs["values"])
    few.inputs["losses"][order[[0, 2, 5, 7]]] = np.inf  # the outermost values among them
    few.inputs["losses"][order[3]] = np.nan
    return [
        case("the best three of eight", "range", 3),
        case("the best two", "range", 2, widen=widen),
        case("the best one", "range", 1, widen=widen),
        case("no widening", "range", 4, 12, widen=1.0),
        case("keep more than there are", "edges", 20, 5, widen=widen),
        case("two trials", "edges", 1, 2),
        case("diverged trials are nan", "diverged trials", 3, 9, nans=3),
        case("fewer finite trials than asked for", "diverged trials", 4, 6, nans=4, widen=widen),
        inputs,
        few,
    ]


NARROW_RANGE = Exercise(
    "narrow_range",
    "narrow_range",
    {"range": 2, "edges": 1, "diverged trials": 1},
    narrow_range_cases,
    run_narrow_range,
    close_on_log_scale,
)


# The edge of the range.


def run_at_edge(at_edge_of_range: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The answer for each best value of a case."""
    options = {"fraction": inputs["fraction"]} if "fraction" in inputs else {}
    answers = [
        at_edge_of_range(best, inputs["low"], inputs["high"], **options) for best in inputs["best"]
    ]
    return {"answers": [a.item() if isinstance(a, np.generic) else a for a in answers]}


def judge_at_edge(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Each answer by itself: the word, or None."""
    answers = outputs.get("answers")
    if not isinstance(answers, list) or len(answers) != len(case.inputs["best"]):
        return ["no answers"]
    low, high = case.inputs["low"], case.inputs["high"]
    return [
        f"best={best:.3g} in {low:.3g} .. {high:.3g}: expected {want!r}, got {got!r}"[:160]
        for best, got, want in zip(case.inputs["best"], answers, expected["answers"], strict=True)
        if type(got) is not type(want) or got != want
    ]


def at_edge_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, part: str, where: list[float], low=None, high=None, **more) -> Case:
        low = float(10 ** rng.uniform(-6, -4)) if low is None else low
        high = low * float(10 ** rng.uniform(2, 4)) if high is None else high
        best = [low * (high / low) ** float(w) for w in where]
        return Case(name, part, {"best": best, "low": low, "high": high, **more})

    def near(center: float) -> float:
        return center + float(rng.uniform(-0.03, 0.03))

    fraction = round(float(rng.uniform(0.2, 0.4)), 2)
    return [
        case("inside", "inside and outside", [near(0.2), near(0.4), near(0.6), near(0.8)]),
        case("near the low end", "low end", [0.0, 0.005, near(0.06), near(0.15)]),
        case("near the high end", "high end", [near(0.85), near(0.94), 0.995, 1.0]),
        case("a range above 1", "low end", [0.035, 0.065, 0.13, 0.5], 3.0, 3000.0),
        case("a range above 1, its high end", "high end", [0.5, 0.87, 0.95], 3.0, 3000.0),
        case("a fraction of its own", "low end", [fraction - 0.05, fraction + 0.05], fraction=fraction),
        case("a fraction of its own, high end", "high end", [0.95 - fraction, 1.05 - fraction], fraction=fraction),
        case("beyond the range", "inside and outside", [-0.2, 0.5, 1.3]),
    ]  # fmt: skip


AT_EDGE_OF_RANGE = Exercise(
    "at_edge_of_range",
    "at_edge_of_range",
    {"inside and outside": 1, "low end": 1, "high end": 1},
    at_edge_cases,
    run_at_edge,
    judge_at_edge,
)

EXERCISES = [
    EXPECTED_INITIAL_LOSS,
    OVERFITS_SMALL_SAMPLE,
    LOG_UNIFORM,
    RANDOM_SEARCH,
    NARROW_RANGE,
    AT_EDGE_OF_RANGE,
]
