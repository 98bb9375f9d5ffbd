"""What every registered architecture must do, at every resolution, channel count and packing that it declares."""

import copy

import pytest
import torch
from torch import nn

from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.architectures._networks import Encoder, encoder_of
from landscape.core.errors import UserError
from landscape.training.growing import Growth

N = 3
PLAIN = ("r3gan", "progressive")
"""Architectures that honor no normalization."""
JUDGES_PATCHES = {"unet", "resnet_translation", "mel_conv"}


def test_shapes_ranges_and_gradients(build, sized_variant, unbounded):
    name, preset, shape = sized_variant
    networks = build(name, shape, preset=preset)
    samples = networks.generator(networks.latent(N))
    assert samples.shape == (N, *shape)
    if len(shape) == 3 and (name, preset) not in unbounded:
        assert samples.min() >= 0
        assert samples.max() <= 1
    output = networks.discriminator(samples, None)
    assert output.logit.shape[0] == N
    assert output.logit.ndim == (2 if name in JUDGES_PATCHES else 1)
    assert output.features.shape[0] == N
    assert output.features.ndim == 2
    (output.logit.sum() + output.features.square().mean()).backward()
    for network in (networks.generator, networks.discriminator):
        gradients = [p.grad for p in Growth([network]).used(network).values()]
        assert all(g is not None and g.isfinite().all() for g in gradients)
        assert sum(g.abs().sum() for g in gradients) > 0


def test_energy_is_not_negative(build, variant, smallest_shape):
    name, preset = variant
    networks = build(name, smallest_shape(name, preset), preset=preset)
    if networks.facts.output == "energy":
        assert networks.discriminator(networks.generator(networks.latent(N))).logit.min() >= 0


@pytest.mark.parametrize("pack", [2, 3])
def test_packed_samples_enter_the_discriminator(build, variant, smallest_shape, pack):
    name, preset = variant
    shape = smallest_shape(name, preset)
    networks = build(name, shape, preset=preset, pack=pack)
    assert networks.generator(networks.latent(N)).shape == (N, *shape)
    assert len(networks.discriminator(torch.rand(N, shape[0] * pack, *shape[1:])).logit) == N


def test_second_derivatives(build, variant, smallest_shape):
    """A gradient penalty has gradients in D's weights."""
    name, preset = variant
    networks = build(name, smallest_shape(name, preset), preset=preset, **ATTENTION.get(name, {}))
    discriminator = networks.discriminator.double()  # 35 narrow blocks shrink signals below what float32 resolves.
    real = torch.rand(N, *smallest_shape(name, preset), dtype=torch.float64)
    real.requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(real).logit.sum(), real, create_graph=True)
    gradient.square().sum().backward()
    found = [p.grad for p in discriminator.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in found)
    assert sum(g.abs().sum() for g in found) > 0


ATTENTION = {
    "resnet_cifar": {"attention_resolution": 8},
    "resnet_stl": {"attention_resolution": 16},
    "resnet19": {"attention_resolution": 16},
}


def test_copies_and_states(build, variant, smallest_shape):
    """A deepcopy (as for the average of G) and a state_dict (as in a checkpoint) contain everything that decides the output."""
    name, preset = variant
    shape = smallest_shape(name, preset)
    first, second = (
        build(name, shape, preset=preset, g="none" if name in PLAIN else "batch"),
        build(name, shape, preset=preset, g="none" if name in PLAIN else "batch"),
    )
    z = first.latent(N)
    first.generator(z)  # This changes the averages of batch norm.
    for network in (first.generator, first.discriminator, second.generator, second.discriminator):
        network.eval()
    second.generator.load_state_dict(first.generator.state_dict())
    second.discriminator.load_state_dict(first.discriminator.state_dict())
    samples = first.generator(z)
    torch.testing.assert_close(second.generator(z), samples, rtol=0, atol=0)
    torch.testing.assert_close(copy.deepcopy(first.generator)(z), samples, rtol=0, atol=0)
    torch.testing.assert_close(second.discriminator(samples).logit, first.discriminator(samples).logit, rtol=0, atol=0)
    pointers = [t.data_ptr() for t in first.generator.state_dict().values() if t.numel()]
    assert len(pointers) == len(set(pointers)), "a tensor stands in the state under two names"


def test_nothing_waits_for_a_value(build, variant, smallest_shape):
    """Tensors on the meta device have no values, so a forward or backward pass that branches on a value fails."""
    name, preset = variant
    shape = smallest_shape(name, preset)
    with torch.device("meta"):
        networks = build(name, shape, preset=preset)
        networks.discriminator(networks.generator(networks.latent(N))).logit.sum().backward()


def test_channels_last_is_the_same_function(build, variant, smallest_shape):
    name, preset = variant
    shape = smallest_shape(name, preset)
    if len(shape) != 3:
        pytest.skip("points have no channels")
    networks = build(name, shape, preset=preset)
    generator, discriminator = networks.generator.eval(), networks.discriminator.eval()
    z = networks.latent(N)
    samples = generator(z)
    logit = discriminator(samples).logit
    generator.to(memory_format=torch.channels_last)
    discriminator.to(memory_format=torch.channels_last)
    torch.testing.assert_close(generator(z), samples, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(discriminator(samples.contiguous(memory_format=torch.channels_last)).logit, logit, rtol=1e-4, atol=1e-5)


def test_encoder(build, variant, smallest_shape):
    name, preset = variant
    shape = smallest_shape(name, preset)
    networks = build(name, shape, preset=preset)
    if not networks.facts.has_encoder:
        with pytest.raises(UserError, match="body and a head"):
            encoder_of(networks.discriminator, 5)
        return
    encoder = encoder_of(networks.discriminator, 5)
    assert isinstance(encoder, Encoder)
    mean, log_variance = encoder(torch.rand(N, *shape))
    assert mean.shape == log_variance.shape == (N, 5)
    (mean.sum() + log_variance.sum()).backward()
    parameters = Growth([encoder]).used(encoder).values()
    assert parameters
    assert all(p.grad is not None for p in parameters)


def test_encoder_head_passes_through_the_wrapper(build):
    discriminator = build("mlp", (1, 8, 8)).discriminator
    seen = []
    encoder_of(discriminator, 5, lambda layer: seen.append(layer) or layer)
    assert [type(layer) for layer in seen] == [nn.Linear]


def test_presets_are_declared_for_choices_that_exist():
    for name in ARCHITECTURES:
        component = ARCHITECTURES[name]
        if component.facts.presets:
            assert set(component.facts.presets) <= set(component.hyperparameters["preset"].annotation.__args__)
            assert component.facts.of({"preset": "no such preset"}) is component.facts


@pytest.mark.parametrize("resolution", [7, 129])
def test_sizes_beyond_reach_are_refused_with_the_reason(resolution):
    for name in ARCHITECTURES:
        facts = ARCHITECTURES[name].facts
        if facts.samples != "points":
            assert "take" in facts.refuses(resolution), name


def test_attention_at_a_size_that_no_map_has(build):
    with pytest.raises(UserError, match=r"attention_resolution=5: the generator has maps of 8, 16, 32"):
        build("resnet_cifar", (3, 32, 32), attention_resolution=5)


def test_r3gan_names_what_does_not_fit(build):
    with pytest.raises(UserError, match="has 4 stages, but widths has 2"):
        build("r3gan", (3, 32, 32), widths=(16, 16))
    with pytest.raises(UserError, match="multiple of group_width=16"):
        build("r3gan", (3, 32, 32), width=12)
