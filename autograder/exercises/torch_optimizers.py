"""The optimizer in torch: ``class Adam(torch.optim.Optimizer)``, probed on any device.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

import contextlib
import copy
import os
from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.own_work import own_work_only
from autograder.judge import close_by_step

# Probe.


def run_optimizer(kind: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """Train parameters on given gradients; their values by step, read from the tensors handed in.

    ``params``: first values; ``options``: the constructor's; ``groups``: options of each group and
    the numbers of its parameters, None for one group; ``grads``: for each step a gradient for each
    parameter, None where there is none; ``rates``: for each step the groups' new learning rates,
    None leaves them; ``reload``: the step before which everything moves into a new optimizer;
    ``target``: the step gets a closure, whose loss is the squared distance to these values.
    """
    import torch

    objection = _objection(kind)
    if objection is not None:
        return {"unusable": objection}
    torch.optim.SGD([torch.zeros(1)])  # torch imports the half of itself here, once
    params = [torch.nn.Parameter(torch.tensor(a, device=device)) for a in inputs["params"]]
    before = [(p.dtype, p.device, p.shape) for p in params]
    seen: dict[str, list] = {f"parameter {i}": [] for i in range(len(params))}
    used: list[str] = []
    try:
        with _no_ready_made_update(used):
            optimizer = kind(_grouped(params, inputs["groups"]), **_options(inputs["options"]))
            for step, grads in enumerate(inputs["grads"]):
                if step == inputs["reload"]:
                    saved = copy.deepcopy(optimizer.state_dict())
                    params = [torch.nn.Parameter(p.detach().clone()) for p in params]
                    optimizer = kind(_grouped(params, inputs["groups"]), lr=0.5, eps=0.5)
                    optimizer.load_state_dict(saved)
                for p, g in zip(params, grads, strict=True):
                    p.grad = None if g is None else torch.tensor(g, device=device)
                if inputs["rates"] and inputs["rates"][step] is not None:
                    for group, rate in zip(
                        optimizer.param_groups, inputs["rates"][step], strict=True
                    ):
                        group["lr"] = rate
                if inputs["target"] is None:
                    optimizer.step()
                else:
                    closure = _closure(params[0], inputs["target"])
                    seen.setdefault("loss returned", []).append(_number(optimizer.step(closure)))
                    seen.setdefault("calls of the closure", []).append(closure.calls)
                for i, p in enumerate(params):
                    seen[f"parameter {i}"].append(p.detach().cpu().numpy().copy())
    except Exception:
        if not used:
            raise
    if used:
        return {"unusable": f"write the update yourself: {used[0]} of torch.optim was used"}
    if before != [(p.dtype, p.device, p.shape) for p in params]:
        return {"unusable": "a parameter must keep its dtype, device and shape"}
    return {name: _stack(values) for name, values in seen.items()}


def _objection(kind: Any) -> str | None:
    """What is wrong with the class itself."""
    import torch

    if not isinstance(kind, type) or not issubclass(kind, torch.optim.Optimizer):
        return "Adam must be a class derived from torch.optim.Optimizer"
    for base in kind.__mro__:
        if base.__module__.startswith("torch.optim") and base is not torch.optim.Optimizer:
            return f"write the update yourself: Adam is derived from torch.optim.{base.__name__}"
    return None


def _no_ready_made_update(used: list[str]) -> contextlib.AbstractContextManager[None]:
    """Raise NotAllowed, and note it in ``used``, when an update of torch.optim's own is called."""
    import torch

    folder = os.path.dirname(torch.optim.__file__) + os.sep
    base = folder + "optimizer.py"

    def named(frame, event, argument) -> str | None:
        if event == "call":
            code = frame.f_code
            if code.co_filename.startswith(folder) and code.co_filename != base:
                return code.co_qualname
        elif event == "c_call" and "_fused_ada" in getattr(argument, "__name__", ""):
            return argument.__name__
        return None

    return own_work_only(named, used)


def _options(options: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def _grouped(params: list, groups: list[dict] | None) -> Any:
    if groups is None:
        return iter(params)
    return [
        {"params": [params[i] for i in group["of"]], **_options(group["options"])}
        for group in groups
    ]


def _closure(p: Any, target: np.ndarray) -> Any:
    import torch

    goal = torch.tensor(target, dtype=p.dtype, device=p.device)

    def closure():
        closure.calls += 1
        p.grad = None
        loss = ((p - goal) ** 2).sum()
        loss.backward()
        return loss

    closure.calls = 0
    return closure


def _number(value: Any) -> Any:
    return value.detach().cpu().numpy().copy() if hasattr(value, "detach") else value


def _stack(values: list) -> Any:
    same = len({np.shape(v) for v in values if isinstance(v, np.ndarray)}) == 1
    return np.stack(values) if same and all(isinstance(v, np.ndarray) for v in values) else values


# Cases.


def adam_cases(rng: np.random.Generator) -> list[Case]:
    """Runs with hyperparameters drawn anew for each."""

    def between(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 3)

    def some(**more) -> dict[str, Any]:
        betas = [between(0.3, 0.7), between(0.75, 0.95)]
        return {"lr": between(0.05, 0.5), "betas": betas, "eps": between(0.05, 0.2), **more}

    def case(name: str, part: str, options: dict, shapes=((2,),), steps: int = 4, **more) -> Case:
        inputs = {
            "params": [np.asarray(rng.standard_normal(shape)) for shape in shapes],
            "grads": [
                [np.asarray(rng.standard_normal(shape)) for shape in shapes] for _ in range(steps)
            ],
            "options": options,
            "groups": None,
            "rates": None,
            "reload": None,
            "target": None,
            **more,
        }
        return Case(name, part, inputs)

    return [
        *_update_cases(case, some),
        *_decay_cases(case, some, between),
        *_group_cases(case, some, between),
        *_state_cases(case, some, between, rng),
    ]


def _times(case: Case, factors: Any) -> Case:
    for step, factor in zip(case.inputs["grads"], factors, strict=True):
        step[:] = [np.asarray(g * factor) for g in step]
    return case


def _as_float32(case: Case) -> Case:
    inputs = case.inputs
    inputs["params"] = [np.asarray(p, dtype=np.float32) for p in inputs["params"]]
    inputs["grads"] = [[np.asarray(g, dtype=np.float32) for g in step] for step in inputs["grads"]]
    return case


def _update_cases(case, some) -> list[Case]:
    part = "update rule"
    shapes = [(), (2, 2), (2, 1, 2), (0, 3)]
    return [
        case("several steps, all options given", part, some()),
        case("four shapes, one of them empty", part, some(), shapes, steps=2),
        _times(case("default options, gradients of about 1e-7", part, {}, steps=3), [1e-7] * 3),
        case("default options", part, {}),
        _times(case("no gradient at first", part, some(eps=1e-3), steps=3), [0, 1, 1]),
        _times(case("growing gradients", part, some()), [0.01, 0.1, 1, 10]),
        _as_float32(case("float32", part, some())),
    ]


def _decay_cases(case, some, between) -> list[Case]:
    part = "decoupled weight decay"

    def decay() -> dict[str, float]:
        return {"weight_decay": between(0.1, 0.6)}

    return [
        case("with weight decay", part, some(**decay())),
        _times(case("zero gradients", part, some(**decay()), steps=3), [0, 0, 1]),
        case("weight decay alone given", part, decay(), steps=3),
        _as_float32(case("weight decay in float32", part, some(**decay()), steps=3)),
    ]


def _group_cases(case, some, between) -> list[Case]:
    part = "groups and missing gradients"
    two = ((2,), (3,))
    groups = [
        {"of": [0], "options": some(weight_decay=between(0.1, 0.6))},
        {"of": [1], "options": {"lr": between(0.05, 0.5)}},
    ]
    missing = case("gradients that are missing now and then", part, some(), two, steps=5)
    for step, i in ((0, 1), (1, 1), (2, 0)):
        missing.inputs["grads"][step][i] = None
    frozen = case("no gradient, with weight decay", part, some(weight_decay=0.5), two, steps=3)
    for step in range(3):
        frozen.inputs["grads"][step][1] = None
    rates = [None, None, [between(0.5, 0.9)], None]
    return [
        case("two groups with options of their own", part, some(), two, groups=groups),
        missing,
        frozen,
        case("the learning rate changes after two steps", part, some(), rates=rates),
    ]


def _state_cases(case, some, between, rng) -> list[Case]:
    part = "state"
    options = some(weight_decay=between(0.1, 0.6))
    return [
        case("moved into a new optimizer by state_dict", part, options, ((2,), (3,)), reload=2),
        case("with a closure", part, some(), steps=3, target=rng.standard_normal(2)),
    ]


ADAM = Exercise(
    "torch_adam",
    "Adam",
    {
        "update rule": 4,
        "decoupled weight decay": 2,
        "groups and missing gradients": 2,
        "state": 2,
    },
    adam_cases,
    run_optimizer,
    close_by_step,
    on_device=True,
)
