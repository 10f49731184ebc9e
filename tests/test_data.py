"""Splits, the picture set and the pretrained network."""

import csv

import pytest
import torch

from lab import data, pictures, pretrained


def test_validation_split_divides_the_training_set():
    whole = data.digits()
    part = data.validation_split(whole, 300, seed=1)
    assert len(part.x_test) == 300
    together = torch.cat([part.x_train, part.x_test])
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, whole.x_train.tolist()))
    with pytest.raises(ValueError, match="cannot be set aside"):
        data.validation_split(whole, len(whole.x_train))


def test_small_keeps_the_test_set():
    whole = data.digits()
    part = data.small(whole, 50)
    assert len(part.x_train) == len(part.y_train) == 50
    assert part.x_test is whole.x_test
    with pytest.raises(ValueError, match="there are"):
        data.small(whole, 10_000)


def test_every_picture_has_an_origin_and_all_are_small_enough():
    found = pictures.pictures()
    assert found.x.shape == (len(found.y), 3, 128, 128) and found.x.dtype == torch.uint8
    with open(pictures.FOLDER / "ORIGINS.csv", newline="", encoding="utf-8") as file:
        origins = list(csv.reader(file))[1:]
    assert sorted(row[0] for row in origins) == sorted(found.files)
    assert all(row[1].startswith("usr/share/tuxpaint/stamps/") for row in origins)
    assert sum(f.stat().st_size for f in pictures.FOLDER.rglob("*.jpg")) < 4_000_000
    assert "GNU GENERAL PUBLIC LICENSE" in (pictures.FOLDER / "COPYING").read_text()
    with pytest.raises(ValueError, match="128"):
        pictures.pictures(200)


def test_splits_of_one_seed_nest_and_never_overlap():
    y = pictures.pictures(8).y
    few, many = pictures.split(y, 3, seed=4), pictures.split(y, seed=4)
    assert torch.equal(few.test, many.test)
    assert set(few.train.tolist()) < set(many.train.tolist())
    assert not set(many.train.tolist()) & set(many.test.tolist())
    assert len(many.train) + len(many.test) == len(y)
    assert y[few.train].bincount().tolist() == [3] * 6
    with pytest.raises(ValueError, match="training items a class"):
        pictures.split(y, 30)


def test_the_pretrained_network_knows_a_daisy():
    from sklearn.datasets import load_sample_image

    photo = torch.tensor(load_sample_image("flower.jpg")).permute(2, 0, 1)[None]
    x = torch.nn.functional.interpolate(pretrained.prepare(photo), size=(224, 224), mode="bilinear")
    model = pretrained.efficientnet_lite0()
    with torch.no_grad():
        logits = model(x)
    assert logits.argmax().item() == 985  # ImageNet's class "daisy"
    found = pretrained.features(model, x)
    torch.testing.assert_close(model._fc(found), logits)


def test_a_new_head_leaves_the_backbone_and_the_callers_generator_alone():
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    model = pretrained.efficientnet_lite0(classes=6, seed=3)
    assert torch.equal(before, torch.random.get_rng_state())
    assert model._fc.out_features == 6 and not model.training
    plain = pretrained.efficientnet_lite0().state_dict()
    for name, value in model.state_dict().items():
        if not name.startswith("_fc"):
            assert torch.equal(value, plain[name]), name
