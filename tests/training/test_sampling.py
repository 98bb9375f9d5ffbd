"""Latent draws: their distributions, and what they depend on."""

import pytest
import torch

from landscape.config.training_settings import LatentConfig
from landscape.training.sampling import draw_latent

DRAWN = 20_000


def drawn(**latent):
    generator = torch.Generator().manual_seed(3)
    return draw_latent(LatentConfig(dim=2, **latent), DRAWN, torch.device("cpu"), generator)


def test_a_normal_latent_has_mean_0_and_variance_1():
    z = drawn(distribution="normal")
    assert z.shape == (DRAWN, 2)
    assert z.mean(0).abs().max() < 4 / DRAWN**0.5
    assert (z.var(0) - 1).abs().max() < 4 * (2 / DRAWN) ** 0.5


@pytest.mark.parametrize("bound", [1.0, 3**0.5])
def test_a_uniform_latent_fills_the_interval_between_minus_its_bound_and_its_bound(bound):
    z = drawn(distribution="uniform", bound=bound)
    assert z.abs().max() <= bound
    assert z.min() < -0.999 * bound
    assert z.max() > 0.999 * bound
    assert z.mean(0).abs().max() < 4 * bound / (3 * DRAWN) ** 0.5
    assert z.var(0).tolist() == pytest.approx([bound**2 / 3] * 2, rel=0.03)


def test_a_seed_decides_the_draw():
    assert torch.equal(drawn(distribution="normal"), drawn(distribution="normal"))
    assert not torch.equal(drawn(distribution="normal"), drawn(distribution="uniform"))
