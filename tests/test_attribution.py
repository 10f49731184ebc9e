import pytest
import torch

from lab import attribution


def test_the_mean_of_the_class_activation_map_is_the_logit():
    torch.manual_seed(0)
    maps, classes = torch.rand(5, 8, 4, 3), torch.tensor([0, 2, 1, 2, 0])
    head = torch.nn.Linear(8, 3)
    found = attribution.class_activation_map(maps, head.weight.T, classes)
    logits = head(maps.mean((-2, -1))) - head.bias
    torch.testing.assert_close(found.mean((-2, -1)), logits[torch.arange(5), classes])


def test_the_share_inside_is_the_area_for_a_flat_map_and_ignores_what_is_negative():
    mask = torch.zeros(1, 8, 8)
    mask[:, :, :2] = 1
    flat = torch.ones(1, 4, 4)
    assert attribution.share_inside(flat, mask).item() == pytest.approx(0.25)
    right_half_negative = torch.ones(1, 8, 8)
    right_half_negative[:, :, 4:] = -5
    assert attribution.share_inside(right_half_negative, mask).item() == pytest.approx(0.5)


def test_occlusion_of_a_linear_score_is_the_covered_part_of_its_sum():
    torch.manual_seed(0)
    x, weight = torch.rand(3, 8, 6), torch.randn(3, 8, 6)
    drop = attribution.occlusion(lambda x: (x * weight).sum((1, 2, 3)), x, patch=4, stride=2)
    assert drop.shape == (3, 2)
    for row in range(3):
        for column in range(2):
            place = (slice(None), slice(2 * row, 2 * row + 4), slice(2 * column, 2 * column + 4))
            expected = (x[place] * weight[place]).sum()
            torch.testing.assert_close(drop[row, column], expected, rtol=1e-4, atol=1e-4)


def test_occlusion_leaves_the_picture_as_it_was_and_fills_with_the_given_value():
    x = torch.rand(3, 4, 4)
    before = x.clone()
    drop = attribution.occlusion(lambda x: x.amax((1, 2, 3)), x, patch=4, stride=1, fill=2.0)
    assert torch.equal(x, before)
    torch.testing.assert_close(drop, (x.max() - 2.0).view(1, 1))
