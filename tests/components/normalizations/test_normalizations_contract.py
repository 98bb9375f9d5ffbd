"""What every registered normalization must satisfy. A new file is tested without writing a test."""

import copy
import itertools

import pytest
import torch
from torch import nn
from torch.func import functional_call

from landscape.components.normalizations._base import NORMALIZATIONS, Identity, Norm, Normalization
from landscape.components.tasks._base import Condition
from landscape.core.errors import UserError

NAMES = NORMALIZATIONS.names()
LATENT = 6


def build(name: str) -> Normalization:
    return NORMALIZATIONS[name].call(hyperparameters={}, latent_dim=LATENT, condition=Condition("class", 3, 4))


class Network(nn.Module):
    """A convolution, a transposed convolution and, if defined, a dense layer, each wrapped and followed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        normalization = build(name)
        self.maps = normalization.wrap(nn.Conv2d(3, 4, 3, 2, 1))
        self.first = normalization.follow(4, (4, 4))
        self.up = normalization.wrap(nn.ConvTranspose2d(4, 5, 4, 2, 1))
        self.second = normalization.follow(5, (8, 8))
        self.dense = normalization.wrap(nn.Linear(5 * 64, 7))
        try:
            self.third = normalization.follow(7, ())
        except UserError:
            self.third = Identity()

    def forward(self, x, z):
        x = torch.relu(self.first(self.maps(x), z))
        x = torch.relu(self.second(self.up(x), z))
        return self.third(self.dense(x.flatten(1)), z)


def inputs(n=6):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(n, 3, 8, 8, generator=generator), torch.randn(n, LATENT, generator=generator)


@pytest.mark.parametrize("name", NAMES)
def test_declares_what_it_does(name):
    facts, normalization = NORMALIZATIONS[name].facts, build(name)
    layer = nn.Conv2d(3, 4, 3)
    assert (normalization.wrap(layer) is not layer) == facts.wraps
    assert (not isinstance(normalization.follow(4, (4, 4)), Identity)) == facts.follows
    assert isinstance(normalization.follow(4, (4, 4)), Norm)
    assert facts.sides <= {"d", "g"}
    assert facts.paper or name == "none"


@pytest.mark.parametrize("name", NAMES)
def test_keeps_shapes_and_passes_gradients_to_everything(name):
    x, z = inputs()
    network = Network(name)
    y = network(x.requires_grad_(True), z)
    assert y.shape == (6, 7)
    assert torch.isfinite(y).all()
    (y * torch.randn(6, 7)).sum().backward()
    assert x.grad.abs().max() > 0
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert torch.isfinite(parameter.grad).all(), key


@pytest.mark.parametrize("name", NAMES)
def test_differentiates_twice(name):
    """A gradient penalty passes through every normalization: its gradients are finite and agree with finite differences."""
    network = Network(name).double().eval() if NORMALIZATIONS[name].facts.wraps else Network(name).double()
    x, z = (t.double() for t in inputs(3))
    weight = network.maps.weight

    def slope(replaced):
        key = next(k for k, p in network.named_parameters() if p is weight)
        points = x.clone().requires_grad_(True)
        # The output of a norm has a constant sum over what it averages, so the outputs get unequal weights.
        scores = (functional_call(network, {key: replaced}, (points, z)) * torch.arange(21.0, dtype=torch.float64).view(3, 7)).square()
        (gradient,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
        return gradient.square().sum()

    probe = (weight.detach().clone()).requires_grad_(True)
    (found,) = torch.autograd.grad(slope(probe), probe)
    direction = torch.randn_like(found)
    step = 1e-6
    difference = (slope(probe + step * direction) - slope(probe - step * direction)) / (2 * step)
    torch.testing.assert_close((found * direction).sum(), difference, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_couples_samples_only_where_declared(name):
    x, z = inputs()
    network = Network(name)
    network(x, z)
    together = network(x, z)
    other = x.clone()
    other[1:] = torch.rand_like(x[1:])
    twin = copy.deepcopy(network)
    if NORMALIZATIONS[name].facts.wraps:
        network.eval(), twin.eval()  # In training mode, the power iteration would move on between two calls.
        for module in (*network.modules(), *twin.modules()):
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.train()
    together, apart = network(x, z)[0], twin(other, z)[0]
    assert torch.allclose(together, apart, rtol=1e-4, atol=1e-5) != NORMALIZATIONS[name].facts.couples_samples


@pytest.mark.parametrize("name", NAMES)
def test_copies_and_saves(name):
    x, z = inputs()
    network = Network(name)
    network(x, z)
    fresh = Network(name)
    fresh.load_state_dict(network.state_dict())
    expected = network.eval()(x, z)
    torch.testing.assert_close(fresh.eval()(x, z), expected, rtol=0, atol=0)
    torch.testing.assert_close(copy.deepcopy(network)(x, z), expected, rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_runs_under_autocast(name):
    x, z = inputs()
    network = Network(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = network(x, z)
    y.float().square().sum().backward()
    assert torch.isfinite(y.float()).all()
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(NAMES, 2)))
def test_no_two_names_for_one_function(first, second):
    """No norm follows the last layer of the network, because batch norm hides what spectral norm does to the kernel before it."""
    x, z = inputs()
    outputs = []
    for name in (first, second):
        torch.manual_seed(3)
        layer, last = nn.Conv2d(3, 4, 3, 2, 1), nn.Linear(64, 5)
        normalization = build(name)
        wrapped, following, ending = normalization.wrap(layer), normalization.follow(4, (4, 4)), normalization.wrap(last)
        torch.manual_seed(4)
        for module in following.modules():  # The parameters are moved away from their start, where modulation and gains are trivial.
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight)
        for key, parameter in wrapped.named_parameters():
            if key == "gain":
                nn.init.uniform_(parameter)
        outputs.append(ending(torch.relu(following(wrapped(x), z)).flatten(1)).detach())
    assert not torch.allclose(*outputs, rtol=1e-3, atol=1e-4), f"{first} and {second} are one function"
