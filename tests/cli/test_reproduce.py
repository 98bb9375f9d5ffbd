"""`landscape reproduce`: the ledger listed, rows run, mistakes named."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from landscape.cli.app import main
from landscape.reproductions._listing import _runs, entries

ROW = ["reproduce", "pacgan-2018/table-1", "--rows", "ring/gan", "--seeds", "1", "--share", "0.00001", "--jobs", "1"]


def test_list_names_every_row(capsys, tmp_path):
    assert main(["reproduce", "--list", "--json", "--results", str(tmp_path)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 450
    for row in rows:
        assert row["can_be_run"] == (row["why"] == "") == (row["least_hours_cpu"] is not None), row["row"]
    text = _listed(capsys, tmp_path)
    assert all(row["why"] in text for row in rows)
    assert all(row["row"].split("/", 2)[2] in text for row in rows)
    assert "0 rows run, 0 in agreement in all that was compared; comparisons: none" in text


def test_the_list_counts_rows_that_were_run_and_that_agree(tmp_path):
    verdicts = [["agrees", "agrees"], ["agrees", "undecided"], ["not run"]]
    found = [
        replace(entry, lines=tuple(SimpleNamespace(verdict=v, own=v != "not run") for v in of_row))
        for entry, of_row in zip(entries(tmp_path, "pacgan-2018"), verdicts, strict=False)
    ]
    assert _runs(found) == "2 rows run, 1 in agreement in all that was compared; comparisons: 3 agrees, 1 undecided"


def _listed(capsys, tmp_path) -> str:
    assert main(["reproduce", "--list", "--results", str(tmp_path)]) == 0
    return capsys.readouterr().out


def test_what_a_row_needs(capsys, tmp_path):
    assert main(["reproduce", "--list", "landscape-2018", "--json", "--results", str(tmp_path)]) == 0
    rows = {row["row"]: row for row in json.loads(capsys.readouterr().out)}
    needs = " ".join(rows["landscape-2018/table-7/lsun/ln-gp-1"]["needs"])
    assert "lsun_bedroom" in needs
    assert "Inception weights" in needs
    assert "a GPU" in needs


def test_a_row_is_run_and_shown(capsys, tmp_path):
    assert main([*ROW, "--results", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (row,) = found["rows"]
    verdicts = {number["metric"]: number["verdict"] for number in row["numbers"]}
    assert set(verdicts) == {"modes (max 8)", "high-quality samples (%)", "reverse KL"}
    assert set(verdicts.values()) <= {"reduced: no verdict", "not compared"}
    assert (tmp_path / "published" / "index.html").exists()
    record = next((tmp_path / "published" / "pacgan-2018" / "trials").glob("*/record.json"))
    written = record.stat().st_mtime_ns
    assert main([*ROW, "--results", str(tmp_path)]) == 0
    assert record.stat().st_mtime_ns == written, "what is done is not run again"
    assert "ring/gan, modes (max 8): published 6.3 ± 0.5, ours" in capsys.readouterr().out
    assert main(["report", "--results", str(tmp_path), "--reports", str(tmp_path / "reports")]) == 0
    page = tmp_path / "reports" / "published" / "index.html"
    assert capsys.readouterr().out == f"report: {page.resolve()}\n"
    assert page.read_bytes() == (tmp_path / "published" / "index.html").read_bytes()


def test_a_results_folder_that_is_none(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    for arguments in (["--list", "--results", str(tmp_path / "absent")], [*ROW[1:], "--results", str(tmp_path / "file")]):
        assert main(["reproduce", *arguments]) == 2
        assert ": no such folder; give the one that holds the results" in capsys.readouterr().err


def test_a_plugin_reaches_the_trainings(tmp_path):
    plugin = Path(__file__).parents[2] / "examples" / "loss.py"
    assert main([*ROW, "--set", "loss=tempered", "--plugin", str(plugin), "--results", str(tmp_path)]) == 0


def test_lost_scores_are_made_again(tmp_path):
    assert main([*ROW, "--results", str(tmp_path)]) == 0
    (folder,) = tmp_path.glob("published/pacgan-2018/trials/*/scores")
    (path,) = folder.glob("pacgan-2018-*.json")
    before = json.loads(path.read_text())["estimates"]
    shutil.rmtree(folder)
    assert main([*ROW, "--results", str(tmp_path)]) == 0
    assert json.loads(path.read_text())["estimates"] == before


def test_a_damaged_list_of_rows_is_found_before_training(capsys, tmp_path):
    file = tmp_path / "published" / "goodfellow-2014" / "rows.json"
    file.parent.mkdir(parents=True)
    for text in ("", "[]", '{"rows": [{"key": "a/b/c", "trials": ["0"], "scores": {}}]}', '{"rows": [{"key": 3}]}'):
        file.write_text(text)
        assert main([*ROW, "--results", str(tmp_path)]) == 2
        assert "rows.json is damaged" in capsys.readouterr().err
        assert not (tmp_path / "published" / "pacgan-2018").exists()


def test_a_changed_row_stands_beside_the_row(capsys, tmp_path):
    for change in ((), ("--set", "g_normalization=none"), ("--set", "g_normalization=none", "--set", "d_optimizer.beta1=0.5")):
        assert main([*ROW, *change, "--results", str(tmp_path)]) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if "ring/gan, modes (max 8)" in line]
    # The last command lists all three ways. The row's own comes first.
    *_, plain, both, one = shown
    assert "with" not in plain.partition("ours")[2]
    assert "with d_optimizer.beta1 = 0.5, g_normalization = none; 1e-05 of the published steps" in both
    assert "with g_normalization = none; 1e-05 of the published steps" in one
    assert len(list((tmp_path / "published" / "pacgan-2018" / "trials").iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pacgan-2018/table-1", "--rows", "ring/gan", "--set", "g_normalization"], "--set 'g_normalization': write field=value"),
        (["pacgan-2018/table-1", "--rows", "ring/gan", "--set", "g_optimiser.beta1=0"], "did you mean 'g_optimizer'"),
        (["goodfellow-2014", "--set", "seed=1"], "--set is for running rows of the ledger: give PAPER/TABLE"),
        (["pacgan-2018/table-1", "--rows", "ring/ali"], "plays such a game of pairs"),
        (["pacgan-2018/table-1", "--rows", "pacgan5"], "did you mean 'pacgan4'"),
        (["pacgan-2018/table-9"], "unknown table of pacgan-2018"),
        (["pacgan-208/table-1"], "did you mean 'pacgan-2018'"),
        (["--list", "pacgan-208"], "did you mean 'pacgan-2018'"),
        (["--list", "pacgan-2018/table-9"], "unknown table of pacgan-2018 'table-9'"),
        (["--list", "pacgan-2018/table-1", "--seeds", "3"], "--list shows all rows"),
        (["pacgan-2018"], "pacgan-2018 has no recipe of its own: give a table (pacgan-2018/table-1, "),
        (["pacgan-208"], "unknown paper 'pacgan-208': did you mean 'pacgan-2018'"),
        (["lucic-2018/table-2"], "best of 100 drawn at random"),
        (["pacgan-2018/table-1", "--rows", "ring/gan", "--seeds", "1000000000"], "1000000000 is not in the range 1<=x<=1000"),
        (["goodfellow-2014:seeds=1000000000"], "Input should be less than or equal to 1000"),
        (["pacgan-2018/table-1", "--rows", "ring/gan", "--share", "nan"], "nan is not a finite number"),
        (["pacgan-2018/table-1", "--rows", "ring/gan", "--share", "1e-300"], "is less than one"),
        (["pacgan-2018/table-1", "--rows", "ring/gan", "--set", "seed.a=1"], "--set seed.a: of a row it is given by --seeds"),
        (["pacgan-2018/table-1", "--rows", ","], "--rows ',' names no row"),
        (["pacgan-2018/table-1", "--rows", "gan", "--set", "batch_size=1", "--set", "batch_size=2"], "--set batch_size is given twice"),
        (
            ["pacgan-2018/table-1", "--rows", "gan", "--set", "optimizers.beta1=0.5", "--set", "g_optimizer.beta1=0.1"],
            "--set optimizers.beta1 sets a field of both optimizers",
        ),
        (["pacgan-2018/table-1", "--rows", "gan", "--set", "dataset.ring.modes=9"], "dataset.ring.modes"),
        (["goodfellow-2014:every=3"], "a recipe has no `every`"),
        (["goodfellow-2014:epochs=2,epochs=3"], "epochs is given twice"),
        (["goodfellow-2014:epochs=255,noise=normal"], "epochs=255: above 250 give a multiple of 10"),
        (["--seeds", "3"], "--seeds is for running rows of the ledger"),
        (["goodfellow-2014", "--rows", "gan"], "--rows is for running rows of the ledger"),
    ],
)
def test_mistakes_are_one_line(capsys, tmp_path, arguments, message):
    assert main(["reproduce", *arguments, "--results", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
