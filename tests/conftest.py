"""Settings that all tests share: few threads, a fixed seed, and optional real data."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch

# Workers share the cores, so more threads would only wait for each other.
torch.set_num_threads(1)

ROOT = Path(__file__).resolve().parent.parent
LONG = ("test_sweep_ray", "test_compatibility", "test_sweep", "test_unrolled_2016", "test_run", "test_bit_identity")
"""Files whose tests take tens of seconds, partly because they wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the long files to the workers in turn, as their first tests.

    With ``--dist worksteal`` each worker begins with an equally long run of ``items``.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    long = [[item for item in items if item.path.stem in LONG[worker::workers]] for worker in range(workers)]
    others = iter([item for item in items if item.path.stem not in LONG])
    size = len(items) // workers
    items[:] = [item for first in long for item in [*first, *islice(others, max(size - len(first), 0))]] + list(others)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _no_flush_to_disk() -> Iterator[None]:
    """Tests write thousands of small files, and a flush of each takes milliseconds. What a flush is for, no test can see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def _spoken_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spoken")


@pytest.fixture
def without_flite(monkeypatch: pytest.MonkeyPatch, _spoken_cache: Path) -> None:
    """Let `spoken_words` hum instead of calling flite, and keep what it hums apart from prepared data."""
    from helpers import spoken

    monkeypatch.setenv("LANDSCAPE_CACHE", str(_spoken_cache))
    spoken.without_flite(monkeypatch)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with mnist/ and cifar10-jpeg/. Tests that need it are skipped if it is missing."""
    folder = Path(os.environ.get("LANDSCAPE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set LANDSCAPE_DATA")
    return folder
