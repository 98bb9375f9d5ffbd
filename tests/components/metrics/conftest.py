"""Builds evidence from plain tensors, for the tests of single metrics."""

import pytest
import torch

from landscape.components.metrics._base import Evidence, SampleSet


@pytest.fixture
def evidence():
    def build(real=None, fake=None, *, real_images=None, fake_images=None, fake_logits=None, real_logits=None, labels=None, **rest):
        real_labels, fake_labels = labels or (None, None)
        return Evidence(
            SampleSet(features=real, images=real_images, logits=real_logits, labels=real_labels),
            SampleSet(features=fake, images=fake_images, logits=fake_logits, labels=fake_labels),
            **{"extractor": "x", **rest},
        )

    return build


@pytest.fixture(params=[(300, 16), (400, 200), (60, 90)], ids=["tall", "wide", "rank-deficient"])
def feature_sets(request):
    """Two sets of float32 features with a power-law spectrum and a mean far from zero: (real [n, d], fake [n + 7, d])."""
    count, width = request.param
    generator = torch.Generator().manual_seed(1)
    scales = torch.arange(1, width + 1) ** -0.7
    real = torch.randn(count, width, generator=generator) * scales + 3
    fake = torch.randn(count + 7, width, generator=generator) * scales * 1.1 + 3.1
    return real, fake
