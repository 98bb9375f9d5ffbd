"""The evidence lower bound compared with the distributions of scipy and torch."""

import numpy as np
import pytest
import torch
from scipy import stats

from landscape.components.losses.vae import vae

RANDOM = np.random.default_rng(7)
REAL, RECONSTRUCTION = RANDOM.integers(0, 2, (5, 1, 3, 4)).astype(float), RANDOM.uniform(0.05, 0.95, (5, 1, 3, 4))
MEAN, LOG_VARIANCE = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=(5, 3))


def divergence():
    q = torch.distributions.Normal(torch.from_numpy(MEAN), torch.from_numpy(LOG_VARIANCE).div(2).exp())
    p = torch.distributions.Normal(torch.zeros(5, 3, dtype=torch.float64), 1.0)
    return torch.distributions.kl_divergence(q, p).sum(1).numpy()


def call(real=REAL, **hyperparameters):
    tensors = (torch.from_numpy(x) for x in (real, RECONSTRUCTION))
    return vae(*tensors, mean=torch.from_numpy(MEAN), log_variance=torch.from_numpy(LOG_VARIANCE), **hyperparameters)


@pytest.mark.parametrize("beta", [1.0, 0.0, 3.0])
def test_bernoulli_bound(beta):
    likelihood = stats.bernoulli(RECONSTRUCTION).logpmf(REAL).reshape(5, -1).sum(1)
    pair = call(beta=beta)
    np.testing.assert_allclose(pair.g.numpy(), -likelihood + beta * divergence(), rtol=1e-9)
    assert pair.d is None


def test_gaussian_bound():
    real = RANDOM.normal(size=REAL.shape)
    likelihood = stats.norm(RECONSTRUCTION, 0.3).logpdf(real).reshape(5, -1).sum(1)
    np.testing.assert_allclose(call(real, deviation=0.3).g.numpy(), -likelihood + divergence(), rtol=1e-9)


def test_saturated_output_stays_finite():
    fake = torch.tensor([[0.0, 1.0]], requires_grad=True)
    pair = vae(torch.tensor([[1.0, 0.0]]), fake, mean=torch.zeros(1, 2), log_variance=torch.zeros(1, 2))
    assert 20 < pair.g.item() < 40
    assert torch.isfinite(torch.autograd.grad(pair.g.sum(), fake)[0]).all()
