"""What a study would take: counted by hand for a small one; nothing is written."""

import pytest

from landscape.published.costs import GPU_RATE
from landscape.space.study_files import load_space
from landscape.sweep import dry_run as dry_runs
from landscape.sweep import estimate as estimates
from landscape.sweep.dry_run import dry_run, lines
from landscape.sweep.probe import Probe
from landscape.sweep.search.early_stopping import expected_work
from landscape.sweep.search_load import ScoringTime, load_of, scoring_time
from landscape.sweep.study_data import Data
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


def test_early_stopping_is_an_expectation_below_a_bound(make_space, tmp_path):
    """One search of 30 trials: the bound is that none is stopped, and confirmation runs are counted whole."""
    changes = {"axes": {"loss": ["hinge", "wasserstein"], "architecture": [{"mlp": {"width": 16}}]}, "search": {}, "trials": 30}
    changes |= {"confirmation": {"seeds": 2}, "searcher": {"name": "random", "scope": "across"}}
    plain, how = make_space(**changes), SweepOptions(results_dir=tmp_path, jobs=1)
    stopping = plain.with_changes(early_stopping={"rule": "asha", "reduction": 2, "first": 0.25})
    found, without = dry_run(stopping, how, gpus=1, probes=False), dry_run(plain, how, gpus=1, probes=False)
    assert found.d_steps == without.d_steps == without.expected_d_steps == 20 * (30 + 4)
    share = expected_work(stopping.early_stopping, 30)
    assert 0.25 < share < 0.75
    assert found.expected_d_steps == pytest.approx(20 * (30 * share + 4))
    assert found.gpu_hours == pytest.approx(without.gpu_hours * found.expected_d_steps / found.d_steps)
    assert f"early stopping: {found.expected_d_steps:,.0f} D steps expected" in lines(found)[2]
    # Trials of two cells are two searches of 15.
    apart = dry_run(stopping.with_changes(searcher={"name": "random"}), how, probes=False)
    assert apart.expected_d_steps == pytest.approx(20 * (30 * expected_work(stopping.early_stopping, 15) + 4))


def test_two_stages_of_scoring_count_few_samples(make_space, tmp_path, monkeypatch):
    """A trial of the search is scored twice with few samples; the bound has the whole protocol too, which confirmation runs have alone."""
    space = make_space(axes={"loss": ["hinge"], "architecture": ["mlp"]}, search={}, trials=10, screening={"n_fake": 50})
    monkeypatch.setattr(estimates, "probe_together", lambda configs, _: [Probe(1.0, 2.0, 10.0) for _ in configs])
    monkeypatch.setattr(dry_runs, "scoring_time", lambda *_: ScoringTime(8.0, 1.0, 0.5))
    found = dry_run(space, SweepOptions(results_dir=tmp_path, jobs=1))
    assert found.seconds_per_trial == 10 + 2 + 8
    assert (found.expected_hours * 3600, found.hours * 3600) == (pytest.approx(10 * (10 + 2 + 1)), pytest.approx(10 * (10 + 2 + 1 + 8)))
    stopping = space.with_changes(early_stopping={"rule": "asha"})
    both, load = dry_run(stopping, SweepOptions(results_dir=tmp_path, jobs=1)), load_of(stopping)
    assert both.expected_hours * 3600 == pytest.approx(10 * (10 * load.training + 2 + 0.5 * load.rungs + 1))
    assert both.hours * 3600 == pytest.approx(10 * (10 + 2 + 0.5 * 3 + 1 + 8))
    assert "expected, at most" in lines(both)[3]


def test_few_samples_are_timed(make_space, tmp_path):
    protocol = {"name": "toy", "extractor": "pixels", "metrics": ["frechet", "kid"], "objective": "FD[pixels]"}
    space, data = make_space(protocol=protocol, screening={"n_fake": 50}, early_stopping={"rule": "median"}), Data(None)
    resources = SweepOptions(results_dir=tmp_path, jobs=1).resources
    found = scoring_time(space, data, resources, 3.0)
    assert (found.whole, found.first > 0, found.rung > 0) == (3.0, True, True)
    assert scoring_time(make_space(), data, resources, 3.0) == ScoringTime(3.0)
