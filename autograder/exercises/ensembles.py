"""The exercises of the assignment ``ensembles``, in the order of its notebook."""

import math
from typing import Any

import numpy as np

from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.checkpoints import COLLECT_SNAPSHOTS, EARLY_STOPPING
from autograder.exercises.weight_average import EXPONENTIAL_MOVING_AVERAGE
from autograder.judge import close, difference, unusable

# The average of the members' predictions.


def run_average(average_predictions: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The average; where a case asks for it, what became of the logits as well."""
    logits = inputs["logits"]
    given = logits.copy()
    seen: Outputs = {"probabilities": average_predictions(logits)}
    if inputs["look back"]:
        same = np.array_equal(logits, given)
        seen["the logits after the call"] = "as before" if same else "changed"
    return seen


def average_cases(rng: np.random.Generator) -> list[Case]:
    """Members that agree and that do not; logits for which exp overflows or vanishes."""
    plain, large, back = "mean of the probabilities", "large logits", "logits left as they are"

    def case(name: str, part: str, logits: np.ndarray, dtype=np.float64) -> Case:
        return Case(name, part, {"logits": logits.astype(dtype), "look back": part == back})

    def draw(*shape: int, scale: float = 2.0) -> np.ndarray:
        return scale * rng.standard_normal(shape)

    apart = np.array([800.0, 0.0, -800.0])[rng.permutation(3)][:, None, None]
    examples_apart = np.array([900.0, 0.0, -900.0])[rng.permutation(3)][:, None]
    far = 800.0 * rng.permuted(np.tile(np.arange(4.0), (2, 3, 1)), axis=-1)
    return [
        case("three members", plain, draw(3, 4, 5)),
        case("members that disagree", plain, draw(2, 3, 4, scale=6.0)),
        case("one member", plain, draw(1, 3, 4)),
        case("one example, two classes", plain, draw(4, 1, 2)),
        case("seven members, float32", plain, draw(7, 2, 3), np.float32),
        case("logits of about 1000", large, draw(2, 3, 4) + 1000.0),
        case("logits of about -1000", large, draw(2, 3, 4) - 1000.0),
        case("logits of different size in each member", large, draw(3, 2, 3) + apart),
        case("logits of different size in each example", large, draw(2, 3, 4) + examples_apart),
        case("logits that are far apart", large, far),
        case("logits of about 200, float32", large, draw(2, 2, 4) + 200.0, np.float32),
        case("float64 logits that are used again", back, draw(2, 3, 4)),
        case("float32 logits that are used again", back, draw(3, 2, 3), np.float32),
    ]


AVERAGE_PREDICTIONS = Exercise(
    "average_predictions",
    "average_predictions",
    {"mean of the probabilities": 1, "large logits": 1, "logits left as they are": 1},
    average_cases,
    run_average,
    close,
)


# How much the members' errors go together.


def run_correlation(error_correlation: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"correlation": error_correlation(inputs["wrong"])}


def judge_correlation(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """At the scale of a correlation, 1, and loose enough for one that was computed in float32."""
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    got, want = outputs.get("correlation"), expected.get("correlation")
    finding = difference("correlation", got, want, 1e-5, scale=1.0)
    return [] if finding is None else [finding]


def correlation_cases(rng: np.random.Generator) -> list[Case]:
    """Members whose errors have a common cause; members that are never, or always, wrong."""

    def case(name: str, part: str, wrong: np.ndarray) -> Case:
        return Case(name, part, {"wrong": wrong})

    def errors(members: int, examples: int, alike: float) -> np.ndarray:
        """Each member errs as a common draw says, with probability alike, else on its own.

        No member is right on all examples or wrong on all.
        """
        hard = rng.random(examples) < 0.35
        own = rng.random((members, examples)) < rng.uniform(0.2, 0.5, (members, 1))
        wrong = np.where(rng.random((members, examples)) < alike, hard, own)
        for row in wrong:
            row[rng.permutation(examples)[:2]] = [True, False]
        return wrong

    never, always = errors(3, 12, 0.4), errors(4, 10, 0.4)
    never[int(rng.integers(3))] = False
    always[0], always[3] = True, False
    twin = errors(3, 16, 0.3)
    twin[2], twin[0] = twin[1], ~twin[1]
    return [
        case("three members", "correlation", errors(3, 20, 0.5)),
        case("five members that err much alike", "correlation", errors(5, 30, 0.8)),
        case("members that err on their own", "correlation", errors(4, 25, 0.0)),
        case("two equal members and their opposite", "correlation", twin),
        case("more members than examples", "correlation", errors(6, 4, 0.2)),
        case("one member is never wrong", "edges", never),
        case("one is never wrong, one always", "edges", always),
        case("no member is ever wrong", "edges", np.zeros((2, 7), dtype=bool)),
        case("a single member", "edges", errors(1, 9, 0.0)),
    ]


ERROR_CORRELATION = Exercise(
    "error_correlation",
    "error_correlation",
    {"correlation": 2, "edges": 1},
    correlation_cases,
    run_correlation,
    judge_correlation,
)


# A rate that falls and starts anew.


def run_cyclic(cyclic_cosine_rate: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The rate at each step that a case asks for."""
    rates = [
        cyclic_cosine_rate(step, inputs["steps"], inputs["cycles"], inputs["lr"])
        for step in inputs["at"]
    ]
    rates = [r.item() if isinstance(r, np.ndarray) and r.ndim == 0 else r for r in rates]
    for rate in rates:
        if isinstance(rate, bool) or not isinstance(rate, int | float | np.number):
            return {"unusable": f"return a number, not a value of type {type(rate).__name__}"}
    return {"rates": [float(rate) for rate in rates]}


def judge_cyclic(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """As ``close``, but a finding speaks of the step."""
    if (objection := unusable(outputs, expected)) is not None:
        return objection
    got, want = outputs.get("rates"), expected.get("rates")
    at = case.inputs["at"]
    if not isinstance(got, list) or len(got) != len(at):
        return ["there are no rates"]
    where = "steps={steps}, cycles={cycles}, lr={lr}".format(**case.inputs)
    findings = [
        f"step {step} of {where}: expected {b:.6g}, got {a!r:.10}"
        for step, a, b in zip(at, got, want, strict=True)
        if not _same_rate(a, b, case.inputs["lr"])
    ]
    return findings[:1]


def _same_rate(a: Any, b: Any, lr: float) -> bool:
    if not isinstance(a, int | float):
        return False
    # at the scale of lr: float32, torch's default, loses digits of 1 + cos at the end of a cycle
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6 * lr) or (math.isnan(a) and math.isnan(b))


def cyclic_cases(rng: np.random.Generator) -> list[Case]:
    """Numbers of steps that the cycles divide, and that they do not."""

    def case(name: str, part: str, steps: int, cycles: int, at=None) -> Case:
        lr = round(float(rng.uniform(0.05, 0.9)), 3)
        at = list(range(steps)) if at is None else at
        return Case(name, part, {"steps": steps, "cycles": cycles, "lr": lr, "at": at})

    even, uneven = "cycles that divide the steps", "cycles that do not"
    length = int(rng.integers(4, 8))
    many = sorted(int(s) for s in rng.choice(1000, size=12, replace=False))
    return [
        case("three cycles", even, 3 * length, 3),
        case("one cycle", even, int(rng.integers(6, 11)), 1),
        case("a thousand steps in five cycles", even, 1000, 5, many),
        case("cycles of one step", even, 4, 4),
        case("one step too many for three cycles", uneven, 3 * length + 1, 3),
        case("one step too few for four cycles", uneven, 4 * length - 1, 4),
        case("half a step too many for two cycles", uneven, 2 * length + 1, 2),
        case("fewer cycles than asked for", uneven, 9, 4),
    ]


CYCLIC_COSINE_RATE = Exercise(
    "cyclic_cosine_rate",
    "cyclic_cosine_rate",
    {"cycles that divide the steps": 1, "cycles that do not": 1},
    cyclic_cases,
    run_cyclic,
    judge_cyclic,
)

EXERCISES = [
    AVERAGE_PREDICTIONS,
    ERROR_CORRELATION,
    CYCLIC_COSINE_RATE,
    COLLECT_SNAPSHOTS,
    EXPONENTIAL_MOVING_AVERAGE,
    EARLY_STOPPING,
]
