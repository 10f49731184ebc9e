"""The table of regularizers: its records, and a short run that has to agree with them."""

import torch

from lab.experiments import records, regularizers, samples


def recorded(technique: str, size: int):
    return samples("regularizers", "test_accuracy", technique=technique, size=size)


def test_every_setting_is_on_record_with_its_seeds():
    found = {
        (r["setting"]["technique"], r["setting"]["size"], r["seed"])
        for r in records("regularizers")
    }
    wanted = {
        (setting["technique"], setting["size"], seed)
        for setting in regularizers.REGULARIZERS.settings
        for seed in range(regularizers.REGULARIZERS.seeds)
    }
    assert found == wanted and regularizers.REGULARIZERS.seeds >= 5


def test_a_short_run_points_the_way_the_record_does():
    torch.set_num_threads(1)
    now = regularizers.reduced()
    baseline = regularizers.NONE
    for technique in regularizers.REDUCED[1:]:
        small = regularizers.SIZES[0]
        before = (recorded(technique, small) - recorded(baseline, small)).mean()
        assert abs(before) > 0.1  # large enough for one short run to show
        assert (now[technique] - now[baseline]) * before > 0


def test_shifts_turn_signals_by_no_more_than_asked():
    x = torch.arange(40.0).expand(2, 3, 40)
    most = torch.tensor([[0], [3]])
    moved = regularizers.shift(x, most, torch.Generator().manual_seed(0))
    assert torch.equal(moved[0], x[0])
    first = moved[1, :, 0]
    assert all(value in (37, 38, 39, 0, 1, 2, 3) for value in first.tolist())
    assert torch.equal(moved.sort(-1).values, x)
