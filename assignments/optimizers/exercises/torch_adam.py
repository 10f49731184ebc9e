"""The exercise ``torch_adam``: ``class Adam(torch.optim.Optimizer)``, on any device."""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch

from autograder.compare import close_by_step
from autograder.exercise import Case, Exercise, Outputs, Part, Unusable

from ._steps import between, stacked

IN_THE_TEXT = "the example in the text"
torch.optim.SGD([torch.zeros(1)])  # with the first one torch imports the half of itself

# Probe.


def run_optimizer(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Train parameters on given gradients; their values by step, read from the tensors handed in.

    ``params``: first values; ``options``: the constructor's; ``grads``: for each step a gradient
    for each parameter, None where there is none. Some runs have more: ``groups``: options of each
    group and the numbers of its parameters; ``rates``: for each step the groups' new learning
    rates, None leaves them; ``reload``: the step before which everything moves into a new
    optimizer; ``target``: the step gets a closure, whose loss is the squared distance to these
    values. Raises Unusable for what is no optimizer of one's own, or if a parameter changes its kind.
    """
    require_own_optimizer(kind)
    params = [torch.nn.Parameter(torch.tensor(a, device=device)) for a in inputs["params"]]
    run = Run(kind, params, inputs)
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
        saved = copy.deepcopy(self.optimizer.state_dict())
        self.params = [torch.nn.Parameter(p.detach().clone()) for p in self.params]
        self.optimizer = self.kind(self.grouped(), lr=0.5, eps=0.5)
        self.optimizer.load_state_dict(saved)

    def step_with_closure(self) -> None:
        """A step with a closure: what it returns, and how often it calls."""
        closure, losses = closure_of(self.params[0], self.inputs["target"])
        returned = self.optimizer.step(closure)
        if isinstance(returned, torch.Tensor):
            returned = returned.detach().cpu().numpy().copy()
        self.seen.setdefault("loss returned", []).append(returned)
        self.seen.setdefault("calls of the closure", []).append(len(losses))


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


# Cases.


def some(rng: np.random.Generator, **more: Any) -> dict[str, Any]:
    """Options of the constructor."""
    betas = [between(rng, 0.3, 0.7), between(rng, 0.75, 0.95)]
    return {"lr": rate(rng), "betas": betas, "eps": between(rng, 0.05, 0.2), **more}


def rate(rng: np.random.Generator) -> float:
    return between(rng, 0.05, 0.5)


def decay(rng: np.random.Generator) -> dict[str, float]:
    return {"weight_decay": between(rng, 0.1, 0.6)}


def case(
    rng: np.random.Generator,
    name: str,
    options: dict[str, Any],
    shapes: Sequence[tuple[int, ...]] = ((2,),),
    factors: Sequence[float] = (1, 1, 1, 1),
    dtype: type = np.float64,
    **more: Any,
) -> Case:
    """A run of as many steps as there are factors; ``factors`` scale the gradients of each."""

    def arrays(factor: float) -> list[np.ndarray]:
        return [np.asarray(factor * rng.standard_normal(s), dtype=dtype) for s in shapes]

    given = {"params": arrays(1), "grads": [arrays(factor) for factor in factors]}
    return Case(name, {**given, "options": options, **more})


def in_the_text(options: dict[str, Any]) -> Case:
    """One parameter that is 1, in a step with the gradient 3."""
    given = {"params": [np.array([1.0])], "grads": [[np.array([3.0])]]}
    return Case(IN_THE_TEXT, {**given, "options": {"lr": 0.1, **options}})


def update_cases(rng: np.random.Generator) -> list[Case]:
    four = [(), (2, 2), (2, 1, 2), (0, 3)]
    return [
        in_the_text({}),
        case(rng, "several steps, all options given", some(rng)),
        case(rng, "four shapes, one of them empty", some(rng), four, [1, 1]),
        case(rng, "default options, gradients of about 1e-7", {}, factors=[1e-7, 1e-7, 1e-7]),
        case(rng, "default options", {}),
        case(rng, "no gradient at first", some(rng, eps=1e-3), factors=[0, 1, 1]),
        case(rng, "growing gradients", some(rng), factors=[0.01, 0.1, 1, 10]),
        case(rng, "float32", some(rng), dtype=np.float32),
    ]


def decay_cases(rng: np.random.Generator) -> list[Case]:
    return [
        in_the_text({"weight_decay": 0.5}),
        case(rng, "with weight decay", some(rng, **decay(rng))),
        case(rng, "zero gradients", some(rng, **decay(rng)), factors=[0, 0, 1]),
        case(rng, "weight decay alone given", decay(rng), factors=[1, 1, 1]),
        case(rng, "weight decay in float32", some(rng, **decay(rng)), dtype=np.float32),
    ]


def group_cases(rng: np.random.Generator) -> list[Case]:
    two = ((2,), (3,))
    groups = [
        {"of": [0], "options": some(rng, **decay(rng))},
        {"of": [1], "options": {"lr": rate(rng)}},
    ]
    missing = case(rng, "gradients that are missing now and then", some(rng), two, [1] * 5)
    for step, i in ((0, 1), (1, 1), (2, 0)):
        missing.inputs["grads"][step][i] = None
    frozen = case(rng, "no gradient, with weight decay", some(rng, weight_decay=0.5), two, [1] * 3)
    for step in range(3):
        frozen.inputs["grads"][step][1] = None
    rates = [None, None, [between(rng, 0.5, 0.9)], None]
    return [
        case(rng, "two groups with options of their own", some(rng), two, groups=groups),
        missing,
        frozen,
        case(rng, "the learning rate changes after two steps", some(rng), rates=rates),
    ]


def state_cases(rng: np.random.Generator) -> list[Case]:
    moved, target = "moved into a new optimizer by state_dict", rng.standard_normal(2)
    return [
        case(rng, moved, some(rng, **decay(rng)), ((2,), (3,)), reload=2),
        case(rng, "with a closure", some(rng), factors=[1, 1, 1], target=target),
    ]


EXERCISE = Exercise(
    "torch_adam",
    "Adam",
    [
        Part("update rule", 4, update_cases, run_optimizer, close_by_step),
        Part("decoupled weight decay", 2, decay_cases, run_optimizer, close_by_step),
        Part("groups and missing gradients", 2, group_cases, run_optimizer, close_by_step),
        Part("state", 2, state_cases, run_optimizer, close_by_step),
    ],
    on_device=True,
    own_work=("optimizer",),
    minutes=35,
    difficulty=3,
)
