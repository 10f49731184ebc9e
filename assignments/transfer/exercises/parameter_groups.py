"""``parameter_groups``: the head learns at one rate, the backbone at another."""

from collections.abc import Iterable, Sized
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import torch

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._networks import HEAD, REAL, draw_seed, given_network, make_network, small
from ._state import not_as_brought, some


def case(
    rng: np.random.Generator,
    name: str,
    frozen: tuple[str, ...] = (),
    network: Any = None,
    **options: Any,
) -> Case:
    """A network, by default a small one with these options, a rate and a ratio."""
    inputs = {
        "network": network or small(rng, **options),
        "lr": round(float(10 ** rng.uniform(-3, -1)), 5),
        "ratio": round(float(rng.uniform(0.05, 0.4)), 3),
        "frozen": list(frozen),
        "seed": draw_seed(rng),
    }
    return Case(name, inputs)


@dataclass(frozen=True)
class Groups:
    """What an answer returned: the rates at which each parameter stands in a group, and how many
    parameters each group holds; beside it the names of the parameters that train."""

    rates: dict[str, list[float]]
    sizes: list[int]
    trains: set[str]

    @property
    def forgotten(self) -> str:
        return some(sorted(self.trains - set(self.rates)))


def probe_groups(parameter_groups: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The rate of each group, and what is in it; raises Unusable if the answer returns no groups.

    Of each tensor in a group that is its place among the network's parameters, and its first number
    after new ones were written into these: they show which tensor it is.
    """
    network = make_network(inputs, device)
    groups = read_groups(parameter_groups(network, inputs["lr"], inputs["ratio"]))
    parameters = list(network.parameters())
    places = {id(p): i for i, p in enumerate(parameters)}
    with torch.no_grad():
        for p, mark in zip(parameters, marks_of(parameters, inputs), strict=True):
            p.view(-1)[0] = float(mark)
    held = [(g, p) for g, (params, _) in enumerate(groups) for p in params]
    return {
        "rates": np.array([rate for _, rate in groups], np.float64),
        "group": np.array([g for g, _ in held], np.int64),
        "place": np.array([places.get(id(p), -1) for _, p in held], np.int64),
        "mark": np.array([float(p.detach().reshape(-1)[0]) for _, p in held], np.float64),
    }


def marks_of(parameters: Sized, inputs: dict[str, Any]) -> np.ndarray:
    """A number for each parameter, which float32 holds as well."""
    drawn = np.random.default_rng(inputs["seed"]).standard_normal(len(parameters))
    return drawn.astype(np.float32)


def groups_of(case: Case, outputs: Outputs) -> Groups:
    """The groups that came; raises Unusable for what is none."""
    network = given_network(case.inputs)
    named = dict(network.named_parameters())
    names = [*named, "a tensor of no network"]
    rates = column(outputs, "rates", "f")
    group, place = column(outputs, "group", "i"), column(outputs, "place", "i")
    mark = column(outputs, "mark", "f")
    if not len(group) == len(place) == len(mark) or not np.isin(group, np.arange(len(rates))).all():
        raise not_as_brought("groups")
    known = (place >= 0) & (place < len(named))
    place = np.where(known, place, -1)
    known &= mark == np.append(marks_of(named, case.inputs), np.nan)[place]
    found: dict[str, list[float]] = {}
    for g, i, is_known in zip(group, place, known, strict=True):
        found.setdefault(names[i if is_known else -1], []).append(float(rates[g]))
    sizes = [int((group == g).sum()) for g in range(len(rates))]
    return Groups(found, sizes, {name for name, p in named.items() if p.requires_grad})


def column(outputs: Outputs, name: str, kind: str) -> np.ndarray:
    """The row of numbers of this kind that a probe brought home; raises Unusable for all else."""
    found = outputs.get(name)
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind != kind:
        raise not_as_brought(name)
    return found


def read_groups(returned: Any) -> list[tuple[list[torch.Tensor], float]]:
    """Each group's parameters and rate; raises Unusable if something is wrong with the groups."""
    if not isinstance(returned, list | tuple) or not all(isinstance(g, dict) for g in returned):
        raise Unusable("return a list of dicts")
    groups = []
    for group in returned:
        if "params" not in group or not isinstance(rate := group.get("lr"), Real):
            raise Unusable('each dict needs the keys "params" and "lr", a number')
        given = group["params"]
        if not isinstance(given, Iterable):
            raise Unusable('the value of "params" must be a list of parameters')
        params = [given] if isinstance(given, torch.Tensor) else list(given)
        if not all(isinstance(p, torch.Tensor) for p in params):
            raise Unusable('in the list "params" there must be parameters, without their names')
        groups.append((params, float(rate)))
    return groups


# Rates.


def draw_rates(rng: np.random.Generator) -> list[Case]:
    example = case(rng, "the example in the text, EfficientNet-Lite0", network=REAL)
    example.inputs.update(lr=0.01, ratio=0.1)
    return [
        example,
        case(rng, "a small network"),
        case(rng, "another rate and ratio"),
        case(rng, "a head without a bias", head_bias=False),
    ]


def sum_up_rates(case: Case, outputs: Outputs) -> Outputs:
    rates = groups_of(case, outputs).rates
    heads = [r for n, found in rates.items() if n.startswith(HEAD) for r in found]
    others = [r for n, found in rates.items() if not n.startswith(HEAD) for r in found]
    return {
        f"{which} rate of the {part}": end(found) if found else "none, it is in no group"
        for part, found in (("head", heads), ("backbone", others))
        for which, end in (("lowest", min), ("highest", max))
    }


def judge_rates(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """As ``close``, at float32's tolerance: a rate may be a NumPy number."""
    return close(replace(case, inputs={"lr": np.float32(case.inputs["lr"])}), outputs, expected)


# What requires grad.


def draw_frozen(rng: np.random.Generator) -> list[Case]:
    return [
        case(rng, "nothing is frozen"),
        case(rng, "the first layers are frozen", ("_conv_stem", "_bn0")),
        case(rng, "more layers are frozen", ("_conv_stem", "_bn0", "_blocks.0")),
        case(rng, "the whole backbone is frozen", ("_conv", "_bn", "_blocks")),
        case(rng, "the head is frozen", ("_fc",)),
        case(rng, "everything is frozen", ("_",)),
    ]


def sum_up_what_requires_grad(case: Case, outputs: Outputs) -> Outputs:
    groups = groups_of(case, outputs)
    frozen = sorted(set(groups.rates) - groups.trains)
    return {
        "trained parameters in no group": groups.forgotten,
        "parameters in a group that don't require grad": some(frozen),
        "groups without parameters": groups.sizes.count(0),
    }


# Exactly once.


def draw_blocks(rng: np.random.Generator) -> list[Case]:
    twice = "a block used twice, a head without a bias"
    return [
        case(rng, "each parameter"),
        case(rng, "a block that is used twice", same_blocks=True),
        case(rng, twice, same_blocks=True, head_bias=False),
        case(rng, "EfficientNet-Lite0, each parameter", network=REAL),
    ]


def sum_up_exactly_once(case: Case, outputs: Outputs) -> Outputs:
    groups = groups_of(case, outputs)
    twice = sorted(n for n, found in groups.rates.items() if len(found) > 1)
    return {
        "trained parameters in no group": groups.forgotten,
        "parameters that are listed more than once": some(twice),
    }


EXERCISE = Exercise(
    "parameter_groups",
    "parameter_groups",
    [
        Part("rates", 1, draw_rates, probe_groups, judge_rates, sum_up_rates),
        Part("what requires grad", 1, draw_frozen, probe_groups, close, sum_up_what_requires_grad),
        Part("exactly once", 1, draw_blocks, probe_groups, close, sum_up_exactly_once),
    ],
    on_device=True,
    minutes=15,
    difficulty=2,
)
