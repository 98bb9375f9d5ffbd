"""The script that measures on a GPU keeps its time limits, and what one step or row does costs no other."""

import json
import subprocess
import sys
from contextlib import nullcontext

from benchmarks import gpu, gpu_report
from landscape.cli.sweep import sweep


def test_a_step_that_fails_or_hangs_costs_no_other(tmp_path):
    python = [sys.executable, "-c"]
    todo = {
        "fails": (60, [*python, "raise SystemExit(195)"]),
        "hangs": (1, [*python, "import time; time.sleep(60)"]),
        "works": (60, [*python, "print('measured')"]),
    }
    found = gpu_report.report(tmp_path / "new", todo)
    assert [found[name]["exit_status"] for name in todo] == [195, gpu_report.CUT_OFF, 0]
    assert json.loads((tmp_path / "new" / "steps.json").read_text()) == found
    assert (tmp_path / "new" / "works.log").read_text() == "measured\n"


def test_the_order_of_the_steps_and_their_limits(tmp_path):
    todo = gpu_report.steps(tmp_path)
    assert list(todo) == ["tests", "rows", "profile", "train", "sweep"]
    assert sum(limit for limit, _ in todo.values()) <= 20 * 60


def test_a_row_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(gpu.subprocess, "run", lambda command, timeout, **_: raise_timeout(command, timeout))
    found = gpu.measured("SNDCGAN, 32x32, batch 64, auto, bf16", "cuda", 0.5)
    assert found == {"row": "SNDCGAN, 32x32, batch 64, auto, bf16", "failed": "given up after 0.5 s"}
    assert "given up after 0.5 s" in gpu.line(found)


def test_rows_that_need_longer_than_a_minute_have_longer():
    names = list(gpu.rows("cpu"))
    longer = {name: gpu.limit_of(name, 60) for name in names if gpu.limit_of(name, 60) != 60}
    assert longer == {"SNDCGAN, 32x32, batch 64, train": 400, "digits, small trials": 240}
    assert {gpu.limit_of(name, 500) for name in names} == {500}


def test_small_trials_are_the_study_s_trials_alone(tmp_path, monkeypatch):
    """Rows compare only if the runs of the confirmation, of which there are 45 beside 72 trials, are left out everywhere."""
    asked = [gpu_report.steps(tmp_path)["sweep"][1]]

    def written(command, **_):
        asked.append(command)
        for i in range(2):
            record = tmp_path / "small" / "results" / "digits" / "trials" / str(i) / "record.json"
            record.parent.mkdir(parents=True)
            record.write_text(json.dumps({"started_at": f"2026-11-30T12:00:0{i}+00:00", "finished_at": f"2026-11-30T12:00:3{i}+00:00"}))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(gpu.subprocess, "run", written)
    monkeypatch.setattr(gpu.tempfile, "TemporaryDirectory", lambda: nullcontext(str(tmp_path / "small")))
    found = gpu.small_trials(0.25)
    assert (found["rate"], found["how"]) == (31, "2 trials, 0.25 of the device each; exit status 0, no report")
    for command, share in zip(asked, (0.125, 0.25), strict=True):
        assert command[1:4] == ["-m", "landscape", "sweep"]
        given = sweep.make_context("sweep", command[4:]).params
        assert (given["study"], given["confirmation"], given["gpus_per_trial"]) == ("digits", False, share)


def raise_timeout(command, timeout):
    raise gpu.subprocess.TimeoutExpired(command, timeout)


def test_table_and_json_hold_the_same_rows(tmp_path, monkeypatch, capsys):
    given = {
        "how": "eager, 15 rounds a replay, bf16",
        "rate": 193.2,
        "unit": "rounds/s",
        "spread": [190.0, 195.0],
        "gflop": 272.0,
        "share": 0.07,
    }
    made = {"SNDCGAN": given | {"operations": 259}, "train": {"how": "bf16", "rate": 127.0, "unit": "steps/s", "of_bare": 0.66}}
    monkeypatch.setattr(gpu, "rows", lambda device: made)
    monkeypatch.setattr(gpu, "measured", lambda name, device, limit: {"row": name} | made[name])
    monkeypatch.setattr(sys, "argv", ["gpu", "--device", "cpu", "--out", str(tmp_path)])
    gpu.main()
    text = (tmp_path / "gpu.md").read_text()
    assert text.strip() == capsys.readouterr().out.strip()
    assert "| SNDCGAN | eager, 15 rounds a replay, bf16 | 193 rounds/s | 190 to 195 | 272 | 7% of products | 259 |" in text
    assert "| train | bf16 | 127 steps/s |  |  | 0.66 of bare rounds |  |" in text
    assert [row["row"] for row in json.loads((tmp_path / "gpu.json").read_text())["rows"]] == list(made)
