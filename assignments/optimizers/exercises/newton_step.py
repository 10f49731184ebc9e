"""The exercise ``newton_step``: a damped step of Newton's, also at a saddle.

Shapes are measured by the student's own steps: any that leads downhill will do, if the order of the
parameters and their dtype make no difference. What the step is, the other parts say.
"""

from typing import Any

import numpy as np

from autograder.compare import LOOSE, close, difference, floats, numbers
from autograder.exercise import Case, Exercise, Outputs, Part

from ._own_measure import ANOTHER, THE_SAME
from ._steps import between

TURNED = (
    "the step, compared with that of the same parameters in float64, in another order,"
    " and with the gradient the other way"
)
DIRECTION, RIGHT = "the step's direction", ("downhill", "none")


def run_newton(newton_step: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"step": newton_step(inputs["grad"], inputs["hessian"], inputs["damping"])}


def judge_newton(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """At the scale of the step as a whole; solving a system costs a digit."""
    want = expected.get("step")
    sizes = np.zeros(1) if (known := numbers(want)) is None else np.abs(known)
    scale = float(sizes[np.isfinite(sizes)].max(initial=0.0))
    rtol = LOOSE[case.inputs["grad"].dtype.name]
    finding = difference("step", outputs.get("step"), want, rtol, scale)
    return [] if finding is None else [finding]


def run_twice(newton_step: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The step, and that of the same parameters in float64, in another order, for a gradient that
    points the other way: what does not look at it has no direction that follows."""
    order = inputs["order"]
    turned = {
        "grad": -inputs["grad"][order].astype(float),
        "hessian": inputs["hessian"][np.ix_(order, order)].astype(float),
        "damping": inputs["damping"],
    }
    other = run_newton(newton_step, turned, device)["step"]
    return {**run_newton(newton_step, inputs, device), "turned": other}


def words_on_shapes(case: Case, outputs: Outputs) -> Outputs:
    """The step, and what it says of itself, in words."""
    grad, order = case.inputs["grad"], case.inputs["order"]
    step, turned = (floats(outputs, name, grad.shape) for name in ("step", "turned"))
    same = not judge_newton(case, {"step": step[order]}, {"step": -turned})
    slope = float(grad @ step)
    return {
        TURNED: THE_SAME if same else ANOTHER,
        DIRECTION: "downhill" if slope < 0 else "uphill" if slope > 0 else "none",
        "step": step,
    }


def judge_shapes(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """What the words say; else any step will do."""
    words = {name: expected[name] for name in (TURNED, DIRECTION) if name in expected}
    wrong = close(case, outputs, words)
    if not wrong and words.get(TURNED) == THE_SAME and words.get(DIRECTION) in RIGHT:
        return []
    return wrong + judge_newton(case, outputs, expected)


def problem(
    rng: np.random.Generator,
    name: str,
    eigenvalues: list[float],
    damping: float,
    dtype: type = np.float64,
) -> Case:
    """A gradient, and a Hessian that has these eigenvalues in a random basis."""
    n = len(eigenvalues)
    basis = np.linalg.qr(rng.standard_normal((n, n)))[0]
    hessian = basis @ np.diag(eigenvalues) @ basis.T
    return Case(
        name,
        {
            "grad": rng.standard_normal(n).astype(dtype),
            "hessian": ((hessian + hessian.T) / 2).astype(dtype),
            "damping": damping,
        },
    )


def in_the_text(*eigenvalues: float) -> Case:
    """Its matrices are diagonal."""
    given = {"grad": np.array([2.0, 1.0]), "hessian": np.diag(eigenvalues), "damping": 0.5}
    return Case("the example in the text", given)


def values(rng: np.random.Generator, low: float, high: float, count: int) -> list[float]:
    return [float(v) for v in rng.uniform(low, high, count)]


def some_damping(rng: np.random.Generator) -> float:
    return between(rng, 0.3, 0.9)


def bowls(rng: np.random.Generator) -> list[Case]:
    flat = [0.05, *values(rng, 1, 3, 2)]
    return [
        in_the_text(2.0, 4.0),
        problem(rng, "a bowl, little damping", values(rng, 1, 4, 3), 0.01),
        problem(rng, "a bowl, much damping", values(rng, 1, 4, 3), some_damping(rng)),
        problem(rng, "a bowl with an almost flat direction", flat, some_damping(rng)),
    ]


def saddles(rng: np.random.Generator) -> list[Case]:
    eigenvalues = {
        "a saddle": [-2.0, *values(rng, 0.5, 3, 2)],
        "a saddle that is almost flat": [-0.1, *values(rng, 1, 3, 2)],
        "a maximum": values(rng, -3, -0.5, 3),
        "a valley (one eigenvalue is 0)": [0.0, *values(rng, 1, 3, 1)],
    }
    drawn = [problem(rng, name, of, some_damping(rng)) for name, of in eigenvalues.items()]
    return [in_the_text(2.0, -1.0), *drawn]


def shapes(rng: np.random.Generator) -> list[Case]:
    """Each with another order of its parameters; that of six is hardly ever drawn twice."""
    still = problem(rng, "a zero gradient", values(rng, 1, 3, 2), some_damping(rng))
    still.inputs["grad"][:] = 0.0
    cases = [
        problem(rng, "one parameter", values(rng, 1, 3, 1), some_damping(rng)),
        problem(rng, "six parameters", values(rng, 0.5, 3, 6), some_damping(rng)),
        problem(rng, "float32", values(rng, 1, 3, 3), between(rng, 1, 2), np.float32),
        still,
    ]
    for case in cases:
        case.inputs["order"] = another_order(rng, len(case.inputs["grad"]))
    return cases


def another_order(rng: np.random.Generator, count: int) -> np.ndarray:
    """An order of so many parameters in which the first is not the first, if there are others."""
    first = int(rng.integers(1, max(count, 2))) % count
    rest = [i for i in range(count) if i != first]
    return np.array([first, *rng.permutation(rest)], dtype=int)


EXERCISE = Exercise(
    "newton_step",
    "newton_step",
    [
        Part("well-conditioned", 2, bowls, run_newton, judge_newton),
        Part("at a saddle", 2, saddles, run_newton, judge_newton),
        Part("shapes", 1, shapes, run_twice, judge_shapes, words_on_shapes),
    ],
    minutes=15,
    difficulty=3,
)
