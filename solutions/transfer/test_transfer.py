"""The assignment on transfer learning: its oracles, and what its parts are about."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assignments.transfer.exercises import _networks, _pictures
from autograder import judge
from autograder.exercise import Case, Verdict
from autograder.grading.answer import edited, fresh
from autograder.grading.releasing import keys
from autograder.grading.releasing.handout import lab_modules
from lab import pretrained
from tests.answers import (
    ASSIGNMENTS,
    COURSE,
    ROOT,
    answer,
    exercise,
    mistake,
    oracle,
    outcomes,
    right_answers,
    statement,
    verdict,
)

NAMES = ASSIGNMENTS["transfer"]


def hidden_cases(name: str, seed: str = "1") -> list[Case]:
    return keys.hidden_cases(exercise(name), answer(name), seed)


def nameless(name: str, code, seed: str = "1") -> Verdict:
    """The verdict but for the name of a mistake."""
    key = right_answers(name, seed)
    return judge.judge(exercise(name), outcomes(name, code, key.cases), key)


def earned(v: Verdict) -> dict[str, float]:
    return {part: points for part, (points, _) in v.parts.items()}


# Oracles.


def test_the_network_is_the_labs_a_fresh_one_each_time_and_as_the_case_says():
    inputs = {"network": _networks.REAL, "frozen": ["_conv_stem", "_fc"]}
    ours, again = (_networks.make_network(inputs, "cpu") for _ in range(2))
    theirs = pretrained.efficientnet_lite0().state_dict()
    assert all(torch.equal(theirs[name], tensor) for name, tensor in ours.state_dict().items())
    assert ours.state_dict().keys() == theirs.keys() and not ours.training
    assert not any(p is q for p in ours.parameters() for q in again.parameters())
    frozen = [name for name, p in ours.named_parameters() if not p.requires_grad]
    assert frozen == ["_conv_stem.weight", "_fc.weight", "_fc.bias"]


def test_features_are_those_of_the_lab_and_what_goes_into_the_head():
    network = pretrained.efficientnet_lite0()
    x = pretrained.prepare(_pictures.training().x[:5])
    features = oracle("extract_features")(network, x, 2)
    torch.testing.assert_close(features, pretrained.features(network, x), rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(network._fc(features), network(x), rtol=1e-4, atol=1e-4)


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_the_loss_of_a_head_is_that_of_torch(n, features, classes, seed):
    rng = np.random.default_rng(seed)
    W, b = 3 * rng.standard_normal((features, classes)), rng.standard_normal(classes)
    f, y = rng.standard_normal((n, features)), rng.integers(classes, size=n)
    weight, bias = torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(torch.tensor(f) @ weight + bias, torch.tensor(y))
    expected.backward()
    loss, dW, db = oracle("softmax_head_loss")(W, b, f, y)
    assert loss == pytest.approx(expected.item(), rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(dW, weight.grad.numpy(), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(db, bias.grad.numpy(), rtol=1e-8, atol=1e-12)


def test_groups_hold_what_trains_exactly_once_and_torch_takes_them():
    network = _networks.small_network(3, same_blocks=True)
    network._conv_stem.requires_grad_(False)
    groups = oracle("parameter_groups")(network, 0.1, 0.2)
    held = [p for group in torch.optim.SGD(groups).param_groups for p in group["params"]]
    wanted = {id(p) for p in network.parameters() if p.requires_grad}
    assert len(held) == len(wanted) and {id(p) for p in held} == wanted


def test_the_real_backbone_stays_frozen_while_training_code_does_its_worst():
    network = oracle("freeze_backbone")(pretrained.efficientnet_lite0())
    before = {n: t.clone() for n, t in network.state_dict().items()}
    network.train()
    x = torch.randn(4, 3, 32, 32)
    moving = [p for p in network.parameters() if p.requires_grad]
    network(x).square().mean().backward()
    torch.optim.SGD(moving, lr=0.1).step()
    after = network.state_dict()
    changed = [n for n, t in before.items() if not torch.equal(t, after[n])]
    assert changed == ["_fc.weight", "_fc.bias"]


# The worked examples.


def test_numbers_of_the_statements():
    network = pretrained.efficientnet_lite0()
    assert len(list(network.parameters())) == 149
    groups = oracle("parameter_groups")(network, 0.01, 0.1)
    assert sorted((g["lr"], len(g["params"])) for g in groups) == [(0.001, 147), (0.01, 2)]
    oracle("replace_head")(network, 6)
    assert sum(p.numel() for p in network._fc.parameters()) == 7686
    assert "7686" in statement("replace_head")
    layer = torch.nn.BatchNorm2d(1, momentum=0.1)
    layer.running_mean.fill_(2.0)
    layer(torch.full((2, 1, 1, 1), 4.0))
    assert f"{layer.running_mean.item():.1f}" == "2.2" in statement("freeze_backbone")


def test_example_of_the_loss():
    W, b = np.array([[1.0, 0, -1], [0, 2, 0]]), np.array([0.0, 0, 1])
    features, y = np.array([[1.0, 1], [2, 0]]), np.array([1, 0])
    loss, dW, db = oracle("softmax_head_loss")(W, b, features, y)
    text = statement("softmax_head_loss")
    for value in (loss, *dW.ravel(), *db):
        assert f"{value:.6f}" in text
    np.testing.assert_array_equal(features @ W + b, [[1, 2, 0], [2, 0, -1]])


# What earns nothing.

IDLE = {
    "replace_head": lambda network, classes: network,
    "freeze_backbone": lambda network: network,
    "extract_features": lambda network, x, batch_size=64: x,
    "softmax_head_loss": lambda W, b, features, y: (0.0, 0 * W, 0 * b),
    "parameter_groups": lambda network, lr, ratio: [],
    "fine_tune": lambda network, x, y, classes: network.eval(),
}


@pytest.mark.parametrize("name", NAMES)
def test_doing_nothing_earns_nothing(name):
    assert nameless(name, IDLE[name]).score == 0


def test_an_answer_that_knows_what_is_kept_of_a_right_one_does_not_pass():
    key = right_answers("fine_tune")
    forged = [{"outputs": dict(outputs)} for outputs in key.expected]
    v = judge.judge(exercise("fine_tune"), forged, key)
    assert v.parts["accuracy"][0] == 0


# What costs a point, and what does not.


@pytest.mark.parametrize("seed", ["public", "1", "2", "3"])
@pytest.mark.parametrize(
    ("id", "points"),
    [
        ("sum-not-mean", {"loss": 0, "dW": 1, "db": 1}),
        ("log-of-zero", {"loss": 0, "dW": 1, "db": 1}),
        ("gradients-overflow", {"loss": 1, "dW": 0, "db": 0}),
        ("overflow", {"loss": 0, "dW": 0, "db": 0}),
    ],
)
def test_a_gradient_earns_its_point_beside_a_wrong_loss_but_not_if_it_overflows(id, points, seed):
    assert earned(nameless("softmax_head_loss", mistake("softmax_head_loss", id), seed)) == points


def test_a_loss_that_is_no_number_is_said_to_be_none_and_an_error_in_it_is_the_students():
    def two_losses(W, b, features, y):
        loss, dW, db = oracle("softmax_head_loss")(W, b, features, y)
        return np.array([loss, loss]), dW, db

    def fails_when_moved(W, b, features, y):
        loss, dW, db = oracle("softmax_head_loss")(W, b, features, y)
        return loss if len(seen.add(W.tobytes()) or seen) < 2 else None + loss, dW, db

    said = [f.message for f in nameless("softmax_head_loss", two_losses).findings]
    assert "the loss is not a single number" in said
    seen: set[bytes] = set()
    said = [f.message for f in nameless("softmax_head_loss", fails_when_moved).findings]
    assert all("your code raised TypeError" in message for message in said)


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("head-not-put-back", "the head afterwards: expected the same, got another module"),
        ("frozen-for-good", "parameters whose requires_grad changed: expected none, got"),
        ("hook-left", "modules with hooks that you left: expected none, got 1 (_fc)"),
    ],
)
def test_what_extract_features_leaves_behind_costs_its_point_for_the_state(id, said):
    v = nameless("extract_features", mistake("extract_features", id))
    assert earned(v) == {"features": 1, "batches": 1, "state": 0}
    assert said in str([finding.message for finding in v.findings]).replace("\\", "")


def test_a_network_that_answers_otherwise_afterwards_is_noticed():
    def changes_forward(network, x, batch_size=64):
        features = oracle("extract_features")(network, x, batch_size)
        network.forward = lambda x: network.extract_features(x).mean((2, 3))
        return features

    v = nameless("extract_features", changes_forward)
    assert v.score == 2 and "scores afterwards" in str(v.findings)


def test_a_head_that_starts_at_zero_is_named_whether_or_not_its_bias_does():
    def starts_at_zero(network, classes):
        network = oracle("replace_head")(network, classes)
        for p in network._fc.parameters():
            torch.nn.init.zeros_(p)
        return network

    assert verdict("replace_head", starts_at_zero).mistake == "starts-at-zero"


# What comes with it.


def test_students_get_what_the_course_has_in_place_of_a_copy():
    assert {p.stem for p in lab_modules(COURSE, "transfer")} == {"pictures", "pretrained"}


def test_the_packages_are_pinned_as_in_the_courses_requirements():
    pinned = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = (COURSE.assignment("transfer").folder / "requirements.txt").read_text()
    named = re.findall(r"efficientnet\S+", wanted)
    assert len(named) == 2 and set(named) <= set(pinned)


def test_the_exercise_in_numpy_loads_without_torch():
    code = (
        "import sys; from pathlib import Path; from autograder.assignment import Assignment\n"
        "Assignment(Path('assignments/transfer')).exercise('softmax_head_loss')\n"
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_a_head_that_has_hardly_been_trained_is_said_to_be_one():
    weak = ("Adam(head.parameters(), lr=3e-3", "SGD(head.parameters(), lr=1e-4")
    v = verdict("fine_tune", fresh(edited(oracle("fine_tune"), weak)), "public")
    assert v.mistake is None and "a rate that is not too small?" in v.message


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(k, marks=pytest.mark.nightly) for k in range(1, 8))]
)
def test_no_first_weights_make_a_single_step_enough(first):
    """One of these heads names more than 60% of the pictures right after its first step."""
    keys.restart_chance(f"first weights {first}")
    one_step = fresh(mistake("fine_tune", "one-step"))
    v = verdict("fine_tune", one_step, "public")
    assert earned(v)["accuracy"] == 0 and v.mistake == "one-step"
    assert "the mean loss on the training pictures is" in str(v.findings)


def test_a_head_of_too_few_outputs_is_said_to_be_one():
    few = edited(
        oracle("fine_tune"), ("y).backward", "y.clamp(max=4)).backward"), (", classes, d", ", 5, d")
    )
    said = str(nameless("fine_tune", few, "public").findings)
    assert "the head scores 5 classes, where there are 6" in said
