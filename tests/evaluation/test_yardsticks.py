"""What stands beside a score: statistics that others published, and what real samples score."""

import math

import numpy as np
import pytest
import torch

from landscape.components.datasets._load import load_dataset
from landscape.components.metrics._base import SampleSet
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation.loading import IMAGE_KEYS
from landscape.evaluation.models import FLOOR_DRAWS, RESOLVED
from landscape.evaluation.real_against_real import yardstick
from landscape.evaluation.reference_statistics import holds_statistics, read_statistics


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.99])
def test_a_truncated_archive_of_statistics_is_refused_in_one_line(tmp_path, kept):
    path = tmp_path / "statistics.npz"
    np.savez_compressed(path, mu=np.zeros(8), sigma=np.random.default_rng(0).normal(size=(8, 8)))
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    assert not holds_statistics(path)
    with pytest.raises(UserError, match="cannot be read as arrays"):
        read_statistics(path)


def test_statistics_whose_content_is_damaged_are_refused_in_one_line(tmp_path):
    path = tmp_path / "statistics.npz"
    np.savez_compressed(path, mu=np.zeros(8), sigma=np.random.default_rng(0).normal(size=(8, 8)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    assert holds_statistics(path)
    with pytest.raises(UserError, match="cannot be read as arrays"):
        read_statistics(path)


@pytest.mark.parametrize("key", [*IMAGE_KEYS, "features"])
def test_samples_beside_statistics_are_what_is_scored(tmp_path, key):
    path = tmp_path / "both.npz"
    np.savez(path, **{"mu": np.zeros(3), "sigma": np.eye(3), key: np.zeros((4, 3))})
    assert not holds_statistics(path)


def test_what_is_resolved_is_the_floors_own_figure():
    found = yardstick(load_dataset("digits"), varied(get("quick"), metrics=["frechet", "kid", "class_coverage"]))
    floor = found.scores.estimates
    for name in ("FD[classifier:digits]", "KID[classifier:digits]"):
        assert found.resolvable(name) == floor[f"{RESOLVED} {name}"].value
    assert found.resolvable("FD_mean[classifier:digits]") is None, "one draw, no interval"
    assert found.resolvable("no such score") is None


def test_a_spread_over_few_draws_counts_by_students_t():
    """The spread over draws is that of the population formula. Over four draws 1.96 times that resolves less than it promises."""
    found = yardstick(load_dataset("ring"), varied(get("quick-points"), n_real=500, n_fake=500, metrics=["frechet"], objective=""))
    score = found.scores.estimates["FD_mean[pixels]"]
    assert score.interval is None
    assert found.resolvable("FD_mean[pixels]") == pytest.approx(3.1824 * math.sqrt(2) * math.sqrt(FLOOR_DRAWS / 3) * score.spread, rel=1e-4)


def test_what_is_resolved_between_two_halves_follows_the_farther_end_of_the_interval():
    real = SampleSet(features=torch.randn(200, 4, generator=torch.Generator().manual_seed(0)))
    found = yardstick(real, varied(get("given"), metrics=["frechet"]))
    score = found.scores.estimates["FD[given]"]
    low, high = score.interval
    assert found.resolvable("FD[given]") == pytest.approx(math.sqrt(2) * max(high - score.value, score.value - low))
