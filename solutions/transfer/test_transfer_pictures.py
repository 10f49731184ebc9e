"""The pictures of the assignment on transfer learning, and those that students do not have."""

import numpy as np
import pytest
import torch

from assignments.transfer.exercises import _pictures
from autograder.exercise import Case
from autograder.grading.releasing import keys
from lab import pictures, pretrained
from solutions.transfer import make_sheets
from solutions.transfer.answers._held_out import held_out, views
from tests.answers import COURSE, answer, exercise, oracle, statement


def hidden_cases(seed: str = "1") -> list[Case]:
    return keys.hidden_cases(exercise("fine_tune"), answer("fine_tune"), seed)


# The sheets.


def test_the_three_parts_share_no_picture_and_are_the_labs_split():
    parts = _pictures.training(), _pictures.validation(), held_out()
    assert [len(p.y) for p in parts] == [60, 90, 75]
    files = [f for p in parts for f in p.files]
    assert len(set(files)) == 225
    everything = pictures.pictures(pictures.SHEET_SIDE)
    _, test = pictures.split(everything.y, seed=0)
    assert {everything.files[i] for i in test} == set(parts[2].files)
    for part in parts:
        for x, y, file in zip(part.x, part.y, part.files, strict=True):
            i = everything.files.index(file)
            assert everything.y[i] == y
            assert (everything.x[i].double() - x).abs().mean() < 15  # JPEG
    assert (parts[0].y.bincount() == 10).all()


def test_the_sheets_are_those_that_the_script_makes(tmp_path):
    folders = make_sheets.FOR_STUDENTS, make_sheets.HELD_OUT
    made = tmp_path / "for students", tmp_path / "held out"
    make_sheets.main(*made)
    for folder, again in zip(folders, made, strict=True):
        assert {p.name for p in folder.iterdir()} == {p.name for p in again.iterdir()}
        for name in ("pictures.csv", "README.txt", "COPYING"):
            assert (folder / name).read_text() == (again / name).read_text()


def test_a_part_that_a_sheet_does_not_have_is_refused():
    with pytest.raises(ValueError, match="no pictures for 'held out'"):
        pictures.read_sheet(make_sheets.FOR_STUDENTS, "held out")


def test_classes_are_numbered_in_the_order_that_is_asked_for():
    found, order = _pictures.training(), [3, 0, 5, 1, 4, 2]
    x, y = _pictures.in_order(found, order)
    assert (y.diff() >= 0).all() and len(y) == len(found.y)
    for number, label in enumerate(order):
        assert torch.equal(x[y == number], found.x[found.y == label])


def test_students_get_the_license_and_little_data():
    folder = make_sheets.FOR_STUDENTS
    assert (folder / "COPYING").read_text().lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
    assert "tuxpaint" in (folder / "README.txt").read_text()
    assert sum(p.stat().st_size for p in folder.iterdir()) < 300_000
    shared = (folder / "pictures.csv").read_text()
    assert not [f for f in held_out().files if f in shared]


# What the grading asks about.


def test_fine_tuning_has_a_margin_on_held_out_pictures():
    training, shares = _pictures.training(), []
    for seed in range(5):
        torch.manual_seed(seed)
        asked = views(held_out(), np.random.default_rng(seed))
        x = pretrained.prepare(training.x)
        network = oracle("fine_tune")(pretrained.efficientnet_lite0(), x, training.y, 6)
        with torch.no_grad():
            said = network(pretrained.prepare(asked.x)).argmax(1)
        shares.append((said == asked.y).double().mean().item())
    assert min(shares) > 0.65 and abs(np.mean(shares) - 0.73) < 0.03
    assert "at least 60%" in statement("fine_tune") and "about 73%" in statement("fine_tune")


def test_labels_of_held_out_pictures_never_travel():
    cases = hidden_cases()
    for case in cases:
        assert set(case.as_sent()) == {"part", "inputs"}
        assert "y" not in case.inputs
    case = cases[-1]
    assert case.inputs["x"].shape == (75, 3, 64, 64) and len(case.withheld["y"]) == 75
    assert sorted(case.inputs["order"]) == list(range(6))
    public = COURSE.assignment("transfer").public_keys()["fine_tune"].cases[-1]
    assert "x" not in public.inputs and len(public.withheld["y"]) == 90
    assert hidden_cases("2")[-1].inputs["order"] != case.inputs["order"]


def test_held_out_pictures_come_in_no_order_that_gives_their_classes_away():
    for seed in ("1", "2"):
        case = hidden_cases(seed)[-1]
        y = np.asarray(case.withheld["y"])
        assert len(y) == len(case.inputs["x"]) and (np.diff(y) < 0).sum() > len(y) / 4


def test_no_view_of_a_held_out_picture_comes_again_and_all_are_much_like_it():
    found = held_out()
    one, other = (views(found, np.random.default_rng(seed)) for seed in (1, 2))
    assert torch.equal(one.y, found.y) and one.x.dtype == found.x.dtype
    known = torch.cat([found.x, other.x]).flatten(1)
    assert not (one.x.flatten(1)[:, None] == known).all(2).any()
    nearest = torch.cdist(one.x.flatten(1).float(), found.x.flatten(1).float()).argmin(1)
    assert (nearest == torch.arange(len(found.y))).double().mean() > 0.9
    again = views(found, np.random.default_rng(1))
    assert torch.equal(one.x, again.x)


def test_pictures_travel_as_views():
    first, second = (hidden_cases(seed)[-1].inputs["x"] for seed in ("1", "2"))
    for x in (first, second):
        assert not (x[:, None] == held_out().x.numpy()).all((2, 3, 4)).any()
    assert not (first[:, None] == second).all((2, 3, 4)).any()
