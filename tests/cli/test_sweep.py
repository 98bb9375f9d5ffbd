"""`landscape sweep` and `landscape report`, for real: a study with a plugin, from its file to the page, through Ray."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest

PLUGIN = '''
from landscape.components.losses import LOSSES, LossPair


@LOSSES.register
def shifted_in_sweep(real, fake, *, shift: float = 1.0):
    """Mine."""
    return LossPair(d=fake - real, g=shift - fake)
'''
STUDY = """
name: with-plugin
dataset: digits
protocol: {name: pixels, extractor: pixels, metrics: [frechet], objective: "FD[pixels]"}
base: {architecture: {mlp: {width: 8}}, batch_size: 16, budget: {amount: 5}}
axes: {loss: [hinge, shifted_in_sweep]}
search: {d_optimizer.learning_rate: {min: 1e-4, max: 1e-3, scaling: log}}
searcher: {name: random}
trials: 4
confirmation: {seeds: 2}
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory, cache):
    """(folder, what the command printed): the sweep ran in a process of its own, as a user's would."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "mine.py").write_text(PLUGIN)
    (folder / "study.yaml").write_text(STUDY)
    environment = {**os.environ, "LANDSCAPE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    environment.pop("RAY_ADDRESS", None)
    command = [sys.executable, "-m", "landscape", "sweep", "study.yaml", "--plugin", "mine.py", "--jobs", "1"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return folder, run


def test_it_ends_with_the_path_of_the_report(swept):
    folder, run = swept
    assert run.stdout == f"report: {folder / 'reports' / 'with-plugin' / 'index.html'}\n"
    page = (folder / "reports" / "with-plugin" / "index.html").read_text()
    assert "shifted_in_sweep" in page
    # Two losses, each with its best setting on two fresh seeds, beside the four trials of the search.
    assert "8 of 8 trials done" in run.stderr
    assert "then at most 4 confirmation runs of the settings that stand for levels, 2 fresh seeds each" in run.stderr
    assert "answer: Not decided: loss." in run.stderr
    assert "2 common seeds: a verdict needs 5" in run.stderr


def test_the_plugin_is_part_of_the_trials_identity(swept):
    folder, _ = swept
    records = [json.loads(p.read_text()) for p in (folder / "results" / "with-plugin" / "trials").glob("*/record.json")]
    assert sorted(r["study"]["cell"]["loss"] for r in records if r["study"]["role"] == "search") == ["hinge"] * 2 + ["shifted_in_sweep"] * 2
    assert (
        sorted(r["study"]["confirms"] for r in records if r["study"]["role"] == "confirmation")
        == [["loss=hinge"]] * 2 + [["loss=shifted_in_sweep"]] * 2
    )
    assert {r["status"] for r in records} == {"completed"}


def test_the_same_again_trains_nothing(swept, run, monkeypatch):
    folder, _ = swept
    monkeypatch.chdir(folder)
    before = {p: p.stat().st_mtime_ns for p in folder.glob("results/with-plugin/trials/*/record.json")}
    outcome = run("sweep", "study.yaml", "--plugin", "mine.py", "--no-report")
    assert outcome.code == 0, outcome.err
    assert {p: p.stat().st_mtime_ns for p in folder.glob("results/with-plugin/trials/*/record.json")} == before


def test_a_study_of_another_space_is_refused(swept, run, monkeypatch):
    folder, _ = swept
    monkeypatch.chdir(folder)
    (folder / "other.yaml").write_text(STUDY.replace("batch_size: 16", "batch_size: 8"))
    line = run("sweep", "other.yaml", "--plugin", "mine.py").is_one_line_error()
    assert "with-plugin" in line


def test_results_that_cannot_be_written(swept, run, monkeypatch):
    folder, _ = swept
    monkeypatch.chdir(folder)
    (folder / "taken").write_text("a file")
    line = run("sweep", "study.yaml", "--plugin", "mine.py", "--results", "taken").is_one_line_error()
    assert "taken" in line


def test_report_alone_needs_only_the_results(swept, run, monkeypatch):
    folder, _ = swept
    monkeypatch.chdir(folder)
    outcome = run("report", "--reports", "elsewhere", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out) == {
        "pages": [str(folder / "elsewhere" / "with-plugin" / "index.html")],
        "index": str(folder / "elsewhere" / "index.html"),
    }
    assert (folder / "elsewhere" / "with-plugin" / "index.html").stat().st_size > 10_000


def test_report_of_an_unknown_study(swept, run, monkeypatch):
    folder, _ = swept
    monkeypatch.chdir(folder)
    assert "did you mean 'with-plugin'?" in run("report", "with-plugins").is_one_line_error()


BREAKS_OFF = """
import os
import signal
import ray

ray.shutdown = lambda *_, **__: os._exit(195)
"""


@pytest.mark.slow
def test_a_process_that_breaks_off_in_rays_shutdown_has_written_its_report(cache, tmp_path):
    """The answer and the report do not wait for Ray's end, and the exit status is explained in one line."""
    (tmp_path / "breaks_off.py").write_text(BREAKS_OFF)
    (tmp_path / "study.yaml").write_text(STUDY.replace("trials: 4", "trials: 2").replace("[hinge, shifted_in_sweep]", "[hinge]"))
    environment = {**os.environ, "LANDSCAPE_CACHE": str(cache), "OMP_NUM_THREADS": "1", "LANDSCAPE_DEBUG": "1"}
    environment.pop("RAY_ADDRESS", None)
    command = [sys.executable, "-m", "landscape", "sweep", "study.yaml", "--jobs", "1", "--plugin", "breaks_off.py"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 195, run.stderr
    page = tmp_path / "reports" / "with-plugin" / "index.html"
    assert run.stdout == f"report: {page}\n"
    assert page.stat().st_size > 10_000
    *_, last = run.stderr.splitlines()
    assert "broke off while Ray was taken down, after everything was written" in last
    steps = [line.partition(" s: ")[2] for line in run.stderr.splitlines() if line.startswith("landscape: debug: ")]
    assert [step.rpartition(" took ")[0] or step for step in steps] == [
        "the start of Ray begins",
        "the start of Ray",
        "the trials are over: 2 of 2 done",
        "the report begins",
        "the report",
        "ray.shutdown begins",
    ]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_watched_report_and_other_programs_follow_a_sweep(cache, tmp_path):
    """While a sweep runs, its page is built again after each trial; its logs open in optuna-dashboard and in TensorBoard."""
    optuna, dashboard = pytest.importorskip("optuna"), pytest.importorskip("optuna_dashboard")
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "study.yaml").write_text(STUDY.replace("amount: 5", "amount: 300"))
    environment = {**os.environ, "LANDSCAPE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    environment.pop("RAY_ADDRESS", None)
    start = [sys.executable, "-m", "landscape"]
    how = {"cwd": tmp_path, "env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    options = ("study.yaml", "--plugin", "mine.py", "--jobs", "1", "--logger", "tensorboard", "--no-report")
    study = tmp_path / "results" / "with-plugin"
    with subprocess.Popen([*start, "sweep", *options], **how) as sweep:
        while sweep.poll() is None and not list(study.glob("trials/*/record.json")):
            time.sleep(0.2)
        with subprocess.Popen([*start, "report", "--watch", "--every", "1"], **how) as watch:
            try:
                _, said = sweep.communicate()
                assert sweep.returncode == 0, said
                page = tmp_path / "reports" / "with-plugin" / "index.html"
                while watch.poll() is None and not (
                    page.exists() and "4 confirmation runs on fresh seeds" in page.read_text(encoding="utf-8")
                ):
                    time.sleep(0.2)
            finally:
                watch.send_signal(signal.SIGINT)
            built, _ = watch.communicate()
    assert built.count("report: ") >= 3
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(study / "search.log")))
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/studies/0", "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80"}
    request |= {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO()}
    answer = []
    shown = json.loads(b"".join(dashboard.wsgi(storage)(request, lambda status, headers, error=None: answer.append(status))))
    assert answer[0].startswith("200")
    assert len(shown["trials"]) == 4  # confirmation runs are no proposals of the search
    assert all(t["datetime_start"] < t["datetime_complete"] for t in shown["trials"])
    for folder in (study / "trials").iterdir():
        found = events.EventAccumulator(str(folder / "tensorboard"), size_guidance={"images": 0})
        found.Reload()
        assert {"training/d_loss", "training/g_loss"} <= set(found.Tags()["scalars"])
        assert found.Tags()["images"]
