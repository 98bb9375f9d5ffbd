"""Builds the networks of any registered architecture at a width that takes milliseconds."""

import inspect
from math import prod
from typing import NamedTuple

import pytest
import torch
from helpers.small_architectures import SMALL
from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, ArchitectureFacts
from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.tasks._base import UNCONDITIONAL

LEAST = {"dcgan": 32, "resnet19": 64, "resnet107": 48, "resnet_stl": 32, "autoencoder": 32, "stacked_mnist": 32, "srresnet": 32}
RESOLUTIONS = (8, 16, 28, 32, 48, 64, 128)


def make_normalization(choice, latent_dim, condition=UNCONDITIONAL):
    if isinstance(choice, Normalization):
        return choice
    return NORMALIZATIONS[choice].call(hyperparameters={}, latent_dim=latent_dim + condition.size, condition=condition)


def build_networks(name, shape, *, g="none", d="none", pack=1, latent_dim=None, small=True, condition=UNCONDITIONAL, **hyperparameters):
    """Build networks of architecture `name` for samples of `shape`. `g` and `d` are a normalization or the name of one."""
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
        "condition": condition,
        "g_normalization": make_normalization(g, latent_dim, condition),
        "d_normalization": make_normalization(d, latent_dim),
    }
    wanted = {k: v for k, v in offered.items() if k in inspect.signature(component.function).parameters}
    return component.function(**wanted, **hyperparameters)


def variants():
    """Return every (architecture, preset or None)."""
    for name in ARCHITECTURES:
        hyperparameter = ARCHITECTURES[name].hyperparameters.get("preset")
        choices = hyperparameter.annotation.__args__ if hyperparameter else (None,)
        yield from ((name, preset) for preset in choices)


def facts_of(name, preset):
    return ARCHITECTURES[name].facts.of({"preset": preset} if preset else {})


def shapes_of(name, preset):
    """Return sample shapes that the architecture accepts, with 1 and 3 channels in turn where it accepts both."""
    facts = facts_of(name, preset)
    shapes = [] if facts.samples == "images" else [(1,), (2,)]
    if facts.samples != "points":
        channels = sorted(facts.channels)
        shapes += [(channels[i % len(channels)], r, r) for i, r in enumerate(RESOLUTIONS) if not facts.refuses(r)]
    return shapes


CASES = {
    "variant": lambda: variants(),
    "sized_variant": lambda: ((name, preset, shape) for name, preset in variants() for shape in shapes_of(name, preset)),
}


def pytest_generate_tests(metafunc):
    for argument, cases in CASES.items():
        if argument in metafunc.fixturenames:
            values = list(cases())
            metafunc.parametrize(argument, values, ids=["-".join(str(part).replace(" ", "") for part in v if part) for v in values])


class Built(NamedTuple):
    """Networks, with the facts with which they were built."""

    generator: nn.Module
    discriminator: nn.Module
    facts: ArchitectureFacts
    name: str

    def latent(self, n):
        return torch.rand(n, self.facts.latent.dim) * 2 - 1


@pytest.fixture(scope="session")
def build():
    """A function that builds a small architecture: build(name, shape, g=..., d=..., pack=..., small=True, **hyperparameters) -> Built."""

    def make(name, shape, **options):
        preset = options.pop("preset", None)
        chosen = options | ({"preset": preset} if preset else {})
        return Built(*build_networks(name, shape, **chosen), facts_of(name, preset), name)

    return make


@pytest.fixture(scope="session")
def smallest_shape():
    """The smallest shape of at least 16x16 that a variant accepts, so that every map has more than one position."""

    def choose(name, preset):
        shapes = shapes_of(name, preset)
        return next((s for s in shapes if len(s) == 3 and s[1] >= LEAST.get(name, 16)), shapes[-1])

    return choose


@pytest.fixture(scope="session")
def unbounded():
    """The variants whose source leaves G's output linear."""
    return {("r3gan", None), ("progressive", None), ("mlp_2014", "cifar10"), ("mlp_2014", "cifar10_conv")}


@pytest.fixture
def on_meta():
    """Networks that are built in this context have shapes but no values."""
    return torch.device("meta")
