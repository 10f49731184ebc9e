"""The assignment on hyperparameters: answers beyond its known mistakes, its examples, its cases."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from autograder import judge, probe, report
from autograder.exercise import Exercise
from autograder.grading.answer import edited, fresh
from autograder.grading.releasing import keys
from autograder.grading.releasing.keys import LazyKey
from tests import closing
from tests.answers import (
    answer,
    exercise,
    key,
    mistake,
    oracle,
    outcomes,
    solutions,
    statement,
    verdict,
)

# Answers beyond the known mistakes.


def test_without_a_finite_loss_no_configuration_is_made_up():
    def random_search(objective, space, trials, rng):
        best, best_loss = {name: low for name, (low, _) in space.items()}, np.inf
        for _ in range(trials):
            config = {n: low * (high / low) ** rng.random() for n, (low, high) in space.items()}
            if (loss := objective(config)) < best_loss:
                best, best_loss = config, loss
        return best, best_loss

    v = verdict("random_search", random_search, "1")
    assert v.score == 4 and v.mistake == "nothing-kept"


def test_a_search_that_never_asks_gets_findings_not_an_error():
    v = verdict("random_search", lambda objective, space, trials, rng: ({}, 0.0))
    assert (v.status, v.score) == ("failed", 0)
    assert "calls of the objective: expected 1000, got 0" in v.message


def test_a_string_is_no_bool():
    v = verdict("overfits_small_sample", lambda make_model, x, y, **options: "True")
    assert "answer: expected True, got a str, no bool" in str(v.findings)


def test_lists_of_different_lengths_are_told_what_to_return():
    v = verdict("log_uniform", lambda low, high, size, rng: [[1.0, 2.0], [3.0]])
    assert v.message.endswith("return an array of floats of shape (4000,) for size=4000")
    v = verdict("narrow_range", lambda values, losses, keep, widen=2.0: [[1, 2], [3], [4]])
    assert v.message.endswith("return two values, low and high, not 3 values")


# Overfitting a small sample: what decides is neither rounding nor a draw.


@pytest.mark.nightly
@pytest.mark.parametrize("more", [1, 8])
def test_a_mistake_has_its_name_whatever_torch_draws(more, monkeypatch):
    """As on another device, where the same seed gives other numbers."""
    name, seeded = "overfits_small_sample", torch.manual_seed
    held = key(name, "public")
    for known in held.mistakes:
        list(known.outcomes)  # with the draws of the key's own seeds
    monkeypatch.setattr(torch, "manual_seed", lambda seed: seeded(seed + more))
    for wrong in answer(name).mistakes:
        found = outcomes(name, fresh(wrong.code), held.cases)
        assert judge.judge(exercise(name), found, held).mistake == wrong.id


def failures_of_the_reference(part: str, seeds: range) -> int:
    """Of one part alone, with cases drawn from each seed."""
    whole = exercise("overfits_small_sample")
    alone = Exercise(whole.id, whole.entry, [whole.part(part)])
    solution = solutions("hyperparameters")[whole.entry]
    failed = 0
    for seed in seeds:
        held = LazyKey(alone, answer(whole.id), alone.draw(str(seed)))
        found = probe.run(alone, solution, held.cases, "cpu")
        failed += judge.judge(alone, found, held).status != "passed"
    return failed


@pytest.mark.parametrize("part", ["broken networks", "the sample", "sound networks"])
def test_a_right_answer_does_not_fail_by_rounding(part):
    assert failures_of_the_reference(part, range(5)) == 0


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_right_answer_fails_on_none_of_a_thousand_sets_of_broken_networks():
    assert failures_of_the_reference("broken networks", range(1000)) == 0


PARTIAL = {
    "judged-by-loss": {"broken networks"},
    "steps-ignored": {"sound networks"},
    "stops-in-training-mode": {"sound networks"},
    "gradients-kept": {"sound networks"},
    "most-is-enough": {"the sample"},
    "one-is-enough": {"broken networks", "the sample"},
    "tensor-returned": {"broken networks", "the sample"},
    "the-other-way-round": {"broken networks", "the sample"},
    "training-mode": {"broken networks", "the sample"},
    "another-model": {"broken networks", "the sample"},
}


@pytest.mark.parametrize("id", PARTIAL)
def test_a_mistake_costs_its_own_part_alone(id):
    v = verdict("overfits_small_sample", fresh(mistake("overfits_small_sample", id)))
    assert {part for part, (got, of) in v.parts.items() if got < of} == PARTIAL[id]


def test_a_shuffled_grid_is_no_draw():
    """Its values are spread evenly, and one at a time is always the lowest."""
    v = verdict("log_uniform", fresh(mistake("log_uniform", "shuffled-grid")))
    assert {f.message.partition(":")[0] for f in v.findings} == {
        "draws with size=1 differ from each other",
        "share of equal parts of the range, as many as draws, in which one lies",
    }


# The notebook.


def test_examples_of_the_initial_loss():
    text, loss = statement("expected_initial_loss"), oracle("expected_initial_loss")
    assert f"Ten classes: {loss(10):.6f}" in text
    weights = [np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([3.0])]
    assert f"= {loss(3, weights, 0.1):.6f}$" in text


def test_example_of_the_small_sample():
    x, y = torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1])
    text, overfits = statement("overfits_small_sample"), oracle("overfits_small_sample")
    torch.manual_seed(0)

    def make_model():
        return torch.nn.Linear(1, 2)

    assert overfits(make_model, x, y) and "answer is `True`" in text
    contradicted = torch.cat([x, x[1:]]), torch.tensor([0, 1, 0])
    assert not overfits(make_model, *contradicted) and "$y = 0$ it is `False`" in text


def test_examples_of_ranges():
    low, high = oracle("narrow_range")(
        np.array([0.0001, 0.001, 0.01, 0.1]), np.array([2.1, 0.9, 0.7, math.nan]), 2, 2
    )
    assert f"range is ({low:.4g}, {high:.4g})" in statement("narrow_range")
    text = statement("at_edge_of_range")
    for best in (0.00015, 0.0003, 0.08):
        found = oracle("at_edge_of_range")(best, 0.0001, 0.1, 0.1)
        word = f'`"{found}"`' if found else "`None`"
        position = math.log(best / 0.0001) / math.log(1000)
        assert f"{best:g} has position {position:.2f}" in text and word in text


def test_example_of_the_search():
    losses = iter([math.nan, 0.7, 0.9])
    asked = []

    def objective(config):
        asked.append(config)
        return next(losses)

    space = {"learning_rate": (1e-4, 1e-1)}
    best = oracle("random_search")(objective, space, 3, np.random.default_rng(0))
    assert best == (asked[1], 0.7)
    assert "the answer is the second configuration and 0.7" in statement("random_search")


def test_example_of_draws():
    draws = oracle("log_uniform")(1e-4, 1e-1, 30_000, np.random.default_rng(0))
    shares = np.histogram(np.log10(draws), bins=[-4, -3, -2, -1])[0] / draws.size
    np.testing.assert_allclose(shares, 1 / 3, atol=0.02)
    assert "a third lies below 0.001" in statement("log_uniform")


# The closing section: the first range is put wrong on purpose, and the edge test is to say so.


def edges(seed: int, given: dict[str, Any]) -> list[str]:
    """What the edge test says of the two searches, with this seed and these answers."""
    said = closing.run("hyperparameters", given, ("default_rng(1)", f"default_rng({seed})"))
    assert said[1] == "can it overfit? True"
    return [line.rpartition("edge: ")[2] for line in said if " search: " in line]


def test_the_closing_section_says_what_its_text_says():
    assert edges(1, closing.dresses("hyperparameters")[0]) == ["high", "None"]


@pytest.mark.nightly
def test_the_closing_section_says_it_for_every_right_answer_and_most_seeds():
    """In the second search the best of thirty draws may lie near an edge by chance."""
    dresses = closing.dresses("hyperparameters")
    found = [edges(seed, dresses[seed % len(dresses)]) for seed in range(2, 14)]
    assert [first for first, _ in found] == ["high"] * len(found)
    assert sum(second == "None" for _, second in found) >= 9


# Which examples: a sample drawn at random, the first in another order, a single one.


def with_sample(taken: str):
    edit = ("x[:sample], y[:sample]", taken)
    return fresh(edited(oracle("overfits_small_sample"), edit))


@pytest.mark.parametrize(
    "taken",
    [
        "x[(i := torch.randperm(len(x))[:sample])], y[i]",
        "x[(i := torch.randint(len(x), (sample,)))], y[i]",
        "x[::2][:sample], y[::2][:sample]",
    ],
)
def test_a_sample_of_others_is_said_to_be_one(taken):
    keys.restart_chance(taken)
    v = verdict("overfits_small_sample", with_sample(taken), "1")
    assert v.mistake is None and not v.suspects and v.parts["the sample"][0] == 0
    assert "examples that it learned from: the first and later ones" in report.text(v)


def test_the_first_examples_may_come_in_any_order():
    shuffled = with_sample("x[(i := torch.randperm(min(sample, len(x))))], y[i]")
    assert verdict("overfits_small_sample", shuffled, "1").status == "passed"


def test_a_single_example_is_still_a_batch():
    squeezed = fresh(edited(oracle("overfits_small_sample"), ("(model(x)", "(model(x).squeeze()")))
    v = verdict("overfits_small_sample", squeezed, "1")
    assert {f.case for f in v.findings} == {"a single example"} and v.parts["the sample"][0] == 0
