"""The L2 penalty, and the loss of a small network with dropout and a penalty, in NumPy."""

from typing import Any

import numpy as np

from autograder.chance import close_in_distribution, mean, share, whole
from autograder.exercise import Case, Exercise, Outputs
from autograder.exercises.dropout import keep_probability
from autograder.exercises.slopes import along_each_element, is_multiple, judge_slopes
from autograder.judge import close

# The penalty.


def run_penalty(l2_penalty: Any, inputs: dict[str, Any], device: str) -> Outputs:
    w, lam = inputs["w"], inputs["lam"]
    returned = l2_penalty(w.copy(), lam)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return {"unusable": "return two values: the loss and its gradient"}
    loss, grad = returned
    if inputs["check"] == "loss":
        return {"loss": loss}
    # At two points: at a single one, the slopes of the norm are a multiple of those of the squares.
    seen = [
        along_each_element(
            {"w": slopes}, lambda point: l2_penalty(point["w"], lam)[0], {"w": point}
        )
        for point, slopes in ((w, grad), (2 * w, l2_penalty(2 * w, lam)[1]))
    ]
    if any("unusable" in slopes for slopes in seen):
        return next(slopes for slopes in seen if "unusable" in slopes)
    return {name: np.concatenate([slopes[name] for slopes in seen]) for name in seen[0]}


def judge_penalty(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    if case.inputs["check"] == "loss":
        return close(case, outputs, expected)
    return judge_slopes(case, outputs, expected, alike=is_multiple)


def penalty_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, check: str, shape: list[int], lam=None, dtype="float64") -> Case:
        lam = round(float(rng.uniform(0.05, 0.4)), 3) if lam is None else lam
        w = (rng.standard_normal(shape) + 0.5).astype(dtype)
        more = {"of": [["w", shape]] * 2, "dtype": dtype}
        return Case(name, check, {"check": check, "w": w, "lam": lam, **more})

    return [
        case(name, check, shape, lam, dtype)
        for check in ("loss", "gradient")
        for name, shape, lam, dtype in (
            ("a matrix", [4, 3], None, "float64"),
            ("a vector", [5], None, "float64"),
            ("filters of a convolution", [2, 2, 1, 2], None, "float64"),
            ("one number", [1], None, "float64"),
            ("a strong penalty", [3, 2], 3.0, "float64"),
            ("float32", [4, 3], None, "float32"),
            ("lam = 0", [3, 3], 0.0, "float64"),
        )
    ]


L2_PENALTY = Exercise(
    "l2_penalty",
    "l2_penalty",
    {"loss": 1, "gradient": 1},
    penalty_cases,
    run_penalty,
    judge_penalty,
)


# The loss of a network.

NAMES = ("W1", "b1", "W2", "b2")


def _called(function: Any, inputs: dict[str, Any], **changed: Any) -> tuple[float, dict] | str:
    """``(loss, grads)``, or what is wrong with their form."""
    given = {**inputs, **changed}
    params = {name: value.copy() for name, value in given["params"].items()}
    returned = function(
        given["X"].copy(), given["y"].copy(), params, dict(given["dropout"]), given["lam"]
    )
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return "return two values: the loss and the gradients"
    loss, grads = returned
    if not isinstance(grads, dict) or not set(NAMES) <= set(grads):
        return "grads must be a dict with the keys W1, b1, W2 and b2"
    for name in NAMES:
        shape = given["params"][name].shape
        if not isinstance(grads[name], np.ndarray) or grads[name].shape != shape:
            return f"grads[{name!r}] must be an array of shape {shape}"
    try:
        return float(loss), grads
    except (TypeError, ValueError):
        return "the loss must be a number"


def run_network(affine_relu_dropout_loss: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """By ``check``: the loss; slopes; what a penalty adds; or what dropout does to the gradient."""
    if inputs["check"] == "fates":
        return _fates(affine_relu_dropout_loss, inputs)
    made = _called(affine_relu_dropout_loss, inputs)
    if isinstance(made, str):
        return {"unusable": made}
    loss, grads = made
    if inputs["check"] == "loss":
        return {"loss": loss}
    again = [_called(affine_relu_dropout_loss, inputs)[0] for _ in range(8 * inputs["random"])]
    if any(abs(other - loss) > 1e-9 * abs(loss) for other in again):
        return {"unusable": "calls with the same seed gave different losses"}
    if inputs["check"] == "slopes":

        def measured(params: dict[str, np.ndarray]) -> float:
            return _called(affine_relu_dropout_loss, inputs, params=params)[0]

        return along_each_element(grads, measured, inputs["params"])
    without = _called(affine_relu_dropout_loss, inputs, lam=0.0)
    return {
        "what the penalty adds to the loss": loss - without[0],
        **{f"what it adds to d{k}": grads[k] - without[1][k] for k in NAMES},
    }


def _fates(affine_relu_dropout_loss: Any, inputs: dict[str, Any]) -> Outputs:
    """Which hidden units were dropped, as dW2 shows it.

    The batch holds one example twice, and W2 is 0, so that both classes have probability 1/2
    whatever is dropped: a row of dW2 is -1/2 times the unit's mean activation in the two examples.
    """
    units, p = inputs["units"], inputs["dropout"]["p"]
    hidden = np.linspace(1, 2, units)
    params = {
        "W1": np.ones((2, units)),
        "b1": hidden - 2.0,
        "W2": np.zeros((units, 2)),
        "b2": np.zeros(2),
    }
    batch = {"X": np.ones((2, 2)), "y": np.zeros(2, dtype=int), "params": params}
    calls = [_called(affine_relu_dropout_loss, inputs, **batch) for _ in range(2)]
    for made in calls:
        if isinstance(made, str):
            return {"unusable": made}
    rows = [np.asarray(grads["W2"], np.float64)[:, 0] for _, grads in calls]
    factors, again = (-2.0 * row / hidden for row in rows)
    kept = np.round(2 * p * factors) / 2
    fits = (np.abs(p * factors - kept) < 1e-6) & (kept >= 0) & (kept <= 1)
    return {
        "share of hidden units dropped for both examples": share(kept == 0),
        "share of hidden units dropped for one of two examples": share(kept == 0.5),
        "share of hidden units with the same fate in two calls": share(
            np.abs(factors - again) < 1e-6
        ),
        "mean activation with dropout / without, as dW2 shows it": mean(factors),
        "share of hidden units whose rows of dW2 fit masks of zeros and 1 / p": whole(fits),
    }


def judge_network(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    judge = {"slopes": judge_slopes, "fates": close_in_distribution}.get(
        case.inputs["check"], close
    )
    return judge(case, outputs, expected)


def network_cases(rng: np.random.Generator) -> list[Case]:
    """Small networks without hidden units near the kink, and a wide one to look at the masks."""

    def drawn(n: int, d: int, h: int, c: int) -> dict[str, Any]:
        while True:
            X, y = rng.standard_normal((n, d)), rng.integers(c, size=n)
            params = {
                "W1": rng.standard_normal((d, h)),
                "b1": 0.5 * rng.standard_normal(h),
                "W2": 0.7 * rng.standard_normal((h, c)),
                "b2": 0.5 * rng.standard_normal(c),
            }
            before = np.einsum("nd,dh->nh", X, params["W1"]) + params["b1"]
            if np.abs(before).min() > 0.02:
                # One label that the network gives little: no gradient is lost in rounding.
                y[0] = (before[0].clip(0).dot(params["W2"]) + params["b2"]).argmin()
                return {"X": X, "y": y, "params": params}

    def case(
        name, part, check, size, mode="test", p=None, lam=0.0, dtype="float64", **more
    ) -> Case:
        inputs = drawn(*size)
        inputs["X"] = inputs["X"].astype(dtype)
        inputs["params"] = {k: v.astype(dtype) for k, v in inputs["params"].items()}
        p = keep_probability(rng) if p is None else p
        inputs["of"] = [[k, list(v.shape)] for k, v in inputs["params"].items()]
        inputs.update(dropout={"p": p, "mode": mode, **more}, random="seed" in more, lam=lam)
        return Case(name, part, {"check": check, **inputs})

    def lam() -> float:
        return round(float(rng.uniform(0.1, 0.6)), 3)

    def seed() -> int:
        return int(rng.integers(1, 10_000))

    usual, small = (5, 2, 4, 3), (4, 2, 3, 2)
    masks = {"p": keep_probability(rng), "mode": "train"}
    return [
        case("test time", "loss", "loss", (6, 4, 5, 3)),
        case("keep everything", "loss", "loss", usual, "train", p=1.0),
        case("one example", "loss", "loss", (1, 4, 5, 3)),
        case("float32", "loss", "loss", usual, dtype="float32"),
        case("test time", "gradients", "slopes", usual),
        case("keep everything", "gradients", "slopes", small, "train", p=1.0),
        case("one example at test time", "gradients", "slopes", (1, 2, 3, 2)),
        case("with a seed", "dropout", "slopes", (6, 2, 4, 2), "train", seed=seed()),
        case("with seed 0", "dropout", "slopes", (7, 2, 3, 2), "train", seed=0),
        Case("which units are dropped", "dropout", {"check": "fates", "units": 2000, "dropout": masks, "lam": 0.0}),
        case("at test time", "penalty", "penalty", usual, lam=lam()),
        case("in training, with a seed", "penalty", "penalty", small, "train", lam=lam(), seed=seed()),
        case("a batch of twelve", "penalty", "penalty", (12, 2, 3, 2), lam=lam()),
    ]  # fmt: skip


AFFINE_RELU_DROPOUT_LOSS = Exercise(
    "affine_relu_dropout_loss",
    "affine_relu_dropout_loss",
    {"loss": 1, "gradients": 2, "dropout": 2, "penalty": 1},
    network_cases,
    run_network,
    judge_network,
)
