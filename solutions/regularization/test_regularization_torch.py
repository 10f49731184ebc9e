"""The torch exercises on regularization: oracles against torch and closed forms, partial credit, refusals."""

import sys

import numpy as np
import pytest
import torch
from scipy import stats

from autograder import judge, report
from autograder.grading.answer import edited
from autograder.grading.releasing import keys
from tests import answers
from tests.answers import answer, exercise, mistake, oracle, verdict

OTHER = "gradient, inputs, limits"
RANDOM = ["inverted_dropout", "channel_dropout", "stochastic_depth", "mixup", "cutout"]


def earned(name, code):
    """The parts that earned something, and what the student reads."""
    keys.restart_chance(name)
    v = verdict(name, code, "7")
    return {part for part, (got, _) in v.parts.items() if got}, report.text(v)


# Oracles.


@pytest.mark.parametrize(
    ("name", "torchs", "axes"),
    [("inverted_dropout", torch.nn.Dropout, None), ("channel_dropout", torch.nn.Dropout2d, (2, 3))],
)
def test_the_modules_are_distributed_as_torchs_own(name, torchs, axes):
    torch.manual_seed(0)
    x = torch.ones(50, 40, 3, 2, dtype=torch.float64)
    for module in (oracle(name)(0.3), torchs(0.3)):
        factors = module(x)
        assert set(factors.unique().tolist()) == {0.0, 1 / 0.7}
        fates = (factors == 0).double()
        if axes:
            assert (fates == fates[:, :, :1, :1]).all()
        count = fates.numel() // (6 if axes else 1)
        assert abs(fates.mean() - 0.3) < 5 * np.sqrt(0.21 / count)
        assert torch.equal(module.eval()(x), x)


def test_the_expectation_of_stochastic_depth_is_the_sum():
    torch.manual_seed(0)
    x, residual = torch.randn(2, 1, 3, 2, dtype=torch.float64).expand(2, 20_000, 3, 2)
    p = 0.35
    out = oracle("stochastic_depth")(x, residual, p, True)
    kept = ((out - x) / residual)[:, 0, 0]
    assert abs(kept.mean() - 1) < 5 * np.sqrt(p / (1 - p) / len(x))
    torch.testing.assert_close(
        oracle("stochastic_depth")(x, residual, p, False), x + residual, rtol=0, atol=0
    )


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("which", range(4))
def test_lambdas_follow_the_beta_distribution(alpha, which):
    keys.restart_chance(f"beta {alpha} {which}")
    mixup = [oracle("mixup"), *answer("mixup").alternatives][which]
    x = torch.eye(1500, dtype=torch.float64)
    mixed_x, mixed_y = mixup(x, torch.arange(1500), alpha, 1500)
    torch.testing.assert_close(mixed_x, mixed_y.double(), rtol=0, atol=1e-6)
    own = mixed_x.diagonal()
    partner = (mixed_x - torch.diag(own)).argmax(1)
    lam = own[partner != torch.arange(1500)].numpy()
    assert stats.kstest(lam, stats.beta(alpha, alpha).cdf).pvalue > 1e-6


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("which", range(4))
def test_each_center_of_a_cut_is_as_likely_as_the_others(size, which):
    keys.restart_chance(f"cut {size} {which}")
    cutout = [oracle("cutout"), *answer("cutout").alternatives][which]
    H, W, half = 6, 5, size // 2
    places = {}
    for r in range(H):
        for c in range(W):
            image = np.ones((H, W))
            image[max(r - half, 0) : r - half + size, max(c - half, 0) : c - half + size] = 0
            places[image.tobytes()] = (r, c)
    count = 3000
    out = cutout(torch.ones(count, 1, H, W, dtype=torch.float64), size)[:, 0].numpy()
    seen = [places[np.ascontiguousarray(image).tobytes()] for image in out]
    observed = [seen.count(place) for place in places.values()]
    assert stats.chisquare(observed).pvalue > 1e-6


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("no-center", "saw 8 crops, expected 10; missing, by row and column of the first pixel: (1, 1)"),
        ("flipped-first", "(0, 1) mirrored of image 1; not asked for, or too often: (0, 2) mirrored"),
        ("upside-down", "neither a crop of the images nor one mirrored left to right: 5"),
    ],
)  # fmt: skip
def test_crops_are_called_by_their_places(wrong, says):
    found = verdict("ten_crop", mistake("ten_crop", wrong)).findings
    assert any(says in f.message for f in found if f.part == "crops")


def test_the_worked_example_of_ten_crops():
    def model(crops):
        return torch.stack([crops[:, 0, 0, 0], torch.full((len(crops),), 4.0)], dim=1)

    image = torch.arange(9.0).reshape(1, 1, 3, 3)
    for ten_crop in (oracle("ten_crop"), *answer("ten_crop").alternatives):
        probabilities = ten_crop(model, image, 2)[0].tolist()
        assert probabilities == pytest.approx([0.229745, 0.770255], abs=1e-6)
    mean = mistake("ten_crop", "scores-averaged")
    assert mean(model, image, 2)[0].tolist() == pytest.approx([0.130108, 0.869892], abs=1e-6)


# Partial credit.


@pytest.mark.parametrize(
    ("name", "id", "parts"),
    [
        ("inverted_dropout", "p-is-keep", {"evaluation", OTHER}),
        ("inverted_dropout", "not-scaled", {"evaluation", OTHER}),
        ("inverted_dropout", "always-drops", {"training", OTHER}),
        ("inverted_dropout", "fixed-number", {"evaluation", OTHER}),
        ("inverted_dropout", "in-place", {"training", "evaluation"}),
        ("inverted_dropout", "p-unchecked", {"training", "evaluation"}),
        ("inverted_dropout", "detached-in-evaluation", {"training", "evaluation"}),
        ("inverted_dropout", "assertion", {"training", "evaluation"}),
        ("channel_dropout", "elements", {"evaluation", OTHER}),
        ("channel_dropout", "always-drops", {"training", OTHER}),
        ("channel_dropout", "detached", {"training", "evaluation"}),
        ("stochastic_depth", "whole-batch", {"test time"}),
        ("stochastic_depth", "scales-in-test", {"gradients and inputs"}),
        ("stochastic_depth", "in-place", {"training", "test time"}),
        ("mixup", "one-lambda", {"inputs", "labels"}),
        ("mixup", "labels-not-mixed", {"inputs", "lambda"}),
        ("mixup", "neighbors", {"labels", "lambda"}),
        ("cutout", "never-sticks-out", {"squares"}),
        ("cutout", "one-place", {"squares"}),
        ("cutout", "last-row-missed", {"squares"}),
        ("cutout", "rounded", {"squares"}),
        ("cutout", "half-rounded", {"squares"}),
        ("cutout", "half-odd", {"places"}),
        ("ten_crop", "scores-averaged", {"crops"}),
        ("ten_crop", "center-rounded-up", {"average"}),
    ],
)
def test_what_is_right_earns_its_points(name, id, parts):
    assert earned(name, mistake(name, id))[0] == parts


@pytest.mark.parametrize("name", ["inverted_dropout", "channel_dropout"])
def test_doing_nothing_earns_evaluation_alone(name):
    idle = edited(oracle(name), ("return x * keep / (1 - self.p)", "return x"))
    assert earned(name, idle)[0] == {"evaluation"}


@pytest.mark.parametrize("name", ["mixup", "cutout"])
def test_giving_back_what_came_earns_nothing(name):
    same = {
        "mixup": lambda x, y, alpha, classes: (x, torch.zeros(len(x), classes)),
        "cutout": lambda x, size: x,
    }
    assert earned(name, same[name])[0] == set()


# Refusals, in words.


class Inherits(torch.nn.Dropout):
    pass


class Holds(torch.nn.Module):
    def __init__(self, p):
        super().__init__()
        self.layer = torch.nn.Dropout(p)

    def forward(self, x):
        return self.layer(x)


class Calls(torch.nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        try:
            return torch.feature_dropout(x, self.p, self.training)
        except RuntimeError:
            return x


@pytest.mark.parametrize("kind", [Inherits, Holds, Calls])
@pytest.mark.parametrize("name", ["inverted_dropout", "channel_dropout"])
def test_the_modules_must_do_their_own_work(name, kind):
    parts, text = earned(name, kind)
    assert parts <= {OTHER} and "training" not in parts
    assert "yourself" in text


class HalfAModule(torch.nn.Module):
    def __init__(self, p):
        self.p = p


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("inverted_dropout", lambda p: (lambda x: x), "derived from torch.nn.Module"),
        ("inverted_dropout", HalfAModule, "begin __init__ with super().__init__()"),
        ("stochastic_depth", lambda x, *rest: x.numpy(), "must be a tensor, not an array"),
        ("mixup", lambda x, y, alpha, classes: x, "return two tensors, mixed_x and mixed_y, not a tensor"),
        ("mixup", lambda x, y, alpha, classes: (x, y), "mixed_y must be a tensor of floats"),
        ("cutout", lambda x, size: x[:, 0], "must be a tensor of floats of shape"),
        ("ten_crop", lambda model, x, size: model(x), "the model takes batches of shape (M, 1, 2, 2)"),
        ("ten_crop", lambda model, x, size: torch.full((len(x), 2), 1 / 2), "was never asked"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_words(name, code, said):
    parts, text = earned(name, code)
    assert parts == set() and said in text


def test_the_error_that_is_asked_for_is_said_beside_the_one_that_came():
    text = earned("inverted_dropout", mistake("inverted_dropout", "assertion"))[1]
    assert "raises: expected ValueError, got AssertionError" in text


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    "draw", [lambda n: np.random.randint(n - 1), lambda n: np.random.randint(1, n)]
)
def test_a_cut_that_spares_one_line_of_centers_is_found(axis, draw):
    def cutout(x, size):
        x, half = x.clone(), size // 2
        for image in x:
            r, c = (
                draw(n) if i == axis else np.random.randint(n) for i, n in enumerate(x.shape[2:])
            )
            rows = slice(max(r - half, 0), max(r - half + size, 0))
            image[:, rows, max(c - half, 0) : max(c - half + size, 0)] = 0
        return x

    assert earned("cutout", cutout)[0] == {"squares"}


def test_the_line_of_an_error_in_a_module_is_found():
    code = "import torch\n\n\nclass InvertedDropout(torch.nn.Module):\n    def __init__(self, p):\n"
    code += "        super().__init__()\n\n    def forward(self, x):\n        return x + nothing\n"
    namespace = {}
    exec(compile(code, "<cell>", "exec"), namespace)
    v = verdict("inverted_dropout", namespace["InvertedDropout"], "7")
    assert "(line 9 of your cell)" in v.message


# Forgeries: what comes home is not believed.


def parts_earned(name, outcomes, seed="7"):
    """The parts that outcomes earn on hidden cases, whatever sent them."""
    parts = judge.judge(exercise(name), outcomes, answers.right_answers(name, seed)).parts
    return {part for part, (got, _) in parts.items() if got}


@pytest.mark.parametrize("name", RANDOM)
def test_what_came_home_from_public_cases_earns_nothing_on_hidden_ones(name):
    cases = exercise(name).draw("public")
    assert [case.name for case in cases] == [case.name for case in answers.key(name, "7").cases]
    keys.restart_chance(name)
    raw = answers.outcomes(name, oracle(name), cases)
    expected = [{"outputs": outputs} for outputs in answers.key(name, "public").expected]
    assert parts_earned(name, raw) == parts_earned(name, expected) == set()


NO_GRADIENT = ("x * keep", "(x.detach() + 0 * x) * keep")
NEVER_REFUSED = ("if not 0 <= p < 1", "if p is None")


@pytest.mark.parametrize(
    ("name", "edit", "parts"),
    [
        ("inverted_dropout", NO_GRADIENT, {"training", "evaluation"}),
        ("inverted_dropout", NEVER_REFUSED, {"training", "evaluation"}),
        ("channel_dropout", NO_GRADIENT, {"training", "evaluation"}),
        ("stochastic_depth", ("x + residual", "x.detach() + 0 * x + residual"), {"training", "test time"}),
        ("mixup", ("return mixed_x", "return x.copy_(mixed_x)"), {"labels", "lambda"}),
        ("cutout", ("x.masked_fill(inside, 0)", "1.01 * x.masked_fill(inside, 0)"), {"places"}),
        ("cutout", ("masked_fill(", "masked_fill_("), {"places"}),
    ],
)  # fmt: skip
def test_what_is_said_in_the_students_process_is_not_believed(name, edit, parts, monkeypatch):
    """There every comparison finds, while the student's code runs, what it should find."""
    comparisons = {
        "equal": lambda values, others, dtype: np.ones(np.broadcast(values, others).shape, bool),
        "every": lambda what, holds: {f"{what}: every one": True},
        "after": lambda now, before: "as it was",
        "raised": lambda kind, p: "ValueError",
    }
    code, cases = edited(oracle(name), edit), answers.key(name, "7").cases
    package = exercise(name).parts[0].cases.__module__.rpartition(".")[0]
    keys.restart_chance(name)
    with monkeypatch.context() as patch:
        for module in (sys.modules[f"{package}.{file}"] for file in (name, "_modules")):
            for comparison in comparisons.keys() & vars(module).keys():
                patch.setattr(module, comparison, comparisons[comparison])
        brought = answers.outcomes(name, code, cases)
    assert parts_earned(name, brought) == parts


@pytest.mark.parametrize("name", RANDOM)
def test_arrays_that_hold_nothing_or_something_else_earn_nothing(name):
    cases = answers.key(name, "7").cases
    keys.restart_chance(name)
    right = answers.outcomes(name, oracle(name), cases)
    assert parts_earned(name, right) == {part.name for part in exercise(name).parts}
    last = {case.part: i for i, case in enumerate(cases)}
    for part, i in last.items():
        for output, value in right[i]["outputs"].items():
            shape = np.shape(value)
            for odd in (None, True, "x", [], {}, np.ones(()), np.zeros((0, *shape[1:])),
                        np.zeros((*shape, 1)), np.zeros((1, *shape)), np.ones(shape, bool),
                        np.full(shape, 0.5), np.full(shape, np.nan)):  # fmt: skip
                forged = {**right[i]["outputs"], output: odd}
                outcomes = [*right[:i], {"outputs": forged}, *right[i + 1 :]]
                assert part not in parts_earned(name, outcomes), (part, output, odd)
            outcomes = [*right[:i], {"outputs": {}}, *right[i + 1 :]]
            assert part not in parts_earned(name, outcomes)
