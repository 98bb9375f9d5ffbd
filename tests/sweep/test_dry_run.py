"""What a study would take: counted by hand for a small one; nothing is written."""

import pytest

from landscape.published.costs import GPU_RATE
from landscape.space.study_files import load_space
from landscape.sweep.dry_run import dry_run, lines
from landscape.sweep.sweep_options import SweepOptions
from landscape.trial.operations import operations


def test_counts_of_the_embedded_study(tmp_path):
    space = load_space("digits")
    found = dry_run(space, SweepOptions(results_dir=tmp_path, jobs=2), gpus=4, dollars_per_hour=2.0, probes=False)
    assert (found.cells, found.trials) == (72, 72)
    # 4 losses, 3 normalizations, 3 regularizers, 2 architectures around one best cell: 1 + 3 + 2 + 2 + 1 settings on 5 seeds.
    assert found.confirmations == found.most_confirmations == 45
    assert found.d_steps == 660 * (72 + 45)
    assert found.hours is None
    assert found.dollars == pytest.approx(found.gpu_hours * 2 * 4)
    said = lines(found)
    assert "72 trials of the search, then at most 45 confirmation runs" in said[1]
    assert said[-1].startswith("price: at least ")
    assert not list(tmp_path.iterdir())
    alone = dry_run(space, SweepOptions(results_dir=tmp_path, confirmation=False), probes=False)
    assert (alone.confirmations, alone.dollars, alone.gpu_hours) == (0, None, None)


def test_gpu_hours_are_the_products_of_training(make_space, tmp_path):
    space = make_space(axes={"loss": ["hinge"], "architecture": [{"mlp": {"width": 16, "depth": 1}}]}, search={}, trials=3)
    cell = space.cells()[0]
    config = cell.config({}, seed=0)
    found = dry_run(space, SweepOptions(results_dir=tmp_path), gpus=1, probes=False)
    assert found.gpu_hours == pytest.approx(3 * 20 * operations(config) / GPU_RATE / 3600)
    large, half = config.replace(batch_size=128, g_batch_size=128), config.replace(batch_size=128, g_batch_size=64)
    assert operations(large) == pytest.approx(2 * operations(config.replace(batch_size=64, g_batch_size=64)))
    assert operations(half) < operations(large)


def test_time_here_is_measured(make_space, tmp_path):
    space = make_space(axes={"loss": ["hinge"], "architecture": [{"mlp": {"width": 16}}]}, search={}, trials=3)
    found = dry_run(space, SweepOptions(results_dir=tmp_path, jobs=1), dollars_per_hour=1.0)
    assert found.seconds_per_trial > 0
    assert found.hours == pytest.approx(found.seconds_per_trial * 3 / 3600)
    assert found.dollars == found.hours
    missing = space.with_changes(dataset=f"folder:{tmp_path / 'nowhere'}", base={"budget": {"amount": 20}, "resolution": 8, "channels": 1})
    gone = dry_run(missing, SweepOptions(results_dir=tmp_path, jobs=1))
    assert gone.hours is None
    assert "nowhere" in gone.basis
    assert gone.trials == 3
    elsewhere = lines(dry_run(space, SweepOptions(results_dir=tmp_path, ray_address="auto")))
    assert "time here: not known (the trials run on a cluster, where nothing was measured)" in elsewhere
    assert elsewhere[0] == "study toy: 1 cell"
