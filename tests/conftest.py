"""Shared by all tests: few threads, a fixed seed, the optional real data."""

import os
from pathlib import Path

import pytest
import torch

# Two workers share two cores; more threads only wait for each other.
torch.set_num_threads(1)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with mnist/ and cifar10-jpeg/; the tests that need it skip where it is missing."""
    folder = Path(os.environ.get("LANDSCAPE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set LANDSCAPE_DATA")
    return folder
