"""How architecture tests build networks: any registered name, at a width that takes milliseconds."""

import inspect
from math import prod

import pytest

from landscape.architectures._base import ARCHITECTURES
from landscape.normalizations._base import NORMALIZATIONS, Normalization

SMALL = {
    "mlp": {"width": 8},
    "dcgan": {"width": 4},
    "sndcgan": {"width": 4},
    "infogan": {"width": 4},
    "resnet_cifar": {"width": 8},
    "resnet_stl": {"width": 4},
    "resnet19": {"width": 4},
    "resnet107": {"width": 2},
    "mlp_2014": {"width_factor": 0.01},
    "mlp_2d": {"width": 8},
    "stacked_mnist": {"width": 4},
    "autoencoder": {"width": 4, "code_width": 8},
    "autoencoder_mlp": {"g_width": 8, "d_width": 8},
    "r3gan": {"width": 16, "blocks": 1},
}
RESOLUTIONS = (8, 16, 28, 32, 48, 64, 128)


def make_normalization(choice, latent_dim):
    if isinstance(choice, Normalization):
        return choice
    function = NORMALIZATIONS[choice].function
    return function(latent_dim=latent_dim) if "latent_dim" in inspect.signature(function).parameters else function()


def build_networks(name, shape, *, g="none", d="none", pack=1, latent_dim=None, small=True, **hyperparameters):
    """Networks of architecture `name` for samples of `shape`; `g`, `d`: a normalization or the name of one."""
    component = ARCHITECTURES[name]
    hyperparameters = component.complete((SMALL.get(name, {}) if small else {}) | hyperparameters)
    latent_dim = latent_dim or component.facts.of(hyperparameters).latent.dim
    offered = {
        "shape": shape,
        "d_shape": (shape[0] * pack, *shape[1:]),
        "resolution": shape[-1],
        "channels": shape[0],
        "d_channels": shape[0] * pack,
        "dimension": prod(shape),
        "d_dimension": prod(shape) * pack,
        "latent_dim": latent_dim,
        "g_normalization": make_normalization(g, latent_dim),
        "d_normalization": make_normalization(d, latent_dim),
    }
    wanted = {k: v for k, v in offered.items() if k in inspect.signature(component.function).parameters}
    return component.function(**wanted, **hyperparameters)


def variants():
    """Every (architecture, preset or None)."""
    for name in ARCHITECTURES:
        hyperparameter = ARCHITECTURES[name].hyperparameters.get("preset")
        choices = hyperparameter.annotation.__args__ if hyperparameter else (None,)
        yield from ((name, preset) for preset in choices)


def facts_of(name, preset):
    return ARCHITECTURES[name].facts.of({"preset": preset} if preset else {})


def shapes_of(name, preset):
    """Sample shapes that the architecture takes, 1 and 3 channels in turn."""
    facts = facts_of(name, preset)
    shapes = [] if facts.samples == "images" else [(1,), (2,)]
    if facts.samples != "points":
        shapes += [((1, 3)[i % 2], r, r) for i, r in enumerate(RESOLUTIONS) if not facts.refuses(r)]
    return shapes


@pytest.fixture(scope="session")
def build():
    return build_networks
