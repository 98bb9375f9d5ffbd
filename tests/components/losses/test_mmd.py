"""MMD equals double loops in float64, is unbiased over many draws, and is stable where distances nearly cancel."""

import itertools

import numpy as np
import pytest
import torch

from landscape.components.losses.mmd import EXPONENTS, mmd, off_diagonal, squared_distances
from landscape.core.errors import UserError


def loop_kernel(x, y, kernel, bandwidths):
    squared = float(((x - y) ** 2).sum())
    if kernel == "rbf":
        return sum(np.exp(-squared / (2 * b * b)) for b in bandwidths)
    return sum((1 + squared / (2 * a * b * b)) ** -a for a in EXPONENTS for b in bandwidths)


def loop_mmd(real, fake, kernel, bandwidths):
    def mean(first, second, same):
        values = [
            loop_kernel(x, y, kernel, bandwidths)
            for (i, x), (j, y) in itertools.product(enumerate(first), enumerate(second))
            if not same or i != j
        ]
        return np.mean(values)

    return mean(real, real, True) + mean(fake, fake, True) - 2 * mean(real, fake, False)


@pytest.mark.parametrize("kernel", ["rbf", "rational_quadratic"])
@pytest.mark.parametrize("sizes", [(7, 7), (6, 9)])
def test_against_double_loops(kernel, sizes):
    generator = np.random.default_rng(0)
    real, fake = generator.normal(size=(sizes[0], 2, 3)), generator.normal(0.5, 1, size=(sizes[1], 2, 3))
    bandwidths = (0.5, 1.0, 3.0)
    ours = mmd(torch.from_numpy(real), torch.from_numpy(fake), kernel=kernel, bandwidths=bandwidths, unit="absolute").g.item()
    assert ours == pytest.approx(loop_mmd(real, fake, kernel, bandwidths), rel=1e-10)
    pooled = np.concatenate([real, fake]).reshape(sum(sizes), -1)
    distances = sorted(np.linalg.norm(x - y) for x, y in itertools.combinations(pooled, 2))
    median = distances[(len(distances) - 1) // 2]  # torch's median of an even number of values is the lower one.
    ours = mmd(torch.from_numpy(real), torch.from_numpy(fake), kernel=kernel, bandwidths=bandwidths).g.item()
    assert ours == pytest.approx(loop_mmd(real, fake, kernel, [b * median for b in bandwidths]), rel=1e-10)


def test_by_hand():
    """There are two pairs of points on a line, and k(d) = exp(-d^2 / 2)."""
    value = mmd(torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [2.0]]), bandwidths=(1.0,), unit="absolute").g.item()
    k = {d: np.exp(-(d**2) / 2) for d in (0, 1, 2)}
    assert value == pytest.approx(k[1] + k[2] - 2 * (k[0] + k[2] + k[1] + k[1]) / 4, rel=1e-6)


def gaussian_mmd(shift, bandwidth):
    """Return MMD^2 of N(0, 1) and N(shift, 1) in closed form: E k = b / sqrt(b^2 + 2) exp(-shift^2 / (2 (b^2 + 2)))."""
    spread = bandwidth**2 + 2
    return 2 * bandwidth / spread**0.5 * (1 - np.exp(-(shift**2) / (2 * spread)))


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_unbiased_over_many_draws(shift):
    draws = 4000
    values = np.array(
        [mmd(torch.randn(6, 1), shift + torch.randn(6, 1), bandwidths=(1.0,), unit="absolute").g.item() for _ in range(draws)]
    )
    error = values.std() / draws**0.5
    assert abs(values.mean() - gaussian_mmd(shift, 1.0)) < 4 * error
    # The biased estimate, which keeps the diagonals, would be far outside: they add (2 - 2 E k) / 6 where the mean of the pairs is E k.
    assert error < (1 - 1 / 3**0.5) / 3 / 10


def test_gradient_leads_fakes_to_the_data():
    real = torch.randn(64, 2)
    fake = (torch.randn(64, 2) + 3).requires_grad_(True)
    (gradient,) = torch.autograd.grad(mmd(real, fake).g, fake)
    assert (gradient.mean(0) > 0).all()  # Descent lowers both coordinates.


def test_the_median_is_held_fixed_in_gradients():
    """With the median as unit the loss does not change with the scale of all samples, but its gradient is that at a fixed unit."""
    real, fake = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 3, dtype=torch.float64).requires_grad_()
    (found,) = torch.autograd.grad(mmd(real, fake).g.mean(), fake)
    pooled = torch.cat([real, fake.detach()])
    distances = torch.pdist(pooled).square().sort().values
    median = distances[(len(distances) - 1) // 2].sqrt()
    widths = tuple(float(b * median) for b in (0.25, 0.5, 1.0, 2.0, 4.0))
    (expected,) = torch.autograd.grad(mmd(real, fake, bandwidths=widths, unit="absolute").g.mean(), fake)
    torch.testing.assert_close(found, expected)


def test_distances_far_from_the_origin():
    """At an offset of 1000, |x|^2 + |y|^2 - 2xy loses all digits unless the offset is subtracted first."""
    points = torch.randn(16, 3) * 0.01
    expected = torch.cdist(points.double(), points.double()).square()
    torch.testing.assert_close(
        squared_distances(points + 1000).double(),
        torch.cdist((points + 1000).double(), (points + 1000).double()).square(),
        rtol=1e-3,
        atol=1e-9,
    )
    torch.testing.assert_close(squared_distances(points).double(), expected, rtol=1e-3, atol=1e-9)


def test_off_diagonal():
    assert off_diagonal(torch.arange(9).view(3, 3)).tolist() == [[1, 2, 3], [5, 6, 7]]


def test_identical_batches_are_finite():
    same = torch.ones(5, 2, requires_grad=True)
    pair = mmd(torch.ones(5, 2), same)
    assert pair.g.item() == pytest.approx(0, abs=1e-6)
    assert torch.isfinite(torch.autograd.grad(pair.g, same)[0]).all()


def test_refuses_a_batch_of_one():
    with pytest.raises(UserError, match="at least 2 samples, got 1 real"):
        mmd(torch.ones(1, 2), torch.ones(1, 2))
