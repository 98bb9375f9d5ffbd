"""The norms that follow a layer, and weight norm, compared with their formulas in NumPy float64 and with torch's own."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.tasks._base import Condition
from landscape.core.errors import UserError


def follow(name, channels, spatial, **hyperparameters):
    norm = NORMALIZATIONS[name].function(**hyperparameters).follow(channels, spatial).double()
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    return norm


def standardized(x, axes, epsilon):
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon)


def per_channel(values, ndim):
    return values.detach().numpy().reshape(1, -1, *[1] * (ndim - 2))


@pytest.mark.parametrize("shape", [(4, 3, 5, 5), (4, 7)])
@pytest.mark.parametrize("epsilon", [1e-5, 1e-12, 0.1])
@pytest.mark.parametrize("name", ["layer", "spectral_layer"])
def test_layer_norm_over_everything_but_the_batch(name, shape, epsilon):
    x = torch.randn(shape, dtype=torch.float64)
    norm = follow(name, shape[1], shape[2:], epsilon=epsilon)
    expected = standardized(x.numpy(), tuple(range(1, len(shape))), epsilon)
    expected = expected * per_channel(norm.weight, len(shape)) + per_channel(norm.bias, len(shape))
    np.testing.assert_allclose(norm(x).detach().numpy(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["batch", "layer"])
def test_without_a_learned_gain_the_scale_is_one(name):
    with_gain, without = (NORMALIZATIONS[name].function(learned_gain=learned).follow(3, (4, 4)) for learned in (True, False))
    x = torch.randn(5, 3, 4, 4)
    torch.testing.assert_close(without(x), with_gain(x))
    assert [sum(p.numel() for p in norm.parameters() if p.requires_grad) for norm in (with_gain, without)] == [6, 3]
    without(x).square().sum().backward()
    assert [p.grad is not None for p in without.parameters() if p.requires_grad] == [True]


def test_layer_norm_by_hand():
    norm = NORMALIZATIONS["layer"].function(epsilon=1e-12).follow(2, (1, 2))
    y = norm(torch.tensor([[[[1.0, 3.0]], [[5.0, 7.0]]]]))  # The mean is 4 and the variance is 5.
    torch.testing.assert_close(y.flatten(), torch.tensor([-3.0, -1.0, 1.0, 3.0]) / 5**0.5)


@pytest.mark.parametrize("name", ["instance", "spectral_instance"])
def test_instance_norm(name):
    x = torch.randn(4, 3, 5, 6, dtype=torch.float64)
    norm = follow(name, 3, (5, 6), epsilon=1e-3)
    expected = standardized(x.numpy(), (2, 3), 1e-3) * per_channel(norm.weight, 4) + per_channel(norm.bias, 4)
    for mode in (True, False):
        np.testing.assert_allclose(norm.train(mode)(x).detach().numpy(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("spatial", [(), (1, 1)])
def test_instance_norm_of_one_position_is_refused(spatial):
    with pytest.raises(UserError, match="choose layer or batch"):
        NORMALIZATIONS["instance"].function().follow(8, spatial)


@pytest.mark.parametrize("name", ["batch", "spectral_batch"])
@pytest.mark.parametrize("shape", [(6, 3, 4, 4), (6, 3)])
def test_batch_norm_and_its_moving_averages(name, shape):
    x = torch.randn(shape, dtype=torch.float64)
    norm = follow(name, 3, shape[2:], momentum=0.1, epsilon=1e-3)
    axes = (0, *range(2, len(shape)))
    scale, shift = per_channel(norm.norm.weight, len(shape)), per_channel(norm.norm.bias, len(shape))
    np.testing.assert_allclose(norm(x).detach().numpy(), standardized(x.numpy(), axes, 1e-3) * scale + shift, rtol=1e-10, atol=1e-10)
    mean, variance = 0.1 * x.numpy().mean(axes), 0.9 + 0.1 * x.numpy().var(axes, ddof=1)
    expected = (x.numpy() - per_channel(torch.from_numpy(mean), len(shape))) / np.sqrt(
        per_channel(torch.from_numpy(variance), len(shape)) + 1e-3
    )
    np.testing.assert_allclose(norm.eval()(x).detach().numpy(), expected * scale + shift, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(6, 3, 4, 4), (6, 3)])
@pytest.mark.parametrize("hidden", [32, 0])
def test_self_modulation(shape, hidden):
    x, z = torch.randn(shape, dtype=torch.float64), torch.randn(6, 5, dtype=torch.float64)
    norm = follow("self_modulated", 3, shape[2:], latent_dim=5, hidden=hidden)
    latent = z.numpy()

    def linear(layer, values):
        return values @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()

    h = np.maximum(linear(norm.hidden, latent), 0) if hidden else latent
    scale, shift = 1 + linear(norm.scale, h), linear(norm.shift, h)
    ones = [1] * (len(shape) - 2)
    expected = standardized(x.numpy(), (0, *range(2, len(shape))), 1e-5) * scale.reshape(6, 3, *ones) + shift.reshape(6, 3, *ones)
    np.testing.assert_allclose(norm(x, z).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


def test_self_modulation_starts_close_to_plain_batch_norm():
    x, z = torch.randn(64, 3, 4, 4), torch.randn(64, 5)
    norm = NORMALIZATIONS["self_modulated"].function(latent_dim=5).follow(3, (4, 4))
    torch.testing.assert_close(norm(x, z), nn.BatchNorm2d(3)(x), rtol=0, atol=0.1)
    for layer in (norm.hidden, norm.scale, norm.shift):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.5)
        assert not layer.bias.any()


@pytest.mark.parametrize(("kind", "size", "axis"), [(nn.Linear, (4, 3), 0), (nn.Conv2d, (4, 3, 3), 0), (nn.ConvTranspose2d, (4, 3, 3), 1)])
def test_weight_norm_is_torchs(kind, size, axis):
    layer = kind(*size).double()
    x = torch.randn(2, 4, 5, 5, dtype=torch.float64) if layer.weight.ndim == 4 else torch.randn(2, 4, dtype=torch.float64)
    plain = copy.deepcopy(layer)
    theirs = parametrizations.weight_norm(copy.deepcopy(layer), dim=axis)
    ours = NORMALIZATIONS["weight"].function().wrap(layer)
    torch.testing.assert_close(ours(x), plain(x))  # Wrapping alone changes nothing.
    gain = torch.rand_like(ours.gain)
    with torch.no_grad():
        ours.gain.copy_(gain)
        theirs.parametrizations.weight.original0.view(-1).copy_(gain)
    torch.testing.assert_close(ours(x), theirs(x))
    ours(x).square().sum().backward()
    theirs(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.parametrizations.weight.original1.grad)
    torch.testing.assert_close(ours.gain.grad, theirs.parametrizations.weight.original0.grad.view(-1))


def test_weight_norm_without_gain_has_unit_rows():
    ours = NORMALIZATIONS["weight"].function(learned_gain=False).wrap(nn.Linear(4, 3))
    torch.testing.assert_close(ours.effective_weight().norm(dim=1), torch.ones(3))
    assert {name for name, _ in ours.named_parameters()} == {"layer.weight", "layer.bias"}


def test_weight_norm_of_a_zero_row_stays_finite():
    layer = nn.Linear(4, 3)
    nn.init.zeros_(layer.weight)
    ours = NORMALIZATIONS["weight"].function().wrap(layer)
    ours(torch.randn(2, 4)).sum().backward()
    assert torch.isfinite(ours.weight.grad).all()


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5, 5)])
def test_conditional_batch_norm(shape):
    """(1 + A e(y)) BN(x) + B e(y) in NumPy, e(y) being the last values of what G is given."""
    condition = Condition("class", 6, 2)
    norm = NORMALIZATIONS["conditional_batch"].function(condition=condition).follow(3, shape[2:])
    for layer in (norm.scale, norm.shift):
        nn.init.normal_(layer.weight)
    x, given = torch.randn(shape), torch.randn(4, 7)
    e = given[:, -2:].double().numpy()
    axes = (0, *range(2, len(shape)))
    values = x.double().numpy()
    normal = (values - values.mean(axes, keepdims=True)) / np.sqrt(values.var(axes, keepdims=True) + 1e-5)
    gamma, beta = (e @ layer.weight.detach().double().numpy().T for layer in (norm.scale, norm.shift))
    spread = (4, 3, *[1] * (len(shape) - 2))
    expected = (1 + gamma.reshape(spread)) * normal + beta.reshape(spread)
    np.testing.assert_allclose(norm(x, given).detach().numpy(), expected, atol=1e-5)


def test_spectral_conditional_batch_norm_is_its_two_parts():
    condition, (x, given) = Condition("class", 6, 2), (torch.randn(4, 3), torch.randn(4, 7))
    both = NORMALIZATIONS["spectral_conditional_batch"].function(condition=condition, iterations=2, epsilon=0.1)
    norm, alone = both.follow(3, ()), NORMALIZATIONS["conditional_batch"].function(condition=condition, epsilon=0.1).follow(3, ())
    alone.load_state_dict(norm.state_dict())
    assert torch.equal(norm(x, given), alone(x, given))
    layer = nn.Linear(3, 5)
    wrapped, spectral = both.wrap(layer), NORMALIZATIONS["spectral"].function(iterations=2).wrap(layer)
    spectral.u.copy_(wrapped.u)
    assert torch.equal(wrapped(x), spectral(x))


def test_conditional_batch_norm_asks_for_the_vector_of_the_class():
    with pytest.raises(UserError, match="takes_class"):
        NORMALIZATIONS["conditional_batch"].function(condition=Condition("class", 6, 0))
