"""The exercise ``average_predictions``: the mean of several networks' probabilities."""

from typing import Any

import numpy as np

from autograder.compare import close, equal, floats
from autograder.exercise import Case, Exercise, Outputs, Part


def case(name: str, logits: np.ndarray, dtype: type = np.float64) -> Case:
    return Case(name, {"logits": logits.astype(dtype)})


def draw(rng: np.random.Generator, *shape: int, scale: float = 2.0) -> np.ndarray:
    """Logits of shape (members, examples, classes)."""
    return scale * rng.standard_normal(shape)


def probabilities(average_predictions: Any, inputs: dict[str, Any], device: str) -> Outputs:
    return {"probabilities": average_predictions(inputs["logits"])}


def plain_logits(rng: np.random.Generator) -> list[Case]:
    """Members that agree and that do not."""
    return [
        case("the example in the text", np.array([[[2.0, 0.0]], [[0.0, 0.0]]])),
        case("three members", draw(rng, 3, 4, 5)),
        case("members that disagree", draw(rng, 2, 3, 4, scale=6.0)),
        case("one member", draw(rng, 1, 3, 4)),
        case("one example, two classes", draw(rng, 4, 1, 2)),
        case("seven members, float32", draw(rng, 7, 2, 3), np.float32),
    ]


def large_logits(rng: np.random.Generator) -> list[Case]:
    """Logits for which exp overflows, or all exponentials of a row vanish."""
    members_apart = np.array([800.0, 0.0, -800.0])[rng.permutation(3)][:, None, None]
    examples_apart = np.array([900.0, 0.0, -900.0])[rng.permutation(3)][:, None]
    far = 800.0 * rng.permuted(np.tile(np.arange(4.0), (2, 3, 1)), axis=-1)
    return [
        case("logits of about 1000", draw(rng, 2, 3, 4) + 1000.0),
        case("logits of about -1000", draw(rng, 2, 3, 4) - 1000.0),
        case("logits of different size in each member", draw(rng, 3, 2, 3) + members_apart),
        case("logits of different size in each example", draw(rng, 2, 3, 4) + examples_apart),
        case("logits that are far apart", far),
        case("logits of about 200, float32", draw(rng, 2, 2, 4) + 200.0, np.float32),
    ]


def logits_used_again(rng: np.random.Generator) -> list[Case]:
    """Of fewer members than classes, so that not even their votes are the same for all classes."""
    return [
        case("float64 logits that are used again", draw(rng, 2, 3, 4)),
        case("float32 logits that are used again", draw(rng, 2, 4, 3), np.float32),
    ]


def logits_afterwards(average_predictions: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The probabilities, those of the classes in another order, and the logits after the call."""
    logits = inputs["logits"]
    others = np.roll(logits, 1, axis=2)
    made = average_predictions(logits)
    return {"probabilities": made, "of others": average_predictions(others), "logits": logits}


def whether_as_before(case: Case, outputs: Outputs) -> Outputs:
    """What became of the logits, and whether what came for them was made from them and can be
    probabilities: which is for the other parts to say."""
    given = case.inputs["logits"]
    came = floats(outputs, "probabilities", given.shape[1:])
    sums = np.abs(came.sum(axis=-1) - 1.0) < 1e-3
    spread = came.max(axis=-1) - came.min(axis=-1) > 1e-3
    others = floats(outputs, "of others", given.shape[1:])
    follows = equal(others, np.roll(came, 1, axis=1), given.dtype.name).all()
    same = np.array_equal(floats(outputs, "logits", given.shape), given)
    return {
        "the result, compared with that for the classes in another order": (
            "the same, in that order" if follows else "another one"
        ),
        "rows of the result that sum to 1": f"{sums.sum()}",
        "rows of the result in which all is the same": f"{(~spread).sum()}",
        "the logits after the call": "as before" if same else "changed",
    }


EXERCISE = Exercise(
    "average_predictions",
    "average_predictions",
    [
        Part("mean of the probabilities", 1, plain_logits, probabilities, close),
        Part("large logits", 1, large_logits, probabilities, close),
        Part(
            "logits left as they are",
            1,
            logits_used_again,
            logits_afterwards,
            close,
            whether_as_before,
        ),
    ],
    minutes=15,
    difficulty=1,
)
