"""Early stopping under Ray, as a program: trials ask at their rungs, and what was decided holds after a kill. Trials are imitated."""

import json

import pytest

from landscape.results import studies
from landscape.results.record import Status
from landscape.sweep.rungs_file import RUNGS_FILE, read_rungs

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]
RULE = {"rule": "asha", "reduction": 2, "first": 0.25}
CHANGES = {"early_stopping": RULE, "searcher": {"name": "random", "scope": "across"}, "confirmation": {"seeds": 2}}


def test_killed_and_resumed_a_study_decides_once_at_each_rung(chaos, tmp_path):
    """Two trials at a time, in rounds: what is decided depends on completed rounds alone, and is what an undisturbed study decides."""
    it = chaos.Sweep(tmp_path / "results", step_seconds=0.1, jobs=2, deterministic=True, trials=16, changes=CHANGES)
    it.start()
    assert it.wait_for(lambda: it.ended() >= 9 and list(it.study.glob(f"trials/*/{RUNGS_FILE}")))
    it.process.kill()
    it.wait()
    under_way = {path.parent.name: read_rungs(path.parent) for path in it.study.glob(f"trials/*/{RUNGS_FILE}")}
    it.environment["FAKE_STEP_SECONDS"] = "0.002"
    assert it.run() == 0, it.text
    trials = {t.record.digest: t for t in studies.read_study(it.study).trials}
    search = [t.record for t in trials.values() if t.record.study["role"] == "search"]
    assert len(search) == 16
    assert all((t.folder / "journal").read_text().count("end") == 1 for t in trials.values())
    stopped = [record for record in search if record.status is Status.STOPPED_EARLY]
    assert 0 < len(stopped) < 16
    assert f"{len(stopped)} stopped early" in it.text
    for record in search:
        assert [rung.stop for rung in record.rungs] == [False] * (len(record.rungs) - 1) + [record in stopped]
    # A decision that was written before the kill is the one in the record.
    for digest, rungs in under_way.items():
        assert trials[digest].record.rungs[: len(rungs)] == rungs
    # Of the first round none is compared with another; later ones are compared with whole rounds.
    first, later = ([r for r in search if (r.study["ask"] < 8) == early] for early in (True, False))
    assert {rung.of for record in first for rung in record.rungs} == {1}
    assert {record.rungs[0].of for record in later} == {9}
    runs = [t.record for t in trials.values() if t.record.study["role"] == "confirmation"]
    assert runs
    assert all(record.status is not Status.STOPPED_EARLY and not record.rungs for record in runs)


@pytest.mark.parametrize("screening", [None, {"n_fake": 60}], ids=["one stage", "two stages"])
def test_real_trials_are_stopped_and_the_rest_are_confirmed(chaos, tmp_path, screening):
    """Tiny networks: TPE, a median rule, and with two stages the whole protocol for finalists only."""
    changes = {
        "early_stopping": {"rule": "median", "reduction": 2, "first": 0.25, "startup": 2, "n_fake": 50},
        "protocol": {"name": "toy", "extractor": "pixels", "metrics": ["frechet"], "objective": "FD[pixels]", "n_fake": 200},
        "base": {"budget": {"amount": 24}, "batch_size": 8},
        "axes": {"loss": ["non_saturating", "hinge"], "architecture": [{"mlp": {"width": 8}}]},
        "search": {"d_optimizer.learning_rate": {"min": 1e-5, "max": 1e-2, "scaling": "log"}},
        "searcher": {"name": "optuna-tpe", "scope": "across", "startup": 3},
        "confirmation": {"seeds": 2},
        "limits": {"hang_seconds": 300},
    } | ({"screening": screening} if screening else {})
    it = chaos.Sweep(tmp_path / "results", real=True, jobs=2, trials=10, changes=changes)
    assert it.run() == 0, it.text
    trials = studies.read_study(it.study).trials
    search = [t for t in trials if t.record.study["role"] == "search"]
    stopped = [t for t in search if t.record.status is Status.STOPPED_EARLY]
    assert len(search) == 10
    assert stopped
    for trial in stopped:
        assert not trial.scores
        assert trial.record.rungs[-1].stop
        assert trial.record.counts["d_steps"] < 24
    if screening:
        names = [{s.protocol["name"] for s in t.scores.values()} for t in search if t not in stopped]
        assert all("toy/screening" in of for of in names)
        assert any("toy" in of for of in names)
    runs = [t for t in trials if t.record.study["role"] == "confirmation"]
    assert runs
    assert all({s.protocol["name"] for s in t.scores.values()} >= {"toy"} for t in runs)
    assert json.loads((it.study / "study.json").read_text())["space"]["early_stopping"]["rule"] == "median"
