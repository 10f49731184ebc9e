"""Runs of a student's torch optimizer on given gradients, and what is seen of the parameters."""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch

from autograder.exercise import Outputs, Unusable

from ._steps import stacked

torch.optim.SGD([torch.zeros(1)])  # with the first one torch imports the half of itself


def run_optimizer(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Train parameters on given gradients; their values by step, read from the tensors handed in.

    ``params``: first values; ``options``: the constructor's; ``grads``: for each step a gradient
    for each parameter, None where there is none. Some runs have more: ``groups``: options of each
    group and the numbers of its parameters; ``rates``: for each step the groups' new learning
    rates, None leaves them; ``reload``: the step before which everything moves into a new
    optimizer; ``target``: the step gets a closure, whose loss is the squared distance to these
    values. Raises Unusable for what is no optimizer of one's own, or if a parameter changes its kind.
    """
    return seen_in(Run, kind, inputs, device)


def run_without_state(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """As ``run_optimizer``, but what moves into a new optimizer leaves its state behind."""
    return seen_in(ForgetfulRun, kind, inputs, device)


def seen_in(a_run: type["Run"], kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What is seen in such a run, step by step."""
    require_own_optimizer(kind)
    params = [torch.nn.Parameter(torch.tensor(a, device=device)) for a in inputs["params"]]
    run = a_run(kind, params, inputs)
    for step in range(len(inputs["grads"])):
        run.step(step)
    return {name: stacked(values) for name, values in run.seen.items()}


class Run:
    """Parameters that a student's optimizer trains, and what was seen of them."""

    def __init__(self, kind: Any, params: list[torch.nn.Parameter], inputs: dict[str, Any]) -> None:
        self.kind, self.params, self.inputs = kind, params, inputs
        self.kinds = kinds_of(params)
        self.optimizer = kind(self.grouped(), **options(inputs["options"]))
        self.seen: dict[str, list] = {f"parameter {i}": [] for i in range(len(params))}

    def grouped(self) -> Iterable:
        """The parameters as the constructor gets them."""
        if "groups" not in self.inputs:
            return iter(self.params)
        return [
            {"params": [self.params[i] for i in group["of"]], **options(group["options"])}
            for group in self.inputs["groups"]
        ]

    def step(self, step: int) -> None:
        if step == self.inputs.get("reload"):
            self.move()
        for p, g in zip(self.params, self.inputs["grads"][step], strict=True):
            p.grad = None if g is None else torch.tensor(g, device=p.device)
        if "rates" in self.inputs:
            self.set_rates(self.inputs["rates"][step])
        if "target" in self.inputs:
            self.step_with_closure()
        else:
            self.optimizer.step()
        if self.kinds != kinds_of(self.params):
            raise Unusable("a parameter must keep its dtype, device and shape")
        for i, p in enumerate(self.params):
            self.seen[f"parameter {i}"].append(p.detach().cpu().numpy().copy())

    def set_rates(self, rates: list[float] | None) -> None:
        if rates is not None:
            for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
                group["lr"] = rate

    def move(self) -> None:
        """Move parameters and state into a new optimizer, made with other options."""
        saved = self.saved()
        self.params = [torch.nn.Parameter(p.detach().clone()) for p in self.params]
        self.optimizer = self.kind(self.grouped(), lr=0.5, eps=0.5)
        self.optimizer.load_state_dict(saved)

    def saved(self) -> dict[str, Any]:
        """What moves."""
        return copy.deepcopy(self.optimizer.state_dict())

    def step_with_closure(self) -> None:
        """A step with a closure: what it returns, and how often it calls."""
        closure, losses = closure_of(self.params[0], self.inputs["target"])
        returned = self.optimizer.step(closure)
        if isinstance(returned, torch.Tensor):
            returned = returned.detach().cpu().numpy().copy()
        self.seen.setdefault("loss returned", []).append(returned)
        self.seen.setdefault("calls of the closure", []).append(len(losses))


class ForgetfulRun(Run):
    """A run whose moves leave the state behind."""

    def saved(self) -> dict[str, Any]:
        return {**super().saved(), "state": {}}


def kinds_of(params: Sequence[torch.Tensor]) -> list[tuple]:
    return [(p.dtype, p.device, p.shape) for p in params]


def options(given: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}


def closure_of(p: torch.Tensor, target: np.ndarray) -> tuple[Callable[[], Any], list]:
    """A closure that sets the gradient of a loss, and the losses that it has computed so far."""
    goal = torch.tensor(target, dtype=p.dtype, device=p.device)
    losses = []

    def closure() -> torch.Tensor:
        p.grad = None
        loss = ((p - goal) ** 2).sum()
        losses.append(loss)
        loss.backward()
        return loss

    return closure, losses


def require_own_optimizer(kind: Any) -> None:
    """Raise Unusable for anything but a class derived from torch.optim.Optimizer itself."""
    if not isinstance(kind, type) or not issubclass(kind, torch.optim.Optimizer):
        raise Unusable("Adam must be a class derived from torch.optim.Optimizer")
    for base in kind.__mro__:
        if base.__module__.startswith("torch.optim") and base is not torch.optim.Optimizer:
            ready_made = f"torch.optim.{base.__name__}"
            raise Unusable(f"write the update yourself: Adam is derived from {ready_made}")
