"""Shared by all tests: few threads, a fixed seed, the optional real data."""

import os
from pathlib import Path

import pytest
import torch

# Workers share the cores; more threads only wait for each other.
torch.set_num_threads(1)

ROOT = Path(__file__).resolve().parent.parent
LONG = ("test_sweep_ray", "test_sweep", "test_combinations", "test_run", "test_unrolled_2016", "test_bit_identity")
"""Files whose tests take tens of seconds, some of them waiting: begun first, so that no worker is left alone with them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


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
