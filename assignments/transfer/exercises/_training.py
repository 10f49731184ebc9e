"""What can be seen of how an answer trained. Nobody is judged by it: it tells causes apart."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from autograder.exercise import Case
from autograder.tensors import any_gradient

from . import _pictures
from ._networks import Network

BY_A_DRAW = "as its first weights had it"

# Where the student's code is.


@contextlib.contextmanager
def pictures_shown(network: Network) -> Iterator[list[Tensor]]:
    """A list that gets the mean of each picture that the network's first layer sees."""
    shown: list[Tensor] = []

    def note(layer: Any, arguments: tuple) -> None:
        shown.append(arguments[0].detach().double().mean((1, 2, 3)).cpu())

    watching = network._conv_stem.register_forward_pre_hook(note)
    try:
        yield shown
    finally:
        watching.remove()


@dataclass
class Steps:
    """What optimizers of torch's held when they took their first step, how many steps they took, and
    whether there was a gradient at any of them.

    L-BFGS takes several within one call.
    """

    held: list[Tensor] = field(default_factory=list)
    taken: int = 0
    with_gradient: bool = False


@contextlib.contextmanager
def optimizers_watched() -> Iterator[Steps]:
    """The steps that all optimizers of torch's take within the block."""
    steps = Steps()
    optimizers: list[torch.optim.Optimizer] = []

    def note(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        steps.taken += optimizer.param_groups[0].get("max_iter", 1)
        if not any(optimizer is known for known in optimizers):
            optimizers.append(optimizer)
            steps.held.extend(p for group in optimizer.param_groups for p in group["params"])

    def look(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if not steps.with_gradient:  # after the step: L-BFGS computes gradients within it
            steps.with_gradient = any_gradient(
                p for g in optimizer.param_groups for p in g["params"]
            )

    watching = [register_optimizer_step_pre_hook(note), register_optimizer_step_post_hook(look)]
    try:
        yield steps
    finally:
        for watch in watching:
            watch.remove()


def observed(steps: Steps, returned: Network, shown: list[Tensor], x: Tensor) -> dict[str, Any]:
    """What the optimizers held of the head that came back, and which pictures the network saw."""
    head = list(returned._fc.parameters())
    in_it = [any(p is one for one in steps.held) for p in head]
    seen = torch.cat(shown) if shown else torch.zeros(0)
    given = x.double().mean((1, 2, 3)).cpu()
    as_given = bool((seen[:, None] - given).abs().lt(1e-5).any(1).all())
    return {
        "in": "all" if all(in_it) else "none" if not any(in_it) else "some",
        "steps": steps.taken,
        "gradient": steps.with_gradient or any_gradient(head),
        "shown": "none" if not shown else "as given" if as_given else "others than those given",
    }


# Where it is not.


def single_step(came: Any) -> bool:
    """Whether an optimizer took one step: what the network says then, a draw decides."""
    return isinstance(came, dict) and came.get("steps") == 1


def facts(case: Case, came: Any, known: np.ndarray) -> dict[str, str]:
    """The facts in words; ``known`` are the scores of the training pictures."""
    if not isinstance(came, dict):
        return {}
    held = f"{came.get('in')!s:.20} of its parameters" if came.get("steps") else "took no step"
    _, y = _pictures.in_order(_pictures.training(), case.inputs["order"])
    right = (known.argmax(1) == y.numpy()).mean()
    named = "most" if right > 0.8 else "not most"  # how few, chance may decide
    if single_step(came):
        held += ", for a single step"
        named = BY_A_DRAW
    if came.get("gradient") is False:
        held += ", and no gradient was there"
    return {
        "torch's optimizer, of the head that came back": held,
        "pictures that the network was shown": f"{came.get('shown')!s:.40}",
        "training pictures named right": named,
    }
