"""Kills at random moments: afterwards the study is the one that nothing disturbed. A few here, a hundred behind `make chaos`."""

import collections
import os

import pytest


def killed(chaos, folder, kills, seed, trials, **weights):
    """The hits on a sweep, and what it holds after it has ended all the same."""
    sweep = chaos.Sweep(folder / "results", step_seconds=0.01, jobs=2, deterministic=True, trials=trials)
    sweep.results.mkdir(parents=True)
    hits = chaos.survive(sweep, kills, seed, weights or chaos.WEIGHTS)
    found = chaos.facts(sweep)
    assert set(found["cells"].values()) == {trials // 4}
    return hits, found


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_few_kills(chaos, tmp_path):
    hits, found = killed(chaos, tmp_path / "killed", 2, 7, 16, worker=1, everything=1)
    assert sum(hits.values()) >= 1
    assert max(found["ends"].values()) == 1, "a trial ended twice"


@pytest.mark.chaos
@pytest.mark.timeout(86400)
def test_a_hundred_kills(chaos, tmp_path):
    kills, trials = int(os.environ.get("CHAOS_KILLS", "100")), 100
    quiet = chaos.Sweep(tmp_path / "quiet" / "results", jobs=2, deterministic=True, trials=trials)
    quiet.results.mkdir(parents=True)
    assert quiet.run() == 0, quiet.text
    expected = chaos.facts(quiet)
    hits, seed = collections.Counter(), 0
    while hits.total() < kills:
        seed += 1
        more, found = killed(chaos, tmp_path / f"killed-{seed}", min(20, kills - hits.total()), seed, trials)
        hits += more
        lost = expected["proposals"].keys() - found["proposals"].keys()
        twice = sum(ends > 1 for ends in found["ends"].values())
        print(f"{hits.total()} kills so far {dict(hits)}; {trials} trials: {len(lost)} lost, {twice} run twice", flush=True)
        assert not twice
        assert found["proposals"] == expected["proposals"]
        assert found["sums"] == expected["sums"]
