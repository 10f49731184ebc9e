"""The assignment on ensembles: its oracles beside other sources, its examples, its partial credit."""

import contextlib
import io
import math
import re

import nbformat
import numpy as np
import pytest
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from autograder import check
from autograder.grading.answer import edited, fresh
from autograder.grading.releasing.notebooks import read_source
from lab import ensembles, stopping
from tests.answers import COURSE, answer, exercise, mistake, oracle, statement, verdict

# Oracles.


def test_the_average_is_torchs():
    rng = np.random.default_rng(0)
    for scale in (1.0, 100.0, 1e4):
        logits = scale * rng.standard_normal((4, 6, 5))
        expected = torch.tensor(logits).softmax(-1).mean(0).numpy()
        np.testing.assert_allclose(oracle("average_predictions")(logits), expected, atol=1e-14)


ORDER = "compared with that for the classes in another order"
UNSEEN = {  # and what is said of each
    "always the first": (
        lambda logits: np.broadcast_to(np.eye(logits.shape[2])[0], logits.shape[1:]),
        ORDER,
    ),
    "any probabilities": (
        lambda logits: np.random.dirichlet(np.ones(logits.shape[2]), logits.shape[1]),
        ORDER,
    ),
    "all alike": (
        lambda logits: np.full(logits.shape[1:], 1 / logits.shape[2]),
        "rows of the result in which all is the same",
    ),
}


@pytest.mark.parametrize(("code", "says"), UNSEEN.values(), ids=UNSEEN)
def test_an_answer_that_knows_of_no_logits_has_no_points_for_leaving_them(code, says):
    for seed in "123":
        v = verdict("average_predictions", code, seed)
        assert v.score == 0 and says in " ".join(f.message for f in v.findings)


def test_the_correlation_is_that_of_the_book():
    rng = np.random.default_rng(1)
    y = rng.integers(3, size=40)
    p = rng.dirichlet(np.ones(3), (5, 40))
    wrong = p.argmax(-1) != y
    ours = oracle("error_correlation")(wrong)
    np.testing.assert_allclose(ours, ensembles.error_correlation(p, y), atol=1e-12)
    wrong[2] = False
    ours, theirs = (
        oracle("error_correlation")(wrong),
        ensembles.error_correlation(~wrong[..., None], 1),
    )
    assert np.isnan(ours[2, 0]) and ours[2, 2] == 1 and theirs.shape == (5, 5)


@pytest.mark.parametrize(("steps", "cycles"), [(12, 3), (13, 3), (15, 4), (9, 4), (5, 5), (7, 1)])
def test_the_rate_is_that_of_torchs_warm_restarts(steps, cycles):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        optimizer, T_0=math.ceil(steps / cycles)
    )
    for step in range(steps):
        rate = oracle("cyclic_cosine_rate")(step, steps, cycles, 0.3)
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        scheduler.step()


def test_the_rate_is_that_of_the_paper():
    steps, cycles, lr = 100, 7, 0.2
    c = math.ceil(steps / cycles)
    for t in range(1, steps + 1):  # as the paper counts
        paper = lr / 2 * (math.cos(math.pi * ((t - 1) % c) / c) + 1)
        assert oracle("cyclic_cosine_rate")(t - 1, steps, cycles, lr) == pytest.approx(paper)


def test_snapshots_are_taken_where_the_rate_is_lowest():
    steps, cycles = 24, 4
    rates = [oracle("cyclic_cosine_rate")(s, steps, cycles, 1.0) for s in range(steps)]

    def train_step(weights, rate):
        return {"last rate": np.array(rate)}

    made = oracle("collect_snapshots")(train_step, {}, steps, cycles, rates.__getitem__)
    assert [float(s["last rate"]) for s in made] == [min(rates)] * cycles


def small_network():
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2)
    )


def test_the_moving_average_is_torchs_once_started():
    """torch's first update copies; from there on, and counters excepted, both do the same."""
    torch.manual_seed(0)
    network = small_network()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    ours = oracle("exponential_moving_average")(network, 0.8)
    theirs = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=True)
    theirs.update_parameters(network)
    for _ in range(6):
        optimizer.zero_grad()
        network(torch.randn(8, 3)).square().mean().backward()
        optimizer.step()
        ours.update(network)
        theirs.update_parameters(network)
    for name, t in theirs.module.state_dict().items():
        if t.is_floating_point():
            torch.testing.assert_close(ours.average[name], t)
    assert ours.average["1.num_batches_tracked"] == 6
    assert theirs.module.state_dict()["1.num_batches_tracked"] != 6


def test_the_moving_average_has_a_closed_form():
    network = torch.nn.Linear(1, 1, bias=False).double()
    values, decay = [3.0, -1.0, 2.0, 5.0], 0.7
    network.weight.data.fill_(values[0])
    ema = oracle("exponential_moving_average")(network, decay)
    for value in values[1:]:
        network.weight.data.fill_(value)
        ema.update(network)
    shares = [decay**3, *(0.3 * decay ** (3 - k) for k in (1, 2, 3))]
    assert ema.average["weight"].item() == pytest.approx(np.dot(shares, values))


def test_early_stopping_is_that_of_the_lab():
    rng = np.random.default_rng(2)
    for _ in range(50):
        losses = rng.integers(0, 8, 20) / 4
        losses[rng.random(20) < 0.1] = np.nan
        patience = int(rng.integers(1, 5))
        ours, theirs = oracle("early_stopping")(patience), stopping.EarlyStopping(patience)
        for i, loss in enumerate(losses):
            stop = ours.update(float(loss), {"i": np.array(i)})
            theirs.is_best(float(loss))
            if np.isfinite(losses[: i + 1]).any() and np.isfinite(losses[0]):
                assert stop == theirs.stop
                assert ours.best_weights["i"] == theirs.best_check


# Parts.

PARTIAL = {
    ("average_predictions", "in-place"): {"logits left as they are"},
    ("average_predictions", "overflow"): {"large logits"},
    ("average_predictions", "one-maximum-a-member"): {"large logits"},
    ("average_predictions", "clipped"): {"large logits"},
    ("error_correlation", "zero"): {"edges"},
    ("error_correlation", "diagonal"): {"edges"},
    ("error_correlation", "absolute"): {"correlation"},
    ("error_correlation", "mixed-divisors"): {"correlation"},
    ("error_correlation", "not-the-root"): {"correlation"},
    ("cyclic_cosine_rate", "floor"): {"cycles that do not"},
    ("cyclic_cosine_rate", "not-rounded"): {"cycles that do not"},
    ("collect_snapshots", "no-copy"): {"copies"},
    ("collect_snapshots", "shallow-copy"): {"copies"},
    ("collect_snapshots", "last-not-copied"): {"copies"},
    ("collect_snapshots", "float32"): {"copies"},
    ("collect_snapshots", "whole-cycles-alone"): {"a last cycle cut short"},
    ("collect_snapshots", "at-the-highest-rate"): {"whole cycles", "a last cycle cut short"},
    ("exponential_moving_average", "exchanged"): {"parameters", "buffers"},
    ("exponential_moving_average", "buffers-copied"): {"buffers"},
    ("exponential_moving_average", "counters-rounded"): {"buffers"},
    ("exponential_moving_average", "named-tensors"): {"buffers"},
    ("exponential_moving_average", "deepcopy-in-place"): {"buffers"},
    ("exponential_moving_average", "own-model"): {"parameters"},
    ("exponential_moving_average", "evaluates"): {"apart"},
    ("exponential_moving_average", "copy-evaluates"): {"copy_to"},
    ("exponential_moving_average", "graph"): {"apart"},
    ("exponential_moving_average", "double"): {"apart"},
    ("exponential_moving_average", "copy-shares"): {"copy_to"},
    ("early_stopping", "no-copy"): {"the best weights"},
    ("early_stopping", "one-late"): {"patience"},
    ("early_stopping", "no-min-delta"): {"min_delta"},
    ("early_stopping", "slow-progress"): {"min_delta"},
    ("early_stopping", "small-not-counted"): {"min_delta"},
    ("early_stopping", "small-resets"): {"min_delta"},
    ("early_stopping", "small-kept"): {"min_delta"},
    ("early_stopping", "nan-not-counted"): {"diverged checks"},
}


@pytest.mark.parametrize(("name", "id"), PARTIAL)
def test_a_mistake_costs_its_own_part_alone(name, id):
    v = verdict(name, fresh(mistake(name, id)))
    assert {part for part, (got, of) in v.parts.items() if got < of} == PARTIAL[name, id]


def test_what_is_still_to_be_written_costs_its_own_part_alone():
    unfinished = edited(
        oracle("exponential_moving_average"),
        ("            t.copy_(self.average[name])", "            raise NotImplementedError()"),
    )
    v = verdict("exponential_moving_average", unfinished)
    assert v.score == 4 and v.parts["copy_to"] == (0, 1)


@pytest.mark.parametrize("start", [torch.clone, torch.zeros_like])
def test_an_average_that_is_never_updated_has_no_points_for_leaving_the_network_alone(start):
    class Idle:
        def __init__(self, model, decay):
            self.average = {name: start(t.detach()) for name, t in model.state_dict().items()}

        def update(self, model):
            pass

        def copy_to(self, model):
            pass

    assert verdict("exponential_moving_average", Idle).score == 0


def test_check_takes_a_tensor_for_an_array_as_grading_does(capsys, monkeypatch):
    def average_predictions(logits):
        return torch.softmax(torch.as_tensor(logits), -1).mean(0)

    monkeypatch.chdir(COURSE.assignment("ensembles").folder)
    check(average_predictions)
    assert "all right" in capsys.readouterr().out


@pytest.mark.parametrize("name", COURSE.assignment("ensembles").exercise_ids)
def test_many_mistakes_and_five_other_dresses(name):
    assert len(answer(name).mistakes) >= 12
    assert len(answer(name).alternatives) >= 5


@pytest.mark.parametrize("name", ["average_predictions", "exponential_moving_average"])
def test_probes_ask_in_both_dtypes(name):
    def dtypes(value):
        if isinstance(value, np.ndarray):
            return {value.dtype.name}
        values = value.values() if isinstance(value, dict) else value
        return set().union(*map(dtypes, values)) if isinstance(value, dict | list) else set()

    cases = exercise(name).draw("1")
    assert {"float32", "float64"} <= set().union(*(dtypes(c.inputs) for c in cases))


# The notebook.


def shown(values):
    return ", ".join(f"{round(float(v), 6):.6g}" if v == v else "nan" for v in values)


def test_examples_of_predictions():
    logits = np.array([[[2.0, 0.0]], [[0.0, 0.0]]])
    text = statement("average_predictions")
    one = oracle("average_predictions")(logits[:1])[0]
    assert f"probabilities $({shown(one)})$" in text
    assert f"answer is $({shown(oracle('average_predictions')(logits)[0])})$" in text
    other = oracle("average_predictions")(logits.mean(0, keepdims=True))[0]
    assert f"would be $({shown(other)})$" in text
    wrong = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], dtype=bool)
    r = oracle("error_correlation")(wrong)
    assert f"{r[0, 1]:.6f}" in statement("error_correlation")
    assert np.isnan(r[2, :2]).all() and (np.diag(r) == 1).all()


def test_examples_of_the_run():
    rates = [oracle("cyclic_cosine_rate")(s, 10, 3, 0.2) for s in range(10)]
    assert f"are {shown(rates)}." in statement("cyclic_cosine_rate")

    def train_step(weights, rate):
        weights["w"] += rate
        return weights

    made = oracle("collect_snapshots")(train_step, {"w": np.zeros(1)}, 10, 3, lambda s: s + 1)
    held = [int(s["w"][0]) for s in made]
    assert "snapshots hold {}, {} and {}.".format(*held) in statement("collect_snapshots")


def test_examples_of_the_classes():
    network = torch.nn.Linear(1, 1, bias=False).double()
    network.weight.data.fill_(1.0)
    ema = oracle("exponential_moving_average")(network, 0.9)
    seen = []
    for value in (2.0, 4.0):
        network.weight.data.fill_(value)
        ema.update(network)
        seen.append(ema.average["weight"].item())
    text = statement("exponential_moving_average")
    assert f"the average is 1, then {seen[0]:.6g}, then {seen[1]:.6g}." in text
    text = statement("early_stopping")
    for delta, losses in (
        ("0", "1.0, 0.8, 0.9, 0.85"),
        ("0.1", "1.0, 0.95, 0.8, 0.75, 0.72"),
        ("0", "1.0, 0.8, `nan`, 0.85"),
    ):
        stop, answers, bests = oracle("early_stopping")(2, float(delta)), [], []
        for loss in losses.replace("`", "").split(", "):
            answers.append(str(stop.update(float(loss), {})))
            bests.append(f"{stop.best_loss:g}")
        assert f"| {losses} | {delta} | {', '.join(bests)} | {', '.join(answers)} |" in text


@pytest.mark.parametrize("solved", [True, False])
def test_the_closing_section_runs(solved):
    threads = torch.get_num_threads()
    source, released = COURSE.source("ensembles"), COURSE.released("ensembles")
    notebook = read_source(source) if solved else nbformat.read(released, 4)
    namespace, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in notebook.cells:
            if cell.cell_type == "code" and not cell.source.startswith(("check(", "check.")):
                exec(cell.source.replace("STEPS, RATE = 1600", "STEPS, RATE = 60"), namespace)
    torch.set_num_threads(threads)
    if solved:
        assert re.search(r"four networks: .*together [\d.]+%; correlation", printed.getvalue())
        assert "the averaged weights:" in printed.getvalue()
    else:
        assert printed.getvalue().count("still to be written") == 2
