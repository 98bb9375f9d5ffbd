"""Synthetic studies for the tests of analysis."""

import pytest
from helpers import synthetic_study


@pytest.fixture(scope="session")
def synthetic():
    """The module that writes synthetic studies."""
    return synthetic_study
