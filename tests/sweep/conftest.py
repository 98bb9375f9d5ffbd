"""The space of fake trials."""

import pytest
from helpers import chaos as chaos_module
from helpers import fake as fake_module

from landscape.core import strict_yaml
from landscape.space.space import Space


@pytest.fixture(scope="session")
def fake():
    """The module of the fake trial."""
    return fake_module


@pytest.fixture(scope="session")
def make_space():
    """The toy space of 4 cells with some settings changed."""

    def make(**changes) -> Space:
        return Space.parse(strict_yaml.parse(fake_module.SPACE, "fake").data | changes)

    return make


@pytest.fixture(scope="session")
def chaos():
    """The module that starts sweeps as programs and kills them."""
    return chaos_module
