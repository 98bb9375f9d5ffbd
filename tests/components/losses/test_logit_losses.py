"""Losses of critic outputs compared with their formulas in NumPy float64, and with values computed by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.special import expit, log_expit

from landscape.components.losses._base import LOSSES

RANDOM = np.random.default_rng(3)
REAL, FAKE = RANDOM.normal(0.5, 2, 64), RANDOM.normal(-0.3, 2, 64)


def relu(x):
    return np.maximum(x, 0)


ORACLES = {
    "minimax": ({}, -log_expit(REAL) - log_expit(-FAKE), log_expit(-FAKE)),
    "minimax/2014": ({"d_factor": 0.5}, -0.5 * (log_expit(REAL) + log_expit(-FAKE)), log_expit(-FAKE)),
    "non_saturating": ({}, -log_expit(REAL) - log_expit(-FAKE), -log_expit(FAKE)),
    "non_saturating/2014": ({"d_factor": 0.5}, -0.5 * (log_expit(REAL) + log_expit(-FAKE)), -log_expit(FAKE)),
    "least_squares": ({}, ((REAL - 1) ** 2 + FAKE**2) / 2, (FAKE - 1) ** 2 / 2),
    "least_squares/pearson": (
        {"real_label": 1.0, "fake_label": -1.0, "target": 0.0},
        ((REAL - 1) ** 2 + (FAKE + 1) ** 2) / 2,
        FAKE**2 / 2,
    ),
    "least_squares_sigmoid": ({}, ((expit(REAL) - 1) ** 2 + expit(FAKE) ** 2) / 2, (expit(FAKE) - 1) ** 2 / 2),
    "wasserstein": ({}, FAKE - REAL, -FAKE),
    "hinge": ({}, relu(1 - REAL) + relu(1 + FAKE), -FAKE),
    "hinge/2": ({"margin": 2.0}, relu(2 - REAL) + relu(2 + FAKE), -FAKE),
    "absolute_error": ({}, (1 - expit(REAL)) / 2 + expit(FAKE) / 2, -expit(FAKE) / 2),
    "relativistic_pairing": ({}, -log_expit(REAL - FAKE), -log_expit(FAKE - REAL)),
    "relativistic_average": (
        {},
        -log_expit(REAL - FAKE.mean()) - log_expit(REAL.mean() - FAKE),
        -log_expit(FAKE - REAL.mean()) - log_expit(FAKE.mean() - REAL).mean(),
    ),
}


@pytest.mark.parametrize("case", ORACLES)
def test_formula(case):
    hyperparameters, d, g = ORACLES[case]
    pair = LOSSES[case.split("/")[0]].function(torch.from_numpy(REAL), torch.from_numpy(FAKE), **hyperparameters)
    torch.testing.assert_close(pair.d, torch.from_numpy(d), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(pair.g, torch.from_numpy(g), rtol=1e-12, atol=1e-12)


def test_every_logit_loss_has_an_oracle():
    tested = {case.split("/")[0] for case in ORACLES}
    built_in = {name for name in LOSSES if LOSSES[name].facts.inputs == "logits" and not LOSSES[name].is_plugin}
    assert tested == built_in


LOG2, LOG3 = math.log(2), math.log(3)
# The logits are log 3 (sigmoid 3/4) for real samples and -log 3 (sigmoid 1/4) for generated ones. The values are computed by hand.
BY_HAND = {
    "minimax": (2 * math.log(4 / 3), math.log(3 / 4)),
    "non_saturating": (2 * math.log(4 / 3), math.log(4)),
    "least_squares": (((LOG3 - 1) ** 2 + LOG3**2) / 2, (LOG3 + 1) ** 2 / 2),
    "least_squares_sigmoid": (1 / 16, 9 / 32),
    "wasserstein": (-2 * LOG3, LOG3),
    "hinge": (0.0, LOG3),
    "absolute_error": (1 / 4, -1 / 8),
    "relativistic_pairing": (math.log(10 / 9), math.log(10)),
    "relativistic_average": (2 * math.log(10 / 9), 2 * math.log(10)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name):
    pair = LOSSES[name].function(torch.full((4,), LOG3, dtype=torch.float64), torch.full((4,), -LOG3, dtype=torch.float64))
    d, g = BY_HAND[name]
    assert pair.d.mean().item() == pytest.approx(d, abs=1e-12)
    assert pair.g.mean().item() == pytest.approx(g, abs=1e-12)


def test_optimum_of_the_2014_game_at_equal_densities():
    pair = LOSSES["minimax"].function(torch.zeros(8), torch.zeros(8))
    assert -pair.d.mean().item() == pytest.approx(-math.log(4), rel=1e-6)


def test_saturation_is_what_tells_the_two_2014_games_apart():
    """Where D is certain that a sample is generated, the gradient of the saturating game vanishes, and that of the other game does not."""
    gradients = {}
    for name in ("minimax", "non_saturating"):
        fake = torch.tensor([-20.0], requires_grad=True)
        LOSSES[name].function(fake, fake).g.sum().backward()
        gradients[name] = fake.grad.item()
    assert abs(gradients["minimax"]) < 1e-8
    assert gradients["non_saturating"] == pytest.approx(-1, abs=1e-6)


def test_relativistic_average_takes_another_generator_batch():
    real, fake = torch.randn(8), torch.randn(12)
    pair = LOSSES["relativistic_average"].function(real, fake)
    expected = torch.nn.functional.softplus(-(fake - real.mean())).mean() + torch.nn.functional.softplus(real - fake.mean()).mean()
    torch.testing.assert_close(pair.g.mean(), expected)
    assert pair.g.shape == (12,)
