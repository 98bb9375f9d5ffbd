"""Normalizations reach the places that an architecture declares, and each honored normalization makes a different model."""

import pytest
import torch
from torch import nn

from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.normalizations._base import NORMALIZATIONS, Norm, Normalization
from landscape.components.tasks._base import Condition

LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)

CLASSES = Condition("class", 3, 4)
UNWRAPPED = {
    # Maps (architecture, preset) to the numbers of (layers of G, layers of D) that the source never wraps.
    ("resnet19", None): (2, 0),
    ("resnet_stl", "landscape"): (2, 0),
    ("resnet107", None): (2, 1),
}


class Recorder(Norm):
    """Checks that what it normalizes has the declared shape, and counts how often it receives the latent vector."""

    def __init__(self, shape):
        super().__init__()
        self.shape, self.calls, self.latents = shape, 0, 0

    def forward(self, x, z=None):
        assert tuple(x.shape[1:]) == self.shape
        self.calls += 1
        self.latents += z is not None
        return x


def recording():
    wrapped, norms = [], []

    def wrap(layer):
        wrapped.append(layer)
        return layer

    def follow(channels, spatial):
        norms.append(Recorder((channels, *spatial)))
        return norms[-1]

    return Normalization(wrap, follow), wrapped, norms


def test_layers_are_wrapped_and_norms_see_what_they_were_told(build, sized_variant):
    name, preset, shape = sized_variant
    if name in ("r3gan", "progressive"):
        pytest.skip("honors no normalization")
    g, g_wrapped, g_norms = recording()
    d, d_wrapped, d_norms = recording()
    networks = build(name, shape, preset=preset, g=g, d=d)
    samples = networks.generator(networks.latent(2))
    networks.discriminator(samples)
    unwrapped = UNWRAPPED.get((name, preset), (0, 0))
    for network, wrapped, free in zip((networks.generator, networks.discriminator), (g_wrapped, d_wrapped), unwrapped, strict=True):
        layers = [m for m in network.modules() if isinstance(m, LAYERS)]
        assert len(wrapped) == len(layers) - free
        assert len(set(map(id, wrapped))) == len(wrapped)
    assert g_norms
    assert d_norms
    assert all(norm.calls == 1 for norm in g_norms + d_norms)
    assert all(norm.latents == 1 for norm in g_norms), "z does not reach a norm of the generator"
    assert all(norm.latents == 0 for norm in d_norms)


def _fingerprint(network, *given):
    """Return the names and shapes of the state, and the output in training mode."""
    names = {(key, tuple(value.shape)) for key, value in network.state_dict().items()}
    with torch.no_grad():
        y = network(*given)
    return names, y if isinstance(y, torch.Tensor) else y.logit


def test_honored_normalizations_are_different_models(build, variant, smallest_shape):
    """No two cells of a study are the same model: any two honored names, `none` included, differ in function or in state."""
    name, preset = variant
    shape = smallest_shape(name, preset)
    facts = ARCHITECTURES[name].facts.of({"preset": preset} if preset else {})
    for side, honored in (("d", facts.d_normalizations), ("g", facts.g_normalizations)):
        seen = {}
        if name == "resnet107":  # Its blocks are those of resnet19, so a few names test as much in a tenth of the time.
            honored &= {"none", "batch", "spectral", "weight"}
        for choice in sorted(honored):
            torch.manual_seed(0)
            reads_class = NORMALIZATIONS[choice].facts.condition == "class"
            by_class = {"condition": CLASSES, "class_embedding": CLASSES.size, "d_condition": "concat"} if reads_class else {}
            networks = build(name, shape, preset=preset, **{side: choice}, **by_class)
            torch.manual_seed(1)
            network, x = (networks.generator, networks.latent(4)) if side == "g" else (networks.discriminator, torch.rand(4, *shape))
            names, y = _fingerprint(network, x, *([torch.arange(4) % 3] if reads_class else []))
            assert y.isfinite().all()
            for other, (other_names, other_y) in seen.items():
                assert names != other_names or not torch.allclose(y, other_y, rtol=1e-5, atol=1e-8), f"{choice} and {other} are one model"
            seen[choice] = names, y


def test_declared_normalizations_exist_and_fit_their_side():
    for name in ARCHITECTURES:
        facts = ARCHITECTURES[name].facts
        for each in (facts, *facts.presets.values()):
            for side, honored in (("d", each.d_normalizations), ("g", each.g_normalizations)):
                for choice in honored:
                    assert side in NORMALIZATIONS[choice].facts.sides, f"{name}: {choice} is not for {side}"
            assert each.default_g_normalization in each.g_normalizations
            NORMALIZATIONS[each.default_g_normalization].complete(each.default_g_hyperparameters)
