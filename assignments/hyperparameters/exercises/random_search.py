"""The exercise ``random_search``: the best of some random configurations."""

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, filled, share, whole
from autograder.compare import ROUNDING, floats, require_values
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

Space = dict[str, tuple[float, float]]
Values = list[float]  # those of a configuration, in the order of the space
EVENLY = "share of equal parts of the range, as many as draws, in which one lies"


@dataclass
class Objective:
    """Answers with losses that depend on no configuration, and notes what it was asked.

    So what is to come back from a search depends on no draw.
    """

    names: list[str]
    losses: np.ndarray
    drawn: list[Values | None] = field(default_factory=list)

    def __call__(self, config: Any) -> float:
        self.drawn.append(values_of(config, self.names))
        return float(self.losses[(len(self.drawn) - 1) % len(self.losses)])


def values_of(config: Any, names: list[str]) -> Values | None:
    """The numbers of a configuration, None if it is none."""
    if not isinstance(config, dict) or set(config) != set(names):
        return None
    try:
        # digits in a string are no number: hence 1.0
        return [float(1.0 * config[name]) for name in names]
    except (TypeError, ValueError):
        return None


def space_of(inputs: dict[str, Any]) -> Space:
    return {name: (low, high) for name, (low, high) in inputs["space"].items()}


def search(
    random_search: Any, inputs: dict[str, Any], losses: np.ndarray, seed: int
) -> tuple[Any, list[Values | None]]:
    """What comes back, and the values that the objective was asked about."""
    objective = Objective(list(inputs["space"]), losses)
    rng = np.random.default_rng(seed)
    returned = random_search(objective, space_of(inputs), inputs["trials"], rng)
    return returned, objective.drawn


def found(random_search: Any, inputs: dict[str, Any], losses: np.ndarray) -> Outputs:
    """What came back, and the values that the objective was asked about; raises Unusable."""
    returned, asked = search(random_search, inputs, losses, inputs["seed"])
    best, loss = require_values(returned, 2, "two values, the best configuration and its loss")
    if not isinstance(best, dict | None) or not isinstance(loss, float | int | np.floating):
        raise Unusable("return a dict and a number: the best configuration and its loss")
    names = list(inputs["space"])
    values = values_of(best, names)
    return {
        "asked": table_of(asked, names),
        "best": None if values is None else np.array(values),
        "loss": float(loss),
    }


def table_of(asked: list[Values | None], names: list[str]) -> np.ndarray:
    """A row for each configuration; raises Unusable if one is none."""
    rows = [values for values in asked if values is not None]
    if len(rows) < len(asked):
        keys = ", ".join(names)
        raise Unusable(f"each configuration must be a dict with a float for each of {keys}")
    return np.reshape(rows, (-1, len(names))).astype(np.float64)


def of_the_search(case: Case, outputs: Outputs, losses: np.ndarray) -> Outputs:
    """Whether what came back fits what the objective was asked."""
    asked = floats(outputs, "asked", (None, len(case.inputs["space"])))
    best, loss = outputs.get("best"), outputs.get("loss")
    if best is not None:
        best = floats(outputs, "best", asked.shape[1:])
    if not isinstance(loss, float):
        raise Unusable("there is no loss")
    return {
        "calls of the objective": len(asked),
        "loss returned": loss,
        "configuration returned": which(best, asked, losses),
    }


def not_too_few(case: Case, seen: Outputs) -> Outputs:
    """The same without a word on calls that were too many: one part says so."""
    calls = "calls of the objective"
    return seen | {calls: min(seen[calls], case.inputs["trials"])}


def which(best: np.ndarray | None, drawn: np.ndarray, losses: np.ndarray) -> str:
    """What the configuration returned is: one with the lowest loss, another that was tried, or none."""
    if best is None or not len(drawn):
        return "none of those tried"
    same = np.isclose(drawn, best, rtol=ROUNDING, atol=0).all(axis=1)
    if not same.any():
        return "none of those tried"
    asked = np.nan_to_num(np.resize(losses, len(drawn)), nan=np.inf, posinf=np.inf)
    lowest = asked[same].min() == asked.min()
    return "the one with the lowest loss" if lowest else "one of those tried, not the best"


def draw_losses(rng: np.random.Generator, trials: int) -> np.ndarray:
    """Losses of some trials, of which neither the first nor one of the last three is the lowest."""
    losses = rng.uniform(0.6, 2.5, trials)
    if trials > 4:
        losses[rng.integers(1, trials - 3)] = rng.uniform(0.1, 0.5)
    return losses


def case(rng: np.random.Generator, name: str, trials: int, count: int = 2, **more: Any) -> Case:
    """``count`` hyperparameters over two to four powers of ten each."""
    space = {}
    for key in ["learning_rate", "weight_decay", "width"][:count]:
        low = float(10 ** rng.uniform(-5, -2))
        space[key] = [low, low * float(10 ** rng.uniform(2, 4))]
    seed = int(rng.integers(2**31))
    return Case(name, {"space": space, "trials": trials, "seed": seed, **more})


# The draws.


def draws(random_search: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """A long search; the beginning of one from the same seed, again, and from another seed."""
    losses, names = losses_of(inputs), list(inputs["space"])
    few, seed = inputs | {"trials": 5}, inputs["seed"]
    starts = {"one": seed, "again": seed, "from another seed": seed + 1}
    return found(random_search, inputs, losses) | {
        name: table_of(search(random_search, few, losses, s)[1], names)
        for name, s in starts.items()
    }


def of_the_draws(case: Case, outputs: Outputs) -> Outputs:
    seen = not_too_few(case, of_the_search(case, outputs, losses_of(case.inputs)))
    space = space_of(case.inputs)
    one = floats(outputs, "one", (None, len(space)))
    again, other = (floats(outputs, name, one.shape) for name in ("again", "from another seed"))
    inside = np.concatenate([positions(draws, space) for draws in (outputs["asked"], one, other)])
    return {
        **seen,
        "two generators with one seed draw the same": np.array_equal(one, again),
        "two generators with different seeds draw the same": np.array_equal(one, other),
        "share of draws inside their ranges": whole(
            (inside >= -ROUNDING) & (inside <= 1 + ROUNDING)
        ),
        **spread(positions(outputs["asked"], space), list(space)),
    }


def losses_of(inputs: dict[str, Any]) -> np.ndarray:
    """Losses drawn here: some thousands are not to stand in a key."""
    return draw_losses(np.random.default_rng(inputs["seed"]), inputs["trials"])


def positions(drawn: np.ndarray, space: Space) -> np.ndarray:
    """Where draws lie in their ranges, on a log scale: from 0 to 1."""
    low, high = np.array(list(space.values())).T
    with np.errstate(all="ignore"):
        return np.log(np.maximum(drawn, 1e-300) / low) / np.log(high / low)


def spread(where: np.ndarray, names: list[str]) -> Outputs:
    """How positions are spread, and whether they go together."""
    if not len(where):
        return {}
    halves = where < 0.5
    pairs = halves[: len(halves) // 2 * 2, 0].reshape(-1, 2)
    distinct = [np.unique(column).size > 0.9 * len(where) for column in where.T]
    seen: Outputs = {
        "share of hyperparameters whose draws differ from trial to trial": whole(distinct)
    }
    for k, name in enumerate(names):
        seen[f"{name}: share of draws in the first quarter of the range, on a log scale"] = share(
            where[:, k] < 0.25
        )
        seen[f"{name}: share of draws in the second half of the range, on a log scale"] = share(
            ~halves[:, k]
        )
        seen[f"{name}: {EVENLY}"] = filled(where[:, k])
    for i, j in combinations(range(len(names)), 2):
        said = f"share of trials with {names[i]} and {names[j]} in the same half of their ranges"
        seen[said] = share(halves[:, i] == halves[:, j])
    seen["share of neighboring trials in the same half"] = share(pairs[:, 0] == pairs[:, 1])
    return seen


def many_trials(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "a thousand trials", 1000),
        case(rng, "two thousand trials of three hyperparameters", 2000, count=3),
    ]


# The best of them.


def the_best(random_search: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return found(random_search, inputs, losses_of(inputs))


def of_the_best(case: Case, outputs: Outputs) -> Outputs:
    return of_the_search(case, outputs, losses_of(case.inputs))


def few_trials(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "twelve trials", 12),
        case(rng, "one trial", 1),
        case(rng, "thirty trials of three hyperparameters", 30, count=3),
    ]


# Trials that diverge.


def the_best_of_some(random_search: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return found(random_search, inputs, inputs["losses"])


def of_some(case: Case, outputs: Outputs) -> Outputs:
    return not_too_few(case, of_the_search(case, outputs, case.inputs["losses"]))


def first_of(rng: np.random.Generator) -> np.ndarray:
    """Five losses: nan third, the smallest first."""
    losses = np.sort(draw_losses(rng, 5))
    losses[2] = np.nan
    return losses


def diverging_trials(rng: np.random.Generator) -> list[Case]:
    """In the first case two trials follow the last one that diverges, and the later one is worse."""
    losses = draw_losses(rng, 21)
    losses[::3] = np.nan
    losses[[5, 19, 20]] = rng.uniform(0.1, 0.5), 1.0, 1.5
    given = {"space": {"learning_rate": [1e-4, 1e-1]}, "trials": 3, "seed": 0}
    example = {**given, "losses": np.array([np.nan, 0.7, 0.9])}
    every_third = "every third trial diverges, the first included"
    return [
        Case("the example in the text", example),
        case(rng, every_third, 21, losses=losses),
        case(rng, "all trials diverge", 4, losses=np.full(4, np.nan)),
        case(rng, "the first trial is the best, the third diverges", 5, losses=first_of(rng)),
    ]


EXERCISE = Exercise(
    "random_search",
    "random_search",
    [
        Part("draws", 2, many_trials, draws, close_in_distribution, of_the_draws),
        Part("the best", 2, few_trials, the_best, close_in_distribution, of_the_best),
        Part(
            "diverging trials",
            1,
            diverging_trials,
            the_best_of_some,
            close_in_distribution,
            of_some,
        ),
    ],
    minutes=20,
    difficulty=2,
)
