"""Synthetic studies for the tests of analysis."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def synthetic():
    """The module that writes synthetic studies."""
    path = Path(__file__).parent.parent / "report" / "synthetic_study.py"
    spec = importlib.util.spec_from_file_location("landscape_test_synthetic_study", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
