"""``parameter_groups``: the head learns at one rate, the backbone at another."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import torch

from autograder.compare import close
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._networks import HEAD, REAL, make_network, small
from ._state import requiring_grad, some


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


def groups_of(parameter_groups: Any, inputs: dict[str, Any], device: str) -> Groups:
    """Raises Unusable if the answer returns no groups."""
    network = make_network(inputs, device)
    groups = read_groups(parameter_groups(network, inputs["lr"], inputs["ratio"]))
    names = {id(p): n for n, p in network.named_parameters()}
    rates: dict[str, list[float]] = {}
    for params, rate in groups:
        for p in params:
            rates.setdefault(names.get(id(p), "a tensor of no network"), []).append(rate)
    sizes = [len(params) for params, _ in groups]
    return Groups(rates, sizes, set(requiring_grad(network)))


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
    return [
        case(rng, "a small network"),
        case(rng, "another rate and ratio"),
        case(rng, "a head without a bias", head_bias=False),
    ]


def probe_rates(parameter_groups: Any, inputs: dict[str, Any], device: str) -> Outputs:
    rates = groups_of(parameter_groups, inputs, device).rates
    heads = [r for n, found in rates.items() if n.startswith(HEAD) for r in found]
    others = [r for n, found in rates.items() if not n.startswith(HEAD) for r in found]
    return {
        "lowest and highest rate of the head": extremes(heads),
        "lowest and highest rate of the backbone": extremes(others),
    }


def extremes(rates: list[float]) -> list[float] | str:
    return [min(rates), max(rates)] if rates else "none"


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


def probe_what_requires_grad(parameter_groups: Any, inputs: dict[str, Any], device: str) -> Outputs:
    groups = groups_of(parameter_groups, inputs, device)
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


def probe_exactly_once(parameter_groups: Any, inputs: dict[str, Any], device: str) -> Outputs:
    groups = groups_of(parameter_groups, inputs, device)
    twice = sorted(n for n, found in groups.rates.items() if len(found) > 1)
    return {
        "trained parameters in no group": groups.forgotten,
        "parameters that are listed more than once": some(twice),
    }


EXERCISE = Exercise(
    "parameter_groups",
    "parameter_groups",
    [
        Part("rates", 1, draw_rates, probe_rates, judge_rates),
        Part("what requires grad", 1, draw_frozen, probe_what_requires_grad, close),
        Part("exactly once", 1, draw_blocks, probe_exactly_once, close),
    ],
    on_device=True,
)
