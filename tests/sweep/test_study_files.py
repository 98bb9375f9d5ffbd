"""A study's folder: study.json, proposals, outcomes, lock, search.log."""

import dataclasses
import io
import json
import math
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import optuna
import psutil
import pytest

from landscape.analysis.objective import modeled
from landscape.config.protocols import varied
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.core.files import write_json
from landscape.evaluation import extraction, scoring
from landscape.evaluation.extraction import load_extractor
from landscape.results.record import Estimate, Rung, Scores, Status, TrialRecord
from landscape.results.score_names import same_score
from landscape.space.space import Space
from landscape.space.study_files import load_space
from landscape.sweep import estimate
from landscape.sweep import study_folder as files
from landscape.sweep import study_lock as locks
from landscape.sweep.estimate import floor_of
from landscape.sweep.run import run
from landscape.sweep.search.optuna_log import SearchLog
from landscape.sweep.search.plan import Made, Outcome, Plan
from landscape.sweep.study_data import Data, request
from landscape.sweep.sweep_options import SweepOptions


@pytest.fixture
def space(make_space):
    return make_space()


def test_study_json_says_what_the_study_is(space, tmp_path):
    files.write_study(tmp_path, space, {"floor": {}, "data": {"digits": "abc"}})
    found = json.loads((tmp_path / "study.json").read_text())
    assert found["name"] == "toy"
    assert found["space"]["axes"]["loss"] == ["non_saturating", "hinge"]
    assert found["space"]["dataset"] == "digits"
    assert found["objective"] == "FD[pixels]"
    assert found["budget"]["trials"] == 12
    assert found["budget"]["trials_per_cell"] == 3
    assert found["searcher"]["name"] == "optuna-tpe"
    assert found["data"] == {"digits": "abc"}
    assert type(space).parse(found["definition"]) == space
    assert files.open_study(tmp_path, space) == found


def test_a_folder_of_another_space_is_refused_with_the_first_difference(space, make_space, tmp_path):
    assert files.open_study(tmp_path / "new", space) == {}
    files.write_study(tmp_path, space, {})
    files.open_study(tmp_path, make_space(trials=400))
    with pytest.raises(UserError, match=r"another search space \(seed was 0, now 1\): choose another results folder"):
        files.open_study(tmp_path, make_space(seed=1))
    with pytest.raises(UserError, match=r"base.budget.amount was 20, now 7"):
        files.open_study(tmp_path, space.with_steps(7))
    data = json.loads((tmp_path / "study.json").read_text())
    write_json(tmp_path / "study.json", data | {"schema": 99})
    with pytest.raises(UserError, match="schema 99"):
        files.open_study(tmp_path, space)
    (tmp_path / "study.json").write_text('{"schema": 1, "na')
    with pytest.raises(UserError, match="damaged"):
        files.open_study(tmp_path, space)


def test_differences_are_named():
    assert files.difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == "a[1].b was 2, now 3"
    assert files.difference({"a": 1}, {"a": 1, "b": "x" * 99}) == 'b was null, now "' + "x" * 59 + "..."
    assert files.difference({"a": 1}, {"a": 1}) == ""
    assert files.difference([], []) == ""


def test_what_differs_is_shown_also_behind_a_long_common_beginning():
    """Entries that a list gained or lost are named; a long text is cut to where it changes."""
    losses = ["non_saturating", "wasserstein", "hinge", "least_squares", "relativistic_average"]
    assert files.difference({"axes": {"loss": losses}}, {"axes": {"loss": [*losses, "minimax"]}}) == "axes.loss: + minimax"
    assert files.difference({"loss": losses}, {"loss": ["minimax", *losses[1:3]]}) == (
        "loss: + minimax, - non_saturating, - least_squares, - relativistic_average"
    )
    assert files.difference({"loss": losses}, {"loss": []}).endswith("- least_squares and 1 more")
    assert files.difference({"loss": losses}, {"loss": losses[::-1]}) == "loss: the same entries, in another order"
    assert files.difference([1], [1, 1], "x") == "x: the same entries, some of them repeated"
    entries = [{"name": "r1", "hyperparameters": {"gamma": 1.0}}]
    assert files.difference(entries, [*entries, {"name": "dragan", "hyperparameters": {}}], "x") == "x: + dragan"
    changed = [{"name": "r1", "hyperparameters": {"gamma": 2.0}}]
    assert files.difference(entries, changed, "x") == "x[0].hyperparameters.gamma was 1.0, now 2.0"
    text = files.difference({"note": "same " * 40 + "old end"}, {"note": "same " * 40 + "new end"})
    assert "old end" in text
    assert "new end" in text
    assert len(text) < 160


def a_record(task, status=Status.COMPLETED, **more):
    return TrialRecord(
        task.digest, "s", "r", task.config.to_json(), status, study=task.study, seconds={"training": 2.0, "evaluation": 1.0}, **more
    )


@pytest.fixture
def task(space):
    return Plan(space, pin=lambda config: config).propose()


def test_proposals_are_kept_until_their_record_is_there(space, task, tmp_path):
    files.write_proposal(tmp_path, task)
    assert files.proposals(tmp_path) == [Made(task.ask, 0, dict(task.assignment))]
    damaged = tmp_path / "trials" / "0000000000000000" / files.PROPOSAL_FILE
    damaged.parent.mkdir()
    damaged.write_text('{"study": {"ask"')
    assert len(files.proposals(tmp_path)) == 1
    write_json(files.trial_folder(tmp_path, task.digest) / "record.json", a_record(task).to_json())
    assert files.proposals(tmp_path) == []
    files.drop_proposal(tmp_path, task.digest)
    files.drop_proposal(tmp_path, task.digest)
    assert not (files.trial_folder(tmp_path, task.digest) / files.PROPOSAL_FILE).exists()


def protocol_data(protocol, name=None):
    return protocol.to_json() | {"digest": protocol.digest()} | ({"name": name} if name else {})


def test_the_search_goes_by_the_selection_samples(space, task):
    protocol = space.protocol
    reported = Scores(protocol_data(protocol), {"FD[pixels]": Estimate(3.0, "lower"), "KID[pixels]": Estimate(1.0, "lower")})
    selected = Scores(protocol_data(protocol, "toy/selection"), {"FD[pixels]": Estimate(2.0, "lower")})
    other = Scores(protocol_data(protocol, "other"), {"FD[pixels]": Estimate(9.0, "lower")})
    outcome = files.outcome_of(a_record(task), {"a": reported, "b": selected, "c": other}, protocol)
    assert (outcome.value, outcome.cost) == (2.0, pytest.approx(0.6931, abs=1e-4))
    assert (outcome.ask, outcome.cell_id, outcome.digest, outcome.seconds) == (task.ask, task.cell.id, task.digest, 3.0)
    assert outcome.assignment == task.assignment
    assert files.outcome_of(a_record(task), {"a": reported}, protocol).value == 3.0
    assert files.outcome_of(a_record(task), {"c": other}, protocol).value is None
    assert files.outcome_of(a_record(task, Status.DIVERGED), {"a": reported}, protocol).value is None


def test_with_two_stages_the_search_goes_by_the_first_alone(space, task):
    protocol = space.protocol
    few = Scores(protocol_data(protocol, "toy/screening"), {"FD[pixels]": Estimate(5.0, "lower")})
    selected = Scores(protocol_data(protocol, "toy/screening/selection"), {"FD[pixels]": Estimate(4.0, "lower", (3.0, 6.0))})
    whole = Scores(protocol_data(protocol, "toy/selection"), {"FD[pixels]": Estimate(2.0, "lower")})
    first = files.outcome_of(a_record(task), {"a": few, "b": selected}, protocol, screening=True)
    assert (first.value, first.cost, first.shown, first.selected) == (4.0, pytest.approx(math.log(4)), 5.0, None)
    assert first.screened.interval == (3.0, 6.0)
    second = files.outcome_of(a_record(task), {"a": few, "b": selected, "c": whole}, protocol, screening=True)
    assert second == replace(first, selected=math.log(2))
    confirmation = replace(a_record(task), study={**task.study, "role": "confirmation"})
    assert files.outcome_of(confirmation, {"c": whole}, protocol, screening=True).value == 2.0


def test_a_second_objective_is_taken_from_the_selection_samples_too(space, task):
    protocol = varied(space.protocol, metrics=["frechet", "kid"], second_objective="KID[pixels]")
    reported = Scores(protocol_data(protocol), {"FD[pixels]": Estimate(3.0, "lower"), "KID[pixels]": Estimate(1.0, "higher")})
    selected = Scores(
        protocol_data(protocol, "toy/selection"), {"FD[pixels]": Estimate(2.0, "lower"), "KID[pixels]": Estimate(0.5, "higher")}
    )
    outcome = files.outcome_of(a_record(task), {"a": reported, "b": selected}, protocol)
    assert (outcome.value, outcome.second_cost) == (2.0, -0.5)
    assert files.outcome_of(a_record(task, Status.DIVERGED), {"a": reported}, protocol).second_cost is None
    assert files.outcome_of(a_record(task), {"b": selected}, space.protocol).second_cost is None


def test_trials_of_the_search_and_of_its_confirmation_count_each_as_what_it_is(space, task):
    roles = {role: replace(a_record(task), study={**task.study, "role": role}) for role in ("search", "confirmation", "repeat")}
    found = {role: files.outcome_of(record, {}, space.protocol) for role, record in roles.items()}
    assert [found["search"].role, found["confirmation"].role, found["repeat"]] == ["search", "confirmation", None]
    assert files.outcome_of(replace(a_record(task), study={}), {}, space.protocol) is None


@pytest.mark.parametrize(
    ("name", "wanted", "same"),
    [
        ("FD[classifier:digits]", "FD[classifier]", True),
        ("FD[classifier:digits]", "FD[classifier:digits]", True),
        ("FD[classifier:digits]", "FD[classifier:mnist]", False),
        ("FD[pixels]", "FD[classifier]", False),
        ("KID[classifier]", "FD[classifier]", False),
        ("FID", "FID", True),
        ("FID", "FD[inception]", False),
    ],
)
def test_a_score_may_be_asked_for_without_its_variant(name, wanted, same):
    assert same_score(name, wanted) is same


def test_modeled_scores():
    assert modeled(Estimate(1.0, "lower"), "FID") == 0.0
    assert modeled(Estimate(0.5, "higher"), "IS") == -0.5
    assert modeled(Estimate(0.5, "lower"), "KID[pixels]") == 0.5
    with pytest.raises(UserError, match="neither better high nor low"):
        modeled(Estimate(0.5, "none"), "modes")


def test_two_sweeps_on_one_study_are_refused(tmp_path):
    with (
        locks.StudyLock(tmp_path / "s"),
        pytest.raises(UserError, match=f"another sweep is running on .*process {os.getpid()}"),
        locks.StudyLock(tmp_path / "s"),
    ):
        pass
    with locks.StudyLock(tmp_path / "s"):
        pass


def test_a_study_that_never_began_leaves_nothing(tmp_path):
    with locks.StudyLock(tmp_path / "s") as held:
        assert held.temporary.is_dir()
    assert not (tmp_path / "s").exists()
    assert not held.temporary.exists()
    with locks.StudyLock(tmp_path / "s"):
        (tmp_path / "s" / "study.json").touch()
    assert (tmp_path / "s" / "study.json").exists()


def test_a_results_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write to .*file/s"), locks.StudyLock(tmp_path / "file" / "s"):
        pass


HOLDER = """
import os, signal, subprocess, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from landscape.sweep import study_lock
held = study_lock.StudyLock(Path(sys.argv[1])).__enter__()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
study_lock.note_process(held.temporary, child.pid)
print(child.pid, held.temporary, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_studies_that_would_come_to_nothing_are_refused_before_the_first_trial(make_space, tmp_path):
    """An objective that no metric gives; trials of another search space, whose study.json is gone."""

    def unreachable(*_, **__):
        raise AssertionError("a trial began")

    space = make_space(trials=4)
    options = {"results_dir": tmp_path, "jobs": 1, "run_trial": unreachable}
    misspelled = make_space(trials=4, protocol={"name": "toy", "extractor": "pixels", "metrics": ["frechet"], "objective": "FD[pixel]"})
    with pytest.raises(UserError, match=r"protocol 'toy': its metrics give no objective 'FD\[pixel\]'; choose one of FD\[pixels\],"):
        run(misspelled, **options)
    undirected = {"name": "toy", "extractor": "pixels", "metrics": ["frechet", "memorization"], "objective": "memorization[pixels]"}
    with pytest.raises(UserError, match=r"is neither better high nor low; choose one of FD\[pixels\]"):
        run(make_space(trials=4, protocol=undirected), **options)
    assert not (tmp_path / "toy").exists()
    every = [load_space(name) for name in ("digits", "ring")]
    for each in every:  # the extractor of an objective may go without what it was trained on
        few = each.with_changes(protocol=varied(each.protocol, n_real=300, n_fake=300).to_json())
        floor_of(few, Data(None), SweepOptions(tmp_path, jobs=1).resources)
    plan = Plan(space, pin=Data(None).pin)
    task = plan.propose()
    record = TrialRecord(task.digest, "s" * 16, "r" * 16, task.config.to_json(), Status.DIVERGED, study=task.study)
    write_json(files.trial_folder(tmp_path / "toy", task.digest) / "record.json", record.to_json())
    with pytest.raises(UserError, match=rf"holds trials but no study\.json, and trial {task.digest} is not of this search space"):
        run(space, steps=21, **options)
    with pytest.raises(UserError, match="another name"):
        run(make_space(trials=4, seed=5), **options)
    other = next(cell.id for cell in plan.cells if cell.id != task.cell.id)
    elsewhere = TrialRecord.from_json(record.to_json() | {"study": task.study | {"cell_id": other}})
    write_json(files.trial_folder(tmp_path / "toy", task.digest) / "record.json", elsewhere.to_json())
    files.write_study(tmp_path / "toy", space, {"floor": {}, "data": {}})
    with pytest.raises(UserError, match=f"trial {task.digest} of .*toy is of a cell that has another turn in this version"):
        run(space, **options)


def test_the_floor_of_a_study_has_the_baseline_of_its_task(tmp_path):
    study = {
        "name": "toy",
        "dataset": "digits",
        "protocol": {"name": "toy", "extractor": "pixels", "metrics": ["l1", "frechet"], "objective": "FD[pixels]"},
        "base": {"architecture": {"unet": {"width": 4}}, "budget": {"amount": 4}},
        "axes": {"loss": ["hinge"], "task": ["inpainting"]},
        "trials": 2,
    }
    resources = SweepOptions(tmp_path, jobs=1).resources
    found, _ = floor_of(Space.parse(study), Data(None), resources)
    assert found["floor"]["L1"]["value"] == 0
    assert found["floor"]["baseline L1"]["value"] > 0.1
    assert found["floor"]["baseline FD[pixels]"]["value"] > found["floor"]["FD[pixels]"]["value"]


def test_a_classifier_that_is_trained_before_the_first_scoring_does_not_count_as_scoring(tmp_path, monkeypatch):
    """Loading the extractor takes 1,000 s for the first time, by this clock."""
    loaded = []

    def load(*given):
        loaded.append(given)
        return load_extractor(*given)

    monkeypatch.setattr(extraction, "load_extractor", load)
    monkeypatch.setattr(scoring, "load_extractor", load)
    monkeypatch.setattr(estimate, "time", SimpleNamespace(perf_counter=lambda: 1000.0 * bool(loaded)))
    _, seconds = floor_of(load_space("digits"), Data(None), SweepOptions(tmp_path, jobs=1).resources)
    assert len(loaded) > 1
    assert seconds == 0


def test_what_a_killed_sweep_left_running_is_ended(tmp_path, root):
    said = subprocess.run(
        [sys.executable, "-c", HOLDER, str(tmp_path / "s"), str(root)], capture_output=True, text=True, check=False
    ).stdout
    pid, temporary = said.split()
    assert psutil.pid_exists(int(pid))
    with locks.StudyLock(tmp_path / "s"):
        assert not Path(temporary).exists()
    assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE


def test_a_process_number_that_was_used_again_is_left_alone():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    try:
        created = psutil.Process(child.pid).create_time()
        locks.end_processes({(child.pid, created - 1000)}, patience=0.1)
        assert child.poll() is None
        locks.end_processes({(child.pid, created)})
        assert not psutil.pid_exists(child.pid)
    finally:
        child.kill()


def test_only_ones_own_folders_are_removed(tmp_path):
    (tmp_path / "precious").mkdir()
    locks.end_leftovers(tmp_path / "precious")
    locks.end_leftovers(Path())
    assert (tmp_path / "precious").is_dir()


def outcomes_of(space, number):
    plan, found = Plan(space, pin=lambda config: config), []
    for _ in range(number):
        task = plan.propose()
        value = None if task.ask % 3 == 2 else 1.0 + task.ask
        found.append(
            Outcome(task.ask, 0, task.cell.id, task.assignment, task.digest, "completed" if value else "diverged", value, value, 2.0)
        )
        plan.settle(found[-1])
    return found


def opened(path):
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path / "search.log")))
    return optuna.load_study(study_name=None, storage=storage)


def test_the_search_log_opens_in_optuna(space, tmp_path):
    found = outcomes_of(space, 6)
    log = SearchLog(tmp_path, space, found[:4])
    for outcome in found[4:]:
        log.add(outcome)
    study = opened(tmp_path)
    assert study.study_name == "toy"
    assert [t.user_attrs["digest"] for t in study.trials] == [o.digest for o in found]
    assert [t.state.name for t in study.trials] == ["COMPLETE", "COMPLETE", "FAIL"] * 2
    assert study.best_value == 1.0
    assert study.trials[0].params["loss"] in ("hinge", "non_saturating")
    assert "d_optimizer.learning_rate" in study.trials[0].params


def test_the_search_log_has_the_true_times_and_what_was_measured_during_training(space, tmp_path):
    times = ("2026-11-20T09:00:00+00:00", "2026-11-20T09:01:30+00:00")
    done = dataclasses.replace(outcomes_of(space, 1)[0], times=times, during=((100.0, 9.0), (200.0, 4.0), (300.0, math.inf)))
    SearchLog(tmp_path, space, [done])
    trial = opened(tmp_path).trials[0]
    assert (trial.datetime_complete - trial.datetime_start).total_seconds() == 90
    assert trial.datetime_start.astimezone(UTC) == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert trial.intermediate_values == {100: 9.0, 200: 4.0}


def test_a_trial_that_was_stopped_early_is_pruned_in_the_search_log(space, tmp_path):
    """Its value is the last one that was measured, as Optuna has it for trials that it prunes."""
    rungs = tuple(Rung(i, 0.1 * 3**i, 10 * 3**i, "FD[pixels]", 9.0 - i, 9.0 - i, stop=i == 1) for i in range(2))
    first, second, *_ = outcomes_of(space, 6)
    pruned = dataclasses.replace(first, status="stopped_early", value=None, cost=None, rungs=rungs)
    SearchLog(tmp_path, space, [pruned, dataclasses.replace(second, rungs=rungs[:1])])
    study = opened(tmp_path)
    assert [(t.state.name, t.value) for t in study.trials] == [("PRUNED", 8.0), ("COMPLETE", second.value)]
    assert [t.intermediate_values for t in study.trials] == [{10: 9.0, 30: 8.0}, {10: 9.0}]
    assert study.best_trial.user_attrs["digest"] == second.digest


def test_the_search_log_maximizes_where_higher_is_better(space, tmp_path):
    first, second = outcomes_of(space, 6)[:2]
    log = SearchLog(tmp_path, space, [])
    log.add(dataclasses.replace(first, value=0.2, cost=-0.2))
    log.add(dataclasses.replace(second, value=0.7, cost=-0.7))
    study = opened(tmp_path)
    assert study.direction.name == "MAXIMIZE"
    assert study.best_value == 0.7
    assert len(study.trials) == 2


def test_the_dashboard_shows_the_study_with_its_timeline(space, tmp_path):
    dashboard = pytest.importorskip("optuna_dashboard")
    found = [dataclasses.replace(o, times=(f"2026-11-20T09:0{o.ask}:00Z", f"2026-11-20T09:0{o.ask}:50Z")) for o in outcomes_of(space, 6)]
    SearchLog(tmp_path, space, found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(tmp_path / "search.log")))
    app = dashboard.wsgi(storage)
    answer = {}
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/studies/0", "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80"}
    request |= {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()}
    body = b"".join(app(request, lambda status, headers, error=None: answer.update(status=status)))
    assert answer["status"].startswith("200"), request["wsgi.errors"].getvalue()
    shown = json.loads(body)
    assert len(shown["trials"]) == 6
    assert all(t["datetime_start"] != t["datetime_complete"] for t in shown["trials"])
    assert {a["key"] for a in shown["user_attrs"]} >= {"axes", "protocol", "objective", "cells"}


def test_the_search_log_follows_the_records(space, tmp_path):
    found = outcomes_of(space, 6)
    SearchLog(tmp_path, space, found)
    SearchLog(tmp_path, space, found)
    assert len(opened(tmp_path).trials) == 6
    # A record is gone: so is its line.
    SearchLog(tmp_path, space, found[:3])
    assert [t.user_attrs["digest"] for t in opened(tmp_path).trials] == [o.digest for o in found[:3]]


@pytest.mark.parametrize("cut", [0, 1, 7, 60, 200])
def test_a_torn_search_log_is_written_anew(space, tmp_path, cut):
    found = outcomes_of(space, 4)
    SearchLog(tmp_path, space, found)
    content = (tmp_path / "search.log").read_bytes()
    (tmp_path / "search.log").write_bytes(content[: len(content) - cut])
    log = SearchLog(tmp_path, space, found[:3])
    log.add(found[3])
    assert [t.user_attrs["digest"] for t in opened(tmp_path).trials] == [o.digest for o in found]


def test_what_is_asked_of_data_is_told_as_in_kept_studies():
    """A study compares its data with what it kept under this text: a new hyperparameter at its default must not change it."""
    asked = {"dataset": {"folder": {"path": "/a"}}, "resolution": 8, "architecture": "mlp", "loss": "hinge", "budget": {"amount": 1}}
    before = (
        "folder, resolution 8, channels as they are, "
        '{"labels": "auto", "resample": "bicubic", "split_seed": 0, "test": 0.1, "validation": 0.1}'
    )
    assert request(TrialConfig.parse(asked)) == before
    other = {"dataset": {"folder": {"path": "/a", "levels": "12bit"}}}
    assert '"levels": "12bit"' in request(TrialConfig.parse(asked | other))
