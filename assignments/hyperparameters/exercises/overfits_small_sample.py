"""The exercise ``overfits_small_sample``: can a network learn a few examples by heart?

What is asked of a case is right or wrong by far, so that neither rounding nor a draw decides. Where
only a few weights can learn, and where a mistake is to show, the data are therefore laid out: labels
that are not balanced, or one class, one feature.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from autograder.compare import close, equal, floats, kind_of
from autograder.exercise import SEEN, Case, Exercise, Outputs, Part, Unusable
from autograder.tensors import as_it_is

from ._small_data import SAMPLE, Data, at_random, clusters, contradicted, turned, unbalanced
from ._small_networks import CLASSES, FEATURES, MOST, Network, Record

STEPS = 100  # the default that the text names
ANSWER, MOST_AT_ONCE = "answer", "most examples the network saw at once"
LAST_MODE, MADE = "mode in which the network was last used", "networks made"
OF_THE_ANSWER = (ANSWER, MOST_AT_ONCE, LAST_MODE, MADE)  # how well it was trained has no part in it
TOO_MANY, LEFT = "more steps than asked for", "layers that training left as they were"
OF_THE_TRAINING = (TOO_MANY, LEFT)  # which is judged where training is
FEW_STEPS = {0: "none", 1: "a single one"}


def probe(overfits_small_sample: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """The answer, what the networks were shown, and what became of the first of them."""
    x = torch.tensor(inputs["x"], device=device)
    y = torch.tensor(inputs["y"], device=device)
    record = Record()
    made: list[Network] = []

    def make_model() -> Network:
        network = Network(inputs, len(made), record).to(device=device, dtype=x.dtype)
        made.append(network)
        return network

    torch.manual_seed(inputs["seed"])
    options = {name: inputs[name] for name in ("sample", "steps", "lr") if name in inputs}
    with record.watching_optimizers():
        answer = overfits_small_sample(make_model, x, y, **options)
    batches, uses = record.batches()
    scores = None if record.scores is None else as_it_is(record.scores).reshape(-1, CLASSES)
    state = made[0].state_dict() if made else {}
    return {
        "answer": bool(answer) if isinstance(answer, bool | np.bool_) else kind_of(answer),
        "batches": batches,
        "batch, by use": uses,
        "uses with a gradient": record.learned,
        "scores of the last use": scores,
        "networks": len(made),
        SEEN: record.facts(),
        "network": {name: as_it_is(t) for name, t in state.items() if t.is_floating_point()},
    }


def summary(case: Case, outputs: Outputs) -> Outputs:
    """The answer, what the network was shown, and what became of its loss."""
    answer, learned = outputs.get("answer"), numbers_of_uses(outputs, "uses with a gradient")
    sizes, made = sizes_of_uses(outputs, case.inputs["x"]), outputs.get("networks")
    if type(made) is not int:
        raise Unusable("there is no number of networks")
    if max(learned, default=0) >= max(len(sizes), 1):
        raise Unusable("a gradient from a use that there was not")
    steps = [sizes[i] for i in learned] or sizes  # torch.func tells of no gradients
    too_many = len(learned) > case.inputs.get("steps", STEPS) + 1  # one more is no harm
    what = f"{answer}" if isinstance(answer, bool) else f"{answer!s:.40}, no bool"
    seen: Outputs = {
        ANSWER: what,
        MOST_AT_ONCE: said(max(sizes, default=(0, 0))),
        "fewest examples in a step": said(min(steps, default=(0, 0))),
        LAST_MODE: mode_of(case, outputs),
        MADE: made,
        TOO_MANY: "yes" if too_many else "no",
    }
    if made:
        before, after, learned_it = becoming(case, outputs.get("network"))
        seen["what training did to the network's loss"] = change_of(before, after)
        seen["what the trained network knows of the sample"] = "all" if learned_it else "not all"
        seen[LEFT] = left_alone(case, outputs["network"])
    seen[SEEN] = facts(case, outputs.get(SEEN))
    seen[SEEN]["examples that it learned from"] = whose(case, outputs, learned)
    always_all = len(set(sizes)) == 1  # who draws batches, or a network's masks, may end anywhere
    exact = case.inputs["x"].dtype == np.float64  # float32 ends elsewhere on each kind of processor
    if made and always_all and exact and case.inputs["network"] == "linear":
        seen[SEEN]["loss of the sample at the end"] = float(after)
    return seen


def seen_of_training(case: Case, outputs: Outputs) -> Outputs:
    """What training made of the network; what was made of the network then is no more than seen."""
    return besides(summary(case, outputs), OF_THE_ANSWER)


def seen_of_answer(case: Case, outputs: Outputs) -> Outputs:
    """All else: who takes too many steps, or trains a layer alone, is told so where training is judged."""
    return besides(summary(case, outputs), OF_THE_TRAINING)


def besides(seen: Outputs, names: Sequence[str]) -> Outputs:
    """The same with some outputs among the facts, which nobody is judged by."""
    told = {name: seen[name] for name in names if name in seen}
    rest = {name: value for name, value in seen.items() if name not in told}
    return {**rest, SEEN: {**seen[SEEN], **told}}


def facts(case: Case, came: Any) -> dict[str, Any]:
    """What was seen of the training, which nobody is judged by."""
    if not isinstance(came, dict) or type(steps := came.get("steps")) is not int:
        return {}
    asked = case.inputs.get("steps", STEPS)
    how_many = "as asked" if steps == asked else FEW_STEPS.get(steps, "another number")
    if steps and came.get("with a gradient") is False:
        how_many += ", but never with a gradient"
    mode = str(came.get("mode in training"))[:80]
    return {
        "mode in which the network was trained": mode or "none: no gradient came back to it",
        "optimizer": str(came.get("optimizers"))[:80],
        "steps of an optimizer": how_many,
    }


def numbers_of_uses(outputs: Outputs, name: str) -> list[int]:
    found = outputs.get(name)
    if not isinstance(found, list) or not all(type(n) is int and n >= 0 for n in found):
        raise Unusable(f"{name}: there are no numbers")
    return found


def sizes_of_uses(outputs: Outputs, x: np.ndarray) -> list[tuple[int, int]]:
    """Of the batch in each use the size, and how many of it are examples of ``x``."""
    batches, uses = outputs.get("batches"), numbers_of_uses(outputs, "batch, by use")
    if not isinstance(batches, list) or max(uses, default=-1) >= len(batches):
        raise Unusable("the batches are missing")
    shown = [floats({"batch": b}, "batch", (None, FEATURES)) for b in batches]
    if sum(map(len, shown)) > MOST * len(x):
        raise Unusable("the batches are too many")
    sizes = [(len(b), int((b[:, None] == x).all(-1).any(1).sum())) for b in shown]
    return [sizes[use] for use in uses]


def whose(case: Case, outputs: Outputs, learned: list[int]) -> str:
    """Which of the examples were in the batches from which a gradient came back, or in all if none did."""
    x, uses = case.inputs["x"], outputs["batch, by use"]
    shown = {uses[use] for use in learned or range(len(uses))}
    sample = case.inputs.get("sample", SAMPLE)
    first, other = (rows[:, None] for rows in (x[:sample], x[sample:]))
    found = set()
    for number in shown:
        batch = outputs["batches"][number]
        in_first, in_other = ((batch == rows).all(-1).any(0) for rows in (first, other))
        kinds = [("later ones", in_other & ~in_first), ("the first", in_first)]
        found |= {kind for kind, there in kinds if there.any()}
    return " and ".join(sorted(found, reverse=True)) or "none of x"


def said(size: tuple[int, int]) -> str:
    shown, known = size
    return f"{shown}" if shown == known else f"{shown}, of which {known} are examples of x"


def mode_of(case: Case, outputs: Outputs) -> str:
    """What the mean of the last scores tells."""
    if outputs.get("scores of the last use") is None:
        return "none"
    scores = floats(outputs, "scores of the last use", (None, CLASSES))
    for mode, mark in zip(("training", "evaluation"), case.inputs["marks"], strict=True):
        if len(scores) and (np.abs(scores.mean(axis=1, dtype=np.float64) - mark) < 0.5).all():
            return mode
    return "neither"


def becoming(case: Case, trained: Any) -> tuple[np.ndarray, np.ndarray, bool]:
    """The sample's loss with the network at its start and with the trained one, and whether that
    one predicts all labels of the sample."""
    network = Network(case.inputs, 0, Record()).double()
    sample = case.inputs.get("sample", SAMPLE)
    x, y = torch.tensor(case.inputs["x"][:sample]).double(), torch.tensor(case.inputs["y"][:sample])
    before = loss_of(network, x, y)
    if not isinstance(trained, dict):
        raise Unusable("there is no network")
    for name, t in network.state_dict().items():
        if t.is_floating_point():
            t.copy_(torch.tensor(floats(trained, name, t.shape)))
    with torch.no_grad():
        learned_it = bool((network.eval()(x).argmax(1) == y).all())
    return before, loss_of(network, x, y), learned_it


def left_alone(case: Case, trained: Outputs) -> str:
    """Of the layers that have weights those that are as they were at the start: all, some or none."""
    same = [
        all((floats(trained, f"{at}.{n}", p.shape) == as_it_is(p)).all() for n, p in held)
        for at, layer in enumerate(Network(case.inputs, 0, Record()).double())
        if (held := list(layer.named_parameters()))
    ]
    return "all" if all(same) else "some" if any(same) else "none"


def change_of(before: np.ndarray, after: np.ndarray) -> str:
    """Whether a loss became lower, higher or stayed the same."""
    if equal(after, before, "float32").all():
        return "nothing"
    return "lowered it" if after < before else "raised it"


def loss_of(network: Network, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    network.eval()
    with torch.no_grad():
        return np.asarray(cross_entropy(network(x), y).item())


# Cases.


def case(
    rng: np.random.Generator,
    name: str,
    network: str,
    data: Data,
    dtype: str = "float32",
    draws: bool = False,
    **more: Any,
) -> Case:
    x, y = data
    sign = int(rng.choice([-1, 1]))
    inputs = {
        "x": x.astype(dtype),
        "y": y,
        "network": network,
        "seed": int(rng.integers(2**31)),
        "marks": [sign * float(rng.uniform(1, 2)), -sign * float(rng.uniform(1, 2))],
    }
    return Case(name, inputs | more, draws=draws)


def not_right_at_once(case: Case) -> Case:
    """The first example gets the label that a fresh network thinks least of, and examples of this
    label get the first one's: so nobody stops at once, however few examples there are."""
    network = Network(case.inputs, 0, Record()).double().eval()
    with torch.no_grad():
        scores = network(torch.tensor(case.inputs["x"][:1]).double())
    y, least = case.inputs["y"], int(scores.argmin())
    case.inputs["y"] = np.where(y == y[0], least, np.where(y == least, y[0], y))
    return case


def sound_networks(rng: np.random.Generator) -> list[Case]:
    """The fifth and the sixth tell apart: training and evaluation mode, long before the running means
    have come as far as the inputs; gradients set to zero and kept, where what is kept carries the
    weights far beyond what fits. One of the three in float64 may be learned in spite of a softmax too
    many."""
    quick: dict[str, Any] = {"steps": 40, "lr": 0.05}
    far = "inputs whose mean is far from 0"
    return [
        case(rng, "a small network", "relu", turned(at_random(rng))),
        case(rng, "a network in float64", "tanh", at_random(rng), "float64", **quick),
        case(rng, "a network with batch norm", "batch norm", at_random(rng), **quick),
        not_right_at_once(
            case(
                rng,
                "a network with dropout",
                "dropout",
                clusters(rng),
                draws=True,
                sample=8,
                **quick,
            )
        ),
        case(
            rng,
            "a network that normalizes its inputs",
            "normalized inputs",
            clusters(rng, center=1000.0),
            steps=100,
            lr=0.05,
        ),
        case(rng, far, "linear", clusters(rng, center=5.0), "float64", steps=80, lr=0.05),
        *(
            case(rng, f"a {nth} network in float64", "tanh", at_random(rng), "float64", **quick)
            for nth in ("second", "third")
        ),
    ]


def broken_networks(rng: np.random.Generator) -> list[Case]:
    """Those of which the last bias alone can learn, and one that does not move; two sound ones, so
    that nobody is right who always says the same, or who asks for a small loss."""
    few_steps = "a sound network after few steps, far from a loss of 0"
    return [
        case(rng, "all weights start at 0", "zeros", turned(unbalanced(rng)), steps=15),
        case(rng, "a dead hidden layer", "dead", turned(unbalanced(rng)), steps=15),
        case(rng, "a learning rate of 0", "relu", at_random(rng), steps=10, lr=0.0),
        case(rng, "a sound network beside them", "relu", clusters(rng), steps=40, lr=0.05),
        case(rng, few_steps, "linear", clusters(rng), steps=10, lr=0.01),
    ]


def the_sample(rng: np.random.Generator) -> list[Case]:
    """Labels that contradict each other inside and outside the sample."""
    data = clusters(rng)

    def of(name: str, data: Data, **more: Any) -> Case:
        return case(rng, name, "linear", data, steps=20, lr=0.05, **more)

    pair = map(int, rng.choice(SAMPLE, 2, replace=False))
    one, other = (int(i) for i in rng.integers(7, size=2))
    inside = contradicted(clusters(rng), *pair)
    last, after = contradicted(clusters(rng), one, 7), contradicted(clusters(rng), other, 8)
    return [
        of("two equal inputs, two labels", inside),
        of("contradictions outside the sample", turned(data)),
        of("a contradiction at the last example", last, sample=8),
        of("a contradiction after the last example", after, sample=8),
        of("fewer examples than asked for", clusters(rng, int(rng.integers(9, 16)))),
        not_right_at_once(case(rng, "a single example", "relu", clusters(rng, 1), steps=2, lr=0.5)),
    ]


EXERCISE = Exercise(
    "overfits_small_sample",
    "overfits_small_sample",
    [
        Part("sound networks", 2, sound_networks, probe, close, seen_of_training),
        Part("broken networks", 1, broken_networks, probe, close, seen_of_answer),
        Part("the sample", 2, the_sample, probe, close, seen_of_answer),
    ],
    on_device=True,
    minutes=25,
    difficulty=2,
)
