"""Real sweeps under Ray, as programs: faults of trials, kills, interruptions, and going on. Trials are imitated (see fake.py)."""

import json
import os
import signal

import pytest

from landscape.analysis.answering import answer_of
from landscape.analysis.frames import trials_frame
from landscape.components.datasets._load import load_dataset as load_data
from landscape.core.errors import UserError
from landscape.results import studies, verifying
from landscape.results.record import Status
from landscape.sweep.pool import cluster
from landscape.sweep.run import run
from landscape.sweep.search.plan import Outcome, Plan

pytestmark = [pytest.mark.timeout(600)]


@pytest.fixture
def sweep(chaos, tmp_path):
    def make(**options):
        return chaos.Sweep(tmp_path / "results", **options)

    return make


def expected(make_space, fake, **changes) -> dict[str, tuple]:
    """Digest -> proposal of a sweep in rounds that nothing disturbs, one trial after the other, without Ray."""
    space = make_space(**changes)
    content = load_data("digits", {}, resolution=8, channels=None, data_dir=None).content_hash
    plan, found = Plan(space, pin=lambda c: c.replace(data_hash=content), deterministic=True), {}
    while (task := plan.propose()) is not None:
        found[task.digest] = (task.ask, task.cell.id, tuple(sorted(task.assignment.items())))
        value = fake.score_of(task.config)
        plan.settle(
            Outcome(task.ask, 0, task.cell.id, task.assignment, task.digest, "", value, None if value is None else fake.cost_of(value))
        )
    return found


ONCE = {"1": "die", "2": "user", "5": "memory!", "6": "error"}
LASTING = ONCE | {"3": "hang", "8": "die!", "9": "hang!"}


@pytest.mark.parametrize("faults", [pytest.param(ONCE, id="once"), pytest.param(LASTING, id="lasting", marks=pytest.mark.slow)])
def test_a_sweep_survives_its_trials(sweep, faults, tmp_path):
    """One dies, one hangs, one runs out of memory, one always dies, one always hangs, one raises: each ends as a record with its reason."""
    (tmp_path / "faults.json").write_text(json.dumps(faults))
    # Where no trial hangs, a slow machine must not make one look so.
    it = sweep(jobs=2, changes={"limits": {"attempts": 2, "hang_seconds": 2 if "hang" in faults.values() else 300}})
    # A user's mistake that a trial meets ends the sweep with one line. Once mended, the same command continues.
    assert it.run() == 2
    assert it.text.strip().splitlines()[-1] == "landscape: the data folder is gone"
    assert "Traceback" not in it.text
    assert it.run() == 0, it.text
    study = studies.read_study(it.study)
    assert not study.warnings
    assert study.unfinished == 0
    by_ask = {t.record.study["ask"]: t.record for t in study.trials}
    assert sorted(by_ask) == list(range(12))
    failed = {ask: r.reason for ask, r in by_ask.items() if r.status is Status.FAILED}
    assert failed.keys() == {5, 6, 8, 9} & {int(ask) for ask in faults}
    assert "out of memory, also when run alone: MemoryError" in failed[5]
    assert failed[6].startswith("ZeroDivisionError: a mistake in the code (fake.py:")
    for ask in failed.keys() & {8, 9}:
        assert failed[ask].startswith("its process ended 2 times")
    for ask in failed.keys() & {9}:
        assert failed[ask].endswith("; no step for 2 s, hang.txt says where")
    for ask in {1, 3} & {int(ask) for ask in faults}:
        assert by_ask[ask].status in (Status.COMPLETED, Status.DIVERGED)
        assert (it.study / "trials" / by_ask[ask].digest / "journal").read_text().count("begin") >= 2
    # The index and the log were kept on the way, study.json says what it is, and nothing is left behind.
    assert len((it.study / "trials.jsonl").read_text().splitlines()) == 12
    assert verifying.verify(it.study) == []
    facts = json.loads((it.study / "study.json").read_text())
    assert facts["floor"]["FD[pixels]"]["value"] >= 0
    assert facts["budget"]["trials"] == 12
    assert not list(it.study.glob("trials/*/proposal.json"))
    # Trials have the priority of the sweep, so that other work on the machine does not starve them.
    lines = [line.split() for t in study.trials for line in (t.folder / "journal").read_text().splitlines()]
    assert {words[3] for words in lines if words[:3] == ["begin", "at", "niceness"]} == {str(os.nice(0))}
    # Only the trial that never stopped hanging keeps the trace of where.
    traces = list(it.study.glob("trials/*/hang.txt"))
    assert [t.parent.name for t in traces] == [by_ask[ask].digest for ask in failed.keys() & {9}]
    assert all("fake.py" in trace.read_text() for trace in traces)
    assert not it.left()
    assert "Traceback" not in it.text
    assert "12 of 12 trials done" in it.text


@pytest.mark.timeout(600)  # It starts Ray three times, which takes minutes on a busy machine.
def test_interrupted_and_killed_a_sweep_goes_on_as_if_nothing_had_been(sweep, chaos, fake, make_space, monkeypatch, capsys):
    options = {"jobs": 2, "deterministic": True, "trials": 16}
    it = sweep(step_seconds=0.2, **options)

    def here():
        """The same sweep once more, by this process."""
        return run(make_space(), results_dir=it.results, run_trial=fake.fake_trial, **options)

    it.start()
    assert it.wait_for(lambda: it.ended() >= 1)
    assert {"raylet", "gcs_server"} <= {p.name() for p in it.left()}
    # A second sweep on the same study is refused while the first runs.
    with pytest.raises(UserError, match="another sweep is running"):
        here()
    # Ctrl-C in a terminal reaches every process of the group; it comes when a trial has just begun.
    begun = it.begun()
    assert it.wait_for(lambda: it.begun() > begun)
    it.process.send_signal(signal.SIGINT)
    assert it.process.wait(60) == 130
    assert "the same command continues the study" in it.said()
    states = list(it.study.glob("trials/*/state.json"))
    assert states, "nothing was under way when the sweep was interrupted"
    ended = it.ended()
    it.environment["FAKE_STEP_SECONDS"] = "0.02"
    it.start()
    assert it.wait_for(lambda: it.ended() >= ended + 3)
    it.process.kill()
    it.wait()
    before = it.workers()
    assert it.run() == 0, it.text
    # No process but the first two took trials.
    assert 1 <= len(it.workers() - before) <= 2
    found = chaos.facts(it)
    assert max(found["ends"].values()) == 1
    assert set(found["cells"].values()) == {4}
    assert found["proposals"] == expected(make_space, fake, trials=16)
    # What an interrupted trial had computed is in its result, as if it had not been interrupted.
    for digest, total in found["sums"].items():
        config = json.loads((it.study / "trials" / digest / "record.json").read_bytes())["config"]
        assert total == fake.sum_of(int(config["budget"]["amount"]), config["seed"])
    # Nothing left to do: said at once, without Ray.
    monkeypatch.setattr(cluster, "connect", lambda *_: pytest.fail("Ray is started"))
    assert here().trials == 16
    assert "all 16 trials are done already" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_while_it_confirms_a_study_trains_every_fresh_seed_once_and_says_what_is_decided(sweep):
    it = sweep(step_seconds=0.05, jobs=2, deterministic=True, changes={"confirmation": {"seeds": 5}, "trials": 4})
    it.start()
    assert it.wait_for(lambda: it.ended() >= 6)
    it.process.kill()
    it.wait()
    it.environment["FAKE_STEP_SECONDS"] = "0.002"
    assert it.run() == 0, it.text
    study = studies.read_study(it.study)
    runs = [t.record for t in study.trials if t.record.study["role"] == "confirmation"]
    assert len(study.trials) == 4 + len(runs)
    assert len(runs) in (10, 15)
    for trial in study.trials:
        assert (trial.folder / "journal").read_text().count("end") == 1
    found = answer_of(study, trials_frame(study.trials), "FD[pixels]")
    # What the sweep trained is what the answer rests on, all of it.
    assert {t for level in found.axis("loss").levels for t in level.settings} <= {r.setting_digest for r in runs}
    assert found.axis("loss").contrast.seeds == 5
    said = it.text.strip().splitlines()
    assert f"answer: {found.sentence}" in said
    assert f"  {found.axis('loss').sentence}" in said
    # Nothing left to do: the answer is said again, without Ray.
    assert it.run() == 0
    assert f"all {len(study.trials)} trials are done already" in it.text
    assert f"answer: {found.sentence}" in it.text
