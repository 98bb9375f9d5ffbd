"""Penalties on the slope of D: by hand for linear and quadratic critics, by finite differences for a network, in float64."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from landscape.components.architectures._base import Output
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.components.regularizers.dragan import perturbed

PENALTIES = ["gradient_penalty", "dragan", "r1", "r2", "r1_r2", "roth"]


def penalty(name, critic, real, fake, progress=0.0, bounds=(0.0, 1.0), **hyperparameters):
    def wrapped(x):
        return Output(critic(x))

    critique = Critique(
        real, fake, wrapped(real), wrapped(fake), wrapped, wrapped, torch.tensor(progress, dtype=torch.float64), bounds=bounds
    )
    return REGULARIZERS[name].function(critique, **hyperparameters)


def points(n=5, dimension=3, shift=0.0):
    return torch.rand(n, dimension, dtype=torch.float64) + shift


DIRECTION = torch.tensor([1.0, -2.0, 2.0], dtype=torch.float64)  # This vector has length 3.


def linear(x):
    return x @ DIRECTION


@pytest.mark.parametrize(
    ("name", "hyperparameters", "expected"),
    [
        # The slope is sqrt(1e-4 + 9) everywhere.
        ("gradient_penalty", {"weight": 10.0}, 10 * (math.sqrt(9.0001) - 1) ** 2),
        ("gradient_penalty", {"weight": 1.0, "target": 4.0}, (math.sqrt(9.0001) - 4) ** 2),
        ("gradient_penalty", {"weight": 1.0, "target": 4.0, "sides": "one"}, 0.0),
        ("gradient_penalty", {"weight": 1.0, "target": 2.0, "sides": "one"}, (math.sqrt(9.0001) - 2) ** 2),
        ("dragan", {"weight": 10.0}, 10 * (math.sqrt(9.0001) - 1) ** 2),
        ("r1", {"gamma": 10.0}, 45.0),
        ("r2", {"gamma": 10.0}, 45.0),
        ("r1_r2", {"gamma": 1.0}, 9.0),
    ],
)
def test_linear_critic_by_hand(name, hyperparameters, expected):
    value = penalty(name, linear, points(), points(shift=2), **hyperparameters)
    assert value.tolist() == pytest.approx([expected] * 5)


def test_quadratic_critic_by_hand():
    """D(x) = |x|^2 has the gradient 2x. R1 is gamma/2 4 |x|^2 at the real samples, and R2 at the fakes, each sample by itself."""
    real, fake = points(), points(shift=2)

    def critic(x):
        return x.square().sum(1)

    def squared(x):
        return 4 * x.square().sum(1)

    torch.testing.assert_close(penalty("r1", critic, real, fake, gamma=2.0), squared(real))
    torch.testing.assert_close(penalty("r2", critic, real, fake, gamma=2.0), squared(fake))
    torch.testing.assert_close(penalty("r1_r2", critic, real, fake, gamma=2.0), squared(real) + squared(fake))


@pytest.mark.parametrize(
    ("progress", "final", "gamma"), [(0.0, None, 0.8), (0.5, None, 0.8), (0.0, 0.2, 0.8), (0.5, 0.2, 0.4), (1.0, 0.2, 0.2)]
)
def test_roth_by_hand_and_annealed(progress, final, gamma):
    real, fake = points(), points(shift=-2)
    value = penalty("roth", linear, real, fake, progress=progress, gamma=0.8, final=final)
    fake_probability, real_probability = torch.sigmoid(linear(fake)), torch.sigmoid(linear(real))
    torch.testing.assert_close(value, gamma / 2 * 9 * ((1 - real_probability) ** 2 + fake_probability**2))


# Tests of the points at which the slope is taken.


@pytest.mark.parametrize("name", ["r1", "r2", "r1_r2"])
@pytest.mark.parametrize(("progress", "gamma"), [(0.0, 8.0), (0.125, 2 + 6 * 0.5 * (1 + 0.5**0.5)), (0.25, 5.0), (0.5, 2.0), (1.0, 2.0)])
def test_gamma_follows_half_a_cosine_to_its_end(bench, name, progress, gamma):
    bench.progress = torch.tensor(progress)
    annealed = bench.term(name, gamma=8.0, final=2.0, end=0.5)
    torch.testing.assert_close(annealed, bench.term(name, gamma=gamma))


def test_gradient_penalty_lies_on_the_lines_between_real_and_fake():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return linear(x)

    real, fake = points(400), points(400, shift=5)
    penalty("gradient_penalty", critic, real, fake)
    at = seen[-1]
    share = ((at - real) / (fake - real)).numpy()
    np.testing.assert_allclose(share, share[:, :1].repeat(3, 1), atol=1e-9)  # All coordinates of a sample have the same share.
    assert share.min() >= 0
    assert share.max() <= 1
    assert share[:, 0].mean() == pytest.approx(0.5, abs=0.06)
    assert share[:, 0].std() == pytest.approx(1 / math.sqrt(12), abs=0.03)


def test_dragan_points_of_each_form():
    real = torch.full((500, 2, 4), 0.5, dtype=torch.float64)
    real[::2] = 0.3  # The population standard deviation is 0.1, one number for the whole batch.
    moves = {form: perturbed(real, form, 0.5, (0.0, 1.0)) - real for form in ("landscape", "lucic", "paper")}
    # The form is x + std (U - 1/2): centered, uniform, one number per pixel.
    assert moves["landscape"].abs().max() <= 0.05
    assert moves["landscape"].mean().item() == pytest.approx(0, abs=1e-3)
    assert moves["landscape"].std().item() == pytest.approx(0.1 / math.sqrt(12), rel=0.03)
    # The form is x + a std/2 U with one a per sample: one-sided.
    assert moves["lucic"].min() >= 0
    assert moves["lucic"].max() <= 0.05
    assert moves["lucic"].mean().item() == pytest.approx(0.05 / 4, rel=0.1)
    assert moves["lucic"].flatten(1).amax(1).std() > 0.01
    # The form is x + std/2 N(0, 1).
    assert moves["paper"].std().item() == pytest.approx(0.05, rel=0.03)
    assert moves["paper"].abs().max() > 0.1


def test_dragan_landscape_form_is_clipped_to_the_data():
    real = torch.cat([torch.zeros(50, 3), torch.ones(50, 3)])
    moved = perturbed(real, "landscape", 0.5, (0.0, 1.0))
    assert moved.min() == 0
    assert moved.max() == 1
    assert (moved == real).float().mean().item() == pytest.approx(0.5, abs=0.1)  # Half of the moves lead out of the range.
    assert perturbed(real, "landscape", 0.5, None).min() < 0


@pytest.mark.parametrize(("form", "factor"), [("landscape", 1.0), ("lucic", 0.25), ("paper", 0.25)])
def test_dragan_of_the_sigmoid_or_the_logit(form, factor):
    """At logit 0 the slope of the sigmoid is a quarter of that of the logit."""
    real = torch.zeros(3, 3, dtype=torch.float64)  # Without spread there is no perturbation, and the logit is 0.
    value = penalty("dragan", linear, real, real, form=form, weight=1.0)
    assert value.tolist() == pytest.approx([(math.sqrt(1e-4 + 9 * factor**2) - 1) ** 2] * 3)


# Tests against finite differences on a network.


@pytest.fixture
def network():
    torch.manual_seed(4)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)).double()


def numeric_gradient(critic, x, step=1e-5):
    """Return central differences [N, D], one coordinate at a time."""
    rows = []
    for axis in range(x.shape[1]):
        move = torch.zeros_like(x)
        move[:, axis] = step
        with torch.no_grad():
            rows.append((critic(x + move) - critic(x - move)) / (2 * step))
    return torch.stack(rows, 1)


def test_slopes_against_finite_differences(network):
    real, fake = points(), points(shift=1)
    torch.manual_seed(8)
    share = torch.rand(5, 1, dtype=torch.float64)
    between = numeric_gradient(network, real + share * (fake - real)).square().sum(1)
    torch.manual_seed(8)
    near = numeric_gradient(network, (real + real.std(correction=0) * (torch.rand_like(real) - 0.5)).clamp(0, 1)).square().sum(1)
    squared = {"real": numeric_gradient(network, real).square().sum(1), "fake": numeric_gradient(network, fake).square().sum(1)}
    probability = {"real": torch.sigmoid(network(real)), "fake": torch.sigmoid(network(fake))}
    expected = {
        "gradient_penalty": 10 * ((1e-4 + between).sqrt() - 1) ** 2,
        "dragan": 10 * ((1e-4 + near).sqrt() - 1) ** 2,
        "r1": 5 * squared["real"],
        "r2": 5 * squared["fake"],
        "r1_r2": 0.5 * (squared["real"] + squared["fake"]),
        "roth": 0.05 * ((1 - probability["real"]) ** 2 * squared["real"] + probability["fake"] ** 2 * squared["fake"]),
    }
    for name in PENALTIES:
        torch.manual_seed(8)
        torch.testing.assert_close(penalty(name, network, real, fake), expected[name], rtol=1e-6, atol=1e-9, msg=name)


@pytest.mark.parametrize("name", PENALTIES)
def test_gradient_of_the_penalty_against_finite_differences(name, network):
    """D descends the penalty. Its derivative in every weight, through the slope, is checked by torch's gradcheck."""
    real, fake = points(), points(shift=1)
    names = [key for key, _ in network.named_parameters()]

    def value(*weights):
        torch.manual_seed(8)
        replaced = dict(zip(names, weights, strict=True))
        return penalty(name, lambda x: functional_call(network, replaced, (x,)), real, fake).mean()

    weights = [p.detach().clone().requires_grad_(True) for p in network.parameters()]
    assert torch.autograd.gradcheck(value, weights, eps=1e-6, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("name", ["gradient_penalty", "r2", "r1_r2", "roth"])
def test_gradient_in_the_fakes_where_they_carry_one(name, network):
    """Unrolled training differentiates D's loss in G, so the dependence of the penalty on the fakes must be kept."""
    real = points()

    def value(fake):
        torch.manual_seed(8)
        return penalty(name, network, real, fake).mean()

    assert torch.autograd.gradcheck(value, (points(shift=1).requires_grad_(True),), eps=1e-6, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_flat_critic_gives_finite_gradients(name):
    """At slope 0, the root in the penalty would have no derivative without the 1e-4 under it."""
    layer = nn.Linear(3, 1)
    nn.init.zeros_(layer.weight)
    value = penalty(name, lambda x: layer(x).squeeze(1), points().float(), points(shift=1).float())
    value.mean().backward()
    assert torch.isfinite(layer.weight.grad).all()


@pytest.mark.parametrize("name", PENALTIES)
def test_images_and_points_alike(name):
    for shape in ((4, 3, 8, 8), (4, 2)):
        real, fake = torch.rand(shape), torch.rand(shape)
        value = penalty(name, lambda x: x.flatten(1).square().sum(1), real, fake, bounds=None)
        assert value.shape == (4,)
