"""Theory of the game on a line, where densities are known exactly: the best D, the best G, and how both behave."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import nn

from landscape.reproductions._game_1d.recipe import ALONE, MARGIN, accuracy, against_noise, energy_game, game, snapshot

X = np.linspace(-8, 8, 8001)
STEP = X[1] - X[0]
DECAYING = {"d_optimizer": {"learning_rate": 5e-3, "schedule": {"name": "linear"}}}
SHIFT, SCALE = 1.0, 0.7
REAL, FAKE = norm.pdf(X), norm.pdf(X, SHIFT, SCALE)


class Affine(nn.Module):
    """G(z) = shift + scale * z. Its density is known for z ~ N(0, 1)."""

    def __init__(self, shift, scale):
        super().__init__()
        self.shift, self.scale = shift, scale

    def forward(self, z, condition=None):
        return self.shift + self.scale * z


def against_fixed_g(loss, steps, *, shift=SHIFT, scale=SCALE, **changes):
    """Return a game in which only D has learned, against a fixed G."""
    fields = {"latent": {"dim": 1}, "batch_size": 1024, "budget": {"amount": steps}} | DECAYING | changes
    gan = game(loss, **fields)
    gan.generator = gan.game.generator = Affine(shift, scale)
    for _ in range(steps):
        gan.rounds.d_step()
    gan.settle()
    return gan


@torch.no_grad()
def d_of(gan, x):
    return gan.discriminator(torch.tensor(x[:, None]).float(), None).logit.double().numpy()


def test_d_approaches_the_share_of_real_density_and_the_value_that_of_the_game():
    gan = against_fixed_g("minimax", 800)
    logit = d_of(gan, X)
    weight = (REAL + FAKE) / (REAL + FAKE).sum()
    assert (weight * np.abs(1 / (1 + np.exp(-logit)) - REAL / (REAL + FAKE))).sum() < 0.02
    # V(D, G) is computed by quadrature over the exact densities, and compared with -log 4 + 2 JSD with the JSD from its definition.
    value = ((REAL * -np.logaddexp(0, -logit)) + (FAKE * -np.logaddexp(0, logit))).sum() * STEP
    mixture = (REAL + FAKE) / 2
    divergence = 0.5 * sum((p * np.log(np.where(p > 0, p, 1) / mixture)).sum() * STEP for p in (REAL, FAKE))
    best = -math.log(4) + 2 * divergence
    assert best - 0.01 < value <= best + 1e-6


def test_absolute_error_d_approaches_the_indicator():
    gan = against_fixed_g("absolute_error", 800)
    d = 1 / (1 + np.exp(-d_of(gan, X)))
    weight = (REAL + FAKE) / (REAL + FAKE).sum()
    assert (weight * np.abs(d - (REAL >= FAKE))).sum() < 0.05
    # E = 1/2 E_real[1 - D] + 1/2 E_fake[D]. At the indicator it is half of (1 - TV).
    error = 0.5 * ((1 - d) * REAL + d * FAKE).sum() * STEP
    best = 0.5 * (1 - 0.5 * np.abs(REAL - FAKE).sum() * STEP)
    assert best - 1e-6 <= error < best + 0.01


def quantile_error(gan):
    """Return the mean distance of G from the quantile map of N(0, 1), which may be increasing or decreasing."""
    mapped = snapshot(gan).mapped
    levels = (np.arange(len(mapped)) + 0.5) / len(mapped)
    return min(np.abs(mapped - norm.ppf(levels)).mean(), np.abs(mapped - norm.ppf(1 - levels)).mean())


def test_g_approaches_the_quantile_map():
    cosine = {"learning_rate": 2e-3, "schedule": {"name": "cosine"}}
    fields = {"budget": {"amount": 1500}, "d_optimizer": cosine, "g_optimizer": cosine, "regularizers": [{"r1": {"gamma": 0.1}}]}
    gan = game("absolute_error", **fields)
    before = quantile_error(gan)
    gan.run_rounds(1500)
    assert quantile_error(gan) < 0.15 < before


@pytest.fixture(scope="module")
def trained():
    torch.manual_seed(0)
    gan = game("non_saturating")
    gan.run_rounds(1500)
    return gan


def test_accuracy_approaches_one_half_and_quality_decays_against_noise(trained):
    assert accuracy(trained) == pytest.approx(0.5, abs=0.05)
    good = snapshot(trained).distance
    assert good < 0.25
    against_noise(trained, 200)
    assert snapshot(trained).distance > 2 * good


def test_accuracy_is_high_where_g_is_far():
    assert accuracy(against_fixed_g("non_saturating", 200, shift=6.0)) > 0.99


def test_direct_and_indirect_matching():
    """From the same start, MMD and the adversarial game lead one G to one Gaussian."""
    direct, indirect = game("mmd", batch_size=128), game("non_saturating", batch_size=128)
    start = snapshot(direct).distance
    assert snapshot(indirect).distance == start
    direct.run_rounds(500)
    indirect.run_rounds(1500)
    assert snapshot(direct).distance < 0.15 < start
    assert snapshot(indirect).distance < 0.3


ENERGY = {"architecture": {"autoencoder_mlp": {"g_layers": 3, "g_width": 32, "d_width": 32}}}


@pytest.mark.parametrize("margin", [2.0, 6.0])
def test_margin_binds(margin):
    """Against a fixed G far from the data, D raises the energy of fakes to the margin, whatever the margin is. Then the hinge is
    inactive.
    """
    start = against_fixed_g({"margin_energy": {"margin": margin}}, 1, shift=3.0, **ENERGY)
    gan = against_fixed_g({"margin_energy": {"margin": margin}}, 800, shift=3.0, **ENERGY)
    with torch.no_grad():
        short, before = ((margin - energies_of_fakes(g)).clamp(min=0).mean().item() for g in (gan, start))
        real = gan.discriminator(gan.rounds.stream.next(4096).real, None).logit.mean().item()
    assert short < 0.1 * margin < before
    assert real < 0.25 * margin


def energies_of_fakes(gan):
    return gan.discriminator(gan.generator(gan.draw_z(4096), None), None).logit.detach()


def test_ebgan_value_approaches_the_margin():
    """The paper's theorem 1 says that V is m at the equilibrium. D alone brings V far below m, and the learning G brings it back."""
    found = energy_game(1500)
    alone, late = found[ALONE], found[-10:]
    assert abs(found[0].value - MARGIN) > 0.5
    assert alone.value < 0.5 * MARGIN
    assert alone.real < 0.1 * MARGIN < 0.75 * MARGIN < alone.fake
    assert np.mean([e.value for e in late]) == pytest.approx(MARGIN, abs=0.1)
    assert np.mean([e.real - e.fake for e in late]) == pytest.approx(0, abs=0.1)
    assert len(late) == 10
    assert all(e.fake < MARGIN for e in late)
