"""The library without the command line: which arguments may be left out."""

import numpy as np
import pytest
import torch

import landscape
from landscape.components.datasets._load import load_dataset
from landscape.core.errors import UserError


def test_the_protocol_follows_what_is_given(monkeypatch):
    generator = np.random.default_rng(0)
    images = generator.random((40, 1, 8, 8))
    monkeypatch.setenv("LANDSCAPE_INCEPTION_WEIGHTS", "absent.pth")
    with pytest.raises(UserError, match=r"absent\.pth does not exist; give the 2015 Inception weights"):
        landscape.evaluate(images, images)  # `given` needs the 2015 Inception weights for images.
    points = torch.from_numpy(generator.normal(size=(40, 2)))
    with pytest.raises(UserError, match="protocol 'quick-points' needs 10000 generated samples"):
        landscape.evaluate(points, points.float())
    digits = load_dataset("digits")
    assert landscape.evaluate(digits, digits.split("train").samples).protocol["name"] == "quick"


def test_what_cannot_be_scored_is_not_trained(tmp_path):
    fields = {"dataset": "ring", "architecture": "mlp_2d", "loss": "hinge", "budget": {"amount": 4}}
    with pytest.raises(UserError, match="holds points: a classifier reads images"):
        landscape.train(fields, "quick", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
