"""What somebody earns who changes what comes home from an answer: nothing."""

from functools import cache

import numpy as np
import pytest
import torch

from assignments.transfer.exercises import _networks, _state
from autograder import judge, wire
from autograder.exercise import SEEN, Case
from autograder.grading.answer import fresh
from autograder.key import WholeKey
from tests.answers import ASSIGNMENTS, exercise, mistake, oracle, outcomes, right_answers

NAMES = ASSIGNMENTS["transfer"]


@cache
def right_outcomes(name: str, part: str) -> list[dict]:
    return outcomes(name, oracle(name), cases_of(name, part))


def cases_of(name: str, part: str) -> list[Case]:
    return [case for case in right_answers(name).cases if case.part == part]


def points(name: str, part: str, came: list[dict]) -> float:
    """What a part earns with these outcomes of its first cases."""
    whole = right_answers(name)
    held = [(c, e) for c, e in zip(whole.cases, whole.expected, strict=True) if c.part == part]
    cases, expected = zip(*held[: len(came)], strict=True)
    return judge.judge(exercise(name), came, WholeKey(cases, expected, [])).parts[part][0]


# An answer that is wrong says of itself what a right one says.


def clones(network, lr, ratio):
    groups = oracle("parameter_groups")(network, lr, ratio)
    return [{**group, "params": [p.clone() for p in group["params"]]} for group in groups]


def detached(network, lr, ratio):
    groups = oracle("parameter_groups")(network, lr, ratio)
    return [{**group, "params": [p.detach() for p in group["params"]]} for group in groups]


def frozen_head(network, classes):
    network = oracle("replace_head")(network, classes)
    network._fc.requires_grad_(False)
    return network


CLAIMS = [
    ("replace_head", "a-copy", "nothing else changes", "it is the network"),
    ("replace_head", "mode-changed", "nothing else changes", "modes"),
    ("replace_head", "frozen-as-well", "nothing else changes", "requires grad"),
    ("replace_head", "all-new", "nothing else changes", "tensors"),
    ("replace_head", "number-changed-only", "the new head", "weight"),
    ("freeze_backbone", "head-frozen", "what trains", "requires grad"),
    ("freeze_backbone", "blocks-only", "what trains", "requires grad"),
    ("freeze_backbone", "statistics-move", "statistics", "tensors"),
    ("freeze_backbone", "eval-once", "statistics", "tensors"),
    ("extract_features", "all-at-once", "batches", "sizes"),
    ("extract_features", "mode-not-restored", "state", "modes"),
    ("extract_features", "frozen-for-good", "state", "requires grad"),
    ("extract_features", "thawed", "state", "requires grad"),
    ("extract_features", "head-not-put-back", "state", "it is the head"),
    ("extract_features", "training-mode", "state", "tensors"),
    ("fine_tune", "left-in-training-mode", "optimizer, head and mode", "in training mode"),
    ("parameter_groups", "rates-swapped", "rates", "place"),
    ("parameter_groups", clones, "exactly once", "place"),
]


@pytest.mark.parametrize(("name", "code", "part", "claim"), CLAIMS)
def test_what_an_answer_says_of_itself_must_fit_its_numbers(name, code, part, claim):
    code = fresh(mistake(name, code) if isinstance(code, str) else code)
    came = outcomes(name, code, cases_of(name, part))
    for outcome, right in zip(came, right_outcomes(name, part), strict=True):
        if "outputs" in outcome:
            outcome["outputs"][claim] = right["outputs"][claim]
    assert points(name, part, came) == 0
    assert points(name, part, right_outcomes(name, part)) > 0


def test_a_head_trains_if_it_has_a_gradient_and_the_right_one():
    part = "the new head"
    came = outcomes("replace_head", frozen_head, cases_of("replace_head", part))
    assert points("replace_head", part, came) == 0
    for outcome in came:
        held = outcome["outputs"]
        held["gradients"] = {name: np.ones(held[name].shape) for name in ("weight", "bias")}
    assert points("replace_head", part, came) == 0


def test_what_shares_a_parameters_numbers_is_not_the_parameter():
    came = outcomes("parameter_groups", detached, cases_of("parameter_groups", "exactly once"))
    assert points("parameter_groups", "exactly once", came) == 0


# Somebody sends the state of a network that no answer has had.


@pytest.mark.parametrize("moved", [False, True])
def test_a_network_that_was_never_trained_has_no_frozen_statistics(moved):
    part, came = "statistics", []
    for case in cases_of("freeze_backbone", part):
        network = _networks.make_network(case.inputs, "cpu")
        trains = {n: moved and n.startswith("_fc.") for n, _ in network.named_parameters()}
        tensors = _state.tensors_of(network, case.inputs)
        scores = np.zeros((6, 7))
        outputs = {"requires grad": trains, "tensors": tensors, "scores": scores}
        came.append({"outputs": outputs})
    assert points("freeze_backbone", part, came) == 0


def test_features_tell_in_which_batches_they_were_made():
    (case, *_) = cases_of("extract_features", "batches")
    sizes = []
    for batch_size in (1, 2, 3, 7):
        network = _networks.make_network(case.inputs, "cpu")
        x = _networks.make_pictures(case.inputs, network, "cpu")
        sizes.append(oracle("extract_features")(network, x, batch_size))
    first = torch.stack(sizes)[:, 0]
    assert (first[:, None] - first).abs().amax(-1).fill_diagonal_(1).min() > 1e-3


def test_a_fingerprint_depends_on_the_case_and_on_every_number():
    inputs = {"network": _networks.REAL, "salt": 1}
    network = _networks.make_network(inputs, "cpu")
    first = _state.tensors_of(network, inputs)
    assert not _state.changed(first, _state.tensors_of(network, inputs))
    again = _state.tensors_of(network, {**inputs, "salt": 2})
    assert len(_state.changed(first, again)) == len(first)
    with torch.no_grad():
        network._conv_head.weight.view(-1)[-1] += 1e-3
    assert _state.changed(first, _state.tensors_of(network, inputs)) == ["_conv_head.weight"]


# Whatever comes, the judge goes on.

ODD = [None, True, "x", 3.0, [], [None], ["x"], {}, {"a": 1}, {"_fc.weight": np.zeros(3)},
       np.zeros(0), np.zeros((0, 5)), np.zeros((3, 1)), np.full((2, 2), np.nan), np.array(1),
       np.zeros((2, 2), np.uint16), np.full(4, 7), [np.zeros(2)],
       {"output": np.zeros(2), "gradients": {}}]  # fmt: skip
# What only serves to name a mistake or to say what is wrong, or what other numbers say as well; and
# that no optimizer was used, which is right.
NO_MATTER = {
    ("optimizer, head and mode", "held"),
    ("optimizer, head and mode", "tensors"),
    ("the new head", "bias"),
    ("batches", "sizes"),
    ("state", "features"),
    ("accuracy", SEEN),
    ("accuracy", "tensors"),
}


@pytest.mark.parametrize("name", NAMES)
def test_odd_outcomes_earn_nothing_and_break_nothing(name):
    for part in exercise(name).parts:
        right = right_outcomes(name, part.name)[:1]
        for key, value in right[0]["outputs"].items():
            for odd in [*ODD, wire.Other("A", "a")]:
                if wire.dumps(odd) == wire.dumps(value):
                    continue
                earned = points(name, part.name, [{"outputs": {**right[0]["outputs"], key: odd}}])
                assert earned == 0 or (part.name, key) in NO_MATTER, (part.name, key, odd)
            held = {k: v for k, v in right[0]["outputs"].items() if k != key}
            earned = points(name, part.name, [{"outputs": held}])
            assert earned == 0 or (part.name, key) in NO_MATTER, (part.name, key)
