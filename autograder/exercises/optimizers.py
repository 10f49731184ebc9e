"""The exercises of the assignment ``optimizers``, in the order of its notebook."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder import numeric
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises import torch_optimizers, update_rules
from autograder.exercises.slopes import (
    all_slopes,
    element,
    is_multiple,
    random_direction,
    same,
    worst,
)
from autograder.judge import close, difference, tolerance, unusable

# The softmax loss and its gradient.


def run_softmax(softmax_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The loss; where directions are asked for, slopes claimed by dx and slopes measured instead.

    Large inputs are drawn here, from a seed that the case holds.
    """
    if "seed" in inputs:
        rng = np.random.default_rng(inputs["seed"])
        x = rng.standard_normal(inputs["shape"])
        y = rng.integers(inputs["shape"][1], size=inputs["shape"][0])
    else:
        rng = None
        x, y = inputs["x"], inputs["y"]
    returned = softmax_loss(x.copy(), y.copy())
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return {"unusable": "return two values: the loss and dx"}
    loss, dx = returned
    if inputs["check"] == "loss":
        return {"loss": loss}
    directions = (
        numeric.unit_directions(x.shape)
        if rng is None
        else numeric.random_directions(rng, x.shape, inputs["directions"])
    )
    try:
        claimed = numeric.claimed_derivatives(dx, directions)
    except (TypeError, ValueError) as error:
        return {"unusable": f"dx: {error}"}
    try:
        measured = numeric.directional_derivatives(
            lambda scores: softmax_loss(scores, y.copy())[0], x, directions, inputs["h"]
        )
    except TypeError:
        return {"unusable": "the loss is not a single number"}
    return {"claimed": claimed, "measured": measured}


def judge_softmax(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """The loss is compared with the oracle's, dx with the slopes of the student's own loss.

    Slopes that agree with nothing but a constant factor are accepted as those of a softmax loss:
    what is wrong with the loss is for the other part to say.
    """
    if case.inputs["check"] == "loss":
        return close(case, outputs, expected)
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    if (slopes := all_slopes(outputs, expected)) is None:
        return ["no slopes"]
    claimed, measured, true_claimed, true_measured = slopes
    if same(claimed, true_claimed) and same(measured, true_measured):
        return []
    if not same(claimed, measured):
        if "x" in case.inputs:
            return [worst(claimed, measured, partial(element, "dx", case.inputs["x"].shape))]
        return [worst(claimed, measured, partial(random_direction, "dx"))]
    if is_multiple(measured, of=true_measured):
        return []
    return ["dx is the gradient of your loss, but your loss does not change as a softmax loss does"]


def softmax_cases(rng: np.random.Generator) -> list[Case]:
    """Losses, also where exp overflows; gradients of small and of large inputs."""

    def loss(name: str, x: np.ndarray, y: np.ndarray | None = None) -> Case:
        y = rng.integers(x.shape[1], size=len(x)) if y is None else y
        return Case(name, "loss", {"check": "loss", "x": x, "y": y})

    def elements(name: str, x: np.ndarray, h: float = numeric.STEP) -> Case:
        y = (x.argmax(axis=1) + rng.integers(1, x.shape[1], size=len(x))) % x.shape[1]
        return Case(name, "gradient", {"check": "gradient", "x": x, "y": y, "h": h})

    def directions(name: str, shape: list[int], count: int) -> Case:
        inputs = {"check": "gradient", "shape": shape, "directions": count, "h": numeric.STEP}
        return Case(name, "gradient", {**inputs, "seed": int(rng.integers(2**31))})

    normal = rng.standard_normal
    levels = normal((3, 4)) + np.array([[1500.0], [0.0], [-1500.0]])
    far = 800.0 * np.array([rng.permutation(4) for _ in range(3)])
    return [
        loss("five samples, four classes", 2 * normal((5, 4))),
        loss("one sample", normal((1, 3))),
        loss("float32 scores", normal((4, 3)).astype(np.float32)),
        loss("scores of about 10000", 10000 * normal((4, 3))),
        loss("all scores near -5000", normal((3, 4)) - 5000.0),
        loss("rows at levels 1500, 0 and -1500", levels),
        elements("each element of a 3 x 4 dx", normal((3, 4))),
        elements("each element of a 4 x 3 dx, larger scores", 3 * normal((4, 3))),
        elements("each element of dx where scores lie 800 apart", far, h=1e-3),
        directions("random directions through a 100 x 300 dx", [100, 300], 3),
    ]


# Schedules.


def run_schedule(schedule: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The rate that each call gives: ``args`` are passed by position, ``options`` by name."""
    return {
        "rates": [
            schedule(*call["args"].values(), **call.get("options", {})) for call in inputs["calls"]
        ]
    }


def judge_schedule(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """Each call's rate, by itself."""
    rates = outputs.get("rates")
    calls = case.inputs["calls"]
    if not isinstance(rates, list) or len(rates) != len(calls):
        return ["no rates"]
    findings = []
    for call, got, want in zip(calls, rates, expected["rates"], strict=True):
        given = {**call["args"], **call.get("options", {})}
        label = ", ".join(f"{name}={value:g}" for name, value in given.items())
        rtol = tolerance(case.inputs)
        if (finding := difference(f"at {label}", got, want, rtol)) is not None:
            findings.append(finding)
    return findings


def schedule(name: str, cases: Callable[[np.random.Generator], list[Case]]) -> Exercise:
    parts = {"formula": 1, "edges": 1}
    return Exercise(name, name, parts, cases, run_schedule, judge_schedule)


def _calls(name: str, part: str, steps: list[int], given: dict, **options: float) -> Case:
    calls = [{"args": {"step": step, **given}} for step in steps]
    if options:
        calls = [{**call, "options": options} for call in calls]
    return Case(name, part, {"calls": calls})


def _drawn(rng: np.random.Generator, low: float, high: float) -> float:
    return round(float(rng.uniform(low, high)), 4)


def step_decay_cases(rng: np.random.Generator) -> list[Case]:
    base = {"base_lr": _drawn(rng, 0.01, 1.0)}
    drop, every = _drawn(rng, 0.3, 0.8), 4 * int(rng.integers(3, 12))
    between = [k * every + part for k in range(4) for part in (every // 4, 3 * every // 4)]
    around = [0] + [k * every + offset for k in (1, 2, 3) for offset in (-1, 0)]
    return [
        _calls("between the drops", "formula", between, base, drop=drop, every=every),
        _calls("around the drops", "edges", around, base, drop=drop, every=every),
        _calls("drop and every left out", "edges", [7, 37, 67, 97], base),
        _calls("only drop given", "edges", [8, 38, 68], base, drop=drop),
        _calls("only every given", "edges", [every // 2, 3 * every // 2], base, every=every),
        _calls("a drop at each step", "edges", [0, 1, 2, 5], base, drop=drop, every=1),
    ]


def rate_decay_cases(rng: np.random.Generator) -> list[Case]:
    """Cases for the schedules that have one rate."""

    def given(low: float, high: float) -> dict:
        return {"base_lr": _drawn(rng, 0.01, 1.0), "rate": _drawn(rng, low, high)}

    steps = sorted(int(s) for s in rng.choice(np.arange(2, 40), size=5, replace=False))
    still = {"base_lr": _drawn(rng, 0.01, 1.0), "rate": 0.0}
    return [
        _calls("a small rate", "formula", steps, given(0.01, 0.1)),
        _calls("a large rate", "formula", [1, 2, 3], given(0.4, 0.9)),
        _calls("the first step", "edges", [0], given(0.05, 0.5)),
        _calls("a late step", "edges", [int(rng.integers(500, 900))], given(0.002, 0.004)),
        _calls("rate 0", "edges", [0, 3, 50], still),
    ]


def cosine_cases(rng: np.random.Generator) -> list[Case]:
    base = {"base_lr": _drawn(rng, 0.1, 1.0)}
    low = _drawn(rng, 0.01, 0.05)
    warmup, total = int(rng.integers(5, 9)), int(rng.integers(30, 60))
    given = {**base, "warmup": warmup, "total": total}
    none = {**base, "warmup": 0, "total": total}
    climbing = list(range(1, warmup - 1))
    falling = sorted(int(s) for s in rng.integers(warmup + 2, total - 2, size=5))
    turns = [warmup - 1, warmup, warmup + 1]
    end = [total - 1, total, total + 1, total + int(rng.integers(5, 20))]
    return [
        _calls("during the warm-up", "formula", climbing, given, min_lr=low),
        _calls("after the warm-up", "formula", falling, given, min_lr=low),
        _calls("the first step", "edges", [0], given, min_lr=low),
        _calls("where the warm-up ends", "edges", turns, given, min_lr=low),
        _calls("at the end and beyond", "edges", end, given, min_lr=low),
        _calls("min_lr left out", "edges", [2, falling[0], total], given),
        _calls("no warm-up", "edges", [0, 1, total // 2, total], none, min_lr=low),
    ]


# Newton's step.


def run_newton(newton_step: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"step": newton_step(inputs["grad"], inputs["hessian"], inputs["damping"])}


def judge_newton(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """At the scale of the step as a whole; solving a system in float32 costs a digit."""
    want = expected.get("step")
    rtol = tolerance(case.inputs)
    if not isinstance(want, np.ndarray):
        return close(case, outputs, expected)
    rtol *= 10 if rtol > tolerance(1.0) else 1
    scale = float(np.abs(want[np.isfinite(want)]).max(initial=0.0))
    finding = difference("step", outputs.get("step"), want, rtol, scale)
    return [] if finding is None else [finding]


def newton_cases(rng: np.random.Generator) -> list[Case]:
    """Hessians with chosen eigenvalues, in a random basis."""

    def case(name: str, part: str, eigenvalues: list[float], damping: float, dtype=np.float64):
        n = len(eigenvalues)
        basis = np.linalg.qr(rng.standard_normal((n, n)))[0]
        hessian = basis @ np.diag(eigenvalues) @ basis.T
        inputs = {
            "grad": rng.standard_normal(n).astype(dtype),
            "hessian": ((hessian + hessian.T) / 2).astype(dtype),
            "damping": damping,
        }
        return Case(name, part, inputs)

    def between(low: float, high: float, count: int) -> list[float]:
        return [float(v) for v in rng.uniform(low, high, count)]

    def damping() -> float:
        return _drawn(rng, 0.3, 0.9)

    bowl, saddle, shapes = "well-conditioned", "at a saddle", "shapes"
    still = case("a zero gradient", shapes, between(1, 3, 2), damping())
    still.inputs["grad"][:] = 0.0
    return [
        case("a bowl, little damping", bowl, between(1, 4, 3), 0.01),
        case("a bowl, much damping", bowl, between(1, 4, 3), damping()),
        case("a bowl with an almost flat direction", bowl, [0.05, *between(1, 3, 2)], damping()),
        case("a saddle", saddle, [-2.0, *between(0.5, 3, 2)], damping()),
        case("a saddle that is almost flat", saddle, [-0.1, *between(1, 3, 2)], damping()),
        case("a maximum", saddle, between(-3, -0.5, 3), damping()),
        case("a valley (one eigenvalue is 0)", saddle, [0.0, *between(1, 3, 1)], damping()),
        case("one parameter", shapes, between(1, 3, 1), damping()),
        case("six parameters", shapes, [-1.0, *between(0.5, 3, 5)], damping()),
        case("float32", shapes, [-0.5, *between(1, 3, 2)], _drawn(rng, 1, 2), np.float32),
        still,
    ]


EXERCISES: list[Exercise] = [
    Exercise(
        "softmax_loss",
        "softmax_loss",
        {"loss": 2, "gradient": 2},
        softmax_cases,
        run_softmax,
        judge_softmax,
    ),
    *update_rules.EXERCISES,
    schedule("step_decay", step_decay_cases),
    schedule("exponential_decay", rate_decay_cases),
    schedule("inverse_time_decay", rate_decay_cases),
    schedule("cosine_with_warmup", cosine_cases),
    Exercise(
        "newton_step",
        "newton_step",
        {"well-conditioned": 2, "at a saddle": 2, "shapes": 1},
        newton_cases,
        run_newton,
        judge_newton,
    ),
    torch_optimizers.ADAM,
]
