"""How today's architectures take the class of a sample, compared with the formulas of the papers written out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.small_architectures import SMALL
from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, Networks
from landscape.components.architectures._conditioning import HYPERPARAMETERS, takes_class
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.tasks._base import Condition
from landscape.core.errors import UserError

N, CLASSES, SIZE = 5, 3, 4
CONDITION = Condition("class", CLASSES, SIZE)
LABELS = torch.tensor([0, 1, 2, 0, 1])
TAKERS = [name for name in ARCHITECTURES if "class" in ARCHITECTURES[name].facts.conditions]
SIDES = {"resnet107": 64, "resnet19": 64, "resnet_stl": 48, "dcgan": 32, "stacked_mnist": 32, "mlp_2014": 28, "autoencoder": 32}


def build(name, condition=CONDITION, g="none", d="none", component=None, **hyperparameters):
    """Small networks of architecture `name` (or of `component` in its place), latent vectors and samples."""
    component, points = component or ARCHITECTURES[name], ARCHITECTURES[name].facts.samples == "points"
    size = {"class_embedding": SIZE} if "condition" in component.injected else {}
    chosen = component.complete(SMALL.get(name, {}) | size | hyperparameters)
    side, latent = SIDES.get(name, 16), component.facts.of(chosen).latent.dim
    shape = (2,) if points else (3 if 1 not in component.facts.channels else 1, side, side)
    images = {} if points else {"resolution": side, "channels": shape[0], "d_channels": shape[0]}
    networks = component.call(
        hyperparameters=chosen,
        shape=shape,
        d_shape=shape,
        **images,
        dimension=2,
        d_dimension=2,
        latent_dim=latent,
        condition=condition,
        g_normalization=NORMALIZATIONS[g].call(hyperparameters={}, latent_dim=latent + SIZE, condition=condition),
        d_normalization=NORMALIZATIONS[d].call(hyperparameters={}, latent_dim=latent, condition=condition),
    )
    return networks, torch.randn(N, latent), torch.rand(N, *shape)


@pytest.mark.parametrize("method", ["concat", "projection", "auxiliary_classifier"])
@pytest.mark.parametrize("name", TAKERS)
def test_every_architecture_that_declares_the_class_takes_it(name, method):
    if ARCHITECTURES[name].facts.output == "energy" and method != "concat":
        with pytest.raises(UserError, match="an autoencoder gives an energy"):
            build(name, d_condition=method)
        return
    # Without norms, 107 narrow layers shrink what they are given below what float32 resolves.
    g = "batch" if "batch" in ARCHITECTURES[name].facts.g_normalizations else "none"
    networks, z, samples = build(name, g=g, d_condition=method)
    made = networks.generator(z, LABELS)
    assert made.shape == samples.shape
    other = networks.generator(z, LABELS.roll(1))
    assert not torch.equal(networks.generator(z, LABELS), other)
    output = networks.discriminator(samples, LABELS)
    assert output.logit.shape == (N,)
    assert (output.class_logits is not None) == (method == "auxiliary_classifier")
    networks.discriminator.eval()
    with torch.no_grad():
        one, two = (networks.discriminator(samples, labels) for labels in (LABELS, LABELS.roll(1)))
    answer = "class_logits" if method == "auxiliary_classifier" else "logit"
    assert torch.equal(one.logit, two.logit) == (method == "auxiliary_classifier")
    assert getattr(one, answer).shape == ((N, CLASSES) if method == "auxiliary_classifier" else (N,))


@pytest.mark.parametrize("name", TAKERS)
def test_without_a_condition_the_networks_are_those_of_before(name):
    """The same parameters from the same random draws: kept models load, and their digests stand for what they did."""
    component = ARCHITECTURES[name]
    torch.manual_seed(4)
    networks, z, samples = build(name, condition=Condition())
    assert not any("class" in key or "conditioning" in key for key in networks.generator.state_dict() | networks.discriminator.state_dict())
    torch.manual_seed(4)
    own = {key: value for key, value in component.hyperparameters.items() if key not in HYPERPARAMETERS}
    undecorated = replace(
        component, function=component.function.__wrapped__, hyperparameters=own, injected=component.injected - {"condition"}
    )
    plain, _, _ = build(name, component=undecorated)
    for one, two in zip(networks, plain, strict=True):
        assert one.state_dict().keys() == two.state_dict().keys()
        assert all(torch.equal(value, two.state_dict()[key]) for key, value in one.state_dict().items())
    torch.testing.assert_close(plain.generator.eval()(z), networks.generator.eval()(z), rtol=0, atol=0)
    torch.testing.assert_close(plain.discriminator.eval()(samples).logit, networks.discriminator.eval()(samples).logit, rtol=0, atol=0)


def test_a_network_of_classes_is_never_called_without_them():
    networks, z, samples = build("mlp")
    for call in (lambda: networks.generator(z), lambda: networks.discriminator(samples)):
        with pytest.raises(UserError, match="trained with a condition for each sample"):
            call()


def test_the_generator_is_given_the_latent_vector_and_the_vector_of_the_class():
    networks, z, _ = build("mlp")
    generator = networks.generator
    table = generator.class_table.layer.weight.detach().numpy()
    given = np.concatenate([z.numpy(), table.T[LABELS.numpy()]], axis=1)
    expected = generator.layers(torch.from_numpy(given), torch.from_numpy(given))
    torch.testing.assert_close(generator(z, LABELS), expected)
    assert table.shape == (SIZE, CLASSES)


def test_projection_by_hand():
    """w.phi(x) + <e(y), phi(x)>, in NumPy."""
    networks, _, samples = build("mlp", d_condition="projection")
    discriminator = networks.discriminator
    phi = discriminator.body(samples).detach().double().numpy()
    w, b = discriminator.head.weight.detach().double().numpy(), discriminator.head.bias.detach().double().numpy()
    e = discriminator.conditioning.table.layer.weight.detach().double().numpy().T[LABELS.numpy()]
    expected = (phi @ w.T + b)[:, 0] + (e * phi).sum(1)
    torch.testing.assert_close(discriminator(samples, LABELS).logit.double(), torch.from_numpy(expected), rtol=1e-5, atol=1e-6)


def test_projection_is_under_the_normalization_of_d():
    networks, _, _ = build("mlp", d="spectral", d_condition="projection")
    kinds = {type(module).__name__ for module in networks.discriminator.conditioning.modules()}
    assert "SpectralNorm" in kinds


def test_concatenation_shows_d_a_map_of_the_class():
    networks, _, samples = build("mlp", d_condition="concat")
    discriminator = networks.discriminator
    seen = discriminator.conditioning.see(samples, LABELS)
    assert seen.shape == (N, 2, 16, 16)
    torch.testing.assert_close(seen[:, :1], samples, rtol=0, atol=0)
    torch.testing.assert_close(seen[0, 1], seen[3, 1], rtol=0, atol=0)  # Both are of class 0.
    assert not torch.equal(seen[0, 1], seen[1, 1])
    torch.testing.assert_close(discriminator(samples, LABELS).logit, discriminator.head(discriminator.body(seen)).squeeze(1))


def test_an_autoencoder_is_shown_the_class_and_compares_the_sample_alone():
    networks, _, samples = build("autoencoder_mlp", d_condition="concat", energy="mean_square")
    discriminator = networks.discriminator
    seen = discriminator.conditioning.see(samples, LABELS)
    made = discriminator.decoder(discriminator.encoder(seen))
    assert made.shape == (N, 2, 16, 16)
    expected = (made[:, :1] - samples).detach().double().numpy() ** 2
    np.testing.assert_allclose(discriminator(samples, LABELS).logit.detach().numpy(), expected.mean((1, 2, 3)), rtol=1e-5)


def test_the_auxiliary_head_reads_the_last_features():
    networks, _, samples = build("mlp", d_condition="auxiliary_classifier")
    discriminator = networks.discriminator
    torch.testing.assert_close(
        discriminator(samples, LABELS).class_logits,
        nn.functional.linear(discriminator.body(samples), *discriminator.conditioning.head.parameters()),
    )


@pytest.mark.parametrize("name", TAKERS)
def test_conditional_batch_norm_reaches_g(name):
    if "conditional_batch" not in ARCHITECTURES[name].facts.g_normalizations:
        pytest.skip("the generator has no place for norms")
    networks, z, _ = build(name, g="conditional_batch", d_condition="concat")
    assert networks.generator(z, LABELS).isfinite().all()
    assert any(type(module).__name__ == "ConditionalBatchNorm" for module in networks.generator.modules())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"generator": nn.Linear(6, 2)}, "needs a `Generator`, not a Linear"),
        ({"discriminator": nn.Linear(2, 1)}, "needs a `Discriminator`, not a Linear"),
        ({"given": {}}, "needs its function to accept `latent_dim`"),
        ({"given": {"latent_dim": 2}, "d_condition": "concat"}, "needs its function to accept `d_shape` for d_condition=concat"),
    ],
)
def test_what_the_helper_needs_of_an_architecture_of_ones_own_is_named(change, words):
    fitting = {"generator": Generator([nn.Linear(6, 2)]), "discriminator": Discriminator([], nn.Linear(2, 1), 2)}
    fitting |= {"given": {"latent_dim": 2, "d_shape": (2,)}, "d_condition": "projection"}

    def own(*, latent_dim: int = 0, d_shape: tuple[int, ...] = ()):
        return Networks(chosen["generator"], chosen["discriminator"])

    chosen = fitting
    takes_class(own)(condition=CONDITION, class_embedding=SIZE, d_condition=chosen["d_condition"], **chosen["given"])
    chosen = fitting | change
    with pytest.raises(UserError, match=f"architecture 'own': takes_class {words}"):
        takes_class(own)(condition=CONDITION, class_embedding=SIZE, d_condition=chosen["d_condition"], **chosen["given"])
