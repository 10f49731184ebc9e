"""The assignment on transfer learning: its oracles, its pictures, and what it keeps from students."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import check, judge, networks, pictures, probe, publickeys, report
from autograder.exercises import EXERCISES, transfer
from autograder.grading import keys
from autograder.grading import pictures as instructors
from autograder.grading.answers import ANSWERS
from autograder.grading.course import MORE_REQUIREMENTS, read_source
from lab import pictures as all_pictures
from lab import pretrained

ROOT = Path(__file__).parent.parent
NAMES = [e.id for e in transfer.EXERCISES]


def oracle(name):
    return ANSWERS[name].oracle


def right_answers(name, seed="1"):
    """A key without mistakes, which take long to try."""
    cases = keys.draw_cases(EXERCISES[name], seed)
    return judge.Key(cases, keys.expected_outputs(EXERCISES[name], cases), [])


def verdict(name, code, seed="1"):
    key = right_answers(name, seed)
    return judge.judge(EXERCISES[name], probe.run(EXERCISES[name], code, key.cases, "cpu"), key)


def statement(name):
    cells = read_source(ROOT / "solutions" / "transfer" / "transfer.md").cells
    text = next(c.source for c in cells if c.id == name.replace("_", "-") + "-text")
    return " ".join(text.split())


# Oracles.


def test_the_network_is_the_labs():
    ours, theirs = networks.efficientnet_lite0(), pretrained.efficientnet_lite0()
    for (name, a), (other, b) in zip(
        ours.state_dict().items(), theirs.state_dict().items(), strict=True
    ):
        assert name == other and torch.equal(a, b)
    assert not ours.training and ours is not networks.efficientnet_lite0()


def test_features_are_those_of_the_lab_and_what_goes_into_the_head():
    network = networks.efficientnet_lite0()
    x = networks.prepare(pictures.training().x[:5])
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
    network = networks.small_network(3, same_blocks=True)
    network._conv_stem.requires_grad_(False)
    groups = oracle("parameter_groups")(network, 0.1, 0.2)
    held = [p for group in torch.optim.SGD(groups).param_groups for p in group["params"]]
    wanted = {id(p) for p in network.parameters() if p.requires_grad}
    assert len(held) == len(wanted) and {id(p) for p in held} == wanted


def test_the_real_backbone_stays_frozen_while_training_code_does_its_worst():
    network = oracle("freeze_backbone")(networks.efficientnet_lite0())
    before = {n: t.clone() for n, t in network.state_dict().items()}
    network.train()
    x = torch.randn(4, 3, 32, 32)
    moving = [p for p in network.parameters() if p.requires_grad]
    network(x).square().mean().backward()
    torch.optim.SGD(moving, lr=0.1).step()
    after = network.state_dict()
    changed = [n for n, t in before.items() if not torch.equal(t, after[n])]
    assert changed == ["_fc.weight", "_fc.bias"]


def test_fine_tuning_has_a_margin_on_held_out_pictures():
    training, asked = pictures.training(), instructors.held_out()
    shares = []
    for seed in range(5):
        torch.manual_seed(seed)
        network = oracle("fine_tune")(
            networks.efficientnet_lite0(),
            networks.prepare(training.x),
            torch.tensor(training.y),
            6,
        )
        with torch.no_grad():
            said = network(networks.prepare(asked.x)).argmax(1).numpy()
        shares.append((said == asked.y).mean())
    assert min(shares) > 0.65 and abs(np.mean(shares) - 0.73) < 0.03
    assert "at least 60%" in statement("fine_tune") and "about 73%" in statement("fine_tune")


# The worked examples.


def test_numbers_of_the_statements():
    network = networks.efficientnet_lite0()
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
    assert verdict(name, IDLE[name]).score == 0


def test_an_answer_that_knows_what_is_kept_of_a_right_one_does_not_pass():
    key = right_answers("fine_tune")
    forged = [{"outputs": dict(outputs)} for outputs in key.expected]
    v = judge.judge(EXERCISES["fine_tune"], forged, key)
    assert v.parts["accuracy"][0] == 0


def test_an_answer_beyond_the_time_limit_is_told_so(monkeypatch):
    quick = dataclasses.replace(EXERCISES["softmax_head_loss"], seconds=0.0)
    v = check.__globals__["_verdict"]("transfer", quick, oracle("softmax_head_loss"), "cpu")
    assert v.status == "timeout" and v.score == 0
    assert "grading stops it after 0 s" in report.text(v)


# What costs a point, and what does not.


def mistake(name, id):
    return next(m.code for m in ANSWERS[name].mistakes if m.id == id)


@pytest.mark.parametrize("seed", ["public", "1", "2", "3"])
@pytest.mark.parametrize(
    ("id", "earned"),
    [
        ("sum-not-mean", {"loss": 0, "dW": 1, "db": 1}),
        ("log-of-zero", {"loss": 0, "dW": 1, "db": 1}),
        ("gradients-overflow", {"loss": 1, "dW": 0, "db": 0}),
        ("overflow", {"loss": 0, "dW": 0, "db": 0}),
    ],
)
def test_a_gradient_earns_its_point_beside_a_wrong_loss_but_not_if_it_overflows(id, earned, seed):
    v = verdict("softmax_head_loss", mistake("softmax_head_loss", id), seed)
    assert {part: points for part, (points, _) in v.parts.items()} == earned


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("head-not-put-back", "the head afterwards: expected 'the same', got another module"),
        ("frozen-for-good", "parameters whose requires_grad changed: expected 'none', got"),
        ("hook-left", "modules with hooks that you left: expected 'none', got 1 (_fc)"),
    ],
)
def test_what_extract_features_leaves_behind_costs_its_point_for_the_state(id, said):
    v = verdict("extract_features", mistake("extract_features", id))
    assert {part: points for part, (points, _) in v.parts.items()} == {
        "features": 1,
        "batches": 1,
        "state": 0,
    }
    assert said in str([finding.message for finding in v.findings]).replace("\\", "")


def test_a_network_that_answers_otherwise_afterwards_is_noticed():
    def changes_forward(network, x, batch_size=64):
        features = oracle("extract_features")(network, x, batch_size)
        network.forward = lambda x: network.extract_features(x).mean((2, 3))
        return features

    v = verdict("extract_features", changes_forward)
    assert v.score == 2 and "scores afterwards" in str(v.findings)


def test_a_head_that_starts_at_zero_is_named_whether_or_not_its_bias_does():
    def starts_at_zero(network, classes):
        network = oracle("replace_head")(network, classes)
        for p in network._fc.parameters():
            torch.nn.init.zeros_(p)
        return network

    key = keys.make_key(EXERCISES["replace_head"], "1")
    outcomes = probe.run(EXERCISES["replace_head"], starts_at_zero, key.cases, "cpu")
    assert judge.judge(EXERCISES["replace_head"], outcomes, key).mistake == "starts-at-zero"


# Pictures, and what students do not have.


def test_the_three_parts_share_no_picture_and_are_the_labs_split():
    parts = pictures.training(), pictures.validation(), instructors.held_out()
    assert [len(p.y) for p in parts] == [60, 90, 75]
    files = [f for p in parts for f in p.files]
    assert len(set(files)) == 225
    everything = all_pictures.pictures(64)
    _, test = all_pictures.split(everything.y, seed=0)
    assert {everything.files[i] for i in test} == set(parts[2].files)
    assert pictures.CLASSES == all_pictures.CLASSES
    for part in parts:
        for x, y, file in zip(part.x, part.y, part.files, strict=True):
            i = everything.files.index(file)
            assert everything.y[i] == y
            assert np.abs(everything.x[i].numpy().astype(int) - x).mean() < 15  # JPEG
    assert (np.bincount(parts[0].y) == 10).all()


def test_students_get_the_license_and_little_data():
    folder = instructors.FOR_STUDENTS
    assert (folder / "COPYING").read_text().lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
    assert "tuxpaint" in (folder / "README.txt").read_text()
    assert sum(p.stat().st_size for p in folder.iterdir()) < 300_000
    held = (folder / "pictures.csv").read_text()
    assert not [f for f in instructors.held_out().files if f in held]


def test_labels_of_held_out_pictures_never_travel():
    exercise = EXERCISES["fine_tune"]
    for case in keys.draw_cases(exercise, "1"):
        assert set(case.as_sent()) == {"name", "part", "inputs"}
        assert "y" not in case.inputs
    case = keys.draw_cases(exercise, "1")[0]
    assert case.inputs["x"].shape == (75, 3, 64, 64) and len(case.withheld["y"]) == 75
    assert sorted(case.inputs["order"]) == list(range(6))
    public = publickeys.load("transfer")["fine_tune"].cases[0]
    assert "x" not in public.inputs and len(public.withheld["y"]) == 90
    others = keys.draw_cases(exercise, "2")[0]
    assert others.inputs["order"] != case.inputs["order"]


def test_the_packages_are_pinned_as_in_the_courses_requirements():
    pinned = (ROOT / "requirements.txt").read_text().splitlines()
    named = re.findall(r"efficientnet\S+", MORE_REQUIREMENTS["transfer"])
    assert len(named) == 2 and set(named) <= set(pinned)


def test_held_out_pictures_come_in_no_order_that_gives_their_classes_away():
    for seed in ("1", "2"):
        case = keys.draw_cases(EXERCISES["fine_tune"], seed)[0]
        y = np.asarray(case.withheld["y"])
        assert len(y) == len(case.inputs["x"]) and (np.diff(y) < 0).sum() > len(y) / 4
