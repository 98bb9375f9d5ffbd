"""The space of fake trials."""

import importlib.util
import sys
from pathlib import Path

import pytest

from landscape import strict_yaml
from landscape.space import Space


def _module(name: str):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"sweep_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fake():
    """The module of the fake trial."""
    return _module("fake")


@pytest.fixture(scope="session")
def make_space(fake):
    """The toy space of 4 cells with some settings changed."""

    def make(**changes) -> Space:
        return Space.parse(strict_yaml.parse(fake.SPACE, "fake").data | changes)

    return make


@pytest.fixture(scope="session")
def chaos():
    """The module that starts sweeps as programs and kills them."""
    return _module("chaos")
